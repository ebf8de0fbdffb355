"""The portfolio: every account one line, whom to call today, and the same as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.portfolio import (
    AccountLine,
    Call,
    Portfolio,
    read_calls,
    read_owner_names,
    read_portfolio,
    total,
)
from milepost.actions.portfolio_choice import LEVEL_ORDER, NOBODY, SORTS, Choice, choose_lines, count_views, is_here
from milepost.actions.runtime import Runtime
from milepost.rules.days import date_of
from milepost.web.figures import score_shown
from milepost.web.guard import actor, tenant
from milepost.web.inputs import read_query
from milepost.web.pages import locale, render, translations
from milepost.web.permissions import PERMISSIONS, is_enough
from milepost.web.words import Words
from milepost.web.work_view import portfolio_work
from milepost.wire.codecs.csv_text import write_csv
from milepost.wire.event import format_instant
from milepost.wire.shape import Shape

PAGE_SIZE = 100
ME, EVERYONE = "me", "all"


class PortfolioQuery(Shape):
    """`owner` is `me`, `all`, `nobody` or an e-mail address; left out, a CSM with accounts sees their own."""

    view: Literal["all", "risk", "renewing", "onboarding", "low", "lost"] = "all"
    owner: Annotated[str, Field(max_length=254)] = ""
    tier: Annotated[str, Field(max_length=200)] = ""
    band: Literal["", "red", "amber", "green", "onboarding", "unknown"] = ""
    stage: Literal["", "onboarding", "adopting", "steady", "renewing"] = ""
    level: Literal["", "low", "medium", "high", "too_early", "unknown"] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    sort: Annotated[str, Field(pattern="^(" + "|".join(SORTS) + ")$")] = "risk"
    dir: Literal["asc", "desc"] = "desc"
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


@dataclass(frozen=True)
class Filter:
    """A chip: what it filters by, the value it holds in words, and its menu of (text, address, is chosen)."""

    name: str
    label: str
    value: str
    clear: str
    options: list[tuple[str, str, bool]]


@dataclass(frozen=True)
class Asked:
    """The query with the default owner settled, and addresses that change a part of it."""

    query: PortfolioQuery
    owner: str  # "" for everyone, else an e-mail address or `nobody`
    path: str

    def choice(self) -> Choice:
        """As the read model understands it."""
        q = self.query
        return Choice(q.view, self.owner, q.tier, q.band, q.stage, q.level, q.q.strip(), q.sort, q.dir == "desc")

    def link(self, **changes: Any) -> str:
        """This page with a part of the query changed; back to its first page unless that is the change."""
        values = self.query.model_dump(exclude_unset=True) | {"page": 1} | changes
        defaults = {name: field.default for name, field in PortfolioQuery.model_fields.items()}
        kept = {name: value for name, value in values.items() if value != defaults.get(name)}
        return f"?{urlencode(kept)}" if kept else self.path

    def sort_link(self, key: str, direction: str) -> str:
        """Sorted by this column."""
        return self.link(sort=key, dir=direction)


def accounts_page(request: Request) -> Response:
    """The portfolio."""
    portfolio, asked = _read(request)
    if not portfolio.lines:
        return render(request, "accounts_empty.html", open_routes=open_routes(request))
    choice, lines = asked.choice(), portfolio.lines
    chosen, email = choose_lines(lines, choice), actor(request).email
    start = (asked.query.page - 1) * PAGE_SIZE
    return render(
        request,
        "accounts.html",
        asked=asked,
        query=asked.query,
        lines=chosen[start : start + PAGE_SIZE],
        n_chosen=len(chosen),
        n_pages=max(1, -(-len(chosen) // PAGE_SIZE)),
        totals=total(chosen),
        counts=count_views(lines, replace(choice, view="all")),
        n_mine=sum(is_here(line, email) for line in lines) if email else 0,
        n_all=sum(is_here(line) for line in lines),
        is_mine=asked.owner == email,
        calls=_calls(request, asked, lines),
        owners=read_owner_names(_runtime(request), tenant(request)),
        portfolio=portfolio,
        filters=_filters(request, asked, lines),
        locale_key=locale(request),
        **portfolio_work(request),
    )


def _calls(request: Request, asked: Asked, lines: list[AccountLine]) -> list[Call]:
    """Only the first page of all accounts offers calls; its lines come by risk × ARR."""
    if asked.query.view != "all" or asked.query.page > 1:
        return []
    return read_calls(_runtime(request), tenant(request), [line for line in lines if is_here(line, asked.owner)])


def accounts_csv(request: Request) -> Response:
    """What the page shows, all of its pages, as CSV in the reader's language."""
    portfolio, asked = _read(request)
    lines = choose_lines(portfolio.lines, asked.choice())
    words, _ = Words(translations(request)), translations(request).gettext
    columns = _columns(words, _)
    text = write_csv([head for head, _value in columns], ([value(line) for _head, value in columns] for line in lines))
    return csv_answer(text, f"accounts-{date_of(portfolio.today).isoformat()}.csv")


def csv_answer(text: str, name: str) -> Response:
    """A file to save."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def open_routes(request: Request) -> frozenset[str]:
    """Names of the routes that exist and that the reader may use: what a page may link to."""
    names: frozenset[str] = request.app.state.route_names
    role = actor(request).role or ""
    return frozenset(n for n in names if PERMISSIONS[n] not in {"public", "key"} and is_enough(role, PERMISSIONS[n]))


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def _read(request: Request) -> tuple[Portfolio, Asked]:
    query = read_query(request, PortfolioQuery)
    portfolio = read_portfolio(_runtime(request), tenant(request), include_lost=True, with_calls=False)
    return portfolio, Asked(query, _owner(request, query.owner, portfolio.lines), request.url.path)


def _owner(request: Request, wanted: str, lines: Sequence[AccountLine]) -> str:
    who = actor(request)
    if wanted == ME:
        return who.email
    if wanted == EVERYONE:
        return ""
    if not wanted and who.role == "csm" and any(line.owner_email == who.email for line in lines):
        return who.email
    return wanted


def _filters(request: Request, asked: Asked, lines: Sequence[AccountLine]) -> list[Filter]:
    words, _ = Words(translations(request)), translations(request).gettext
    query, names = asked.query, read_owner_names(_runtime(request), tenant(request))
    tiers = sorted({line.tier for line in lines if line.tier})
    owners = sorted({line.owner_email for line in lines if line.owner_email})
    nobody = [(NOBODY, _("Nobody"))] if any(line.owner_email is None for line in lines) else []
    choice = [(o, names.get(o, o)) for o in owners] + nobody
    return [
        _filter(asked, "owner", words.trait("owner_email"), asked.owner, choice, EVERYONE),
        _filter(asked, "tier", _("Tier"), query.tier, [(t, t) for t in tiers]),
        _filter(asked, "band", _("Health"), query.band, [(b, words.band(b)) for b in _named("band")]),
        _filter(asked, "stage", _("Stage"), query.stage, [(s, words.stage(s)) for s in _named("stage")]),
        _filter(
            asked,
            "level",
            _("Adoption level"),
            query.level,
            [(v, words.level(v)) for v in (*LEVEL_ORDER, "too_early", "unknown")],
        ),
    ]


def _named(field: str) -> list[str]:
    values: Sequence[str] = PortfolioQuery.model_fields[field].annotation.__args__  # type: ignore[union-attr]
    return [value for value in values if value]


def _filter(asked: Asked, name: str, label: str, held: str, options: list[tuple[str, str]], none: str = "") -> Filter:
    word = next((text for value, text in options if value == held), held)
    links = [(text, asked.link(**{name: value}), value == held) for value, text in options]
    return Filter(name, label, word, asked.link(**{name: none}), links)


Value = Callable[[AccountLine], object]


def _columns(words: Words, _: Callable[[str], str]) -> list[tuple[str, Value]]:
    """(head, value of a line)."""
    return [
        (_("Account id"), lambda a: a.key),
        (_("Account"), lambda a: a.name),
        (_("Tier"), lambda a: a.tier),
        (_("Plan"), lambda a: a.plan),
        (words.trait("owner_email"), lambda a: a.owner_email),
        (_("ARR"), lambda a: a.arr),
        (_("Currency"), lambda a: a.currency),
        (_("Renews on"), lambda a: _date(a.renewal_on)),
        (_("Days to renewal"), lambda a: a.days_to_renewal),
        (_("Stage"), lambda a: words.stage(a.stage)),
        (_("Adoption level"), lambda a: words.level(a.level)),
        (_("Health"), lambda a: None if a.score is None else score_shown(a.score, 1)),
        (_("Health in words"), lambda a: words.band(a.band)),
        (_("Known share"), lambda a: _rounded(a.known_share, 4)),
        (_("Change in 30 days"), _change),
        (_("Features used"), lambda a: a.n_used),
        (_("Eligible features"), lambda a: a.n_eligible),
        (_("In guides only"), lambda a: a.n_guided_only),
        (_("Coverage"), lambda a: _rounded(a.coverage, 4)),
        (_("Usage rate"), lambda a: _rounded(a.usage_rate, 4)),
        (_("Core coverage"), lambda a: _rounded(a.core_coverage, 4)),
        (_("Seats"), lambda a: a.seats),
        (_("Seat use"), lambda a: _rounded(a.seat_use, 4)),
        (_("Activated on"), lambda a: _date(a.activated_on)),
        (_("Open tasks"), lambda a: a.n_open_tasks),
        (_("Last touch"), lambda a: None if a.last_touch_at is None else format_instant(a.last_touch_at)),
    ]


def _date(day: int | None) -> str | None:
    return None if day is None else date_of(day).isoformat()


def _change(line: AccountLine) -> float | None:
    """Between the two scores as shown, so that it is the account page's too."""
    if line.score is None or line.score_before is None:
        return None
    return round(round(line.score, 1) - round(line.score_before, 1), 1)


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)


routes = [
    Route("/e/{environment}/accounts", accounts_page, name="accounts_page"),
    Route("/e/{environment}/accounts.csv", accounts_csv, name="accounts_csv"),
]
