"""Touches and contacts: what was logged, changed, deleted and taken back, counted again by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from milepost.actions.audit import Doer
from milepost.actions.contacts import add_contact, list_contact_lines, save_contacts
from milepost.actions.portfolio import read_portfolio
from milepost.actions.score import refresh_dirty
from milepost.actions.touches import (
    Timed,
    change_touch,
    delete_touch,
    list_touch_lines,
    log_touch,
    save_touches,
    undo_touch,
)
from milepost.actions.workspaces import create_workspace
from milepost.errors import Invalid, NotFound
from milepost.rules.contact_file import read_contact_file
from milepost.store import contacts as contact_store
from milepost.store.contacts import ContactRow
from milepost.wire.contact import AccountContactIn, AccountTouchIn, ContactIn, TouchIn
from tests.factories import DAY_MS, Sandbox

ME = Doer("mbr_me", "me@vendor.test")
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

acts = st.tuples(
    st.sampled_from(["log", "change", "delete", "undo"]),
    st.integers(0, 5),
    st.sampled_from(["went_well", "neutral", "concern", "not_reached"]),
    st.integers(0, 300),
)


@dataclass
class Held:
    """A touch as plain Python: (outcome, days ago) now and before the last change."""

    now: tuple[str, int]
    before: tuple[str, int] | None = None
    is_deleted: bool = False


@dataclass
class Naive:
    """The same acts on a list."""

    held: list[Held] = field(default_factory=list)

    def last(self) -> int | None:
        """Days since the last touch that reached somebody."""
        days = [h.now[1] for h in self.held if not h.is_deleted and h.now[0] != "not_reached"]
        return min(days, default=None)


@FEW
@given(history=st.lists(acts, max_size=25))
def test_the_last_touch_is_the_newest_that_reached_somebody_whatever_was_taken_back(
    sandbox: Sandbox, history: list[tuple[str, int, str, int]]
) -> None:
    world = fresh(sandbox)
    world.send(world.event(account="a1"))
    runtime, tenant, naive, ids = world.runtime, world.tenant, Naive(), []
    for act, which, outcome, days_ago in history:
        at = world.clock() - days_ago * DAY_MS
        if act == "log":
            ids.append(log_touch(runtime, tenant, "a1", TouchIn(outcome=outcome), at, ME))
            naive.held.append(Held((outcome, days_ago)))
            continue
        if not ids:
            continue
        number = which % len(ids)
        held = naive.held[number]
        if act == "undo":
            undo_touch(runtime, tenant, ids[number], ME)
            if held.is_deleted:
                held.is_deleted = False
            elif held.before is not None:
                held.now, held.before = held.before, held.now
        elif held.is_deleted:
            with pytest.raises(NotFound):
                delete_touch(runtime, tenant, ids[number], ME)
        elif act == "delete":
            delete_touch(runtime, tenant, ids[number], ME)
            held.is_deleted = True
        else:
            change_touch(runtime, tenant, ids[number], TouchIn(outcome=outcome), at, ME)
            if held.now != (outcome, days_ago):
                held.now, held.before = (outcome, days_ago), held.now
    line = read_portfolio(runtime, tenant, with_calls=False).lines[0]
    wanted = naive.last()
    assert line.last_touch_at == (None if wanted is None else world.clock() - wanted * DAY_MS)
    assert len(list_touch_lines(runtime, tenant, "a1")) == sum(not h.is_deleted for h in naive.held)


def fresh(sandbox: Sandbox) -> Sandbox:
    """A workspace of its own for each example."""
    made = create_workspace(sandbox.runtime, name="Other", owner_email=f"o{next(sandbox._numbers)}@example.test")
    return Sandbox(sandbox.runtime, made, sandbox.clock)


def test_a_touch_sent_again_changes_and_counts_once(sandbox: Sandbox) -> None:
    runtime, tenant = sandbox.runtime, sandbox.tenant
    touch = AccountTouchIn(account_id="a1", external_id="crm-7", kind="meeting", note="first")
    first, n_first = save_touches(runtime, tenant, [Timed(touch, None)], ME)
    second, n_second = save_touches(runtime, tenant, [Timed(touch.model_copy(update={"note": "second"}), None)], ME)
    assert (first, n_first, n_second) == (second, 1, 0)
    assert [line.row.note for line in list_touch_lines(runtime, tenant)] == ["second"]


def test_what_is_still_to_come_is_no_touch(sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event(account="a1"))
    with pytest.raises(Invalid, match="happened already"):
        log_touch(sandbox.runtime, sandbox.tenant, "a1", TouchIn(), sandbox.clock() + 2 * DAY_MS, ME)
    with pytest.raises(NotFound):
        log_touch(sandbox.runtime, sandbox.tenant, "nobody", TouchIn(), None, ME)


def test_a_touch_is_with_a_contact_of_that_very_account(sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event(account="a1"), sandbox.event(account="a2"))
    theirs = add_contact(sandbox.runtime, sandbox.tenant, "a2", ContactIn(name="Bo"), ME)
    with pytest.raises(Invalid, match="no contact"):
        log_touch(sandbox.runtime, sandbox.tenant, "a1", TouchIn(contact=theirs), None, ME)
    log_touch(sandbox.runtime, sandbox.tenant, "a2", TouchIn(contact=theirs), None, ME)
    assert list_contact_lines(sandbox.runtime, sandbox.tenant, "a2")[0].last_touch_at == sandbox.clock()


def test_contacts_are_found_again_by_id_address_or_name(sandbox: Sandbox) -> None:
    def save(**fields: object) -> tuple[int, int]:
        found = save_contacts(
            sandbox.runtime, sandbox.tenant, [AccountContactIn.model_validate({"account_id": "a1"} | fields)], ME, "csv"
        )
        return found.created, found.changed

    assert save(name="Ann Lee", email="ann@a.test", sponsor=True) == (1, 0)
    assert save(name="Ann B. Lee", email="ANN@a.test") == (0, 1)
    assert save(name="Ann B. Lee", email="ANN@a.test") == (0, 0)
    assert save(name="Cy") == (1, 0)
    assert save(name="cy", role="Administrator") == (0, 1)
    assert save(name="Ann", external_id="crm-1") == (1, 0)
    assert save(name="Anna", external_id="crm-1", account_id="a2") == (0, 1)
    lines = list_contact_lines(sandbox.runtime, sandbox.tenant, "a1")
    assert [(line.row.name, line.row.is_sponsor) for line in lines] == [("Ann B. Lee", 1), ("cy", 0)]


def test_many_contacts_of_a_large_account_are_listed_once_a_slice_and_saved_as_one_by_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, tenant = sandbox.runtime, sandbox.tenant

    def rows(account: str, first: int, n: int) -> list[AccountContactIn]:
        numbers = range(first, first + n)
        return [AccountContactIn(account_id=account, name=f"P {i}", email=f"p{i}@a.test" if i % 2 else None) for i in numbers]

    assert save_contacts(runtime, tenant, rows("big", 0, 4_000), ME, "csv").created == 4_000
    listings = []
    real = contact_store.list_contacts

    def counting(connection: Connection, environment_id: int, account_id: int | None = None) -> list[ContactRow]:
        listings.append(account_id)
        return real(connection, environment_id, account_id)

    monkeypatch.setattr(contact_store, "list_contacts", counting)
    saved = save_contacts(runtime, tenant, rows("big", 3_750, 500), ME, "api")
    assert (len(saved.ids), len(set(saved.ids)), saved.created, saved.changed) == (500, 500, 250, 0)
    assert len(listings) == 3
    monkeypatch.undo()
    assert len(list_contact_lines(runtime, tenant, "big")) == 4_250
    with pytest.raises(Invalid, match="needs a name"):
        save_contacts(runtime, tenant, [*rows("none", 0, 300), AccountContactIn(account_id="none", name="\x1c")], ME, "api")
    with pytest.raises(NotFound):
        list_contact_lines(runtime, tenant, "none")


sent = st.fixed_dictionaries(
    {"account_id": st.sampled_from(["a1", "a2"]), "name": st.sampled_from(["Ann", "ANN", "Bo"])},
    optional={
        "email": st.sampled_from([None, "x@a.test", "X@a.test", "y@a.test"]),
        "external_id": st.sampled_from(["e1", "e2", "e3"]),
        "sponsor": st.booleans(),
        "left_on": st.sampled_from([None, "2026-01-01"]),
    },
)


@FEW
@given(many=st.lists(sent, max_size=12))
def test_contacts_saved_together_are_those_saved_one_after_the_other(sandbox: Sandbox, many: list[dict[str, object]]) -> None:
    contacts = [AccountContactIn.model_validate(one) for one in many]
    together, alone = fresh(sandbox), fresh(sandbox)
    saved = save_contacts(together.runtime, together.tenant, contacts, ME, "api")
    singly = [save_contacts(alone.runtime, alone.tenant, [contact], ME, "api") for contact in contacts]
    assert (saved.created, saved.changed) == (sum(s.created for s in singly), sum(s.changed for s in singly))
    ids = [s.ids[0] for s in singly]
    assert [saved.ids.index(one) for one in saved.ids] == [ids.index(one) for one in ids]

    def held(world: Sandbox) -> list[tuple[object, ...]]:
        lines = list_contact_lines(world.runtime, world.tenant)
        return sorted(
            (n.account_key, n.row.name, str(n.row.email), n.row.is_sponsor, str(n.row.left_on), str(n.row.external_id))
            for n in lines
        )

    assert held(together) == held(alone)


def test_a_file_says_which_of_its_rows_can_not_be_taken() -> None:
    text = (
        "account_id;name;sponsor;email;left_on\na1;Ann;yes;;\na1;;yes;;\na1;Bo;perhaps;;\na1;Cy;;nowhere;\na1;Di;;;2026-02-30\n"
    )
    found = read_contact_file(text)
    assert found is not None
    assert [(c.name, c.sponsor) for c in found.contacts] == [("Ann", True)]
    assert found.refused == [(3, "name"), (4, "sponsor"), (5, "email"), (6, "left_on")]
    assert read_contact_file("name,role\nAnn,Head\n") is None
    assert read_contact_file("客户编号,联系人,决策人\na1,安木,是\n") is not None


@pytest.mark.parametrize(("secret", "expected"), [(True, ["Ann Lee"]), (False, [])])
def test_a_persons_traits_make_a_contact_only_when_they_are_vouched_for(
    sandbox: Sandbox, secret: bool, expected: list[str]
) -> None:
    traits = {"name": "Ann Lee", "email": "ann@a.test", "contact_role": "Head of HR", "sponsor": True}
    send(sandbox, traits, secret)
    send(sandbox, traits | {"contact_left_on": "2026-11-01"}, secret)
    lines = list_contact_lines(sandbox.runtime, sandbox.tenant)
    assert [line.row.name for line in lines] == expected
    assert all(line.row.left_on is not None and line.row.is_sponsor and line.account_key == "a1" for line in lines)


def send(sandbox: Sandbox, traits: dict[str, object], secret: bool) -> None:
    """An identify of a1's person."""
    number = next(sandbox._numbers)
    event = {"type": "identify", "messageId": f"i{number}", "userId": "u1", "traits": traits, "context": {"groupId": "a1"}}
    sandbox.send(event, secret=secret)


def test_another_workspace_sees_none_of_it(sandbox: Sandbox) -> None:
    sandbox.send(sandbox.event(account="a1"))
    touch = log_touch(sandbox.runtime, sandbox.tenant, "a1", TouchIn(), None, ME)
    other = fresh(sandbox)
    other.send(other.event(account="a1"))
    refresh_dirty(other.runtime, other.environment_id)
    attempts: list[Callable[[], object]] = [
        lambda: delete_touch(other.runtime, other.tenant, touch, ME),
        lambda: undo_touch(other.runtime, other.tenant, touch, ME),
        lambda: change_touch(other.runtime, other.tenant, touch, TouchIn(), None, ME),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert list_touch_lines(other.runtime, other.tenant) == []
