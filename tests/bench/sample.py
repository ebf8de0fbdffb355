"""What the benchmarks send and against what: one vendor's catalogue, people, and events as server clients write them."""

import json
import random
import uuid
from typing import Any

from milepost.wire.feature import Catalogue

N_FEATURES, N_ACCOUNTS, N_PEOPLE = 200, 200, 5_000
STAMP, PASS = "2026-01-01T00:00:00.000Z", "~~pass~~"  # both are replaced, width for width, as a body goes out
LIBRARY = {"name": "analytics-node", "version": "3.1.0"}


def make_catalogue() -> Catalogue:
    """200 features: 150 by event name (a third with a condition), 40 by page, 10 by element."""
    features = []
    for number in range(N_FEATURES):
        if number < 150:
            where = [{"property": "rows", "op": "gte", "value": 1}] if number % 3 == 0 else []
            rule: dict[str, Any] = {"on": "event", "name": f"Report {number} Opened", "where": where}
        elif number < 190:
            rule = {"on": "page", "path": f"/area-{number}/**"}
        else:
            rule = {"on": "element", "target": {"locators": [{"by": "testid", "value": f"button-{number}"}]}}
        features.append({"key": f"feature-{number}", "name": f"Feature {number}", "core": number < 8, "rules": [rule]})
    return Catalogue.model_validate({"features": features})


def make_event(random_: random.Random, message_id: str, timestamp: str = STAMP) -> dict[str, Any]:
    """75 % track (four in five a use of a feature), 20 % page, 3 % identify, 2 % group."""
    person = random_.randrange(N_PEOPLE)
    account = f"acct-{person % N_ACCOUNTS}"
    event: dict[str, Any] = {"messageId": message_id, "timestamp": timestamp, "userId": f"user-{person}"}
    event["context"] = {"groupId": account, "library": LIBRARY}
    kind = random_.random()
    if kind < 0.75:
        number = random_.randrange(188)
        properties = {"rows": random_.randrange(500), "format": random_.choice(["pdf", "xlsx", "web"]), "shared": number % 2 == 0}
        event |= {"type": "track", "event": f"Report {number} Opened", "properties": properties}
    elif kind < 0.95:
        path = f"/area-{random_.randrange(150, 200)}/item/{random_.randrange(10_000)}"
        page = {"path": path, "url": f"https://app.example.test{path}", "title": "Items"}
        event |= {"type": "page", "name": "Items", "properties": page}
    elif kind < 0.98:
        traits = {"name": f"Person {person}", "email": f"p{person}@customer.test", "role": "analyst"}
        event |= {"type": "identify", "traits": traits}
    else:
        event |= {"type": "group", "groupId": account, "traits": {"name": f"Customer {person % N_ACCOUNTS}", "plan": "pro"}}
    event |= {"integrations": {}, "_metadata": {"nodeVersion": "22.1.0", "jsRuntime": "node"}}
    return event


def make_bodies(batch: int, n: int, seed: int = 1) -> list[bytes]:
    """`n` bodies of `batch` events each; `PASS` inside every message id keeps later rounds of the same bodies new."""
    random_ = random.Random(seed)
    bodies = []
    for _ in range(n):
        ids = [f"{uuid.UUID(int=random_.getrandbits(128))}"[:28] + PASS for _ in range(batch)]
        events = [make_event(random_, message_id) for message_id in ids]
        bodies.append(json.dumps({"batch": events, "sentAt": STAMP}, separators=(",", ":")).encode())
    return bodies
