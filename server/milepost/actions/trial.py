"""A dry run of a health model over today's accounts: before and after by band, and how many would alarm."""

from collections import Counter
from dataclasses import dataclass, field

from milepost.actions.grounds import live_moment, read_account_grounds, read_ground
from milepost.actions.health import HeldModel
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.days import day_of
from milepost.rules.reckoning import is_scored, reckon
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import scores as score_store
from milepost.wire.health import HealthModel

GROUP = 100
MANY_ALARMS = 0.3


@dataclass
class Trial:
    """`matrix[(band now, band by the model)]` = accounts; alarming = known and below the highest alert line."""

    n_accounts: int = 0
    n_alarming: int = 0
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)


def try_model(runtime: Runtime, tenant: Tenant, model: HealthModel) -> Trial:
    """Nothing is stored; every account is reckoned anew."""
    moment = live_moment(runtime.clock(), tenant.zone)
    held = HeldModel(0, model.id, 0, False, moment.day, 0, "", "", model)
    line = _highest_line(model)
    trial = Trial()
    with db.reading(runtime.engine) as connection:
        environment = read_ground(connection, tenant.id, moment, held)
        ids = coverage_store.list_account_ids(connection, tenant.id)
        now = {row["account_id"]: row["band"] for row in score_store.list_live(connection, tenant.id)}
        keys = {row["key"] for row in feature_store.list_features(connection, tenant.id)}
    for start in range(0, len(ids), GROUP):
        with db.reading(runtime.engine) as connection:
            grounds = read_account_grounds(connection, environment, ids[start : start + GROUP], moment.day)
        for account, ground in grounds.items():
            if not is_scored(ground, moment.day):
                continue
            score = reckon(environment.ground, ground, moment).score
            _note(trial, now.get(account, "unknown"), score.band, score.score, line)
    _warn(trial, model, keys)
    return trial


def review_model(runtime: Runtime, tenant: Tenant, held: HeldModel) -> Trial:
    """The same for a published version; of the one that scores, what it said of every account stands stored already."""
    if not held.active:
        return try_model(runtime, tenant, held.model)
    trial = Trial()
    with db.reading(runtime.engine) as connection:
        rows = score_store.list_live(connection, tenant.id)
        today = day_of(runtime.clock(), tenant.zone)
        accounts = coverage_store.list_plain_accounts(connection, tenant.id)
        lost = {a.id for a in accounts if a.is_lost(today)}
        keys = {row["key"] for row in feature_store.list_features(connection, tenant.id)}
    for row in rows:
        if row["account_id"] in lost:
            continue
        _note(trial, row["band"], row["band"], row["score"], _highest_line(held.model))
    _warn(trial, held.model, keys)
    return trial


def _highest_line(model: HealthModel) -> float | None:
    return max((alert.on.crosses_below for alert in model.alerts), default=None)


def _note(trial: Trial, before: str, band: str, score: float | None, line: float | None) -> None:
    """One account."""
    trial.n_accounts += 1
    trial.matrix[before, band] += 1
    known = band in {"red", "amber", "green"}
    trial.n_alarming += known and score is not None and line is not None and score < line


def _warn(trial: Trial, model: HealthModel, keys: set[str]) -> None:
    if trial.n_accounts and trial.n_alarming / trial.n_accounts > MANY_ALARMS:
        trial.warnings.append(
            f"{trial.n_alarming} of {trial.n_accounts} accounts would alarm today; an alarm that rings for all is heard by none."
        )
    asked = {model.signal(name).feature for name in model.used_signals()} - {None}
    missing = sorted(str(key) for key in asked - keys)
    if missing:
        trial.warnings.append(f"The catalogue has no feature {', '.join(missing)}: signals about it stay unknown.")
