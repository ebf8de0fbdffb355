"""The lights of the set-up list: what is done, what is half done, what waits."""

from dataclasses import dataclass

ENOUGH = 0.9  # a share at or above it is called done: some pages are for people who are not logged in


@dataclass(frozen=True)
class Light:
    """`part` of `whole`; `state` is done, part or waiting. Shares have `whole` events under them."""

    key: str
    state: str
    part: int = 0
    whole: int = 0

    @property
    def share(self) -> float | None:
        """0–1; None while there is nothing to divide by."""
        return self.part / self.whole if self.whole else None


def judge_share(key: str, part: int, whole: int, enough: float = ENOUGH) -> Light:
    """Done at `enough` of the whole, half done above nothing."""
    state = "waiting" if part == 0 else "done" if part >= enough * whole else "part"
    return Light(key, state, part, whole)


def judge_signed(mode: str, signed: int, whole: int) -> Light:
    """Done only when unsigned events are refused; half done as long as some or all are signed and nothing is refused."""
    if mode == "enforce":
        return Light("signed", "done", signed, whole)
    return Light("signed", "part" if signed else "waiting", signed, whole)


def judge_count(key: str, part: int, whole: int) -> Light:
    """Done when there is one at least and none lacks what is asked for."""
    return Light(key, "waiting" if whole == 0 or part == 0 else "done" if part == whole else "part", part, whole)
