"""Outside facts about accounts: tickets from events, and everything a vendor's systems post."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions.intake_group import Counted
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid
from milepost.rules.days import DAY_MS
from milepost.store import engine as db
from milepost.store import people as people_store
from milepost.store import rollups
from milepost.store import signals as signal_store
from milepost.store.signals import SignalRow

OPENED, CLOSED = "Ticket Opened", "Ticket Closed"
MAX_ID = 200
EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000  # the years 2000 to 2099


@dataclass(frozen=True)
class TicketEvent:
    """One `Ticket Opened` or `Ticket Closed`, owned by an account."""

    name: str
    properties: Mapping[str, Any]
    account_id: int
    end_user_id: int | None
    at: int


@dataclass(frozen=True)
class Signal:
    """A fact as it is posted: account and user by the vendor's own ids, instants in ms."""

    type: str
    account: str
    external_id: str
    at: int
    user: str | None = None
    closed_at: int | None = None
    category: str | None = None
    value: float | None = None
    data: Mapping[str, Any] | None = None


def follow_tickets(connection: Connection, tenant: Tenant, counted: Sequence[Counted], now: int) -> None:
    """In the writer's transaction: ticket events of an account become facts."""
    events = [
        TicketEvent(item.reading.name, item.reading.properties, item.account_id, item.end_user_id, item.reading.at)
        for item in counted
        if item.reading.type == "track"
        and item.reading.name in {OPENED, CLOSED}
        and item.account_id is not None
        and item.excluded != "unsigned"
    ]
    if events:
        apply_ticket_events(connection, tenant.id, events)
        rollups.mark_dirty(connection, tenant.id, {event.account_id for event in events}, now)


def apply_ticket_events(connection: Connection, environment_id: int, events: Sequence[TicketEvent]) -> int:
    """Idempotent by ticket_id, and the same in any order; how many were taken. Those without a ticket_id count nowhere."""
    n = 0
    for event in events:
        ticket = event.properties.get("ticket_id")
        if isinstance(ticket, bool) or not isinstance(ticket, str | int) or not 0 < len(str(ticket)) <= MAX_ID:
            continue
        held = signal_store.find_signal(connection, environment_id, "ticket", str(ticket))
        signal_store.save_signal(connection, environment_id, _ticket(event, str(ticket), held))
        n += 1
    return n


def record_signals(runtime: Runtime, tenant: Tenant, signals: Sequence[Signal]) -> int:
    """Writes facts from a trusted sender; accounts that are not there are made.

    Idempotent by (type, external id): said again it is replaced, but what has ended stays ended, so that a retry of the
    opening that comes late opens nothing again.
    """
    now = runtime.clock()
    for signal in signals:
        _check_times(signal, now)
    with db.writing(runtime.engine) as connection:
        keys = {signal.account for signal in signals}
        people_store.add_accounts(connection, tenant.id, keys, now)
        accounts = people_store.load_account_ids(connection, tenant.id, keys)
        people = people_store.load_people(connection, tenant.id, {s.user for s in signals if s.user})
        for signal in signals:
            person = people.get(signal.user) if signal.user else None
            held = signal_store.find_signal(connection, tenant.id, signal.type, signal.external_id)
            closed_at = signal.closed_at if signal.closed_at is not None or held is None else held.closed_at
            row = SignalRow(
                accounts[signal.account], person.id if person else None, signal.type, signal.external_id, signal.at,
                closed_at, signal.category, signal.value, _with_opening(signal),
            )  # fmt: skip
            signal_store.save_signal(connection, tenant.id, row)
        rollups.mark_dirty(connection, tenant.id, set(accounts.values()), now)
    return len(signals)


def _check_times(signal: Signal, now: int) -> None:
    """Raises Invalid for a time that can only be a slip: a wrong century, or a fact that has not happened yet."""
    values = {"signal": repr(signal.external_id)}
    if signal.at > now + DAY_MS:
        raise Invalid("The signal %(signal)s lies more than a day in the future.", values=values)
    for field, at in (("at", signal.at), ("closed_at", signal.closed_at)):
        if at is not None and not EARLIEST_MS <= at < LATEST_MS:
            raise Invalid(
                "The signal %(signal)s has a year in %(field)s that is not between 2000 and 2099.",
                values=values | {"field": field},
            )


def _with_opening(signal: Signal) -> dict[str, Any]:
    """A ticket that was posted is opened: a `Ticket Closed` event only ends it."""
    return {**(signal.data or {}), "opened": True} if signal.type == "ticket" else dict(signal.data or {})


def _ticket(event: TicketEvent, ticket: str, held: SignalRow | None) -> SignalRow:
    """The earliest opening says when, what and who; closings only when it ended last: the same in any order."""
    is_opened = held is not None and bool(held.data.get("opened"))
    if event.name == CLOSED:
        return _close(event, ticket, held, is_opened=is_opened)
    if held is not None and is_opened and (held.at, held.account_id) <= (event.at, event.account_id):
        return held
    data: dict[str, Any] = {"opened": True}
    given, effort = event.properties.get("category"), event.properties.get("effort_minutes")
    if isinstance(effort, int | float) and not isinstance(effort, bool):
        data["effort_minutes"] = effort
    category = given[:100] if isinstance(given, str) else None
    closed_at = held.closed_at if held else None
    return SignalRow(event.account_id, event.end_user_id, "ticket", ticket, event.at, closed_at, category, None, data)


def _close(event: TicketEvent, ticket: str, held: SignalRow | None, *, is_opened: bool) -> SignalRow:
    if held is None:
        return SignalRow(event.account_id, event.end_user_id, "ticket", ticket, event.at, event.at, None, None, {})
    closed_at = event.at if held.closed_at is None else max(held.closed_at, event.at)
    return held._replace(closed_at=closed_at) if is_opened else held._replace(at=min(held.at, event.at), closed_at=closed_at)
