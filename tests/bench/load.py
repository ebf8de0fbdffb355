"""The load generator: a process of its own, raw sockets under uvloop, bodies made before the clock starts.

Reads one JSON document from stdin, prints one on stdout. Closed loop: every connection sends its next request when
the answer to the last is there. Open loop: requests are due at a fixed rate, whatever the answers do, and the time
of a request counts from the moment it was due.
"""

import asyncio
import datetime as dt
import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tests.bench.sample import PASS, STAMP, make_bodies

POOL_EVENTS = 4_000


@dataclass
class Plan:
    """What to send: `rate` requests a second (0 = closed loop) for `seconds`, over `connections`."""

    port: int
    path: str
    headers: dict[str, str]
    connections: int
    seconds: float
    rate: float = 0.0
    batch: int = 0  # events in a body; 0 = the bodies are in `bodies`
    bodies: list[str] = field(default_factory=list)
    tag: str = "a"  # one letter, another one for every run against the same database


class Requests:
    """Ready-made requests; each comes out with its own message ids and the present time."""

    def __init__(self, plan: Plan) -> None:
        bodies = [text.encode() for text in plan.bodies] or make_bodies(plan.batch, max(8, POOL_EVENTS // plan.batch))
        head = f"POST {plan.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
        self._made = [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
        self._fixed, self._tag, self._n = bool(plan.bodies), plan.tag, 0
        self._pass, self._stamp, self._stamp_ms = b"", b"", 0

    def next(self) -> bytes:
        """The next one."""
        round_, at = divmod(self._n, len(self._made))
        self._n += 1
        if self._fixed:
            return self._made[at]
        if at == 0:
            self._pass = f"{self._tag}{round_:07d}".encode()
        now_ms = time.time_ns() // 1_000_000
        if now_ms != self._stamp_ms:
            moment = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
            self._stamp, self._stamp_ms = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode(), now_ms
        return self._made[at].replace(PASS.encode(), self._pass).replace(STAMP.encode(), self._stamp)


class Caller(asyncio.Protocol):
    """One kept-alive connection; at most one request is on its way."""

    def __init__(self, run: "Run") -> None:
        self.run, self.due, self.buffer = run, 0.0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def send(self, request: bytes, due: float) -> None:
        """Sends; the answer is timed from `due`."""
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().find(b"content-length:", 0, head)
        if len(self.buffer) < head + 4 + int(self.buffer[at + 15 : self.buffer.find(b"\r\n", at)]):
            return
        good = self.buffer.startswith(b"HTTP/1.1 200")
        if not good and not self.run.sample:
            self.run.sample = self.buffer.decode(errors="replace")[:500]
        self.buffer = b""
        self.run.answered(self, good)

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.n_lost += 1


class Run:
    """Counts and times."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.requests = plan, Requests(plan)
        self.times: list[float] = []
        self.free: deque[Caller] = deque()
        self.late: deque[float] = deque()
        self.n_bad = self.n_lost = self.n_sent = 0
        self.sample = ""
        self.over = False

    def answered(self, caller: Caller, good: bool) -> None:
        """The caller is free again."""
        now = time.perf_counter()
        self.times.append(now - caller.due)
        self.n_bad += not good
        if self.plan.rate == 0 and not self.over:
            self.n_sent += 1
            caller.send(self.requests.next(), now)
        elif self.late:
            caller.send(self.requests.next(), self.late.popleft())
        else:
            self.free.append(caller)

    async def go(self) -> dict[str, Any]:
        """Runs the plan and waits for the last answers."""
        loop = asyncio.get_running_loop()
        callers = [
            (await loop.create_connection(lambda: Caller(self), "127.0.0.1", self.plan.port))[1]
            for _ in range(self.plan.connections)
        ]
        begin = time.perf_counter()
        if self.plan.rate:
            self.free.extend(callers)
            await self._at_a_rate(begin)
        else:
            for caller in callers:
                self.n_sent += 1
                caller.send(self.requests.next(), time.perf_counter())
            await asyncio.sleep(self.plan.seconds)
        self.over = True
        took = time.perf_counter() - begin
        n = len(self.times)
        while len(self.times) < self.n_sent and not self.n_lost and time.perf_counter() < begin + took + 15:
            await asyncio.sleep(0.01)
        return self._shown(n, took)

    async def _at_a_rate(self, begin: float) -> None:
        while (now := time.perf_counter()) < begin + self.plan.seconds:
            while (due := begin + self.n_sent / self.plan.rate) <= now:
                self.n_sent += 1
                if self.free:
                    self.free.popleft().send(self.requests.next(), due)
                else:
                    self.late.append(due)
            await asyncio.sleep(max(0.0, begin + self.n_sent / self.plan.rate - time.perf_counter()))

    def _shown(self, n: int, took: float) -> dict[str, Any]:
        ordered = sorted(self.times)
        ms = {f"p{p}_ms": ordered[min(len(ordered) - 1, len(ordered) * p // 100)] * 1000 for p in (50, 95, 99)}
        counts = {"n": n, "n_all": len(ordered), "sent": self.n_sent, "bad": self.n_bad, "lost": self.n_lost}
        return counts | ms | {"seconds": took, "sample": self.sample}


def main() -> None:
    """One plan in, one result out."""
    run = Run(Plan(**json.load(sys.stdin)))
    json.dump(uvloop.run(run.go()), sys.stdout)


if __name__ == "__main__":
    main()
