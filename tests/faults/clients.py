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
GIVE_UP_S = 180


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
    """Makes `n_events`, sends them in ragged batches, and does not rest before each is acknowledged."""

    def __init__(self, number: int, port: int, write_key: str, n_events: int, book: Book, seed: int) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.write_key, self.n_events, self.book = number, port, write_key, n_events, book
        self.random = random.Random(f"{seed}:{number}")
        self.deadline = time.monotonic() + GIVE_UP_S

    def run(self) -> None:
        events = [self._make(i) for i in range(self.n_events)]
        with self.book.lock:
            self.book.made.update({event.message_id: event for event in events})
        waiting = list(events)
        while waiting and time.monotonic() < self.deadline:
            batch = waiting[: self.random.randint(1, 40)]
            if self.random.random() < 0.3:  # an in-batch repeat, and one that was stored before
                batch = [*batch, batch[0], self.random.choice(events[: self.n_events - len(waiting) + 1])]
            if self._send(batch):
                self.book.note(batch)
                done = {event.message_id for event in batch}
                waiting = [event for event in waiting if event.message_id not in done]
            else:
                self.random.shuffle(waiting)  # the next try splits and merges differently
                time.sleep(self.random.uniform(0.01, 0.1))
        if waiting:
            self.book.failures.append(f"client {self.number} gave up with {len(waiting)} events left")

    def _make(self, i: int) -> Sent:
        at_ms = int(time.time() * 1000) - self.random.randint(0, 5 * 86_400_000)
        return Sent(
            message_id=f"c{self.number}-{i}",
            name=self.random.choice(FEATURES),
            account=f"acc-{self.random.randint(0, 5)}",
            end_user=f"user-{self.random.randint(0, 20)}",
            at_ms=at_ms,
        )

    def _send(self, batch: list[Sent]) -> bool:
        """True exactly when the server answered 200."""
        body = json.dumps({"batch": [event.as_json() for event in batch], "sentAt": datetime.now(UTC).isoformat()})
        credentials = base64.b64encode(f"{self.write_key}:".encode()).decode()
        try:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            link.request("POST", "/v1/batch", body, {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"})
            answer = link.getresponse()
            answer.read()
            link.close()
        except (OSError, http.client.HTTPException):
            return False
        if answer.status not in (200, 429, 500, 502, 503):
            self.book.failures.append(f"client {self.number} was answered {answer.status}")
        return answer.status == 200
