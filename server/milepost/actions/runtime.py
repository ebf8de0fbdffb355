"""Everything a running process holds, built once by web's lifespan or a command and passed in; nothing is global."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from milepost.actions.caches import Caches
from milepost.settings import Settings

if TYPE_CHECKING:
    from milepost.actions.intake import Intake

Clock = Callable[[], int]


def system_clock() -> int:
    """Now, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Runtime:
    """Settings, engine, clock, the intake writer (None in commands that take no events) and the caches."""

    settings: Settings
    engine: Engine
    clock: Clock = system_clock
    intake: "Intake | None" = None
    caches: Caches = field(default_factory=Caches)
