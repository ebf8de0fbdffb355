"""May this run be painted? Decided in the writer's transaction, so that two racing browsers can't both be told yes."""

from sqlalchemy import Connection

from milepost.actions.boot import Caller, broadcast_of, gather_facts, identify_caller
from milepost.actions.broadcast import Broadcast, OnAir
from milepost.actions.keys import KeyHolder
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.choose import PastRun, Said, is_eligible, is_scheduled, why_not_again, why_not_now
from milepost.rules.days import DAY_MS
from milepost.store import facts as fact_store
from milepost.store import people as people_store
from milepost.store import runs as run_store
from milepost.wire.boot import ClaimAnswer, ClaimRequest

LOOK_BACK_MS = 8 * DAY_MS


def decide_claim(connection: Connection, runtime: Runtime, holder: KeyHolder, asking: ClaimRequest, now: int) -> ClaimAnswer:
    """Inside the writer's transaction: yes makes the run. Asking again for the same run answers yes again."""
    tenant = runtime.tenants.within(connection, holder.environment_id, now)
    caller = identify_caller(asking, holder, tenant, now)
    if not caller.personal or caller.user is None:
        return ClaimAnswer(ok=False, reason="unidentified")
    broadcast = broadcast_of(runtime, connection, tenant)
    item = broadcast.by_public_id.get(asking.guide)
    if item is None or item.version != asking.version or not is_scheduled(item.schedule, now):
        return ClaimAnswer(ok=False, reason="gone")
    person = _find_or_make(connection, tenant, caller, now)
    held = run_store.find_run(connection, tenant.id, asking.run)
    if held is not None:
        mine = held[3] == person.id and held[1] == item.guide_id and held[4] is None
        return ClaimAnswer(ok=mine, reason=None if mine else "closed")
    free = asking.free or item.guide.budget == "free"
    reason = _why_not(connection, tenant, broadcast, item, caller, person, free=free, asked=asking.free, run=asking.run, now=now)
    if reason is not None:
        return ClaimAnswer(ok=False, reason=reason)
    account_id = _account_of(connection, tenant, caller, person)
    run_store.insert_run(
        connection, tenant.id, asking.run, item.guide_id, item.version,
        end_user_id=person.id, account_id=account_id, free=free, now=now,
    )  # fmt: skip
    return ClaimAnswer(ok=True)


def _why_not(
    connection: Connection,
    tenant: Tenant,
    broadcast: Broadcast,
    item: OnAir,
    caller: Caller,
    person: fact_store.PersonRow,
    *,
    free: bool,
    asked: bool,
    run: str,
    now: int,
) -> str | None:
    said = {guide: Said(*row) for guide, row in run_store.read_states(connection, tenant.id, person.id).items()}
    facts = gather_facts(connection, tenant, broadcast, caller, person, said, "", "", now)
    facts = {name: value for name, value in facts.items() if name not in {"locale", "path"}}
    if item.guide.audience is not None and not {"locale", "path"} & broadcast.facts and not is_eligible(item.guide, facts):
        return "audience"
    if not asked:
        again = why_not_again(item.guide, said.get(item.guide_id), now)
        if again is not None:
            return again
    kinds = {guide.guide_id: guide.guide.kind for guide in broadcast.guides}
    past = [
        PastRun(public_id, guide_id, kinds.get(guide_id, "tour"), bool(spent_nothing), started_at, last_at, closed_at is not None)
        for public_id, guide_id, _, spent_nothing, started_at, last_at, closed_at, _, _ in run_store.list_recent_runs(
            connection, tenant.id, person.id, now - LOOK_BACK_MS
        )
    ]
    return why_not_now(item.guide.kind, past, now, tenant.zone, free=free, no_tips=bool(person.no_tips), run=run)


def _find_or_make(connection: Connection, tenant: Tenant, caller: Caller, now: int) -> fact_store.PersonRow:
    assert caller.user is not None  # noqa: S101
    person = fact_store.find_person(connection, tenant.id, caller.user)
    if person is None:
        people_store.add_people(connection, tenant.id, {caller.user: tenant.is_internal(caller.user, None)}, now)
        person = fact_store.find_person(connection, tenant.id, caller.user)
    assert person is not None  # noqa: S101
    return person


def _account_of(connection: Connection, tenant: Tenant, caller: Caller, person: fact_store.PersonRow) -> int | None:
    if caller.account is None:
        return person.account_id
    return people_store.load_account_ids(connection, tenant.id, [caller.account]).get(caller.account, person.account_id)
