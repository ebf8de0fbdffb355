"""Paths without what could name a person: no query, no hash, ids replaced."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

_ID = re.compile(
    r"\d+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?=[^/]*\d)[0-9a-zA-Z_-]{16,}|[^/]*@[^/]*|[^/]*%40[^/]*"
)


def path_template(address: str) -> str:
    """`https://x/leave/42?a=b#c` → `/leave/:id`; at most 300 characters."""
    return _remembered(address) if len(address) <= 200 else _template(address)


def _template(address: str) -> str:
    try:
        path = urlsplit(address).path if "://" in address else address.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]
    except ValueError:
        return "/"
    segments = [":id" if _ID.fullmatch(s) else s for s in path.split("/")]
    template = "/".join(segments)[:300]
    return template if template.startswith("/") else "/" + template


_remembered = lru_cache(maxsize=8192)(_template)
