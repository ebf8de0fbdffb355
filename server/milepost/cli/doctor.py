"""`milepost doctor`: is this machine, this database and this configuration fit to serve?"""

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from milepost import __version__
from milepost.actions.secrets import load_secret_key, secret_key_file
from milepost.actions.start import check_sealed, open_runtime
from milepost.cli.context import EXIT_FAILED, AsJson, Database, command, print_json, settings_for
from milepost.errors import SettingError
from milepost.settings import Settings, is_loopback
from milepost.store.condition import read_postgresql, read_sqlite
from milepost.store.engine import choose_sqlite, open_engine, parse_database
from milepost.store.schema import current_revision, newest_revision

LOW_DISK_BYTES = 1_000_000_000
OLDEST_CLOCK_MS = 1_763_942_400_000  # 2025-11-24: a clock before this program was written is wrong
CLOCK_SKEW_MS = 5_000
OLDEST_POSTGRESQL = 150_000


@dataclass(frozen=True)
class Finding:
    """One check: `level` is ok, warning or error; the sentence names what was seen and, when needed, the repair."""

    check: str
    level: str
    says: str


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(doctor)


@command
def doctor(database: Database = None, as_json: AsJson = False) -> None:
    """Check SQLite's version, the schema, the secret key, the disk and the clock; exit code 1 when something is wrong."""
    findings = list(examine(settings_for(database)))
    is_well = all(finding.level != "error" for finding in findings)
    if as_json:
        print_json({"ok": is_well, "version": __version__, "checks": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            typer.echo(f"{finding.level:8}{finding.check:12}{finding.says}")
    if not is_well:
        raise typer.Exit(EXIT_FAILED)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn; one that can't be made is an error of its own and stops none of the others."""
    for name, check in CHECKS.items():
        try:
            yield Finding(name, *check(settings))
        except SettingError as problem:
            yield Finding(name, "error", problem.detail)
        except SQLAlchemyError as problem:
            cause = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
            yield Finding(name, "error", f"The database does not answer: {cause}")
        except OSError as problem:
            yield Finding(name, "error", f"{problem.strerror or problem}: {problem.filename}")


def check_database(settings: Settings) -> tuple[str, str]:
    """Which database, of a version that is safe."""
    if database_file(settings) is not None:
        sqlite = choose_sqlite()
        return "ok", f"SQLite {sqlite.sqlite_version} ({sqlite.__name__.partition('.')[0]}) at {settings.database}."
    with opened(settings) as engine:
        found = read_postgresql(engine)
    if found.number < OLDEST_POSTGRESQL:
        return "error", f"PostgreSQL is {found.version}; use 15 or newer."
    if found.synchronous_commit == "off":
        return "error", "synchronous_commit is off: acknowledged events could be lost. Turn it on for this database."
    return "ok", f"PostgreSQL {found.version}."


def check_schema(settings: Settings) -> tuple[str, str]:
    """The migrations that ran are those this program needs."""
    file, wanted = database_file(settings), newest_revision()
    if file is not None and not file.exists():
        return "warning", f"There is no database at {file} yet; `milepost migrate` makes it."
    with opened(settings) as engine:
        held = current_revision(engine)
        if held == wanted:
            return "ok", f"The schema is current (revision {held})."
        if held is None:
            return "error", "The database is empty; run `milepost migrate`."
        return "error", f"The schema is at revision {held}, this program needs {wanted}; run `milepost migrate`."


def check_integrity(settings: Settings) -> tuple[str, str]:
    """SQLite: write-ahead log, every commit fsynced, pages whole."""
    file = database_file(settings)
    if file is None or not file.exists():
        return "ok", "Nothing to check here."
    with opened(settings) as engine:
        found = read_sqlite(engine)
    if found.pages != "ok":
        return "error", f"The database file is damaged: {found.pages}. Stop the server and restore a backup."
    if (found.journal_mode, found.synchronous) != ("wal", "2"):
        return "error", f"WAL with synchronous FULL is needed, this is {found.journal_mode}. Is the file on a network drive?"
    return "ok", "The file is whole; WAL, synchronous FULL."


def check_secret_key(settings: Settings) -> tuple[str, str]:
    """Where the key is that seals what must be used again, and who may read it."""
    if settings.secret_key:
        return "ok", f"MILEPOST_SECRET_KEY is set and opens {count_sealed(settings)} stored secrets."
    path = secret_key_file(settings)
    if path is None:
        load_secret_key(settings)  # says what to do
    if path is None or not path.exists():
        return "ok", f"The first start makes {path} (keep it with your backups)."
    count_sealed(settings)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return "error", f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}"
    return "ok", f"The key is in {path} (mode 0600; keep it with your backups, but not beside them)."


def count_sealed(settings: Settings) -> int:
    """How many stored secrets the key opens; 0 before the first migration. Raises SettingError for a wrong key."""
    load_secret_key(settings)
    runtime = open_runtime(settings)
    try:
        return check_sealed(runtime) if current_revision(runtime.engine) == newest_revision() else 0
    finally:
        runtime.engine.dispose()


def check_disk(settings: Settings) -> tuple[str, str]:
    """Room, and the right to write it."""
    file = database_file(settings)
    if file is None:
        return "ok", "The database's disk is the database server's."
    folder = file.parent
    if not os.access(folder, os.W_OK):
        return "error", f"{folder} can't be written by this user; SQLite needs the file and the folder."
    if file.exists() and not os.access(file, os.W_OK):
        return "error", f"{file} can't be written by this user."
    free = shutil.disk_usage(folder).free
    level = "warning" if free < LOW_DISK_BYTES else "ok"
    return level, f"{free / 1e9:.1f} GB free in {folder}."


def check_clock(settings: Settings) -> tuple[str, str]:
    """A wrong clock would refuse good events."""
    now = time.time_ns() // 1_000_000
    if now < OLDEST_CLOCK_MS:
        return "error", "This machine's clock is years behind; every event would be refused. Set it (NTP)."
    if database_file(settings) is not None:
        return "ok", time.strftime("It is %Y-%m-%d %H:%M:%S UTC.", time.gmtime())
    with opened(settings) as engine:
        apart = read_postgresql(engine).clock_ms - time.time_ns() // 1_000_000
    if abs(apart) > CLOCK_SKEW_MS:
        return "warning", f"The database's clock and this one are {apart / 1000:.1f} s apart; set both (NTP)."
    return "ok", time.strftime("It is %Y-%m-%d %H:%M:%S UTC, here and at the database.", time.gmtime())


def check_address(settings: Settings) -> tuple[str, str]:
    """Where browsers find this server, and whether sessions cross the network in the open."""
    if settings.url.startswith("http://") and not is_loopback(urlsplit(settings.url).hostname or ""):
        return "warning", f"Browsers come to {settings.url}, unencrypted; set MILEPOST_PUBLIC_URL to an https address."
    return "ok", f"Browsers come to {settings.url}."


CHECKS: dict[str, Callable[[Settings], tuple[str, str]]] = {
    "database": check_database,
    "schema": check_schema,
    "integrity": check_integrity,
    "secret key": check_secret_key,
    "disk": check_disk,
    "clock": check_clock,
    "address": check_address,
}


def database_file(settings: Settings) -> Path | None:
    """The SQLite file; None on PostgreSQL."""
    url = parse_database(settings.database)
    return Path(url.database or "milepost.db").absolute() if url.get_backend_name() == "sqlite" else None


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """An engine for one check."""
    engine = open_engine(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()
