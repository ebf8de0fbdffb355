"""The starter guides: sound, in both languages, canonical, and one of each kind."""

from pathlib import Path
from typing import get_args

import pytest

from milepost.rules.lint import NOWHERE, Known, lint
from milepost.rules.localise import locales_of
from milepost.store.schema import data_folder
from milepost.wire.codecs.guide_yaml import dump_guide_yaml, parse_guide_yaml
from milepost.wire.guide import Guide

BY_HAND = "Nothing says when this task is done: people tick it off themselves."  # as a task to read something is meant
HELD_OPEN = NOWHERE  # an address only the author has
FILES = sorted((data_folder("guides") / "library" / "guides").glob("*.yaml"))


def read(file: Path) -> Guide:
    return parse_guide_yaml(file.read_text(encoding="utf-8"), file.name)


def test_there_is_one_of_each_kind() -> None:
    assert sorted(read(file).kind for file in FILES) == sorted(get_args(Guide.model_fields["kind"].annotation))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_starter_guide_is_sound(file: Path) -> None:
    guide = read(file)
    assert guide.key == file.stem
    assert locales_of(guide) == {"en", "zh-CN"}
    problems = lint(guide, Known(features={guide.goal_feature or ""}))
    assert [one for one in problems if one.template not in {BY_HAND, HELD_OPEN}] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_starter_guide_is_written_as_pull_writes_it(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    assert "".join(line for line in lines if not line.startswith("#")) == dump_guide_yaml(read(file))
