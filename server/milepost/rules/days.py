"""Instants to days of a time zone, and business days."""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY_MS = 86_400_000
QUARTER_MS = 900_000
EPOCH = dt.date(1970, 1, 1)


@lru_cache(maxsize=65_536)
def _offset_ms(quarter: int, zone: str) -> int:
    moment = dt.datetime.fromtimestamp(quarter * QUARTER_MS / 1000, ZoneInfo(zone))
    return int((moment.utcoffset() or dt.timedelta()).total_seconds() * 1000)


def day_of(at_ms: int, zone: str) -> int:
    """The day number (days since 1970-01-01) of an instant in that zone; zones shift on quarter hours."""
    return (at_ms + _offset_ms(at_ms // QUARTER_MS, zone)) // DAY_MS


def start_of_day(day: int, zone: str) -> int:
    """The first instant of the day in ms."""
    local = dt.datetime.combine(date_of(day), dt.time(), ZoneInfo(zone))
    return int(local.timestamp() * 1000)


def date_of(day: int) -> dt.date:
    """The calendar date of a day number."""
    return EPOCH + dt.timedelta(days=day)


def day_number(date: dt.date | str) -> int:
    """The day number of a calendar date or `YYYY-MM-DD`; raises ValueError for anything else."""
    if isinstance(date, str):
        date = dt.date.fromisoformat(date)
    return (date - EPOCH).days


@lru_cache(maxsize=64)
def _calendar(country: str, year: int) -> tuple[frozenset[int], frozenset[int]]:
    """(days off, weekend days worked instead) of that country and year, as far as the library knows them."""
    try:
        calendar = holidays.country_holidays(country, years=year)
    except NotImplementedError:
        return frozenset(), frozenset()
    worked: set[dt.date] = getattr(calendar, "weekend_workdays", set()) or set()
    return frozenset(day_number(d) for d in calendar), frozenset(day_number(d) for d in worked)


def is_business_day(day: int, country: str = "") -> bool:
    """Monday to Friday less the country's holidays, plus its make-up days (PyPI `holidays`)."""
    date = date_of(day)
    if country:
        off, worked = _calendar(country, date.year)
        if day in worked:
            return True
        if day in off:
            return False
    return date.weekday() < 5
