"""`milepost serve`: the server itself."""

import logging
import os
import sys
from collections.abc import MutableMapping
from dataclasses import asdict
from typing import Annotated, Any

import structlog
import typer
import uvicorn

from milepost.actions.start import check_sealed, open_runtime, open_serving_runtime
from milepost.cli.context import Database, command, console, open_serving, require_current, settings_for
from milepost.cli.listening import require_free_address, with_port
from milepost.errors import SettingError
from milepost.rules.masking import mask
from milepost.settings import Settings
from milepost.store.serving_lock import serving_alone
from milepost.web.app import create_app
from milepost.web.server import drain_before_stopping, make_server, server_options, settle_memory


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
    settings = with_port(settings_for(database, host=host, port=port, workers=workers))
    set_up_logs(settings.log_level)
    if settings.workers > 1 and "postgres" not in settings.database.partition("://")[0]:
        raise SettingError(
            f"workers is {settings.workers}, and SQLite has one writer: use --workers 1, or PostgreSQL for several processes."
        )
    if settings.workers > 1:
        serve_many(settings)
    else:
        serve_one(settings)


def serve_one(settings: Settings) -> None:
    """One process; returns after SIGTERM or Ctrl-C, when what was in flight is answered."""
    runtime = open_serving(settings)
    with serving_alone(settings.database):
        check_sealed(runtime)  # a missing or wrong secret key stops the start, not a request
        require_free_address(settings)
        console.print(f"Milepost is at [bold]{settings.url}[/]  (stop with Ctrl-C)")
        server = make_server(create_app(runtime), settings)
        settle_memory()
        server.run()


def set_up_logs(level: str) -> None:
    """JSON lines on stderr; keys, tokens and mail addresses that slip into a message or a traceback are masked."""
    logging.basicConfig(level=level.upper(), stream=sys.stderr, format="%(message)s", force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # reading the revision is not news
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            mask_line,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso")],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_line,
            structlog.processors.JSONRenderer(),
        ],
    )
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)


def mask_line(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog's processor: every text of the line without secrets."""
    return {name: mask(value) if isinstance(value, str) else value for name, value in line.items()}


def serve_many(settings: Settings) -> None:
    """Several processes on one port, under uvicorn's own supervisor; PostgreSQL only."""
    runtime = open_runtime(settings)
    require_current(runtime)
    check_sealed(runtime)
    runtime.engine.dispose()
    require_free_address(settings)
    given = {f"MILEPOST_{name.upper()}": str(value) for name, value in asdict(settings).items() if value != ""}
    os.environ.update(given | {"MILEPOST_WORKERS": "1", "MILEPOST_ALLOW_HTTP": "1" if settings.allow_http else "0"})
    console.print(f"Milepost is at [bold]{settings.url}[/], in {settings.workers} processes  (stop with Ctrl-C)")
    uvicorn.run("milepost.cli.serve:make_app", factory=True, workers=settings.workers, **server_options(settings))


def make_app() -> object:
    """The application of one of several processes; settings come from the environment."""
    settings = settings_for(None)
    set_up_logs(settings.log_level)
    application = create_app(open_serving_runtime(settings))
    drain_before_stopping(application, settings.drain_s)
    settle_memory()
    return application
