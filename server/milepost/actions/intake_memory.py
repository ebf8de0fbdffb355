"""What the writer remembers of an environment between groups, so that a busy hour asks the database little.

Everything here is either permanent (ids) or only grows (days seen); a rollback or a raised generation empties it.
"""

from dataclasses import dataclass, field

from milepost.store.people import Person

LIMIT = 200_000
SAID_LIMIT = 10_000


@dataclass
class Memory:
    """Of one environment."""

    generation: int = -1
    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    anonymous: dict[str, int] = field(default_factory=dict)
    feature_days: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    day_bits: dict[tuple[int, int], int] = field(default_factory=dict)
    active: set[tuple[int, int, int]] = field(default_factory=set)
    account_days: dict[int, tuple[int, int]] = field(default_factory=dict)
    last_seen: dict[int, int] = field(default_factory=dict)
    said: dict[tuple[str, int], tuple[object, ...]] = field(default_factory=dict)  # what was said last of ("u" | "a", id)
    n_names: int | None = None  # names in the unmatched inbox
    names: set[tuple[str, str]] = field(default_factory=set)
    accounts_hour: int = -1  # accounts made in this hour by public keys
    n_accounts_hour: int = 0
    refused_hour: int = -1
    n_refused_hour: int = 0

    def forget(self) -> None:
        """Empties what the database may have taken back or somebody else may have changed; caps go on counting."""
        for held in (self.people, self.accounts, self.anonymous, self.feature_days, self.day_bits, self.active, self.names):
            held.clear()
        self.account_days.clear()
        self.last_seen.clear()
        self.said.clear()
        self.n_names = None
        self.generation = -1

    def forget_people(self) -> None:
        """Empties what another process may have changed; ids are for ever, and days that were seen stay seen."""
        self.people.clear()
        self.said.clear()

    def is_news(self, subject: tuple[str, int], *said: object) -> bool:
        """Whether anything else was said of the subject last; what is said again need not be written again."""
        if self.said.get(subject) == said:
            return False
        self.said[subject] = said
        return True

    def trim(self) -> None:
        """Forgets when it has grown too large; what is asked for is read again."""
        for held in (self.people, self.accounts, self.anonymous, self.feature_days, self.day_bits, self.active, self.names):
            if len(held) > LIMIT:
                held.clear()
        if len(self.last_seen) > LIMIT:
            self.last_seen.clear()
        if len(self.said) > SAID_LIMIT:
            self.said.clear()
