"""The facts guides ask for: only those some audience names are read; what is not known is left out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from milepost.rules.choose import Said
from milepost.store.facts import AccountFacts, PersonRow
from milepost.store.standing import Standing, State

WINDOW_DAYS = 90
NEVER_SEEN = "never_seen"
Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Wanted:
    """What the audiences on air ask for, compiled once per generation."""

    user: Names = ()  # (trait, fact)
    account: Names = ()  # (trait, fact)
    features: tuple[tuple[str, str, int], ...] = ()  # (fact of the uses, fact of the guided uses, ordinal)
    guides: tuple[tuple[str, int], ...] = ()  # (fact, guide id)

    @property
    def ordinals(self) -> tuple[int, ...]:
        """Features whose uses are asked for."""
        return tuple(ordinal for _, _, ordinal in self.features)


def compile_wanted(facts: Collection[str], ordinals: Mapping[str, int], guide_ids: Mapping[str, int]) -> Wanted:
    """Names of facts as the reads they need."""
    keys = {fact.split(".", 1)[1].rpartition(".")[0] for fact in facts if fact.startswith("feature.")}
    told = {fact.split(".", 1)[1].rpartition(".")[0] for fact in facts if fact.startswith("guide.")}
    return Wanted(
        user=_names("user.", facts),
        account=_names("account.", facts),
        features=tuple(
            (f"feature.{key}.uses", f"feature.{key}.guided_uses", ordinals[key]) for key in sorted(keys) if key in ordinals
        ),
        guides=tuple((f"guide.{key}.state", guide_ids[key]) for key in sorted(told) if key in guide_ids),
    )


def _names(prefix: str, facts: Collection[str]) -> Names:
    return tuple((fact.removeprefix(prefix), fact) for fact in sorted(facts) if fact.startswith(prefix))


def list_said(states: Sequence[State]) -> dict[int, Said]:
    """{guide id: what the person last said}."""
    return {guide_id: Said(state, reason, at, until_at) for guide_id, state, reason, at, until_at in states}


def gather_facts(
    wanted: Wanted, user: str, account_key: str | None, found: Standing, said: Mapping[int, Said], today: int
) -> dict[str, Any]:
    """Facts of one person who may not have been heard of yet; `account_key` is what the page says of their account."""
    facts = assemble_facts(wanted, found.person, found.account, found.uses, said, today)
    facts["user.id"] = user
    if found.account is None and account_key is not None:
        facts["account.id"] = account_key
    return facts


def assemble_facts(
    wanted: Wanted, person: PersonRow | None, account: AccountFacts | None,
    counts: Mapping[int, tuple[int, int]], said: Mapping[int, Said], today: int,
) -> dict[str, Any]:  # fmt: skip
    """Rows as facts; `counts` is {ordinal: (unguided, guided)}, absent means none."""
    facts: dict[str, Any] = {}
    if wanted.user and person is not None:
        known: dict[str, Any] = {"name": person.name, "email": person.email, "role": person.role}
        _name(facts, wanted.user, known, msgspec.json.decode(person.traits))
    if wanted.account and account is not None:
        known = account.known | {"id": account.key}
        if account.started_on is not None:
            known["age_days"] = today - account.started_on
        _name(facts, wanted.account, known, account.traits)
    for uses, guided, ordinal in wanted.features:
        facts[uses], facts[guided] = counts.get(ordinal, (0, 0))
    for fact, guide_id in wanted.guides:
        word = said.get(guide_id)
        facts[fact] = word.state if word is not None else NEVER_SEEN
    return facts


def _name(facts: dict[str, Any], names: Names, known: Mapping[str, Any], traits: Mapping[str, Any]) -> None:
    """What is known outweighs a trait of the same name; what is neither stays unknown."""
    for name, fact in names:
        value = known.get(name)
        facts[fact] = value if value is not None else traits.get(name)
