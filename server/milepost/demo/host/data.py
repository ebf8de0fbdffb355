"""What Linden HR keeps: one SQLite file of its own, with people of three sample accounts."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from milepost.demo.book.accounts import Account
from milepost.demo.host.samples import LEAD_NAMES, WANTED, open_requests, shifts_of

VERSION = 2  # another version's file holds sample rows of another shape: it is made anew
TABLES = ("accounts", "people", "sessions", "leave", "shifts", "corrections", "leads", "notes")
SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (key TEXT PRIMARY KEY, name TEXT, name_zh TEXT, plan TEXT, leads_used INTEGER,
  leads_limit INTEGER, leave_days INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS people (id TEXT PRIMARY KEY, account TEXT, name TEXT, role TEXT, email TEXT, phone TEXT,
  mail INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, person TEXT, locale TEXT, flash TEXT) STRICT;
CREATE TABLE IF NOT EXISTS leave (id INTEGER PRIMARY KEY, account TEXT, person TEXT, first TEXT, days INTEGER, kind TEXT,
  state TEXT, note TEXT, decided_by TEXT) STRICT;
CREATE TABLE IF NOT EXISTS shifts (id INTEGER PRIMARY KEY, account TEXT, person TEXT, day TEXT, shift TEXT,
  published INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS corrections (id INTEGER PRIMARY KEY, account TEXT, person TEXT, day TEXT, came TEXT, went TEXT) STRICT;
CREATE TABLE IF NOT EXISTS leads (id INTEGER PRIMARY KEY, account TEXT, name TEXT, wanted TEXT, came TEXT) STRICT;
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, account TEXT, person TEXT, kind TEXT, about TEXT, text TEXT,
  at TEXT) STRICT;
"""
KINDS = ("annual", "sick", "parental", "study")
SHIFTS = ("early", "late", "night")
OPEN_AT_LEAST = 5  # requests that wait in every account whenever the demo starts
Row = sqlite3.Row


class Data:
    """One connection behind one lock: this is a small product."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        if self._connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            drops = "".join(f"DROP TABLE IF EXISTS {name};" for name in TABLES)
            self._connection.executescript(f"{drops}PRAGMA user_version = {VERSION};")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Ends the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection:
            yield self._connection

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def write(self, sql: str, *values: Any) -> int:
        """Rows changed by one statement, committed."""
        with self._writing() as connection:
            return connection.execute(sql, values).rowcount

    def write_many(self, sql: str, values: Iterable[tuple[Any, ...]]) -> None:
        """One statement for many rows, committed together."""
        with self._writing() as connection:
            connection.executemany(sql, values)

    def sign_in(self, person: str, locale: str) -> str:
        """The new session's token."""
        token = secrets.token_urlsafe(24)
        self.write("INSERT INTO sessions VALUES (?, ?, ?, '{}')", token, person, locale)
        return token

    def tell_next_page(self, token: str, notice: str, event: str, properties: dict[str, Any]) -> None:
        """What the page after a redirect says to the person, and to Milepost."""
        flash = {"notice": notice, "event": event, "properties": properties}
        self.write("UPDATE sessions SET flash = ? WHERE token = ?", json.dumps(flash), token)

    def take_flash(self, token: str) -> dict[str, Any]:
        """Once only."""
        with self._writing() as connection:
            row = connection.execute("SELECT flash FROM sessions WHERE token = ?", (token,)).fetchone()
            connection.execute("UPDATE sessions SET flash = '{}' WHERE token = ? AND flash != '{}'", (token,))
        return dict(json.loads(row["flash"])) if row else {}

    def fill(self, accounts: Iterable[Account], today: date) -> None:
        """Sample rows for accounts that are not there yet; then what every day needs anew."""
        for account in accounts:
            if self.row("SELECT 1 FROM accounts WHERE key = ?", account.key) is None:
                self._settle_in(account, today)
            self._freshen(account, today)

    def _settle_in(self, account: Account, today: date) -> None:
        used, limit = account.traits.get("leads_used", 240), account.traits.get("leads_limit", 5_000)
        values = (account.key, account.name, account.name_zh, account.plan, used, limit, 30)
        self.write("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
        people = [(p.id, account.key, p.name, p.role, p.email, "", 1) for p in account.people]
        self.write_many("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", people)
        self._ask(account, open_requests(account, today, 12), approved_from=8)
        self.write_many(
            "INSERT INTO leads (account, name, wanted, came) VALUES (?, ?, ?, ?)",
            [(account.key, f"{LEAD_NAMES[i]} (sample)", WANTED[i % 4], str(today - timedelta((8 - i) // 2))) for i in range(8)],
        )

    def _freshen(self, account: Account, today: date) -> None:
        """Requests that wait, and shifts of this week, so that a later start does not look dead."""
        sql = "SELECT count(*) AS n FROM leave WHERE account = ? AND state = 'open'"
        n_open = self.rows(sql, account.key)[0]["n"]
        if n_open < OPEN_AT_LEAST:
            self._ask(account, open_requests(account, today, 8)[: 8 - n_open], approved_from=8)
        week = shifts_of(account, today)
        if not self.rows("SELECT 1 FROM shifts WHERE account = ? AND day BETWEEN ? AND ?", account.key, week[0][1], week[-1][1]):
            sql = "INSERT INTO shifts (account, person, day, shift, published) VALUES (?, ?, ?, ?, 1)"
            self.write_many(sql, [(account.key, *shift) for shift in week])

    def _ask(self, account: Account, requests: list[tuple[str, str, int, str]], *, approved_from: int) -> None:
        sql = "INSERT INTO leave (account, person, first, days, kind, state, note) VALUES (?, ?, ?, ?, ?, ?, '')"
        states = ("open" if i < approved_from else "approved" for i in range(len(requests)))
        self.write_many(sql, [(account.key, *request, state) for request, state in zip(requests, states, strict=True)])
