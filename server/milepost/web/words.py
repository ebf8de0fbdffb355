"""Words for the values that numbers come with: bands, states, stages, levels, traits, currencies. One place for pages and CSV."""

from dataclasses import dataclass

from milepost.web.translations import Catalogue

# Each text stands in the catalogue with its context (msgctxt): "lost" is another word for a feature than for a customer.
BANDS = {
    "red": "At risk",
    "amber": "Watch",
    "green": "Healthy",
    "unknown": "Not enough data",
    "onboarding": "Onboarding",
    "lost": "Left",
}
MARKS = {"red": "bad", "amber": "warn", "green": "good"}  # the rest is "none"
STATES = {
    "retained": "Retained",
    "adopted": "Adopted",
    "tried": "Tried",
    "never": "Never",
    "dormant": "Dormant",
    "lost": "Lost",
    "not_entitled": "Not entitled",
}
STAGES = {
    "onboarding": "Onboarding",
    "adopting": "Adopting",
    "steady": "Steady",
    "renewing": "Renewing",
    "lost": "Left",
}
LEVELS = {"low": "low", "medium": "medium", "high": "high", "too_early": "too early", "unknown": "unknown"}
TRAITS = {
    "name": "Name",
    "plan": "Plan",
    "add_ons": "Add-ons",
    "tier": "Tier",
    "arr": "ARR",
    "currency": "Currency",
    "employees": "Employees",
    "seats": "Seats",
    "started_on": "Customer since",
    "renewal_on": "Renews",
    "ended_on": "Ended",
    "owner_email": "Owner",
}
SOURCES = {"csv": "CSV import", "server": "your server", "token": "signed token", "browser": "browser script"}
GROUPS = {"adoption": "Adoption", "activity": "Activity", "support": "Support", "sentiment": "Sentiment"}
TICKETS = {"complaint": "complaint", "question": "question", "fault": "fault"}
TABLES = {
    "band": BANDS,
    "state": STATES,
    "stage": STAGES,
    "level": LEVELS,
    "trait": TRAITS,
    "source": SOURCES,
    "group": GROUPS,
    "ticket": TICKETS,
}
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "INR": "₹", "KRW": "₩"}


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    texts: Catalogue

    def band(self, key: str) -> str:
        """At risk, Watch, Healthy…"""
        return self._word("band", key)

    def state(self, key: str) -> str:
        """Retained, Adopted, Tried…"""
        return self._word("state", key)

    def stage(self, key: str) -> str:
        """Onboarding, Adopting…"""
        return self._word("stage", key)

    def level(self, key: str) -> str:
        """low, medium, high…"""
        return self._word("level", key)

    def trait(self, key: str) -> str:
        """The trusted traits by name; another trait is called as the vendor calls it."""
        return self._word("trait", key)

    def source(self, key: str) -> str:
        """Where a trait came from."""
        return self._word("source", key)

    def group(self, key: str) -> str:
        """A group of the shipped health models; another as its author calls it."""
        return self._word("group", key)

    def ticket(self, key: str) -> str:
        """A ticket's category."""
        return self._word("ticket", key)

    @property
    def states(self) -> tuple[str, ...]:
        """The seven states, from best to none."""
        return tuple(STATES)

    def initials(self, name: str) -> str:
        """Two letters for an avatar: first letters of two words, or the first two characters."""
        parts = [part for part in name.split() if part[0].isalnum()][:2]
        text = "".join(part[0] for part in parts) if len(parts) > 1 else (parts[0] if parts else name)[:2]
        return text.upper()

    def mark(self, band: str) -> str:
        """The shape beside a band: good, warn, bad or none."""
        return MARKS.get(band, "none")

    def sign(self, currency: str | None) -> str:
        """$ for USD and for none; an unusual currency by its code."""
        code = (currency or "USD").upper()
        return SIGNS.get(code) or f"{code}\u00a0"

    def _word(self, table: str, key: str) -> str:
        text = TABLES[table].get(key)
        return key if text is None else self.texts.pgettext(table, text)
