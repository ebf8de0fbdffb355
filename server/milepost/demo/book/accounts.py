"""What the book knows of an account, and how an account without a story is drawn."""

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from random import Random

from milepost.demo.book.names import person_name
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.feature import Catalogue

HISTORY_DAYS = 180
PLAIN_SIZES = ((12, 26), (22, 44), (36, 62))  # employees of tiers C, B, A
TIERS = ("C", "B", "A")


@dataclass(frozen=True)
class Person:
    """An end user of the host product."""

    id: str
    name: str
    role: str  # employee | manager | hr_admin
    email: str


@dataclass(frozen=True)
class Use:
    """How often an account uses a feature: by chance each business day, or by a fixed beat in weeks (0: every business day)."""

    feature: str
    chance: float = 0.0
    weeks: int | None = None
    since: int = 0  # day numbers, inclusive
    until: int = 1 << 30


@dataclass(frozen=True)
class Ticket:
    """A support ticket the account opened."""

    id: str
    category: str  # complaint | question | fault
    opened_on: int
    closed_on: int


@dataclass(frozen=True)
class Account:
    """Everything the book knows of an account; days are day numbers."""

    key: str
    name: str
    name_zh: str
    plan: str
    tier: str
    arr: int
    employees: int
    seats: int
    started_on: int
    renewal_on: int
    ended_on: int | None
    csm: int
    people: tuple[Person, ...]
    uses: tuple[Use, ...]
    active: tuple[tuple[int, float], ...]  # (from day, people active on a business day), ascending
    exact: bool = False  # story accounts: as many people as said, not about as many
    terminals: bool = True
    tickets: tuple[Ticket, ...] = ()
    nps: tuple[tuple[int, int], ...] = ()  # (day, answer 0–10)
    traits: dict[str, int] = field(default_factory=dict)

    def active_on(self, day: int) -> float:
        """The people expected on a business day."""
        reached = [people for since, people in self.active if since <= day]
        return reached[-1] if reached else 0.0


@cache
def catalogue_text() -> str:
    """The catalogue as the product team pushes it."""
    return (resources.files("milepost.demo.book") / "features.yaml").read_text(encoding="utf-8")


@cache
def catalogue() -> Catalogue:
    """The catalogue read."""
    return parse_yaml(catalogue_text(), Catalogue, "features.yaml")


@cache
def features_of(plan: str) -> tuple[str, ...]:
    """Keys of the features a plan holds, in the catalogue's order."""
    return tuple(f.key for f in catalogue().features if f.plans is not None and plan in f.plans)


# How likely a customer is to have found a feature, as a weight; what is not named weighs 1.
POPULARITY = {
    "leave_request": 90, "roster_view": 80, "attendance_view": 70, "leave_approve": 60, "people_directory": 30,
    "roster_edit": 26, "report_basic": 22, "leave_balance": 18, "attendance_correct": 14, "roster_publish": 12,
    "leave_calendar": 8, "leads_list": 6, "roster_swap": 5, "leave_reject": 5, "settings_notifications": 4, "people_profile": 3,
}  # fmt: skip
BEAT = {"daily": 0.72, "weekly": 0.36, "monthly": 0.13, "quarterly": 0.05, "once": 0.04}


def make_people(key: str, n: int, rng: Random, *, chinese: bool = False) -> tuple[Person, ...]:
    """One HR administrator, one manager in seven, the rest employees."""
    n_managers = max(2, n // 7)
    roles = ["hr_admin"] + ["manager"] * n_managers + ["employee"] * max(0, n - 1 - n_managers)
    return tuple(
        Person(f"{key}-{i:02d}", person_name(rng, chinese=chinese), role, f"{role.replace('_', '')}{i:02d}@{key}.example")
        for i, role in enumerate(roles)
    )


def draw_uses(rng: Random, plan: str, n: int) -> tuple[Use, ...]:
    """`n` features by popularity, each with a beat of its own around the cadence the author named."""
    cadence = {f.key: f.cadence for f in catalogue().features}
    left, uses = list(features_of(plan)), []
    for _ in range(min(n, len(left))):
        key = rng.choices(left, [POPULARITY.get(k, 1) for k in left])[0]
        left.remove(key)
        uses.append(Use(key, chance=min(0.97, BEAT[cadence[key]] * rng.uniform(0.6, 1.35))))
    return tuple(uses)


def draw_breadth(rng: Random) -> int:
    """How many features an account found: half of them three to six, a long tail above."""
    return rng.choices((2, 3, 4, 5, 6, 7, 8, 10, 13, 17, 22), (5, 13, 22, 20, 12, 9, 6, 5, 4, 3, 1))[0]


def draw_tickets(rng: Random, key: str, first: int, last: int, rate: float) -> tuple[Ticket, ...]:
    """About `rate` tickets a month; unhappier accounts complain more, but not always."""
    tickets = []
    for i in range(rng.randint(0, max(1, round(rate * (last - first) / 30 * 1.6)))):
        opened = rng.randint(first, max(first, last - 1))
        category = rng.choices(("complaint", "question", "fault"), (min(0.6, rate / 2), 0.6, 0.3))[0]
        tickets.append(Ticket(f"T-{key}-{i}", category, opened, opened + rng.randint(0, 9)))
    return tuple(tickets)


def draw_nps(rng: Random, first: int, last: int, share: float) -> tuple[tuple[int, int], ...]:
    """Answers of an account: six in ten accounts answered at all."""
    if rng.random() > 0.6 or last - first < 30:
        return ()
    mood = 5.5 + 6 * share
    return tuple(
        (rng.randint(max(first, last - 150), last - 2), max(0, min(10, round(rng.gauss(mood, 2)))))
        for _ in range(rng.randint(3, 9))
    )


def plain_account(names: tuple[str, str, str], rng: Random, anchor: int, *, lost: bool) -> Account:
    """An account without a story."""
    key, name, name_zh = names
    size = rng.choices((0, 1, 2), (55, 32, 13))[0]
    employees = rng.randint(*PLAIN_SIZES[size])
    plan = rng.choices(("basic", "pro"), (52, 48))[0]
    started_on = anchor - (rng.randint(3, 29) if rng.random() < 0.06 and not lost else rng.randint(60, 1500))
    ended_on = anchor - rng.randint(12, 165) if lost else None
    started_on = min(started_on, (ended_on or anchor) - 120) if lost else started_on
    last = ended_on or anchor
    first = max(started_on, anchor - HISTORY_DAYS + 1)
    breadth = draw_breadth(rng)
    share = max(0.04, min(0.62, rng.gauss(0.17 + 0.018 * breadth, 0.1)))
    active = draw_trend(rng, employees * share, first, last, lost=lost)
    return Account(
        key=key, name=name, name_zh=name_zh, plan=plan, tier=TIERS[size],
        arr=round(employees * rng.uniform(7, 13)) * 100 * (3 if plan == "pro" else 1),
        employees=employees, seats=max(5, round(employees * rng.uniform(0.7, 1.0))),
        started_on=started_on, renewal_on=ended_on or anchor + rng.randint(6, 350), ended_on=ended_on, csm=rng.randrange(6),
        people=make_people(key, max(6, round(employees * min(1.0, share * 1.5 + 0.2))), rng, chinese=rng.random() < 0.4),
        uses=draw_uses(rng, plan, breadth), active=active, terminals=rng.random() < 0.85,
        tickets=draw_tickets(rng, key, first, last, 0.25 + max(0.0, 0.5 - share) * rng.uniform(0.2, 2.2)),
        nps=draw_nps(rng, first, last, share),
    )  # fmt: skip


def draw_trend(rng: Random, people: float, first: int, last: int, *, lost: bool) -> tuple[tuple[int, float], ...]:
    """Most who leave fade first, some do not; some fade and stay."""
    fades = rng.random() < (0.8 if lost else 0.12)
    if not fades:
        return ((0, people),)
    start = max(first, last - rng.randint(40, 110))
    down = rng.uniform(0.1, 0.5)
    middle = (start + last) // 2
    return ((0, people), (start, people * (1 + down) / 2), (middle, people * down))
