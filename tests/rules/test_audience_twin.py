"""The compiled audience is held equal to the plain reading of its tree: any operator, any value, unknown or not."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from milepost.rules.audience import compile_tree, evaluate
from milepost.wire.audience import Audience
from tests.guide_strategies import trees

AUDIENCE: TypeAdapter[Audience] = TypeAdapter(Audience)
SCALAR = st.one_of(
    st.sampled_from(["", "a", "b", "/p", "/p/q", "1"]), st.integers(-2, 2), st.booleans(), st.sampled_from([0.0, 1.0, 1.5])
)
VALUE = st.one_of(SCALAR, st.none(), st.lists(SCALAR, max_size=2), st.just({"a": 1}))
LEAF = st.one_of(
    st.fixed_dictionaries({"fact": st.sampled_from("abc"), "op": st.sampled_from(["is", "is_not"]), "value": SCALAR}),
    st.fixed_dictionaries(
        {"fact": st.sampled_from("abc"), "op": st.sampled_from(["in", "not_in"]), "value": st.lists(SCALAR, max_size=3)}
    ),
    st.fixed_dictionaries(
        {"fact": st.sampled_from("abc"), "op": st.sampled_from(["gt", "gte", "lt", "lte"]), "value": SCALAR}
    ).filter(lambda leaf: not isinstance(leaf["value"], bool)),
    st.fixed_dictionaries(
        {"fact": st.sampled_from("abc"), "op": st.just("matches"), "value": st.sampled_from(["", "*", "/p/**", "a", "?"])}
    ),
    st.fixed_dictionaries({"fact": st.sampled_from("abc"), "op": st.sampled_from(["known", "unknown"])}),
)
TREE = trees(LEAF)
FACTS = st.dictionaries(st.sampled_from("abc"), VALUE, max_size=3)


@given(tree=TREE, facts=FACTS)
@example(tree={"fact": "a", "op": "is", "value": 1}, facts={"a": True})
@example(tree={"fact": "a", "op": "in", "value": ["a", 1]}, facts={"a": ["b", "a"]})
@example(tree={"all": [{"fact": "b", "op": "is", "value": "x"}, {"fact": "a", "op": "is", "value": 1}]}, facts={"a": 2})
@example(tree={"any": []}, facts={})
def test_compiled_and_plain_say_the_same(tree: dict[str, Any], facts: dict[str, Any]) -> None:
    audience = AUDIENCE.validate_python(tree)
    assert compile_tree(audience)(facts) is evaluate(audience, facts)


def test_no_tree_means_everyone() -> None:
    assert compile_tree(None)({}) is evaluate(None, {}) is True
