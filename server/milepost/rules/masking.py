"""What must not stand in a log: keys, tokens, passwords in addresses, and mail addresses become marks."""

import re

_MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "(token)"),
    (re.compile(r"\b(pk|sk|ids)_[\w-]{12,}"), r"\1_…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w+/=.~-]{8,}"), r"\1 …"),
    (re.compile(r"://[^\s/@]*:[^\s@]*@"), "://…@"),
    (re.compile(r"[^\s@\"'<>()\[\]{},;:=/…]+@[^\s@\"'<>()\[\]{},;:=/]+\.[^\s@\"'<>()\[\]{},;:=/.]+"), "(mail address)"),
)


def mask(text: str) -> str:
    """The text without what its reader must not learn."""
    for pattern, mark in _MARKS:
        text = pattern.sub(mark, text)
    return text
