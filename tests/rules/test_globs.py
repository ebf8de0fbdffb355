"""Globs and path templates: the vectors that the SDK runs too, and a twin written in regular expressions."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.rules.globs import matches_glob
from milepost.rules.paths import path_template
from milepost.store.schema import data_folder

CASES = data_folder("guides") / "cases"
GLOBS = json.loads((CASES / "globs.json").read_text(encoding="utf-8"))
PATHS = json.loads((CASES / "paths.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", GLOBS, ids=lambda c: f"{c['glob']} on {c['path']}")
def test_a_glob_fits_as_the_vector_says(case: dict[str, object]) -> None:
    assert matches_glob(str(case["glob"]), str(case["path"])) is case["fits"]


@pytest.mark.parametrize("case", PATHS, ids=lambda c: c["address"] or "empty")
def test_an_address_becomes_the_template_of_the_vector(case: dict[str, str]) -> None:
    assert path_template(case["address"]) == case["template"]


def naive_match(glob: str, path: str) -> bool:
    open_end = glob.endswith("/**")
    pieces = re.findall(r"\*\*|\*|\?|[^*?]+", glob[:-3] if open_end else glob)
    pattern = "".join({"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(p) or re.escape(p) for p in pieces)
    return re.fullmatch(pattern + ("(?:/.*)?" if open_end else ""), path, re.DOTALL) is not None


@given(st.text("ab/*?", max_size=8), st.text("ab/", max_size=10))
def test_globs_agree_with_regular_expressions(glob: str, path: str) -> None:
    assert matches_glob(glob, path) is naive_match(glob, path)


def test_a_hostile_glob_costs_no_more_than_its_length() -> None:
    """As a regular expression this one would backtrack past the age of the universe."""
    assert not matches_glob("/" + "**a" * 90, "/" + "a" * 80 + "b" * 200)
    assert not matches_glob("/" + "*a" * 140 + "c", "/" + "a" * 290)


@given(st.text(max_size=400))
def test_a_template_is_a_short_path_without_query_hash_or_address(address: str) -> None:
    template = path_template(address)
    assert template.startswith("/")
    assert len(template) <= 301
    assert "?" not in template
    assert "#" not in template
    assert "@" not in template
