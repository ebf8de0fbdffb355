"""Contacts: people of an account one talks to."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, update

from milepost.store import driver
from milepost.store.tables.contacts import contacts

COLUMNS = (
    "id", "public_id", "account_id", "external_id", "end_user_id", "name", "role", "email", "phone", "im_id", "is_sponsor",
    "is_champion", "left_on", "source", "created_at", "changed_at", "deleted_at", "before",
)  # fmt: skip


class ContactRow(NamedTuple):
    """A row; `left_on` a day, `before` JSON of the fields before the last change."""

    id: int
    public_id: str
    account_id: int
    external_id: str | None
    end_user_id: int | None
    name: str
    role: str | None
    email: str | None
    phone: str | None
    im_id: str | None
    is_sponsor: int
    is_champion: int
    left_on: int | None
    source: str
    created_at: int
    changed_at: int
    deleted_at: int | None
    before: str | None


SELECT = f"SELECT {', '.join(COLUMNS)} FROM contacts WHERE environment_id = ?"


def list_contacts(connection: Connection, environment_id: int, account_id: int | None = None) -> list[ContactRow]:
    """Those not deleted, of one account or of all: sponsors first, who left last, then by name."""
    order = "ORDER BY CASE WHEN left_on IS NULL THEN 0 ELSE 1 END, is_sponsor DESC, is_champion DESC, name, id"
    mine, values = ("AND account_id = ?", (account_id,)) if account_id is not None else ("", ())
    sql = f"{SELECT} AND deleted_at IS NULL {mine} {order}"
    return [ContactRow._make(row) for row in driver.fetch(connection, sql, (environment_id, *values))]


def find_contact(connection: Connection, environment_id: int, public_id: str) -> ContactRow | None:
    """By id, a deleted one too."""
    rows = driver.fetch(connection, f"{SELECT} AND public_id = ?", (environment_id, public_id))
    return ContactRow._make(rows[0]) if rows else None


def find_contact_by_external_id(connection: Connection, environment_id: int, external_id: str) -> ContactRow | None:
    """By the sender's id, a deleted one too: said again it comes back."""
    rows = driver.fetch(connection, f"{SELECT} AND external_id = ?", (environment_id, external_id))
    return ContactRow._make(rows[0]) if rows else None


def load_contacts_by_external_id(connection: Connection, environment_id: int, external_ids: Iterable[str]) -> list[ContactRow]:
    """Those of the sender's ids that are known, deleted ones too."""
    rows = driver.fetch_in(connection, f"{SELECT} AND external_id IN {{in}}", [environment_id], sorted(external_ids))
    return [ContactRow._make(row) for row in rows]


def load_contacts(connection: Connection, environment_id: int, ids: Iterable[int]) -> dict[int, ContactRow]:
    """{internal id: contact}, deleted ones too: a touch keeps whom it was with."""
    rows = driver.fetch_in(connection, f"{SELECT} AND id IN {{in}}", [environment_id], sorted(ids))
    return {row[0]: ContactRow._make(row) for row in rows}


def insert_contact(connection: Connection, environment_id: int, **values: Any) -> int:
    """The internal id of a new contact."""
    statement = insert(contacts).values(environment_id=environment_id, **values).returning(contacts.c.id)
    return int(connection.execute(statement).scalar_one())


def update_contact(connection: Connection, environment_id: int, contact_id: int, **values: Any) -> None:
    """Changes columns of one contact."""
    mine = (contacts.c.environment_id == environment_id, contacts.c.id == contact_id)
    connection.execute(update(contacts).where(*mine).values(**values))
