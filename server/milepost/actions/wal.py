"""Moves SQLite's write-ahead log into the database beside the writer, so that no commit has to do it."""

import logging
import threading

from sqlalchemy import Engine

from milepost.store import engine as db

log = logging.getLogger(__name__)
EVENTS = 4_000  # written since the last time
IDLE_S = 2.0
MANY_PAGES = 8_000  # 32 MB: from here on the writer waits a moment, so that the log can begin anew


class WalKeeper:
    """Owns the thread; the log stays bounded under a flood, too. Nothing to do on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._due = threading.Event()
        self._n_new = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread."""
        if db.is_sqlite(self._engine):
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="wal-keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends after the work at hand."""
        self._stopping = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def note(self, n_events: int) -> None:
        """So many events were committed."""
        self._n_new += n_events
        if self._n_new >= EVENTS:
            self._due.set()

    def _run(self) -> None:
        while not self._stopping:
            self._due.wait(IDLE_S)
            self._due.clear()
            if self._n_new:
                self._n_new = 0
                try:
                    self._keep()
                except Exception:  # the thread's boundary
                    log.exception("the write-ahead log could not be moved; it is tried again")

    def _keep(self) -> None:
        if db.checkpoint(self._engine) > MANY_PAGES:
            with db.turn_to_write(self._engine):
                db.checkpoint(self._engine)
