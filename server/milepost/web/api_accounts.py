"""Management API of accounts: the portfolio, one account, the heat map."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.account import read_account_page
from milepost.actions.heatmap import read_heatmap
from milepost.actions.portfolio import read_portfolio
from milepost.rules.days import date_of, day_number
from milepost.web.api_shapes import answer, iso, runtime_of, show_account, show_line
from milepost.web.describe import describe
from milepost.web.guard import tenant
from milepost.web.inputs import read_query
from milepost.web.tables import page_after
from milepost.wire.feature import Day
from milepost.wire.numbers import AccountList, AccountOut, HeatColumnOut, HeatMapOut, HeatRowOut
from milepost.wire.shape import Shape

TAG = "accounts"


class AccountsQuery(Shape):
    """`after` is the `next` of the page before."""

    environment: str | None = None
    owner: str | None = None
    lost: bool = False
    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 200


class AccountQuery(Shape):
    """With `as_of` the numbers of a past day are worked out again beside what was stored."""

    environment: str | None = None
    as_of: Day | None = None


class HeatQuery(Shape):
    """One owner's accounts only."""

    environment: str | None = None
    owner: str | None = None


@describe(query=AccountsQuery, answer=AccountList, tag=TAG)
def list_accounts(request: Request) -> Response:
    """Lists accounts by risk × ARR, with health, coverage and usage rate."""
    asked = read_query(request, AccountsQuery)
    portfolio = read_portfolio(
        runtime_of(request), tenant(request), owner_email=asked.owner, include_lost=asked.lost, with_calls=False
    )
    page, more = page_after(portfolio.lines, lambda line: line.key, asked.after, asked.limit)
    return answer(
        AccountList(
            as_of=date_of(portfolio.today).isoformat(),
            settled_on=iso(portfolio.settled_day),
            model=f"{portfolio.model_key} v{portfolio.model_version}",
            accounts=[show_line(line) for line in page],
            next=more,
        )
    )


@describe(query=AccountQuery, answer=AccountOut, tag=TAG)
def show_one(request: Request) -> Response:
    """Shows one account by the vendor's own id: numbers live and settled, states, people, change card."""
    asked = read_query(request, AccountQuery)
    day = day_number(asked.as_of) if asked.as_of else None
    return answer(show_account(read_account_page(runtime_of(request), tenant(request), request.path_params["account"], day)))


@describe(query=HeatQuery, answer=HeatMapOut, tag=TAG)
def heat_map(request: Request) -> Response:
    """Accounts × features, one state per cell."""
    heat = read_heatmap(runtime_of(request), tenant(request), owner_email=read_query(request, HeatQuery).owner)
    return answer(
        HeatMapOut(
            day=date_of(heat.day).isoformat(),
            columns=[HeatColumnOut(feature=c.key, name=c.name, module=c.module, core=c.core) for c in heat.columns],
            rows=[
                HeatRowOut(account_id=row.account.key, name=row.account.name, states=[cell.state for cell in row.cells])
                for row in heat.rows
            ],
            totals=heat.totals,
        )
    )


routes = [
    Route("/api/v1/accounts", list_accounts, methods=["GET"], name="api_accounts"),
    Route("/api/v1/accounts/{account:path}", show_one, methods=["GET"], name="api_account"),
    Route("/api/v1/heatmap", heat_map, methods=["GET"], name="api_heatmap"),
]
