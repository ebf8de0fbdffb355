"""Adoption level and stage of an account. Source: definitions page, "Adoption level" and "Stages"."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LevelInputs:
    """Inputs of the level; None = unknown. `account_day` is the account's age in days."""

    account_day: int | None
    core_coverage: float | None
    retained_core_share: float | None
    daily_share: float | None
    seat_use: float | None


def adoption_level(inputs: LevelInputs) -> str:
    """low | medium | high | too_early | unknown."""
    if inputs.account_day is not None and inputs.account_day < 30:
        return "too_early"
    known = [inputs.core_coverage, inputs.retained_core_share, inputs.daily_share, inputs.seat_use]
    if sum(value is not None for value in known) / len(known) < 0.6:
        return "unknown"
    core, retained, share, seats = known
    if (core is not None and core < 0.25) or (share is not None and share < 0.1):
        return "low"
    is_high = (core or 0) >= 0.6 and (retained or 0) >= 0.6 and (seats or 0) >= 0.5
    return "high" if is_high else "medium"


def settle_level(computed: str, previous_computed: str | None, previous_shown: str | None) -> str:
    """A level changes after two settled evaluations agree; the first ever stands at once."""
    if previous_shown is None or previous_computed is None or computed == previous_computed:
        return computed
    return previous_shown


def stage_of(*, account_day: int | None, ended: bool, days_to_renewal: int | None, activated: bool, level: str) -> str:
    """lost | onboarding | renewing | steady | adopting: the first that fits."""
    if ended:
        return "lost"
    if account_day is not None and account_day < 30:
        return "onboarding"
    if days_to_renewal is not None and 0 <= days_to_renewal <= 90:
        return "renewing"
    if activated and level in {"medium", "high"}:
        return "steady"
    return "adopting"
