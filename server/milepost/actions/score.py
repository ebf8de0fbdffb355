"""Works out accounts' numbers: live for those that moved, settled for closed days, and any past day again."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from milepost.actions.grounds import EnvironmentGround, closed_moment, live_moment, read_account_grounds, read_ground
from milepost.actions.health import HeldModel
from milepost.actions.runtime import Runtime
from milepost.rules.reckoning import AccountGround, Reckoning, is_scored, reckon
from milepost.rules.signals import Moment
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import rollups
from milepost.store import scores as score_store
from milepost.wire.health import Item

T = TypeVar("T")
READ_GROUP = 100  # accounts read together
WRITE_GROUP = 25  # accounts written in one transaction, well under 50 ms


@dataclass(frozen=True)
class Restated:
    """One account worked out again for a past day, beside what was stored then."""

    account_id: int
    environment: EnvironmentGround
    reckoning: Reckoning
    stored: Mapping[str, Any] | None


@dataclass
class Settled:
    """What one settled run did."""

    day: int
    n_accounts: int = 0
    n_written: int = 0
    n_skipped: int = 0
    bands: dict[str, int] = field(default_factory=dict)


def refresh_dirty(runtime: Runtime, environment_id: int, limit: int = 200) -> int:
    """Scores the accounts that wait; how many there were. A mark that moves on meanwhile stays."""
    with db.reading(runtime.engine) as connection:
        marks = score_store.list_dirty(connection, environment_id, limit)
    for group in _groups(marks, WRITE_GROUP):
        _refresh(runtime, environment_id, group)
    return len(marks)


def _refresh(runtime: Runtime, environment_id: int, marks: Sequence[tuple[int, int]]) -> int:
    now = runtime.clock()
    ids = [account for account, _ in marks]
    with db.reading(runtime.engine) as connection:
        zone = environment_store.read_environment(connection, environment_id)["time_zone"]
        moment = live_moment(now, zone)
        environment = read_ground(connection, environment_id, moment)
        grounds = read_account_grounds(connection, environment, ids, moment.day)
        levels = score_store.read_settled_levels(connection, environment_id, ids, moment.day)
        held_states = score_store.read_states(connection, environment_id, ids)
    found = {a: reckon(environment.ground, g, moment, levels.get(a)) for a, g in grounds.items() if is_scored(g, moment.day)}
    with db.writing(runtime.engine) as connection:
        score_store.write_live(connection, environment_id, [_row(environment, a, r, now) for a, r in found.items()])
        score_store.delete_live(connection, environment_id, set(ids) - set(found))
        _write_states(connection, environment_id, found, held_states, moment.day)
        score_store.clear_dirty(connection, environment_id, marks)
    return len(found)


def run_settled(
    runtime: Runtime, environment_id: int, day: int, progress: Callable[[int, int], None] = lambda _n, _of: None
) -> Settled:
    """Stores every account's numbers of a closed day; what is stored stays, so a stopped run goes on where it was."""
    with db.reading(runtime.engine) as connection:
        everyone = coverage_store.list_account_ids(connection, environment_id)
        done = score_store.list_settled_accounts(connection, environment_id, day)
        zone = environment_store.read_environment(connection, environment_id)["time_zone"]
        moment = closed_moment(day, zone)
        environment = read_ground(connection, environment_id, moment)
    result = Settled(day, n_accounts=len(everyone))
    waiting = [account for account in everyone if account not in done]
    for n, group in enumerate(_groups(waiting, READ_GROUP)):
        with db.reading(runtime.engine) as connection:
            grounds = read_account_grounds(connection, environment, group, day)
            levels = score_store.read_settled_levels(connection, environment_id, group, day)
        rows = [
            _row(environment, account, reckon(environment.ground, ground, moment, levels.get(account)), runtime.clock())
            for account, ground in grounds.items()
            if _counts_on(ground, day)
        ]
        for part in _groups(rows, WRITE_GROUP):
            with db.writing(runtime.engine) as connection:
                score_store.write_settled(connection, environment_id, part)
        result.n_written += len(rows)
        for row in rows:
            result.bands[row["band"]] = result.bands.get(row["band"], 0) + 1
        progress(min(len(waiting), (n + 1) * READ_GROUP), len(waiting))
    result.n_skipped = result.n_accounts - result.n_written
    return result


def settle_days(
    runtime: Runtime, environment_id: int, days: Sequence[int], progress: Callable[[int, int], None] = lambda _n, _of: None
) -> int:
    """Settled rows of many past days, each account read once: for a book that arrives with its history. Rows written."""
    wanted = sorted(set(days))
    if not wanted:
        return 0
    with db.reading(runtime.engine) as connection:
        everyone = coverage_store.list_account_ids(connection, environment_id)
        zone = environment_store.read_environment(connection, environment_id)["time_zone"]
        moments = [closed_moment(day, zone) for day in wanted]
        environments = [read_ground(connection, environment_id, moment) for moment in moments]
    n = 0
    for done, group in enumerate(_groups(everyone, WRITE_GROUP)):
        with db.reading(runtime.engine) as connection:
            grounds = read_account_grounds(connection, environments[-1], group, wanted[0])
        rows: list[dict[str, Any]] = []
        for account, ground in grounds.items():
            rows += _history(account, ground, environments, moments, runtime.clock())
        for part in _groups(rows, 4 * WRITE_GROUP):
            with db.writing(runtime.engine) as connection:
                score_store.write_settled(connection, environment_id, part)
        n += len(rows)
        progress(min(len(everyone), (done + 1) * WRITE_GROUP), len(everyone))
    with db.writing(runtime.engine) as connection:
        rollups.mark_all_dirty(connection, environment_id, runtime.clock())
    return n


def _history(
    account: int, ground: AccountGround, environments: list[EnvironmentGround], moments: list[Moment], now: int
) -> list[dict[str, Any]]:
    rows, previous = [], None
    for environment, moment in zip(environments, moments, strict=True):
        if _counts_on(ground, moment.day):
            found = reckon(environment.ground, ground, moment, previous)
            previous = (found.level_computed, found.level)
            rows.append(_row(environment, account, found, now))
    return rows


def as_of(
    runtime: Runtime, environment_id: int, day: int, held: HeldModel | None = None, account_ids: Iterable[int] | None = None
) -> list[Restated]:
    """A past day worked out again from what is known now, with any model version; nothing is stored."""
    with db.reading(runtime.engine) as connection:
        zone = environment_store.read_environment(connection, environment_id)["time_zone"]
        moment = closed_moment(day, zone)
        environment = read_ground(connection, environment_id, moment, held)
        ids = coverage_store.list_account_ids(connection, environment_id) if account_ids is None else sorted(account_ids)
        stored = score_store.list_settled_on(connection, environment_id, day)
    found = []
    for group in _groups(ids, READ_GROUP):
        with db.reading(runtime.engine) as connection:
            grounds = read_account_grounds(connection, environment, group, day)
            levels = score_store.read_settled_levels(connection, environment_id, group, day)
        found += [
            Restated(account, environment, reckon(environment.ground, ground, moment, levels.get(account)), stored.get(account))
            for account, ground in grounds.items()
            if _counts_on(ground, day)
        ]
    return found


def score_columns(restated: Restated) -> dict[str, Any]:
    """A restated day in the columns of a stored one; `computed_at` is 0, for nothing was stored."""
    return _row(restated.environment, restated.account_id, restated.reckoning, 0)


def _counts_on(ground: AccountGround, day: int) -> bool:
    """Not ended, and started by then when the start is known."""
    return is_scored(ground, day) and (ground.use.started_on is None or ground.use.started_on <= day)


def _write_states(
    connection: Connection,
    environment_id: int,
    found: Mapping[int, Reckoning],
    held: Mapping[int, Mapping[int, tuple[str, int, int]]],
    today: int,
) -> None:
    """Only what changed; a state that stays keeps the day it began."""
    changed: list[tuple[int, int, str, int, int]] = []
    gone: list[tuple[int, int]] = []
    for account, reckoning in found.items():
        before = held.get(account, {})
        for ordinal, state in reckoning.states.items():
            guided = int(ordinal in reckoning.coverage.guided_only)
            old = before.get(ordinal)
            if old is None or old[:2] != (state, guided):
                since = today if old is None or old[0] != state else old[2]
                changed.append((account, ordinal, state, guided, since))
        gone += [(account, ordinal) for ordinal in before if ordinal not in reckoning.states]
    score_store.write_states(connection, environment_id, changed)
    score_store.delete_states(connection, environment_id, gone)


def _row(environment: EnvironmentGround, account_id: int, found: Reckoning, now: int) -> dict[str, Any]:
    coverage, score = found.coverage, found.score
    sets = {
        "used": coverage.used, "eligible": coverage.eligible, "guided_only": coverage.guided_only, "new": coverage.new,
        "whitespace": coverage.whitespace, "plan_unknown": coverage.plan_unknown, "suspect": coverage.suspect,
    }  # fmt: skip
    grounds: dict[str, Any] = {name: sorted(ordinals) for name, ordinals in sets.items()}
    grounds |= {"plan": found.plan.plan, "add_ons": sorted(found.plan.add_ons), "roles": sorted(found.roles)}
    return {
        "account_id": account_id,
        "day": found.day,
        "model_id": environment.held.id,
        "score": score.score,
        "known_share": score.known_share,
        "band": score.band,
        "n_used": len(coverage.used),
        "n_eligible": len(coverage.eligible),
        "n_guided_only": len(coverage.guided_only),
        "n_new": len(coverage.new),
        "n_rate_used": len(coverage.rate_used),
        "n_rate_all": len(coverage.rate_all),
        "core_coverage": coverage.core_coverage,
        "active_share": found.active_share,
        "seat_use": found.seat_use,
        "level": found.level,
        "level_computed": found.level_computed,
        "stage": found.stage,
        "activated_on": found.activated_on,
        "items": dump_items(score.items),
        "features": json.dumps({str(o): s for o, s in sorted(found.states.items())}, separators=(",", ":")),
        "grounds": json.dumps(grounds, separators=(",", ":")),
        "catalogue_version": environment.catalogue_version,
        "computed_at": now,
    }


def dump_items(items: Sequence[Item]) -> str:
    """Items as stored: fields that say nothing are left out."""
    return json.dumps(
        [item.model_dump(mode="json", exclude_defaults=True) for item in items], ensure_ascii=False, separators=(",", ":")
    )


def _groups(values: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
