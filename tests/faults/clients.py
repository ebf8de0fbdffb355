"""Eight stubborn clients: they retry with the same ids, repeat what was acknowledged, split and merge batches."""

import base64
import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

FEATURES = ("Feature A", "Feature B", "Feature C")
NAMES = (*FEATURES, "Nothing Known")
GIVE_UP_S = 120
DAY_MS = 86_400_000
EDGE_MS = 300_000


@dataclass(frozen=True)
class Sent:
    """One event as a client made it; `sent_at_ms` never changes on a retry."""

    message_id: str
    name: str
    account: str
    end_user: str
    at_ms: int

    def as_json(self) -> dict[str, object]:
        """The Segment shape."""
        stamp = datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        return {
            "type": "track",
            "event": self.name,
            "messageId": self.message_id,
            "userId": self.end_user,
            "timestamp": stamp.replace("+00:00", "Z"),
            "context": {"groupId": self.account},
            "properties": {"n": 1},
        }


@dataclass
class Book:
    """What all clients together know: every event made, and the ids the server acknowledged."""

    made: dict[str, Sent] = field(default_factory=dict)
    acknowledged: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    failures: list[str] = field(default_factory=list)

    def note(self, batch: list[Sent]) -> None:
        """The server said 200 for this batch."""
        with self.lock:
            self.acknowledged.update(event.message_id for event in batch)


class StubbornClient(threading.Thread):
    """Makes events until `enough` is set, sends them in ragged batches, and does not rest before each is acknowledged."""

    def __init__(self, number: int, port: int, write_key: str, book: Book, enough: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.write_key, self.book, self.enough = number, port, write_key, book, enough
        self.random = random.Random(f"{seed}:{number}")
        self.made: list[Sent] = []
        self.n_requests = 0

    def run(self) -> None:
        """Ends when all it made is acknowledged, or GIVE_UP_S after `enough`."""
        waiting: list[Sent] = []
        deadline = float("inf")
        while waiting or not self.enough.is_set():
            if not self.enough.is_set():
                waiting += [self._make() for _ in range(self.random.randint(1, 60 - len(waiting)))] if len(waiting) < 60 else []
            elif deadline == float("inf"):
                deadline = time.monotonic() + GIVE_UP_S
            if time.monotonic() > deadline:
                self.book.failures.append(f"client {self.number} gave up with {len(waiting)} events left")
                return
            waiting = self._try(waiting)

    def _try(self, waiting: list[Sent]) -> list[Sent]:
        batch = waiting[: self.random.randint(1, 40)]
        if self.random.random() < 0.3:  # an in-batch repeat, and one that may have been stored before
            batch = [*batch, batch[0], self.random.choice(self.made)]
        if self._send(batch):
            self.book.note(batch)
            done = {event.message_id for event in batch}
            return [event for event in waiting if event.message_id not in done]
        self.random.shuffle(waiting)  # the next try splits and merges differently
        time.sleep(self.random.uniform(0.01, 0.1))
        return waiting

    def _make(self) -> Sent:
        """Up to five days old, never within minutes of midnight: skew correction must not move it to another day."""
        at_ms = int(time.time() * 1000) - self.random.randint(0, 5 * DAY_MS)
        if not EDGE_MS < at_ms % DAY_MS < DAY_MS - EDGE_MS:
            at_ms -= 3 * EDGE_MS
        event = Sent(
            message_id=f"c{self.number}-{len(self.made)}",
            name=self.random.choice(NAMES),
            account=f"acc-{self.random.randint(0, 5)}",
            end_user=f"user-{self.random.randint(0, 20)}",
            at_ms=at_ms,
        )
        self.made.append(event)
        with self.book.lock:
            self.book.made[event.message_id] = event
        return event

    def _send(self, batch: list[Sent]) -> bool:
        """True exactly when the server answered 200."""
        body = json.dumps({"batch": [event.as_json() for event in batch], "sentAt": datetime.now(UTC).isoformat()})
        credentials = base64.b64encode(f"{self.write_key}:".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        self.n_requests += 1
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request("POST", "/v1/batch", body, headers)
            answer = link.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()
        if answer.status not in (200, 429, 503):
            self.book.failures.append(f"client {self.number} was answered {answer.status}")
        return answer.status == 200
