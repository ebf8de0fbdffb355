"""How far an environment is set up: read for the checklist and for the install page's light, live."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection

from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.rules.checklist import Light, judge_count, judge_share, judge_signed
from milepost.store import arrivals, ledger
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.store.arrivals import ArrivalRow

WINDOW_DAYS = 7
LOOKED_AT = 1_000
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
UNSIGNED_DAYS = 30


@dataclass(frozen=True)
class Latest:
    """The newest stored event in words a person knows."""

    type: str
    name: str | None
    received_at: int
    person: str | None
    account: str | None
    library: str | None


@dataclass(frozen=True)
class Progress:
    """The lights in order of set-up; shares are of the newest `n_events` (at most 1,000) of the last 7 days."""

    lights: tuple[Light, ...]
    n_events: int
    latest: Latest | None
    refused: tuple[tuple[str, int], ...]  # (reason, n) of the last hour

    @property
    def n_done(self) -> int:
        """Lights that are on."""
        return sum(light.state == "done" for light in self.lights)

    def light(self, key: str) -> Light:
        """One by its key; raises StopIteration for an unknown one."""
        return next(light for light in self.lights if light.key == key)


def read_progress(runtime: Runtime, tenant: Tenant) -> Progress:
    """All in one read transaction."""
    now = runtime.clock()
    with db.reading(runtime.engine) as connection:
        events = arrivals.read_latest_events(connection, tenant.id, now - WINDOW_DAYS * DAY_MS, LOOKED_AT)
        refused = tuple(arrivals.count_refused_since(connection, tenant.id, now - HOUR_MS))
        lights = (*_of_events(tenant, events, refused), *_of_content(connection, tenant))
        return Progress(lights, len(events), _latest(connection, tenant.id, events), refused)


def has_any_event(runtime: Runtime, environment_id: int) -> bool:
    """Whether the environment ever stored an event: before that, the console opens on the set-up list."""
    with db.reading(runtime.engine) as connection:
        return arrivals.has_events(connection, environment_id)


def _of_events(tenant: Tenant, events: list[ArrivalRow], refused: tuple[tuple[str, int], ...]) -> list[Light]:
    whole = len(events)
    arrived = Light("events", "done" if events else "part" if refused else "waiting", whole, whole)
    return [
        arrived,
        judge_share("people", sum(e.end_user_id is not None for e in events), whole),
        judge_share("accounts", sum(e.account_id is not None for e in events), whole),
        judge_signed(tenant.identity_mode, sum(bool(e.verified) for e in events), whole),
    ]


def _of_content(connection: Connection, tenant: Tenant) -> list[Light]:
    features = [
        f for f in feature_store.list_features(connection, tenant.id) if f["retired_on"] is None and f["merged_into"] is None
    ]
    n_guides = len(guide_store.list_published(connection, tenant.id))
    return [
        judge_count("features", sum(f["proven_at"] is not None for f in features), len(features)),
        judge_count("plans", *arrivals.count_known_plans(connection, tenant.id)),
        judge_count("guides", n_guides, n_guides),
        judge_count("scores", *arrivals.count_scored(connection, tenant.id)),
    ]


def _latest(connection: Connection, environment_id: int, events: list[ArrivalRow]) -> Latest | None:
    if not events:
        return None
    newest = events[0]
    person, account = arrivals.read_person_and_account(connection, environment_id, newest.end_user_id, newest.account_id)
    return Latest(newest.type, newest.name, newest.received_at, person, account, _library(newest.body))


def _library(body: str | None) -> str | None:
    """ "milepost-js 0.1.0", from the context that was kept."""
    found = json.loads(body).get("c", {}).get("library") if body else None
    return " ".join(part for part in (found["name"], found.get("version", "")) if part) if found else None


@dataclass(frozen=True)
class Books:
    """received = stored + duplicate + refused + overflow; `waiting` (reason, n) are refused rows not replayed yet."""

    ledger: dict[str, int]
    waiting: list[tuple[str, int]]
    unsigned: int  # of the last 30 days

    @property
    def is_balanced(self) -> bool:
        """Whether the sum holds."""
        return self.ledger["received"] == sum(self.ledger[n] for n in ("stored", "duplicate", "refused", "overflow"))


def read_books(runtime: Runtime, tenant: Tenant) -> Books:
    """For the page of bad rows, all of one moment."""
    since = runtime.clock() - UNSIGNED_DAYS * DAY_MS
    with db.reading(runtime.engine) as connection:
        return Books(
            ledger.read_ledger(connection, tenant.id),
            ledger.count_bad_rows(connection, tenant.id),
            arrivals.count_unsigned_since(connection, tenant.id, since) if tenant.identity_mode == "enforce" else 0,
        )
