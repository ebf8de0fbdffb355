"""Why is this person not shown this guide now? The gates of boot and claim one by one, decided by the same functions."""

from dataclasses import dataclass

from sqlalchemy import Connection

from milepost.actions.boot import Caller, read_standing_of
from milepost.actions.broadcast import Broadcast, OnAir, peek_broadcast
from milepost.actions.claim import why_not_claim
from milepost.actions.guide_facts import gather_facts, list_said
from milepost.actions.guides import require_guide
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.audience import Reason, explain
from milepost.rules.choose import OF_THE_PAGE, is_scheduled
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.store import facts as fact_store
from milepost.store import people_search
from milepost.store.facts import PersonRow
from milepost.store.standing import Standing
from milepost.wire.boot import ClaimRequest

PROBE = "run_why_not_shown"


@dataclass(frozen=True)
class Gate:
    """`name`: on_air, scheduled, audience, again, turn. `verdict`: yes, no, or unasked after a no. `reason` is a code."""

    name: str
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class WhyNot:
    """Everything the page says; `reasons` are the conditions of the audience with the person's own values."""

    user: str
    account: str | None
    person: PersonRow
    gates: list[Gate]
    reasons: list[Reason]
    of_the_page: list[str]

    @property
    def stopped_by(self) -> Gate | None:
        """The first gate that says no; None when the guide may begin."""
        return next((gate for gate in self.gates if gate.verdict == "no"), None)


def find_people(runtime: Runtime, tenant: Tenant, text: str) -> list[people_search.Found]:
    """By id, e-mail or name: the exact id first."""
    with db.reading(runtime.engine) as connection:
        return people_search.search_people(connection, tenant.id, text, 8)


def explain_why_not(runtime: Runtime, tenant: Tenant, name: str, user: str) -> WhyNot | None:
    """None when nobody of this id was heard of; raises NotFound for an unknown guide."""
    now = runtime.clock()
    with db.reading(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
        person = fact_store.find_person(connection, tenant.id, user)
        if person is None:
            return None
        account = people_search.find_account_key(connection, tenant.id, person.account_id)
        broadcast = peek_broadcast(runtime, connection, tenant)
        item = broadcast.by_id.get(row["id"])
        if item is None:
            return WhyNot(user, account, person, _gates("on_air", str(row["status"])), [], [])
        caller = Caller(user, account, verified=True)
        found = read_standing_of(connection, tenant, broadcast, caller, now)
        facts = gather_facts(broadcast.wanted, user, account, found, list_said(found.states), day_of(now, tenant.zone))
        reasons = explain(item.guide.audience, facts)
        stopped = _first_no(connection, tenant, broadcast, item, caller, person, found, now)
    of_the_page = sorted({reason.fact for reason in reasons if reason.fact in OF_THE_PAGE})
    return WhyNot(user, account, person, _gates(*stopped), reasons, of_the_page)


ORDER = ("on_air", "scheduled", "audience", "again", "turn")
GATE_OF = {"audience": "audience", "finished": "again", "dismissed": "again", "later": "again"}  # all others: turn


def _gates(stopped: str, reason: str) -> list[Gate]:
    """All yes up to the one that says no; what comes after it was not asked."""
    at = ORDER.index(stopped) if stopped else len(ORDER)
    return [
        Gate(name, "yes" if place < at else "no" if place == at else "unasked", reason if place == at else "")
        for place, name in enumerate(ORDER)
    ]


def _first_no(
    connection: Connection, tenant: Tenant, broadcast: Broadcast, item: OnAir, caller: Caller, person: PersonRow,
    found: Standing, now: int,
) -> tuple[str, str]:  # fmt: skip
    """(gate, reason) of the first one that says no; ("", "") when none does."""
    if not is_scheduled(item.schedule, now):
        return "scheduled", "schedule"
    asking = ClaimRequest(guide=item.public_id, version=item.version, run=PROBE)
    reason = why_not_claim(connection, tenant, broadcast, item, caller, person, found, asking, now)
    return (GATE_OF.get(reason, "turn"), reason) if reason is not None else ("", "")
