"""The book the console is measured in: 2,000 accounts, 200 features, four weeks of use, guides, scores that are settled."""

import random
from collections.abc import Iterator
from typing import Any

from milepost.actions.jobs import Jobs
from milepost.actions.score import refresh_dirty
from milepost.rules.days import DAY_MS, date_of, day_of
from milepost.wire.event import format_instant
from tests.bench.boot_sample import PLANS, open_filled, send_all
from tests.live import LiveServer

N_ACCOUNTS, N_PEOPLE, N_USES, N_DAYS = 2_000, 4, 40, 28


def fill_book(server: LiveServer) -> None:
    """Everything through the actions; the server does not run yet, and finds no job left to do."""
    runtime, holder = open_filled(server)
    send_all(runtime, holder, _events(runtime.clock()), "import")
    while refresh_dirty(runtime, holder.environment_id):
        pass
    jobs = Jobs(runtime)
    while jobs.tick():
        pass


def _events(now: int) -> Iterator[dict[str, Any]]:
    """Each account's facts, then its uses: few features have most of them, and two in three accounts are small."""
    random_ = random.Random(7)
    today = day_of(now, "UTC")
    for number in range(N_ACCOUNTS):
        account = f"acct-{number}"
        traits = {
            "name": f"Customer {number}", "plan": PLANS[number % 3], "tier": "ABC"[number % 3], "arr": 1_000 * (number % 97 + 1),
            "currency": "EUR", "seats": 20, "started_on": date_of(today - 400).isoformat(),
            "renewal_on": date_of(today + number % 365).isoformat(), "owner_email": "owner@example.test",
        }  # fmt: skip
        yield {"type": "group", "userId": f"{account}-0", "groupId": account, "traits": traits, "timestamp": format_instant(now)}
        for _ in range(N_USES if number % 3 == 0 else N_USES // 2):
            feature = min(int(random_.expovariate(1 / 25)), 149)
            at = format_instant(now - random_.randrange(N_DAYS) * DAY_MS - random_.randrange(DAY_MS))
            yield {
                "type": "track", "userId": f"{account}-{random_.randrange(N_PEOPLE)}", "event": f"Report {feature} Opened",
                "properties": {"rows": 5}, "context": {"groupId": account}, "timestamp": at,
            }  # fmt: skip
