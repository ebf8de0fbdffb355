"""Resources: saved by authors, offered to people in the resource centre."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.boot import identify_caller, offer_guides, read_standing_of
from milepost.actions.broadcast import hold_broadcast
from milepost.actions.guide_facts import gather_facts, list_said
from milepost.actions.keys import KeyHolder
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, NotFound
from milepost.rules import resources as rules
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import resources as resource_store
from milepost.wire.boot import BootRequest, HelpAnswer, HelpRequest
from milepost.wire.guide import STANDING
from milepost.wire.resource import Resource

MAX_RESOURCES = 1000
CACHE = "resources"


@dataclass(frozen=True)
class Shelf:
    """All resources of one environment, read once per generation: for readers only, who change nothing in them."""

    resources: tuple[Resource, ...]
    folded: dict[str, rules.Folded]


def save_resources(connection: Connection, tenant: Tenant, resources: Sequence[Resource], actor: str, now: int) -> dict[str, str]:
    """{key: created | changed | unchanged}, inside the caller's transaction; they are on air at once."""
    held, outcome = resource_store.list_resources(connection, tenant.id), {}
    for resource in resources:
        text = resource.model_dump_json(by_alias=True, exclude_defaults=True)
        outcome[resource.key] = (
            "created" if resource.key not in held else "changed" if held[resource.key] != text else "unchanged"
        )
        if outcome[resource.key] != "unchanged":
            resource_store.save_resource(connection, tenant.id, resource.key, text, now)
            _tell(connection, tenant, resource.key, actor, now, "resource.saved")
    if len(held.keys() | outcome.keys()) > MAX_RESOURCES:
        raise Invalid("An environment holds at most %(most)s resources.", values={"most": MAX_RESOURCES})
    return outcome


def list_resources(connection: Connection, environment_id: int) -> list[Resource]:
    """All of them, by key."""
    return [Resource.model_validate_json(text) for text in resource_store.list_resources(connection, environment_id).values()]


def hold_shelf(runtime: Runtime, tenant: Tenant) -> Shelf:
    """The resources of this generation, remembered; whoever saves or deletes one raises the generation."""

    def read() -> Shelf:
        with db.reading(runtime.engine) as connection:
            every = tuple(list_resources(connection, tenant.id))
        return Shelf(every, {resource.key: rules.fold(resource) for resource in every})

    found: Shelf = runtime.caches.get(CACHE, tenant.id, tenant.generation, read)
    return found


def delete_resource(runtime: Runtime, tenant: Tenant, key: str, actor: str) -> None:
    """Takes it away."""
    with db.writing(runtime.engine) as connection:
        if not resource_store.delete_resource(connection, tenant.id, key):
            raise NotFound("There is no resource “%(key)s”.", values={"key": key})
        _tell(connection, tenant, key, actor, runtime.clock(), "resource.deleted")


def answer_help(runtime: Runtime, holder: KeyHolder, tenant: Tenant, asking: HelpRequest) -> HelpAnswer:
    """Reads only; what is searched for is kept nowhere."""
    now = runtime.clock()
    caller = identify_caller(asking, holder, tenant, now)
    broadcast, shelf = hold_broadcast(runtime, tenant), hold_shelf(runtime, tenant)
    facts: dict[str, Any] = {"locale": asking.locale, "path": asking.path}
    guides: list[dict[str, Any]] = []
    with db.reading(runtime.engine) as connection:
        if caller.user is not None:
            found = read_standing_of(connection, tenant, broadcast, caller, now)
            today = day_of(now, tenant.zone)
            facts |= gather_facts(broadcast.wanted, caller.user, caller.account, found, list_said(found.states), today)
            told = BootRequest(path=asking.path, locale=asking.locale)
            for item, form in offer_guides(tenant, broadcast, caller, found, set(), told, now):
                if item.guide.kind not in STANDING and item.guide.kind != "survey":
                    title = msgspec.json.decode(form).get("title", item.guide.name)
                    guides.append({"key": item.guide.key, "kind": "guide", "title": title, "guide": item.guide.key})
    seen = rules.offered(shelf.resources, facts, {one["guide"] for one in guides})
    return _answer(tenant, shelf, seen, guides, asking, now)


def _answer(
    tenant: Tenant, shelf: Shelf, seen: list[Resource], guides: list[dict[str, Any]], asking: HelpRequest, now: int
) -> HelpAnswer:
    def show(found: Sequence[Resource]) -> list[dict[str, Any]]:
        return [rules.show_resource(resource, asking.locale) for resource in found]

    if asking.article is not None:
        found = next((r for r in seen if r.key == asking.article and r.blocks), None)
        return HelpAnswer(article=rules.show_resource(found, asking.locale, blocks=True) if found else None)
    if asking.query is not None:
        return HelpAnswer(found=show(rules.search(seen, asking.query, shelf.folded)))
    if asking.all:
        return HelpAnswer(found=show(seen))
    return HelpAnswer(
        page=show(rules.for_page(seen, asking.path, _features_of(tenant, asking.path))),
        news=show(rules.news_of(seen, now)),
        guides=guides,
    )


def _features_of(tenant: Tenant, path: str) -> set[str]:
    """Keys of the features that this page is a use of."""
    ordinals = tenant.catalogue.match_page(path)
    return {key for key, ordinal in tenant.catalogue.by_key.items() if ordinal in ordinals}


def _tell(connection: Connection, tenant: Tenant, key: str, actor: str, now: int, action: str) -> None:
    environment_store.raise_generation(connection, tenant.id)
    audit.record(connection, tenant.workspace_id, now=now, actor=actor, action=action, subject=key, environment_id=tenant.id)
