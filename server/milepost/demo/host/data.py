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

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (key TEXT PRIMARY KEY, name TEXT, plan TEXT, leads_used INTEGER, leads_limit INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS people (id TEXT PRIMARY KEY, account TEXT, name TEXT, role TEXT, email TEXT, phone TEXT) STRICT;
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, person TEXT, locale TEXT, flash TEXT) STRICT;
CREATE TABLE IF NOT EXISTS leave (id INTEGER PRIMARY KEY, account TEXT, person TEXT, first TEXT, days INTEGER, kind TEXT,
  state TEXT, note TEXT, decided_by TEXT) STRICT;
CREATE TABLE IF NOT EXISTS shifts (id INTEGER PRIMARY KEY, account TEXT, person TEXT, day TEXT, shift TEXT,
  published INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS corrections (id INTEGER PRIMARY KEY, account TEXT, person TEXT, day TEXT, came TEXT, went TEXT) STRICT;
CREATE TABLE IF NOT EXISTS leads (id INTEGER PRIMARY KEY, account TEXT, name TEXT, wanted TEXT, came TEXT) STRICT;
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, account TEXT, person TEXT, kind TEXT, text TEXT, at TEXT) STRICT;
"""
KINDS = ("annual", "sick", "parental", "study")
SHIFTS = ("early", "late", "night")
WANTED = ("warehouse", "driver", "office", "sales")
Row = sqlite3.Row


class Data:
    """One connection behind one lock: this is a small product."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
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
        """Sample rows for accounts that are not there yet."""
        for account in accounts:
            if self.row("SELECT 1 FROM accounts WHERE key = ?", account.key) is None:
                self._fill_account(account, today)

    def _fill_account(self, account: Account, today: date) -> None:
        used, limit = account.traits.get("leads_used", 240), account.traits.get("leads_limit", 5_000)
        self.write("INSERT INTO accounts VALUES (?, ?, ?, ?, ?)", account.key, account.name, account.plan, used, limit)
        people = [(p.id, account.key, p.name, p.role, p.email, "") for p in account.people]
        self.write_many("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", people)
        employees = [p for p in account.people if p.role == "employee"]
        self.write_many(
            "INSERT INTO leave (account, person, first, days, kind, state, note) VALUES (?, ?, ?, ?, ?, ?, '')",
            [
                (account.key, p.id, str(today + timedelta(3 + 2 * i)), 1 + i % 5, KINDS[i % 4], "approved" if i > 7 else "open")
                for i, p in enumerate(employees[:12])
            ],
        )
        monday = today - timedelta(today.weekday())
        self.write_many(
            "INSERT INTO shifts (account, person, day, shift, published) VALUES (?, ?, ?, ?, 1)",
            [
                (account.key, p.id, str(monday + timedelta(d)), SHIFTS[(i + d) % 3])
                for i, p in enumerate(employees[:8])
                for d in range(5)
                if (i * 3 + d) % 4
            ],
        )
        self.write_many(
            "INSERT INTO leads (account, name, wanted, came) VALUES (?, ?, ?, ?)",
            [(account.key, f"Candidate {i + 1:03d} (sample)", WANTED[i % 4], str(today - timedelta(i))) for i in range(8)],
        )
