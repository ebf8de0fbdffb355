"""The portfolio says what the read model says, sorts and filters by links, and gives it all as CSV."""

import csv
import io
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from milepost.actions.account import read_account_page
from milepost.actions.features import push_catalogue
from milepost.actions.portfolio import AccountLine, read_portfolio, total
from milepost.actions.portfolio_choice import SORTS, Choice, choose_lines
from milepost.actions.score import refresh_dirty, settle_days
from milepost.actions.workspaces import create_workspace
from milepost.rules.days import day_of
from milepost.web.api_shapes import show_account, show_line
from milepost.web.figures import Figures, score_shown
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox
from tests.web.reading import cells, console, plain

FEATURES = [
    Feature(key=key, name=key.title(), module="Time", core=key == "leave", rules=[EventRule(on="event", name=key.title())])
    for key in ("leave", "roster", "report")
]
OWN = "csm@example.test"
HOSTILE = ["<script>alert(1)</script>", "\u202egnp.exe", "恒远精密" * 100, '"><img src=x onerror=alert(1)>', "=HYPERLINK(1)"]


def add_account(book: Sandbox, key: str, **traits: object) -> None:
    event = {"type": "group", "messageId": f"g-{key}", "userId": f"u-{key}", "groupId": key, "traits": traits}
    book.send(event)


@pytest.fixture
def book(sandbox: Sandbox) -> Sandbox:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=FEATURES), "test")
    for key in ("leave", "roster", "report"):
        sandbox.use(key, user="other", account="zero", days_ago=70)
    add_account(
        sandbox, "a1", name="Acme", plan="pro", tier="A", arr=12000, employees=10, seats=5, started_on="2026-01-05",
        renewal_on="2026-12-24", owner_email=OWN,
    )  # fmt: skip
    add_account(sandbox, "b/2", name="Birch", plan="basic", tier="B", arr=90000, currency="EUR", started_on="2026-02-05")
    add_account(sandbox, "c3", name="Cedar", arr=500, started_on="2025-02-05", ended_on="2026-05-01", owner_email=OWN)
    for days_ago in (0, 3, 35):
        sandbox.use("leave", days_ago=days_ago)
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    return sandbox


def page(client: TestClient, query: str = "") -> str:
    answer = client.get(f"/e/production/accounts{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def names(html: str) -> list[str]:
    return re.findall(r'<span class="name"><a class="wrap"[^>]*>([^<]*)</a>', html)


def test_a_csm_sees_their_own_accounts_first_and_everyones_by_one_link(book: Sandbox) -> None:
    client = console(book, email=OWN)
    assert names(page(client)) == ["Acme"]
    assert set(names(page(client, "?owner=all"))) == {"Acme", "Birch", "zero"}
    assert names(page(console(book, "viewer"), "")) == names(page(client, "?owner=all"))


def test_the_line_of_an_account_shows_what_was_counted(book: Sandbox) -> None:
    html = page(console(book, email=OWN))
    line = next(x for x in read_portfolio(book.runtime, book.tenant).lines if x.key == "a1")
    naive = {f for (f,) in book.rows("SELECT DISTINCT ordinal FROM usage u JOIN accounts a ON a.id = u.account_id "
                                     "WHERE a.key = 'a1' AND u.n > 0")}  # fmt: skip
    assert (line.n_used, line.n_eligible) == (len(naive), 3)
    assert cells(html, "c-cov") == ["1 of 3"]
    assert cells(html, "c-rate") == ["33 % core 25 %"]
    assert cells(html, "c-arr") == ["$12,000"]
    assert cells(html, "c-renew") == ["36 days 24 Dec 2026"]
    assert cells(html, "c-health") == [
        f"{Figures('en', 'UTC', 0).score(line.score)} At risk known {line.known_share:.0%}".replace("%", " %")
    ]
    assert cells(html, "c-seats") == ["0 of 5 not yet"]


def test_guided_use_stands_beside_the_number_not_in_it(book: Sandbox) -> None:
    book.send(book.event("Roster", context={"groupId": "a1", "milepost": {"guide": "run_1"}}))
    refresh_dirty(book.runtime, book.environment_id)
    assert cells(page(console(book, email=OWN)), "c-cov") == ["1 of 3 +1 in guides only"]


def test_every_column_sorts_both_ways_with_the_unknown_last(book: Sandbox) -> None:
    client, lines = console(book, "viewer"), read_portfolio(book.runtime, book.tenant).lines
    for sort, key in SORTS.items():
        by_name = {x.name: key(x) for x in lines}
        for direction in ("asc", "desc"):
            values = [by_name[name] for name in names(page(client, f"?sort={sort}&dir={direction}"))]
            known = [v for v in values if v is not None]
            assert known == sorted(known, reverse=direction == "desc"), sort
            assert values[len(known) :] == [None] * (len(values) - len(known)), sort


def test_filters_and_views_keep_what_fits(book: Sandbox) -> None:
    client = console(book, "viewer")
    assert names(page(client, "?tier=B")) == ["Birch"]
    assert names(page(client, "?q=BIR")) == ["Birch"]
    assert names(page(client, "?q=b/2")) == ["Birch"]
    assert names(page(client, "?view=lost")) == ["Cedar"]
    assert names(page(client, "?view=renewing")) == ["Acme"]
    assert set(names(page(client, "?owner=nobody"))) == {"Birch", "zero"}
    empty = page(client, "?tier=A&owner=nobody")
    assert names(empty) == []
    assert "No account fits" in empty
    assert client.get("/e/production/accounts?sort=secret").status_code == 422


def test_tiles_add_up_over_the_lines_shown(book: Sandbox) -> None:
    html = page(console(book, "viewer"))
    lines: list[AccountLine] = read_portfolio(book.runtime, book.tenant).lines
    tiles = plain(re.search(r'<dl class="stats">(.*?)</dl>', html, re.S).group(1))  # type: ignore[union-attr]
    at_risk = sum(x.arr or 0 for x in lines if x.band == "red")
    assert f"ARR at risk €{at_risk:,.0f}" in tiles
    assert f"{sum(x.n_used for x in lines)} of {sum(x.n_eligible for x in lines)}" in tiles


def test_the_reasons_of_a_call_are_in_the_readers_language(book: Sandbox) -> None:
    client = console(book, "viewer")
    assert "Core coverage" in page(client)
    client.post("/preferences", data={"locale": "zh-CN", "back": "/"})
    assert "核心功能使用率" in page(client)


def test_csv_holds_the_lines_shown_and_runs_no_formula(book: Sandbox) -> None:
    for n, name in enumerate(HOSTILE):
        add_account(book, f"h{n}", name=name, owner_email="x@example.test")
    add_account(book, "=cmd|' /C calc'!A0", name="-2+3", tier="@SUM(A1)", owner_email="x@example.test")
    refresh_dirty(book.runtime, book.environment_id)
    client = console(book, "viewer")
    answer = client.get("/e/production/accounts.csv?owner=x@example.test")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert len(rows) == len(HOSTILE) + 1
    for row in rows:
        assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())
    evil = next(row for row in rows if row["Account id"].startswith("'="))
    assert (evil["Account"], evil["Tier"]) == ("'-2+3", "'@SUM(A1)")
    whole = csv.DictReader(io.StringIO(client.get("/e/production/accounts.csv").text.lstrip("\ufeff")))
    acme = next(row for row in whole if row["Account id"] == "a1")
    assert (acme["Features used"], acme["Eligible features"], acme["ARR"]) == ("1", "3", "12000.0")


def test_hostile_names_stand_as_text_and_their_pages_open(book: Sandbox) -> None:
    keys = ["<b>", "a?b#c", "50%", "恒远", "x" * 400, "a/b/../c", "\u202ertl"]
    for n, key in enumerate(keys):
        add_account(book, key, name=HOSTILE[n % len(HOSTILE)])
    refresh_dirty(book.runtime, book.environment_id)
    client = console(book, "viewer")
    html = page(client)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    for href in re.findall(r'<span class="name"><a class="wrap" href="([^"]*)"', html):
        assert client.get(href).status_code == 200
    for key in keys:
        assert quote(key, safe="").replace("/", "%2F") in html


def test_an_empty_environment_teaches(sandbox: Sandbox) -> None:
    html = page(console(sandbox, "viewer"))
    assert "Three steps to your first health score" in html
    assert "<table" not in html


def test_a_hundred_a_page_and_links_to_the_rest(book: Sandbox) -> None:
    book.send(*({"type": "group", "userId": f"p{n}", "groupId": f"p{n}", "traits": {"name": f"P {n}"}} for n in range(120)))
    client = console(book, "viewer")
    first, second = page(client), page(client, "?page=2")
    assert len(names(first)) == 100
    assert len(names(second)) == 23
    assert not set(names(first)) & set(names(second))
    assert 'rel="next"' in first
    assert 'rel="prev"' in second


def test_another_workspaces_accounts_are_not_there(book: Sandbox) -> None:
    other = create_workspace(book.runtime, name="Other", owner_email="o@other.test")
    assert other.workspace_id
    client = console(book, "viewer")
    assert client.get("/e/elsewhere/accounts").status_code == 404


def test_a_score_just_under_a_line_does_not_read_as_on_it() -> None:
    fmt = Figures("en", "UTC", 0)
    shown = [fmt.score(v) for v in (49.6, 49.96, 50.0, 50.4, 74.99, 48.6, 0.0, -0.3, None)]
    assert shown == ["49.6", "49.9", "50", "50", "74.9", "49", "0", "−0.3", "–"]
    assert [fmt.score(v, 1) for v in (49.96, 49.94, 50.0, 74.97, 48.66, 100.0, None)] == [
        "49.9", "49.9", "50.0", "74.9", "48.7", "100.0", "–",
    ]  # fmt: skip
    assert [score_shown(v, 1) for v in (49.96, 50.02, 48.66)] == [49.9, 50.0, 48.7]
    assert (fmt.signed(-0.3), fmt.signed(0.3), fmt.signed(-0.04, 1)) == ("0", "0", "0.0")


def test_a_stranger_is_sent_to_the_login(book: Sandbox) -> None:
    client = console(book, "viewer")
    client.cookies.clear()
    assert client.get("/e/production/accounts").status_code == 303
    assert client.get("/e/production/accounts.csv").status_code == 303


def test_the_change_of_30_days_is_the_same_in_portfolio_account_csv_and_api(book: Sandbox) -> None:
    client = console(book, email=OWN)
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 31, today - 30, today - 1])
    book.send(book.event("Roster", messageId="late"), book.event("Report", messageId="later"))
    refresh_dirty(book.runtime, book.environment_id)
    line = next(x for x in read_portfolio(book.runtime, book.tenant).lines if x.key == "a1")
    assert line.delta_30d is not None
    assert line.settled_score != line.score
    found = read_account_page(book.runtime, book.tenant, "a1")
    assert found.change is not None
    assert line.delta_30d == found.change.points == pytest.approx(sum(x.points for x in found.change.lines))
    assert show_line(line).health.delta_30d == show_account(found).live.health.delta_30d  # type: ignore[union-attr]
    rows = list(csv.DictReader(io.StringIO(client.get("/e/production/accounts.csv").text.lstrip("\ufeff"))))
    row = next(r for r in rows if r["Account id"] == "a1")
    shown = round(found.change.after, 1) - round(found.change.before, 1)
    assert float(row["Change in 30 days"]) == pytest.approx(shown)
    assert "from midnight of 30 days ago to now" in page(client)
    shown_change = cells(page(client), "c-delta")[0]
    assert shown_change.replace("−", "-") in {f"{line.delta_30d:+.0f}", f"{line.delta_30d:.0f}", "0"}


def test_low_coverage_counts_coverage_and_nothing_else(book: Sandbox) -> None:
    line = next(x for x in read_portfolio(book.runtime, book.tenant).lines if x.key == "a1")
    low = replace(line, n_used=1, n_eligible=11)
    rarely = replace(line, n_used=1, n_eligible=10, n_rate_used=1, n_rate_all=11)
    none = replace(line, n_used=0, n_eligible=0, n_rate_used=0, n_rate_all=11)
    assert total([low, rarely, none]).n_low_coverage == 1
    assert choose_lines([low, rarely, none], Choice(view="low")) == [low]
