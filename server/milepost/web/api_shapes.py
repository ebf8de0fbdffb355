"""Read models of `actions` as the management API's shapes: days become dates, instants RFC 3339."""

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from milepost.actions.account import AccountPage, Numbers
from milepost.actions.feature_board import FeatureLine
from milepost.actions.features import Change
from milepost.actions.health import HeldModel
from milepost.actions.portfolio import AccountLine
from milepost.actions.runtime import Runtime
from milepost.errors import Invalid
from milepost.rules.days import date_of
from milepost.rules.health import Verdict
from milepost.wire.event import format_instant, parse_instant
from milepost.wire.numbers import (
    AccountOut,
    AccountSummary,
    ChangeOut,
    ChangeResult,
    FeatureOut,
    FeatureUseOut,
    Health,
    ModelOut,
    NumbersOut,
    PersonOut,
    Ratio,
    VerdictOut,
)


def answer(content: BaseModel, status: int = 200) -> Response:
    """JSON by wire names."""
    return Response(content.model_dump_json(by_alias=True), status, media_type="application/json")


def runtime_of(request: Request) -> Runtime:
    """The runtime this application was built with."""
    found: Runtime = request.app.state.runtime
    return found


def instant(text: str, field: str) -> int:
    """RFC 3339 to ms; raises Invalid."""
    try:
        at = parse_instant(text)
    except ValueError:
        at = None
    if at is None:
        values = {"field": field, "value": repr(text[:40])}
        raise Invalid("%(field)s is %(value)s; write an instant such as 2026-11-24T09:30:00Z.", values=values)
    return at


def iso(day: int | None) -> str | None:
    """A day number as a date."""
    return None if day is None else date_of(day).isoformat()


def ratio(n: int, of: int) -> Ratio:
    """A count over its denominator."""
    return Ratio(n=n, of=of, share=n / of if of else None)


def show_line(line: AccountLine) -> AccountSummary:
    """A portfolio line."""
    return AccountSummary(
        account_id=line.key,
        name=line.name,
        tier=line.tier,
        plan=line.plan,
        owner_email=line.owner_email,
        arr=line.arr,
        currency=line.currency,
        renewal_on=iso(line.renewal_on),
        days_to_renewal=line.days_to_renewal,
        started_on=iso(line.started_on),
        ended_on=iso(line.ended_on),
        stage=line.stage,
        level=line.level,
        health=Health(score=line.score, band=line.band, known_share=line.known_share, delta_30d=line.delta_30d),
        coverage=ratio(line.n_used, line.n_eligible),
        guided_only=line.n_guided_only,
        new_features=line.n_new,
        usage_rate=ratio(line.n_rate_used, line.n_rate_all),
        core_coverage=line.core_coverage,
        daily_active_share=line.active_share,
        seat_use=line.seat_use,
        activated_on=iso(line.activated_on),
    )


def show_numbers(numbers: Numbers | None, delta: float | None = None) -> NumbersOut | None:
    """One day's numbers; `delta` = the change of 30 days up to them."""
    if numbers is None:
        return None
    return NumbersOut(
        day=date_of(numbers.day).isoformat(),
        model=f"{numbers.model_key} v{numbers.model_version}",
        health=Health(score=numbers.score, band=numbers.band, known_share=numbers.known_share, delta_30d=delta),
        coverage=ratio(numbers.n_used, numbers.n_eligible),
        guided_only=numbers.n_guided_only,
        usage_rate=ratio(numbers.n_rate_used, numbers.n_rate_all),
        core_coverage=numbers.core_coverage,
        daily_active_share=numbers.active_share,
        seat_use=numbers.seat_use,
        level=numbers.level,
        stage=numbers.stage,
        activated_on=iso(numbers.activated_on),
        new=numbers.new,
        whitespace=numbers.whitespace,
        plan_unknown=numbers.plan_unknown,
        suspect=numbers.suspect,
        items=numbers.items,
    )


TRAITS = ("plan", "add_ons", "tier", "arr", "currency", "employees", "seats", "owner_email")
DAYS = ("started_on", "renewal_on", "ended_on")


def show_account(page: AccountPage) -> AccountOut:
    """The whole account page."""
    account, delta = page.account, page.change.points if page.change else None
    traits = {name: getattr(account, name) for name in TRAITS} | {name: iso(getattr(account, name)) for name in DAYS}
    return AccountOut(
        account_id=account.key,
        name=account.name or account.key,
        traits={**account.traits, **{k: v for k, v in traits.items() if v is not None}},
        sources=account.sources,
        live=show_numbers(page.live, delta if page.restated is None else None),
        settled=show_numbers(page.settled, delta if page.restated is None and page.live is None else None),
        restated=show_numbers(page.restated, delta),
        features=[
            FeatureUseOut(
                feature=use.key, name=use.name, module=module.name, core=use.core, state=use.state,
                guided_only=use.guided_only, counts=use.counts, since_on=iso(use.since_on), last_used_on=iso(use.last_used_on),
            )
            for module in page.modules
            for use in module.features
        ],
        people=[
            PersonOut(
                user_id=p.key, name=p.name, role=p.role, active_days=p.active_days, features=p.n_features,
                last_seen_at=None if p.last_seen_at is None else format_instant(p.last_seen_at),
            )
            for p in page.people
            if not p.internal
        ],
        change=[
            ChangeOut(id=x.id, cause=x.cause, points=x.points, before=x.before, after=x.after, name=x.name)
            for x in (page.change.lines if page.change else [])
        ],
        open_tickets=page.n_open_tickets,
    )  # fmt: skip


def show_feature(line: FeatureLine) -> FeatureOut:
    """A catalogue entry with its counts."""
    return FeatureOut(
        feature=line.feature,
        live=line.is_live,
        proven=line.proven,
        merged_into=line.merged_into,
        suspect_since=None if line.suspect_since is None else format_instant(line.suspect_since),
        uses_last_hour=line.uses_last_hour,
        uses_28d=line.uses_28d,
        accounts_28d=line.accounts_28d,
        states=line.states,
    )


def show_change(change: Change) -> ChangeResult:
    """What a change did."""
    return ChangeResult.model_validate(change.as_dict())


def show_model(held: HeldModel) -> ModelOut:
    """A published version."""
    return ModelOut(
        id=held.key,
        version=held.version,
        active=held.active,
        active_from=date_of(held.active_from_on).isoformat(),
        published_at=format_instant(held.published_at),
        published_by=held.published_by,
        source=held.source,
    )


def show_verdict(model_id: str, verdict: Verdict, alarming: int | None = None, accounts: int | None = None) -> VerdictOut:
    """What validation says, with today's accounts when they were asked."""
    return VerdictOut(
        id=model_id,
        reachable_min=verdict.reachable_min,
        reachable_max=verdict.reachable_max,
        dead_account=verdict.dead.score,
        perfect_account=verdict.perfect.score,
        alarming_now=alarming,
        accounts=accounts,
        warnings=verdict.warnings,
    )
