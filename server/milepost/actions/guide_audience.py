"""How many people and accounts each guide is for now: the same rules as boot, over everybody at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from milepost.actions.guide_facts import WINDOW_DAYS, assemble_facts, compile_wanted
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.choose import Said, compile_claim, why_not_again
from milepost.rules.days import day_of
from milepost.rules.lint import leaves_of
from milepost.store import engine as db
from milepost.store import facts as fact_store
from milepost.store import guides as guide_store
from milepost.store import runs as run_store
from milepost.wire.guide import Guide

MOST_PEOPLE = 50_000
FRESH_MS = 60_000
CACHE = "audiences"


@dataclass(frozen=True)
class Size:
    """People the audience holds for, of how many accounts; `open` of the people have not finished or dismissed it."""

    people: int = 0
    accounts: int = 0
    open: int = 0


def read_sizes(runtime: Runtime, tenant: Tenant, guides: Mapping[int, Guide]) -> dict[int, Size]:
    """{guide id: size}, a minute old at most. Page and language are taken as fitting; internal people are left out."""
    held: dict[int, tuple[int, str, Size]] = runtime.caches.get(CACHE, tenant.id, tenant.generation, dict)
    now = runtime.clock()
    stale = {
        guide_id: guide
        for guide_id, guide in guides.items()
        if guide_id not in held or now - held[guide_id][0] >= FRESH_MS or held[guide_id][1] != _mark(guide)
    }
    if stale:
        for guide_id, size in _count(runtime, tenant, stale, now).items():
            held[guide_id] = (now, _mark(stale[guide_id]), size)
    return {guide_id: held[guide_id][2] for guide_id in guides}


def _mark(guide: Guide) -> str:
    return repr((guide.audience, guide.frequency))


def _count(runtime: Runtime, tenant: Tenant, guides: Mapping[int, Guide], now: int) -> dict[int, Size]:
    facts = {leaf.fact for guide in guides.values() for _, leaf in leaves_of(guide.audience)}
    today = day_of(now, tenant.zone)
    people: dict[int, int] = dict.fromkeys(guides, 0)
    waiting: dict[int, int] = dict.fromkeys(guides, 0)
    accounts: dict[int, set[int]] = {guide_id: set() for guide_id in guides}
    may_claim = {guide_id: compile_claim(guide.audience) for guide_id, guide in guides.items()}
    with db.reading(runtime.engine) as connection:
        guide_ids = {row["key"]: row["id"] for row in guide_store.list_guides(connection, tenant.id)}
        wanted = compile_wanted(facts, tenant.catalogue.by_key, guide_ids)
        known = fact_store.list_account_facts(connection, tenant.id) if wanted.account else {}
        uses = fact_store.list_uses(connection, tenant.id, wanted.ordinals, today - WINDOW_DAYS + 1)
        states = run_store.list_states(connection, tenant.id)
        everybody = fact_store.list_people(connection, tenant.id, MOST_PEOPLE)
    for person in everybody:
        said = {guide_id: Said(*row) for guide_id, row in states.get(person.id, {}).items()}
        counts = uses.get((person.account_id, person.id), {}) if person.account_id is not None else {}
        account = known.get(person.account_id) if person.account_id is not None else None
        of_them = assemble_facts(wanted, person, account, counts, said, today)
        for guide_id, guide in guides.items():
            if may_claim[guide_id](of_them):
                people[guide_id] += 1
                waiting[guide_id] += why_not_again(guide, said.get(guide_id), now) is None
                if person.account_id is not None:
                    accounts[guide_id].add(person.account_id)
    return {guide_id: Size(people[guide_id], len(accounts[guide_id]), waiting[guide_id]) for guide_id in guides}


def read_size(runtime: Runtime, tenant: Tenant, guide: Guide) -> Size:
    """How many it is for at this very moment: for an audience somebody is about to change."""
    return _count(runtime, tenant, {0: guide}, runtime.clock())[0]
