"""The whole product on loopback for the story: the real application, the sample host product, and a clock to turn."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import uvicorn
from rich.console import Console
from sqlalchemy import text

from milepost.actions.runtime import Runtime, system_clock
from milepost.actions.start import open_serving_runtime
from milepost.demo.__main__ import listen
from milepost.demo.book.accounts import catalogue
from milepost.demo.book.history import ZONE
from milepost.demo.book.ledger import make_book
from milepost.demo.book.stories import CASTINGS
from milepost.demo.filling import Filler
from milepost.demo.host.app import create_host
from milepost.demo.host.data import Data
from milepost.demo.loading import Loader
from milepost.demo.stage import publish, skip_daily_runs
from milepost.demo.workspace import State, find_or_make, find_tenant, read_install
from milepost.rules.days import date_of, day_of
from milepost.settings import Settings
from milepost.store import engine as db
from milepost.web.app import create_app
from milepost.web.server import make_server
from tests.demo.running import free_pair
from tests.factories import SECRET_KEY

EVENING_HOUR = 21


class ShiftedClock:
    """Runs like the machine's, but starts in an evening of the sample vendor's zone and may be turned forward."""

    def __init__(self) -> None:
        local = datetime.fromtimestamp(system_clock() / 1000, UTC).astimezone(ZoneInfo(ZONE))
        self._ahead_ms = int((local.replace(hour=EVENING_HOUR, minute=0, second=0) - local).total_seconds() * 1000)

    def __call__(self) -> int:
        return system_clock() + self._ahead_ms

    def turn_past_two(self) -> None:
        """To five past two of the next night."""
        local = datetime.fromtimestamp(self() / 1000, UTC).astimezone(ZoneInfo(ZONE))
        night = (local + timedelta(days=1)).replace(hour=2, minute=5, second=0)
        self._ahead_ms += int((night - local).total_seconds() * 1000)


@dataclass
class Story:
    """What the test asks and does."""

    runtime: Runtime
    folder: Path
    state: State
    clock: ShiftedClock
    host_url: str
    client: httpx2.Client

    @property
    def url(self) -> str:
        return self.runtime.settings.url

    @property
    def environment_id(self) -> int:
        return find_tenant(self.runtime, self.state).id

    def account(self, key: str = CASTINGS) -> dict[str, Any]:
        """The account as the management API tells it."""
        answer = self.client.get(f"/api/v1/accounts/{key}", headers={"Authorization": f"Bearer {self.state.secret_key}"})
        return dict(answer.raise_for_status().json())

    def raw_rows(self, name: str) -> list[tuple[str, int]]:
        """(message id, guided) of every stored row with the name, whoever sent it."""
        sql = "SELECT message_id, guided FROM events WHERE environment_id = :e AND name = :n ORDER BY key"
        with db.reading(self.runtime.engine) as connection:
            return [(r[0], r[1]) for r in connection.execute(text(sql), {"e": self.environment_id, "n": name})]

    def guide_events(self) -> list[str]:
        """The stored body of every guide event."""
        sql = "SELECT body FROM events WHERE environment_id = :e AND name = '$guide' ORDER BY key"
        with db.reading(self.runtime.engine) as connection:
            return [str(r[0]) for r in connection.execute(text(sql), {"e": self.environment_id})]


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Fails when it does not come to hold in time."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.1)


@contextmanager
def open_story(folder: Path) -> Iterator[Story]:
    """Console and host product of the sample vendor, served; nothing has happened yet."""
    port, clock = free_pair(), ShiftedClock()
    settings = Settings(database=str(folder / "milepost.db"), port=port, secret_key=SECRET_KEY, log_level="warning")
    runtime = open_serving_runtime(settings, clock)
    host_url = f"http://localhost:{port + 1}"
    state = find_or_make(runtime, folder, host_url)
    tenant = find_tenant(runtime, state)
    book = make_book(state.anchor, state.seed)
    publish(runtime, tenant, book)
    skip_daily_runs(runtime, tenant)
    data = Data(folder / "linden.db")
    data.fill([book.account(CASTINGS)], date_of(day_of(clock(), ZONE)))
    host = create_host(data, read_install(runtime, tenant, state), clock)
    servers = [
        (make_server(create_app(runtime), settings), None),
        (uvicorn.Server(uvicorn.Config(host, log_level="warning", access_log=False)), listen(port + 1)),
    ]
    threads = [threading.Thread(target=server.run, args=(sockets,)) for server, sockets in servers]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: all(server.started for server, _ in servers), 20, "both servers listen")
        with httpx2.Client(base_url=settings.url, timeout=20) as client:
            yield Story(runtime, folder, state, clock, host_url, client)
    finally:
        for server, _ in servers:
            server.should_exit = True
        for thread in threads:
            thread.join(20)
        data.close()
        runtime.engine.dispose()


def load_half_a_year(story: Story) -> None:
    """A first use of every feature by somebody, so that all count for everybody; then the history of one account."""
    book = make_book(story.state.anchor, story.state.seed)
    filler = Filler(
        story.runtime, story.folder, story.state, replace(book, accounts=(book.account(CASTINGS),)), Console(file=io.StringIO())
    )
    day = date_of(story.state.anchor - 3)
    proofs = [
        {
            "type": "track", "event": "$feature", "messageId": f"proof-{feature.key}", "userId": "prover",
            "timestamp": f"{day}T04:00:00.000Z", "context": {"groupId": "proving-ground"},
            "properties": {"feature": feature.key},
        }
        for feature in catalogue().features
    ]  # fmt: skip
    loader = Loader(story.url, story.state.secret_key)
    try:
        loader.send(proofs)
        filler.fill(loader)
    finally:
        loader.close()
