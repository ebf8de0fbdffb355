"""Any guide an author may write, for properties that must hold of all of them."""

from typing import Any, get_args

from hypothesis import strategies as st

from milepost.wire.guide import Guide, Kind


def trees(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Audiences over such leaves, as JSON."""
    return st.recursive(
        leaf,
        lambda part: (
            st.fixed_dictionaries({"all": st.lists(part, max_size=3)})
            | st.fixed_dictionaries({"any": st.lists(part, max_size=3)})
            | st.fixed_dictionaries({"not": part})
        ),
        max_leaves=6,
    )


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40)
KEYS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True).filter(lambda key: not key.startswith("gde_"))
LOCALES = st.sampled_from(["en", "zh-CN", "de", "no", "ar", "pt-BR"])
LINK = st.sampled_from(["https://a.example/", "/help"])
SPAN = st.fixed_dictionaries(
    {"text": TEXT},
    optional={"bold": st.booleans(), "code": st.booleans(), "link": LINK},
)
RICH = TEXT | st.lists(SPAN, min_size=1, max_size=3)
WORDS = RICH | st.dictionaries(LOCALES, RICH, min_size=1, max_size=3)
LOCATOR = st.fixed_dictionaries({"by": st.sampled_from(["testid", "role", "attribute", "structure", "text"]), "value": TEXT})
TARGET = st.fixed_dictionaries({"locators": st.lists(LOCATOR, min_size=1, max_size=3)})
SCALAR = TEXT | st.integers(-(2**53), 2**53) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
LEAF = st.one_of(
    st.fixed_dictionaries({"fact": TEXT, "op": st.sampled_from(["is", "is_not"]), "value": SCALAR}),
    st.fixed_dictionaries({"fact": TEXT, "op": st.sampled_from(["in", "not_in"]), "value": st.lists(SCALAR, max_size=3)}),
    st.fixed_dictionaries({"fact": TEXT, "op": st.sampled_from(["gt", "lte"]), "value": st.integers(-5, 5)}),
    st.fixed_dictionaries({"fact": TEXT, "op": st.sampled_from(["known", "unknown"])}),
)
TREE = trees(LEAF)
BLOCK = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["heading", "text"]), "text": WORDS}),
    st.fixed_dictionaries({"type": st.just("list"), "ordered": st.booleans(), "items": st.lists(WORDS, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"type": st.just("image"), "src": st.just("https://a.example/x.png")}, optional={"alt": WORDS}),
    st.fixed_dictionaries({"type": st.just("divider")}),
    st.fixed_dictionaries({"type": st.just("code"), "text": TEXT}),
    st.fixed_dictionaries(
        {"type": st.just("question"), "id": st.uuids().map(str), "ask": st.sampled_from(["nps", "csat", "text"])},
        optional={"text": WORDS, "low": WORDS, "required": st.booleans(), "max_length": st.integers(10, 2000)},
    ),
    st.fixed_dictionaries({"type": st.just("button"), "id": KEYS, "text": WORDS, "actions": st.just([{"do": "next"}])}),
)
ADVANCE = st.one_of(
    st.fixed_dictionaries({"on": st.just("click")}, optional={"target": TARGET}),
    st.fixed_dictionaries({"on": st.just("url"), "path": st.just("/a/**")}),
    st.fixed_dictionaries({"on": st.just("event"), "event": TEXT}),
)
STEP = st.fixed_dictionaries(
    {"id": KEYS, "blocks": st.lists(BLOCK, min_size=1, max_size=3)},
    optional={
        "kind": st.sampled_from(["tooltip", "modal"]),
        "target": TARGET,
        "pages": st.just(["/a", "/b/**"]),
        "advance": st.lists(ADVANCE, max_size=2),
        "missing": st.sampled_from(["skip", "centre", "wait", "end"]),
        "wait_ms": st.integers(0, 60_000),
        "escape": st.booleans(),
        "done_when": st.sampled_from([{"checkpoint": "first"}, {"feature": "a"}, {"guide": "g"}]),
    },
)
TRIGGER = st.just({"on": "page"}) | st.fixed_dictionaries({"on": st.just("event"), "event": TEXT})
STEPS: st.SearchStrategy[list[Any]] = st.lists(STEP, min_size=1, max_size=4, unique_by=lambda step: step["id"])
GUIDES = st.fixed_dictionaries(
    {
        "apiVersion": st.just("guide/v1"), "key": KEYS, "name": TEXT, "kind": st.sampled_from(sorted(get_args(Kind))),
        "steps": STEPS,
    },
    optional={
        "goal_feature": TEXT, "priority": st.integers(0, 100), "linkable": st.booleans(), "audience": TREE,
        "budget": st.sampled_from(["spend", "free"]), "theme": KEYS, "default_locale": LOCALES,
        "pages": st.just(["/**"]), "trigger": TRIGGER, "title": WORDS, "place": st.sampled_from(["top", "end"]),
        "ordered": st.booleans(),
        "frequency": st.fixed_dictionaries({"repeat": st.sampled_from(["once", "always"]), "wait_days": st.integers(0, 365)}),
        "schedule": st.just({"from_at": "2026-11-24T09:30:00Z"}),
    },
).map(Guide.model_validate)  # fmt: skip
