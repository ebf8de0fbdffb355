"""Every sentence that says what is wrong, wherever it is raised, has its Chinese; its values stay in it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import milepost.errors
from milepost.actions.health import read_preset
from milepost.web.translations import catalogue
from tests.factories import Sandbox
from tests.web.console import become

ROOT = Path(__file__).resolve().parents[2] / "server" / "milepost"
ROOMS = ("actions", "rules", "wire", "web")
# What no person meets in the console: machines' doors, and what only a command says.
NOT_SHOWN = ("segment_api.py", "sdk_api.py", "bodies.py", "import_events.py", "openapi.py", "server.py", "secrets.py", "walls.py")
ERRORS = {name for name, value in vars(milepost.errors).items() if isinstance(value, type)} - {"SettingError"}
SAYING = ERRORS | {"ValueError", "Refused", "refuse", "Problem", "ComposerError"}
LISTS = {"warnings", "problems", "notes"}


@cache
def sentences() -> tuple[tuple[str, str], ...]:
    """(where, the sentence with ‹0›, ‹1›… for its values) of everything that is raised, refused or warned of."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.name not in NOT_SHOWN and not path.name.startswith("api_"):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                constants = {
                    t.id: n.value for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
                }
                found += [(f"{path.relative_to(ROOT)}:{n.lineno}", text) for n, text in _said(tree, constants)]
    return tuple(dict.fromkeys(found))


def _said(tree: ast.Module, constants: dict[str, ast.expr]) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            owner = getattr(getattr(node.func, "value", None), "id", getattr(getattr(node.func, "value", None), "attr", ""))
            if name not in SAYING and not (name == "append" and owner in LISTS):
                continue
            parts: list[ast.expr] = list(node.args)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and "MAX_EVENT_BYTES" in constants:
            parts = list(node.value.elts)
        else:
            continue
        for part in parts:
            text = _text(constants.get(part.id, part) if isinstance(part, ast.Name) else part)
            if text and " " in text.strip() and re.search("[a-z]{2}", text):
                yield node if isinstance(node, ast.expr) else part, text


def _text(part: ast.expr) -> str | None:
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        return part.value
    if not isinstance(part, ast.JoinedStr):
        return None
    pieces = []
    for index, value in enumerate(part.values):
        pieces.append(value.value if isinstance(value, ast.Constant) else f"‹{index}›")
    return "".join(map(str, pieces))


def filled(text: str) -> tuple[str, list[str]]:
    """A template with its values put in as a person would see it, and those values."""
    text = re.sub(r"%\((\w+)\)[sd]", r"‹\1›", text)
    return text.replace("%%", "%"), re.findall("‹\\w+›", text)


def test_the_walk_finds_what_is_raised() -> None:
    said = {text for _, text in sentences()}
    assert len(said) > 150
    assert {"There is no such member.", "%(role)s is not a role.", "There is no feature ‹1›."} <= said


def test_every_error_has_its_chinese() -> None:
    chinese = catalogue("zh-CN")
    missing = []
    for where, text in sentences():
        shown, values = filled(text)  # shown differs where the raiser leaves the filling to the catalogue
        said = chinese.tell(shown) if shown == text else filled(chinese.gettext(text))[0]
        if not re.search("[\u4e00-\u9fff]", said) or any(value not in said for value in values):
            missing.append(f"{where} {text!r} → {said!r}")
    assert not missing, f"{len(missing)} without Chinese:\n" + "\n".join(missing)


@pytest.mark.parametrize("text", ["", "A sentence nobody wrote.", "x" * 100_000, "YAML, line " * 5_000])
def test_what_has_no_chinese_stays_as_it_is(text: str) -> None:
    assert catalogue("zh-CN").tell(text) == text


def test_a_sentence_inside_a_sentence_is_told_too() -> None:
    chinese = catalogue("zh-CN")
    assert chinese.tell("the YAML, line 3, groups[0]: Value error, a scorecard has groups and no rules") == (
        "YAML 第 3 行，groups[0]：scorecard 模型有 groups，没有 rules"
    )
    problem = milepost.errors.Invalid.of_parts(["at_0 and at_100 must differ", "the id 'a' stands twice"])
    assert chinese.say(problem) == "at_0 与 at_100 必须不同；id 'a' 出现两次"
    assert catalogue("en").say(problem) == "at_0 and at_100 must differ; the id 'a' stands twice"
    inner = milepost.errors.Invalid("This can't be published: %(problem)s", values={"problem": "There is no theme “x”."})
    assert "There is no theme" not in chinese.say(inner)


def test_a_form_and_a_model_say_what_is_wrong_in_chinese(sandbox: Sandbox) -> None:
    client = become(sandbox, "admin", locale="zh-CN")
    bad = read_preset("adoption").replace("at_100: 0.6", "at_100: 0").replace("apiVersion: health/v1", "apiVersion: health/v2")
    page = client.post("/e/production/health", data={"do": "check", "source": bad}).text
    assert "at_0 与 at_100 必须不同" in page
    assert "must differ" not in page
    page = client.get("/e/production/health?model=starter").text
    assert "would never alarm" not in page
    assert "永远不会告警" in page
