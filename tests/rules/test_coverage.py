"""Coverage, usage rate and core coverage: examples from the definitions, properties, and a naive twin."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from milepost.rules.coverage import AccountUse, Coverage, FeatureFacts, Offer, Plan, count_coverage
from milepost.rules.states import state_of

T = 200


def feature(ordinal: int, plans: frozenset[str] | None = None, **more: object) -> FeatureFacts:
    if plans is not None:
        more["offers"] = [Offer(plans=plans)]
    return FeatureFacts(ordinal, f"f{ordinal}", f"Feature {ordinal}", **more)  # type: ignore[arg-type]


def use(days: dict[int, list[int]] | None = None, guided: dict[int, list[int]] | None = None, **more: object) -> AccountUse:
    bits = {o: sum(1 << d for d in set(ds)) for o, ds in (days or {}).items()}
    helped = {o: sum(1 << d for d in set(ds)) for o, ds in (guided or {}).items()}
    more.setdefault("started_on", 0)
    return AccountUse(0, bits, helped, **more)  # type: ignore[arg-type]


def test_coverage_is_used_over_eligible_and_guided_use_stands_beside_it() -> None:
    features = [feature(o) for o in range(31)]
    found = count_coverage(features, use({0: [T], 1: [T - 5], 2: [T - 89], 3: [T - 90]}, {4: [T]}), T)
    assert (len(found.used), len(found.eligible), found.guided_only) == (3, 31, {4})
    assert found.share == 3 / 31


def test_nothing_eligible_is_null_and_never_zero() -> None:
    found = count_coverage([feature(0, plans=frozenset({"pro"}))], use({0: [T]}, plans=[Plan(0, "basic")]), T)
    assert found.share is None
    assert found.usage_rate == 1.0
    assert found.core_coverage is None
    assert found.whitespace == {0}
    assert found.states[0] == "not_entitled"


def test_guided_use_counts_only_when_the_environment_says_so() -> None:
    facts, account = [feature(0)], use(guided={0: [T]})
    assert count_coverage(facts, account, T).share == 0.0
    assert count_coverage(facts, account, T, count_guided=True).share == 1.0


def test_guided_use_of_long_ago_is_still_tried() -> None:
    assert count_coverage([feature(0)], use(guided={0: [3]}), T).states[0] == "tried"


def test_a_feature_released_later_joins_both_sides_after_28_days() -> None:
    facts, account = [feature(0), feature(1, introduced_on=100)], use({1: [100, 120, 128]})
    assert count_coverage(facts, account, 99).eligible == {0}
    early = count_coverage(facts, account, 127)
    assert (early.eligible, early.new, early.rate_all) == ({0}, {1}, {0})
    late = count_coverage(facts, account, 128)
    assert (late.eligible, late.new, late.used, late.rate_used) == ({0, 1}, frozenset(), {1}, {1})


def test_an_upgrade_moves_nothing_for_28_days() -> None:
    facts = [feature(0), feature(1, plans=frozenset({"pro"}))]
    account = use({0: [T]}, plans=[Plan(0, "basic"), Plan(100, "pro")])
    assert count_coverage(facts, account, 99).whitespace == {1}
    assert count_coverage(facts, account, 127).new == {1}
    assert count_coverage(facts, account, 128).eligible == {0, 1}


def test_coming_back_to_a_plan_starts_the_28_days_anew() -> None:
    facts = [feature(0, plans=frozenset({"pro"}))]
    account = use(plans=[Plan(0, "pro"), Plan(50, "basic"), Plan(100, "pro")])
    assert count_coverage(facts, account, 40).eligible == {0}
    assert count_coverage(facts, account, 60).whitespace == {0}
    assert count_coverage(facts, account, 127).new == {0}


PRO, BOTH = frozenset({"pro"}), frozenset({"basic", "pro"})


def test_a_feature_offered_to_one_more_plan_joins_both_sides_after_28_days() -> None:
    facts = [feature(0), feature(1, offers=[Offer(90, PRO), Offer(100, BOTH)])]
    account = use({1: [T]}, plans=[Plan(0, "basic")])
    assert [count_coverage(facts, account, t).whitespace for t in (89, 99)] == [{1}, {1}], "the first holds back for ever"
    assert (count_coverage(facts, account, 100).new, count_coverage(facts, account, 127).new) == ({1}, {1})
    assert count_coverage(facts, account, 127).eligible == {0}
    assert count_coverage(facts, account, 128).eligible == {0, 1}
    pro = replace(account, plans=[Plan(0, "pro")])
    assert [count_coverage(facts, pro, t).eligible for t in (0, 99, 100, 127)] == [{0, 1}] * 4


def test_a_feature_taken_from_a_plan_leaves_both_sides_that_day_and_days_before_keep_it() -> None:
    facts = [feature(0), feature(1, offers=[Offer(0, None), Offer(100, PRO), Offer(150, None)])]
    account = use({1: [90, 110]}, plans=[Plan(0, "basic")])
    assert (count_coverage(facts, account, 99).used, count_coverage(facts, account, 99).eligible) == ({1}, {0, 1})
    narrowed = count_coverage(facts, account, 100)
    assert (narrowed.used, narrowed.eligible, narrowed.whitespace) == (frozenset(), {0}, {1})
    assert count_coverage(facts, account, 177).new == {1}, "given back, it is new once more"
    assert count_coverage(facts, account, 178).eligible == {0, 1}


def test_what_was_offered_at_the_accounts_start_counts_from_the_start() -> None:
    facts = [feature(0, offers=[Offer(0, PRO), Offer(100, BOTH)])]
    assert count_coverage(facts, use(plans=[Plan(100, "basic")], started_on=100), 100).eligible == {0}
    assert count_coverage(facts, use(plans=[Plan(99, "basic")], started_on=99), 100).new == {0}


def test_a_run_goes_on_over_a_change_of_plan_and_of_lists_on_one_day() -> None:
    facts = [feature(0, offers=[Offer(0, PRO), Offer(100, frozenset({"basic"}))])]
    assert count_coverage(facts, use(plans=[Plan(0, "pro"), Plan(100, "basic")]), 100).eligible == {0}
    assert count_coverage(facts, use(plans=[Plan(0, "pro"), Plan(101, "basic")]), 101).new == {0}
    assert count_coverage(facts, use(plans=[Plan(0, "pro"), Plan(99, "basic")]), 100).new == {0}


def test_a_released_feature_offered_wider_later_waits_from_the_later_of_both() -> None:
    facts = [feature(0, introduced_on=110, offers=[Offer(100, PRO), Offer(120, BOTH)])]
    account = use(plans=[Plan(0, "basic")])
    assert [count_coverage(facts, account, t).eligible for t in (147, 148)] == [frozenset(), {0}]
    early = [replace(facts[0], offers=[Offer(90, PRO), Offer(100, BOTH)])]
    assert [count_coverage(early, account, t).eligible for t in (137, 138)] == [frozenset(), {0}]


def test_an_unknown_plan_is_reached_when_the_feature_becomes_everyones() -> None:
    facts = [feature(0, offers=[Offer(0, PRO), Offer(100, None)])]
    assert count_coverage(facts, use(), 99).plan_unknown == {0}
    assert (count_coverage(facts, use(), 100).new, count_coverage(facts, use(), 128).eligible) == ({0}, {0})


def test_the_first_plan_known_counts_from_the_start() -> None:
    facts = [feature(0, plans=frozenset({"pro"}))]
    assert count_coverage(facts, use(plans=[Plan(150, "pro")]), 151).eligible == {0}
    assert count_coverage(facts, use(plans=[Plan(0, None), Plan(150, "pro")]), 151).eligible == {0}


def test_an_unknown_plan_is_a_warning_unless_all_is_assumed() -> None:
    facts = [feature(0), feature(1, plans=frozenset({"pro"}))]
    careful = count_coverage(facts, use(), T)
    assert (careful.eligible, careful.plan_unknown, careful.whitespace) == ({0}, {1}, frozenset())
    assert count_coverage(facts, use(), T, unknown_is_all=True).eligible == {0, 1}


def test_an_add_on_entitles_beside_the_plan() -> None:
    facts = [feature(0, offers=[Offer(0, frozenset({"pro"}), frozenset({"roster"}))])]
    assert count_coverage(facts, use(plans=[Plan(0, "basic", frozenset({"roster"}))]), T).eligible == {0}
    assert count_coverage(facts, use(plans=[Plan(0, "basic")]), T).whitespace == {0}


def test_a_feature_for_a_role_needs_a_known_person_of_it() -> None:
    facts = [feature(0, audience_role="manager")]
    assert count_coverage(facts, use(roles=frozenset({"clerk"}), has_unknown_role=False), T).eligible == frozenset()
    assert count_coverage(facts, use(roles=frozenset({"manager"}), has_unknown_role=False), T).eligible == {0}
    assert count_coverage(facts, use(roles=frozenset({"clerk"}), has_unknown_role=True), T).eligible == {0}


def test_unproven_and_suspect_features_leave_both_sides() -> None:
    facts = [feature(0), feature(1, proven=False), feature(2, suspect=True)]
    found = count_coverage(facts, use({0: [T], 2: [T]}), T)
    assert (found.eligible, found.used, found.rate_all, found.suspect) == ({0}, {0}, {0}, {2})


def test_a_retired_feature_leaves_from_its_date() -> None:
    facts, account = [feature(0), feature(1, retired_on=150)], use({1: [140]})
    assert count_coverage(facts, account, 149).used == {1}
    assert count_coverage(facts, account, 150).eligible == {0}


def test_uses_of_a_merged_feature_count_for_the_other_from_the_date_on() -> None:
    facts = [feature(0), feature(1, merged_into=0, merged_on=150)]
    assert count_coverage(facts, use({1: [149]}), 160).used == frozenset()
    assert count_coverage(facts, use({1: [150]}), 160).used == {0}


def test_merges_may_chain() -> None:
    facts = [feature(0, merged_into=2, merged_on=160), feature(1, merged_into=0, merged_on=150), feature(2)]
    assert count_coverage(facts, use({1: [170]}), 180).used == {2}


def test_core_coverage_weighs_states() -> None:
    retained = [*range(T - 60, T - 50), *range(T - 5, T + 1)]
    facts = [feature(o, core=True) for o in range(6)] + [feature(9)]
    days = {0: [T], 1: list(range(T - 5, T + 1)), 2: retained, 3: list(range(T - 50, T - 40)), 9: [T]}
    found = count_coverage(facts, use(days, {4: [T]}), T)
    assert [found.states[o] for o in range(6)] == ["tried", "adopted", "retained", "dormant", "tried", "never"]
    assert found.core_coverage == (0.25 + 0.75 + 1.0) / 6


def test_core_features_weigh_as_they_say() -> None:
    found = count_coverage([feature(0, core=True, weight=3.0), feature(1, core=True)], use({1: [T]}), T)
    assert found.core_coverage == 0.25 / 4


# -- properties -------------------------------------------------------------------------------------------------------

DAYS = st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, T + 20), max_size=12), max_size=6)
PLANS = st.lists(st.tuples(st.integers(0, T), st.sampled_from([None, "basic", "pro"])), max_size=4).map(
    lambda rows: [Plan(on, plan) for on, plan in sorted(dict(rows).items())]
)
LISTS = st.sampled_from([None, frozenset({"pro"}), frozenset({"basic", "pro"}), frozenset({"basic"})])
OFFERS = st.lists(st.tuples(st.integers(0, T), LISTS), min_size=1, max_size=4).map(
    lambda rows: [Offer(on, plans) for on, plans in sorted(dict(rows).items(), key=lambda row: row[0])]
)
FEATURES = st.lists(
    st.builds(
        FeatureFacts,
        ordinal=st.just(0),
        key=st.just("f"),
        name=st.just("F"),
        core=st.booleans(),
        weight=st.sampled_from([1.0, 2.5]),
        cadence=st.sampled_from(["daily", "weekly", "monthly", "quarterly", "once"]),
        audience_role=st.sampled_from([None, "manager"]),
        offers=OFFERS,
        introduced_on=st.sampled_from([None, 0, 120, 180, T + 5]),
        retired_on=st.sampled_from([None, 190]),
        proven=st.booleans(),
        suspect=st.booleans(),
    ),
    max_size=6,
).map(lambda features: [replace(f, ordinal=o) for o, f in enumerate(features)])


@given(FEATURES, DAYS, DAYS, PLANS, st.integers(0, 5), st.integers(0, T))
def test_removing_an_accounts_own_activity_never_raises_its_coverage(
    features: list[FeatureFacts], days: dict[int, list[int]], guided: dict[int, list[int]], plans: list[Plan], o: int, until: int
) -> None:
    before = count_coverage(features, use(days, guided, plans=plans), T)
    fewer = {k: [d for d in v if not (k == o and d >= until)] for k, v in days.items()}
    after = count_coverage(features, use(fewer, guided, plans=plans), T)
    assert after.eligible == before.eligible
    assert (after.share or 0) <= (before.share or 0)
    assert (after.usage_rate or 0) <= (before.usage_rate or 0)


@given(FEATURES, DAYS, PLANS, st.integers(150, T), st.integers(0, 27), st.booleans())
def test_a_new_feature_or_plan_moves_no_ratio_within_28_days(
    features: list[FeatureFacts], days: dict[int, list[int]], plans: list[Plan], on: int, later: int, core: bool
) -> None:
    features = [replace(f, retired_on=None) for f in features]
    account = use(days, plans=[p for p in plans if p.from_on < on])
    before = count_coverage(features, account, on + later)
    released = feature(len(features), introduced_on=on, core=core)
    assert ratios(count_coverage([*features, released], account, on + later)) == ratios(before)
    if account.plans and account.plans[-1].plan == "basic":  # an upgrade only adds
        upgraded = replace(account, plans=[*account.plans, Plan(on, "pro")])
        assert ratios(count_coverage(only_wider(features), upgraded, on + later)) == ratios(
            count_coverage(only_wider(features), account, on + later)
        )


def only_wider(features: list[FeatureFacts]) -> list[FeatureFacts]:
    """Whoever has basic has pro too."""
    return [f for f in features if all(o.plans != {"basic"} for o in f.offers)]


@given(FEATURES, DAYS, PLANS, st.integers(150, T), st.integers(0, 27), st.integers(0, 5))
def test_offering_a_feature_to_one_more_plan_moves_no_ratio_within_28_days(
    features: list[FeatureFacts], days: dict[int, list[int]], plans: list[Plan], on: int, later: int, o: int
) -> None:
    features = [replace(f, offers=[o for o in f.offers if o.from_on < on] or [Offer(0, PRO)]) for f in features]
    account = use(days, plans=[p for p in plans if p.from_on < on])
    wider = [replace(f, offers=[*f.offers, Offer(on, None)]) if o == f.ordinal else f for f in features]
    before, after = (count_coverage(held, account, on + later) for held in (features, wider))
    assert ratios(after) == ratios(before)
    assert after.new >= before.new


def ratios(found: Coverage) -> tuple[float | None, float | None, float | None]:
    return found.share, found.usage_rate, found.core_coverage


@given(FEATURES, DAYS, DAYS, PLANS, st.sampled_from([7, 28, 90, 365]), st.booleans())
def test_coverage_agrees_with_the_definitions_word_by_word(
    features: list[FeatureFacts], days: dict[int, list[int]], guided: dict[int, list[int]], plans: list[Plan], w: int, all_: bool
) -> None:
    account = use(days, guided, plans=plans, roles=frozenset({"clerk"}), has_unknown_role=False)
    found = count_coverage(features, account, T, window_days=w, unknown_is_all=all_)
    eligible = {f.ordinal for f in features if naive_eligible(f, plans, all_)}
    window = set(range(T - w + 1, T + 1))
    used = {o for o in eligible if window & set(days.get(o, []))}
    assert found.eligible == eligible
    assert found.used == used
    assert found.guided_only == {o for o in eligible - used if window & set(guided.get(o, []))}
    live = {f.ordinal for f in features if naive_live(f) and f.proven and not f.suspect and (f.introduced_on or 0) + 28 <= T}
    assert found.rate_all == live
    assert found.rate_used == {o for o in live if window & set(days.get(o, []))}
    assert_core(found, features, days)


def naive_live(f: FeatureFacts) -> bool:
    return (f.retired_on is None or f.retired_on > T) and (f.introduced_on is None or f.introduced_on <= T)


def naive_eligible(f: FeatureFacts, plans: list[Plan], all_: bool) -> bool:
    if not naive_live(f) or not f.proven or f.suspect or f.audience_role == "manager":
        return False
    named = [p.plan for p in plans if p.plan is not None]

    def entitled(day: int) -> bool:
        offered = ([o.plans for o in f.offers if o.from_on <= day] or [f.offers[0].plans])[-1]
        if offered is None:
            return True
        held = [p.plan for p in plans if p.from_on <= day] or [None]
        plan = held[-1] if held[-1] is not None or any(held) else (named[0] if named else None)
        return all_ if plan is None else plan in offered

    if not entitled(T):
        return False
    since = T
    while since > 0 and entitled(since - 1):
        since -= 1
    reached = max(since, f.introduced_on or 0)
    return reached == 0 or reached + 28 <= T


def assert_core(found: Coverage, features: list[FeatureFacts], days: dict[int, list[int]]) -> None:
    core = [f for f in features if f.core and f.ordinal in found.eligible]
    credit = {"adopted": 0.75, "retained": 1.0}
    total = 0.0
    for f in core:
        past = {d for d in days.get(f.ordinal, []) if d <= T}
        state = state_of(sum(1 << d for d in past), f.cadence, T, guided=True)
        total += f.weight * ((0.25 if past else 0.0) if state == "tried" else credit.get(state, 0.0))
    expected = total / sum(f.weight for f in core) if core else None
    assert (found.core_coverage is None) == (expected is None)
    assert abs((found.core_coverage or 0) - (expected or 0)) < 1e-12
