"""Sends the book through the front door: POST /v1/import with the secret key, as a customer's history would come."""

import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import httpx2

from milepost.demo.book.history import Event, departures, events_of_day
from milepost.demo.book.ledger import Book

BATCH_EVENTS = 800
SIGNALS_AT_ONCE = 400
CONNECTIONS = 3
TRIES = 8
DAY_MS = 86_400_000
Progress = Callable[[int], None]


class LoadError(Exception):
    """The server did not take the book."""


class Loader:
    """Several connections to one server; every event is safe to send again."""

    def __init__(self, url: str, secret_key: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=30)
        self._basic = "Basic " + b64encode(f"{secret_key}:".encode()).decode()
        self._bearer = f"Bearer {secret_key}"

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def send(self, events: Iterable[Event], progress: Progress = lambda _n: None) -> int:
        """How many events were taken (stored, or known already)."""
        total = 0
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            flying: set[Future[int]] = set()
            for batch in _batches(events, BATCH_EVENTS):
                flying.add(pool.submit(self._post, "/v1/import", {"batch": batch}, len(batch)))
                if len(flying) > CONNECTIONS:
                    done, flying = wait(flying, return_when=FIRST_COMPLETED)
                    total += _count(done, progress)
            total += _count(flying, progress)
        return total

    def post_signals(self, signals: list[dict[str, Any]]) -> int:
        """Facts from outside: survey answers."""
        for batch in _batches(signals, SIGNALS_AT_ONCE):
            self._post("/api/v1/signals", {"signals": batch}, len(batch), bearer=True)
        return len(signals)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call of the management API, and its answer."""
        found: dict[str, Any] = self._ask(path, body, bearer=True).json()
        return found

    def _post(self, path: str, body: dict[str, Any], n: int, *, bearer: bool = False) -> int:
        self._ask(path, body, bearer=bearer)
        return n

    def _ask(self, path: str, body: dict[str, Any], *, bearer: bool) -> httpx2.Response:
        headers = {"Authorization": self._bearer if bearer else self._basic}
        answer = None
        for attempt in range(TRIES):
            try:
                answer = self._client.post(path, json=body, headers=headers)
            except httpx2.TransportError:
                time.sleep(0.2 * 2**attempt)
                continue
            if answer.status_code == httpx2.codes.OK:
                return answer
            if answer.status_code not in {429, 500, 502, 503, 504}:
                break
            time.sleep(max(0.2 * 2**attempt, float(answer.headers.get("retry-after", 0))))
        said = answer.text[:300] if answer is not None else "nothing"
        raise LoadError(f"{path} answered {answer.status_code if answer is not None else 'nothing'}: {said}")


def _batches(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def _count(done: Iterable[Future[int]], progress: Progress) -> int:
    total = 0
    for future in done:
        total += future.result()
        progress(future.result())
    return total


def due(book: Book, day: int, since_ms: int, until_ms: int) -> list[Event]:
    """One day's events of all accounts with since ≤ time < until."""
    first, last = stamp(since_ms), stamp(until_ms)
    return [e for a in book.accounts for e in events_of_day(book, a, day) if first <= str(e["timestamp"]) < last]


def farewells(book: Book) -> list[Event]:
    """Who left, said last."""
    return list(departures(book))


def nps_signals(book: Book) -> list[dict[str, Any]]:
    """Survey answers, one person each."""
    return [
        {
            "type": "nps", "account_id": account.key, "user_id": account.people[i % len(account.people)].id, "value": value,
            "external_id": f"sample-nps-{account.key}-{i}", "at": stamp(day * DAY_MS + 12 * 3_600_000),
        }
        for account in book.accounts
        for i, (day, value) in enumerate(account.nps)
    ]  # fmt: skip


def stamp(at_ms: int) -> str:
    """An instant as the API takes it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
