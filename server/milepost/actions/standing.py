"""What stands in a page for one person: with the run it goes on with, and the tasks that are done."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from milepost.actions.broadcast import OnAir
from milepost.actions.tenant import Tenant
from milepost.store import checkpoints as checkpoint_store
from milepost.store import facts as fact_store
from milepost.store import guides as guide_store
from milepost.store import runs as run_store
from milepost.store.facts import PersonRow
from milepost.wire.guide import Step

Offer = tuple[OnAir, msgspec.Raw]


def list_standing(
    connection: Connection, tenant: Tenant, person: PersonRow | None, offers: Sequence[Offer]
) -> list[dict[str, Any]]:
    """Those that start by themselves, highest priority first; one of each kind and place, so that none lies over another."""
    first: dict[tuple[str, str], tuple[OnAir, dict[str, Any]]] = {}
    for item, form in offers:
        offer = msgspec.json.decode(form)
        if offer["trigger"]["on"] == "page":
            first.setdefault((item.guide.kind, item.guide.place), (item, offer))
    if not first:
        return []
    runs = run_store.list_standing_runs(connection, tenant.id, person.id) if person is not None else {}
    found = []
    for item, offer in first.values():
        run_id, public_id, version = runs.get(item.guide_id, (None, None, None))
        mine = run_id if version == item.version else None
        shown = dict(offer)
        if mine is not None:
            shown |= {"run": public_id, "resumed": True}
        if item.guide.kind == "checklist":
            shown["by_hand"] = [step.id for step in item.guide.steps if step.done_when is None]
            shown["done"] = _list_done(connection, tenant, person, item, mine)
        found.append(shown)
    return found


def _list_done(connection: Connection, tenant: Tenant, person: PersonRow | None, item: OnAir, run_id: int | None) -> list[str]:
    """Tasks that are done, in their order; what was told as done stays done."""
    if person is None:
        return []
    told = run_store.list_run_steps(connection, tenant.id, run_id) if run_id is not None else set()
    reached = checkpoint_store.list_keys_reached(connection, tenant.id, person.account_id, person.id)
    finished = guide_store.list_finished_keys(connection, tenant.id, person.id)
    used = _list_used(connection, tenant, person, item.guide.steps)
    done = []
    for step in item.guide.steps:
        rule = step.done_when
        if step.id in told or (
            rule is not None and (rule.checkpoint in reached or rule.guide in finished or rule.feature in used)
        ):
            done.append(step.id)
    return done


def _list_used(connection: Connection, tenant: Tenant, person: PersonRow, steps: Sequence[Step]) -> set[str]:
    """Features of the tasks that the person used unguided, ever."""
    named = {step.done_when.feature for step in steps if step.done_when is not None and step.done_when.feature is not None}
    ordinals = {tenant.catalogue.by_key[key]: key for key in named if key in tenant.catalogue.by_key}
    if not ordinals or person.account_id is None:
        return set()
    used = fact_store.list_used(connection, tenant.id, person.account_id, person.id, list(ordinals))
    return {ordinals[ordinal] for ordinal in used}
