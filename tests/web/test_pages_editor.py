"""Making guides by pages: from nothing and from the library, copies, what changes between versions, roles, articles."""

import re
from typing import Any

import pytest

from milepost.actions.features import push_catalogue
from milepost.actions.guide_library import list_starters
from milepost.actions.guides import publish_guide, push_guides
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox
from tests.guide_factories import a_guide, a_step, publish
from tests.web.console import Somebody, become

BASE = "/e/production/guides"
KINDS = ("tour", "tooltip", "modal", "banner", "checklist", "survey", "resource_centre")


@pytest.fixture
def author(sandbox: Sandbox) -> Somebody:
    return become(sandbox, "author")


def make(author: Somebody, name: str, start: str) -> str:
    """The key of the new guide."""
    answer = author.post(f"{BASE}/_new", {"name": name, "start": start})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("/")[-2]


@pytest.mark.parametrize("start", [*KINDS, *(guide.key for guide in list_starters())])
def test_every_beginning_makes_a_draft_that_can_be_published(author: Somebody, sandbox: Sandbox, start: str) -> None:
    key = make(author, "Begin here", start)
    page = author.get(f"{BASE}/{key}/edit")
    assert (key, page.status_code) == ("begin-here", 200)
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert author.post(f"{BASE}/{key}/publish").status_code == 303


@pytest.mark.parametrize("start", ["tour", "maintenance", "help-centre", "get-started"])
def test_what_a_template_holds_open_is_named_until_it_is_written(author: Somebody, sandbox: Sandbox, start: str) -> None:
    key = make(author, "Begin here", start)
    page, chinese = author.get(f"{BASE}/{key}").text, become(sandbox, "viewer", locale="zh-CN").get(f"{BASE}/{key}").text
    held_open = {"tour": "Say what this is about", "help-centre": "mailto:support@example.com"}
    text = held_open.get(start, "https://example.com/")
    assert re.search(rf"Step \d: [^<]*“{re.escape(text)}", page)
    assert re.search(r"步骤 \d：[^<]*(模板原文|只是示例)", chinese)
    own = [{"type": "heading", "text": "Ours"}, {"type": "text", "text": "Write to help@our.example"}]
    push_guides(sandbox.runtime, sandbox.tenant, [a_guide(key, steps=[a_step("one", blocks=own)])], "test")
    assert not re.search("template's own words|is an example", author.get(f"{BASE}/{key}").text)


def test_the_library_is_named_in_the_readers_language(sandbox: Sandbox) -> None:
    page = become(sandbox, "author", locale="zh-CN").get(f"{BASE}/_new").text
    assert re.findall("Help centre|Maintenance notice", page) == []


def test_names_that_are_taken_or_have_no_letters_get_keys_of_their_own(author: Somebody) -> None:
    assert [make(author, name, "tour") for name in ("Intro!", "intro", "引导", "引导")] == [
        "intro",
        "intro-2",
        "guide",
        "guide-2",
    ]
    assert "at most 200 characters" in author.post(f"{BASE}/_new", {"name": "", "start": "tour"}).text
    assert author.post(f"{BASE}/_new", {"name": "x", "start": "nothing"}).status_code == 422


def test_a_template_keeps_a_goal_that_is_here(author: Somebody, sandbox: Sandbox) -> None:
    search = Feature(key="search", name="Search", rules=[EventRule(on="event", name="Searched")])
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=[search]), "test")
    sandbox.clock.turn(ms=1000)
    draft = author.get(f"/api/v1/guides/{make(author, 'Faster', 'quick-search')}/draft").json()["draft"]
    assert (draft["goal_feature"], draft["audience"]["fact"]) == ("search", "feature.search.uses")


def test_a_task_of_the_library_is_ticked_by_hand_where_its_feature_is_not(author: Somebody, sandbox: Sandbox) -> None:
    def first(name: str) -> Any:
        draft = author.get(f"/api/v1/guides/{make(author, name, 'get-started')}/draft").json()["draft"]
        return (draft["steps"][0]["done_when"] or {}).get("feature")

    assert first("Here") is None
    made = Feature(key="create_project", name="Create", rules=[EventRule(on="event", name="Project Created")])
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=[made]), "test")
    sandbox.clock.turn(ms=1000)
    assert first("There") == "create_project"


def test_a_copy_is_a_draft_of_its_own_and_a_retired_guide_comes_back(author: Somebody, sandbox: Sandbox) -> None:
    publish(sandbox, a_guide("intro"))
    answer = author.post(f"{BASE}/intro/duplicate")
    assert answer.headers["location"].endswith("/intro-copy/edit")
    author.post(f"{BASE}/intro/status", {"status": "retired"})
    author.post(f"{BASE}/intro/status", {"status": "back"})
    author.post(f"{BASE}/intro-copy/status", {"status": "retired"})
    author.post(f"{BASE}/intro-copy/status", {"status": "back"})
    assert sandbox.rows("SELECT key, status FROM guides ORDER BY key") == [("intro", "paused"), ("intro-copy", "draft")]


def test_what_changes_is_read_place_by_place(author: Somebody, sandbox: Sandbox) -> None:
    publish(sandbox, a_guide("intro", "one", "two"))
    two = {"en": "New words", "zh-CN": "新文字"}
    steps = [a_step("one", placement="left"), a_step("three", blocks=[{"type": "text", "text": two}])]
    changed = a_guide("intro", steps=steps, priority=70, audience={"fact": "user.role", "op": "is", "value": "lead"})
    push_guides(sandbox.runtime, sandbox.tenant, [changed], "test")
    page = author.get(f"{BASE}/intro/changes").text
    rows = set(re.findall(r"<span class=\"name\">(.*?)</span><span class=\"sub\">(.*?)</span>", page))
    of_steps = {("Side", "Step one"), ("Step added", "Step three"), ("Step removed", "Step two")}
    assert rows == {("Priority", "Guide"), ("Audience", "Guide")} | of_steps
    publish_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    assert "The two are the same." in author.get(f"{BASE}/intro/changes").text
    assert "5 changes" in author.get(f"{BASE}/intro/changes?from=1&to=2").text
    assert author.get(f"{BASE}/intro/changes?from=9").status_code == 404


def test_who_may_not_edit_reads(author: Somebody, sandbox: Sandbox) -> None:
    publish(sandbox, a_guide("intro"))
    for role in ("viewer", "csm"):
        reader = become(sandbox, role)
        for path in ("intro/edit", "_new", "_preview", "_articles/x?title=x"):
            assert reader.get(f"{BASE}/{path}").status_code == 403
        for path in ("intro", "intro/changes", "intro/why", "_articles"):
            page = reader.get(f"{BASE}/{path}")
            assert page.status_code == 200
            assert "/edit" not in page.text
    frame = author.get(f"{BASE}/_preview").headers["content-security-policy"]
    assert "frame-ancestors 'self'" in frame
    assert "script-src 'self';" in frame


def test_an_article_is_written_found_and_taken_away(author: Somebody, sandbox: Sandbox) -> None:
    answer = author.post(f"{BASE}/_articles", {"title": "How do I ask for leave?"})
    path = answer.headers["location"]
    assert path.startswith(f"{BASE}/_articles/how-do-i-ask-for-leave?title=")
    for title, key in (("Guide", "guide"), ("请假", "article")):
        assert f"/_articles/{key}?title=" in author.post(f"{BASE}/_articles", {"title": title}).headers["location"]
    assert "How do I ask for leave?" in author.get(path).text
    assert "No article yet" in author.get(f"{BASE}/_articles").text
    document: dict[str, Any] = {"apiVersion": "resource/v1", "key": "how-do-i-ask-for-leave", "kind": "faq"}
    document |= {"title": {"en": "Leave", "zh-CN": "休假"}, "blocks": [{"type": "text", "text": "So."}]}
    pushed = author.client.post("/api/v1/guides/push", json={"resources": [document]})
    assert pushed.status_code == 200
    assert "en, zh-CN" in author.get(f"{BASE}/_articles").text
    assert author.post(f"{BASE}/_articles/how-do-i-ask-for-leave/delete").status_code == 303
    assert author.get(f"{BASE}/_articles/how-do-i-ask-for-leave").status_code == 404
