"""The catalogue and one feature: live counts, who uses it, how it is detected, what may be done with it."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from milepost.actions.feature_board import (
    FeatureAccount,
    FeatureBoard,
    FeatureLine,
    read_feature_board,
    read_feature_page,
    read_recent_uses,
)
from milepost.actions.feature_history import read_catalogue_history, read_feature_history
from milepost.actions.features import list_catalogue
from milepost.actions.tracking import confirm_fault, withdraw_confirmation
from milepost.rules.days import date_of, day_of
from milepost.store import engine as db
from milepost.web.api_shapes import iso, runtime_of
from milepost.web.guard import actor, tenant
from milepost.web.pages import figures, go, render, translations
from milepost.web.tables import Key, answer_csv, arrange, read_order, with_query
from milepost.wire.event import format_instant

STATES = ("retained", "adopted", "tried", "never", "dormant", "lost", "not_entitled")
SHOWS = ("live", "core", "trouble", "unproven", "retired")
HOUR_MS = 3_600_000
FIRST_ACCOUNTS = 50


def adopted_share(line: FeatureLine) -> float | None:
    """Accounts that have adopted it now ÷ accounts entitled to it."""
    entitled = sum(n for state, n in line.states.items() if state != "not_entitled")
    return (line.states.get("adopted", 0) + line.states.get("retained", 0)) / entitled if entitled else None


COLUMNS: dict[str, Key] = {
    "module": lambda x: (x.feature.module, x.ordinal),
    "name": lambda x: x.feature.name.casefold(),
    "hour": lambda x: x.uses_last_hour,
    "uses": lambda x: x.uses_28d,
    "accounts": lambda x: x.accounts_28d,
    "adopted": adopted_share,
    "cadence": lambda x: ("daily", "weekly", "monthly", "quarterly", "once").index(x.feature.cadence),
}
ACCOUNT_COLUMNS: dict[str, Key] = {
    "account": lambda x: x.account.name.casefold(),
    "state": lambda x: STATES.index(x.state),
    "people": lambda x: x.n_people,
    "days": lambda x: x.n_days,
    "last": lambda x: x.last_used_on,
    "arr": lambda x: x.account.arr,
}


def features_page(request: Request) -> Response:
    """The whole catalogue by module."""
    board = read_feature_board(runtime_of(request), tenant(request))
    shown = _choose(request, board)
    order = read_order(request, COLUMNS, "module")
    context: dict[str, Any] = {
        "board": board,
        "lines": arrange(shown, COLUMNS, order),
        "order": order,
        "filters": _filters(request),
        "link": lambda **changes: with_query(request, **changes),
        "modules": sorted({line.feature.module for line in board.lines if line.feature.module}),
        "suspects": [line for line in board.lines if line.suspect_since is not None and line.is_live],
        "counts": {show: sum(_is_shown(line, show) for line in board.lines) for show in SHOWS},
        "n_core": sum(line.feature.core and line.is_live for line in board.lines),
        "versions": read_catalogue_history(runtime_of(request), tenant(request), 5),
        "since": _since(request),
        "confirmed": _confirmed(request, board),
    }
    return render(request, "features.html", **context)


def export_features(request: Request) -> Response:
    """The same rows as CSV."""
    board = read_feature_board(runtime_of(request), tenant(request))
    order = read_order(request, COLUMNS, "module")
    head = (
        "key", "name", "module", "core", "level", "cadence", "plans", "add_ons", "introduced_on", "retired_on", "proven",
        "suspect_since", "uses_last_hour", "uses_28d", "accounts_28d", *(f"accounts_{state}" for state in STATES),
    )  # fmt: skip
    rows = [_cells(line) for line in arrange(_choose(request, board), COLUMNS, order)]
    return answer_csv("features", head, rows)


def feature_page(request: Request) -> Response:
    """One feature: funnel, accounts, rules, versions."""
    runtime, held = runtime_of(request), tenant(request)
    page = read_feature_page(runtime, held, request.path_params["feature"])
    order = read_order(request, ACCOUNT_COLUMNS, "days", is_down=True)
    state, owner = request.query_params.get("state", ""), request.query_params.get("owner", "")
    accounts = _choose_accounts(page.accounts, state, actor(request).email if owner == "me" else "")
    today = day_of(runtime.clock(), held.zone)
    with db.reading(runtime.engine) as connection:
        catalogue = list_catalogue(connection, held.id).features
    context: dict[str, Any] = {
        "line": page.line,
        "funnel": page.funnel,
        "now": {s: sum(a.state == s for a in page.accounts) for s in STATES},
        "accounts": arrange(accounts, ACCOUNT_COLUMNS, order),
        "n_accounts": len(page.accounts),
        "n_shown": len(page.accounts) if request.query_params.get("all") else FIRST_ACCOUNTS,
        "order": order,
        "state": state,
        "owner": owner,
        "link": lambda **changes: with_query(request, **changes),
        "history": read_feature_history(runtime, held, page.line.feature.key),
        "others": [feature for feature in catalogue if feature.key != page.line.feature.key],
        "since": _since(request),
        "today": date_of(today).isoformat(),
        "today_number": today,
    }
    return render(request, "feature.html", **context)


def export_feature(request: Request) -> Response:
    """The accounts of one feature as CSV."""
    page = read_feature_page(runtime_of(request), tenant(request), request.path_params["feature"])
    order = read_order(request, ACCOUNT_COLUMNS, "days", is_down=True)
    owner = actor(request).email if request.query_params.get("owner") == "me" else ""
    accounts = _choose_accounts(page.accounts, request.query_params.get("state", ""), owner)
    head = (
        "account_id", "name", "owner_email", "state", "guided_only", "since", "people_28d", "days_28d", "last_used_on", "arr",
        "currency",
    )  # fmt: skip
    rows = [
        (
            a.account.key, a.account.name, a.account.owner_email, a.state, a.guided_only, iso(a.since_on), a.n_people, a.n_days,
            iso(a.last_used_on), a.account.arr, a.account.currency,
        )
        for a in arrange(accounts, ACCOUNT_COLUMNS, order)
    ]  # fmt: skip
    return answer_csv(f"feature-{page.line.feature.key}", head, rows)


def live_counts(request: Request) -> Response:
    """What the counters on both pages show now, as texts of this language by element name."""
    runtime, held, said = runtime_of(request), tenant(request), translations(request)
    uses, shown = read_recent_uses(runtime, held), figures(request)
    texts = {}
    for feature in held.catalogue.features:
        n = uses.get(feature.ordinal, 0)
        texts[f"hour-{feature.ordinal}"] = shown.number(n)
        seen = said.ngettext("seen %(num)s time in the last hour", "seen %(num)s times in the last hour", n)
        texts[f"seen-{feature.ordinal}"] = seen % {"num": shown.number(n)}
    texts["since"] = shown.clock(_since(request))
    return JSONResponse({"texts": texts})


def confirm_silence(request: Request) -> Response:
    """The silence is real: the feature (or, for `_environment`, everything) counts again, as unused; the list offers to undo."""
    confirm_fault(runtime_of(request), tenant(request), _ordinal(request), actor(request).public_id)
    answer = go(request, "features_page")
    answer.headers["location"] += f"?confirmed={request.path_params['feature']}"
    return answer


def withdraw(request: Request) -> Response:
    """Undoes a confirmation."""
    withdraw_confirmation(runtime_of(request), tenant(request), _ordinal(request), actor(request).public_id)
    return go(request, "features_page")


def _ordinal(request: Request) -> int:
    key = request.path_params["feature"]
    return -1 if key == "_environment" else read_feature_page(runtime_of(request), tenant(request), key).line.ordinal


def _confirmed(request: Request, board: FeatureBoard) -> tuple[str, str] | None:
    """(key, name) of the feature whose silence was just confirmed."""
    key = request.query_params.get("confirmed", "")
    if key == "_environment":
        return key, ""
    return next(((key, line.feature.name) for line in board.lines if line.feature.key == key), None)


def _since(request: Request) -> int:
    """The start of the hour before this one, in ms: where the counters begin."""
    return (runtime_of(request).clock() // HOUR_MS - 1) * HOUR_MS


def _filters(request: Request) -> Mapping[str, str]:
    query = request.query_params
    show = query.get("show", "live")
    return {"q": query.get("q", "")[:200], "module": query.get("module", ""), "show": show if show in SHOWS else "live"}


def _choose(request: Request, board: FeatureBoard) -> list[FeatureLine]:
    wanted = _filters(request)
    q = wanted["q"].strip().casefold()
    return [
        line
        for line in board.lines
        if _is_shown(line, wanted["show"])
        and (not wanted["module"] or line.feature.module == wanted["module"])
        and (not q or q in f"{line.feature.key}\n{line.feature.name}\n{line.feature.module}".casefold())
    ]


def _is_shown(line: FeatureLine, show: str) -> bool:
    is_gone = line.merged_into is not None or line.feature.retired_on is not None
    if show == "retired":
        return is_gone
    if is_gone and not line.is_live:
        return False
    wanted = {"core": line.feature.core, "trouble": line.suspect_since is not None, "unproven": not line.proven}
    return wanted.get(show, True)


def _choose_accounts(accounts: list[FeatureAccount], state: str, owner: str) -> list[FeatureAccount]:
    return [a for a in accounts if (not state or a.state == state) and (not owner or a.account.owner_email == owner)]


def _cells(line: FeatureLine) -> tuple[Any, ...]:
    f = line.feature
    return (
        f.key, f.name, f.module, f.core, f.level, f.cadence, _joined(f.plans), _joined(f.add_ons), f.introduced_on,
        f.retired_on, line.proven, None if line.suspect_since is None else format_instant(line.suspect_since),
        None if line.suspect_since is not None else line.uses_last_hour, line.uses_28d, line.accounts_28d,
        *(line.states.get(state, 0) for state in STATES),
    )  # fmt: skip


def _joined(names: list[str] | None) -> str | None:
    return None if names is None else ", ".join(names)


BASE = "/e/{environment}/features"
routes = [
    Route(BASE, features_page, name="features_page"),
    Route(BASE + "/_catalogue.csv", export_features, name="export_features"),
    Route(BASE + "/_live", live_counts, name="feature_live_counts"),
    Route(BASE + "/{feature}", feature_page, name="feature_page"),
    Route(BASE + "/{feature}/accounts.csv", export_feature, name="export_feature"),
    Route(BASE + "/{feature}/confirm", confirm_silence, methods=["POST"], name="confirm_silence"),
    Route(BASE + "/{feature}/withdraw", withdraw, methods=["POST"], name="withdraw_confirmation"),
]
