"""The cheapest way up names the guide that wins the missing points, and none that would not."""

from milepost.actions.explain import GuideForGap, Standing, find_ways_up
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.health import HealthModel, Item, Score

MODEL = parse_yaml(
    """
apiVersion: health/v1
id: ways
scoring: points
scale: {min: 0, max: 100}
signals:
  roster_people: {metric: feature_users, feature: roster}
rules:
  - {id: core, if: {signal: core_coverage, gte: 0.5}, points: 40}
  - {id: wide, if: {signal: coverage, gte: 0.5}, points: 30}
  - {id: people, if: {signal: roster_people, gte: 3}, points: 20}
  - {id: calm, if: {signal: complaints_30d, lte: 3}, points: 10}
bands:
  - {id: red, below: 50}
  - {id: amber, below: 75}
  - {id: green}
""",
    HealthModel,
    "ways.yaml",
)
SIGNALS = {"core": "core_coverage", "wide": "coverage", "people": "roster_people", "calm": "complaints_30d"}
GUIDES = [
    GuideForGap(f"{key}_guide", key.title(), ordinal, key, key in {"leave", "payroll"})
    for ordinal, key in enumerate(("report", "leave", "roster", "payroll"))
]


def guides_for(standing: Standing) -> dict[str, str | None]:
    """{part: guide} of a score that misses everything."""
    rules = {rule.id: rule.points for rule in MODEL.rules}
    items = [
        Item(id=id_, kind="rule", signal=signal, value=0.0, points=0.0, maximum=rules[id_], known=True)
        for id_, signal in SIGNALS.items()
    ]
    score = Score(model="ways", score=0.0, known_share=1.0, band="red", items=items)
    return {way.item.id: way.guide_key for way in find_ways_up(score, MODEL, standing, GUIDES)}


def test_each_part_names_the_guide_of_a_feature_that_counts_for_it() -> None:
    standing = Standing(eligible=frozenset({0, 1, 2, 3}), used=frozenset({1, 2}), adopted=frozenset({1}))
    wanted = {"core": "payroll_guide", "wide": "report_guide", "people": "roster_guide", "calm": None}
    assert guides_for(standing) == wanted


def test_a_core_feature_tried_and_not_adopted_still_wins_core_coverage() -> None:
    standing = Standing(eligible=frozenset({0, 1, 2, 3}), used=frozenset({0, 1, 2, 3}), adopted=frozenset())
    assert guides_for(standing) == {"core": "leave_guide", "wide": None, "people": "roster_guide", "calm": None}


def test_no_guide_is_named_to_a_feature_the_account_may_not_use() -> None:
    standing = Standing(eligible=frozenset({0}), used=frozenset(), adopted=frozenset())
    assert guides_for(standing) == {"core": None, "wide": "report_guide", "people": None, "calm": None}
