"""What one end user may see now: who is decided here, when is decided in the page."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions.broadcast import Broadcast, load_broadcast
from milepost.actions.keys import KeyHolder
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.choose import RUN_MS, Said, is_eligible, is_scheduled, why_not_again
from milepost.rules.days import DAY_MS, day_of
from milepost.store import engine as db
from milepost.store import facts as fact_store
from milepost.store import runs as run_store
from milepost.wire.boot import Asking, BootAnswer, BootRequest

WINDOW_DAYS = 90


@dataclass(frozen=True)
class Caller:
    """Who asks, as far as it can be believed."""

    user: str | None
    account: str | None
    verified: bool
    personal: bool  # may get personal content


def identify_caller(asking: Asking, holder: KeyHolder, tenant: Tenant, now: int) -> Caller:
    """The token decides; without one, the identity mode does."""
    account, verified = asking.account, holder.is_secret
    if not verified and asking.token:
        claims = tenant.verifier.verify(asking.token, now)
        if claims is not None and claims.user == asking.userId and claims.account in {None, account or claims.account}:
            verified, account = True, claims.account or account
    personal = asking.userId is not None and (verified or tenant.identity_mode != "enforce")
    return Caller(asking.userId, account, verified, personal)


def answer_boot(runtime: Runtime, holder: KeyHolder, tenant: Tenant, asking: BootRequest) -> BootAnswer:
    """Reads only; nobody is made and nothing is counted."""
    now = runtime.clock()
    caller = identify_caller(asking, holder, tenant, now)
    with db.reading(runtime.engine) as connection:
        broadcast = broadcast_of(runtime, connection, tenant)
        person = fact_store.find_person(connection, tenant.id, caller.user) if caller.personal and caller.user else None
        guides: list[dict[str, Any]] = []
        open_runs: list[dict[str, Any]] = []
        if caller.personal:
            said = _read_said(connection, tenant, person)
            facts = gather_facts(connection, tenant, broadcast, caller, person, said, asking.locale, asking.path, now)
            for item in broadcast.guides:
                if not is_scheduled(item.schedule, now) or not is_eligible(item.guide, facts):
                    continue
                if why_not_again(item.guide, said.get(item.guide_id), now) is None or item.guide.linkable:
                    shown = item.in_locale(asking.locale)
                    again = why_not_again(item.guide, said.get(item.guide_id), now)
                    guides.append(shown if again is None else {**shown, "trigger": {"on": "manual"}})
            open_runs = _open_runs(connection, tenant, broadcast, person, now)
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


def broadcast_of(runtime: Runtime, connection: Connection, tenant: Tenant) -> Broadcast:
    """The compiled guides of this generation."""
    found: Broadcast = runtime.caches.get("broadcast", tenant.id, tenant.generation, lambda: load_broadcast(connection, tenant))
    return found


def _read_said(connection: Connection, tenant: Tenant, person: "fact_store.PersonRow | None") -> dict[int, Said]:
    if person is None:
        return {}
    return {guide: Said(*row) for guide, row in run_store.read_states(connection, tenant.id, person.id).items()}


def _open_runs(
    connection: Connection, tenant: Tenant, broadcast: Broadcast, person: "fact_store.PersonRow | None", now: int
) -> list[dict[str, Any]]:
    if person is None:
        return []
    shown = []
    for run, guide_id, version, _, _, last_at, closed_at, step, _ in run_store.list_recent_runs(
        connection, tenant.id, person.id, now - DAY_MS
    ):
        item = broadcast.by_id.get(guide_id)
        if closed_at is None and now - last_at < RUN_MS and item is not None:
            shown.append({"run": run, "guide": item.public_id, "version": version, "step": step})
    return shown


def gather_facts(
    connection: Connection,
    tenant: Tenant,
    broadcast: Broadcast,
    caller: Caller,
    person: "fact_store.PersonRow | None",
    said: dict[int, Said],
    locale: str,
    path: str,
    now: int,
) -> dict[str, Any]:
    """Only the facts some audience asks for; what is not known is left out."""
    wanted = broadcast.facts
    facts: dict[str, Any] = {"locale": locale, "path": path, "user.id": caller.user}
    if not wanted:
        return facts
    if person is not None:
        facts |= {"user.name": person.name, "user.email": person.email, "user.role": person.role}
        facts |= {f"user.{k}": v for k, v in json.loads(person.traits).items()}
    if any(fact.startswith("account.") for fact in wanted):
        facts |= _account_facts(connection, tenant, caller, person, day_of(now, tenant.zone))
    for key, ordinal in tenant.catalogue.by_key.items():
        names = [f"feature.{key}.uses", f"feature.{key}.guided_uses"]
        if any(name in wanted for name in names):
            since = day_of(now, tenant.zone) - WINDOW_DAYS + 1
            account_id = person.account_id if person is not None else None
            counts = (0, 0)
            if person is not None and account_id is not None:
                counts = fact_store.count_uses(connection, tenant.id, account_id, person.id, ordinal, since)
            facts |= dict(zip(names, counts, strict=True))
    for item in broadcast.guides:
        name = f"guide.{item.guide.key}.state"
        if name in wanted:
            state = said.get(item.guide_id)
            facts[name] = state.state if state is not None else "never_seen"
    return facts


def _account_facts(
    connection: Connection, tenant: Tenant, caller: Caller, person: "fact_store.PersonRow | None", today: int
) -> dict[str, Any]:
    row = fact_store.find_account(connection, tenant.id, caller.account, person.account_id if person else None)
    if row is None:
        return {"account.id": caller.account} if caller.account else {}
    facts = {f"account.{k}": v for k, v in row.traits.items()} | {f"account.{k}": v for k, v in row.known.items()}
    facts["account.id"] = row.key
    if row.started_on is not None:
        facts["account.age_days"] = today - row.started_on
    return facts
