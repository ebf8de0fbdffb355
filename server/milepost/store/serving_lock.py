"""One server for each SQLite file: a lock beside it that ends with the process, however the process ends."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from milepost.errors import SettingError
from milepost.store.engine import parse_database

SUFFIX = ".serving"


def sqlite_file(database: str) -> Path | None:
    """The file of a SQLite database, by whatever name it was called; None for PostgreSQL and for memory."""
    url = parse_database(database)
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith((":memory:", "file:")):
        return None
    return Path(url.database).resolve()


@contextmanager
def serving_alone(database: str) -> Iterator[None]:
    """Holds the lock within; raises SettingError when another process serves this file. Commands take no lock."""
    file = sqlite_file(database)
    if file is None:
        yield
        return
    beside = file.with_name(file.name + SUFFIX)
    try:
        held = beside.open("a")
    except OSError as problem:
        raise SettingError(f"{beside} can't be written ({problem.strerror}); SQLite needs the file and its folder.") from problem
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            if problem.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise SettingError(
                    f"{beside} can't be locked ({problem.strerror}); keep the database on a local disk."
                ) from problem
            raise SettingError(
                f"Another process serves {file} already, and a SQLite file has one server: stop that one, "
                "or use PostgreSQL for several."
            ) from problem
        yield
