"""The portfolio: one line per account with its numbers, totals over them, and whom to call today."""

from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Any

from sqlalchemy import Connection

from milepost.actions.explain import name_item, read_score
from milepost.actions.health import HeldModel, read_active_model
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.days import day_of
from milepost.rules.health import cheapest_way_up
from milepost.rules.touches import REACHING
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import people as people_store
from milepost.store import scores as score_store
from milepost.store import tasks as task_store
from milepost.store import touches as touch_store
from milepost.store import workspaces as workspace_store
from milepost.store.coverage import AccountRow

DELTA_DAYS = 30
RENEWING_DAYS = 90
N_CALLS = 10
UNKNOWN_RISK = 0.5
LOW_SHARE = 0.1


@dataclass(frozen=True)
class AccountLine:
    """One account; days are day numbers, shares 0–1, `risk` = 1 − score ÷ 100 (half when unknown)."""

    key: str
    name: str
    tier: str | None
    plan: str | None
    owner_email: str | None
    arr: float | None
    currency: str | None
    renewal_on: int | None
    days_to_renewal: int | None
    started_on: int | None
    ended_on: int | None
    last_event_on: int | None
    seats: int | None
    employees: int | None
    score: float | None
    known_share: float | None
    band: str  # red | amber | green | unknown | onboarding | lost
    stage: str
    level: str
    n_used: int
    n_eligible: int
    n_guided_only: int
    n_new: int
    n_rate_used: int
    n_rate_all: int
    core_coverage: float | None
    active_share: float | None
    seat_use: float | None
    activated_on: int | None
    settled_score: float | None
    settled_used: int | None
    settled_eligible: int | None
    score_before: float | None  # settled 30 days before the day of `score`
    risk: float
    computed_at: int | None
    last_touch_at: int | None = None  # ms; attempts that reached nobody left out
    n_open_tasks: int = 0

    @property
    def delta_30d(self) -> float | None:
        """Live − settled 30 days before; of an account that is not live, settled − settled."""
        return None if self.score is None or self.score_before is None else self.score - self.score_before

    @property
    def coverage(self) -> float | None:
        """Used ÷ eligible; None when nothing is eligible."""
        return self.n_used / self.n_eligible if self.n_eligible else None

    @property
    def usage_rate(self) -> float | None:
        """Used ÷ all live features."""
        return self.n_rate_used / self.n_rate_all if self.n_rate_all else None

    @property
    def risk_value(self) -> float:
        """Risk × ARR: what the portfolio is sorted by."""
        return self.risk * (self.arr or 0.0)


@dataclass(frozen=True)
class Call:
    """An account to call, with the reasons in words."""

    account: AccountLine
    reasons: list[dict[str, str]]  # {en, zh-CN}, the costliest parts first


@dataclass(frozen=True)
class Totals:
    """Over the lines shown; pooled = used over eligible of all, median over accounts."""

    n_accounts: int
    arr: float
    arr_at_risk: float
    n_at_risk: int
    weighted_health: float | None  # ARR-weighted over accounts with a known score
    n_known: int
    n_renewing: int
    arr_renewing: float
    n_onboarding: int
    n_low_coverage: int  # coverage under 10 %
    pooled_used: int
    pooled_eligible: int
    median_coverage: float | None
    currencies: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Portfolio:
    """`settled_day` is None before the first daily run."""

    today: int
    settled_day: int | None
    model_key: str
    model_version: int
    lines: list[AccountLine]
    calls: list[Call]

    @cached_property
    def totals(self) -> Totals:
        """Over all lines."""
        return total(self.lines)


def read_portfolio(
    runtime: Runtime, tenant: Tenant, *, owner_email: str | None = None, include_lost: bool = False, with_calls: bool = True
) -> Portfolio:
    """Lines by risk × ARR; `owner_email` keeps one owner's accounts; lost accounts are left out unless asked for."""
    today = day_of(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        lines = read_lines(connection, tenant.id, today)
        settled_day = score_store.find_settled_day(connection, tenant.id, today)
        held = read_active_model(connection, tenant.id)
        kept = [
            line
            for line in lines
            if (include_lost or line.stage != "lost") and (owner_email is None or line.owner_email == owner_email)
        ]
        kept.sort(key=lambda line: (-line.risk_value, -line.risk, line.name, line.key))
        calls = _choose_calls(connection, tenant.id, kept, held) if with_calls else []
    return Portfolio(today, settled_day, held.key, held.version, kept, calls)


def read_calls(runtime: Runtime, tenant: Tenant, lines: list[AccountLine]) -> list[Call]:
    """Whom to call today among these lines, which come by risk × ARR."""
    with db.reading(runtime.engine) as connection:
        held = read_active_model(connection, tenant.id)
        return _choose_calls(connection, tenant.id, lines, held)


def read_owner_names(runtime: Runtime, tenant: Tenant) -> dict[str, str]:
    """{e-mail: name} of the workspace's members: what to call an account's owner."""
    with db.reading(runtime.engine) as connection:
        members = workspace_store.list_members(connection, tenant.workspace_id)
    return {m["email"]: m["name"] or m["email"] for m in members}


def read_lines(connection: Connection, environment_id: int, today: int) -> list[AccountLine]:
    """Every account, lost ones too, in the order of their keys."""
    accounts = coverage_store.list_plain_accounts(connection, environment_id)
    live = {row["account_id"]: row for row in score_store.list_live(connection, environment_id)}
    settled_day = score_store.find_settled_day(connection, environment_id, today)
    settled = score_store.list_settled_on(connection, environment_id, settled_day) if settled_day is not None else {}
    shown = {a.id: None if a.is_lost(today) else live.get(a.id) for a in accounts}
    shown = {id_: row or settled.get(id_) for id_, row in shown.items()}
    before = _read_before(connection, environment_id, {row["day"] for row in shown.values() if row})
    touched = touch_store.read_last_touches(connection, environment_id, REACHING)
    n_open = task_store.count_open_tasks(connection, environment_id)
    found = []
    for a in accounts:
        row = shown[a.id]
        then = before[row["day"]].get(a.id) if row else None
        found.append(_line(a, live.get(a.id), settled.get(a.id), then, today, touched.get(a.id), n_open.get(a.id, 0)))
    return sorted(found, key=lambda line: line.key)


def _read_before(connection: Connection, environment_id: int, days: set[int]) -> dict[int, dict[int, dict[str, Any]]]:
    """{day shown: {account: settled row 30 days before it}}; of a day that was not settled, the newest one before."""
    found = {}
    for day in days:
        wanted = score_store.find_settled_day(connection, environment_id, day - DELTA_DAYS)
        found[day] = {} if wanted is None else score_store.list_settled_on(connection, environment_id, wanted)
    return found


def total(lines: list[AccountLine]) -> Totals:
    """Sums, the ARR-weighted mean, the pooled ratio and the median of ratios."""
    known = [line for line in lines if line.score is not None and line.band in {"red", "amber", "green"}]
    weights = sum(line.arr or 0.0 for line in known)
    shares = [line.coverage for line in lines if line.coverage is not None]
    renewing = [line for line in lines if line.days_to_renewal is not None and 0 <= line.days_to_renewal <= RENEWING_DAYS]
    red = [line for line in lines if line.band == "red"]
    low = [line for line in lines if line.coverage is not None and line.coverage < LOW_SHARE]
    return Totals(
        n_accounts=len(lines),
        arr=sum(line.arr or 0.0 for line in lines),
        arr_at_risk=sum(line.arr or 0.0 for line in red),
        n_at_risk=len(red),
        weighted_health=sum((x.score or 0.0) * (x.arr or 0.0) for x in known) / weights if weights else None,
        n_known=len(known),
        n_renewing=len(renewing),
        arr_renewing=sum(line.arr or 0.0 for line in renewing),
        n_onboarding=sum(line.stage == "onboarding" for line in lines),
        n_low_coverage=len(low),
        pooled_used=sum(line.n_used for line in lines),
        pooled_eligible=sum(line.n_eligible for line in lines),
        median_coverage=median(shares) if shares else None,
        currencies=sorted({line.currency for line in lines if line.currency}),
    )


def _line(
    account: AccountRow,
    live: dict[str, Any] | None,
    settled: dict[str, Any] | None,
    before: dict[str, Any] | None,
    today: int,
    last_touch_at: int | None,
    n_open_tasks: int,
) -> AccountLine:
    lost = account.is_lost(today)
    row = live or settled or {}
    score = row.get("score") if not lost else (settled or {}).get("score")
    band = "lost" if lost else str(row.get("band", "unknown"))
    known = score is not None and band in {"red", "amber", "green"}
    return AccountLine(
        key=account.key,
        name=account.name or account.key,
        tier=account.tier,
        plan=account.plan,
        owner_email=account.owner_email,
        arr=account.arr,
        currency=account.currency,
        renewal_on=account.renewal_on,
        days_to_renewal=None if account.renewal_on is None else account.renewal_on - today,
        started_on=account.started_on if account.started_on is not None else account.first_event_on,
        ended_on=account.ended_on,
        last_event_on=account.last_event_on,
        seats=account.seats,
        employees=account.employees,
        score=score,
        known_share=row.get("known_share"),
        band=band,
        stage="lost" if lost else str(row.get("stage", "adopting")),
        level=str(row.get("level", "unknown")),
        n_used=row.get("n_used", 0),
        n_eligible=row.get("n_eligible", 0),
        n_guided_only=row.get("n_guided_only", 0),
        n_new=row.get("n_new", 0),
        n_rate_used=row.get("n_rate_used", 0),
        n_rate_all=row.get("n_rate_all", 0),
        core_coverage=row.get("core_coverage"),
        active_share=row.get("active_share"),
        seat_use=row.get("seat_use"),
        activated_on=row.get("activated_on"),
        settled_score=(settled or {}).get("score"),
        settled_used=(settled or {}).get("n_used"),
        settled_eligible=(settled or {}).get("n_eligible"),
        score_before=(before or {}).get("score"),
        risk=0.0 if lost else (1 - (score or 0.0) / 100 if known else UNKNOWN_RISK),
        computed_at=row.get("computed_at"),
        last_touch_at=last_touch_at,
        n_open_tasks=n_open_tasks,
    )


def _choose_calls(connection: Connection, environment_id: int, lines: list[AccountLine], held: HeldModel) -> list[Call]:
    """The ten highest by risk × ARR that are red or amber, each with its costliest known parts."""
    worst = [line for line in lines if line.band in {"red", "amber"}][:N_CALLS]
    ids = people_store.load_account_ids(connection, environment_id, [line.key for line in worst])
    calls = []
    for line in worst:
        row = score_store.read_live(connection, environment_id, ids[line.key])
        if row is None:
            continue
        costly = cheapest_way_up(read_score(row, held.key))[:2]
        calls.append(Call(line, [item.sentence or name_item(held.model, item) for item in costly]))
    return calls
