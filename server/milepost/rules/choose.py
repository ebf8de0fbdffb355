"""Which guides a person may be offered, and whether one may begin now: the attention budget.

Source: the renderer page, "Flow": one unasked guide a day, three a week, one modal a week; one at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from milepost.rules.audience import compile_tree
from milepost.rules.days import DAY_MS, day_of
from milepost.wire.audience import All, Audience, Leaf, Not
from milepost.wire.guide import ALWAYS_FREE, STANDING, Guide

OF_THE_PAGE = frozenset({"locale", "path"})
RUN_MS = 30 * 60_000
A_DAY, A_WEEK, MODALS_A_WEEK = 1, 3, 1
LATER_MS = DAY_MS
COMPLAINT_DAYS = 7
NPS_DAYS = 90
UNREAD_MS, UNREAD_SHARE, UNREAD_PEOPLE = 2_000, 0.6, 30
PAUSES_UNREAD = frozenset({"tour", "tooltip", "modal"})  # the others are closed at a glance, and rightly so


@dataclass(frozen=True)
class Said:
    """What the person last said about a guide."""

    state: str  # finished | dismissed | later
    reason: str | None
    at: int
    until_at: int | None


@dataclass(frozen=True)
class PastRun:
    """A run of the person in the last eight days; 91 when the guide asks how likely they are to recommend us."""

    run: str
    kind: str
    free: bool
    started_at: int
    last_at: int
    closed: bool
    never_came: bool  # it ended because its target was missing, before anything was shown
    nps: bool = False  # it asked how likely they are to recommend us

    def is_open(self, now: int) -> bool:
        """Not closed, and heard of within 30 minutes."""
        return not self.closed and now - self.last_at < RUN_MS


def why_not_again(guide: Guide, said: Said | None, now: int) -> str | None:
    """The reason this person is not offered the guide again; None when they may be."""
    if said is None:
        return None
    if said.reason in {"never", "no_tips"}:
        return "dismissed"
    if said.state == "later":
        return "later" if now < (said.until_at or said.at + LATER_MS) else None
    rested = now - said.at >= guide.frequency.wait_days * DAY_MS
    if guide.frequency.repeat == "always":
        return None if rested else said.state
    if guide.frequency.repeat == "until_finished" and said.state == "dismissed":
        return None if rested else said.state
    return said.state


def is_scheduled(schedule: tuple[int | None, int | None], now: int) -> bool:
    """Between from and until, in ms."""
    start, end = schedule
    return (start is None or start <= now) and (end is None or now < end)


def compile_claim(tree: Audience | None) -> Callable[[Mapping[str, Any]], bool]:
    """Only a certain yes. Where and in which language the page was, boot has judged: a claim carries neither."""
    return _compile_could(tree, verdict=True)


def _compile_could(tree: Audience | None, *, verdict: bool) -> Callable[[Mapping[str, Any]], bool]:
    """Whether the tree certainly says so, or would with a fitting page."""
    if tree is None:
        return lambda _: verdict
    if isinstance(tree, Leaf):
        if tree.fact in OF_THE_PAGE:
            return lambda _: True
        leaf = compile_tree(tree)
        return lambda facts: leaf(facts) is verdict
    if isinstance(tree, Not):
        return _compile_could(tree.not_, verdict=not verdict)
    parts = [_compile_could(part, verdict=verdict) for part in (tree.all if isinstance(tree, All) else tree.any)]
    if isinstance(tree, All) is verdict:
        return lambda facts: all(part(facts) for part in parts)
    return lambda facts: any(part(facts) for part in parts)


def asks_nps(guide: Guide) -> bool:
    """Is the question in it that a person hears once in 90 days?"""
    return any(getattr(block, "ask", None) == "nps" for step in guide.steps for block in step.blocks)


def is_unread(shown: int, unread: int) -> bool:
    """More than 60 % of at least 30 people closed it within 2 s: it pauses itself."""
    return shown >= UNREAD_PEOPLE and unread > UNREAD_SHARE * shown


def is_after_complaint(complained_at: int | None, now: int) -> bool:
    """No survey asks within seven days of a complaint."""
    return complained_at is not None and now - complained_at < COMPLAINT_DAYS * DAY_MS


def spends_nothing(guide: Guide) -> bool:
    """Its kind, or its author, says that it spends no attention."""
    return guide.kind in ALWAYS_FREE or guide.budget == "free"


def why_not_now(
    kind: str, runs: Sequence[PastRun], now: int, zone: str, *, free: bool, no_tips: bool, run: str, nps: bool = False
) -> str | None:
    """The reason a run may not begin; None when it may. A free one spends nothing but still waits for its turn."""
    if kind not in STANDING and any(past.is_open(now) and past.run != run and past.kind not in STANDING for past in runs):
        return "busy"
    if free:
        return None
    if no_tips:
        return "no_tips"
    spent = [past for past in runs if not past.free and not past.never_came and past.run != run]
    today = day_of(now, zone)
    if sum(day_of(past.started_at, zone) == today for past in spent) >= A_DAY:
        return "budget_day"
    week = [past for past in spent if today - day_of(past.started_at, zone) < 7]
    if len(week) >= A_WEEK:
        return "budget_week"
    if kind == "modal" and sum(past.kind == "modal" for past in week) >= MODALS_A_WEEK:
        return "budget_modal"
    if nps and any(past.nps and today - day_of(past.started_at, zone) < NPS_DAYS for past in spent):
        return "budget_nps"
    return None
