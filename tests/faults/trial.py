"""One trial: eight stubborn clients, a server (and its database) killed at random moments, then the books are checked."""

import os
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import Engine, text

from milepost.actions.features import push_catalogue
from milepost.actions.rebuild import rebuild_rollups
from milepost.actions.start import open_runtime
from milepost.settings import Settings
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import ledger
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import SECRET_KEY
from tests.faults.clients import FEATURES, NAMES, Book, StubbornClient
from tests.faults.recount import counted_rollups, kept_rollups
from tests.faults.warm import WarmServer
from tests.postgresql import Cluster

N_CLIENTS = 8
POSTGRESQL_KILLS = ("server", "server", "immediate", "hard", "backend")


@dataclass
class Findings:
    """What a trial found; the first four must be 0 or equal."""

    n_kills: Counter[str]
    n_made: int
    n_acknowledged: int
    n_lost: int  # acknowledged, and not stored
    n_twice: int  # stored more than once
    n_foreign: int  # stored, and never made
    wrong: list[str]  # roll-ups that differ from a recount, books that do not balance, clients that failed
    books: dict[str, int]
    seconds: float

    def is_clean(self) -> bool:
        """Nothing lost, nothing twice, everything balances."""
        return not (self.n_lost or self.n_twice or self.n_foreign or self.wrong)


@dataclass
class Trial:
    """`cluster` is None on SQLite."""

    folder: Path
    cluster: Cluster | None = None
    seed: int = 1
    server: WarmServer = field(init=False)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """The server is made, not started."""
        database = str(self.folder / "faults.db") if self.cluster is None else self._make_database(self.cluster)
        self.server = WarmServer(database=database, folder=self.folder)
        self.dice = random.Random(self.seed)

    @staticmethod
    def _make_database(cluster: Cluster) -> str:
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE faults")
        return cluster.url("faults")

    def run(self, n_kills: int, pause_s: tuple[float, float] = (0.05, 1.0)) -> Findings:
        """Kills so many times, lets everything come to rest, and looks."""
        began = time.monotonic()
        self.server.create()
        self._describe_features()
        self.server.start()
        book, enough, kills = Book(), threading.Event(), Counter[str]()
        key = self.server.write_key
        clients = [StubbornClient(n, self.server.port, key, book, enough, self.seed) for n in range(N_CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(n_kills):
            time.sleep(self.dice.uniform(*pause_s))
            kills[self._kill()] += 1
        enough.set()
        for client in clients:
            client.join()
        code = self.server.stop()
        if code not in (0, -15):
            book.failures.append(f"the server ended with {code} after SIGTERM")
        return self._look(book, kills, time.monotonic() - began)

    def _describe_features(self) -> None:
        runtime = open_runtime(Settings(database=self.server.database, secret_key=SECRET_KEY))
        features = [Feature(key=n.lower().replace(" ", "_"), name=n, rules=[EventRule(on="event", name=n)]) for n in FEATURES]
        with db.reading(runtime.engine) as connection:
            environment_id = environment_store.read_all_environments(connection)[0]["id"]
        push_catalogue(runtime, runtime.tenants.current(environment_id, runtime.clock()), Catalogue(features=features), "test")
        runtime.engine.dispose()

    def _kill(self) -> str:
        """Kills something, brings it back, and says what it was."""
        what = "server" if self.cluster is None else self.dice.choice(POSTGRESQL_KILLS)
        if what == "server":
            self.server.kill()
        elif self.cluster is not None and what == "backend":
            self._kill_backend(self.cluster)
        elif self.cluster is not None:
            self.cluster.kill() if what == "immediate" else self.cluster.kill_hard()
            self.cluster.start()
        self._bring_back()
        return what

    def _bring_back(self) -> None:
        """As whoever watches over the server would: it ends when its database is still recovering, and is started again."""
        for _ in range(10):
            if self.cluster is not None:
                self.cluster.wait_until_ready()
            if self.server.is_running():
                return
            with suppress(AssertionError):
                self.server.start()
        raise AssertionError("the server did not come back")

    @staticmethod
    def _kill_backend(cluster: Cluster) -> None:
        """kill −9 of the writer's own backend: PostgreSQL ends all others and recovers by itself."""
        sql = (
            "SELECT pid FROM pg_stat_activity WHERE datname = 'faults' AND pid <> pg_backend_pid() ORDER BY xact_start NULLS LAST"
        )
        try:
            with psycopg.connect(cluster.url(), autocommit=True) as connection:
                rows = connection.execute(sql).fetchall()
        except psycopg.OperationalError:  # still recovering from the kill before
            rows = []
        if rows:
            os.kill(rows[0][0], 9)

    def _look(self, book: Book, kills: Counter[str], seconds: float) -> Findings:
        engine = db.open_engine(self.server.database)
        with db.reading(engine) as connection:
            stored = Counter(row[0] for row in connection.execute(text("SELECT message_id FROM events")))
            names = dict(connection.execute(text("SELECT message_id, name FROM events")).all())  # type: ignore[arg-type]
            books = ledger.read_installation_ledger(connection)
            n_bad = connection.execute(text("SELECT count(*) FROM bad_rows")).scalar_one()
        wrong = [*book.failures, *_unbalanced(books, sum(stored.values()), n_bad), *_differences(engine)]
        wrong += ["a stored event has another name"] * any(
            book.made[i].name != name for i, name in names.items() if i in book.made
        )
        wrong += [f"no event is called {name}" for name in NAMES if name not in names.values()]
        engine.dispose()
        return Findings(
            n_kills=kills,
            n_made=len(book.made),
            n_acknowledged=len(book.acknowledged),
            n_lost=len(book.acknowledged.keys() - stored.keys()),
            n_twice=sum(n > 1 for n in stored.values()),
            n_foreign=len(stored.keys() - book.made.keys()),
            wrong=wrong,
            books=books,
            seconds=seconds,
        )


def _unbalanced(books: dict[str, int], n_stored: int, n_bad: int) -> list[str]:
    wrong = []
    if books["received"] != books["stored"] + books["duplicate"] + books["refused"] + books["overflow"]:
        wrong.append(f"the ledger does not balance: {books}")
    if (books["stored"], books["refused"]) != (n_stored, n_bad):
        wrong.append(f"the ledger says {books}, the tables hold {n_stored} events and {n_bad} bad rows")
    return wrong


def _differences(engine: Engine) -> list[str]:
    """Against a recount by hand, and against `rebuild`."""
    kept, counted = kept_rollups(engine), counted_rollups(engine)
    wrong = [
        f"{name} differs from a recount in {len(kept[name] ^ counted[name])} rows" for name in kept if kept[name] != counted[name]
    ]
    with db.writing(engine) as connection:
        environment_id = environment_store.read_all_environments(connection)[0]["id"]
        rebuild_rollups(connection, environment_id, -1_000_000)
    rebuilt = kept_rollups(engine)
    return wrong + [f"{name} differs after rebuild" for name in kept if kept[name] != rebuilt[name]]
