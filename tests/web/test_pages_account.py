"""One account's page: its figures are the read model's and a naive recount's, its parts add up, its past can be asked."""

import re
from datetime import date, timedelta

import pytest
from starlette.testclient import TestClient

from milepost.actions.account import read_account_page
from milepost.actions.features import push_catalogue
from milepost.actions.score import refresh_dirty, settle_days
from milepost.actions.workspaces import create_workspace
from milepost.rules.days import EPOCH, day_of
from milepost.wire.event import format_instant
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox
from tests.web.reading import console, plain

FEATURES = [
    Feature(key="leave", name="Leave", module="Time", core=True, rules=[EventRule(on="event", name="Leave")]),
    Feature(key="roster", name="Roster", module="Time", core=True, rules=[EventRule(on="event", name="Roster")]),
    Feature(key="report", name="Report", module="Insight", plans=["pro"], rules=[EventRule(on="event", name="Report")]),
    Feature(key="fresh", name="Fresh", module="Insight", rules=[EventRule(on="event", name="Fresh")]),
]
PLACE = "/e/production/accounts/a1"


@pytest.fixture
def book(sandbox: Sandbox) -> Sandbox:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=FEATURES), "test")
    for key in ("leave", "roster", "report"):
        sandbox.use(key, user="other", account="zero", days_ago=70)
    sandbox.send(
        {
            "type": "group", "messageId": "g1", "userId": "u1", "groupId": "a1",
            "traits": {"name": "Acme", "plan": "basic", "arr": 12000, "employees": 10, "seats": 5, "started_on": "2026-01-05"},
        },
        {"type": "identify", "messageId": "i1", "userId": "u1", "traits": {"name": "Ann Lee", "role": "manager"}},
    )  # fmt: skip
    for days_ago in (0, 3, 35):
        sandbox.send(sandbox.event("Leave", at=sandbox.clock() - days_ago * 86_400_000), route="import")
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    return sandbox


@pytest.fixture
def client(book: Sandbox) -> TestClient:
    return console(book, "viewer")


def shown(client: TestClient, query: str = "") -> str:
    answer = client.get(PLACE + query)
    assert answer.status_code == 200, answer.text
    return answer.text


def region(html: str, name: str) -> str:
    """The text of one live region."""
    found = re.search(rf'id="{name}" data-live.*?</section>', html, re.S)
    assert found, name
    return plain(found.group(0))


def points(html: str) -> list[float]:
    """The points of every part, group and sum, in order."""
    table = re.search(r'<table class="table cards parts".*?</table>', html, re.S)
    assert table
    return [float(x.replace("−", "-")) for x in re.findall(r"<b>([−0-9.]+)</b>", table.group(0))]


def test_coverage_stands_live_and_at_midnight_with_the_usage_rate_beside_it(book: Sandbox, client: TestClient) -> None:
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 1])
    book.send(book.event("Roster"))
    refresh_dirty(book.runtime, book.environment_id)
    naive = book.rows(
        "SELECT DISTINCT u.ordinal FROM usage u JOIN accounts a ON a.id = u.account_id WHERE a.key = 'a1' AND u.n > 0"
    )
    said = region(shown(client), "live-coverage")
    assert f"live {len(naive)} of 2 · midnight 1 of 2" in said
    assert f"{len(naive)} of 3 67 %" in said
    assert "Catalogue reach, 28 days 100 % of views and events" in said


def test_guided_use_is_said_beside_coverage(book: Sandbox, client: TestClient) -> None:
    book.send(book.event("Roster", context={"groupId": "a1", "milepost": {"guide": "run_1"}}))
    refresh_dirty(book.runtime, book.environment_id)
    said = region(shown(client), "live-coverage")
    assert "1 of 2 +1 in guides only" in said
    assert "Tried in guides only" in said


def test_every_part_of_health_is_there_and_adds_up_on_the_screen(book: Sandbox, client: TestClient) -> None:
    page = read_account_page(book.runtime, book.tenant, "a1")
    assert page.live is not None
    assert page.live.score is not None
    html = shown(client)
    numbers = points(html)
    total, rest = numbers[-1], numbers[:-1]
    assert total == round(page.live.score, 1)
    groups = re.findall(r'class="group".*?<b>([−0-9.]+)</b>', html, re.S)
    assert round(sum(map(float, groups)), 1) == total
    assert round(sum(rest) - sum(map(float, groups)), 1) == total
    said = region(html, "live-health")
    for item in page.live.items:
        assert plain(item.sentence["en"]) in said
        assert plain(item.sentence["zh-CN"]) in said
    assert "Health model adoption, version 1" in said
    assert f"Inputs known {page.live.known_share:.0%}".replace("%", " %") in said
    assert "At risk below 50 · Watch below 75" in said
    assert "unknown" in said  # NPS has no answer


def test_base_and_clamp_are_rows_of_a_points_model(book: Sandbox, client: TestClient) -> None:
    from milepost.actions.health import activate_model

    activate_model(book.runtime, book.tenant, "starter", None, "test")
    at = format_instant(book.clock() - 1000)
    tickets = [
        book.event("Ticket Opened", properties={"ticket_id": f"t{n}", "category": "complaint"}, timestamp=at) for n in range(5)
    ]
    book.send(*tickets)
    refresh_dirty(book.runtime, book.environment_id)
    said = region(shown(client), "live-health")
    assert "Base 50.0" in said
    assert "−15.0" in said
    assert "> 50 %" in said


def test_the_change_card_adds_up_with_its_causes(book: Sandbox, client: TestClient) -> None:
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 31, today - 1])
    html = shown(client)
    card = re.search(r'<ul class="changes">(.*?)</ul>', html, re.S)
    assert card
    sums = [float(x) for x in re.findall(r'class="sum".*?class="pts">([0-9.]+)<', card.group(1), re.S)]
    deltas = [float(x.replace("−", "-")) for x in re.findall(r"</svg>([+−][0-9.]+)</span>", card.group(1))]
    assert round(sums[0] + sum(deltas), 1) == sums[1]
    assert "Data moved" in card.group(1)


def test_the_change_of_a_week_stands_beside_that_of_a_month(book: Sandbox, client: TestClient) -> None:
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 31])
    assert "in 7 days" not in plain(shown(client))
    settle_days(book.runtime, book.environment_id, [today - 7])
    before = book.rows(
        "SELECT score FROM settled_scores WHERE account_id = (SELECT id FROM accounts WHERE key = 'a1') ORDER BY day"
    )
    page = read_account_page(book.runtime, book.tenant, "a1")
    assert page.live is not None
    assert page.live.score is not None
    week, month = page.live.score - before[1][0], page.live.score - before[0][0]
    assert page.week_change == pytest.approx(week)
    said = [f"{abs(x):.1f} in {n} days" for x, n in ((month, 30), (week, 7))]
    assert all(one in plain(shown(client)) for one in said), said


def test_states_stand_by_module_with_words_and_what_is_not_in_the_plan_apart(client: TestClient) -> None:
    html = shown(client)
    said = region(html, "live-coverage")
    assert "Time 1 of 2 1 tried, 1 never" in said
    assert "rule unproven" in said
    white = re.search(r'<ul class="white">(.*?)</ul>', html, re.S)
    assert white
    assert plain(white.group(1)) == "Report"


def test_people_say_who_uses_what(client: TestClient) -> None:
    said = region(shown(client), "live-people")
    assert "Ann Lee manager" in said
    assert "2 of 28 1 feature Ann Lee Leave" in said
    assert "1 of 1 active in 28 days" in said
    assert "Ann Lee · manager" in plain(shown(client))


def test_a_trait_the_browser_filled_is_marked_unverified(book: Sandbox, client: TestClient) -> None:
    group = {
        "type": "group",
        "messageId": "g9",
        "userId": "u9",
        "groupId": "b9",
        "traits": {"name": "Bee", "arr": 7, "tier": "Z"},
    }
    book.send(group, secret=False)
    refresh_dirty(book.runtime, book.environment_id)
    html = client.get("/e/production/accounts/b9").text
    assert "browser script" in html
    assert html.count(">unverified<") >= 2
    assert "unverified" not in shown(client)


def test_a_past_day_shows_what_was_stored_and_what_is_known_now(book: Sandbox, client: TestClient) -> None:
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 2])
    book.send(book.event("Roster", at=book.clock() - 2 * 86_400_000), route="import")
    refresh_dirty(book.runtime, book.environment_id)
    day = (EPOCH + timedelta(days=today - 2)).isoformat()
    said = region(shown(client, f"?day={day}"), "live-health")
    assert "Coverage 1 of 2 2 of 2" in said
    unsettled = (EPOCH + timedelta(days=today - 5)).isoformat()
    assert "Nothing was stored that night" in shown(client, f"?day={unsettled}")


@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01", "2999-01-01", "20261118"])
def test_a_day_that_can_not_be_asked_says_so_beside_the_field(client: TestClient, wrong: str) -> None:
    answer = client.get(f"{PLACE}?day={wrong}")
    if answer.status_code == 200:  # a date in another spelling of ISO 8601
        assert date.fromisoformat(wrong)
        return
    assert answer.status_code == 422
    assert 'aria-describedby="day-problem"' in answer.text


def test_the_stamp_moves_with_the_numbers_and_only_with_them(book: Sandbox, client: TestClient) -> None:
    place = "/e/production/account-stamps/a1"
    first = client.get(place)
    assert first.json()["stamp"] in shown(client)
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get(place, headers=tag).status_code == 304
    book.clock.turn(ms=5000)
    book.send(book.event("Roster"))
    refresh_dirty(book.runtime, book.environment_id)
    moved = client.get(place, headers=tag)
    assert moved.status_code == 200
    assert moved.json() != first.json()


def test_another_workspaces_account_answers_like_an_absent_one(book: Sandbox, client: TestClient) -> None:
    other = create_workspace(book.runtime, name="Other", owner_email="o@other.test")
    holder = book.runtime.keys.find(other.secret_key, book.clock())
    assert holder is not None
    with_other = Sandbox(book.runtime, other, book.clock)
    with_other.send(with_other.event("Leave", account="theirs"))
    for place in ("accounts", "account-stamps"):
        assert client.get(f"/e/production/{place}/theirs").status_code == 404
        assert client.get(f"/e/production/{place}/nobody").status_code == 404


def test_an_account_that_left_says_so(book: Sandbox, client: TestClient) -> None:
    today = day_of(book.clock(), "UTC")
    settle_days(book.runtime, book.environment_id, [today - 20])
    ended = (EPOCH + timedelta(days=today - 10)).isoformat()
    book.send({"type": "group", "messageId": "g3", "userId": "u1", "groupId": "a1", "traits": {"ended_on": ended}})
    refresh_dirty(book.runtime, book.environment_id)
    html = shown(client)
    assert "This customer left on" in html
    assert "Health" in html


def test_chinese_names_the_parts_in_chinese(client: TestClient) -> None:
    client.post("/preferences", data={"locale": "zh-CN", "back": "/"})
    said = plain(shown(client))
    for words in ("核心功能使用率", "1 已尝试、1 未使用", "数据完整度", "增购空间", "健康分模型 adoption，第 1 版"):
        assert words in said, words
