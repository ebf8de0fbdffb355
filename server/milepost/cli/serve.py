"""`milepost serve`: the server itself."""

import logging
import os
import subprocess
import sys
from dataclasses import asdict
from typing import Annotated

import structlog
import typer

from milepost.actions.start import open_serving_runtime
from milepost.cli.context import Database, command, console, require_current, settings_for
from milepost.errors import SettingError
from milepost.settings import Settings
from milepost.web.app import create_app
from milepost.web.server import make_server


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(serve)


@command
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    database: Database = None,
    workers: Annotated[int | None, typer.Option(help="Processes; more than one needs PostgreSQL.")] = None,
) -> None:
    """Serve the console, the APIs and the SDK."""
    settings = settings_for(database, host=host, port=port, workers=workers)
    set_up_logs(settings.log_level)
    if settings.workers > 1 and "postgres" not in settings.database.partition("://")[0]:
        raise SettingError(
            f"workers is {settings.workers}, and SQLite has one writer: use --workers 1, or PostgreSQL for several processes."
        )
    if settings.workers > 1:
        raise typer.Exit(_serve_many(settings))
    serve_one(settings)


def serve_one(settings: Settings) -> None:
    """One process; returns after SIGTERM or Ctrl-C, when what was in flight is answered."""
    runtime = open_serving_runtime(settings)
    require_current(runtime)
    runtime.sealer  # noqa: B018  (a missing or wrong secret key stops the start, not a request)
    console.print(f"Milepost is at [bold]{settings.url}[/]  (stop with Ctrl-C)")
    make_server(create_app(runtime), settings).run()


def set_up_logs(level: str) -> None:
    """JSON lines on stderr; no keys, tokens, bodies or addresses of people are ever passed to a logger."""
    logging.basicConfig(level=level.upper(), stream=sys.stderr, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso")],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)


def _serve_many(settings: Settings) -> int:
    """Several processes on one port (SO_REUSEPORT by uvicorn's own supervisor); PostgreSQL only."""
    environment = os.environ | {f"MILEPOST_{name.upper()}": str(value) for name, value in asdict(settings).items() if value != ""}
    environment |= {"MILEPOST_WORKERS": "1", "MILEPOST_ALLOW_HTTP": "1" if settings.allow_http else "0"}
    arguments = ["--host", settings.host, "--port", str(settings.port), "--workers", str(settings.workers), "--factory"]
    arguments += ["--http", "milepost.web.server:PatientProtocol", "--loop", "uvloop", "--ws", "none", "--no-access-log"]
    return subprocess.run(  # noqa: S603  (our own interpreter and arguments)
        [sys.executable, "-m", "uvicorn", "milepost.cli.serve:make_app", *arguments], env=environment, check=False
    ).returncode


def make_app() -> object:
    """The application of one of several processes; settings come from the environment."""
    settings = settings_for(None)
    set_up_logs(settings.log_level)
    runtime = open_serving_runtime(settings)
    require_current(runtime)
    return create_app(runtime)
