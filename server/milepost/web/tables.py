"""What every table of the console shares: sorting by a column of the query, links that keep the rest, CSV answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from milepost.wire.codecs.csv_text import write_csv

Row = TypeVar("Row")
Key = Callable[[Any], Any]


@dataclass(frozen=True)
class Order:
    """The column in force; `columns` maps a column to its key, None sorts last either way."""

    request: Request
    column: str
    is_down: bool

    def aria(self, column: str) -> str:
        """For `aria-sort`; empty for a column that is not in force."""
        return "" if column != self.column else "descending" if self.is_down else "ascending"

    def link(self, column: str, first: str = "down") -> str:
        """The query that sorts by this column, the other way round when it is in force already."""
        way = ("up" if self.is_down else "down") if column == self.column else first
        return with_query(self.request, sort=column, way=way)


def read_order(request: Request, columns: Mapping[str, Key], default: str, *, is_down: bool = False) -> Order:
    """`?sort=…&way=up|down`; what is not a column is the default."""
    column = request.query_params.get("sort", default)
    if column not in columns:
        return Order(request, default, is_down)
    way = request.query_params.get("way")
    return Order(request, column, way == "down" if way else is_down)


def arrange(rows: Sequence[Row], columns: Mapping[str, Key], order: Order) -> list[Row]:
    """Stable; rows without a value come last."""
    key = columns[order.column]
    known = [row for row in rows if key(row) is not None]
    return sorted(known, key=key, reverse=order.is_down) + [row for row in rows if key(row) is None]


def read_page(request: Request) -> int:
    """`?page=…` from 1; what is no such number is the first page."""
    text = request.query_params.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def page_after(rows: Sequence[Row], key: Callable[[Row], str], after: str | None, limit: int) -> tuple[Sequence[Row], str | None]:
    """(the rows that follow the one named, the key to go on from when there are more); an unknown name begins anew."""
    start = next((n + 1 for n, row in enumerate(rows) if key(row) == after), 0) if after else 0
    page = rows[start : start + limit]
    return page, key(page[-1]) if page and start + limit < len(rows) else None


def with_query(request: Request, **changes: str | None) -> str:
    """The page's own query with some parameters changed; None takes one out."""
    held = {k: v for k, v in request.query_params.items() if v}
    return "?" + urlencode({k: v for k, v in (held | changes).items() if v})


def answer_csv(name: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> Response:
    """A download; `name` without the ending, plain ASCII."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{safe}.csv"'}
    return Response(write_csv(head, rows), media_type="text/csv; charset=utf-8", headers=headers)
