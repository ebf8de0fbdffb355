"""Further kinds on the server: what stands in the page, tasks that are done, answers, resources."""

from typing import Any

import pytest
from sqlalchemy import Connection

from milepost.actions.checkpoints import save_checkpoint
from milepost.actions.export import EXPORTS
from milepost.actions.features import push_catalogue
from milepost.actions.guides import push, push_guides
from milepost.actions.resources import answer_help, delete_resource
from milepost.errors import Invalid
from milepost.rules.answers import read_answer
from milepost.rules.resources import fold, search, terms
from milepost.store import engine as db
from milepost.store import resources as resource_store
from milepost.wire.boot import HelpAnswer, HelpRequest
from milepost.wire.checkpoint import Checkpoint, CheckpointPart
from milepost.wire.feature import Catalogue
from milepost.wire.guide import Guide
from milepost.wire.resource import Resource
from tests.factories import Sandbox
from tests.guide_factories import a_guide, boot, claim, offered, publish, say

CATALOGUE = Catalogue.model_validate(
    {
        "apiVersion": "features/v1",
        "features": [
            {"key": "report", "name": "Report", "rules": [{"on": "event", "name": "Report Opened"}]},
            {"key": "leave", "name": "Leave", "rules": [{"on": "page", "path": "/leave/**"}]},
        ],
    }
)


def questions(*blocks: dict[str, Any], **more: Any) -> Guide:
    return a_guide(
        "ask", kind="survey", steps=[{"id": "one", "blocks": [{"type": "question", **block} for block in blocks]}], **more
    )


NPS = {"id": "nps", "ask": "nps"}
PARTS = {"id": "parts", "ask": "csat", "options": [{"id": "speed", "text": "Speed"}, {"id": "help", "text": "Help"}]}
WHY = {"id": "why", "ask": "choice", "options": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]}
WORDS = {"id": "words", "ask": "text", "max_length": 10, "required": False}


def a_task(name: str, **done_when: str) -> dict[str, Any]:
    rule = {"done_when": done_when} if done_when else {}
    return {"id": name, "blocks": [{"type": "heading", "text": name}]} | rule


def a_resource(key: str, title: Any, **more: Any) -> Resource:
    content = {"apiVersion": "resource/v1", "key": key, "kind": "faq", "title": title, "blocks": [{"type": "text", "text": "…"}]}
    return Resource.model_validate(content | more)


def help_centre(sandbox: Sandbox, user: str = "u1", **more: Any) -> HelpAnswer:
    return answer_help(sandbox.runtime, sandbox.holder(secret=False), sandbox.tenant, HelpRequest(userId=user, **more))


def keys(found: list[dict[str, Any]] | None) -> list[str]:
    return [one["key"] for one in found or []]


def standing(sandbox: Sandbox, user: str = "u1") -> dict[str, dict[str, Any]]:
    return {one["key"]: one for one in boot(sandbox, user).standing or []}


def test_what_stands_in_the_page_is_told_apart_and_goes_on_with_its_run(sandbox: Sandbox) -> None:
    bar = a_guide("bar", kind="banner", steps=[{"id": "line", "blocks": [{"type": "text", "text": "Hello"}]}])
    ids = publish(sandbox, a_guide("intro"), bar)
    assert offered(sandbox) == ["intro"]
    assert "run" not in standing(sandbox)["bar"]
    run, answer = claim(sandbox, ids["bar"])
    assert answer.ok
    say(sandbox, run, "shown", "line")
    sandbox.clock.turn(days=3)
    assert standing(sandbox)["bar"]["run"] == run
    assert boot(sandbox).open_runs == []
    assert claim(sandbox, ids["intro"])[1].ok, "a banner that stands there keeps no tour from its turn"
    say(sandbox, run, "dismissed", "line", reason="closed")
    assert standing(sandbox) == {}


def test_a_checklist_spends_no_attention_and_knows_which_tasks_are_done(sandbox: Sandbox) -> None:
    push_catalogue(sandbox.runtime, sandbox.tenant, CATALOGUE, "test", "x")
    reached = Checkpoint(key="first", name="First", parts=[CheckpointPart(feature="report")], is_activation=True)
    save_checkpoint(sandbox.runtime, sandbox.tenant, reached, "test")
    tasks = [a_task("a", checkpoint="first"), a_task("b", feature="leave"), a_task("c", guide="intro"), a_task("d")]
    ids = publish(sandbox, a_guide("intro"), a_guide("list", kind="checklist", goal_feature="report", steps=tasks))
    assert (standing(sandbox)["list"]["done"], standing(sandbox)["list"]["by_hand"]) == ([], ["d"])
    assert "done_when" not in str(standing(sandbox))
    run, answer = claim(sandbox, ids["list"])
    assert answer.ok
    say(sandbox, run, "shown", "$list")
    sandbox.send(sandbox.event("Report Opened"))
    assert standing(sandbox)["list"]["done"] == ["a"]
    sandbox.send({"type": "page", "userId": "u1", "context": {"groupId": "a1"}, "properties": {"path": "/leave/mine"}})
    say(sandbox, run, "step", "d")
    assert standing(sandbox)["list"]["done"] == ["a", "b", "d"]
    tour, _ = claim(sandbox, ids["intro"])
    say(sandbox, tour, "finished")
    assert standing(sandbox)["list"]["done"] == ["a", "b", "c", "d"]
    assert sandbox.rows("SELECT free FROM runs WHERE public_id = :r", r=run) == [(1,)]


def test_answers_are_kept_once_per_person_and_question_and_become_signals(sandbox: Sandbox) -> None:
    ids = publish(sandbox, questions(NPS, PARTS, WHY, WORDS))
    run, _ = claim(sandbox, ids["ask"])
    say(sandbox, run, "shown")

    def answer(question: str, value: Any, at: int) -> None:
        say(sandbox, run, "answered", question=question, value=value, at=sandbox.clock() + at)

    answer("nps", 9, 2)
    answer("nps", 3, 1)  # said before, heard later
    answer("parts", {"speed": 7.5, "help": 2.5, "odd": 5}, 3)
    answer("why", ["b"], 4)
    answer("words", "  more than ten characters", 5)
    for question, value in (
        ("nps", 11),
        ("nps", True),
        ("nps", 2.5),
        ("why", ["a", "b"]),
        ("why", ["z"]),
        ("words", " "),
        ("x", 1),
    ):
        answer(question, value, 9)
    with db.reading(sandbox.runtime.engine) as connection:
        told = [(a["question"], a.get("part"), a["answer"]) for a in EXPORTS["answers"](connection, sandbox.environment_id)]
    assert told == [
        ("nps", None, 9), ("parts", "help", 2.5), ("parts", "speed", 7.5), ("why", None, ["b"]), ("words", None, "more than "),
    ]  # fmt: skip
    signals = sandbox.rows("SELECT type, category, value, external_id FROM signals ORDER BY type, category")
    assert [row[:3] for row in signals] == [("csat", "help", 2.5), ("csat", "speed", 7.5), ("nps", None, 9.0)]
    assert all(row[3].startswith(f"{run}/") for row in signals)


def test_nps_is_asked_once_in_ninety_days_and_never_after_a_complaint(sandbox: Sandbox) -> None:
    ids = publish(sandbox, questions(NPS, frequency={"repeat": "always", "wait_days": 1}))
    sandbox.send(sandbox.event("Ticket Opened", properties={"ticket_id": 1, "category": "complaint"}))
    assert claim(sandbox, ids["ask"])[1].reason == "complaint"
    sandbox.clock.turn(days=8)
    run, answer = claim(sandbox, ids["ask"])
    assert answer.ok
    say(sandbox, run, "shown")
    say(sandbox, run, "finished")
    sandbox.clock.turn(days=60)
    assert claim(sandbox, ids["ask"])[1].reason == "budget_nps"
    sandbox.clock.turn(days=31)
    assert claim(sandbox, ids["ask"])[1].ok


def test_what_a_survey_did_not_ask_is_no_answer() -> None:
    assert read_answer(questions(NPS), "one", {"question": "other", "value": 1}) == []
    assert read_answer(a_guide(), "one", {"question": "nps", "value": 1}) == []
    helped = read_answer(a_guide("c", kind="resource_centre"), "article", {"question": "helped", "value": 1})
    assert [(given.part, given.score) for given in helped] == [("article", 1.0)]


def test_only_an_article_that_is_there_can_have_helped(sandbox: Sandbox) -> None:
    resources = [a_resource("there", "A"), a_resource("film", "B", kind="video", blocks=[], url="https://a.test/v")]
    push(sandbox.runtime, sandbox.tenant, [], resources, "test")
    run, _ = claim(sandbox, publish(sandbox, a_guide("centre", "home", kind="resource_centre"))["centre"])
    for step in ("there", "film", "invented"):
        say(sandbox, run, "answered", step, question="helped", value=1)
    assert sandbox.rows("SELECT part FROM survey_answers") == [("there",)]


def test_the_resource_centre_offers_what_belongs_to_the_page_in_its_order(sandbox: Sandbox) -> None:
    push_catalogue(sandbox.runtime, sandbox.tenant, CATALOGUE, "test", "x")
    guide = a_guide("intro", linkable=True)
    resources = [
        a_resource("video", "See it", kind="video", blocks=[], url="https://a.test/v", feature="leave"),
        a_resource("manual", "Chapter", kind="manual", feature="leave"),
        a_resource("tour", "Show me", kind="guide", guide="intro", blocks=[], feature="leave"),
        a_resource("question", "How long?", feature="leave"),
        a_resource("staff", "Staff only", feature="leave", audience={"fact": "user.role", "op": "is", "value": "hr"}),
        a_resource("elsewhere", "Reports", feature="report"),
        a_resource("news", "New", kind="news", news_at="2026-11-01T00:00:00Z"),
        a_resource("future", "Soon", kind="news", news_at="2027-11-01T00:00:00Z"),
    ]
    push(sandbox.runtime, sandbox.tenant, [guide], resources, "test", publish=True)
    first = help_centre(sandbox, path="/leave/mine")
    assert keys(first.page) == ["question", "tour", "manual", "video"]
    assert (keys(first.news), keys(first.guides)) == (["news"], ["intro"])
    assert keys(help_centre(sandbox, all=True).found)[:2] == ["elsewhere", "question"]
    article = help_centre(sandbox, article="question").article
    assert article is not None
    assert article["blocks"] == [{"type": "text", "text": "…"}]
    assert help_centre(sandbox, article="staff").article is None


def test_resources_are_read_once_until_one_of_them_changes(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    read = resource_store.list_resources

    def counted(connection: Connection, environment_id: int) -> dict[str, str]:
        reads.append(environment_id)
        return read(connection, environment_id)

    push(sandbox.runtime, sandbox.tenant, [], [a_resource("a", "Apples"), a_resource("b", "Pears")], "test")
    monkeypatch.setattr(resource_store, "list_resources", counted)
    assert [keys(help_centre(sandbox, query=q).found) for q in ("apples", "pears", "plums")] == [["a"], ["b"], []]
    assert len(reads) == 1
    push(sandbox.runtime, sandbox.tenant, [], [a_resource("b", "Plums")], "test")
    assert [keys(help_centre(sandbox, query=q).found) for q in ("apples", "pears", "plums")] == [["a"], [], ["b"]]
    delete_resource(sandbox.runtime, sandbox.tenant, "a", "test")
    assert [keys(help_centre(sandbox, query=q).found) for q in ("apples", "plums")] == [[], ["b"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("请假", ["zh"]),
        ("审批请假", ["zh"]),
        ("假期", []),
        ("EXPORT csv", ["en"]),
        ("csv 导出", ["en"]),
        ("nothing", []),
        ("", []),
    ],
)
def test_a_search_finds_words_and_pairs_of_chinese_characters(query: str, found: list[str]) -> None:
    resources = [
        a_resource("zh", {"en": "Approve", "zh-CN": "如何审批请假申请"}),
        a_resource("en", {"en": "Export", "zh-CN": "导出"}, blocks=[{"type": "text", "text": "As CSV, with all columns."}]),
    ]
    assert [one.key for one in search(resources, query, {one.key: fold(one) for one in resources})] == found


def test_terms_are_words_and_pairs() -> None:
    assert terms("如何 Export 假?") == ["如何", "export", "假"]
    assert terms("审批请假") == ["审批", "批请", "请假"]


def test_pushing_is_all_or_nothing_for_resources_too(sandbox: Sandbox) -> None:
    lost = a_resource("lost", "x", kind="guide", blocks=[], guide="nowhere")
    with pytest.raises(Invalid, match="There is no guide “nowhere”"):
        push(sandbox.runtime, sandbox.tenant, [a_guide()], [a_resource("a", "A"), lost], "test")
    assert sandbox.rows("SELECT count(*) FROM guides") == sandbox.rows("SELECT count(*) FROM resources") == [(0,)]
    assert push(sandbox.runtime, sandbox.tenant, [], [a_resource("a", "A")], "test").resources == {"a": "created"}
    assert push(sandbox.runtime, sandbox.tenant, [], [a_resource("a", "A")], "test").resources == {"a": "unchanged"}


def test_a_further_kind_says_what_keeps_it_off_the_air(sandbox: Sandbox) -> None:
    def blocked(guide: Guide) -> list[str]:
        return [
            p.pointer for one in push_guides(sandbox.runtime, sandbox.tenant, [guide], "test") for p in one.problems if p.blocks
        ]

    assert blocked(a_guide("s", kind="survey")) == ["/steps"]
    assert blocked(a_guide("l", kind="checklist", steps=[a_task("a", checkpoint="x")])) == ["/steps/0/done_when/checkpoint"]
    assert blocked(a_guide("b", "one", "two", kind="banner")) == ["/steps/1"]
    assert blocked(a_guide("t", steps=[{"id": "one", "kind": "modal", "blocks": [{"type": "question", **NPS}]}])) == ["/steps/0"]
