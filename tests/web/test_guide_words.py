"""Every reason for not showing a guide is said in words, in both languages."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from milepost.actions.claim import why_not_claim
from milepost.rules.choose import why_not_again, why_not_now
from milepost.web.guide_words import Words
from milepost.web.translations import catalogue

STATES = {"draft", "paused", "retired", "schedule", "finished", "dismissed"}  # of the guide; and what a person said of it


def answers(rule: Callable[..., Any]) -> Iterator[str]:
    """The texts a function names where it returns."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(rule)))):
        if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Call):
            yield from (part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant) and part.value)


CODES = sorted({code for rule in (why_not_now, why_not_again, why_not_claim) for code in answers(rule)} | STATES)


def test_the_search_for_codes_finds_those_of_all_three() -> None:
    assert {"busy", "budget_nps", "later", "audience", "complaint"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_reason_has_words_in_both_languages(code: str) -> None:
    english, chinese = (Words(catalogue(language), {}, {}).reason(code) for language in ("en", "zh-CN"))
    assert english.endswith(".")
    assert chinese.endswith("。")
