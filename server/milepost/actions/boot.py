"""What one end user may see now: who is decided here, when is decided in the page."""

import time
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from milepost.actions.broadcast import CACHE, Broadcast, OnAir, hold_broadcast
from milepost.actions.guide_facts import WINDOW_DAYS, gather_facts, list_said
from milepost.actions.keys import KeyHolder
from milepost.actions.runtime import Runtime
from milepost.actions.standing import list_standing
from milepost.actions.tenant import Tenant
from milepost.rules.choose import RUN_MS, Said, is_scheduled, why_not_again
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.store.standing import Standing, read_standing
from milepost.wire.boot import Asking, BootAnswer, BootRequest, OpenRun
from milepost.wire.guide import STANDING

AS_WRITTEN, BY_HAND = 0, 1
SLOW_S = 0.004  # of computing
MOST_SLOW = 10_000


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


def is_quick(runtime: Runtime, tenant: Tenant, asking: BootRequest) -> bool:
    """Whether the answer takes so little that no other request need wait for it: held guides, a read of a local file."""
    broadcast: Broadcast | None = runtime.caches.peek(CACHE, tenant.id, tenant.generation)
    return (
        broadcast is not None
        and not broadcast.has_tasks
        and db.is_sqlite(runtime.engine)
        and _slow_name(asking) not in broadcast.slow
    )


def answer_boot(runtime: Runtime, holder: KeyHolder, tenant: Tenant, asking: BootRequest) -> BootAnswer:
    """Reads only; nobody is made and nothing is counted."""
    now = runtime.clock()
    caller = identify_caller(asking, holder, tenant, now)
    broadcast = hold_broadcast(runtime, tenant)
    same = asking.rules_etag == broadcast.etag
    answer = BootAnswer(
        now=now,
        rules_etag=broadcast.etag,
        identity="verified" if caller.verified else "unverified",
        rules=UNSET if same else broadcast.rules,
        themes=UNSET if same else broadcast.themes,
    )
    if caller.user is not None and broadcast.guides:
        found = _read_standing(runtime, tenant, broadcast, caller, asking, now)
        answer.no_tips = bool(found.person and found.person.no_tips)
        answer.open_runs, under_way = _list_open(broadcast, found)
        offers = offer_guides(tenant, broadcast, caller, found, under_way, asking, now)
        answer.guides = [form for item, form in offers if item.guide.kind not in STANDING]
        stands = [(item, form) for item, form in offers if item.guide.kind in STANDING]
        if stands:
            with db.reading(runtime.engine) as connection:
                answer.standing = list_standing(connection, tenant, found.person, stands) or UNSET
    return answer


def _read_standing(
    runtime: Runtime, tenant: Tenant, broadcast: Broadcast, caller: Caller, asking: BootRequest, now: int
) -> Standing:
    """One that took long is remembered: the next of the same account is read beside the event loop."""
    began = time.thread_time()
    with db.glancing(runtime.engine) as connection:
        found = read_standing_of(connection, tenant, broadcast, caller, now)
    if time.thread_time() - began > SLOW_S:
        if len(broadcast.slow) > MOST_SLOW:
            broadcast.slow.clear()
        broadcast.slow.add(_slow_name(asking))
    return found


def _slow_name(asking: BootRequest) -> str:
    return f"user {asking.userId}" if asking.account is None else f"account {asking.account}"


def read_standing_of(connection: Connection, tenant: Tenant, broadcast: Broadcast, caller: Caller, now: int) -> Standing:
    """Everything the guides on air ask about the caller."""
    assert caller.user is not None  # noqa: S101
    wanted = broadcast.wanted
    return read_standing(
        connection, tenant.id, caller.user, caller.account, with_account=bool(wanted.account), ordinals=wanted.ordinals,
        since_day=day_of(now, tenant.zone) - WINDOW_DAYS + 1, heard_since=now - RUN_MS,
    )  # fmt: skip


def offer_guides(
    tenant: Tenant, broadcast: Broadcast, caller: Caller, found: Standing, under_way: set[int], asking: BootRequest, now: int
) -> list[tuple[OnAir, msgspec.Raw]]:
    """(guide, as this person may have it now), highest priority first."""
    assert caller.user is not None  # noqa: S101
    said = list_said(found.states)
    facts = gather_facts(broadcast.wanted, caller.user, caller.account, found, said, day_of(now, tenant.zone))
    facts["locale"], facts["path"] = asking.locale, asking.path
    shown = []
    for item in broadcast.guides:
        form = _which_form(item, facts, said.get(item.guide_id), now, under_way=item.guide_id in under_way)
        if form is not None:
            shown.append((item, item.in_locale(asking.locale)[form]))
    return shown


def _which_form(item: OnAir, facts: dict[str, Any], said: Said | None, now: int, *, under_way: bool) -> int | None:
    """AS_WRITTEN; BY_HAND for one that does not start unasked; None for one that is not offered."""
    scheduled = is_scheduled(item.schedule, now)
    eligible = scheduled and item.verdict(facts) is True
    if eligible and why_not_again(item.guide, said, now) is None:
        return AS_WRITTEN
    if under_way or (item.guide.linkable and scheduled and (eligible or said is not None)):
        return BY_HAND  # a run goes on where it was, and what was once for them may be taken again
    return None


def _list_open(broadcast: Broadcast, found: Standing) -> tuple[list[OpenRun], set[int]]:
    """The runs of versions on air, and their guides."""
    shown, under_way = [], set()
    for run, guide_id, version, step in found.open_runs:
        item = broadcast.by_id.get(guide_id)
        if item is not None and item.version == version and item.guide.kind not in STANDING:
            shown.append(OpenRun(run, item.public_id, version, step))
            under_way.add(guide_id)
    return shown, under_way
