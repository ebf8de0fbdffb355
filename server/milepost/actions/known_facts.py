"""The facts an audience may ask for here, with values that were seen: what the audience builder offers."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.store import engine as db
from milepost.store import facts as fact_store
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.store.facts import ACCOUNT_FACTS

LOOKED_AT = 500
MOST_VALUES = 12
LONGEST = 60
OF_PERSON = ("role", "name", "email")
PRIVATE = frozenset({"user.name", "user.email", "account.name", "account.owner_email"})  # a name is no group
STATES = ("never_seen", "finished", "dismissed", "later")


@dataclass(frozen=True)
class KnownFact:
    """One fact; `values` are the most common ones first, of at most 500 people and the accounts."""

    fact: str
    values: tuple[Any, ...] = ()


def list_known_facts(runtime: Runtime, tenant: Tenant) -> list[KnownFact]:
    """Account, person, features, guides, page: in that order."""
    with db.reading(runtime.engine) as connection:
        accounts = list(fact_store.list_account_facts(connection, tenant.id).values())[:LOOKED_AT]
        people = fact_store.list_people(connection, tenant.id, LOOKED_AT)
        features = [row["key"] for row in feature_store.list_features(connection, tenant.id) if row["merged_into"] is None]
        guides = [row["key"] for row in guide_store.list_guides(connection, tenant.id) if row["status"] != "retired"]
    of_accounts = _seen("account", (*ACCOUNT_FACTS, "age_days"), (held.traits | held.known for held in accounts))
    of_people = _seen("user", OF_PERSON, (json.loads(row.traits) | ({"role": row.role} if row.role else {}) for row in people))
    return [
        *of_accounts,
        *of_people,
        *(KnownFact(f"feature.{key}.{what}", (0, 1)) for key in features for what in ("uses", "guided_uses")),
        *(KnownFact(f"guide.{key}.state", STATES) for key in guides),
        KnownFact("locale", ("en", "zh-CN")),
        KnownFact("path"),
    ]


def _seen(noun: str, always: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> list[KnownFact]:
    counts: dict[str, Counter[Any]] = {name: Counter() for name in always}
    for row in rows:
        for name, value in row.items():
            counts.setdefault(name, Counter()).update(
                [value] if isinstance(value, str | int | float | bool) and len(str(value)) <= LONGEST else []
            )
    return [KnownFact(f"{noun}.{name}", _common(f"{noun}.{name}", held)) for name, held in list(counts.items())[:60]]


def _common(fact: str, held: "Counter[Any]") -> tuple[Any, ...]:
    return () if fact in PRIVATE else tuple(value for value, _ in held.most_common(MOST_VALUES))
