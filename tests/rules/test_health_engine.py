"""The health engine: the published truth table, the presets, and properties of every score."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from milepost.errors import Invalid
from milepost.rules.health import change_card, cheapest_way_up, compute_score, validate_model
from milepost.store.schema import data_folder
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.health import HealthModel, SignalValue


def preset(name: str) -> HealthModel:
    text = (data_folder("guides") / "library" / "health" / f"{name}.yaml").read_text(encoding="utf-8")
    return parse_yaml(text, HealthModel, f"{name}.yaml")


STARTER, ADOPTION = preset("starter"), preset("adoption")


def known(**values: float | None) -> dict[str, SignalValue]:
    return {name: SignalValue(value=value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("login", "report", "complaints", "score", "band"),
    [
        (0, 0, 0, 50, "amber"), (0, 0, 1, 35, "red"), (0, 1, 0, 70, "amber"), (0, 1, 1, 55, "amber"),
        (1, 0, 0, 80, "green"), (1, 0, 1, 65, "amber"), (1, 1, 0, 100, "green"), (1, 1, 1, 85, "green"),
    ],
)  # fmt: skip
def test_the_starter_runs_its_truth_table(login: int, report: int, complaints: int, score: float, band: str) -> None:
    values = known(daily_login_share=0.51 if login else 0.5, adv_report_users=report, complaints=4 if complaints else 3)
    found = compute_score(STARTER, values)
    assert (found.score, found.band, found.known_share) == (score, band, 1.0)


def test_an_unknown_rule_gives_no_points_and_little_known_is_grey() -> None:
    found = compute_score(STARTER, known(daily_login_share=None, adv_report_users=1, complaints=None))
    assert found.score == 70
    assert round(found.known_share, 2) == 0.31
    assert found.band == "unknown"


def test_a_silent_account_without_answers_is_red() -> None:
    found = compute_score(ADOPTION, known(core_coverage=0, coverage=0, daily_active_share=0, complaints_30d=0, nps=None))
    assert found.score == pytest.approx(10 / 0.9)
    assert found.band == "red"
    assert found.known_share == pytest.approx(0.9)


def test_one_unknown_answer_never_reads_as_zero() -> None:
    full = known(core_coverage=0.6, coverage=0.5, daily_active_share=0.5, complaints_30d=0)
    assert compute_score(ADOPTION, full).score == pytest.approx(100)
    assert compute_score(ADOPTION, full | known(nps=-100)).score == pytest.approx(90)


def test_nothing_known_is_no_score() -> None:
    found = compute_score(ADOPTION, {})
    assert (found.score, found.band, found.known_share) == (None, "unknown", 0.0)


def test_grace_shows_onboarding_until_its_day() -> None:
    values = known(daily_login_share=0, adv_report_users=0, complaints=9)
    assert compute_score(STARTER, values, account_day=29).band == "onboarding"
    assert compute_score(STARTER, values, account_day=30).band == "red"


def test_an_exception_caps_and_says_so() -> None:
    document = STARTER.model_dump(by_alias=True) | {
        "exceptions": [{"id": "many", "if": {"signal": "complaints", "gt": 10}, "at_most": 40}]
    }
    found = compute_score(HealthModel.model_validate(document), known(daily_login_share=1, adv_report_users=1, complaints=11))
    assert found.score == 40
    assert [item.kind for item in found.items][-1] == "cap"
    assert sum(item.points for item in found.items) == pytest.approx(40)


def test_validation_warns_of_a_dead_account_that_would_not_alarm() -> None:
    verdict = validate_model(STARTER)
    assert (verdict.reachable_min, verdict.reachable_max, verdict.dead.score) == (35, 100, 50)
    assert "50, which is not below 50" in verdict.warnings[0]
    assert validate_model(ADOPTION).warnings == []
    assert (validate_model(ADOPTION).reachable_min, validate_model(ADOPTION).reachable_max) == pytest.approx((0, 100))


def test_validation_warns_when_nobody_would_be_told() -> None:
    silent = ADOPTION.model_copy(update={"alerts": []})
    assert "no alert" in validate_model(silent).warnings[0]


def test_every_part_says_why_in_both_languages() -> None:
    found = compute_score(STARTER, known(daily_login_share=0.6, complaints=None))
    assert all(set(item.sentence) == {"en", "zh-CN"} for item in found.items)
    assert "over 30 days" in found.items[1].sentence["en"]


def test_sentences_read_aloud_in_their_own_language() -> None:
    values = known(core_coverage=0.36, complaints_30d=5, nps=None)
    values["coverage"] = SignalValue(value=4 / 31, n=4, of=31)
    values["daily_active_share"] = SignalValue(value=0.184, of=140)
    values["nps"] = SignalValue(value=None, why={"en": "no answers yet", "zh-CN": "尚无回答"})
    said = {item.signal: item.sentence for item in compute_score(ADOPTION, values).items}
    assert said["coverage"] == {
        "en": "Coverage: 4 of 31 over 90 days, 4.8 of 18.5 points (0\u00a0% → 50\u00a0%).",
        "zh-CN": "功能覆盖率（已授权）：4 / 31（近 90 天），得 4.8 分，满分 18.5（0% → 50%）。",
    }
    assert said["daily_active_share"]["en"].startswith("Daily active share: 18\u00a0% of 140 people over 28 days, ")
    assert said["daily_active_share"]["zh-CN"].startswith("日活跃占比：140 人的 18%（近 28 天），")
    assert said["complaints_30d"]["en"] == "Complaints: 5 over 30 days, 1.9 of 11.1 points (6 → 0)."
    assert said["nps"]["zh-CN"] == "NPS：未知（尚无回答），权重转给已知项。"
    english_marks = set("abcdefghijklmnopqrstuvwxyz,;:()")
    assert not [words for words in said.values() if english_marks & set(words["zh-CN"])]


def test_a_negative_rule_says_what_it_takes() -> None:
    found = compute_score(STARTER, known(daily_login_share=0.6, complaints=4))
    assert found.items[-1].sentence["en"] == "Complaints: 4 over 30 days, −15.0 points (> 3)."


def test_a_window_in_hours_is_not_called_days() -> None:
    document = STARTER.model_dump(by_alias=True)
    document["signals"]["complaints"]["window"] = "48h"
    found = compute_score(HealthModel.model_validate(document), known(complaints=1))
    assert "over 48 hours" in found.items[-1].sentence["en"]


def test_the_cheapest_way_up_names_what_is_missing_most() -> None:
    found = compute_score(STARTER, known(daily_login_share=0, adv_report_users=0, complaints=0))
    assert [item.id for item in cheapest_way_up(found)] == ["daily_login", "adv_report"]


def test_the_change_card_names_causes() -> None:
    before = compute_score(STARTER, known(daily_login_share=0.6, adv_report_users=1, complaints=None))
    after = compute_score(STARTER, known(daily_login_share=0.4, adv_report_users=1, complaints=5))
    card = {line.id: (line.cause, line.points) for line in change_card(before, after)}
    assert card == {"daily_login": ("data", -30), "complaints": ("known", -15)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rules": [STARTER.rules[0].model_dump(by_alias=True)] * 2}, "stands twice"),
        ({"rules": [{"id": "base", "if": {"signal": "nps", "gt": 1}, "points": 1}]}, "part of every score"),
        ({"rules": [{"id": "x", "if": {"signal": "mood", "gt": 1}, "points": 1}]}, "'mood' is not known"),
        ({"rules": [{"id": "x", "if": {"signal": "nps"}, "points": 1}]}, "exactly one of gt"),
        ({"rules": [{"id": "x", "if": {"signal": "nps", "gt": 1}, "points": float("inf")}]}, "finite"),
        ({"rules": []}, "has rules and no groups"),
        ({"scale": {"min": 100, "max": 0}}, "below scale.max"),
        ({"exceptions": [{"id": "x", "if": {"signal": "nps", "gt": 1}, "at_most": 140}]}, "outside the scale"),
        ({"bands": [{"id": "red", "below": 50}]}, "the last has none"),
        ({"bands": [{"id": "red", "below": 50}, {"id": "amber", "below": 20}, {"id": "green"}]}, "ascend"),
        ({"formula": "eval('1')"}, "Extra inputs"),
    ],
)
def test_a_wrong_model_is_refused_with_a_sentence(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        HealthModel.model_validate(STARTER.model_dump(by_alias=True) | change)


def test_a_wrong_model_names_the_line() -> None:
    text = (data_folder("guides") / "library" / "health" / "starter.yaml").read_text(encoding="utf-8")
    with pytest.raises(Invalid, match=r"mine\.yaml, line 13, rules\[1\]\.if"):
        parse_yaml(text.replace("gte: 1}", "gte: 1, lt: 2}"), HealthModel, "mine.yaml")


# -- properties -------------------------------------------------------------------------------------------------------

SIGNALS = ["coverage", "core_coverage", "usage_rate", "daily_active_share", "nps", "complaints_30d"]
NUMBERS = st.integers(-20, 20).map(lambda n: n / 4)
MAPS = st.one_of(
    st.tuples(NUMBERS, NUMBERS).filter(lambda p: p[0] != p[1]).map(lambda p: {"linear": {"at_0": p[0], "at_100": p[1]}}),
    st.lists(NUMBERS, min_size=1, max_size=3, unique=True).map(
        lambda lines: {"steps": [{"from": v, "share": (i + 1) / len(lines)} for i, v in enumerate(sorted(lines))]}
    ),
    st.sampled_from([0.1, 0.5, 1.0]).map(lambda d: {"deduct": d}),
)
GROUPS = st.lists(
    st.lists(st.tuples(st.sampled_from(SIGNALS), st.integers(1, 5), MAPS), min_size=1, max_size=3, unique_by=lambda m: m[0]),
    min_size=1,
    max_size=4,
)
VALUES = st.dictionaries(st.sampled_from(SIGNALS), st.one_of(st.none(), NUMBERS))
UNKNOWN = st.sampled_from(["redistribute", "neutral", "worst"])


def scorecard(groups: list[list[tuple[str, int, dict[str, object]]]], unknown: str, cap: float | None = None) -> HealthModel:
    return HealthModel.model_validate(
        {
            "apiVersion": "health/v1", "id": "made", "scoring": "scorecard", "unknown": unknown,
            "groups": [
                {"id": f"g{i}", "weight": i + 1, "measures": [{"signal": s, "weight": w, **m} for s, w, m in measures]}
                for i, measures in enumerate(groups)
            ],
            "exceptions": [] if cap is None else [{"id": "cap", "if": {"signal": "nps", "gt": 0}, "at_most": cap}],
            "bands": [{"id": "red", "below": 50}, {"id": "green"}],
        }
    )  # fmt: skip


@given(GROUPS, UNKNOWN, VALUES, st.sampled_from([None, 0.0, 40.0]))
def test_items_sum_to_the_score_and_the_score_stays_on_its_scale(
    groups: list[list[tuple[str, int, dict[str, object]]]], unknown: str, values: dict[str, float | None], cap: float | None
) -> None:
    found = compute_score(scorecard(groups, unknown, cap), known(**values))
    assume(found.score is not None)
    assert found.score is not None
    assert abs(sum(item.points for item in found.items) - found.score) < 1e-9
    assert -1e-9 <= found.score <= 100 + 1e-9
    assert -1e-9 <= found.known_share <= 1 + 1e-9


@given(GROUPS, VALUES)
def test_a_scorecard_agrees_with_its_naive_twin(
    groups: list[list[tuple[str, int, dict[str, object]]]], values: dict[str, float | None]
) -> None:
    found = compute_score(scorecard(groups, "redistribute"), known(**values))
    weighted: list[tuple[float, float]] = []
    known_share = 0.0
    for i, measures in enumerate(groups):
        held = [(w, naive_share(m, float(values[s] or 0))) for s, w, m in measures if values.get(s) is not None]
        known_share += (i + 1) * sum(w for w, _ in held) / sum(w for _, w, _ in measures)
        if held:
            weighted.append((i + 1, sum(w * x for w, x in held) / sum(w for w, _ in held)))
    known_share /= sum(range(1, len(groups) + 1))
    assert found.known_share == pytest.approx(known_share)
    if not weighted:
        assert found.score is None
    else:
        assert found.score == pytest.approx(100 * sum(w * x for w, x in weighted) / sum(w for w, _ in weighted))


def naive_share(measure: dict[str, object], value: float) -> float:
    if "linear" in measure:
        low, high = measure["linear"]["at_0"], measure["linear"]["at_100"]  # type: ignore[index]
        return sorted((0.0, (value - low) / (high - low), 1.0))[1]
    if "steps" in measure:
        return max([s["share"] for s in measure["steps"] if s["from"] <= value], default=0.0)  # type: ignore[attr-defined, no-any-return]
    return sorted((0.0, 1 - measure["deduct"] * value, 1.0))[1]  # type: ignore[operator]


@given(GROUPS, UNKNOWN, VALUES, VALUES)
def test_the_change_card_sums_to_the_difference(
    groups: list[list[tuple[str, int, dict[str, object]]]],
    unknown: str,
    old: dict[str, float | None],
    new: dict[str, float | None],
) -> None:
    model = scorecard(groups, unknown)
    before, after = compute_score(model, known(**old)), compute_score(model, known(**new))
    assume(before.score is not None and after.score is not None)
    assert sum(line.points for line in change_card(before, after)) == pytest.approx(
        (after.score or 0) - (before.score or 0), abs=1e-9
    )


@given(st.lists(st.sampled_from([None, 0.0, 1.0, 100.0]), min_size=3, max_size=3))
def test_points_are_the_base_and_the_rules_that_hold(values: list[float | None]) -> None:
    login, report, complaints = values
    found = compute_score(STARTER, known(daily_login_share=login, adv_report_users=report, complaints=complaints))
    naive = 50.0
    naive += 30 if login is not None and login > 0.5 else 0
    naive += 20 if report is not None and report >= 1 else 0
    naive -= 15 if complaints is not None and complaints > 3 else 0
    assert found.score == naive


def test_every_preset_is_valid_and_has_its_own_id() -> None:
    folder = data_folder("guides") / "library" / "health"
    models = [preset(path.stem) for path in sorted(folder.glob("*.yaml"))]
    assert [m.id for m in models] == sorted(p.stem for p in folder.glob("*.yaml"))
    assert all(a.id != b.id for a, b in itertools.combinations(models, 2))
