"""The 150 accounts of the book: 120 live, 30 lost, six of them with a story and a fixed key."""

from dataclasses import dataclass
from random import Random

from milepost.demo.book.accounts import HISTORY_DAYS, Account, plain_account
from milepost.demo.book.names import company_names
from milepost.demo.book.stories import make_stories
from milepost.rules.days import date_of

N_LIVE, N_LOST = 120, 30
SEED = 20261
TERMINALS_NEW_DAYS = 27


@dataclass(frozen=True)
class Book:
    """All accounts, as of the day the demo was first started."""

    seed: int
    anchor: int
    accounts: tuple[Account, ...]

    @property
    def first_day(self) -> int:
        """The first day of history; the anchor is its last full stop."""
        return self.anchor - HISTORY_DAYS + 1

    @property
    def terminals_from(self) -> int:
        """Terminals were released this late, so that they are still *new* and their stop moves nobody's coverage."""
        return self.anchor - TERMINALS_NEW_DAYS

    @property
    def terminals_stop_on(self) -> int:
        """Last Tuesday: the day on which clock-ins of all terminals stopped arriving."""
        return next(d for d in range(self.anchor - 1, self.anchor - 8, -1) if date_of(d).weekday() == 1)

    def account(self, key: str) -> Account:
        """One account by its key."""
        return next(a for a in self.accounts if a.key == key)


def make_book(anchor: int, seed: int = SEED) -> Book:
    """The same seed and anchor day make the same book, on every machine."""
    stories = make_stories(seed, anchor)
    taken = {a.key for a in stories}
    names = (n for n in company_names(Random(f"book:{seed}")) if n[0] not in taken)
    accounts = list(stories)
    n_lost = N_LOST - sum(a.ended_on is not None for a in stories)
    for i in range(N_LIVE + N_LOST - len(stories)):
        accounts.append(plain_account(next(names), Random(f"account:{seed}:{i}"), anchor, lost=i < n_lost))
    return Book(seed, anchor, tuple(accounts))
