"""Three lines of set-up for any test: a clock to turn, events to send, tables to read."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import msgspec

from milepost.actions.intake_group import Receipt
from milepost.actions.keys import KeyHolder
from milepost.actions.receive import open_parcel, read_parcel
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.actions.workspaces import CreatedWorkspace
from milepost.store import engine as db
from milepost.wire.event import format_instant

SECRET_KEY = "dGVzdC1vbmx5LXNlY3JldC1rZXktMzItYnl0ZXMhISE="
FIRST_MS = 1_795_000_000_000  # 2026-11-18T11:06:40Z
DAY_MS = 86_400_000


@dataclass
class Clock:
    """A clock that stands until it is turned."""

    now_ms: int

    def __call__(self) -> int:
        return self.now_ms

    def turn(self, *, days: float = 0, ms: int = 0) -> None:
        """Forward."""
        self.now_ms += int(days * DAY_MS) + ms


@dataclass
class Sandbox:
    """One environment and what tests do with it."""

    runtime: Runtime
    workspace: CreatedWorkspace
    clock: Clock
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def tenant(self) -> Tenant:
        """The environment, read anew."""
        with db.reading(self.runtime.engine) as connection:
            return self.runtime.tenants.within(connection, self.environment_id, self.clock())

    @property
    def environment_id(self) -> int:
        """The internal id."""
        return self.holder().environment_id

    def holder(self, *, secret: bool = True) -> KeyHolder:
        """Whom the secret (or public) key speaks for."""
        key = self.workspace.secret_key if secret else self.workspace.write_key
        holder = self.runtime.keys.find(key, self.clock())
        assert holder is not None
        return holder

    def event(self, name: str = "Report Opened", *, user: str = "u1", account: str | None = "a1", **more: Any) -> dict[str, Any]:
        """A track event of now, with an id of its own."""
        event: dict[str, Any] = {
            "type": "track",
            "event": name,
            "messageId": f"m-{next(self._numbers)}",
            "userId": user,
            "timestamp": format_instant(more.pop("at", self.clock())),
        }
        if account is not None:
            event["context"] = {"groupId": account}
        return event | more

    def send(self, *events: dict[str, Any], route: str = "batch", secret: bool = True) -> Receipt:
        """Through the whole intake, as one batch; the answer comes after the commit."""
        body = msgspec.json.encode({"batch": list(events)})
        return self.send_bytes(body, route=route, secret=secret)

    def send_bytes(self, body: bytes, *, route: str = "batch", secret: bool = True) -> Receipt:
        """A body as it came over the wire."""
        assert self.runtime.intake is not None
        batch = read_parcel(open_parcel(body, route), route, self.holder(secret=secret), self.tenant, self.clock())
        return self.runtime.intake.submit(batch).result(30)

    def use(self, feature: str, *, user: str = "u1", account: str = "a1", days_ago: int = 0, n: int = 1) -> None:
        """Reports uses of a feature by key, some days ago."""
        at = self.clock() - days_ago * DAY_MS
        events = [self.event("$feature", user=user, account=account, at=at, properties={"feature": feature}) for _ in range(n)]
        self.send(*events, route="import")

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Any table, for assertions; bytes as bytes."""
        from sqlalchemy import text

        with db.reading(self.runtime.engine) as connection:
            found = connection.execute(text(sql), {"e": self.environment_id} | values if ":e" in sql else values)
            return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in found]
