"""Who an event is about: the person and the account, decided once, in order of arrival."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from milepost.actions.intake_memory import Memory
from milepost.actions.tenant import Tenant
from milepost.rules.days import day_of
from milepost.rules.traits import merge_traits, parent_key
from milepost.store import people as people_store
from milepost.store import waiting as waiting_store
from milepost.store.people import TRUSTED_TRAITS, Person
from milepost.wire.event import Reading

HOUR_MS = 3_600_000
OVER_CAP = -1
SAY_NOTHING = frozenset({"track", "page", "screen"})  # of who somebody is and where
ACCOUNT_CLAIMS = frozenset(TRUSTED_TRAITS) - {"name"}


@dataclass
class Owner:
    """What was decided about one event."""

    end_user_id: int | None
    account_id: int | None
    excluded: str | None
    waits: str | None  # the subject whose rows this one waits with


@dataclass
class People:
    """Resolves the events of one group for one environment."""

    connection: Connection
    tenant: Tenant
    memory: Memory
    now: int
    new_accounts_limit: int
    freed: list[tuple[Any, ...]] = field(default_factory=list)  # rows that waited and now count
    opened: dict[str, Owner] = field(default_factory=dict)  # subject freed in this group → whose its rows are from then on
    dirty: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)  # end user → account, not yet written

    def prepare(self, readings: Iterable[Reading]) -> None:
        """Reads at once everybody the group names and memory does not hold, and makes those who are new."""
        known = self.memory
        users: dict[str, bool] = {}
        anonymous: set[str] = set()
        for reading in readings:
            if reading.user is not None and reading.user not in known.people:
                users[reading.user] = users.get(reading.user) or self._is_internal(reading)
            if reading.anonymous is not None and reading.anonymous not in known.anonymous:
                anonymous.add(reading.anonymous)
        environment_id = self.tenant.id
        if users:
            known.people |= people_store.load_people(self.connection, environment_id, users)
            missing = {key: internal for key, internal in users.items() if key not in known.people}
            if missing:
                people_store.add_people(self.connection, environment_id, missing, self.now)
                known.people |= people_store.load_people(self.connection, environment_id, missing)
        if anonymous:
            known.anonymous |= people_store.load_anonymous(self.connection, environment_id, anonymous)
        keys = {r.group for r in readings if r.group is not None and r.group not in known.accounts}
        if keys:
            known.accounts |= people_store.load_account_ids(self.connection, environment_id, keys)

    def decide(self, reading: Reading, *, trusted: bool) -> Owner:
        """The owner of one event; identify, group and alias also change what is known of people."""
        return self._decide_usual(reading) or self._decide_any(reading, trusted=trusted)

    def _decide_usual(self, reading: Reading) -> Owner | None:
        """Of somebody whose account is known, when the event says nothing new of people; else None."""
        known = self.memory
        person = known.people.get(reading.user) if reading.user is not None else None
        if person is None or person.account_id is None or reading.type not in SAY_NOTHING or reading.signed is not None:
            return None
        if reading.anonymous is not None and reading.anonymous not in known.anonymous:
            return None
        account_id = person.account_id if reading.group is None else known.accounts.get(reading.group)
        if account_id is None or self._is_unsigned(reading):
            return None
        return Owner(person.id, account_id, "internal" if person.internal else None, None)

    def _decide_any(self, reading: Reading, *, trusted: bool) -> Owner:
        unsigned = self._is_unsigned(reading)
        person = self.memory.people.get(reading.user) if reading.user is not None else None
        account_id = self._account_of(reading, trusted=trusted, may_make=not unsigned)
        if unsigned:
            known = account_id if account_id != OVER_CAP else None
            return Owner(person.id if person else None, known or (person.account_id if person else None), "unsigned", None)
        if account_id == OVER_CAP:
            return Owner(None, None, "over_cap", None)
        if person is None:
            return self._decide_anonymous(reading, account_id)
        self._learn(reading, person, account_id, trusted=trusted)
        account_id = account_id or person.account_id
        excluded = "internal" if person.internal else None
        return Owner(person.id, account_id, excluded, None if account_id else f"u:{person.id}")

    def _decide_anonymous(self, reading: Reading, account_id: int | None) -> Owner:
        claimed = self.memory.anonymous.get(reading.anonymous or "")
        if claimed is None:
            return Owner(None, account_id, None, f"a:{reading.anonymous}")
        person = self._person_by_id(claimed)
        account_id = account_id or person.account_id
        return Owner(claimed, account_id, "internal" if person.internal else None, None if account_id else f"u:{claimed}")

    def _person_by_id(self, end_user_id: int) -> Person:
        key = people_store.find_person_key(self.connection, self.tenant.id, end_user_id)
        held = self.memory.people.get(key)
        if held is None:
            held = people_store.load_people(self.connection, self.tenant.id, [key])[key]
            self.memory.people[key] = held
        return held

    def _learn(self, reading: Reading, person: Person, account_id: int | None, *, trusted: bool) -> None:
        if reading.signed:
            signed = {name: value for name, value in reading.signed.items() if name in ACCOUNT_CLAIMS}
            reading.traits = {**reading.traits, **{k: v for k, v in reading.signed.items() if k not in signed}}
            if signed and account_id is not None and reading.type == "identify":
                self.memory.said.pop(("a", account_id), None)
                save_account_traits(self.connection, self.tenant, account_id, signed, trusted=True, source="token", at=self.now)
                self.dirty.add(account_id)
        if reading.type == "identify" and reading.traits and self.memory.is_news(("u", person.id), reading.traits):
            self._learn_traits(reading, person)
        states_account = reading.type in {"group", "identify"} or person.account_id is None
        if account_id is not None and states_account and person.account_id != account_id:
            self._move(person, account_id)
        if reading.type == "group" and account_id is not None and reading.traits:
            self._learn_account(reading, account_id, trusted=trusted)
        for anonymous in (reading.anonymous, reading.previous if reading.type == "alias" else None):
            if anonymous is not None and anonymous not in self.memory.anonymous:
                self._claim(anonymous, person)

    def _move(self, person: Person, account_id: int) -> None:
        first = person.account_id is None
        self.moved[person.id] = account_id
        person.account_id = account_id
        self.dirty.add(account_id)
        if first:
            self._free(f"u:{person.id}", person)

    def _claim(self, anonymous: str, person: Person) -> None:
        if people_store.claim_anonymous(self.connection, self.tenant.id, anonymous, person.id, self.now):
            self.memory.anonymous[anonymous] = person.id
            self._free(f"a:{anonymous}", person)
        else:
            self.memory.anonymous |= people_store.load_anonymous(self.connection, self.tenant.id, [anonymous])

    def _free(self, subject: str, person: Person) -> None:
        """Rows that waited for this subject move to the person and count, or wait on for an account."""
        self.opened[subject] = Owner(person.id, person.account_id, "internal" if person.internal else None, None)
        rows = waiting_store.take_waiting(self.connection, self.tenant.id, subject)
        still: list[tuple[str, bytes]] = []
        owned: list[tuple[Any, ...]] = []
        for row in rows:
            account_id = row[10] or person.account_id
            excluded = "internal" if person.internal else row[15]
            moved = (*row[:9], person.id, account_id, *row[11:15], excluded, row[16])
            owned.append(moved)
            if account_id is None:
                still.append((f"u:{person.id}", bytes(row[1])))
            else:
                self.freed.append(moved)
        waiting_store.set_owners(self.connection, self.tenant.id, [(r[9], r[10], r[15], bytes(r[1])) for r in owned])
        waiting_store.insert_waiting(self.connection, self.tenant.id, still)

    def _learn_traits(self, reading: Reading, person: Person) -> None:
        name, email, role, held = people_store.read_person(self.connection, self.tenant.id, person.id)
        traits = reading.traits
        full = " ".join(str(traits[k]) for k in ("firstName", "lastName") if isinstance(traits.get(k), str))
        new_name = _text(traits.get("name")) or full or name
        new_email, new_role = _text(traits.get("email")) or email, _text(traits.get("role")) or role
        others = {**held, **{k: v for k, v in traits.items() if k not in {"name", "email", "role"}}}
        if len(others) > 200:
            others = held
        if (new_name, new_email, new_role, others) != (name, email, role, held):
            people_store.update_person(self.connection, self.tenant.id, person.id, new_name, new_email, new_role, others)
            if new_role != role and person.account_id:
                self.dirty.add(person.account_id)
        if not person.internal and self.tenant.is_internal(reading.user or "", new_email):
            person.internal = True
            people_store.set_internal(self.connection, self.tenant.id, person.id)

    def _learn_account(self, reading: Reading, account_id: int, *, trusted: bool) -> None:
        source = "server" if trusted else "browser"
        if not self.memory.is_news(("a", account_id), reading.traits, source, self.now // HOUR_MS):
            return
        save_account_traits(self.connection, self.tenant, account_id, reading.traits, trusted=trusted, source=source, at=self.now)
        self.dirty.add(account_id)

    def _account_of(self, reading: Reading, *, trusted: bool, may_make: bool) -> int | None:
        if reading.group is None:
            return None
        found = self.memory.accounts.get(reading.group)
        if found is not None or not may_make:
            return found
        hour = self.now // HOUR_MS
        if self.memory.accounts_hour != hour:
            self.memory.accounts_hour, self.memory.n_accounts_hour = hour, 0
        if not trusted and self.memory.n_accounts_hour >= self.new_accounts_limit:
            return OVER_CAP
        self.memory.n_accounts_hour += not trusted
        people_store.add_accounts(self.connection, self.tenant.id, [reading.group], self.now)
        self.memory.accounts |= people_store.load_account_ids(self.connection, self.tenant.id, [reading.group])
        self.dirty.add(self.memory.accounts[reading.group])
        return self.memory.accounts[reading.group]

    def _is_internal(self, reading: Reading) -> bool:
        """By the id; by the address only where the event may say what is known of the person."""
        email = None if self._is_unsigned(reading) else _text(reading.traits.get("email"))
        return self.tenant.is_internal(reading.user or "", email)

    def _is_unsigned(self, reading: Reading) -> bool:
        return self.tenant.identity_mode == "enforce" and not reading.verified


def save_account_traits(
    connection: Connection, tenant: Tenant, account_id: int, traits: dict[str, Any], *, trusted: bool, source: str, at: int
) -> list[str]:
    """Writes what a group, a file or a person said of an account; answers the problems found in values."""
    held = people_store.read_account(connection, tenant.id, account_id)
    traits = dict(traits)
    parent = traits.pop("parent_id", None)
    changes, problems = merge_traits(held, traits, TRUSTED_TRAITS, trusted=trusted, source=source, at=at)
    if parent is not None and trusted:
        try:
            parent_id = _parent(connection, tenant, parent_key(parent), at)
        except ValueError as problem:
            problems.append(str(problem))
            parent_id = held["parent_id"]
        if parent_id == account_id:
            problems.append("parent_id names the account itself")
        elif parent_id != held["parent_id"]:
            changes["parent_id"] = parent_id
    if changes:
        people_store.update_account(connection, tenant.id, account_id, changes)
    if "plan" in changes or "add_ons" in changes:
        add_ons = changes.get("add_ons", held["add_ons"] or [])
        plan = changes.get("plan", held["plan"])
        people_store.record_entitlement(connection, tenant.id, account_id, day_of(at, tenant.zone), plan, add_ons)
    return problems


def _parent(connection: Connection, tenant: Tenant, key: str, at: int) -> int:
    people_store.add_accounts(connection, tenant.id, [key], at)
    return people_store.load_account_ids(connection, tenant.id, [key])[key]


def _text(value: Any) -> str | None:
    return value[:300] if isinstance(value, str) and value else None
