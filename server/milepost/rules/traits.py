"""Which traits may change an account: trusted sources set them, others may only fill what is empty."""

from collections.abc import Mapping
from typing import Any

from milepost.rules.days import day_number
from milepost.wire.event import as_id

TEXTS = ("name", "plan", "tier", "currency", "owner_email")
WHOLE = ("employees", "seats")
DAYS = ("started_on", "renewal_on", "ended_on")


def trusted_value(name: str, value: Any) -> Any:
    """The value as it is stored (days as day numbers, lists of text); raises ValueError with what would be right."""
    if value is None:
        return None
    if name in TEXTS:
        if not isinstance(value, str | int | float) or isinstance(value, bool) or len(str(value)) > 300:
            raise ValueError(f"{name} must be a text of at most 300 characters")
        return str(value)
    if name in WHOLE:
        number = _number(value)
        if number is None or not 0 <= number < 2**53 or number != int(number):
            raise ValueError(f"{name} must be a whole number of at least 0")
        return int(number)
    if name == "arr":
        number = _number(value)
        if number is None or not 0 <= number < 1e15:
            raise ValueError("arr must be a number of at least 0")
        return float(number)
    if name in DAYS:
        try:
            return day_number(str(value)[:10])
        except ValueError as problem:
            raise ValueError(f"{name} must be a day such as 2026-11-24") from problem
    if name == "add_ons":
        parts = value if isinstance(value, list) else [p.strip() for p in str(value).split(",") if p.strip()]
        if len(parts) > 100 or not all(isinstance(p, str) and len(p) <= 100 for p in parts):
            raise ValueError("add_ons must be a list of names")
        return sorted(set(parts))
    raise ValueError(f"{name} is not a trusted trait")


def parent_key(value: Any) -> str:
    """The id of a parent account, as any id may be written; raises ValueError."""
    key = as_id(value)
    if key is None or len(key) > 500:
        raise ValueError("parent_id must be the id of an account, a text or number of 1 to 500 characters")
    return key


def _number(value: Any) -> float | None:
    """The number, also out of a text; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def merge_traits(
    held: Mapping[str, Any], traits: Mapping[str, Any], names: tuple[str, ...], *, trusted: bool, source: str, at: int
) -> tuple[dict[str, Any], list[str]]:
    """(columns to write, problems): trusted values win, unverified ones fill only what is empty and are marked.

    `held` has the trusted traits plus `traits` and `sources`. Values that don't fit are left out and named.
    """
    changes: dict[str, Any] = {}
    problems: list[str] = []
    sources = dict(held["sources"])
    others = dict(held["traits"])
    for name, value in traits.items():
        if name not in names:
            others[name] = value
            continue
        try:
            stored = trusted_value(name, value)
        except (ValueError, TypeError) as problem:
            problems.append(str(problem))
            continue
        if trusted or held.get(name) is None:
            changes[name] = stored
            sources[name] = {"source": source, "at": at, "verified": trusted}
    if sources != held["sources"]:
        changes["sources"] = sources
    if others != held["traits"] and len(others) <= 200:
        changes["traits"] = others
    return changes, problems
