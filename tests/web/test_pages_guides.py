"""The list of guides and one guide: what they show equals a naive recount of the events, in words, by role."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql_text

from milepost.actions.features import push_catalogue
from milepost.actions.guide_audience import Size, read_sizes
from milepost.actions.guide_report import read_report
from milepost.actions.guides import push_guides
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import DAY_MS, Sandbox
from tests.guide_factories import a_guide, a_step, boot, claim, offered, publish, say, word
from tests.web.console import Somebody, become
from tests.web.test_pages_features import HOSTILE, words

BASE = "/e/production/guides"
REPORT = Feature(key="report", name="Report", rules=[EventRule(on="event", name="Report Opened")])
EXAMPLES = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
WALK = st.lists(
    st.tuples(
        st.sampled_from(["shown", "step", "step", "missing", "missing_over", "finished", "dismissed"]),
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(["closed", "later", "never", "no_tips", "ambiguous", "missing"]),
    ),
    max_size=6,
)
USE = st.integers(-2, 2)  # days from the walk; none when even
HISTORY = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 32), WALK, USE), max_size=8)  # person, days ago, walk, use


@pytest.fixture
def author(sandbox: Sandbox) -> Somebody:
    return become(sandbox, "author")


@pytest.fixture
def guide(sandbox: Sandbox) -> str:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=[REPORT]), "test")
    sandbox.clock.turn(ms=1000)
    free = a_guide("intro", "one", "two", goal_feature="report", linkable=True, budget="free")
    return publish(sandbox, free)["intro"]


def play(sandbox: Sandbox, guide: str, history: list[Any], round_: str) -> None:
    """Each walk on its own day, oldest first; the clock turns back before and forth after."""
    now = sandbox.clock()
    for number, (who, days_ago, walk, use) in enumerate(sorted(history, key=lambda h: -h[1])):
        user, account = f"{round_}p{who}", f"{round_}a{who % 2}"
        sandbox.clock.now_ms = now - days_ago * DAY_MS + number * 1000
        sandbox.send(sandbox.event(user=user, account=account, at=sandbox.clock(), name="Hello"), route="import")
        run, answer = claim(sandbox, guide, user, free=True)
        if not answer.ok:
            continue
        told = []
        for i, (what, step, reason) in enumerate(walk):
            over = what == "missing_over" or None
            who_says: dict[str, Any] = {"user": user, "account": account, "at": sandbox.clock() + i}
            told.append(word(sandbox, run, what.split("_")[0], step, reason=reason, over=over, **who_says))
        if told:
            sandbox.send(*told, route="import")
        if use % 2 and sandbox.clock() + use * DAY_MS <= now:
            at = sandbox.clock() + use * DAY_MS
            used = sandbox.event("$feature", user=user, account=account, at=at, properties={"feature": "report"})
            sandbox.send(used, route="import")
    sandbox.clock.now_ms = now


def recount(sandbox: Sandbox, prefix: str) -> dict[str, Any]:
    """From the stored events alone: per run the first showing, the steps, the first end."""
    events = sandbox.rows(
        "SELECT e.at, e.body, u.key, a.key, e.name FROM events e JOIN end_users u ON u.id = e.end_user_id "
        "JOIN accounts a ON a.id = e.account_id WHERE e.name IN ('$guide', '$feature') AND u.key LIKE :p",
        p=prefix + "%",
    )
    since = (day_of(sandbox.clock(), "UTC") - 27) * DAY_MS
    runs: dict[str, list[tuple[int, dict[str, Any], str, str]]] = {}
    uses: dict[str, list[int]] = {}
    for at, body, user, account, name in events:
        properties = json.loads(body).get("p", {})
        if name == "$feature":
            uses.setdefault(account, []).append(at // DAY_MS)
        else:
            runs.setdefault(properties["run"], []).append((at, properties, user, account))
    found: dict[str, Any] = {"shown": 0, "finished": 0, "people": set(), "accounts": {}, "steps": Counter(), "ended": Counter()}
    found |= {"missing": Counter(), "never_came": 0}
    for told in runs.values():
        told.sort(key=lambda event: event[0])
        shown_at = min((at for at, p, *_ in told if p["what"] == "shown"), default=None)
        end = next((e for e in told if e[1]["what"] in {"finished", "dismissed"} or e[1].get("over")), None)
        gone: dict[str, tuple[int, str]] = {}
        for at, p, *_ in told:
            if p["what"] == "missing":
                gone.setdefault(p["step"], (at, p["reason"] if p["reason"] in {"missing", "ambiguous"} else "missing"))
        found["missing"] += Counter((step, reason) for step, (at, reason) in gone.items() if at >= since)
        if shown_at is None:
            found["never_came"] += end is not None and bool(end[1].get("over")) and end[0] >= since
            continue
        if shown_at < since:
            continue
        _, _, user, account = told[0]
        found["shown"] += 1
        found["people"].add(user)
        found["accounts"][account] = min(shown_at, found["accounts"].get(account, shown_at))
        found["steps"] += Counter({p["step"] for _, p, *_ in told if p["what"] in {"shown", "step"}})
        what = end[1]["what"] if end else "open"
        reason = end[1]["reason"] if end else ""
        found["finished"] += what == "finished"
        known = reason if reason in {"closed", "later", "never", "no_tips"} else "closed"
        found["ended"][known if what == "dismissed" else what] += 1
    found["followed"] = sum(any(day >= at // DAY_MS for day in uses.get(a, [])) for a, at in found["accounts"].items())
    return found


@EXAMPLES
@given(history=HISTORY)
def test_every_number_equals_a_naive_recount_of_the_events(sandbox: Sandbox, guide: str, history: list[Any]) -> None:
    before = read_report(sandbox.runtime, sandbox.tenant, "intro")
    play(sandbox, guide, history, f"r{sandbox.rows('SELECT count(*) FROM events')[0][0]}-")
    naive, report = recount(sandbox, "r"), read_report(sandbox.runtime, sandbox.tenant, "intro")
    assert before.funnel.shown <= report.funnel.shown
    counts = (naive["shown"], naive["finished"], len(naive["people"]), len(naive["accounts"]))
    assert tuple(report.funnel) == counts
    assert {line.step: line.shown for line in report.steps if line.shown} == dict(naive["steps"])
    assert {(s.step, r): n for s in report.steps for r, n in s.missing.items()} == dict(naive["missing"])
    assert report.ended == dict(naive["ended"])
    assert (report.never_came, report.followed, report.seen_by) == (
        naive["never_came"],
        naive["followed"],
        len(naive["accounts"]),
    )


def test_the_audience_is_as_large_as_boots_say(sandbox: Sandbox) -> None:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=[REPORT]), "test")
    sandbox.clock.turn(ms=1000)
    pro = {"fact": "account.plan", "op": "is", "value": "pro"}
    new = {"fact": "feature.report.uses", "op": "lt", "value": 1}
    role = {"fact": "user.role", "op": "is_not", "value": "clerk"}
    trees = [None, pro, new, role, {"any": [pro, new]}, {"all": [{"not": pro}, role]}]
    ids = publish(sandbox, *(a_guide(f"g{i}", audience=tree) for i, tree in enumerate(trees)))
    for i in range(12):
        account = f"a{i % 4}"
        traits = {"role": ("clerk", "manager")[i % 2]} if i % 3 else {"x": 1}
        sandbox.send({"type": "group", "userId": f"u{i}", "groupId": account, "traits": {"plan": ("pro", "basic")[i % 4 == 3]}})
        sandbox.send({"type": "identify", "userId": f"u{i}", "traits": traits, "context": {"groupId": account}})
        if i % 5 == 0:
            sandbox.use("report", user=f"u{i}", account=account)
    run, _ = claim(sandbox, ids["g0"], "u1")
    say(sandbox, run, "dismissed", user="u1", reason="never")
    sandbox.clock.turn(ms=1000)
    by_key = {f"g{i}": a_guide(f"g{i}", audience=tree) for i, tree in enumerate(trees)}
    row_ids = dict(sandbox.rows("SELECT key, id FROM guides"))
    sizes = read_sizes(sandbox.runtime, sandbox.tenant, {row_ids[key]: guide for key, guide in by_key.items()})
    for key in by_key:
        people = [i for i in range(12) if key in offered(sandbox, f"u{i}")]
        held = sizes[row_ids[key]]
        assert held.open == len(people), key
        assert held == Size(
            len(people) + (key == "g0"), len({i % 4 for i in people} | ({1} if key == "g0" else set())), len(people)
        )


def test_the_list_shows_state_audience_and_funnel(sandbox: Sandbox, guide: str, author: Somebody) -> None:
    push_guides(sandbox.runtime, sandbox.tenant, [a_guide("later")], "test")
    for i in range(4):
        run, _ = claim(sandbox, guide, f"u{i}")
        say(sandbox, run, "shown", user=f"u{i}")
        if i < 3:
            say(sandbox, run, "finished", "two", user=f"u{i}")
    html = author.get(BASE).text
    text = words(html)
    assert "1 live in production" in text.lower()
    row = next(words(r) for r in re.findall(r"<tr.*?</tr>", html, re.S) if "/guides/intro" in r)
    assert "Live v1" in row
    assert "Report · Tour, 2 steps" in row
    assert "75 % 3 of 4" in row
    assert "4 in 1 account" in row
    draft = next(words(r) for r in re.findall(r"<tr.*?</tr>", html, re.S) if "/guides/later" in r)
    assert "Draft" in draft
    assert "not shown yet" in draft
    assert "later" not in words(author.get(BASE + "?show=published").text.split("<tbody")[1].split("</tbody>")[0])
    csv = author.get(BASE + "/_list.csv").text
    assert "intro,Intro,tour,published,1,report,4,1,4,3,4,1" in csv


def test_one_guide_reads_as_words(sandbox: Sandbox, author: Somebody) -> None:
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=[REPORT]), "test")
    sandbox.clock.turn(ms=1000)
    tree = {
        "all": [
            {"fact": "user.role", "op": "in", "value": ["hr_admin", "lead"]},
            {"not": {"fact": "feature.report.uses", "op": "gte", "value": 1000}},
        ]
    }
    blocks = [
        {"type": "heading", "text": {"en": "Hello", "zh-CN": "你好"}},
        {"type": "text", "text": [{"text": "Read ", "bold": True}, {"text": "this", "link": "https://a.example/"}]},
        {"type": "list", "items": ["first", "second"]},
        {"type": "button", "id": "go", "text": "Go on", "actions": [{"do": "next"}]},
    ]
    publish(sandbox, a_guide(goal_feature="report", audience=tree, pages=["/reports/**"], steps=[a_step("one", blocks=blocks)]))
    text = words(author.get(f"{BASE}/intro").text)
    for sentence in (
        "All of this holds: the person’s role is one of hr admin, lead This does not hold:",
        "uses of “Report” by the person in 90 days is at least 1,000",
        "On arrival at the page", "/reports/**", "Once: finished or closed, it does not return", "Hello", "你好", "Read this",
        "first second", "Go on", "version 1", "first version", "not proof",
    ):  # fmt: skip
        assert sentence in text, sentence


def test_an_author_publishes_pauses_and_publishes_an_old_version_again(sandbox: Sandbox, author: Somebody) -> None:
    push_guides(sandbox.runtime, sandbox.tenant, [a_guide(name="First")], "test")
    page = f"{BASE}/intro"
    assert author.post(f"{page}/publish").status_code == 303
    push_guides(sandbox.runtime, sandbox.tenant, [a_guide("intro", "one", "three", name="Second")], "test")
    sandbox.clock.turn(ms=1000)
    assert "The draft is not what is on air." in words(author.get(page).text)
    author.post(f"{page}/publish")
    assert "name, step three added, step two removed" in words(author.get(page).text)
    author.post(f"{page}/restore", {"version": "1"})
    same = author.post(f"{page}/restore", {"version": "1"}).headers["location"]
    assert "It equals version 3, which is on air: nothing new was published." in words(author.get(same).text)
    assert "nothing new" not in words(author.get(page).text)
    author.post(f"{page}/status", {"status": "paused"})
    assert "Paused v3" in words(author.get(page).text)
    assert sandbox.rows("SELECT status, current_version FROM guides") == [("paused", 3)]
    (actor,) = set(sandbox.rows("SELECT actor FROM audit WHERE action LIKE 'guide.%' AND actor != 'test'"))
    assert actor == (author.public_id,)
    author.post(f"{page}/status", {"status": "retired"})
    assert "No guide is in this state." in words(author.get(BASE).text)


def test_what_stops_a_publication_stands_on_the_page(sandbox: Sandbox, author: Somebody) -> None:
    push_guides(sandbox.runtime, sandbox.tenant, [a_guide(goal_feature="nowhere")], "test")
    answer = author.post(f"{BASE}/intro/publish")
    assert answer.status_code == 422
    assert "Stops publication: The catalogue has no feature “nowhere”." in words(answer.text)
    assert "/goal_feature" not in words(answer.text)


@pytest.mark.parametrize("role", ["viewer", "csm"])
def test_who_may_only_read_finds_no_button_and_can_change_nothing(sandbox: Sandbox, guide: str, role: str) -> None:
    reader = become(sandbox, role)
    html = reader.get(f"{BASE}/intro").text
    assert "/publish" not in html
    assert "/status" not in html
    for path, data in (("publish", {}), ("restore", {"version": "1"}), ("status", {"status": "paused"})):
        assert reader.post(f"{BASE}/intro/{path}", data).status_code == 403
    assert sandbox.rows("SELECT status FROM guides") == [("published",)]


def test_hostile_texts_stay_texts(sandbox: Sandbox, author: Somebody) -> None:
    blocks = [{"type": "heading", "text": HOSTILE}, {"type": "button", "id": "b", "text": HOSTILE, "actions": [{"do": "next"}]}]
    tree = {"fact": "user.role", "op": "is", "value": HOSTILE}
    publish(sandbox, a_guide(name=HOSTILE[:100], audience=tree, steps=[a_step("one", blocks=blocks)]))
    for path in (BASE, f"{BASE}/intro"):
        assert HOSTILE[:25] not in author.get(path).text


def test_without_guides_the_page_says_what_will_be_here(sandbox: Sandbox, author: Somebody) -> None:
    text = words(author.get(BASE).text)
    assert "No guide yet" in text
    assert "milepost guides push" in text
    assert author.get(f"{BASE}/nothing").status_code == 404


def test_the_pages_speak_chinese(sandbox: Sandbox, guide: str) -> None:
    reader = become(sandbox, "author", locale="zh-CN")
    assert "线上 v1" in reader.get(BASE).text
    text = words(reader.get(f"{BASE}/intro").text)
    for said in ("从展示到完成", "所有人", "不构成证明", "首个版本"):
        assert said in text


def test_internal_people_move_no_number(sandbox: Sandbox, guide: str) -> None:
    run, _ = claim(sandbox, guide, "me")
    say(sandbox, run, "shown", user="me")
    with_number = read_report(sandbox.runtime, sandbox.tenant, "intro").funnel.shown
    with db.writing(sandbox.runtime.engine) as connection:
        connection.execute(sql_text("UPDATE end_users SET internal = 1"))
    assert (with_number, read_report(sandbox.runtime, sandbox.tenant, "intro").funnel.shown) == (1, 0)
    assert boot(sandbox, "me").guides  # they may still try it
