"""Column types and the one `MetaData` that every table of the product hangs on.

Portable by construction: whole numbers, text, bytes and doubles only, because SQLite's STRICT tables
know nothing else. Instants are `*_at` = milliseconds since 1970 UTC; days are `*_on`/`day` = days since
1970-01-01 in the environment's time zone; JSON is text; truth is 0 or 1.
"""

from typing import Any

from sqlalchemy import REAL, BigInteger, Column, Double, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Int = BigInteger().with_variant(Integer(), "sqlite")
Real: Double[float] = Double().with_variant(REAL(), "sqlite")
Bytes = LargeBinary()


def table(name: str, *items: SchemaItem, rowid: bool = True) -> Table:
    """A STRICT table; `rowid=False` clusters it by its primary key on SQLite."""
    return Table(name, metadata, *items, sqlite_strict=True, sqlite_with_rowid=rowid)


def integer(name: str, *, null: bool = False, default: int | None = None, key: bool = False) -> Column[Any]:
    """A whole number: a count, an internal id, an instant in ms or a day number."""
    server_default = None if default is None else str(default)
    return Column(name, Int, nullable=null, server_default=server_default, primary_key=key)


def serial() -> Column[Any]:
    """The internal id: given by the database, never shown outside."""
    return Column("id", Int, primary_key=True, autoincrement=True)


def text(name: str, *, null: bool = False, default: str | None = None, key: bool = False) -> Column[Any]:
    """Text; JSON documents are text too."""
    return Column(name, Text, nullable=null, server_default=default, primary_key=key)


def real(name: str, *, null: bool = False) -> Column[Any]:
    """A double."""
    return Column(name, Real, nullable=null)


def blob(name: str, *, null: bool = False, key: bool = False) -> Column[Any]:
    """Bytes."""
    return Column(name, Bytes, nullable=null, primary_key=key)
