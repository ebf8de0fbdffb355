"""One account: its numbers in words, live, settled, and as of any past day."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from milepost.actions.account import TREND_DAYS, AccountPage, FeatureUse, Numbers, read_account_page, read_stamp
from milepost.actions.portfolio import read_owner_names
from milepost.actions.runtime import Runtime
from milepost.rules.days import day_number, day_of
from milepost.web.account_view import break_down, draw_trend, name_features, show_changes, shown_numbers
from milepost.web.guard import tenant
from milepost.web.pages import figures, locale, render, translations
from milepost.web.pages_accounts import open_routes
from milepost.web.words import TRAITS
from milepost.web.work_view import account_work

PEOPLE_SHOWN = 12


@dataclass(frozen=True)
class Trait:
    """A trusted trait with where it came from; `is_verified` False wants a badge."""

    name: str
    source: str
    at: int | None
    is_verified: bool


def account_page(request: Request) -> Response:
    """By the vendor's own id; `?day=` looks at a past day."""
    runtime: Runtime = request.app.state.runtime
    held, key = tenant(request), str(request.path_params["account"])
    today = day_of(runtime.clock(), held.zone)
    day, problem = _asked_day(request, today)
    page = read_account_page(runtime, held, key, day)
    numbers = shown_numbers(page, day)
    everyone = request.query_params.get("people") == "all"
    fmt = figures(request)
    trend_end = max([day or 0, *(point.day for point in page.trend[-1:])]) or today
    return render(
        request,
        "account.html",
        status=422 if problem else 200,
        page=page,
        account=page.account,
        numbers=numbers,
        day=day,
        day_problem=problem,
        asked_day=request.query_params.get("day", ""),
        breakdown=break_down(numbers, page.model.model, fmt) if numbers and page.model else None,
        changes=show_changes(page.change, fmt) if page.change else None,
        chart=draw_trend(page.trend, page.model, today - TREND_DAYS, trend_end, day),
        trend_end=trend_end,
        named=partial(name_features, names=_feature_names(page)),
        people=page.people if everyone else page.people[:PEOPLE_SHOWN],
        whitespace=_whitespace(page, numbers),
        suspect=_suspect(page),
        sources=_sources(page),
        owner=read_owner_names(runtime, held).get(page.account.owner_email or "", page.account.owner_email),
        stamp="" if day is not None else read_stamp(runtime, held, key),
        open_routes=open_routes(request),
        locale_key=locale(request),
        other_locale="en" if fmt.is_chinese else "zh-CN",
        **account_work(request, key),
    )


def account_stamp(request: Request) -> Response:
    """What changes when the account's numbers do: an open page asks every two seconds."""
    runtime: Runtime = request.app.state.runtime
    stamp = read_stamp(runtime, tenant(request), str(request.path_params["account"]))
    tag = f'"{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse({"stamp": stamp}, headers={"ETag": tag})


def _asked_day(request: Request, today: int) -> tuple[int | None, str]:
    """(day, what is wrong with it)."""
    wanted = request.query_params.get("day", "").strip()
    if not wanted:
        return None, ""
    _ = translations(request).gettext
    try:
        found = day_number(date.fromisoformat(wanted))
    except ValueError:
        return None, _("Give the day as year-month-day, for example 2026-03-31.")
    if found >= today:
        return None, _("Choose a day that is over; the page without a day is live.")
    return found, ""


def _uses(page: AccountPage) -> list[FeatureUse]:
    return [use for module in page.modules for use in module.features]


def _feature_names(page: AccountPage) -> dict[str, str]:
    """{key: name} of the features the model asks for by key."""
    model = page.model.model if page.model else None
    asked = {model.signal(name).feature for name in model.used_signals()} if model else set()
    return {use.key: use.name for use in _uses(page) if use.key in asked}


def _whitespace(page: AccountPage, numbers: Numbers | None) -> list[FeatureUse]:
    wanted = set(numbers.whitespace) if numbers else set()
    return [use for use in _uses(page) if use.key in wanted]


def _suspect(page: AccountPage) -> list[FeatureUse]:
    return [use for use in _uses(page) if use.suspect and use.state != "not_entitled"]


def _sources(page: AccountPage) -> dict[str, Trait]:
    """{trait: where it came from} of every trusted trait that has a value."""
    found = {}
    for name in TRAITS:
        told = page.account.sources.get(name)
        if getattr(page.account, name) is not None and isinstance(told, dict):
            found[name] = Trait(name, str(told.get("source", "")), told.get("at"), bool(told.get("verified", True)))
    return found


routes = [
    Route("/e/{environment}/account-stamps/{account:path}", account_stamp, name="account_stamp"),
    Route("/e/{environment}/accounts/{account:path}", account_page, name="account_page"),
]
