"""Touches: a talk logged, changed, deleted and taken back; what an account's page and the portfolio say of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.account import require_account
from milepost.actions.account_names import account_key, read_account_names
from milepost.actions.audit import Doer
from milepost.actions.runtime import Runtime
from milepost.actions.tasks import follow_touch
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, NotFound
from milepost.rules.days import day_number
from milepost.rules.touches import is_in_time
from milepost.store import contacts as contact_store
from milepost.store import engine as db
from milepost.store import people as people_store
from milepost.store import touches as touch_store
from milepost.store.contacts import ContactRow
from milepost.store.touches import TouchRow
from milepost.wire.contact import AccountTouchIn, TouchIn
from milepost.wire.ids import new_id

FIELDS = ("contact_id", "kind", "outcome", "at", "minutes", "note", "next_step", "next_on")


@dataclass(frozen=True)
class TouchLine:
    """A touch with its account and the contact it was with."""

    row: TouchRow
    account_key: str
    account_name: str
    contact: ContactRow | None


@dataclass(frozen=True)
class Timed:
    """A touch from API or file with its instant read, in ms."""

    touch: AccountTouchIn
    at: int | None


def list_touch_lines(runtime: Runtime, tenant: Tenant, account_key: str | None = None, limit: int = 100_000) -> list[TouchLine]:
    """Newest first, of one account or of all; raises NotFound for an account that is not there."""
    with db.reading(runtime.engine) as connection:
        account = require_account(connection, tenant.id, account_key) if account_key is not None else None
        rows = touch_store.list_touches(connection, tenant.id, account.id if account else None, limit)
        return _lines(connection, tenant.id, rows)


def read_touch(runtime: Runtime, tenant: Tenant, public_id: str) -> TouchLine:
    """One that is not deleted; raises NotFound."""
    with db.reading(runtime.engine) as connection:
        return _lines(connection, tenant.id, [_require(connection, tenant.id, public_id)])[0]


def log_touch(runtime: Runtime, tenant: Tenant, account_key: str, touch: TouchIn, at: int | None, by: Doer) -> str:
    """Its id; raises NotFound for the account, Invalid for a contact of another account or a touch still to come."""
    with db.writing(runtime.engine) as connection:
        account = require_account(connection, tenant.id, account_key)
        return _insert(connection, tenant, account.id, touch, at, by, runtime.clock())


def change_touch(runtime: Runtime, tenant: Tenant, public_id: str, touch: TouchIn, at: int | None, by: Doer) -> str:
    """The account's id; what was there before is kept for undo."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id)
        fields = _fields(connection, tenant, row.account_id, touch, row.at if at is None else at, now)
        _change(connection, tenant, row, fields, by, now)
        return account_key(connection, tenant.id, row.account_id)


def delete_touch(runtime: Runtime, tenant: Tenant, public_id: str, by: Doer) -> str:
    """The account's id."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id)
        touch_store.update_touch(connection, tenant.id, row.id, deleted_at=now, changed_at=now)
        follow_touch(connection, tenant, row.id, row.account_id, "", None, by, now)
        audit.note(connection, tenant, "touch.deleted", public_id, by, now)
        return account_key(connection, tenant.id, row.account_id)


def undo_touch(runtime: Runtime, tenant: Tenant, public_id: str, by: Doer) -> str:
    """Takes back the deletion, else the last change; the account's id. Undone twice, it is as it was."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = _require(connection, tenant.id, public_id, deleted=True)
        if row.deleted_at is not None:
            touch_store.update_touch(connection, tenant.id, row.id, deleted_at=None, changed_at=now)
            doer = Doer(by.public_id, row.by_email)
            follow_touch(connection, tenant, row.id, row.account_id, row.next_step, row.next_on, doer, now)
            audit.note(connection, tenant, "touch.restored", public_id, by, now)
        elif row.before is not None:
            _change(connection, tenant, row, json.loads(row.before), by, now)
        return account_key(connection, tenant.id, row.account_id)


def save_touches(runtime: Runtime, tenant: Tenant, touches: Sequence[Timed], by: Doer) -> tuple[list[str], int]:
    """(ids in order, how many were new): idempotent by the sender's id; accounts that are not there are made."""
    now, ids, created = runtime.clock(), [], 0
    with db.writing(runtime.engine) as connection:
        keys = {item.touch.account_id for item in touches}
        people_store.add_accounts(connection, tenant.id, keys, now)
        accounts = people_store.load_account_ids(connection, tenant.id, keys)
        for item in touches:
            touch, account_id = item.touch, accounts[item.touch.account_id]
            doer = Doer(by.public_id, touch.by or by.email)
            held = None
            if touch.external_id is not None:
                held = touch_store.find_touch_by_external_id(connection, tenant.id, touch.external_id)
            if held is None:
                ids.append(_insert(connection, tenant, account_id, touch, item.at, doer, now, touch.external_id))
                created += 1
                continue
            at = held.at if item.at is None else item.at
            _change(connection, tenant, held, _fields(connection, tenant, held.account_id, touch, at, now), doer, now)
            ids.append(held.public_id)
    return ids, created


def _lines(connection: Connection, environment_id: int, rows: Sequence[TouchRow]) -> list[TouchLine]:
    names = read_account_names(connection, environment_id, {row.account_id for row in rows})
    held = contact_store.load_contacts(connection, environment_id, {row.contact_id for row in rows if row.contact_id})
    return [TouchLine(row, *names.get(row.account_id, ("", "")), held.get(row.contact_id or 0)) for row in rows]


def _require(connection: Connection, environment_id: int, public_id: str, *, deleted: bool = False) -> TouchRow:
    row = touch_store.find_touch(connection, environment_id, public_id)
    if row is None or (row.deleted_at is not None and not deleted):
        raise NotFound(f"There is no touch {public_id!r}.")
    return row


def _fields(connection: Connection, tenant: Tenant, account_id: int, touch: TouchIn, at: int | None, now: int) -> dict[str, Any]:
    moment = now if at is None else at
    if not is_in_time(moment, now):
        raise Invalid("A touch has happened already; what is to come goes into the next step.", code="not_yet")
    contact = None
    if touch.contact:
        contact = contact_store.find_contact(connection, tenant.id, touch.contact)
        if contact is None or contact.account_id != account_id:
            raise Invalid("This account has no contact %(name)s.", values={"name": touch.contact})
    return {
        "contact_id": contact.id if contact else None,
        "kind": touch.kind,
        "outcome": touch.outcome,
        "at": moment,
        "minutes": touch.minutes,
        "note": touch.note.strip(),
        "next_step": touch.next_step.strip(),
        "next_on": None if touch.next_on is None else day_number(touch.next_on),
    }


def _insert(
    connection: Connection,
    tenant: Tenant,
    account_id: int,
    touch: TouchIn,
    at: int | None,
    by: Doer,
    now: int,
    external_id: str | None = None,
) -> str:
    fields = _fields(connection, tenant, account_id, touch, at, now)
    public_id = new_id("tch", now)
    touch_id = touch_store.insert_touch(
        connection, tenant.id, public_id=public_id, account_id=account_id, external_id=external_id, by_email=by.email,
        created_at=now, changed_at=now, **fields,
    )  # fmt: skip
    follow_touch(connection, tenant, touch_id, account_id, fields["next_step"], fields["next_on"], by, now)
    audit.note(connection, tenant, "touch.logged", public_id, by, now)
    return public_id


def _change(connection: Connection, tenant: Tenant, row: TouchRow, fields: dict[str, Any], by: Doer, now: int) -> None:
    held = {name: getattr(row, name) for name in FIELDS}
    if held == fields and row.deleted_at is None:
        return
    touch_store.update_touch(
        connection, tenant.id, row.id, **fields, before=json.dumps(held, ensure_ascii=False), changed_at=now, deleted_at=None
    )
    doer = Doer(by.public_id, row.by_email)
    follow_touch(connection, tenant, row.id, row.account_id, fields["next_step"], fields["next_on"], doer, now)
    audit.note(connection, tenant, "touch.changed", row.public_id, by, now)
