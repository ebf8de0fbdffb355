"""Globs over paths: `*` stays within a segment, `**` crosses them, `?` is one character."""

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def compile_glob(glob: str) -> re.Pattern[str]:
    """A pattern that matches whole paths; a trailing `/**` also matches the path without it."""
    parts: list[str] = []
    rest = glob
    tail = ""
    if rest.endswith("/**"):
        rest, tail = rest[:-3], "(?:/.*)?"
    for piece in re.findall(r"\*\*|\*|\?|[^*?]+", rest):
        parts.append({"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece) or re.escape(piece))
    return re.compile("".join(parts) + tail, re.DOTALL)


def matches_glob(glob: str, path: str) -> bool:
    """True when the whole path fits."""
    return compile_glob(glob).fullmatch(path) is not None
