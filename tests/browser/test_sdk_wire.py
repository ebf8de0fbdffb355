"""The shapes between SDK and server: `sdk_js/src/wire.ts` reads nothing that the server's models do not say."""

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from pydantic import BaseModel

from milepost.wire import boot, guide, target

WIRE = (Path(__file__).parents[2] / "sdk_js" / "src" / "wire.ts").read_text("utf-8")
# What `rules.localise` makes of a guide on its way out: one language, its version, no author's fields.
RESOLVED = {"guide", "version", "lang", "dir"}
Model = type[BaseModel] | type[msgspec.Struct]
PAIRS: list[tuple[str, Model, set[str]]] = [
    ("Locator", target.Locator, set()),
    ("Target", target.Target, set()),
    ("Action", guide.Action, set()),
    ("Span", guide.Span, set()),
    ("ButtonBlock", guide.Button, set()),
    ("QuestionBlock", guide.Question, set()),
    ("Branch", guide.Branch, set()),
    ("Advance", guide.Advance, set()),
    ("Step", guide.Step, set()),
    ("Guide", guide.Guide, RESOLVED),
    ("Theme", guide.Theme, set()),
    ("BootAnswer", boot.BootAnswer, {"standing"}),
]
BLOCKS = {"heading": guide.Heading, "text": guide.Text, "list": guide.ItemList, "image": guide.Image, "video": guide.Video}


def interface(name: str) -> dict[str, str]:
    """Field → TypeScript type of one interface."""
    found = re.search(rf"export interface {name} \{{\n(.*?)\n\}}", WIRE, re.DOTALL)
    assert found, f"sdk_js/src/wire.ts has no interface {name}"
    return dict(re.findall(r"^  (\w+)\??: (.*);$", found[1], re.MULTILINE))


def words(annotation: Any) -> set[str]:
    """The strings a field may hold, however deep they are nested in its type."""
    found: set[str] = set()
    for argument in get_args(annotation):
        found |= {argument} if isinstance(argument, str) else words(argument)
    return found


def annotations(model: Model) -> dict[str, Any]:
    """Field → type of a Pydantic model or a msgspec struct."""
    if issubclass(model, msgspec.Struct):
        return {field.name: field.type for field in msgspec.structs.fields(model)}
    return {name: field.annotation for name, field in model.model_fields.items()}


@pytest.mark.parametrize(("name", "model", "resolved"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_the_sdk_reads_only_what_the_server_says(name: str, model: Model, resolved: set[str]) -> None:
    unknown = set(interface(name)) - set(annotations(model)) - resolved
    assert not unknown, f"repair sdk_js/src/wire.ts: {name} reads {sorted(unknown)}, which {model.__name__} does not have"


@pytest.mark.parametrize(("name", "model", "resolved"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_the_sdk_knows_each_word_of_a_choice(name: str, model: Model, resolved: set[str]) -> None:
    for field, kind in interface(name).items():
        told = set(re.findall(r'"(\w+)"', kind))
        said = words(annotations(model).get(field))
        missing = said - told if told else set()
        assert not missing, f"repair sdk_js/src/wire.ts: {name}.{field} lacks {sorted(missing)}"


def test_each_field_of_a_step_and_each_block_is_known_to_the_sdk() -> None:
    assert set(interface("Step")) == set(guide.Step.model_fields)
    assert set(interface("Advance")) == set(guide.Advance.model_fields)
    for kind, model in BLOCKS.items():
        line = re.search(rf'\{{ type: "{kind}"(.*?)\}}|type: "heading" \| "text"', WIRE)
        assert line, f"repair sdk_js/src/wire.ts: no block {kind}"
        fields = set(re.findall(r"(\w+)\??:", line[0])) or {"type", "text"}
        assert fields <= set(annotations(model)) | {"type"}, kind
