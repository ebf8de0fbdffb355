"""The answers on a survey's page: equal to a naive recount, no figure for too few, in words, by role, as CSV."""

import csv
import io
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.actions.guide_report import read_report
from milepost.actions.survey_report import read_survey
from milepost.rules.days import day_of
from milepost.store import runs as run_store
from milepost.wire.guide import Guide
from tests.actions.test_kinds import NPS, PARTS, WHY, WORDS
from tests.factories import DAY_MS, Sandbox
from tests.guide_factories import a_guide, publish, word
from tests.web.console import become

PAGE = "/e/production/guides/{}"
EXAMPLES = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
SAID = st.one_of(
    st.tuples(st.just("nps"), st.integers(0, 10)),
    st.tuples(st.just("parts"), st.dictionaries(st.sampled_from(["speed", "help"]), st.sampled_from([0, 2.5, 5, 7.5, 10]))),
    st.tuples(st.just("why"), st.sampled_from([["a"], ["b"]])),
)
# person, days ago, was the second page shown, what was said
WALKS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200), st.booleans(), st.lists(SAID, max_size=4)), max_size=14)


def ask(key: str) -> Guide:
    pages = [("one", [NPS, WORDS]), ("two", [PARTS, WHY])]
    steps = [{"id": step, "blocks": [{"type": "question", **q} for q in asked]} for step, asked in pages]
    return a_guide(key, kind="survey", steps=steps)


def walk(sandbox: Sandbox, guide: str, run: str, user: str, at: int, told: list[tuple[str, Any]], *, second: bool) -> None:
    """One run of one person: shown, perhaps the second page, what they said one millisecond apart."""
    sandbox.send(sandbox.event(user=user, account="acme", at=at, name="Hello"), route="import")
    person = sandbox.rows("SELECT id FROM end_users WHERE key = :k", k=user)[0][0]
    guide_id = sandbox.rows("SELECT id FROM guides WHERE public_id = :g", g=guide)[0][0]
    assert sandbox.runtime.intake is not None
    sandbox.runtime.intake.in_transaction(
        lambda connection: run_store.insert_run(
            connection, sandbox.environment_id, run, guide_id, 1, end_user_id=person, account_id=None, free=False, now=at
        )
    ).result(30)
    who: dict[str, Any] = {"user": user, "account": "acme"}
    events = [word(sandbox, run, "shown", "one", at=at, **who)]
    events += [word(sandbox, run, "step", "two", at=at, **who)] if second else []
    for i, (question, value) in enumerate(told):
        events.append(word(sandbox, run, "answered", "one", at=at + i + 1, question=question, value=value, **who))
    sandbox.send(*events, route="import")


def twin(walks: list[Any], now: int) -> dict[str, Any]:
    """The same figures from what was said, counted by hand."""
    since = (day_of(now, "UTC") - 179) * DAY_MS
    last: dict[tuple[str, str, int], tuple[int, Any]] = {}
    shown: dict[str, set[int]] = {"one": set(), "two": set()}
    for number, (person, days, second, told) in enumerate(walks):
        at = now - days * DAY_MS - 100_000 + number * 100
        if at >= since:
            shown["one"].add(person)
            shown["two"] |= {person} if second else set()
        for i, (question, value) in enumerate(told):
            for part, one in value.items() if question == "parts" else [("", value)]:
                said = at + i + 1
                if said >= since and last.get((question, part, person), (0,))[0] <= said:
                    last[question, part, person] = (said, one)
    given_ = {q: {p for name, _, p in last if name == q} for q in ("nps", "parts", "why")}
    scores = [v for (q, _, _), (_, v) in last.items() if q == "nps"]
    net = sum((s >= 9) - (s <= 6) for s in scores)
    found: dict[str, Any] = {
        "rates": {q: (len(given_[q] | shown["one" if q == "nps" else "two"]), len(given_[q])) for q in given_},
        "nps": round(100 * net / len(scores), 6) if len(scores) > 2 else None,
        "groups": (sum(s > 8 for s in scores), sum(6 < s < 9 for s in scores), sum(s < 7 for s in scores)),
    }
    for part in ("speed", "help"):
        values = [v for (q, name, _), (_, v) in last.items() if (q, name) == ("parts", part)]
        found[part] = (len(values), round(sum(values) / len(values), 6) if len(values) > 2 else None)
    for option in ("a", "b"):
        found[option] = sum(v == [option] for (q, _, _), (_, v) in last.items() if q == "why")
    return found


def read(sandbox: Sandbox, key: str) -> dict[str, Any]:
    survey = read_survey(sandbox.runtime, sandbox.tenant, read_report(sandbox.runtime, sandbox.tenant, key))
    by = {count.question.id: count for count, _ in survey.questions}
    nps = by["nps"]
    found: dict[str, Any] = {
        "rates": {q: (by[q].shown, by[q].answered) for q in ("nps", "parts", "why")},
        "nps": None if nps.nps is None else round(nps.nps, 6),
        "groups": (nps.promoters, nps.passives, nps.detractors),
    }
    found |= {s.name: (s.n, None if s.mean is None else round(s.mean, 6)) for s in by["parts"].shares}
    return found | {s.name: s.n for s in by["why"].shares}


def test_the_figures_equal_a_naive_recount(sandbox: Sandbox) -> None:
    rounds = iter(range(1000))

    @EXAMPLES
    @given(WALKS)
    def holds(walks: list[Any]) -> None:
        key = f"ask{next(rounds)}"
        guide, now = publish(sandbox, ask(key))[key], sandbox.clock()
        for number, (person, days, second, told) in enumerate(walks):
            at = now - days * DAY_MS - 100_000 + number * 100
            walk(sandbox, guide, f"run_{key}_{number:04d}", f"{key}p{person}", at, told, second=second)
        assert read(sandbox, key) == twin(walks, now)

    holds()


def test_the_page_shows_answers_to_viewers_and_says_what_is_missing(sandbox: Sandbox) -> None:
    viewer = become(sandbox, "viewer")
    guide = publish(sandbox, ask("ask"))["ask"]
    empty = viewer.get(PAGE.format("ask")).text
    assert "No answers yet." in empty
    assert "answers.csv" not in empty
    steps = empty[empty.index('class="steps"') :]
    assert "0 to 10 (NPS)" in steps
    assert "Tooltip" not in steps
    told = {"u1": [("nps", 9), ("words", "=1+1 <b>")], "u2": [("nps", 3), ("why", ["b"])], "boss": []}
    for user, said in told.items():
        walk(sandbox, guide, f"run_{user}_0000", user, sandbox.clock() - 1000, said, second=False)
    page = viewer.get(PAGE.format("ask")).text
    assert "low n" in page
    assert "answered: 2 of 3 shown" in page
    assert "=1+1 &lt;b&gt;" in page
    assert "Nobody has answered this question." in page
    chinese = become(sandbox, "viewer", locale="zh-CN").get(PAGE.format("ask")).text
    assert "样本过少" in chinese
    answer = viewer.get(PAGE.format("ask") + "/answers.csv")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert {(row[0], row[4].lstrip("'\t"), row[5], row[7]) for row in rows[1:]} == {
        ("nps", "9", "u1", "acme"), ("nps", "3", "u2", "acme"), ("words", "=1+1 <b>", "u1", "acme"),
        ("why", "b", "u2", "acme"),
    }  # fmt: skip
    assert not any(row[4].startswith("=") for row in rows)
