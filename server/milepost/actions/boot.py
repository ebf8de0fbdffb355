"""What one end user may see now: who is decided here, when is decided in the page."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions.broadcast import Broadcast, OnAir, read_broadcast
from milepost.actions.guide_facts import gather_facts, read_said
from milepost.actions.keys import KeyHolder
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.choose import RUN_MS, Said, is_eligible, is_scheduled, why_not_again
from milepost.store import engine as db
from milepost.store import facts as fact_store
from milepost.store import runs as run_store
from milepost.store.facts import PersonRow
from milepost.wire.boot import Asking, BootAnswer, BootRequest

BY_HAND = {"trigger": {"on": "manual"}}


@dataclass(frozen=True)
class Caller:
    """Who asks, as far as it can be believed; `user` is None for those who get no personal content."""

    user: str | None
    account: str | None
    verified: bool


def identify_caller(asking: Asking, holder: KeyHolder, tenant: Tenant, now: int) -> Caller:
    """The token decides; without a good one, the identity mode does."""
    enforced = tenant.identity_mode == "enforce"
    if holder.is_secret:
        return Caller(asking.userId, asking.account, asking.userId is not None)
    claims = tenant.verifier.verify(asking.token, now) if asking.token else None
    if claims is not None and claims.user == asking.userId:
        if claims.account is None:  # it vouches for the person, not for the account
            return Caller(claims.user, None if enforced else asking.account, verified=True)
        if asking.account in {None, claims.account}:
            return Caller(claims.user, claims.account, verified=True)
    return Caller(None if enforced else asking.userId, None if enforced else asking.account, verified=False)


def answer_boot(runtime: Runtime, holder: KeyHolder, tenant: Tenant, asking: BootRequest) -> BootAnswer:
    """Reads only; nobody is made and nothing is counted."""
    now = runtime.clock()
    caller = identify_caller(asking, holder, tenant, now)
    person: PersonRow | None = None
    guides: list[dict[str, Any]] = []
    open_runs: list[dict[str, Any]] = []
    with db.reading(runtime.engine) as connection:
        broadcast = read_broadcast(runtime, connection, tenant)
        if caller.user is not None and broadcast.guides:
            person = fact_store.find_person(connection, tenant.id, caller.user)
            under_way = _list_open(connection, tenant, broadcast, person, now)
            open_runs = [shown for shown, _ in under_way]
            guides = _offer(connection, tenant, broadcast, caller, person, {item.guide_id for _, item in under_way}, asking, now)
    same = asking.rules_etag == broadcast.etag
    return BootAnswer(
        now=now,
        rules_etag=broadcast.etag,
        identity="verified" if caller.verified else "unverified",
        rules=None if same else broadcast.rules,
        themes=None if same else broadcast.themes,
        guides=guides,
        open_runs=open_runs,
        no_tips=bool(person and person.no_tips),
    )


def _offer(
    connection: Connection, tenant: Tenant, broadcast: Broadcast, caller: Caller, person: PersonRow | None,
    under_way: set[int], asking: BootRequest, now: int,
) -> list[dict[str, Any]]:  # fmt: skip
    assert caller.user is not None  # noqa: S101
    said = read_said(connection, tenant.id, person)
    facts = gather_facts(connection, tenant, broadcast.wanted, caller.user, caller.account, person, said, now)
    facts |= {"locale": asking.locale, "path": asking.path}
    shown = []
    for item in broadcast.guides:
        how = _how(item, facts, said.get(item.guide_id), now, under_way=item.guide_id in under_way)
        if how is not None:
            shown.append(item.in_locale(asking.locale) | how)
    return shown


def _how(item: OnAir, facts: dict[str, Any], said: Said | None, now: int, *, under_way: bool) -> dict[str, Any] | None:
    """{} as it was written; BY_HAND for one that does not start unasked; None for one that is not offered."""
    eligible = is_scheduled(item.schedule, now) and is_eligible(item.guide, facts)
    if eligible and why_not_again(item.guide, said, now) is None:
        return {}
    if under_way or (eligible and item.guide.linkable):
        return BY_HAND  # a run goes on where it was, even when its audience no longer holds
    return None


def _list_open(
    connection: Connection, tenant: Tenant, broadcast: Broadcast, person: PersonRow | None, now: int
) -> list[tuple[dict[str, Any], OnAir]]:
    if person is None:
        return []
    found = []
    for run, guide_id, version, step in run_store.list_open_runs(connection, tenant.id, person.id, now - RUN_MS):
        item = broadcast.by_id.get(guide_id)
        if item is not None and item.version == version:
            found.append(({"run": run, "guide": item.public_id, "version": version, "step": step}, item))
    return found
