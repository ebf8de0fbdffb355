"""What is kept of an event, taken or refused: no keys, no tokens, no network addresses, web addresses only as templates."""

import json
import re
from typing import Any

from milepost.rules.canonical import MAX_EVENT_BYTES
from milepost.rules.masking import mask_keys
from milepost.rules.paths import path_template
from milepost.wire.event import TYPES, WireEvent, as_id, decode_loosely

KEPT_OF_OURS = frozenset({"session", "guide", "sdk"})
PAGE_NOISE = ("url", "referrer", "search", "path", "title")
_FIELDS = tuple(name for name in WireEvent.__struct_fields__ if name != "writeKey")
_PAGELESS = TYPES - {"page", "screen"}
# Possessive, so that no body makes a pattern look at a byte again and again.
_MEMBER = re.compile(
    r'"(writeKey|token|ip|request_ip|userAgent|url|referrer|search|path|title)"(\s*+:\s*+)"(?:[^"\\]++|\\.)*+"?', re.DOTALL
)
_ADDRESS = re.compile(r"""(?i)(https?:(?:\\?/){2})([^\s"'<>?#]*+)[^\s"'<>]*+""")


def kept_context(context: dict[str, Any], milepost: dict[str, Any], group: str | None, path: str | None) -> dict[str, Any]:
    """The few members of an event's context that are stored."""
    kept: dict[str, Any] = {}
    if group:
        kept["groupId"] = group
    if path:
        kept["page"] = {"path": path}
    locale, library = context.get("locale"), context.get("library")
    if isinstance(locale, str):
        kept["locale"] = locale[:40]
    if isinstance(library, dict) and isinstance(library.get("name"), str):
        kept["library"] = {"name": library["name"][:80], "version": str(library.get("version", ""))[:40]}
    if milepost:
        ours = {k: v for k, v in milepost.items() if k in KEPT_OF_OURS and isinstance(v, str)}
        if ours:
            kept["milepost"] = ours
    return kept


def page_path(type_: Any, properties: dict[str, Any], context: dict[str, Any]) -> str | None:
    """The template of the page an event came from, as far as it says one."""
    places = ([properties] if type_ == "page" else []) + ([context["page"]] if isinstance(context.get("page"), dict) else [])
    for place in places:
        for value in (place.get("path"), place.get("url")):
            if isinstance(value, str) and value:
                return path_template(value)
    return None


def without_noise(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of a page without its address and title."""
    return {k: v for k, v in properties.items() if k not in PAGE_NOISE}


def keep_refused(raw: bytes, kind: str | None = None) -> str:
    """A refused body as text of at most 32 KiB, without what a taken event would not keep either.

    JSON stays JSON; of what can't be read, the members and marks that look like secrets or addresses become marks.
    """
    text = _keep_event(raw, kind) if len(raw) <= MAX_EVENT_BYTES else None
    if text is None:
        text = raw[:MAX_EVENT_BYTES].decode("utf-8", "replace").replace("\x00", "\\u0000")
        text = _ADDRESS.sub(r"\1\2", _MEMBER.sub(r'"\1"\2"…"', text))
    return mask_keys(text)[:MAX_EVENT_BYTES]


def _keep_event(raw: bytes, kind: str | None) -> str | None:
    """None when the bytes are no object, or one that can't be written again."""
    try:
        event = decode_loosely(raw)
        return _write(_known(event, kind)) if isinstance(event, dict) else None
    except (ValueError, RecursionError):
        return None


def _known(event: dict[str, Any], kind: str | None) -> dict[str, Any]:
    known = {name: event[name] for name in _FIELDS if name in event}
    type_, context, properties = kind or event.get("type"), known.pop("context", None), known.get("properties")
    context = context if isinstance(context, dict) else {}
    path = page_path(type_, properties if isinstance(properties, dict) else {}, context)
    if isinstance(properties, dict) and not (isinstance(type_, str) and type_ in _PAGELESS):
        known["properties"] = without_noise(properties)
    milepost = context.get("milepost")
    kept = kept_context(context, milepost if isinstance(milepost, dict) else {}, as_id(context.get("groupId")), path)
    if isinstance(context.get("traits"), dict):
        kept["traits"] = context["traits"]
    return known | {"context": kept} if kept else known


def _write(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: only its escape can be stored
        return json.dumps(value, separators=(",", ":"))
    return text
