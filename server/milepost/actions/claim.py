"""May this run be painted? Decided in the writer's transaction, so that two racing browsers can't both be told yes."""

from sqlalchemy import Connection

from milepost.actions.boot import Caller, identify_caller, read_standing_of
from milepost.actions.broadcast import Broadcast, OnAir, peek_broadcast
from milepost.actions.guide_facts import gather_facts, list_said
from milepost.actions.keys import KeyHolder
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.choose import (
    NPS_DAYS,
    RUN_MS,
    PastRun,
    asks_nps,
    is_after_complaint,
    is_scheduled,
    spends_nothing,
    why_not_again,
    why_not_now,
)
from milepost.rules.days import DAY_MS, day_of
from milepost.store import facts as fact_store
from milepost.store import people as people_store
from milepost.store import runs as run_store
from milepost.store import signals as signal_store
from milepost.store.facts import PersonRow
from milepost.store.standing import Standing
from milepost.wire.boot import ClaimAnswer, ClaimRequest

LOOK_BACK_MS = 8 * DAY_MS
NPS_LOOK_BACK_MS = (NPS_DAYS + 1) * DAY_MS
UNHEARD_OF = PersonRow(0, None, None, None, None, "{}", 0, 0)


def decide_claim(connection: Connection, runtime: Runtime, holder: KeyHolder, asking: ClaimRequest, now: int) -> ClaimAnswer:
    """Inside the writer's transaction: yes makes the run. Asking again for the same run answers yes again."""
    tenant = runtime.tenants.amid(connection, holder.environment_id, now)
    caller = identify_caller(asking, holder, tenant, now)
    if caller.user is None:
        return ClaimAnswer(ok=False, reason="unidentified")
    broadcast = peek_broadcast(runtime, connection, tenant)
    item = broadcast.by_public_id.get(asking.guide)
    if item is None or item.version != asking.version or not is_scheduled(item.schedule, now):
        return ClaimAnswer(ok=False, reason="gone")
    if asking.linked and not item.guide.linkable:
        return ClaimAnswer(ok=False, reason="not_linkable")
    person = fact_store.find_person(connection, tenant.id, caller.user)
    if person is None:  # nobody is made for a no
        reason = _why_not_new(connection, tenant, broadcast, item, caller, asking, now)
        if reason is not None:
            return ClaimAnswer(ok=False, reason=reason)
        person = _make(connection, tenant, caller.user, now)
    run_store.take_turn(connection, tenant.id, person.id)
    held = run_store.find_run(connection, tenant.id, asking.run)
    if held is not None:
        _, guide_id, version, end_user_id, closed_at, last_at, *_ = held
        mine = (guide_id, version, end_user_id) == (item.guide_id, item.version, person.id)
        still = mine and closed_at is None and now - last_at < RUN_MS
        return ClaimAnswer(ok=still, reason=None if still else "closed")
    found = read_standing_of(connection, tenant, broadcast, caller, now)
    reason = why_not_claim(connection, tenant, broadcast, item, caller, person, found, asking, now)
    if reason is not None:
        return ClaimAnswer(ok=False, reason=reason)
    run_store.insert_run(
        connection, tenant.id, asking.run, item.guide_id, item.version, end_user_id=person.id,
        account_id=_account_of(connection, tenant, caller, person), free=_is_free(item, asking), now=now,
        linked=asking.linked, verified=caller.verified,
    )  # fmt: skip
    return ClaimAnswer(ok=True)


def _is_free(item: OnAir, asking: ClaimRequest) -> bool:
    """The person asked for it themselves, or its author says that it spends no attention."""
    return asking.free or spends_nothing(item.guide)


def _why_not_new(
    connection: Connection, tenant: Tenant, broadcast: Broadcast, item: OnAir, caller: Caller, asking: ClaimRequest, now: int
) -> str | None:
    """For somebody never heard of, as boot has judged them; a run of that name is another's."""
    if run_store.find_run(connection, tenant.id, asking.run) is not None:
        return "closed"
    found = read_standing_of(connection, tenant, broadcast, caller, now)
    return why_not_claim(connection, tenant, broadcast, item, caller, UNHEARD_OF, found, asking, now)


def why_not_claim(
    connection: Connection, tenant: Tenant, broadcast: Broadcast, item: OnAir, caller: Caller, person: PersonRow,
    found: Standing, asking: ClaimRequest, now: int,
) -> str | None:  # fmt: skip
    """The reason this person's run may not begin now; None when it may. `found` is what `read_standing_of` tells of them."""
    assert caller.user is not None  # noqa: S101
    said = list_said(found.states)
    facts = gather_facts(broadcast.wanted, caller.user, caller.account, found, said, day_of(now, tenant.zone))
    by_hand = asking.free and item.guide.linkable
    if not item.may_claim(facts) and not (by_hand and item.guide_id in said):
        return "audience"
    again = why_not_again(item.guide, said.get(item.guide_id), now)
    if again is not None and not by_hand:
        return again
    if item.guide.kind == "survey" and not asking.free and _has_complained(connection, tenant, person, now):
        return "complaint"
    nps = asks_nps(item.guide)
    past = _read_past(connection, tenant, broadcast, person.id, now - (NPS_LOOK_BACK_MS if nps else LOOK_BACK_MS))
    free, no_tips = _is_free(item, asking), bool(person.no_tips)
    return why_not_now(item.guide.kind, past, now, tenant.zone, free=free, no_tips=no_tips, run=asking.run, nps=nps)


def _read_past(connection: Connection, tenant: Tenant, broadcast: Broadcast, person_id: int, since: int) -> list[PastRun]:
    asking = {item.guide_id for item in broadcast.guides if asks_nps(item.guide)}
    return [
        PastRun(
            run, kind, bool(free), started_at, last_at, closed_at is not None, outcome == "missing" and shown_at is None,
            guide_id in asking,
        )
        for run, kind, free, started_at, last_at, closed_at, outcome, shown_at, guide_id in run_store.list_recent_runs(
            connection, tenant.id, person_id, since
        )
    ]  # fmt: skip


def _has_complained(connection: Connection, tenant: Tenant, person: PersonRow, now: int) -> bool:
    last = signal_store.find_last_complaint(connection, tenant.id, person.account_id) if person.account_id else None
    return is_after_complaint(last, now)


def _make(connection: Connection, tenant: Tenant, user: str, now: int) -> PersonRow:
    people_store.add_people(connection, tenant.id, {user: tenant.is_internal(user, None)}, now)
    person = fact_store.find_person(connection, tenant.id, user)
    assert person is not None  # noqa: S101
    return person


def _account_of(connection: Connection, tenant: Tenant, caller: Caller, person: PersonRow) -> int | None:
    if caller.account is None:
        return person.account_id
    return people_store.load_account_ids(connection, tenant.id, [caller.account]).get(caller.account, person.account_id)
