"""Why not shown: the gates say no exactly when boot or claim does, and name the reason claim gives."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.guides import pause_guide
from milepost.actions.why_not import explain_why_not, find_people
from milepost.errors import NotFound
from tests.factories import DAY_MS, Sandbox
from tests.guide_factories import a_guide, claim, offered, publish, say

EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
LEAVES = st.sampled_from(
    [
        {"fact": "user.role", "op": "is", "value": "lead"},
        {"fact": "user.role", "op": "is_not", "value": "lead"},
        {"fact": "user.seats", "op": "gt", "value": 3},
        {"fact": "guide.first.state", "op": "is", "value": "finished"},
        {"fact": "user.nothing", "op": "known"},
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.lists(part, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(part, max_size=3).map(lambda parts: {"any": parts}),
        part.map(lambda one: {"not": one}),
    ),
    max_leaves=5,
)
PAST = st.lists(
    st.tuples(st.sampled_from(["first", "second"]), st.sampled_from(["finished", "later", "never", "closed", ""])), max_size=3
)


def meet(sandbox: Sandbox, user: str, role: str) -> None:
    sandbox.send(
        {"type": "identify", "messageId": f"m-{user}", "userId": user, "traits": {"role": role, "seats": 5}},
        sandbox.event(user=user, account="a1"),
    )


def live(sandbox: Sandbox, ids: dict[str, str], user: str, past: list[Any]) -> None:
    """What the person did with the guides, a few days apart."""
    for guide, end in past:
        run, answer = claim(sandbox, ids[guide], user)
        if answer.ok:
            say(sandbox, run, "shown", user=user)
            if end:
                what = "finished" if end == "finished" else "dismissed"
                say(sandbox, run, what, user=user, reason=None if end == "finished" else end)
        sandbox.clock.turn(ms=DAY_MS // 2)


@EXAMPLES
@given(trees=st.lists(TREES, min_size=1, max_size=4), past=PAST, role=st.sampled_from(["lead", "dev"]))
def test_the_gates_agree_with_boot_and_claim(sandbox: Sandbox, trees: list[Any], past: list[Any], role: str) -> None:
    user = f"u{next(sandbox._numbers)}"
    ids = publish(sandbox, a_guide("first"), a_guide("second", kind="modal", frequency={"repeat": "always", "wait_days": 1}))
    meet(sandbox, user, role)
    live(sandbox, ids, user, past)
    keys = [f"g{index}" for index in range(len(trees))]
    ids |= publish(sandbox, *[a_guide(key, audience=tree) for key, tree in zip(keys, trees, strict=True)])
    sandbox.clock.turn(ms=1000)
    shown = offered(sandbox, user, account="a1")
    for name in (*keys, "first", "second"):
        why = explain_why_not(sandbox.runtime, sandbox.tenant, name, user)
        assert why is not None
        stop = why.stopped_by
        assert (stop is None or stop.name == "turn") == (name in shown), name
    for name in (*keys, "first", "second"):  # the first yes takes the turn of the others
        why = explain_why_not(sandbox.runtime, sandbox.tenant, name, user)
        assert why is not None
        version = sandbox.rows("SELECT current_version FROM guides WHERE public_id = :id", id=ids[name])[0][0]
        _, answer = claim(sandbox, ids[name], user, version=version)
        assert (answer.ok, answer.reason) == (why.stopped_by is None, why.stopped_by.reason if why.stopped_by else None), name


def test_a_guide_off_air_an_unknown_person_and_half_an_id(sandbox: Sandbox) -> None:
    ids = publish(sandbox, a_guide("intro"))
    meet(sandbox, "ann-1", "lead")
    pause_guide(sandbox.runtime, sandbox.tenant, "intro", "test")
    why = explain_why_not(sandbox.runtime, sandbox.tenant, ids["intro"], "ann-1")
    assert why is not None
    assert [(gate.verdict, gate.reason) for gate in why.gates[:2]] == [("no", "paused"), ("unasked", "")]
    assert explain_why_not(sandbox.runtime, sandbox.tenant, "intro", "ann") is None
    assert [one.key for one in find_people(sandbox.runtime, sandbox.tenant, "ANN")] == ["ann-1"]
    assert find_people(sandbox.runtime, sandbox.tenant, "a%") == []
    with pytest.raises(NotFound):
        explain_why_not(sandbox.runtime, sandbox.tenant, "nowhere", "ann-1")
