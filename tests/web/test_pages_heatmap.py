"""The heat map shows the read model's states, counts them, sorts both ways, and gives every cell as CSV."""

import csv
import io
import re
from collections import Counter
from html import escape

import pytest
from starlette.testclient import TestClient

from milepost.actions.features import push_catalogue
from milepost.actions.heatmap import read_heatmap
from milepost.actions.score import refresh_dirty
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox
from tests.web.reading import console, plain

FEATURES = [
    Feature(key="leave", name="Leave", module="Time", core=True, rules=[EventRule(on="event", name="Leave")]),
    Feature(key="roster", name="Roster", module="Time", rules=[EventRule(on="event", name="Roster")]),
    Feature(key="report", name="Report", module="Insight", plans=["pro"], rules=[EventRule(on="event", name="Report")]),
    Feature(key="idle", name="Idle", module="Insight", rules=[EventRule(on="event", name="Idle")]),
]
CELL = re.compile(r'<td class="st st-(\w+)[^"]*" aria-label="([^"]+)"></td>')
ROW = re.compile(r'<th scope="row"><span><a [^>]*>([^<]*)</a>(.*?)</tr>', re.S)


@pytest.fixture
def book(sandbox: Sandbox) -> Sandbox:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=FEATURES), "test")
    traits = {"a1": ("Acme", "A", "basic"), "b2": ("Birch", "B", "pro"), "c3": ("<b>Cedar", "A", "pro")}
    for key, (name, tier, plan) in traits.items():
        values = {"name": name, "tier": tier, "plan": plan, "started_on": "2025-03-01"}
        sandbox.send({"type": "group", "messageId": key, "userId": f"u{key}", "groupId": key, "traits": values})
    for days_ago in range(60):
        sandbox.use("leave", account="b2", days_ago=days_ago)
    sandbox.use("report", account="b2")
    sandbox.use("roster", account="c3", days_ago=1)
    sandbox.send(sandbox.event("Leave", account="a1", context={"groupId": "a1", "milepost": {"guide": "run_1"}}))
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    return sandbox


@pytest.fixture
def client(book: Sandbox) -> TestClient:
    return console(book, "viewer")


def shown(client: TestClient, query: str = "") -> str:
    answer = client.get(f"/e/production/heatmap{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def states(html: str) -> dict[str, list[str]]:
    return {name: [state for state, _ in CELL.findall(rest)] for name, rest in ROW.findall(html)}


def test_every_cell_is_the_read_models_and_the_legend_counts_them(book: Sandbox, client: TestClient) -> None:
    heat = read_heatmap(book.runtime, book.tenant)
    html = shown(client)
    wanted = {escape(row.account.name): [cell.state for cell in row.cells] for row in heat.rows}
    assert states(html) == wanted
    counted = Counter(state for row in wanted.values() for state in row)
    legend = plain(re.search(r'<ul class="legend">(.*?)</ul>', html, re.S).group(1))  # type: ignore[union-attr]
    for state, word in (("retained", "Retained"), ("never", "Never"), ("not_entitled", "Not entitled")):
        assert f"{word} {counted[state]}" in legend


def test_guided_only_use_has_a_mark_and_a_word(client: TestClient) -> None:
    assert 'class="st st-tried gd" aria-label="Tried in guides only"' in shown(client)


def test_a_rule_that_never_matched_is_marked(client: TestClient) -> None:
    html = shown(client)
    assert "rule unproven: outside coverage" in html
    assert re.search(r'<span class="truncate">Idle</span>.*?rule unproven', html, re.S)


def test_rows_sort_by_tier_coverage_and_name_both_ways(client: TestClient) -> None:
    assert list(states(shown(client))) == ["&lt;b&gt;Cedar", "Acme", "Birch"]
    assert list(states(shown(client, "?rows=name"))) == ["&lt;b&gt;Cedar", "Acme", "Birch"]
    assert list(states(shown(client, "?rows=name&dir=desc"))) == ["Birch", "Acme", "&lt;b&gt;Cedar"]
    assert next(iter(states(shown(client, "?rows=coverage")))) == "Birch"
    assert next(iter(states(shown(client, "?rows=coverage&dir=asc")))) == "Acme"


def test_columns_sort_and_cells_go_with_them(client: TestClient) -> None:
    def heads(html: str) -> list[str]:
        return re.findall(r'<span class="truncate(?: core)?">(Leave|Roster|Report|Idle)</span>', html)

    assert heads(shown(client)) == ["Report", "Idle", "Leave", "Roster"]
    by_name = shown(client, "?columns=name")
    assert heads(by_name) == ["Idle", "Leave", "Report", "Roster"]
    assert states(by_name)["Birch"] == ["never", "retained", "tried", "never"]
    assert heads(shown(client, "?columns=use"))[-1] == "Idle"


def test_filters_keep_rows(client: TestClient) -> None:
    assert list(states(shown(client, "?tier=B"))) == ["Birch"]
    assert list(states(shown(client, "?q=acm"))) == ["Acme"]
    assert "No account fits" in shown(client, "?q=zzz")


def test_the_table_says_how_many_of_each(client: TestClient) -> None:
    html = shown(client, "?view=table&rows=retained&dir=desc")
    rows = re.findall(r'<tr role="row"><th role="rowheader".*?</tr>', html, re.S)
    assert "Birch B 2 of 3" in plain(rows[0])
    assert 'aria-sort="descending"' in html


def test_csv_holds_every_cell_in_words(client: TestClient) -> None:
    text = client.get("/e/production/heatmap.csv").text.lstrip("\ufeff")
    rows = {row["Account id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["b2"]["Leave"] == "Retained"
    assert rows["a1"]["Report"] == "Not entitled"
    assert len(rows) == 3


def test_hostile_names_stand_as_text(client: TestClient) -> None:
    assert "<b>Cedar" not in shown(client)


def test_an_environment_without_features_teaches(sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event())
    html = shown(console(sandbox, "viewer"))
    assert "No features yet" in html
    assert "<table" not in html
