"""Fills the demo: the whole history once, the days since the last stop at each start, then a minute at a time."""

import threading
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from milepost.actions.checkpoints import check_everyone
from milepost.actions.jobs import last_settled_day
from milepost.actions.runtime import Runtime
from milepost.actions.score import refresh_dirty, settle_days
from milepost.actions.tracking import check_tracking
from milepost.demo.book.history import ZONE, events_of_day
from milepost.demo.book.ledger import Book
from milepost.demo.loading import Loader, LoadError, due, farewells, nps_signals
from milepost.demo.story import print_script
from milepost.demo.working import send_work
from milepost.demo.workspace import State, find_tenant, remember
from milepost.rules.days import day_of, start_of_day
from milepost.store import engine as db
from milepost.store import rollups

TRICKLE_S = 60.0
SETTLED_BACK_DAYS = 60


class Filler:
    """Works in a thread of its own; `stop` ends it between two requests."""

    def __init__(self, runtime: Runtime, folder: Path, state: State, book: Book, console: Console) -> None:
        self.runtime, self.folder, self.state, self.book, self.console = runtime, folder, state, book, console
        self.url = runtime.settings.url
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Asks the thread to end."""
        self._stopping.set()

    def wait(self, seconds: float) -> bool:
        """True when it is time to end."""
        return self._stopping.wait(seconds)

    def run(self, host_url: str) -> None:
        """Everything, in order; a failure is said in one sentence and the demo goes on with what is there."""
        loader = Loader(self.url, self.state.secret_key)
        is_first = self.state.loaded_until == 0
        try:
            self.fill(loader)
            print_script(self.console, self.url, host_url, is_first=is_first)
            while not self.wait(TRICKLE_S):
                self._send_days(loader, None)
        except LoadError as problem:
            if not self._stopping.is_set():
                self.console.print(f"[red]The sample history stopped:[/] {problem}. Start again to go on where it stopped.")
        finally:
            loader.close()

    def fill(self, loader: Loader) -> None:
        """The history that is missing, with its scores; returns when every live number holds."""
        first_time = self.state.loaded_until == 0
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=not first_time) as progress:
            self._send_days(loader, progress)
            if not self.state.signals_sent:
                loader.send(farewells(self.book))
                loader.post_signals(nps_signals(self.book))
                self._remember(signals_sent=True)
            if not self.state.work_sent:
                send_work(loader, self.book)
                self._remember(work_sent=True)
            tenant = find_tenant(self.runtime, self.state)
            check_tracking(self.runtime, tenant.id)  # first, so that a midnight leaves out what live leaves out
            self._settle(progress)
        check_everyone(self.runtime, tenant.id)
        with db.writing(self.runtime.engine) as connection:
            rollups.mark_all_dirty(connection, tenant.id, self.runtime.clock())
        while not self._stopping.is_set() and refresh_dirty(self.runtime, tenant.id):
            pass  # the script is printed when its figures hold

    def _send_days(self, loader: Loader, progress: Progress | None) -> None:
        """Day by day, so that a stop costs one day at most."""
        now = self.runtime.clock()
        since = max(self.state.loaded_until, start_of_day(self.book.first_day, ZONE))
        days = range(day_of(since, ZONE), day_of(now, ZONE) + 1)
        if self.state.loaded_until == 0:
            first = self.book.first_day
            loader.send(e for a in self.book.accounts for e in events_of_day(self.book, a, max(first, a.started_on)))
        task = progress.add_task("History", total=len(days)) if progress is not None else None
        for day in days:
            if self._stopping.is_set():
                raise LoadError("it was asked to")
            loader.send(due(self.book, day, since, now))
            self._remember(loaded_until=min(now, start_of_day(day + 1, ZONE)))
            if progress is not None and task is not None:
                progress.advance(task)

    def _settle(self, progress: Progress | None = None) -> None:
        """Settled scores of the closed days not yet settled, so that trends and change cards have a past."""
        last = last_settled_day(self.runtime.clock(), ZONE, self.runtime.settings.daily_run_at)
        first = max(self.state.settled_until + 1, last - SETTLED_BACK_DAYS)
        if first > last:
            return
        task = progress.add_task("Scores", total=len(self.book.accounts)) if progress is not None else None

        def show(done: int, total: int) -> None:
            if progress is not None and task is not None:
                progress.update(task, completed=done, total=total)

        settle_days(self.runtime, find_tenant(self.runtime, self.state).id, range(first, last + 1), show)
        self._remember(settled_until=last)

    def _remember(self, **changes: object) -> None:
        self.state = remember(self.folder, self.state, **changes)
