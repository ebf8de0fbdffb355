"""The heat map: accounts by features, one state per cell; also as a table of counts, and as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from markupsafe import Markup
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.heatmap import STATES, HeatCell, HeatMap, HeatRow, read_heatmap
from milepost.actions.heatmap_choice import HeatChoice, HeatView, choose_part
from milepost.actions.portfolio import read_owner_names
from milepost.actions.portfolio_choice import NOBODY, Choice
from milepost.actions.runtime import Runtime
from milepost.rules.days import date_of
from milepost.web.guard import actor, tenant
from milepost.web.inputs import read_query
from milepost.web.pages import render, translations
from milepost.web.pages_accounts import EVERYONE, ME, Filter, csv_answer, open_routes
from milepost.web.words import Words
from milepost.wire.codecs.csv_text import write_csv
from milepost.wire.shape import Shape

PAGE_SIZE = 500
ALPHABETIC = frozenset({"tier", "name", "module"})


class HeatQuery(Shape):
    """`rows` by tier, coverage, name, or by how many cells have a state; `owner` as in the portfolio."""

    view: Literal["map", "table"] = "map"
    owner: Annotated[str, Field(max_length=254)] = ""
    tier: Annotated[str, Field(max_length=200)] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    rows: Annotated[str, Field(pattern="^(tier|coverage|name|" + "|".join(STATES) + ")$")] = "tier"
    dir: Literal["", "asc", "desc"] = ""
    columns: Literal["module", "use", "name"] = "module"
    cdir: Literal["", "asc", "desc"] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1

    @property
    def rows_descend(self) -> bool:
        """As asked, else names and tiers from A on and numbers from the highest."""
        return self.dir == "desc" or (not self.dir and self.rows not in ALPHABETIC)

    @property
    def columns_descend(self) -> bool:
        """The same for columns."""
        return self.cdir == "desc" or (not self.cdir and self.columns not in ALPHABETIC)


@dataclass(frozen=True)
class Asked:
    """The query, and addresses that change a part of it."""

    query: HeatQuery
    owner: str
    path: str

    def choice(self) -> HeatChoice:
        """As the read model understands it."""
        q = self.query
        lines = Choice(owner=self.owner, tier=q.tier, text=q.q.strip())
        return HeatChoice(lines, q.rows, q.rows_descend, q.columns, q.columns_descend)

    def link(self, **changes: Any) -> str:
        """This page with a part of the query changed; back to its first rows unless that is the change."""
        values = self.query.model_dump(exclude_unset=True) | {"page": 1} | changes
        defaults = {name: field.default for name, field in HeatQuery.model_fields.items()}
        kept = {name: value for name, value in values.items() if value != defaults.get(name)}
        return f"?{urlencode(kept)}" if kept else self.path

    def sort_link(self, key: str, direction: str) -> str:
        """Rows sorted by this column of the table."""
        return self.link(rows=key, dir=direction)


def heatmap_page(request: Request) -> Response:
    """The map, or the table of counts."""
    heat, asked = _read(request)
    whole = choose_part(heat, asked.choice())
    n_pages = max(1, -(-whole.n_rows // PAGE_SIZE))
    page = min(asked.query.page, n_pages)
    view = whole.page((page - 1) * PAGE_SIZE, PAGE_SIZE)
    kinds = list({id(cell): cell for row in view.rows for cell in row.cells}.values()) if asked.query.view == "map" else []
    return render(
        request,
        "heatmap.html",
        asked=asked,
        query=asked.query,
        heat=view,
        n_all=len(heat.rows),
        page=page,
        n_pages=n_pages,
        page_size=PAGE_SIZE,
        filters=_filters(request, asked, heat),
        kinds=kinds,
        join_cells=partial(_join_cells, kinds, [n for _name, n in view.modules]),
        open_routes=open_routes(request),
    )


def _join_cells(
    kinds: Sequence[HeatCell], widths: Sequence[int], made: Sequence[Markup], gap: Markup
) -> Callable[[HeatRow], Markup]:
    """Rows out of the few kinds of cell the template made: fifty thousand cells are too many to render one by one."""
    texts = {id(kind): str(text) for kind, text in zip(kinds, made, strict=True)}
    ends = list(accumulate(widths))
    spans = list(zip([0, *ends], ends, strict=False))

    def join(row: HeatRow) -> Markup:
        cells = [texts[id(cell)] for cell in row.cells]
        return Markup(str(gap).join("".join(cells[first:end]) for first, end in spans))  # noqa: S704 (parts come from the template)

    return join


def heatmap_csv(request: Request) -> Response:
    """Every cell of the map as shown, in the reader's words."""
    heat, asked = _read(request)
    view = choose_part(heat, asked.choice())
    _, words = translations(request).gettext, Words(translations(request))
    head = [_("Account id"), _("Account"), _("Tier"), _("Features used"), _("Eligible features"), *(c.name for c in view.columns)]
    return csv_answer(write_csv(head, _cells(view, words)), f"heatmap-{date_of(view.day).isoformat()}.csv")


def _cells(view: HeatView, words: Words) -> list[list[object]]:
    said = {state: words.state(state) for state in STATES}
    return [
        [a.key, a.name, a.tier, a.n_used, a.n_eligible, *(said[cell.state] for cell in row.cells)]
        for row in view.rows
        for a in (row.account,)
    ]


def _read(request: Request) -> tuple[HeatMap, Asked]:
    runtime: Runtime = request.app.state.runtime
    query, who = read_query(request, HeatQuery), actor(request)
    heat = read_heatmap(runtime, tenant(request))
    is_mine = query.owner == ME or (
        not query.owner and who.role == "csm" and any(row.account.owner_email == who.email for row in heat.rows)
    )
    owner = who.email if is_mine else "" if query.owner == EVERYONE else query.owner
    return heat, Asked(query, owner, request.url.path)


def _filters(request: Request, asked: Asked, heat: HeatMap) -> list[Filter]:
    words, _, query = Words(translations(request)), translations(request).gettext, asked.query
    runtime: Runtime = request.app.state.runtime
    names = read_owner_names(runtime, tenant(request))
    rows = (("tier", _("by tier")), ("coverage", _("by coverage")), ("name", _("by name")))
    columns = (("module", _("by module")), ("use", _("by use")), ("name", _("by name")))
    owners = sorted({row.account.owner_email for row in heat.rows if row.account.owner_email})
    nobody = [(NOBODY, _("Nobody"))] if any(row.account.owner_email is None for row in heat.rows) else []
    choice = [(o, names.get(o, o)) for o in owners] + nobody
    tiers = sorted({row.account.tier for row in heat.rows if row.account.tier})
    return [
        _sort_filter(asked, _("Rows"), "rows", "dir", rows, query.rows, query.rows_descend, _("coverage")),
        _sort_filter(asked, _("Columns"), "columns", "cdir", columns, query.columns, query.columns_descend),
        _value_filter(asked, _("Tier"), "tier", query.tier, [(t, t) for t in tiers], ""),
        _value_filter(asked, words.trait("owner_email"), "owner", asked.owner, choice, EVERYONE),
    ]


def _sort_filter(
    asked: Asked, label: str, name: str, way: str, options: tuple[tuple[str, str], ...], held: str, is_down: bool, inner: str = ""
) -> Filter:
    """Choosing the order that holds turns it round; `inner` is what orders within a tier, always from the highest."""
    words, turned = dict(options), "asc" if is_down else "desc"
    links = [(text, asked.link(**{name: value, way: turned if value == held else ""}), value == held) for value, text in options]
    within = f", {inner} ↓" if held == "tier" else ""
    return Filter(name, label, f"{words.get(held, held)} {'↓' if is_down else '↑'}{within}", "", links)


def _value_filter(asked: Asked, label: str, name: str, held: str, options: list[tuple[str, str]], none: str) -> Filter:
    word = next((text for value, text in options if value == held), held)
    links = [(text, asked.link(**{name: value}), value == held) for value, text in options]
    return Filter(name, label, word, asked.link(**{name: none}), links)


routes = [
    Route("/e/{environment}/heatmap", heatmap_page, name="heatmap_page"),
    Route("/e/{environment}/heatmap.csv", heatmap_csv, name="heatmap_csv"),
]
