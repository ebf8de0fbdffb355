"""Writes the events of one environment's share of a group: deduplicated, owned, matched, counted, booked."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from milepost.actions.intake_memory import Memory
from milepost.actions.intake_people import Owner, People
from milepost.actions.intake_rollups import SIGNAL_EVENTS, Additions, write_additions
from milepost.actions.over_cap import BY_KEY, BY_TOKEN, UNTRUSTED, put_aside
from milepost.actions.tenant import Tenant
from milepost.rules.days import day_of
from milepost.rules.matching import pack_ordinals
from milepost.store import driver, ledger, rollups
from milepost.store import environments as environment_store
from milepost.store import events as event_store
from milepost.store import people as people_store
from milepost.store import waiting as waiting_store
from milepost.wire.event import Reading, Refused

MAX_NAMES = 2_000
MAX_BAD_ROWS_PER_HOUR = 10_000
OTHER = "(other)"
SEEN_STEP_MS = 60_000
HOUR_MS = 3_600_000


@dataclass
class Batch:
    """What one request brought, read and waiting for the writer."""

    environment_id: int
    route: str
    received_at: int
    trusted: bool  # sent with a secret key
    readings: list[Reading]
    refused: list[Refused]

    def __len__(self) -> int:
        return len(self.readings) + len(self.refused) or 1


@dataclass
class Receipt:
    """The answer to one request; received = stored + duplicate + refused + overflow."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    refused: list[Refused] = field(default_factory=list)
    overflow: int = 0


class Counted(NamedTuple):
    """A stored event with what was decided about it, for those who follow the writer inside its transaction."""

    reading: Reading
    end_user_id: int | None
    account_id: int | None
    excluded: str | None


Follower = Callable[[Connection, Tenant, Sequence[Counted], int], None]


def write_group(
    connection: Connection,
    tenant: Tenant,
    memory: Memory,
    batches: Sequence[Batch],
    followers: Sequence[Follower],
    now: int,
    new_accounts_limit: int,
) -> list[Receipt]:
    """One receipt per batch, in order. Raises what the database raises; the caller rolls back."""
    _forget_if_changed(memory, tenant)
    receipts = [Receipt(received=len(b.readings) + len(b.refused), refused=list(b.refused)) for b in batches]
    fresh = _drop_repeats(connection, tenant.id, batches, receipts)
    people = People(connection, tenant, memory, now, new_accounts_limit)
    people.prepare([reading for _, reading in fresh])
    rows, waiting, counted = _decide(tenant, people, batches, receipts, fresh)
    rows.sort(key=_by_key)
    stored = event_store.insert_events(connection, tenant.id, rows)
    if len(stored) != len(rows):  # another process was faster
        rows, counted = _keep_stored(rows, counted, stored, receipts)
    items = [item for _, item in counted]
    with driver.pipelined(connection):
        waiting_store.insert_waiting(connection, tenant.id, [(s, k) for s, k in waiting if k in stored])
        people_store.set_accounts(connection, tenant.id, people.moved)
        _count(connection, tenant, memory, people, rows, now)
        _list_unmatched(connection, tenant, memory, items, now)
        _book(connection, tenant, memory, batches, receipts, now)
    for follow in followers:
        follow(connection, tenant, items, now)
    memory.trim()
    return receipts


def _forget_if_changed(memory: Memory, tenant: Tenant) -> None:
    if memory.generation != tenant.generation:
        memory.forget()
        memory.generation = tenant.generation


def _drop_repeats(
    connection: Connection, environment_id: int, batches: Sequence[Batch], receipts: list[Receipt]
) -> list[tuple[int, Reading]]:
    first: dict[bytes, tuple[int, Reading]] = {}
    for index, batch in enumerate(batches):
        for reading in batch.readings:
            if reading.key in first:
                receipts[index].duplicate += 1
            else:
                first[reading.key] = (index, reading)
    for key in event_store.find_existing_keys(connection, environment_id, sorted(first)):
        index, _ = first.pop(key)
        receipts[index].duplicate += 1
    return list(first.values())


def _decide(
    tenant: Tenant, people: People, batches: Sequence[Batch], receipts: list[Receipt], fresh: list[tuple[int, Reading]]
) -> tuple[list[tuple[Any, ...]], list[tuple[str, bytes]], list[tuple[int, Counted]]]:
    rows: list[tuple[Any, ...]] = []
    counted: list[tuple[int, Counted]] = []
    waiting: list[tuple[str, bytes]] = []
    for index, reading in fresh:
        batch = batches[index]
        owner = people.decide(reading, trusted=batch.trusted)
        if owner.excluded == "over_cap":
            receipts[index].refused.append(put_aside(reading, batch.received_at))
            continue
        if owner.waits is not None:
            waiting.append((owner.waits, reading.key))
        rows.append(
            (
                tenant.id,
                reading.key,
                reading.message_id,
                reading.type,
                reading.name,
                reading.at,
                batch.received_at,
                day_of(reading.at, tenant.zone),
                reading.anonymous,
                owner.end_user_id,
                owner.account_id,
                _match(tenant, reading),
                tenant.catalogue.version,
                1 if reading.guide_run else 0,
                1 if reading.verified else 0,
                owner.excluded,
                reading.body,
            )
        )
        receipts[index].stored += 1
        counted.append((index, Counted(reading, owner.end_user_id, owner.account_id, owner.excluded)))
    return *_move_freed(rows, waiting, people.opened), counted


def _move_freed(
    rows: list[tuple[Any, ...]], waiting: list[tuple[str, bytes]], opened: dict[str, Owner]
) -> tuple[list[tuple[Any, ...]], list[tuple[str, bytes]]]:
    """Rows whose person was told of later in the same group have their owner at once, as if they had waited."""
    if not waiting or not opened:
        return rows, waiting
    subjects: dict[bytes, str | None] = {key: subject for subject, key in waiting}
    moved = []
    for row in rows:
        owned, subjects[row[1]] = _open(row, subjects.get(row[1]), opened)
        moved.append(owned)
    return moved, [(subject, key) for key, subject in subjects.items() if subject is not None]


def _open(row: tuple[Any, ...], subject: str | None, opened: dict[str, Owner]) -> tuple[tuple[Any, ...], str | None]:
    """The row as its subject's, and whom it waits for now; a person whose account is unknown is waited for, too."""
    owner = opened.get(subject) if subject is not None else None
    if owner is None:
        return row, subject
    account_id = row[10] or owner.account_id
    owned = (*row[:9], owner.end_user_id, account_id, *row[11:15], owner.excluded or row[15], row[16])
    return (owned, None) if account_id is not None else _open(owned, f"u:{owner.end_user_id}", opened)


def _match(tenant: Tenant, reading: Reading) -> str | None:
    found: tuple[int, ...] = ()
    if reading.type == "track" and reading.name is not None:
        if reading.name == "$feature":
            found = tenant.catalogue.match_key(str(reading.properties.get("feature")))
        elif not reading.name.startswith("$"):
            found = tenant.catalogue.match_event(reading.name, reading.properties)
    elif reading.type == "page" and reading.path:
        found = tenant.catalogue.match_page(reading.path)
    return pack_ordinals(found)


def _keep_stored(
    rows: list[tuple[Any, ...]], counted: list[tuple[int, Counted]], stored: set[bytes], receipts: list[Receipt]
) -> tuple[list[tuple[Any, ...]], list[tuple[int, Counted]]]:
    kept = []
    for index, item in counted:
        if item.reading.key in stored:
            kept.append((index, item))
        else:
            receipts[index].stored -= 1
            receipts[index].duplicate += 1
    return [row for row in rows if row[1] in stored], kept


def _count(connection: Connection, tenant: Tenant, memory: Memory, people: People, rows: list[tuple[Any, ...]], now: int) -> None:
    additions = Additions()
    additions.add_all(rows)
    additions.add_all(people.freed)
    write_additions(connection, tenant.id, additions, memory)
    proven = additions.matched & tenant.unproven
    if proven:
        rollups.prove_features(connection, tenant.id, proven, now)
        environment_store.raise_generation(connection, tenant.id)
    rollups.mark_dirty(connection, tenant.id, people.dirty | set(additions.account_days), now)
    seen: dict[int, int] = {}
    for row in rows:
        user, at = row[9], row[5]
        if user is not None and row[15] != "unsigned" and at > seen.get(user, memory.last_seen.get(user, 0) + SEEN_STEP_MS):
            seen[user] = at
    people_store.touch_people(connection, tenant.id, seen)
    memory.last_seen |= seen


def _list_unmatched(connection: Connection, tenant: Tenant, memory: Memory, items: list[Counted], now: int) -> None:
    names: Counter[tuple[str, str]] = Counter()
    for item in items:
        reading = item.reading
        if item.excluded is not None:
            continue
        if reading.type == "track" and reading.name and not reading.name.startswith("$") and reading.name not in SIGNAL_EVENTS:
            if reading.name not in tenant.catalogue.by_event:
                names["event", reading.name] += 1
        elif reading.type == "page" and reading.path and not tenant.catalogue.match_page(reading.path):
            names["page", reading.path] += 1
    if not names:
        return
    if memory.n_names is None:
        memory.n_names = rollups.count_unmatched_names(connection, tenant.id)
    listed: Counter[tuple[str, str]] = Counter()
    for (kind, name), n in names.items():
        if (kind, name) not in memory.names and memory.n_names >= MAX_NAMES:
            if not rollups.is_listed(connection, tenant.id, kind, name):
                listed[kind, OTHER] += n
                continue
        elif (kind, name) not in memory.names:
            memory.n_names += 1
        memory.names.add((kind, name))
        listed[kind, name] += n
    rollups.add_unmatched(connection, tenant.id, listed, now)


def _book(
    connection: Connection, tenant: Tenant, memory: Memory, batches: Sequence[Batch], receipts: list[Receipt], now: int
) -> None:
    books: dict[tuple[int, str], Counter[str]] = {}
    bad: list[tuple[Any, ...]] = []
    hour = now // HOUR_MS
    if memory.refused_hour != hour:
        memory.refused_hour, memory.n_refused_hour = hour, 0
    for batch, receipt in zip(batches, receipts, strict=True):
        for refused in receipt.refused:
            memory.n_refused_hour += 1
            if memory.n_refused_hour > MAX_BAD_ROWS_PER_HOUR:
                receipt.overflow += 1
                continue
            trusted = BY_KEY if batch.trusted else BY_TOKEN if refused.verified else UNTRUSTED
            bad.append((batch.received_at, batch.route, refused.reason, refused.detail, refused.body, trusted))
        book = books.setdefault((day_of(batch.received_at, tenant.zone), batch.route), Counter())
        book["received"] += receipt.received
        book["stored"] += receipt.stored
        book["duplicate"] += receipt.duplicate
        book["refused"] += len(receipt.refused) - receipt.overflow
        book["overflow"] += receipt.overflow
    ledger.insert_bad_rows(connection, tenant.id, bad)
    for (day, route), book in sorted(books.items()):
        ledger.add_to_ledger(connection, tenant.id, day, route, book)


def _by_key(row: tuple[Any, ...]) -> bytes:
    return row[1]  # type: ignore[no-any-return]
