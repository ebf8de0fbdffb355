"""Which lines of the portfolio a reader wants to see, and in which order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from milepost.actions.portfolio import LOW_SHARE, RENEWING_DAYS, AccountLine

Key = Callable[[AccountLine], Any]
NOBODY = "nobody"  # the owner filter's word for accounts without an owner
STAGE_ORDER = {"onboarding": 0, "adopting": 1, "steady": 2, "renewing": 3, "lost": 4}
LEVEL_ORDER = {"low": 0, "medium": 1, "high": 2}

# What a column is sorted by; None stands last whichever way.
SORTS: dict[str, Key] = {
    "risk": lambda line: line.risk_value,
    "name": lambda line: line.name.casefold(),
    "tier": lambda line: line.tier,
    "owner": lambda line: line.owner_email,
    "arr": lambda line: line.arr,
    "renewal": lambda line: line.renewal_on,
    "stage": lambda line: STAGE_ORDER.get(line.stage),
    "level": lambda line: LEVEL_ORDER.get(line.level),
    "health": lambda line: line.score if line.band in {"red", "amber", "green"} else None,
    "delta": lambda line: line.delta_30d,
    "coverage": lambda line: line.coverage,
    "usage": lambda line: line.usage_rate,
    "core": lambda line: line.core_coverage,
    "seats": lambda line: line.seat_use,
    "activated": lambda line: line.activated_on,
    "touch": lambda line: line.last_touch_at,
    "tasks": lambda line: line.n_open_tasks,
}

# Ready-made views; lost accounts stand in their own only.
VIEWS: dict[str, Callable[[AccountLine], bool]] = {
    "all": lambda line: line.stage != "lost",
    "risk": lambda line: line.band == "red",
    "renewing": lambda line: line.days_to_renewal is not None and 0 <= line.days_to_renewal <= RENEWING_DAYS and _here(line),
    "onboarding": lambda line: line.stage == "onboarding",
    "low": lambda line: _here(line) and line.coverage is not None and line.coverage < LOW_SHARE,
    "lost": lambda line: line.stage == "lost",
}


def _here(line: AccountLine) -> bool:
    return line.stage != "lost"


@dataclass(frozen=True)
class Choice:
    """Empty texts filter nothing; `owner` is an e-mail address or `nobody`."""

    view: str = "all"
    owner: str = ""
    tier: str = ""
    band: str = ""
    stage: str = ""
    level: str = ""
    text: str = ""
    sort: str = "risk"
    descending: bool = True


def is_here(line: AccountLine, owner: str = "") -> bool:
    """Not lost, and this owner's when one is named."""
    return line.stage != "lost" and (not owner or (line.owner_email or NOBODY).casefold() == owner.casefold())


def choose_lines(lines: Sequence[AccountLine], choice: Choice) -> list[AccountLine]:
    """The lines that fit every part of the choice, sorted."""
    return sort_lines([line for line in lines if VIEWS[choice.view](line) and fits(line, choice)], choice.sort, choice.descending)


def count_views(lines: Sequence[AccountLine], choice: Choice) -> dict[str, int]:
    """{view: lines} with the other parts of the choice as they are."""
    fitting = [line for line in lines if fits(line, choice)]
    return {name: sum(map(holds, fitting)) for name, holds in VIEWS.items()}


def fits(line: AccountLine, choice: Choice) -> bool:
    """Whether owner, tier, band, stage, level and text fit; the view is another matter."""
    owner = (line.owner_email or NOBODY).casefold()
    return (
        (not choice.owner or owner == choice.owner.casefold())
        and (not choice.tier or line.tier == choice.tier)
        and (not choice.band or line.band == choice.band)
        and (not choice.stage or line.stage == choice.stage)
        and (not choice.level or line.level == choice.level)
        and (not choice.text or choice.text.casefold() in f"{line.name}\n{line.key}".casefold())
    )


def sort_lines(lines: Sequence[AccountLine], sort: str, descending: bool) -> list[AccountLine]:
    """By one column; what is not known stands last either way, equals by risk × ARR and name."""
    key = SORTS[sort]
    known = [line for line in lines if key(line) is not None]
    known.sort(key=lambda line: (-line.risk_value, line.name.casefold(), line.key))
    known.sort(key=key, reverse=descending)
    unknown = [line for line in lines if key(line) is None]
    unknown.sort(key=lambda line: (-line.risk_value, line.name.casefold(), line.key))
    return known + unknown
