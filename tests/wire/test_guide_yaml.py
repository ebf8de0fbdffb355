"""A guide as YAML: any guide comes back as it was; what is wrong is named by file and line."""

import json

import pytest
from hypothesis import Phase, given, settings

from milepost.errors import Invalid
from milepost.store.schema import data_folder
from milepost.wire.codecs.guide_yaml import dump_guide_yaml, parse_guide_yaml
from milepost.wire.guide import Guide, schema_text
from tests.guide_strategies import GUIDES

NO_SHRINK = (Phase.explicit, Phase.reuse, Phase.generate)  # a guide is large: shrinking one takes minutes
HEAD = "apiVersion: guide/v1\nkey: intro\nname: Intro\nkind: tour\n"
STEP = "steps:\n  - id: one\n    blocks:\n      - {type: text, text: Hello}\n"
GO = "      - type: button\n        id: go\n        text: Go\n        actions: [{}]\n"


@settings(max_examples=80, phases=NO_SHRINK)
@given(guide=GUIDES)
def test_a_guide_written_and_read_is_the_same_guide_and_the_same_text(guide: Guide) -> None:
    text = dump_guide_yaml(guide)
    again = parse_guide_yaml(text, "again")
    assert again == guide
    assert dump_guide_yaml(again) == text


@settings(max_examples=40, phases=NO_SHRINK)
@given(guide=GUIDES)
def test_a_guide_as_json_is_the_same_guide(guide: Guide) -> None:
    text = json.dumps(guide.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    assert Guide.model_validate_json(text) == guide


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "color: red\n" + STEP, "f.yaml, line 5, color"),
        (HEAD + STEP.replace("Hello", "Hello, html: x"), "f.yaml, line 8, steps[0].blocks[0]"),
        (HEAD + STEP.replace("type: text", "type: html"), "line 8"),
        (HEAD + "priority: 101\n" + STEP, "f.yaml, line 5, priority"),
        (HEAD + STEP + "  - id: one\n    blocks: [{type: divider}]\n", "stands twice"),
        (HEAD + "schedule: {from_at: tomorrow}\n" + STEP, "f.yaml, line 5, schedule.from_at: there is no such instant"),
        (HEAD + STEP.replace("one", "One"), "f.yaml, line 6, steps[0].id"),
        (
            HEAD + STEP + GO.format("{do: go_to, step: nowhere}"),
            "f.yaml, line 12, steps[0].blocks[1].actions[0].step: step 'one'",
        ),
        (HEAD + STEP + GO.format("{do: go_to}"), "f.yaml, line 12, steps[0].blocks[1].actions[0]: go_to goes with `step`"),
        (
            HEAD + STEP + "    branches: [{question: q, op: is, value: x, step: one}]\n",
            "f.yaml, line 9, steps[0].branches[0].question: step 'one'",
        ),
        (HEAD + "pages: [" + "/x," * 5000 + "]\n" + STEP, "f.yaml, line 5: more than 5000 values."),
        ("a: [1", "f.yaml, line"),
        ("- a\n- b\n", "f.yaml"),
        ("", "f.yaml"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(text: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_guide_yaml(text, "f.yaml")
    assert said in refused.value.detail


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "/\\evil.example",
        "https:\\\\evil.example",
        "https://x.example\njavascript:1",
        "/\t/evil.example",
        "http://a.example",
        "//a.example",
        "data:text/html,x",
        "vbscript:x",
        "java\nscript:alert(1)",
    ],
)
def test_an_address_that_is_not_https_mailto_or_a_path_is_refused(address: str) -> None:
    action = json.dumps({"type": "button", "id": "b", "text": "x", "actions": [{"do": "open", "url": address}]})
    with pytest.raises(Invalid, match=r"an address (must begin with|holds no line breaks)"):
        parse_guide_yaml(HEAD + f"steps: [{{id: one, blocks: [{action}]}}]\n", "f.yaml")


def test_the_schema_for_editors_is_fresh() -> None:
    held = (data_folder("guides") / "schema" / "guide.json").read_text(encoding="utf-8")
    assert held == schema_text(), (
        "guides/schema/guide.json is behind the model: run .venv/bin/milepost guides schema guides/schema/guide.json"
    )
