"""In-process caches, each hung on an environment's `generation`: a raised number empties them."""

import threading
from collections.abc import Callable
from typing import Any


class Caches:
    """`get(kind, environment_id, generation, build)`: at most one value per (kind, environment), of one generation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, int], tuple[int, Any]] = {}

    def get(self, kind: str, environment_id: int, generation: int, build: Callable[[], Any]) -> Any:
        """The cached value of this generation, built when it is absent or of another one."""
        held = self._values.get((kind, environment_id))
        if held is not None and held[0] == generation:
            return held[1]
        value = build()
        with self._lock:
            self._values[(kind, environment_id)] = (generation, value)
        return value

    def peek(self, kind: str, environment_id: int, generation: int) -> Any:
        """The cached value of this generation, or None."""
        held = self._values.get((kind, environment_id))
        return held[1] if held is not None and held[0] == generation else None
