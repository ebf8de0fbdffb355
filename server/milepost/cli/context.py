"""What every operator's command shares: settings, the runtime, how it prints and how it fails."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy import RowMapping
from sqlalchemy.exc import OperationalError, ProgrammingError

from milepost.actions.runtime import Runtime
from milepost.actions.start import open_runtime, open_serving_runtime
from milepost.errors import MilepostError, NotFound, SettingError
from milepost.settings import Settings, load_settings
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store.schema import current_revision, newest_revision, require_columns
from milepost.store.serving_lock import sqlite_file

P = ParamSpec("P")
T = TypeVar("T")
Database = Annotated[str | None, typer.Option("--database", help="SQLite path or postgresql:// URL (MILEPOST_DATABASE).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, nothing else.")]
EnvironmentName = Annotated[
    str | None, typer.Option("--environment", help="Key or id of the environment; optional when there is one.")
]
console = Console(stderr=True, highlight=False)
EXIT_FAILED, EXIT_SETTING = 1, 2


def command(function: Callable[P, T]) -> Callable[P, T]:
    """Turns foreseen errors into one sentence and an exit code: 2 for settings, 1 for all else."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except SettingError as problem:
            fail(problem.detail, EXIT_SETTING)
        except MilepostError as problem:
            fail(problem.detail)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(EXIT_FAILED) from None
        except (OperationalError, ProgrammingError) as problem:
            fail(f"The database does not answer as it should: {str(problem.orig).strip().splitlines()[0]}")
        raise AssertionError("unreachable")

    return run


def fail(sentence: str, code: int = EXIT_FAILED) -> None:
    """Prints the sentence to stderr and ends the command."""
    console.print(f"[bold red]error[/]: {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(code)


def print_json(content: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def settings_for(database: str | None, **options: Any) -> Settings:
    """Settings from file and environment, with the command's options on top."""
    return load_settings(os.environ, database=database, **options)


@contextmanager
def opened(database: str | None) -> Iterator[Runtime]:
    """A runtime over a database that is there and current."""
    with closing_engine(open_runtime(settings_for(database))) as runtime:
        require_current(runtime)
        yield runtime


@contextmanager
def closing_engine(runtime: Runtime) -> Iterator[Runtime]:
    """The runtime, whose connections are closed at the end."""
    try:
        yield runtime
    finally:
        runtime.engine.dispose()


def open_serving(settings: Settings) -> Runtime:
    """A runtime that takes events, over a database that is there and current; otherwise nothing is made, no key either."""
    with closing_engine(open_runtime(settings)) as bare:
        require_current(bare)
    return open_serving_runtime(settings)


def require_current(runtime: Runtime) -> None:
    """Raises SettingError when the database was never migrated, or by another version."""
    file = sqlite_file(runtime.settings.database)
    if file is not None and not file.exists():  # asking would make it
        raise SettingError(f"There is no database at {file} yet; run `milepost migrate` first.")
    held, wanted = current_revision(runtime.engine), newest_revision()
    if held != wanted:
        state = "is empty" if held is None else f"is at revision {held}, this program needs {wanted}"
        raise SettingError(f"The database {state}; run `milepost migrate` first.")
    require_columns(runtime.engine)


def find_environment(runtime: Runtime, name: str | None) -> RowMapping:
    """The environment by key or id, or the only one; raises NotFound with the names there are."""
    with db.reading(runtime.engine) as connection:
        rows = environment_store.read_all_environments(connection)
    if name is None and len(rows) == 1:
        return rows[0]
    found = [row for row in rows if name in {row["key"], row["public_id"]}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{row['key']} ({row['public_id']})" for row in rows) or "none; run `milepost workspace create`"
    problem = "Name one with --environment" if name is None else f"There is {'no' if not found else 'more than one'} {name!r}"
    raise NotFound(f"{problem}. Environments: {names}.")
