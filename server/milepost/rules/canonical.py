"""One canonicaliser for everything that comes in: the same verdict whatever the database.

The bytes are scanned first; the tree is walked only when something suspicious was seen.
"""

import re
from typing import Any

MAX_EVENT_BYTES = 32_768
MAX_DEPTH = 16
MAX_NODES = 2_000
MAX_STRING_BYTES = 8_192
INT64 = 2**63

_ESCAPES = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else byte for byte in range(256))
_LONG_NUMBER = b"0" * 18


def is_suspicious(raw: bytes) -> bool:
    """True when the tree must be walked: long, deep, many parts, long numbers or odd escapes.

    For bytes the decoder took: it refuses NaN, Infinity, numbers no double holds, and a bare NUL.
    """
    return (
        len(raw) > MAX_STRING_BYTES
        or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH
        or raw.count(b",") > MAX_NODES // 4
        or (b"\\u" in raw and _ESCAPES.search(raw) is not None)
        or _LONG_NUMBER in raw.translate(_DIGITS)
    )


def find_fault(value: Any) -> tuple[str, str] | None:
    """(reason, sentence) of the first thing that can't be stored faithfully; None when all is well."""
    nodes, stack = 0, [(value, 1)]
    while stack:
        node, depth = stack.pop()
        nodes += 1
        if nodes > MAX_NODES:
            return "nodes", f"The event has more than {MAX_NODES} values; send fewer properties."
        if isinstance(node, str):
            fault = find_text_fault(node)
            if fault:
                return fault
        elif isinstance(node, float):
            if node != node or node in (float("inf"), float("-inf")):
                return "number", "NaN and Infinity are not JSON; send a number or null."
        elif isinstance(node, int):
            if not -INT64 <= node < INT64:
                return "number", "A whole number lies beyond 64 bits; send it as text."
        elif isinstance(node, dict | list):
            if depth > MAX_DEPTH:
                return "depth", f"The event nests deeper than {MAX_DEPTH} levels; flatten it."
            if isinstance(node, dict):
                stack.extend((key, depth) for key in node)
                stack.extend((child, depth + 1) for child in node.values())
            else:
                stack.extend((child, depth + 1) for child in node)
    return None


def find_text_fault(text: str) -> tuple[str, str] | None:
    """NUL, lone surrogates and texts over 8 KiB can't be stored alike everywhere."""
    if "\x00" in text:
        return "text", "A text holds the character NUL; remove it."
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return "text", "A text holds half a surrogate pair; send valid Unicode."
    if size > MAX_STRING_BYTES:
        return "string", f"A text is longer than {MAX_STRING_BYTES} bytes; shorten it."
    return None
