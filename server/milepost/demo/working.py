"""Sends the sample CSMs' work through the management API, as a customer's own systems would."""

from collections.abc import Sequence
from typing import Any

from milepost.demo.book.accounts import Account
from milepost.demo.book.history import csm_email
from milepost.demo.book.ledger import Book
from milepost.demo.book.work import contacts_of, touches_of
from milepost.demo.loading import Loader, stamp
from milepost.rules.days import DAY_MS, date_of

AT_ONCE = 400
MORNING_MS = 9 * 3_600_000


def send_work(loader: Loader, book: Book) -> None:
    """Contacts first: touches name them by the ids the server gave."""
    ids = _send(loader, "/api/v1/contacts", "contacts", [c for a in book.accounts for c in _contacts(book, a)])
    _send(loader, "/api/v1/touches", "touches", [t for a in book.accounts for t in _touches(book, a, ids)])


def _send(loader: Loader, path: str, noun: str, rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """{sender's id: id}."""
    found: dict[str, str] = {}
    for start in range(0, len(rows), AT_ONCE):
        piece = rows[start : start + AT_ONCE]
        answer = loader.post(path, {noun: piece})
        found |= dict(zip((row["external_id"] for row in piece), answer["ids"], strict=True))
    return found


def _contacts(book: Book, account: Account) -> list[dict[str, Any]]:
    return [
        {
            "account_id": account.key, "external_id": c.id, "name": c.name, "role": c.role, "email": c.email, "phone": c.phone,
            "sponsor": c.sponsor, "champion": c.champion,
            "left_on": None if c.left_on is None else date_of(c.left_on).isoformat(),
        }
        for c in contacts_of(account, book.anchor, book.seed)
    ]  # fmt: skip


def _touches(book: Book, account: Account, ids: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "account_id": account.key, "external_id": t.id, "kind": t.kind, "outcome": t.outcome, "minutes": t.minutes,
            "at": stamp(t.day * DAY_MS + MORNING_MS), "contact": ids[t.contact], "note": t.note, "next_step": t.next_step,
            "next_on": None if t.next_on is None else date_of(t.next_on).isoformat(), "by": csm_email(account.csm),
        }
        for t in touches_of(account, book.anchor, book.seed)
    ]  # fmt: skip
