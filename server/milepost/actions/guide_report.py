"""How guides do: the list with 28-day counts, and one guide with its funnel. Numbers come from runs, never from events."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping

from milepost.actions.guides import dump_guide, known_of, read_draft, require_guide
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.days import day_of, start_of_day
from milepost.rules.lint import Problem, lint
from milepost.store import engine as db
from milepost.store import funnels as funnel_store
from milepost.store import guides as guide_store
from milepost.store.funnels import Funnel
from milepost.wire.guide import Guide

WINDOW_DAYS = 28
ENDINGS = ("finished", "closed", "later", "never", "no_tips", "missing", "open")


@dataclass
class StepLine:
    """One bar of the funnel."""

    step: str
    shown: int
    missing: dict[str, int]  # {reason: runs}


@dataclass
class GuideLine:
    """A guide in the list."""

    row: RowMapping
    guide: Guide  # what is on air, else the draft
    funnel: Funnel
    steps: list[StepLine]


@dataclass
class Version:
    """A frozen version."""

    version: int
    published_at: int
    published_by: str
    guide: Guide


@dataclass
class Report:
    """One guide as its page shows it."""

    row: RowMapping
    draft: Guide
    on_air: Guide | None
    problems: list[Problem]
    versions: list[Version]  # newest first
    funnel: Funnel
    steps: list[StepLine]
    ended: dict[str, int]
    never_came: int
    followed: int = 0  # accounts that used the goal feature unguided from the day they saw the guide on
    seen_by: int = 0  # accounts that saw it
    linked: list[tuple[str, int]] = field(default_factory=list)  # (account, runs that a link asked for)
    days: int = WINDOW_DAYS
    since: int = 0
    drifted: bool = field(default=False)  # the draft is not what is on air


def window_start(now: int, zone: str, days: int = WINDOW_DAYS) -> int:
    """The first instant of the window that ends today."""
    return start_of_day(day_of(now, zone) - days + 1, zone)


def list_guide_lines(runtime: Runtime, tenant: Tenant) -> list[GuideLine]:
    """Every guide, newest change first."""
    since = window_start(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        funnels = funnel_store.count_funnels(connection, tenant.id, since)
        shown = funnel_store.count_shown_steps(connection, tenant.id, since)
        missing = funnel_store.count_missing(connection, tenant.id, since)
        on_air = {row["guide_id"]: row["document"] for row in guide_store.list_published(connection, tenant.id)}
        lines = []
        for row in guide_store.list_guides(connection, tenant.id):
            guide = Guide.model_validate_json(on_air.get(row["id"], row["draft"]))
            steps = _steps(guide, shown.get(row["id"], {}), missing.get(row["id"], {}))
            lines.append(GuideLine(row, guide, funnels.get(row["id"], Funnel()), steps))
    return lines


def read_report(runtime: Runtime, tenant: Tenant, name: str) -> Report:
    """One guide by key or id; raises NotFound."""
    since = window_start(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        return _report(connection, tenant, require_guide(connection, tenant, name), since)


def read_shown(runtime: Runtime, tenant: Tenant, name: str) -> tuple[RowMapping, Guide]:
    """The guide as the list names it: what is on air, else the draft. Raises NotFound."""
    with db.reading(runtime.engine) as connection:
        row = require_guide(connection, tenant, name)
        version = row["current_version"]
        held = guide_store.find_version(connection, tenant.id, row["id"], version) if version is not None else None
    return row, read_draft(row) if held is None else Guide.model_validate_json(held["document"])


def read_versions(connection: Connection, environment_id: int, guide_id: int) -> list[Version]:
    """Newest first."""
    return [
        Version(row["version"], row["published_at"], row["published_by"], Guide.model_validate_json(row["document"]))
        for row in guide_store.list_versions(connection, environment_id, guide_id)
    ]


def _report(connection: Connection, tenant: Tenant, row: RowMapping, since: int) -> Report:
    draft, guide_id = read_draft(row), row["id"]
    versions = read_versions(connection, tenant.id, guide_id)
    on_air = next((v.guide for v in versions if v.version == row["current_version"]), None)
    shown = funnel_store.count_shown_steps(connection, tenant.id, since).get(guide_id, {})
    missing = funnel_store.count_missing(connection, tenant.id, since).get(guide_id, {})
    report = Report(
        row=row,
        draft=draft,
        on_air=on_air,
        problems=lint(draft, known_of(connection, tenant)),
        versions=versions,
        funnel=funnel_store.count_funnels(connection, tenant.id, since).get(guide_id, Funnel()),
        steps=_steps(on_air or draft, shown, missing),
        ended=funnel_store.count_endings(connection, tenant.id, guide_id, since),
        never_came=funnel_store.count_never_came(connection, tenant.id, guide_id, since),
        linked=funnel_store.count_linked(connection, tenant.id, guide_id, since),
        since=since,
        drifted=on_air is not None and dump_guide(on_air) != dump_guide(draft),
    )
    _follow(connection, tenant, report, since)
    return report


def _steps(guide: Guide, shown: dict[str, int], missing: dict[str, dict[str, int]]) -> list[StepLine]:
    """In the order of the guide, then steps that only earlier versions had."""
    names = [step.id for step in guide.steps]
    names += sorted((shown.keys() | missing.keys()) - set(names))
    return [StepLine(name, shown.get(name, 0), missing.get(name, {})) for name in names]


def _follow(connection: Connection, tenant: Tenant, report: Report, since: int) -> None:
    """Whose accounts used the goal feature afterwards; a day of use is enough, so the day of the showing counts."""
    ordinal = tenant.catalogue.by_key.get((report.on_air or report.draft).goal_feature or "")
    seen = funnel_store.list_first_showings(connection, tenant.id, report.row["id"], since)
    report.seen_by = len(seen)
    if ordinal is not None:
        last = funnel_store.read_last_uses(connection, tenant.id, ordinal, [account for account, _ in seen])
        report.followed = sum(last.get(account, -1) >= day_of(at, tenant.zone) for account, at in seen)
