"""Guides as authors change them: drafts, frozen versions, pause, rollback, retire."""

import json

import pytest

from milepost.actions.drafts import create_draft, save_draft
from milepost.actions.guides import (
    pause_guide,
    publish_guide,
    push_guides,
    restore_version,
    resume_guide,
    retire_guide,
    save_theme,
)  # fmt: skip
from milepost.errors import Conflict, Invalid, NotFound
from milepost.wire.guide import Guide, Theme
from tests.factories import Sandbox
from tests.guide_factories import a_guide, a_step, boot, offered, publish


def audited(sandbox: Sandbox) -> list[str]:
    return [row[0] for row in sandbox.rows("SELECT action FROM audit WHERE action LIKE 'guide.%' ORDER BY id")]


def versions(sandbox: Sandbox) -> list[tuple[int, str]]:
    rows = sandbox.rows("SELECT version, document FROM guide_versions WHERE environment_id = :e ORDER BY version")
    return [(version, json.loads(document)["name"]) for version, document in rows]


def push(sandbox: Sandbox, *guides: Guide, publish: bool = False, dry_run: bool = False) -> list[tuple[str, str, int | None]]:
    saved = push_guides(sandbox.runtime, sandbox.tenant, guides, "test", publish=publish, dry_run=dry_run)
    return [(one.outcome, one.status, one.version) for one in saved]


def test_a_draft_is_seen_by_nobody_until_it_is_published(sandbox: Sandbox) -> None:
    assert push(sandbox, a_guide()) == [("created", "draft", None)]
    assert offered(sandbox) == []
    assert publish_guide(sandbox.runtime, sandbox.tenant, "intro", "test").version == 1
    sandbox.clock.turn(ms=1000)
    assert offered(sandbox) == ["intro"]
    assert audited(sandbox) == ["guide.created", "guide.published"]


def test_a_later_draft_leaves_the_version_on_air_as_it_was(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide(name="First"))
    assert push(sandbox, a_guide(name="Second")) == [("changed", "published", 1)]
    sandbox.clock.turn(ms=1000)
    assert [g["name"] for g in boot(sandbox).guides] == ["First"]
    assert publish_guide(sandbox.runtime, sandbox.tenant, "intro", "test").version == 2
    sandbox.clock.turn(ms=1000)
    assert [(g["name"], g["version"]) for g in boot(sandbox).guides] == [("Second", 2)]
    assert versions(sandbox) == [(1, "First"), (2, "Second")]


def test_pushing_the_same_again_makes_no_version_and_no_trail(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide())
    before = audited(sandbox)
    assert push(sandbox, a_guide(), publish=True) == [("unchanged", "published", 1)]
    assert audited(sandbox) == before


def test_a_paused_guide_is_not_offered_and_comes_back_as_the_same_version(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide())
    pause_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    sandbox.clock.turn(ms=1000)
    assert offered(sandbox) == []
    resume_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    sandbox.clock.turn(ms=1000)
    assert offered(sandbox) == ["intro"]
    assert audited(sandbox)[-2:] == ["guide.paused", "guide.resumed"]


def test_rolling_back_publishes_the_old_version_under_a_new_number(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide(name="First"))
    publish(sandbox, a_guide(name="Second"))
    assert restore_version(sandbox.runtime, sandbox.tenant, "intro", 1, "test").version == 3
    assert versions(sandbox) == [(1, "First"), (2, "Second"), (3, "First")]
    assert sandbox.rows("SELECT name FROM guides") == [("Second",)]  # the draft stays
    with pytest.raises(NotFound, match="no version 9"):
        restore_version(sandbox.runtime, sandbox.tenant, "intro", 9, "test")


def test_a_retired_guide_leaves_the_air_and_keeps_its_history(sandbox: Sandbox) -> None:
    publish(sandbox, a_guide())
    retire_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    sandbox.clock.turn(ms=1000)
    assert offered(sandbox) == []
    assert versions(sandbox) == [(1, "Intro")]
    with pytest.raises(Conflict, match="retired"):
        resume_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    assert publish_guide(sandbox.runtime, sandbox.tenant, "intro", "test").version == 1


def test_a_blocking_problem_stops_the_publication_of_all_and_saves_nothing(sandbox: Sandbox) -> None:
    with pytest.raises(Invalid, match="no feature “nowhere”") as refused:
        push(sandbox, a_guide("good"), a_guide("bad", goal_feature="nowhere"), publish=True)
    assert [e["pointer"] for e in refused.value.errors] == ["/guides/1/goal_feature"]
    assert sandbox.rows("SELECT key FROM guides") == []
    assert push(sandbox, a_guide("bad", goal_feature="nowhere")) == [("created", "draft", None)]
    with pytest.raises(Invalid, match="nowhere"):
        publish_guide(sandbox.runtime, sandbox.tenant, "bad", "test")


def test_a_dry_run_tells_the_same_and_keeps_nothing(sandbox: Sandbox) -> None:
    generation = sandbox.tenant.generation
    assert push(sandbox, a_guide(), publish=True, dry_run=True) == [("created", "published", 1)]
    assert sandbox.rows("SELECT key FROM guides") == []
    assert audited(sandbox) == []
    assert sandbox.tenant.generation == generation


def test_the_kind_of_a_published_guide_never_changes(sandbox: Sandbox) -> None:
    push(sandbox, a_guide(kind="modal"))
    publish(sandbox, a_guide(kind="tour"))
    with pytest.raises(Conflict, match="a guide of its own"):
        push(sandbox, a_guide(kind="modal"))


def test_a_key_stands_in_one_document_only(sandbox: Sandbox) -> None:
    with pytest.raises(Invalid, match="'intro' stands in two"):
        push(sandbox, a_guide(), a_guide(name="Twin"))


def test_a_guide_may_name_another_of_the_same_push(sandbox: Sandbox) -> None:
    again = {"type": "button", "id": "more", "text": "More", "actions": [{"do": "start", "guide": "second"}]}
    first = a_guide("first", steps=[a_step("one", blocks=[again])])
    with pytest.raises(Invalid, match="no guide “second”"):
        push(sandbox, first, publish=True)
    assert [outcome for outcome, *_ in push(sandbox, first, a_guide("second"), publish=True)] == ["created", "created"]


def test_a_theme_must_be_there_before_a_guide_wears_it(sandbox: Sandbox) -> None:
    with pytest.raises(Invalid, match="no theme “night”"):
        push(sandbox, a_guide(theme="night"), publish=True)
    save_theme(sandbox.runtime, sandbox.tenant, "night", Theme(mode="dark", dark={"accent": "#66ccff"}), "test")
    publish(sandbox, a_guide(theme="night"))
    sandbox.clock.turn(ms=1000)
    assert boot(sandbox).themes == {"night": {"mode": "dark", "light": {}, "dark": {"accent": "#66ccff"}}}


def test_a_draft_raises_no_generation_in_any_way_and_a_publication_does(sandbox: Sandbox) -> None:
    before = sandbox.tenant.generation
    push(sandbox, a_guide())
    create_draft(sandbox.runtime, sandbox.tenant, a_guide(), "test")
    push(sandbox, a_guide(name="Pushed"))
    save_draft(sandbox.runtime, sandbox.tenant, "intro", a_guide(name="Edited"), "test", None)
    sandbox.clock.turn(ms=2_000)
    assert sandbox.tenant.generation == before
    assert audited(sandbox) == ["guide.created", "guide.created", "guide.saved"]  # one line for one sitting
    publish(sandbox, a_guide(name="Edited"))
    assert sandbox.tenant.generation > before
