"""YAML in and out: faults name line, path and repair; nothing explodes."""

import pytest

from milepost.errors import Invalid
from milepost.wire.codecs import yaml_text
from milepost.wire.codecs.yaml_text import dump_yaml, load_yaml, parse_yaml
from milepost.wire.feature import Catalogue

GOOD = """\
apiVersion: features/v1
features:
  - key: leave_approve
    name: Approve leave
    core: true
    introduced_on: 2026-03-01
    rules:
      - {on: event, name: Leave Approved, where: [{property: bulk, value: true}]}
      - {on: page, path: /leave/**}
  - key: report
    name: Report
    plans: [pro]
"""
MERGED = "b: &b {" + ",".join(f"k{i}: 1" for i in range(900)) + "}\n" + "".join(f"a{i}: {{<<: *b}}\n" for i in range(500))


def test_a_catalogue_reads_and_writes_the_same() -> None:
    catalogue = parse_yaml(GOOD, Catalogue)
    assert catalogue.features[0].introduced_on == "2026-03-01"
    again = dump_yaml(catalogue.model_dump(mode="json", exclude_defaults=True))
    assert parse_yaml(again, Catalogue) == catalogue


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("core: true", "core: maybe", r"mine\.yaml, line 5, features\[0\]\.core: "),
        ("core: true", "colour: red", r"mine\.yaml, line 5, features\[0\]\.colour: Extra inputs"),
        ("key: report", "key: Report!", r"line 10, features\[1\]\.key: "),
        ("2026-03-01", "2026-02-30x", r"line 6, features\[0\]\.introduced_on"),
        ("introduced_on: 2026-03-01", 'introduced_on: "2026-02-30"', "there is no such day"),
        ("key: report", "key: leave_approve", "stands twice"),
        ("key: report", "key: [report", r"mine\.yaml, line \d+: "),
        ("    core: true\n", "    core: true\n    core: false\n", r"duplicate key"),
    ],
)
def test_a_fault_names_its_place_and_its_repair(old: str, new: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        parse_yaml(GOOD.replace(old, new), Catalogue, "mine.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "a: &a {b: *a}",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)),
        "[" * 3000,
        "\x00",
        "x: " + "y" * 1_000_001,
    ],
    ids=["holds itself", "map holds itself", "billion laughs", "deep", "NUL", "long"],
)
def test_hostile_yaml_is_refused_at_once(text: str) -> None:
    with pytest.raises(Invalid):
        parse_yaml(text, Catalogue)


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 3000 + "]" * 3000, "a: " + "{x: " * 3000, "a: [" + "1," * 5_000 + "]", "# " + "x" * 100_000, MERGED],
    ids=["deep lists", "deep maps", "many values", "long", "merged again and again"],
)
def test_what_is_written_by_hand_is_refused_before_it_is_built(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a text is that of the part that is still allowed: nothing is left to construct or to count afterwards."""
    built: list[object] = []
    monkeypatch.setattr(yaml_text, "_refuse_explosion", lambda data, _source: built.append(data))
    with pytest.raises(Invalid, match=r"deeper than 40|depth|more than 5000 values|longer than 100000"):
        load_yaml(text, by_hand=True)
    assert built == []


def test_a_tag_runs_nothing() -> None:
    assert "os.system" not in repr(type(load_yaml("a: !!python/object/apply:os.system [date]")["a"]))


def test_infinity_is_no_weight() -> None:
    with pytest.raises(Invalid, match="finite"):
        parse_yaml(GOOD.replace("core: true", "weight: .inf"), Catalogue)
