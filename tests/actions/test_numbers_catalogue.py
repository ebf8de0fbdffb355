"""The catalogue as people change it: versions, merges, the inbox, recounting, previews."""

import pytest

from milepost.actions.features import list_catalogue, merge_feature, push_catalogue, retire_feature, save_feature
from milepost.actions.preview import preview_catalogue
from milepost.actions.rebuild import rebuild_rollups
from milepost.actions.recount import recount
from milepost.actions.score import refresh_dirty
from milepost.actions.unmatched import accept_unmatched, ignore_unmatched, list_unmatched, suggest
from milepost.errors import Conflict, NotFound
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.wire.feature import Catalogue, Condition, EventRule, Feature, PageRule
from tests.factories import Sandbox


def feature(key: str, **more: object) -> Feature:
    return Feature.model_validate({"key": key, "name": key.title(), "rules": [EventRule(on="event", name=key.title())]} | more)


def push(sandbox: Sandbox, *features: Feature) -> object:
    return push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=list(features)), "test")


def rollup(sandbox: Sandbox) -> list[list[tuple[object, ...]]]:
    tables = {
        "usage": "account_id, ordinal, day, end_user_id, n, n_guided",
        "feature_last": "account_id, ordinal, first_day, last_day",
        "account_day": "account_id, day, bitmap",
        "rule_hour": "hour, ordinal, n",
        "reach_day": "day, matched, total",
    }
    where = {"rule_hour": "n <> 0"}
    return [sandbox.rows(f"SELECT {c} FROM {t} WHERE {where.get(t, '1 = 1')} ORDER BY {c}") for t, c in tables.items()]


def test_pushing_the_same_file_twice_makes_one_version(sandbox: Sandbox) -> None:
    first = push(sandbox, feature("leave"), feature("roster"))
    again = push(sandbox, feature("leave"), feature("roster"))
    assert (first.version, first.created) == (1, ["leave", "roster"])  # type: ignore[attr-defined]
    assert (again.version, again.unchanged) == (1, ["leave", "roster"])  # type: ignore[attr-defined]


def test_ordinals_are_permanent(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave"), feature("roster"))
    retire_feature(sandbox.runtime, sandbox.tenant, "leave", None, "test")
    push(sandbox, feature("report"), feature("roster", name="Shift plan"))
    rows = sandbox.rows("SELECT key, ordinal, name FROM features ORDER BY ordinal")
    assert rows == [("leave", 0, "Leave"), ("roster", 1, "Shift plan"), ("report", 2, "Report")]


def test_more_than_twelve_core_features_warn(sandbox: Sandbox) -> None:
    change = push(sandbox, *[feature(f"f{n}", core=True) for n in range(13)])
    assert "13 features are core" in change.warnings[0]  # type: ignore[attr-defined]


def test_a_key_that_is_an_alias_elsewhere_is_refused(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave", aliases=["absence"]))
    with pytest.raises(Conflict, match="absence"):
        save_feature(sandbox.runtime, sandbox.tenant, feature("absence"), "test", create=True)


def test_a_pulled_catalogue_pushes_back_unchanged(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave", plans=["pro"], add_ons=["x"], cadence="weekly"), feature("roster", introduced_on="2026-01-05"))
    with db.reading(sandbox.runtime.engine) as connection:
        pulled = list_catalogue(connection, sandbox.environment_id)
    change = push_catalogue(sandbox.runtime, sandbox.tenant, pulled, "test")
    assert change.unchanged == ["leave", "roster"]


def test_a_merged_feature_counts_for_the_other_from_that_day(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave"), feature("absence"))
    sandbox.send(sandbox.event("Absence"))
    merge_feature(sandbox.runtime, sandbox.tenant, "absence", "leave", None, "test")
    sandbox.send(sandbox.event("Absence"))
    sandbox.use("absence")
    assert sandbox.rows("SELECT ordinal, n FROM usage ORDER BY ordinal") == [(0, 2), (1, 1)]
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    assert sandbox.rows("SELECT n_used, n_eligible FROM live_scores") == [(1, 1)]
    with pytest.raises(Conflict):
        push(sandbox, feature("absence"))


def test_a_name_in_the_inbox_becomes_a_feature_and_is_recounted(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave"))
    for user in ("u1", "u2"):
        sandbox.send(sandbox.event("Report Exported", user=user), sandbox.event("Leave", user=user))
    sandbox.send(
        {"type": "page", "messageId": "p1", "userId": "u1", "context": {"groupId": "a1"}, "properties": {"path": "/team"}}
    )
    names = [(u.kind, u.name, u.n) for u in list_unmatched(sandbox.runtime, sandbox.tenant)]
    assert names == [("event", "Report Exported", 2), ("page", "/team", 1)]
    accept_unmatched(sandbox.runtime, sandbox.tenant, "event", "Report Exported", "test")
    ignore_unmatched(sandbox.runtime, sandbox.tenant, "page", "/team", "test")
    assert list_unmatched(sandbox.runtime, sandbox.tenant) == []
    today = day_of(sandbox.clock(), "UTC")
    before = rollup(sandbox)
    dry = recount(sandbox.runtime, sandbox.tenant, today, "test")
    assert (dry.n_changed, dict(dry.gained), dry.applied) == (2, {"report_exported": 2}, False)
    assert rollup(sandbox) == before
    recount(sandbox.runtime, sandbox.tenant, today, "test", apply=True)
    assert sandbox.rows("SELECT ordinal, sum(n) FROM usage GROUP BY ordinal ORDER BY ordinal") == [(0, 2), (1, 2)]
    assert recount(sandbox.runtime, sandbox.tenant, today, "test").n_changed == 0
    assert sandbox.rows("SELECT count(*) FROM audit WHERE action = 'catalogue.recounted'") == [(1,)]


def test_a_recount_equals_a_rebuild_of_the_same_decisions(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave"), feature("pages", rules=[PageRule(on="page", path="/a")]))
    guided = {"context": {"groupId": "a1", "milepost": {"guide": "run_1"}}}
    sandbox.send(
        *[sandbox.event("Leave", user=f"u{n % 3}", properties={"n": n}) for n in range(6)],
        sandbox.event("Leave", **guided),
        {"type": "page", "messageId": "p1", "userId": "u1", "context": {"groupId": "a1"}, "properties": {"path": "/a"}},
    )
    rules = [EventRule(on="event", name="Leave", where=[Condition(property="n", op="gte", value=4)])]
    push(sandbox, feature("leave", rules=rules), feature("pages", rules=[PageRule(on="page", path="/b")]))
    today = day_of(sandbox.clock(), "UTC")
    found = recount(sandbox.runtime, sandbox.tenant, today, "test", apply=True)
    assert (dict(found.lost), found.n_changed) == ({"leave": 5, "pages": 1}, 6)
    counted = rollup(sandbox)
    with db.writing(sandbox.runtime.engine) as connection:
        rebuild_rollups(connection, sandbox.environment_id, today)
    assert rollup(sandbox) == counted


def test_a_preview_shows_whose_coverage_would_move(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave"), feature("roster"))
    sandbox.use("leave")
    sandbox.use("roster")
    sandbox.send({"type": "group", "messageId": "g", "userId": "u1", "groupId": "a1", "traits": {"plan": "basic"}})
    found = preview_catalogue(sandbox.runtime, sandbox.tenant, [feature("roster", plans=["pro"]), feature("report")])
    assert [(e.account, e.before.used, e.before.eligible, e.after.used, e.after.eligible) for e in found.effects] == [
        ("a1", 2, 2, 1, 1)
    ]
    assert (found.created, found.changed) == (["report"], ["roster"])


def test_a_preview_tells_whom_a_wider_offer_reaches_and_moves_nobody_today(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave"), feature("roster", plans=["pro"]))
    for name in ("leave", "roster"):
        sandbox.use(name)
    for account, plan in (("a1", "basic"), ("a2", "pro"), ("a3", "basic")):
        sandbox.send({"type": "group", "messageId": account, "userId": "u1", "groupId": account, "traits": {"plan": plan}})
    sandbox.clock.turn(days=1)
    wider = feature("roster", plans=["pro", "basic"])
    found = preview_catalogue(sandbox.runtime, sandbox.tenant, [feature("leave"), wider])
    assert (found.changed, found.n_moved, found.n_joining, found.n_accounts) == (["roster"], 0, 2, 3)
    assert sandbox.rows("SELECT count(*) FROM feature_entitlements") == [(2,)], "a preview stores nothing"
    push(sandbox, wider)
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    assert sandbox.rows("SELECT n_eligible, n_new FROM live_scores ORDER BY account_id") == [(1, 1), (2, 0), (1, 1)]
    back = preview_catalogue(sandbox.runtime, sandbox.tenant, [feature("roster", plans=["pro"])])
    assert (back.n_moved, back.n_joining) == (0, 0)
    nobody = preview_catalogue(sandbox.runtime, sandbox.tenant, [feature("roster", plans=["none"])])
    assert [(e.account, e.before.eligible, e.after.eligible) for e in nobody.effects] == [("a2", 2, 1)]


def test_only_a_change_of_plans_or_add_ons_is_dated(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave", plans=["pro"]))
    first = day_of(sandbox.clock(), "UTC")
    sandbox.clock.turn(days=1)
    push(sandbox, feature("leave", plans=["pro"], name="Time off"))
    sandbox.clock.turn(days=1)
    push(sandbox, feature("leave", plans=["pro"], add_ons=["hr"]))
    push(sandbox, feature("leave", add_ons=["hr"]))
    rows = sandbox.rows("SELECT from_on, plans, add_ons FROM feature_entitlements ORDER BY from_on")
    assert rows == [(first, '["pro"]', None), (first + 2, None, '["hr"]')]


def test_an_unknown_inbox_line_is_not_found(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        accept_unmatched(sandbox.runtime, sandbox.tenant, "event", "Nothing", "test")


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [("event", "Report Exported", "report_exported"), ("page", "/settings/:id/team", "settings_team"), ("event", "导出", None)],
)
def test_suggested_keys_are_valid(kind: str, name: str, key: str | None) -> None:
    found, title = suggest(kind, name)
    assert Feature(key=found, name=title)
    assert key is None or found == key


def test_a_preview_of_a_core_feature_tells_whose_core_coverage_and_score_move(sandbox: Sandbox) -> None:
    push(sandbox, feature("leave", core=True), feature("roster"))
    sandbox.use("leave")
    sandbox.use("roster", account="a2")
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    same = preview_catalogue(sandbox.runtime, sandbox.tenant, [feature("leave", core=True)])
    assert (same.n_moved, same.n_accounts) == (0, 2)
    change = feature("roster", core=True)
    found = preview_catalogue(sandbox.runtime, sandbox.tenant, [change])
    effects = {e.account: e for e in found.effects}
    assert found.n_moved == len(effects) == 2
    assert all(e.before.coverage == e.after.coverage for e in effects.values()), "only what is core has changed"
    assert (effects["a1"].before.core, effects["a1"].after.core) == (0.25, 0.125)
    assert (effects["a2"].before.core, effects["a2"].after.core) == (0.0, 0.125)
    push(sandbox, change)
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    sql = "SELECT a.key, s.score, s.core_coverage, s.band FROM live_scores s JOIN accounts a ON a.id = s.account_id"
    stored = {key: (score, core, band) for key, score, core, band in sandbox.rows(sql)}
    assert {k: (e.after.score, e.after.core, e.after.band) for k, e in effects.items()} == stored, "published as previewed"
    assert all(e.before.score != e.after.score for e in effects.values())
    assert found.n_band_changes == sum(e.before.band != e.after.band for e in effects.values())
