"""English and Chinese: every `*.po` of a language's folder merged into one catalogue when the process starts."""

from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po
from starlette.requests import Request

from milepost.errors import MilepostError
from milepost.web.actors import Actor
from milepost.web.cookies import LANGUAGE

FOLDER = Path(__file__).parent / "locales"
LOCALES = {"en": "EN", "zh-CN": "中文"}


class Catalogue:
    """Texts of one language; an absent one stays English. Answers what Jinja's i18n extension asks for."""

    def __init__(self, texts: dict[str, str], plurals: dict[str, tuple[str, ...]]) -> None:
        self.texts, self.plurals = texts, plurals

    def gettext(self, message: str) -> str:
        """The text, or the message itself."""
        return self.texts.get(message) or message

    def say(self, problem: MilepostError) -> str:
        """What went wrong, in this language where the catalogue has its sentence."""
        text = self.gettext(problem.template)
        return text % problem.values if problem.values is not None else text

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Chinese has one form, English two."""
        forms = self.plurals.get(singular)
        if forms and forms[0]:
            return forms[0]
        return singular if n == 1 else plural

    def pgettext(self, context: str, message: str) -> str:
        """The text in this context."""
        return self.texts.get(f"{context}\x04{message}") or message

    def npgettext(self, context: str, singular: str, plural: str, n: int) -> str:
        """The text in this context, by number."""
        return self.ngettext(f"{context}\x04{singular}", plural, n) if context else self.ngettext(singular, plural, n)


@lru_cache(maxsize=8)
def catalogue(locale: str) -> Catalogue:
    """The merged catalogue of a language."""
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for path in sorted((FOLDER / locale.replace("-", "_")).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale.replace("-", "_")):
                if not message.id or message.fuzzy:
                    continue
                if isinstance(message.id, tuple | list):
                    plurals[message.id[0]] = tuple(message.string or ())
                else:
                    key = f"{message.context}\x04{message.id}" if message.context else message.id
                    texts[key] = str(message.string)
    return Catalogue(texts, plurals)


def choose_locale(request: Request, who: Actor) -> str:
    """The member's language, else the one chosen on this browser, else what the browser asks for."""
    for wanted in (who.locale, request.cookies.get(LANGUAGE, "")):
        if wanted in LOCALES:
            return wanted
    for part in request.headers.get("accept-language", "").split(","):
        language = part.partition(";")[0].strip().lower()
        if language.startswith("zh"):
            return "zh-CN"
        if language.startswith("en"):
            return "en"
    return "en"
