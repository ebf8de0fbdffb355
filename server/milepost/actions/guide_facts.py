"""The facts guides ask for: only those some audience names are read; what is not known is left out."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from milepost.actions.tenant import Tenant
from milepost.rules.choose import Said
from milepost.rules.days import day_of
from milepost.store import facts as fact_store
from milepost.store import runs as run_store
from milepost.store.facts import AccountFacts, PersonRow

WINDOW_DAYS = 90
NEVER_SEEN = "never_seen"


@dataclass(frozen=True)
class Wanted:
    """What the audiences on air ask for, compiled once per generation."""

    user: bool = False
    account: bool = False
    features: tuple[tuple[str, int], ...] = ()  # (key, ordinal)
    guides: tuple[tuple[str, int], ...] = ()  # (key, guide id)


def compile_wanted(facts: Collection[str], ordinals: Mapping[str, int], guide_ids: Mapping[str, int]) -> Wanted:
    """Names of facts as the reads they need."""
    keys = {fact.split(".", 1)[1].rpartition(".")[0] for fact in facts if fact.startswith("feature.")}
    told = {fact.split(".", 1)[1].rpartition(".")[0] for fact in facts if fact.startswith("guide.")}
    return Wanted(
        user=any(fact.startswith("user.") for fact in facts),
        account=any(fact.startswith("account.") for fact in facts),
        features=tuple((key, ordinals[key]) for key in sorted(keys) if key in ordinals),
        guides=tuple((key, guide_ids[key]) for key in sorted(told) if key in guide_ids),
    )


def read_said(connection: Connection, environment_id: int, person: PersonRow | None) -> dict[int, Said]:
    """{guide id: what the person last said}."""
    if person is None:
        return {}
    return {guide: Said(*row) for guide, row in run_store.read_states(connection, environment_id, person.id).items()}


def gather_facts(
    connection: Connection, tenant: Tenant, wanted: Wanted, user: str, account_key: str | None,
    person: PersonRow | None, said: Mapping[int, Said], now: int,
) -> dict[str, Any]:  # fmt: skip
    """Facts of one person who may not have been heard of yet; `account_key` is what the page says of their account."""
    today = day_of(now, tenant.zone)
    account = None
    if wanted.account:
        account = fact_store.find_account(connection, tenant.id, account_key, person.account_id if person else None)
    counts: dict[int, tuple[int, int]] = {}
    if person is not None and person.account_id is not None and wanted.features:
        ordinals = [ordinal for _, ordinal in wanted.features]
        counts = fact_store.count_uses(
            connection, tenant.id, person.account_id, person.id, ordinals, today - WINDOW_DAYS + 1
        )  # fmt: skip
    facts = assemble_facts(wanted, person, account, counts, said, today) | {"user.id": user}
    if account is None and account_key is not None:
        facts["account.id"] = account_key
    return facts


def assemble_facts(
    wanted: Wanted, person: PersonRow | None, account: AccountFacts | None,
    counts: Mapping[int, tuple[int, int]], said: Mapping[int, Said], today: int,
) -> dict[str, Any]:  # fmt: skip
    """Rows as facts; `counts` is {ordinal: (unguided, guided)}, absent means none."""
    facts: dict[str, Any] = {}
    if wanted.user and person is not None:
        facts |= {f"user.{name}": value for name, value in json.loads(person.traits).items()}
        known = {"name": person.name, "email": person.email, "role": person.role}
        facts |= {f"user.{name}": value for name, value in known.items() if value is not None}
    if wanted.account and account is not None:
        facts |= {f"account.{name}": value for name, value in (account.traits | account.known).items()}
        facts["account.id"] = account.key
        if account.started_on is not None:
            facts["account.age_days"] = today - account.started_on
    for key, ordinal in wanted.features:
        facts[f"feature.{key}.uses"], facts[f"feature.{key}.guided_uses"] = counts.get(ordinal, (0, 0))
    for key, guide_id in wanted.guides:
        word = said.get(guide_id)
        facts[f"guide.{key}.state"] = word.state if word is not None else NEVER_SEEN
    return facts
