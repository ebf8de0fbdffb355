"""The starter guides: sound, in both languages, canonical, and one of each kind."""

from pathlib import Path

import pytest

from milepost.rules.lint import Known, lint
from milepost.rules.localise import locales_of
from milepost.store.schema import data_folder
from milepost.wire.codecs.guide_yaml import dump_guide_yaml, parse_guide_yaml
from milepost.wire.guide import Guide

FILES = sorted((data_folder("guides") / "library" / "guides").glob("*.yaml"))


def read(file: Path) -> Guide:
    return parse_guide_yaml(file.read_text(encoding="utf-8"), file.name)


def test_there_is_one_of_each_kind() -> None:
    assert sorted(read(file).kind for file in FILES) == ["modal", "tooltip", "tour"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_starter_guide_is_sound(file: Path) -> None:
    guide = read(file)
    assert guide.key == file.stem
    assert locales_of(guide) == {"en", "zh-CN"}
    assert lint(guide, Known(features={guide.goal_feature or ""})) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_starter_guide_is_written_as_pull_writes_it(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    assert "".join(line for line in lines if not line.startswith("#")) == dump_guide_yaml(read(file))
