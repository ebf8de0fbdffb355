"""What the people of an account did on one day, as Segment events: the same every time it is asked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from milepost.demo.book.accounts import Account, Person, Ticket, Use, catalogue
from milepost.demo.book.ledger import Book
from milepost.rules.days import date_of, is_business_day, start_of_day
from milepost.wire.feature import ElementRule, EventRule, PageRule

ZONE, COUNTRY = "Asia/Shanghai", "CN"
HOURS = ((8, 6), (9, 20), (10, 19), (11, 12), (12, 3), (13, 8), (14, 15), (15, 15), (16, 12), (17, 8), (18, 3), (20, 1))
WEEKEND_SHARE = 0.05
PLAIN_PAGES = ("/", "/", "/", "/help", "/leave", "/approvals")
TERMINALS_STOP_HOUR = 10
RULES = {f.key: f.rules[0] for f in catalogue().features}
ROLES = {f.key: f.audience_role for f in catalogue().features}
GOOD = {"Leave Requested": "days", "Advanced Report Run": "groups", "Leads Imported": "rows"}
NEAR_MISSES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("track", "Leave Requested", {"days": 0, "withdrawn": True}), ("track", "Leads Imported", {"rows": 0}),
    ("track", "Advanced Report Run", {"groups": 0}), ("track", "Leave Approval Opened", {}), ("page", "/leave/help", {}),
    ("page", "/roster/help", {}), ("page", "/attendance/help", {}), ("page", "/reports/examples", {}),
    ("page", "/people/org-chart", {}), ("page", "/leads/help", {}),
)  # fmt: skip
Event = dict[str, Any]


def is_working(day: int) -> bool:
    """Business days of the sample customers' country."""
    return is_business_day(day, COUNTRY)


def events_of_day(book: Book, account: Account, day: int) -> list[Event]:
    """In order of time; empty before the account started and after it left."""
    if day < max(account.started_on, book.first_day) or (account.ended_on is not None and day > account.ended_on):
        return []
    rng = Random(f"day:{book.seed}:{account.key}:{day}")
    writer = DayWriter(book, account, day, rng)
    if day == max(account.started_on, book.first_day):
        writer.introduce()
    writer.work()
    writer.tell_tickets()
    return sorted(writer.events, key=lambda event: str(event["timestamp"]))


class DayWriter:
    """Collects one account's events of one day."""

    def __init__(self, book: Book, account: Account, day: int, rng: Random) -> None:
        self.book, self.account, self.day, self.rng = book, account, day, rng
        self.start = start_of_day(day, ZONE)
        self.events: list[Event] = []

    def introduce(self) -> None:
        """Who the account and its people are: trusted, for it comes with a secret key."""
        a = self.account
        traits: dict[str, Any] = {
            "name": a.name, "plan": a.plan, "tier": a.tier, "arr": a.arr, "currency": "EUR", "employees": a.employees,
            "seats": a.seats, "started_on": text(a.started_on), "renewal_on": text(a.renewal_on),
            "owner_email": csm_email(a.csm), "add_ons": ["terminals"] if a.terminals else [],
            "name_zh": a.name_zh, "sample": True, **a.traits,
        }  # fmt: skip
        self.put(a.people[0], self.start, {"type": "group", "groupId": a.key, "traits": traits})
        for person in a.people:
            known = {"name": person.name, "email": person.email, "role": person.role, "sample": True}
            self.put(person, self.start + 1, {"type": "identify", "traits": known})

    def work(self) -> None:
        """Business days as usual, a trickle on the others."""
        working = is_working(self.day)
        if working:
            people = self.pick_people(self.expected())
            uses = [use for use in self.account.uses if self.happens(use)]
        else:
            calm = 0.0 if self.account.exact else self.expected() * WEEKEND_SHARE
            people = self.rng.sample(self.account.people, self.round(calm))
            uses = self.rng.sample(self.account.uses, min(1, len(self.account.uses))) if people else []
        if not people:
            return
        people = self.add_roles(people, uses)
        counted = {who.id for use in uses for who in self.use(use, people)}
        for person in people:
            if person.id not in counted:
                self.page(person, self.rng.choice(PLAIN_PAGES))
            self.stray(person)
        if self.account.terminals:
            self.clock_in(people)

    def expected(self) -> float:
        """People expected on this day: mondays a little more, fridays fewer, and a good or bad day."""
        mean = self.account.active_on(self.day)
        if self.account.exact:
            return mean
        weekday = (1.06, 1.05, 1.02, 1.0, 0.87)[min(4, date_of(self.day).weekday())]
        return mean * weekday * self.rng.uniform(0.78, 1.22)

    def round(self, people: float) -> int:
        """Up or down by chance, so that the mean is kept; never more than there are."""
        return min(len(self.account.people), int(people + (0.5 if self.account.exact else self.rng.random())))

    def pick_people(self, expected: float) -> list[Person]:
        """The same people come more often than others."""
        n = self.round(expected)
        pool = list(self.account.people)
        weights = [1 / (1 + 0.08 * i) for i in range(len(pool))]
        order = sorted(range(len(pool)), key=lambda i: self.rng.random() ** (1 / weights[i]), reverse=True)
        return [pool[i] for i in order[:n]]

    def happens(self, use: Use) -> bool:
        """Whether the account uses the feature today."""
        if not use.since <= self.day <= use.until:
            return False
        if use.weeks is None:
            return self.rng.random() < use.chance
        if use.weeks == 0:
            return True
        place = sum(use.feature.encode())
        return date_of(self.day).weekday() == place % 5 and (self.day + 3) // 7 % use.weeks == place % use.weeks

    def add_roles(self, people: list[Person], uses: list[Use]) -> list[Person]:
        """What only a manager can do needs a manager who came: one takes the place of an employee."""
        for role in sorted({ROLES[use.feature] or "" for use in uses} - {""} - {p.role for p in people}):
            someone = self.rng.choice([p for p in self.account.people if p.role == role])
            spare = next((i for i in reversed(range(len(people))) if people[i].role == "employee"), None)
            if spare is None:
                people.append(someone)
            else:
                people[spare] = someone
        return people

    def use(self, use: Use, people: list[Person]) -> list[Person]:
        """Who used it; an element's click alone does not make a person active."""
        role = ROLES[use.feature]
        able = [p for p in people if role is None or p.role == role]
        n = max(1, round(len(able) * self.rng.uniform(0.08, 0.3)) if use.feature in EVERYONES else self.rng.randint(1, 4))
        who = self.rng.sample(able, min(n, len(able)))
        rule = RULES[use.feature]
        for person in who:
            if isinstance(rule, EventRule):
                self.track(person, rule.name, self.properties(rule.name))
            elif isinstance(rule, PageRule):
                self.page(person, rule.path)
            elif isinstance(rule, ElementRule):
                self.track(person, "$feature", {"feature": use.feature})
        return [] if isinstance(rule, ElementRule) else who

    def properties(self, name: str) -> dict[str, Any]:
        """What the rule asks for, and a little more."""
        wanted = GOOD.get(name)
        return {wanted: self.rng.randint(1, 9), "source": "web"} if wanted else {}

    def stray(self, person: Person) -> None:
        """Noise: what nearly fits a rule and must not count."""
        if self.rng.random() < 0.06:
            kind, name, properties = self.rng.choice(NEAR_MISSES)
            if kind == "page":
                self.page(person, name)
            else:
                self.track(person, name, dict(properties))

    def clock_in(self, people: list[Person]) -> None:
        """Wall terminals report some of those who came, until they stopped for everybody."""
        if self.day < self.book.terminals_from:
            return
        stop = start_of_day(self.book.terminals_stop_on, ZONE) + TERMINALS_STOP_HOUR * 3_600_000
        for person in people:
            at = self.start + 8 * 3_600_000 + self.rng.randrange(9 * 3_600_000)
            if self.rng.random() < 0.16 and at < stop:
                self.put(person, at, {"type": "track", "event": "Attendance Recorded", "properties": {"terminal": "wall"}})

    def tell_tickets(self) -> None:
        """Tickets opened and closed today."""
        for ticket in self.account.tickets:
            if ticket.opened_on == self.day:
                self.tell(ticket, "Ticket Opened", {"category": ticket.category})
            if ticket.closed_on == self.day:
                self.tell(ticket, "Ticket Closed", {})

    def tell(self, ticket: Ticket, name: str, more: dict[str, Any]) -> None:
        at = self.start + (15 if name == "Ticket Opened" else 17) * 3_600_000
        self.put(self.account.people[0], at, {"type": "track", "event": name, "properties": {"ticket_id": ticket.id, **more}})

    def track(self, person: Person, name: str, properties: dict[str, Any]) -> None:
        self.put(person, self.moment(), {"type": "track", "event": name, "properties": properties})

    def page(self, person: Person, path: str) -> None:
        self.put(person, self.moment(), {"type": "page", "properties": {"path": path}})

    def moment(self) -> int:
        """An hour of the working day, in ms."""
        hour = self.rng.choices([h for h, _ in HOURS], [w for _, w in HOURS])[0]
        return self.start + hour * 3_600_000 + self.rng.randrange(3_600_000)

    def put(self, person: Person, at: int, event: Event) -> None:
        context = {"groupId": self.account.key, "library": {"name": "linden-hr-server", "version": "1"}}
        stamp = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        number = f"sample-{self.account.key}-{self.day}-{len(self.events)}"
        self.events.append({**event, "messageId": number, "timestamp": stamp, "userId": person.id, "context": context})


EVERYONES = frozenset({"leave_request", "roster_view", "attendance_view", "people_directory"})


def departures(book: Book) -> Iterator[Event]:
    """Accounts that left say so last, so that nothing of theirs is left out on the way in."""
    for account in book.accounts:
        if account.ended_on is not None:
            writer = DayWriter(book, account, account.ended_on, Random(0))
            left = {"type": "group", "groupId": account.key, "traits": {"ended_on": text(account.ended_on)}}
            writer.put(account.people[0], start_of_day(account.ended_on, ZONE), left)
            yield writer.events[0] | {"messageId": f"sample-{account.key}-left"}


def text(day: int) -> str:
    """`2026-11-24`."""
    return date_of(day).isoformat()


def csm_email(index: int) -> str:
    """The address of the sample CSM who owns an account."""
    return f"csm{index + 1}@linden.example"
