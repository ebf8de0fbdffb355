"""What must not stand in a log or a kept body: keys, tokens, passwords in addresses, and mail addresses become marks."""

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


# The secrets that stand alone in a text. A run of word characters is looked at twice at most, whatever the text.
_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]++(?:\.[\w-]*+){1,2}")
_SECRET = re.compile(r"(?<![A-Za-z0-9])(sk|ids)_[\w-]{20,}+")


def mask_keys(text: str) -> str:
    """The text without secret keys, signing secrets and tokens; ids and mail addresses stay: they name its people."""
    return _SECRET.sub(r"\1_…", _TOKEN.sub("(token)", text))
