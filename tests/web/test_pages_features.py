"""Pages of features: figures equal the read models and a naive recount; the form, previews, roles, hostile names."""

import csv
import io
import re
from html import unescape
from typing import Any

import pytest

from milepost.actions.feature_board import read_feature_board, read_feature_page
from milepost.actions.features import push_catalogue, retire_feature
from milepost.actions.score import refresh_dirty
from milepost.actions.workspaces import create_workspace
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.wire.feature import Catalogue, EventRule, Feature, PageRule
from tests.factories import Sandbox
from tests.web.console import Somebody, become

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
BASE = "/e/production/features"


def feature(key: str, **more: Any) -> Feature:
    return Feature.model_validate({"key": key, "name": key.title(), "rules": [EventRule(on="event", name=key.title())]} | more)


def push(sandbox: Sandbox, *features: Feature) -> None:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=list(features)), "test")


def words(html: str) -> str:
    """The page's text with plain spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " "))


def row_of(html: str, key: str) -> str:
    """The text of the table row that names this key."""
    rows = [words(row) for row in re.findall(r"<tr.*?</tr>", html, re.S)]
    return next(row for row in rows if f" {key} " in row)


def table_of(text: str) -> list[dict[str, str]]:
    """A CSV answer, by its heads."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def fields_of(html: str, action: str = "") -> dict[str, str]:
    """The hidden fields of the form that posts to this address."""
    form = next(f for f in re.findall(r"<form.*?</form>", html, re.S) if re.match(rf'<form[^>]* action="[^"]*{action}"', f))
    return {n: unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)}


@pytest.fixture
def author(sandbox: Sandbox) -> Somebody:
    return become(sandbox, "author")


@pytest.fixture
def used(sandbox: Sandbox) -> Sandbox:
    """Three features; leave used by two people of a1 and one of a2 on some days, roster once, report never."""
    push(sandbox, feature("leave", core=True, module="HR"), feature("roster", module="HR"), feature("report", plans=["pro"]))
    for day in (0, 1, 2, 3, 5):
        sandbox.use("leave", user="u1", account="a1", days_ago=day, n=2)
    sandbox.use("leave", user="u2", account="a1", days_ago=1)
    sandbox.use("leave", user="v1", account="a2", days_ago=40)
    sandbox.use("roster", user="v1", account="a2")
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    return sandbox


def test_the_catalogue_shows_what_the_read_model_and_a_naive_count_say(used: Sandbox, author: Somebody) -> None:
    html = author.get(BASE).text
    for line in read_feature_board(used.runtime, used.tenant).lines:
        shown = row_of(html, line.feature.key)
        assert f" {line.uses_28d:,} " in shown
    sql = "SELECT sum(n + n_guided) FROM usage u JOIN features f ON f.ordinal = u.ordinal AND f.environment_id = u.environment_id"
    (naive,) = used.rows(sql + " WHERE f.key = 'leave' AND u.environment_id = :e AND u.day > :d", d=20_000)
    assert naive[0] == 12
    assert re.search(r"leave\s+Core.* 11 ", row_of(html, "leave"))  # the one of 40 days ago lies outside
    assert "1 of 2" in row_of(html, "leave")  # a1 has adopted it, a2 only tried


def test_reach_core_and_versions_stand_beside_the_heading(used: Sandbox, author: Somebody) -> None:
    used.send(used.event("Nothing known", user="u1"))
    shown = words(author.get(BASE).text)
    board = read_feature_board(used.runtime, used.tenant)
    assert f"Catalogue reach {round(100 * (board.reach or 0))} %" in shown
    assert "Live 3, 1 core" in shown
    assert "version 1" in shown


def test_an_empty_catalogue_offers_one_next_step(sandbox: Sandbox, author: Somebody) -> None:
    assert "Describe the first feature" in author.get(BASE).text
    sandbox.send(sandbox.event("Report Exported"))
    html = author.get(BASE).text
    assert "Make features of 1 name seen" in html
    assert "Describe the first feature" not in html


def test_it_filters_sorts_and_exports_the_same_rows(used: Sandbox, author: Somebody) -> None:
    assert words(author.get(f"{BASE}?q=ROS").text).count("roster") == 1
    assert " leave " not in words(author.get(f"{BASE}?module=&show=unproven").text)
    html = author.get(f"{BASE}?sort=uses&way=down").text
    assert html.index("<code>leave</code>") < html.index("<code>roster</code>") < html.index("<code>report</code>")
    table = table_of(author.get(f"{BASE}/_catalogue.csv?sort=uses&way=up").text)
    assert [(r["key"], r["uses_28d"]) for r in table] == [("report", "0"), ("roster", "1"), ("leave", "11")]


def test_live_counters_tell_uses_of_the_last_hour(used: Sandbox, author: Somebody) -> None:
    used.send(used.event("Roster", user="v1", account="a2"), used.event("Roster", user="v1", account="a2"))
    texts = author.get(f"{BASE}/_live").json()["texts"]
    assert (texts["hour-1"], texts["seen-1"]) == ("3", "seen 3 times in the last hour")
    assert texts["hour-2"] == "0"


def test_the_funnel_and_the_accounts_equal_the_read_model(used: Sandbox, author: Somebody) -> None:
    page = read_feature_page(used.runtime, used.tenant, "leave")
    html = author.get(f"{BASE}/leave").text
    assert page.funnel == {"eligible": 2, "tried": 2, "adopted": 1, "retained": 0}
    steps = re.findall(r'class="funnel-row".*?<b>(\d+)</b>', html.replace("\n", ""))
    shown = [int(n) for n in steps]
    assert shown == list(page.funnel.values())
    table = table_of(author.get(f"{BASE}/leave/accounts.csv").text)
    assert [(r["account_id"], r["state"], r["people_28d"], r["days_28d"]) for r in table] == [
        ("a1", "adopted", "2", "5"),
        ("a2", "tried", "0", "0"),
    ]
    assert [r["account_id"] for r in table_of(author.get(f"{BASE}/leave/accounts.csv?state=tried").text)] == ["a2"]


def test_a_feature_is_made_by_form_after_its_effect_was_shown(sandbox: Sandbox, author: Somebody) -> None:
    first = {"name": "Export", "key": "export", "weight": "1", "level": "basic", "cadence": "weekly", "rule-0-on": "event"}
    more = author.post(f"{BASE}/_new", first | {"rule-0-name": "Exported", "do": "add-where:0"})
    assert 'name="rule-0-where-0-property"' in more.text
    filled = first | {
        "rule-0-name": "Exported", "rule-0-where-0-property": "rows", "rule-0-where-0-op": "gte", "rule-0-where-0-value": "5",
        "rule-1-on": "page", "rule-1-path": "/exports/*",
        "rule-2-on": "element", "rule-2-path": "/reports/**", "rule-2-by-0-by": "testid", "rule-2-by-0-value": "export",
        "plans": "pro, basic", "add_ons": "", "audience_role": "manager", "module": "Reports", "core": "1",
    }  # fmt: skip
    preview = author.post(f"{BASE}/_new", filled | {"do": "preview"})
    assert "Publish Export?" in preview.text
    assert sandbox.rows("SELECT count(*) FROM features") == [(0,)]
    carried = fields_of(preview.text, "_new")
    done = author.post(f"{BASE}/_new", carried | {"do": "publish"})
    assert (done.status_code, done.headers["location"]) == (303, f"{BASE}/export")
    made = read_feature_page(sandbox.runtime, sandbox.tenant, "export").line.feature
    assert made.model_dump(exclude_defaults=True, by_alias=True) == {
        "key": "export",
        "name": "Export",
        "module": "Reports",
        "core": True,
        "cadence": "weekly",
        "audience_role": "manager",
        "plans": ["pro", "basic"],
        "rules": [
            {"on": "event", "name": "Exported", "where": [{"property": "rows", "op": "gte", "value": 5}]},
            {"on": "page", "path": "/exports/*"},
            {"on": "element", "target": {"locators": [{"by": "testid", "value": "export"}]}, "path": "/reports/**"},
        ],
    }


def test_errors_stand_beside_their_fields(sandbox: Sandbox, author: Somebody) -> None:
    push(sandbox, feature("leave", aliases=["absence"]))
    bad = {
        "name": "", "key": "Bad Key", "weight": "much", "level": "basic", "cadence": "daily", "introduced_on": "2026-13-01",
        "rule-0-on": "event", "rule-0-name": "", "rule-1-on": "element", "do": "preview",
    }  # fmt: skip
    answer = author.post(f"{BASE}/_new", bad)
    assert answer.status_code == 422
    for name in ("name", "key", "weight", "introduced_on", "rule-0-name", "rule-1-by"):
        assert f'id="{name}-error"' in answer.text
    taken = author.post(f"{BASE}/_new", {"name": "X", "key": "absence", "level": "basic", "cadence": "daily", "do": "preview"})
    assert taken.status_code == 422
    assert 'id="key-error"' in taken.text


def test_a_change_shows_whose_coverage_moves_and_a_rename_keeps_the_key(used: Sandbox, author: Somebody) -> None:
    used.send({"type": "group", "messageId": "g", "userId": "u1", "groupId": "a1", "traits": {"plan": "basic"}})
    html = author.get(f"{BASE}/leave/edit").text
    assert 'value="Leave"' in html
    posted = {"name": "Time off", "module": "HR", "weight": "1", "level": "basic", "cadence": "daily", "plans": "pro",
              "core": "1", "rule-0-on": "event", "rule-0-name": "Leave"}  # fmt: skip
    preview = author.post(f"{BASE}/leave/edit", posted | {"do": "preview"})
    shown = words(preview.text)  # a1 has basic, a2's plan is unknown
    assert "Coverage, core coverage or health of 2 accounts would move today" in shown
    author.post(f"{BASE}/leave/edit", fields_of(preview.text, "leave/edit") | {"do": "publish"})
    line = read_feature_page(used.runtime, used.tenant, "leave").line
    assert (line.feature.key, line.feature.name, line.feature.plans) == ("leave", "Time off", ["pro"])
    history = words(author.get(f"{BASE}/leave").text)
    assert "Changed name, plans version 2 · Author" in history


def test_a_wider_offer_tells_whom_it_reaches_in_28_days(used: Sandbox, author: Somebody) -> None:
    used.send({"type": "group", "messageId": "g", "userId": "u1", "groupId": "a1", "traits": {"plan": "basic"}})
    used.use("report", user="z", account="a3")
    used.clock.turn(days=1)
    posted = {"name": "Report", "weight": "1", "level": "basic", "cadence": "daily", "plans": "pro, basic",
              "rule-0-on": "event", "rule-0-name": "Report"}  # fmt: skip
    shown = words(author.post(f"{BASE}/report/edit", posted | {"do": "preview"}).text)
    assert "No account's coverage, core coverage or health would move today." in shown
    assert "It would reach 1 more account. There it is listed as new at first" in shown
    same = words(author.post(f"{BASE}/report/edit", posted | {"plans": "pro", "do": "preview"}).text)
    assert "It would reach" not in same


def test_retiring_shows_its_effect_first_and_can_be_undone(used: Sandbox, author: Somebody) -> None:
    preview = author.post(f"{BASE}/roster/retire", {"on": "2026-11-18", "do": "preview"})
    assert "Retire Roster from 2026-11-18?" in words(preview.text)
    assert used.rows("SELECT retired_on FROM features WHERE key = 'roster'") == [(None,)]
    author.post(f"{BASE}/roster/retire", fields_of(preview.text, "roster/retire") | {"do": "publish"})
    assert "Bring back" in author.get(f"{BASE}/roster").text
    author.post(f"{BASE}/roster/bring-back")
    assert used.rows("SELECT retired_on FROM features WHERE key = 'roster'") == [(None,)]


def test_merging_shows_its_effect_first(used: Sandbox, author: Somebody) -> None:
    asked = {"into": "leave", "on": "2026-11-18"}
    preview = author.post(f"{BASE}/roster/merge", asked | {"do": "preview"})
    # a2 used roster today: merged, its leave is used and roster is gone from both sides: 1 of 2 becomes 1 of 1
    assert re.search(r"a2 \d of 2 .* 1 of 1", words(preview.text))
    author.post(f"{BASE}/roster/merge", asked | {"do": "publish"})
    refresh_dirty(used.runtime, used.environment_id)
    sql = "SELECT n_used, n_eligible FROM live_scores s JOIN accounts a ON a.id = s.account_id WHERE a.key = 'a2'"
    assert used.rows(sql) == [(1, 1)]


def test_a_suspect_feature_says_since_when_and_one_button_confirms(used: Sandbox, author: Somebody) -> None:
    now = used.clock()
    with db.writing(used.runtime.engine) as connection:
        feature_store.insert_fault(
            connection, used.environment_id, ordinal=0, since_at=now - 7_200_000, last_good_at=now - 10_800_000, found_at=now,
            expected_per_day=50.0,
        )  # fmt: skip
    shown = words(author.get(BASE).text)
    assert "Suspect since 18 Nov, 09:06, last good hour 18 Nov, 08:06." in shown
    assert "unknown" in row_of(author.get(BASE).text, "leave")
    assert next(r for r in table_of(author.get(f"{BASE}/_catalogue.csv").text) if r["key"] == "leave")["uses_last_hour"] == ""
    done = author.post(f"{BASE}/leave/confirm")
    assert "Suspect since" not in words(author.get(BASE).text)
    assert "The silence of Leave is confirmed." in words(author.get(done.headers["location"]).text)
    author.post(f"{BASE}/leave/withdraw")
    assert "Suspect since" in words(author.get(BASE).text)
    author.post(f"{BASE}/leave/confirm")
    assert used.rows("SELECT count(*) FROM audit WHERE action = 'tracking.confirmed'") == [(2,)]


def test_more_than_twelve_core_features_warn(sandbox: Sandbox, author: Somebody) -> None:
    push(sandbox, *[feature(f"f{n}", core=True) for n in range(13)])
    assert "13 features are core" in author.get(BASE).text


@pytest.mark.parametrize("role", ["viewer", "csm"])
def test_who_may_not_change_features_sees_no_button_and_is_refused(used: Sandbox, role: str) -> None:
    reader = become(used, role)
    html = reader.get(BASE).text
    assert "New feature" not in html
    assert "Retire or merge" not in reader.get(f"{BASE}/leave").text
    for method, path in (("get", f"{BASE}/_new"), ("post", f"{BASE}/_new"), ("post", f"{BASE}/leave/retire"),
                         ("post", f"{BASE}/leave/merge"), ("post", f"{BASE}/leave/confirm")):  # fmt: skip
        assert getattr(reader, method)(path).status_code == 403


def test_another_workspaces_feature_is_not_found(used: Sandbox) -> None:
    made = create_workspace(used.runtime, name="Other", owner_email="other@example.test")
    stranger = become(Sandbox(used.runtime, made, used.clock), "author")
    for path in (f"{BASE}/leave", f"{BASE}/leave/edit", f"{BASE}/leave/accounts.csv"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"{BASE}/leave/retire", {"on": "2026-11-18", "do": "publish"}).status_code == 404
    assert used.rows("SELECT retired_on FROM features WHERE key = 'leave'") == [(None,)]


def test_hostile_names_are_text(sandbox: Sandbox, author: Somebody) -> None:
    evil = feature("evil", name=HOSTILE, module=HOSTILE[:100], description=HOSTILE,
                   rules=[EventRule(on="event", name=HOSTILE), PageRule(on="page", path=HOSTILE)])  # fmt: skip
    push(sandbox, evil)
    sandbox.use("evil", account=HOSTILE)
    sandbox.send({"type": "group", "messageId": "g", "userId": "u1", "groupId": HOSTILE, "traits": {"name": "=1+1" + HOSTILE}})
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    for path in (BASE, f"{BASE}/evil", f"{BASE}/evil/edit"):
        html = author.get(path).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    table = author.get(f"{BASE}/evil/accounts.csv").text
    assert "'=1+1" in table


def test_a_retired_feature_leaves_the_default_list(used: Sandbox, author: Somebody) -> None:
    retire_feature(used.runtime, used.tenant, "roster", None, "test")
    assert "<code>roster</code>" not in author.get(BASE).text
    assert "<code>roster</code>" in author.get(f"{BASE}?show=retired").text
