"""Contacts of accounts: saved by form, file, API or a person's own traits; deleted and taken back."""

import json
import re
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.account import require_account
from milepost.actions.account_names import account_key, read_account_names
from milepost.actions.audit import Doer
from milepost.actions.intake_group import Counted
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, NotFound
from milepost.rules.days import day_number
from milepost.rules.touches import REACHING
from milepost.store import contacts as contact_store
from milepost.store import engine as db
from milepost.store import people as people_store
from milepost.store import touches as touch_store
from milepost.store.contacts import ContactRow
from milepost.wire.contact import AccountContactIn, ContactIn
from milepost.wire.ids import new_id

FIELDS = ("name", "role", "email", "phone", "im_id", "is_sponsor", "is_champion", "left_on")
TRAITS = ("contact_role", "sponsor", "champion")  # of a person: any of them makes the person a contact
MAX_TEXT = 200
SLICE = 200  # contacts in one write transaction: events get their turn in between
ADDRESS = re.compile(r"[^@\s]{1,126}@[^@\s]{1,126}")


@dataclass(frozen=True)
class ContactLine:
    """A contact with its account; `last_touch_at` in ms is the last touch with this very person."""

    row: ContactRow
    account_key: str
    account_name: str
    last_touch_at: int | None


@dataclass(frozen=True)
class SavedContacts:
    """Public ids in the order given; how many of them were new, and how many changed."""

    ids: list[str]
    created: int
    changed: int


def list_contact_lines(runtime: Runtime, tenant: Tenant, account_key: str | None = None) -> list[ContactLine]:
    """Of one account or of all; raises NotFound for an account that is not there."""
    with db.reading(runtime.engine) as connection:
        account = require_account(connection, tenant.id, account_key) if account_key is not None else None
        rows = contact_store.list_contacts(connection, tenant.id, account.id if account else None)
        names = read_account_names(connection, tenant.id, {row.account_id for row in rows})
        last = touch_store.read_last_contact_touches(connection, tenant.id, REACHING)
    return [ContactLine(row, *names.get(row.account_id, ("", "")), last.get(row.id)) for row in rows]


def read_contact(runtime: Runtime, tenant: Tenant, public_id: str) -> ContactLine:
    """One that is not deleted; raises NotFound."""
    with db.reading(runtime.engine) as connection:
        row = require_contact(connection, tenant.id, public_id)
        names = read_account_names(connection, tenant.id, {row.account_id})
    return ContactLine(row, *names[row.account_id], None)


def require_contact(connection: Connection, environment_id: int, public_id: str, *, deleted: bool = False) -> ContactRow:
    """The row; a deleted one only when asked for. Raises NotFound."""
    row = contact_store.find_contact(connection, environment_id, public_id)
    if row is None or (row.deleted_at is not None and not deleted):
        raise NotFound(f"There is no contact {public_id!r}.")
    return row


def add_contact(runtime: Runtime, tenant: Tenant, account_key: str, contact: ContactIn, by: Doer) -> str:
    """From the form: the account must be there; raises NotFound."""
    with db.writing(runtime.engine) as connection:
        account = require_account(connection, tenant.id, account_key)
        return _insert(connection, tenant, account.id, None, _fields(contact), "console", by, runtime.clock()).public_id


def change_contact(runtime: Runtime, tenant: Tenant, public_id: str, contact: ContactIn, by: Doer) -> str:
    """The account's id; what was there before is kept for undo."""
    with db.writing(runtime.engine) as connection:
        row = require_contact(connection, tenant.id, public_id)
        _change(connection, tenant, row, _fields(contact), by, runtime.clock())
        return account_key(connection, tenant.id, row.account_id)


def delete_contact(runtime: Runtime, tenant: Tenant, public_id: str, by: Doer) -> str:
    """The account's id; touches with the contact stay, and so does its name in them."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = require_contact(connection, tenant.id, public_id)
        contact_store.update_contact(connection, tenant.id, row.id, deleted_at=now, changed_at=now)
        audit.note(connection, tenant, "contact.deleted", public_id, by, now)
        return account_key(connection, tenant.id, row.account_id)


def undo_contact(runtime: Runtime, tenant: Tenant, public_id: str, by: Doer) -> str:
    """Takes back the deletion, else the last change; the account's id. Undone twice, it is as it was."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        row = require_contact(connection, tenant.id, public_id, deleted=True)
        if row.deleted_at is not None:
            contact_store.update_contact(connection, tenant.id, row.id, deleted_at=None, changed_at=now)
            audit.note(connection, tenant, "contact.restored", public_id, by, now)
        elif row.before is not None:
            _change(connection, tenant, row, json.loads(row.before), by, now)
        return account_key(connection, tenant.id, row.account_id)


def save_contacts(runtime: Runtime, tenant: Tenant, contacts: Sequence[AccountContactIn], by: Doer, source: str) -> SavedContacts:
    """From API or file, idempotent; accounts that are not there are made. A bad one is refused before any is written."""
    if not all(_fields(contact)["name"] for contact in contacts):
        raise Invalid("A contact needs a name.")
    saved = SavedContacts([], 0, 0)
    for start in range(0, len(contacts), SLICE):
        with db.writing(runtime.engine) as connection:
            part = _save(connection, tenant, contacts[start : start + SLICE], by, source, runtime.clock())
        saved = SavedContacts(saved.ids + part.ids, saved.created + part.created, saved.changed + part.changed)
    return saved


def _save(
    connection: Connection, tenant: Tenant, contacts: Sequence[AccountContactIn], by: Doer, source: str, now: int
) -> SavedContacts:
    ids, created, changed = [], 0, 0
    keys = {contact.account_id for contact in contacts}
    people_store.add_accounts(connection, tenant.id, keys, now)
    accounts = people_store.load_account_ids(connection, tenant.id, keys)
    known = _load_known(connection, tenant.id, accounts, contacts)
    for contact in contacts:
        account_id = accounts[contact.account_id]
        row = known.find(account_id, contact)
        if row is None:
            row = _insert(connection, tenant, account_id, contact.external_id, _fields(contact), source, by, now)
            known.put(row)
            created += 1
        elif (after := _change(connection, tenant, row, _given(contact), by, now, account_id=account_id)) is not None:
            known.drop(row)
            known.put(after)
            changed += 1
        ids.append(row.public_id)
    return SavedContacts(ids, created, changed)


def follow_contacts(connection: Connection, tenant: Tenant, counted: Sequence[Counted], now: int) -> None:
    """In the writer's transaction: a verified `identify` with `contact_role`, `sponsor` or `champion` makes a contact.

    What a browser says unsigned makes none: contacts are as trusted as an account's plan.
    """
    for item in counted:
        reading, traits = item.reading, item.reading.traits
        if reading.type != "identify" or not reading.verified or item.account_id is None or item.end_user_id is None:
            continue
        if item.excluded is None and any(name in traits for name in TRAITS):
            _learn(connection, tenant, item.account_id, item.end_user_id, traits, now)


def _learn(
    connection: Connection, tenant: Tenant, account_id: int, end_user_id: int, traits: Mapping[str, Any], now: int
) -> None:
    name, email, role, _ = people_store.read_person(connection, tenant.id, end_user_id)
    key = people_store.find_person_key(connection, tenant.id, end_user_id)
    external = f"user:{key}"[:MAX_TEXT]
    row = contact_store.find_contact_by_external_id(connection, tenant.id, external)
    told = traits.get("contact_role", role)
    fields: dict[str, Any] = {
        "name": (name or email or key)[:MAX_TEXT],
        "role": str(told)[:MAX_TEXT] if isinstance(told, str) and told else None,
        "email": email if email and ADDRESS.fullmatch(email) else None,
    }
    fields |= {f"is_{flag}": int(traits[flag] is True) for flag in ("sponsor", "champion") if flag in traits}
    if (left_on := _day(traits.get("contact_left_on"))) is not None:
        fields["left_on"] = left_on
    doer = Doer("system")
    if row is None:
        _insert(connection, tenant, account_id, external, fields | {"end_user_id": end_user_id}, "event", doer, now)
    else:
        _change(connection, tenant, row, fields, doer, now, account_id=account_id)


def _day(value: Any) -> int | None:
    try:
        return day_number(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


Place = tuple[int, str, str]  # (account, "email" or "name", the text case-folded)
Ranked = tuple[bool, int, int, str, int]  # as a list of contacts shows them: see `store.contacts.list_contacts`


@dataclass
class _Known:
    """Contacts that rows may mean, kept as they are written: every lookup is a step, however many an account has."""

    by_external: dict[str, ContactRow] = field(default_factory=dict)
    by_id: dict[int, ContactRow] = field(default_factory=dict)
    places: dict[Place, list[Ranked]] = field(default_factory=dict)

    def find(self, account_id: int, contact: AccountContactIn) -> ContactRow | None:
        """By the sender's id when there is one, else by address, else by name within the account."""
        if contact.external_id is not None:
            return self.by_external.get(contact.external_id)
        ranked = self.places.get(_wanted(account_id, contact))
        return self.by_id[ranked[0][-1]] if ranked else None

    def put(self, row: ContactRow) -> None:
        """Deleted ones are found by the sender's id only."""
        if row.external_id is not None:
            self.by_external[row.external_id] = row
        if row.deleted_at is None and row.id not in self.by_id:
            self.by_id[row.id] = row
            for place in _places(row):
                insort(self.places.setdefault(place, []), _rank(row))

    def drop(self, row: ContactRow) -> None:
        """Before it is put as it is now."""
        if self.by_id.pop(row.id, None) is not None:
            for place in _places(row):
                ranked = self.places[place]
                del ranked[bisect_left(ranked, _rank(row))]


def _load_known(
    connection: Connection, environment_id: int, accounts: Mapping[str, int], contacts: Sequence[AccountContactIn]
) -> _Known:
    """Of each account only those that a row means: one that comes to be meant later is put when it is written."""
    known = _Known()
    external = {contact.external_id for contact in contacts if contact.external_id is not None}
    for row in contact_store.load_contacts_by_external_id(connection, environment_id, external):
        known.put(row)
    wanted = {_wanted(accounts[c.account_id], c) for c in contacts if c.external_id is None}
    for account_id in sorted({place[0] for place in wanted}):
        for row in contact_store.list_contacts(connection, environment_id, account_id):
            if not wanted.isdisjoint(_places(row)):
                known.put(row)
    return known


def _wanted(account_id: int, contact: AccountContactIn) -> Place:
    if contact.email is not None:
        return account_id, "email", contact.email.casefold()
    return account_id, "name", contact.name.strip().casefold()


def _places(row: ContactRow) -> list[Place]:
    by_name: list[Place] = [(row.account_id, "name", row.name.casefold())]
    return by_name if row.email is None else [*by_name, (row.account_id, "email", row.email.casefold())]


def _rank(row: ContactRow) -> Ranked:
    return row.left_on is not None, -row.is_sponsor, -row.is_champion, row.name, row.id


def _fields(contact: ContactIn) -> dict[str, Any]:
    return {
        "name": contact.name.strip(),
        "role": contact.role or None,
        "email": contact.email or None,
        "phone": contact.phone or None,
        "im_id": contact.im_id or None,
        "is_sponsor": int(contact.sponsor),
        "is_champion": int(contact.champion),
        "left_on": None if contact.left_on is None else day_number(contact.left_on),
    }


def _given(contact: AccountContactIn) -> dict[str, Any]:
    """Only what was said: a field that was left out keeps its value."""
    said = {"sponsor": "is_sponsor", "champion": "is_champion"}
    names = {said.get(name, name) for name in contact.model_fields_set}
    return {name: value for name, value in _fields(contact).items() if name in names}


def _insert(
    connection: Connection,
    tenant: Tenant,
    account_id: int,
    external_id: str | None,
    fields: Mapping[str, Any],
    source: str,
    by: Doer,
    now: int,
) -> ContactRow:
    if not fields["name"]:
        raise Invalid("A contact needs a name.")
    public_id = new_id("con", now)
    values: dict[str, Any] = {
        "public_id": public_id, "account_id": account_id, "external_id": external_id, "source": source, "created_at": now,
        "changed_at": now, "is_sponsor": 0, "is_champion": 0, **fields,
    }  # fmt: skip
    row_id = contact_store.insert_contact(connection, tenant.id, **values)
    if by.public_id != "system":
        audit.note(connection, tenant, "contact.added", public_id, by, now)
    return ContactRow._make({"id": row_id, **values}.get(name) for name in contact_store.COLUMNS)


def _change(
    connection: Connection,
    tenant: Tenant,
    row: ContactRow,
    fields: Mapping[str, Any],
    by: Doer,
    now: int,
    *,
    account_id: int | None = None,
) -> ContactRow | None:
    """The row as it is now, None when nothing differed; a deleted one comes back."""
    held = {name: getattr(row, name) for name in FIELDS}
    moves = account_id is not None and account_id != row.account_id
    if {**held, **fields} == held and row.deleted_at is None and not moves:
        return None
    values = {**fields, "before": json.dumps(held, ensure_ascii=False), "changed_at": now, "deleted_at": None}
    if moves:
        values["account_id"] = account_id
    contact_store.update_contact(connection, tenant.id, row.id, **values)
    if by.public_id != "system":
        audit.note(connection, tenant, "contact.changed", row.public_id, by, now)
    return row._replace(**values)
