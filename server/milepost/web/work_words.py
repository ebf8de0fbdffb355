"""Words for the work with accounts: kinds and outcomes of touches, and where a contact came from; one place for pages and CSV."""

from milepost.web.translations import Catalogue

# Each text stands in the catalogue with its table's name as context.
KINDS = {"call": "Call", "meeting": "Meeting", "visit": "Visit", "mail": "E-mail", "message": "Message", "note": "Note"}
KIND_ICONS = {"call": "phone", "meeting": "users", "visit": "building", "mail": "inbox", "message": "bubble", "note": "list"}
OUTCOMES = {"went_well": "Went well", "neutral": "Neutral", "concern": "Concern raised", "not_reached": "Not reached"}
SOURCES = {"console": "console", "csv": "CSV", "api": "API", "event": "events"}
PLACES = {"overdue": "Overdue", "due": "Due today", "later": "Later", "done": "Done"}
TABLES = {"place": PLACES, "touch": KINDS, "outcome": OUTCOMES, "contact_source": SOURCES}


class WorkWords:
    """The words of one language."""

    def __init__(self, texts: Catalogue) -> None:
        self.texts = texts

    def word(self, table: str, key: str) -> str:
        """A value as people read it; an unknown one stands as it is."""
        text = TABLES[table].get(key)
        return key if text is None else self.texts.pgettext(table, text)

    def options(self, table: str) -> list[tuple[str, str]]:
        """(value, word) of a whole table, for menus."""
        return [(key, self.word(table, key)) for key in TABLES[table]]

    def icon(self, kind: str) -> str:
        """The picture of a touch."""
        return KIND_ICONS.get(kind, "list")

    def look(self, outcome: str) -> str:
        """The colour class of a timeline's icon."""
        return {"concern": "bad", "went_well": "good"}.get(outcome, "")
