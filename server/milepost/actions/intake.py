"""The one writer: takes all that waits, writes it in one fsynced transaction, and only then answers.

No acknowledgement from memory, no timer: while one commit runs the next group gathers. See the decision record.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from milepost.actions.intake_group import Batch, Follower, Receipt, write_group
from milepost.actions.intake_memory import Memory
from milepost.actions.tenant import Tenant
from milepost.actions.tenants import Tenants
from milepost.actions.wal import WalKeeper
from milepost.errors import MilepostError, TooManyRequests, Unavailable
from milepost.settings import Settings
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import events as event_store

T = TypeVar("T")
log = logging.getLogger(__name__)
GROUP_EVENTS = 5_000
DAY_MS = 86_400_000


@dataclass
class _Item:
    """A batch, or work that must see the writer's transaction; answered through its future."""

    batch: Batch | None
    work: Callable[[Connection], Any] | None
    future: Any  # of concurrent.futures, or of the loop named
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def size(self) -> int:
        return len(self.batch) if self.batch is not None else 1


class Intake:
    """Owns the writer thread of one process."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        clock: Callable[[], int],
        tenants: Tenants,
        followers: Sequence[Follower] = (),
    ) -> None:
        self._engine, self._settings, self._clock, self._tenants = engine, settings, clock, tenants
        self._followers = tuple(followers)
        self._waiting: deque[_Item] = deque()
        self._n_waiting = 0
        self._changed = threading.Condition()
        self._wal = WalKeeper(engine)
        self._stopping = False
        self._memories: dict[int, Memory] = {}
        self._known: dict[int, Tenant] = {}
        self._partitions: set[int] = set()
        self._connection: Connection | None = None
        self._data_version: int | None = None  # of the connection, as it was when people were remembered
        self._thread: threading.Thread | None = None
        self.n_groups = 0
        self.n_events = 0

    @property
    def n_waiting(self) -> int:
        """Events that wait for the writer now."""
        return self._n_waiting

    def start(self) -> None:
        """Starts the writer thread."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="intake-writer", daemon=True)
        self._thread.start()
        self._wal.start()

    def stop(self) -> None:
        """Writes and answers what waits, then ends."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._wal.stop()

    def submit(self, batch: Batch) -> Future[Receipt]:
        """A future that is done after the commit; raises TooManyRequests when the queue is full."""
        future: Future[Receipt] = Future()
        self._put(_Item(batch, None, future))
        return future

    def submit_from_loop(self, batch: Batch) -> "asyncio.Future[Receipt]":
        """The same for the event loop that runs: a whole group's answers wake it once."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._put(_Item(batch, None, future, loop))
        return future

    def in_transaction(self, work: Callable[[Connection], T]) -> Future[T]:
        """Runs `work` in the next group's transaction, in a savepoint of its own; the answer waits for the commit."""
        future: Future[T] = Future()
        self._put(_Item(None, work, future))
        return future

    def _put(self, item: _Item) -> None:
        if item.loop is None:
            item.future.set_running_or_notify_cancel()  # who waits may go away; what was taken is written all the same
        with self._changed:
            if self._stopping or self._thread is None:
                raise Unavailable("The server is stopping; send the same events again in a moment.", retry_after_s=2)
            if self._n_waiting and self._n_waiting + item.size > self._settings.queue_limit:
                raise TooManyRequests("The server is busy; send the same events again later.", retry_after_s=1)
            self._waiting.append(item)
            self._n_waiting += item.size
            self._changed.notify()

    def _take(self) -> list[_Item]:
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait()
            group: list[_Item] = []
            size = 0
            while self._waiting and (not group or size + self._waiting[0].size <= GROUP_EVENTS):
                group.append(self._waiting.popleft())
                size += group[-1].size
            self._n_waiting -= size
            return group

    def _run(self) -> None:
        while group := self._take():
            self._write(group)
        self._disconnect()

    def _write(self, group: list[_Item]) -> None:
        try:
            answers = self._commit(group)
        except Exception as problem:  # the boundary: nothing is acknowledged, everybody is told to try again
            self._forget()
            self._disconnect()
            if len(group) > 1:
                log.warning("a group of %d failed (%s); its requests are written one by one", len(group), problem)
                for item in group:
                    self._write([item])
            else:
                log.exception("a request could not be written")
                answer = problem if isinstance(problem, MilepostError) else Unavailable(retry_after_s=1)
                _answer(group, [answer])
            return
        _answer(group, answers)

    def _commit(self, group: list[_Item]) -> list[Any]:
        now = self._clock()
        batches = [item.batch for item in group if item.batch is not None]
        slots = {int.from_bytes(r.key[:6], "big") // DAY_MS for b in batches for r in b.readings}
        event_store.ensure_partitions(self._engine, self._partitions, slots)
        receipts: dict[int, Receipt] = {}
        if self._connection is None:
            self._connection = db.open_for_writing(self._engine)
        connection = self._connection
        with db.turn_to_write(self._engine), connection.begin():
            self._forget_what_others_changed(connection)
            for environment_id in sorted({b.environment_id for b in batches}):
                mine = [b for b in batches if b.environment_id == environment_id]
                tenant = self._tenant(connection, environment_id, now)
                memory = self._memories.setdefault(environment_id, Memory())
                limit = self._settings.new_accounts_per_hour
                written = write_group(connection, tenant, memory, mine, self._followers, now, limit)
                receipts |= {id(b): r for b, r in zip(mine, written, strict=True)}
            worked = {id(item): _run_alone(connection, item.work) for item in group if item.work is not None}
        self.n_groups += 1
        self.n_events += sum(len(b.readings) for b in batches)
        self._wal.note(sum(item.size for item in group))
        return [receipts[id(i.batch)] if i.batch is not None else worked[id(i)] for i in group]

    def _forget_what_others_changed(self, connection: Connection) -> None:
        """Other processes (an import beside the server, a second one on PostgreSQL) move people, too."""
        version = db.read_data_version(connection)
        if version is None or version != self._data_version:
            for memory in self._memories.values():
                memory.forget_people()
        self._data_version = version

    def _tenant(self, connection: Connection, environment_id: int, now: int) -> Tenant:
        """As committed: it is read before this transaction changes anything there, so it may be kept whatever comes."""
        held = self._known.get(environment_id)
        if held is None or held.generation != environment_store.read_generation(connection, environment_id):
            held = self._tenants.within(connection, environment_id, now)
            self._known[environment_id] = held
        return held

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = self._data_version = None

    def _forget(self) -> None:
        self._partitions.clear()  # retention may have dropped one that is asked for again, once an environment keeps more
        for memory in self._memories.values():
            memory.forget()


def _answer(group: list[_Item], answers: list[Any]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop | None, list[tuple[Any, Any]]] = {}
    for item, answer in zip(group, answers, strict=True):
        by_loop.setdefault(item.loop, []).append((item.future, answer))
    for loop, pairs in by_loop.items():
        if loop is None:
            _settle(pairs)
        else:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[Any, Any]]) -> None:
    for future, answer in pairs:
        if future.done():  # who waited went away
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _run_alone(connection: Connection, work: Callable[[Connection], Any]) -> Any:
    try:
        with connection.begin_nested():
            return work(connection)
    except MilepostError as problem:
        return problem
