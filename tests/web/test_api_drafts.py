"""Drafts over the management API: saved by mark, never over another author; audiences counted by the rules of boot."""

from typing import Any

import pytest

from tests.factories import Sandbox
from tests.guide_factories import a_guide, offered, publish
from tests.web.console import Somebody, become

BASE = "/api/v1/guides/intro/draft"


def document(**more: Any) -> dict[str, Any]:
    return a_guide("intro", **more).model_dump(mode="json", by_alias=True, exclude_defaults=True)


def put(who: Somebody, etag: str | None, **more: Any) -> Any:
    headers = {} if etag is None else {"If-Match": f'"{etag}"'}
    return who.client.put(BASE, json=document(**more), headers=headers)


def acts(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in sandbox.rows("SELECT action, actor FROM audit WHERE action LIKE 'guide.%' ORDER BY id")]


@pytest.fixture
def authors(sandbox: Sandbox) -> tuple[Somebody, Somebody]:
    publish(sandbox, a_guide("intro"))
    return become(sandbox, "author"), become(sandbox, "author")


def test_the_second_author_is_told_who_was_first_and_nothing_is_lost(
    authors: tuple[Somebody, Somebody], sandbox: Sandbox
) -> None:
    ann, bob = authors
    first = ann.get(BASE)
    etag = first.json()["etag"]
    assert first.headers["etag"] == f'"{etag}"'
    saved = put(ann, etag, name="Ann's")
    assert (saved.status_code, saved.json()["edited_by"], saved.json()["edited_by_name"]) == (200, ann.public_id, "Author")
    refused = put(bob, etag, name="Bob's")
    assert (refused.status_code, refused.json()["code"]) == (409, "draft_changed")
    theirs = bob.get(BASE).json()
    assert (theirs["draft"]["name"], theirs["edited_by"]) == ("Ann's", ann.public_id)
    assert put(bob, theirs["etag"], name="Bob's").status_code == 200
    assert put(ann, saved.json()["etag"], name="Bob's").status_code == 200  # the very same draft is no conflict
    assert put(ann, None, name="By force").json()["draft"]["name"] == "By force"
    assert ann.client.put(BASE, json=document(), headers={"If-Match": "bare"}).status_code == 400


def test_a_mark_that_a_proxy_weakened_is_the_same_mark(authors: tuple[Somebody, Somebody]) -> None:
    ann, bob = authors
    weak = {"If-Match": f"W/{ann.get(BASE).headers['etag']}"}
    assert ann.client.put(BASE, json=document(name="Ann's"), headers=weak).status_code == 200
    assert bob.client.put(BASE, json=document(name="Bob's"), headers=weak).json()["code"] == "draft_changed"
    for bad in ("W/", 'W/"', "w/bare"):
        assert bob.client.put(BASE, json=document(), headers={"If-Match": bad}).status_code == 400


def test_a_sitting_is_one_line_of_the_audit_log(authors: tuple[Somebody, Somebody], sandbox: Sandbox) -> None:
    ann, bob = authors
    for who, name in ((ann, "1"), (ann, "2"), (bob, "3"), (ann, "4"), (ann, "5")):
        assert put(who, None, name=name).status_code == 200
    sandbox.clock.turn(ms=16 * 60_000)
    put(ann, None, name="6")
    saved = [actor for action, actor in acts(sandbox) if action == "guide.saved"]
    assert saved == [ann.public_id, bob.public_id, ann.public_id, ann.public_id]


def test_a_draft_does_not_reach_the_air_and_says_what_is_wrong(authors: tuple[Somebody, Somebody], sandbox: Sandbox) -> None:
    ann, _ = authors
    answer = put(ann, None, name="New", goal_feature="nowhere").json()
    assert [(p["pointer"], p["blocks"]) for p in answer["problems"]] == [("/goal_feature", True)]
    assert offered(sandbox) == ["intro"]
    assert ann.client.put(BASE, json=document() | {"steps": []}).status_code == 422
    assert ann.client.put("/api/v1/guides/other/draft", json=document()).status_code == 404
    viewer = become(sandbox, "viewer", locale="zh-CN")
    assert put(viewer, None).status_code == 403
    assert "功能目录" in viewer.get(BASE).json()["problems"][0]["message"]


def test_an_audience_is_counted_as_boot_would_choose(sandbox: Sandbox) -> None:
    for user, account, role in (("ann", "acme", "lead"), ("bob", "acme", "lead"), ("cy", "bolt", "lead"), ("di", "bolt", "dev")):
        sandbox.send(
            {"type": "identify", "messageId": f"m-{user}", "userId": user, "traits": {"role": role}},
            sandbox.event(user=user, account=account),
        )
    viewer = become(sandbox, "viewer")
    tree = {"fact": "user.role", "op": "is", "value": "lead"}

    def size(audience: Any) -> tuple[int, int]:
        answer = viewer.client.post("/api/v1/audience-size", json={"audience": audience}).json()
        return answer["people"], answer["accounts"]

    assert (size(None), size(tree), size({"not": tree})) == ((4, 2), (3, 2), (1, 1))
    publish(sandbox, a_guide("intro", audience=tree))
    assert [offered(sandbox, user, account="acme") for user in ("ann", "di")] == [["intro"], []]
    assert viewer.client.post("/api/v1/audience-size", json={"audience": {"fact": "x"}}).status_code == 422
