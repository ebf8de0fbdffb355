"""Every text of the console is there in Chinese, in the words of the house, and can't carry markup from outside."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from milepost.web.translations import FOLDER, catalogue

WEB = Path(__file__).resolve().parents[2] / "server" / "milepost" / "web"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
METHODS = [("templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
OPTIONS = {
    "templates/**.html": {
        "extensions": "jinja2.ext.i18n,jinja2.ext.do",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "newstyle_gettext": "true",
        "silent": "false",
    }
}
NAMES = re.compile(r"%\((\w+)\)")


@cache
def messages() -> tuple[tuple[str, str], ...]:
    """(where, text) of every message a template or a page module names, with its context as the catalogue keeps it."""
    found = []
    for file, line, message, _comments, context in extract_from_dir(
        WEB, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
    ):
        text = message if isinstance(message, str) else message[0]
        if text:
            found.append((f"{file}:{line}", f"{context}\x04{text}" if context else text))
    return tuple(found)


def entries() -> Iterator[tuple[str, str, str]]:
    """(file, English with its context, Chinese) of every entry of every catalogue."""
    for path in sorted((FOLDER / "zh_CN").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                if message.id:
                    several = isinstance(message.id, tuple | list)
                    english = message.id[0] if several else message.id
                    english = f"{message.context}\x04{english}" if message.context else english
                    yield path.name, english, (message.string or [""])[0] if several else str(message.string)


def test_every_text_of_the_console_has_its_chinese() -> None:
    assert len(messages()) > 150
    chinese = catalogue("zh-CN")
    known = chinese.texts.keys() | chinese.plurals.keys()
    missing = sorted({f"{where} {text!r}" for where, text in messages() if text not in known})
    assert not missing, f"{len(missing)} texts without Chinese:\n" + "\n".join(missing)


def test_every_chinese_text_has_its_english() -> None:
    """A text that the code names (errors have a test of their own); a template or a page says it, or a list of words does."""
    said = {text for _, text in messages()}
    named = {
        node.value
        for path in WEB.parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    left = [
        f"{file}: {text!r}"
        for file, text, _ in entries()
        if file != "errors.po" and text not in said and text.split("\x04")[-1] not in named
    ]
    assert not left, "\n".join(left)


def test_the_search_for_texts_finds_templates_and_python() -> None:
    texts = {text for _, text in messages()}
    assert {"Skip to content", "Portfolio", "The two new passwords differ."} <= texts


def test_chinese_keeps_the_values_of_the_english() -> None:
    wrong = [
        f"{file}: {english!r}"
        for file, english, chinese in entries()
        if not set(NAMES.findall(chinese)) <= set(NAMES.findall(english))
    ]
    assert not wrong, "\n".join(wrong)


def test_chinese_is_written_as_the_terms_say() -> None:
    """账号 is a login, 试用 a free trial, 流失 only for customers; punctuation after Chinese is full-width."""
    wrong = []
    for file, english, chinese in entries():
        if "账号" in chinese or "账户" in chinese:
            wrong.append(f"{file}: {english!r} says 账号 for account")
        if "试用" in chinese and "trial" not in english.lower():
            wrong.append(f"{file}: {english!r} says 试用 for tried")
        if "流失" in chinese and "feature" in english.lower():
            wrong.append(f"{file}: {english!r} says 流失 of a feature")
        if re.search(r"[\u4e00-\u9fff][,;:!?](?!\S*//)", chinese):
            wrong.append(f"{file}: {english!r} has half-width punctuation: {chinese}")
    assert not wrong, "\n".join(wrong)


def test_no_catalogue_says_the_same_text_twice_in_two_ways() -> None:
    said: dict[str, set[str]] = {}
    for _file, english, chinese in entries():
        said.setdefault(english, set()).add(chinese)
    differing = {english: sorted(ways) for english, ways in said.items() if len(ways) > 1}
    assert not differing, "\n".join(f"{english!r}: {ways}" for english, ways in sorted(differing.items()))


@pytest.mark.parametrize("path", sorted((WEB / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_only_texts_written_here_are_translated(path: Path) -> None:
    """A translated text counts as markup, so nothing that came from outside may go through `_()`."""
    found = re.findall(r"\b_\(\s*(?![\"'])([^)]*)\)", path.read_text("utf-8"))
    allowed = {"heading", "link.text"}  # of web/navigation.py
    assert set(found) <= allowed, found
