"""Which touches count: an attempt that reached nobody is written down, but it is no touch."""

KINDS = ("call", "meeting", "visit", "mail", "message", "note")
OUTCOMES = ("went_well", "neutral", "concern", "not_reached")
REACHING = ("went_well", "neutral", "concern")
EARLIEST_MS = 0


def is_in_time(at_ms: int, now_ms: int) -> bool:
    """A touch has happened: from 1970 to a day from now, for clocks that run ahead."""
    return EARLIEST_MS <= at_ms <= now_ms + 86_400_000
