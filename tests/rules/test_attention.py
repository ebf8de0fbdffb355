"""The attention budget over ten thousand simulated weeks of people, recounted by hand: nobody is interrupted once too often."""

import random
from dataclasses import replace
from itertools import pairwise

from milepost.rules.choose import NPS_DAYS, RUN_MS, STANDING, PastRun, is_unread, why_not_now
from milepost.rules.days import DAY_MS, day_of

ZONE = "Europe/Berlin"
PEOPLE, WEEKS = 1000, 10
BEGIN = 1_790_000_000_000
KINDS = ("tour", "tooltip", "modal", "survey", "banner")


def live(chance: random.Random) -> list[PastRun]:
    """Every run one person was told yes to in ten weeks, with two browsers that ask at the same instants, at random."""
    told: list[PastRun] = []
    now = BEGIN + chance.randrange(DAY_MS)
    while now < BEGIN + WEEKS * 7 * DAY_MS:
        now += int(chance.expovariate(1 / (11 * 3_600_000)))
        for browser in range(2):
            kind, free = chance.choice(KINDS), chance.random() < 0.2
            run = f"run_{len(told)}_{browser}"
            days = NPS_DAYS + 1 if kind == "survey" else 8
            recent = [past for past in told if now - past.started_at < days * DAY_MS]
            if why_not_now(kind, recent, now, ZONE, free=free, no_tips=False, run=run, nps=kind == "survey") is None:
                told.append(PastRun(run, kind, free, now, now, closed=False, never_came=False, nps=kind == "survey"))
        if told and chance.random() < 0.7:
            told[-1] = replace(told[-1], closed=True)
    return told


def test_ten_thousand_weeks_of_people_break_no_budget() -> None:
    chance = random.Random(4)
    shown = breaches = 0
    for _ in range(PEOPLE):
        told = live(chance)
        shown += len(told)
        spent = [(day_of(past.started_at, ZONE), past) for past in told if not past.free]
        for i, (day, past) in enumerate(spent):
            before = [other for other in spent[: i + 1] if day - other[0] < 7]
            breaches += sum(other[0] == day for other in before) > 1
            breaches += len(before) > 3
            breaches += sum(one.kind == "modal" for _, one in before) > 1
            breaches += past.nps and any(one.nps and day - on < NPS_DAYS for on, one in spent[:i])
        for one, other in pairwise(past for past in told if past.kind not in STANDING):
            breaches += not one.closed and other.started_at - one.last_at < RUN_MS
    assert breaches == 0
    assert shown > PEOPLE * WEEKS  # it was not quiet because nothing happened


def test_unread_is_more_than_sixty_percent_of_at_least_thirty() -> None:
    assert not is_unread(29, 29)
    assert not is_unread(30, 18)
    assert is_unread(30, 19)
    assert not is_unread(1000, 600)
