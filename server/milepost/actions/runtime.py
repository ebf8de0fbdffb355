"""Everything a running process holds, built once by web's lifespan or a command and passed in; nothing is global."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from milepost.actions.caches import Caches
from milepost.actions.keys import KeyRing
from milepost.actions.secrets import Sealer, load_secret_key
from milepost.actions.tenants import Tenants
from milepost.settings import Settings

if TYPE_CHECKING:
    from milepost.actions.intake import Intake

Clock = Callable[[], int]


def system_clock() -> int:
    """Now, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Runtime:
    """Settings, engine, clock, the intake writer (None in commands that take no events) and the caches.

    `keys`, `sealer` and `tenants` are made on first use.
    """

    settings: Settings
    engine: Engine
    clock: Clock = system_clock
    intake: "Intake | None" = None
    caches: Caches = field(default_factory=Caches)

    @cached_property
    def sealer(self) -> Sealer:
        """Seals and opens secrets that must be used again."""
        return Sealer(load_secret_key(self.settings))

    @cached_property
    def keys(self) -> KeyRing:
        """Finds who a presented key speaks for."""
        return KeyRing(self.engine)

    @cached_property
    def tenants(self) -> Tenants:
        """Environments with their catalogue and verifier, at most a second old."""
        return Tenants(self.engine, self.caches, self.sealer)
