"""English and Chinese: every `*.po` of a language's folder merged into one catalogue when the process starts."""

import re
from functools import cached_property, lru_cache
from pathlib import Path

from babel.messages.pofile import read_po
from starlette.requests import Request

from milepost.errors import Invalid, MilepostError
from milepost.web.actors import Actor
from milepost.web.cookies import LANGUAGE

FOLDER = Path(__file__).parent / "locales"
PLACE = re.compile(r"%\((\w+)\)[sd]")
TOLD_FILE = "errors.po"
MOST_TOLD = 2_000
LOCALES = {"en": "EN", "zh-CN": "中文"}


class Catalogue:
    """Texts of one language; an absent one stays English. Answers what Jinja's i18n extension asks for."""

    def __init__(self, texts: dict[str, str], plurals: dict[str, tuple[str, ...]], told: tuple[str, ...] = ()) -> None:
        """`told`: those of the texts that may come with their values filled in."""
        self.texts, self.plurals, self.told = texts, plurals, told

    def gettext(self, message: str) -> str:
        """The text, or the message itself."""
        return self.texts.get(message) or message

    def say(self, problem: MilepostError) -> str:
        """What went wrong, in this language where the catalogue has its sentence."""
        if problem.values is None:
            parts = problem.parts if isinstance(problem, Invalid) else ()
            return self.gettext("; ").join(map(self.tell, parts)) if parts else self.tell(problem.template)
        told = {name: self.tell(value) if isinstance(value, str) else value for name, value in problem.values.items()}
        return self.gettext(problem.template) % told

    def tell(self, sentence: str, depth: int = 3) -> str:
        """A sentence that comes with its values filled in, such as a validator's; they may be sentences themselves."""
        text = self.texts.get(sentence)
        if text or depth == 0 or not self.texts or len(sentence) > MOST_TOLD:
            return text or sentence
        for pattern, message in self.patterns:
            found = pattern.fullmatch(sentence)
            if found is not None:
                return self.texts[message] % {name: self.tell(value, depth - 1) for name, value in found.groupdict().items()}
        return sentence

    @cached_property
    def patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """What each sentence with values looks like once they are in, the most particular first."""
        longest_first = sorted(self.told, key=lambda text: -len(PLACE.sub("", text)))
        return [(_pattern(text), text) for text in longest_first]

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


def _pattern(message: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = []
    for index, part in enumerate(PLACE.split(message)):
        if index % 2 == 0:
            parts.append(re.escape(part.replace("%%", "%")))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)


@lru_cache(maxsize=8)
def catalogue(locale: str) -> Catalogue:
    """The merged catalogue of a language."""
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    told: list[str] = []
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
                    if path.name == TOLD_FILE and PLACE.search(key):
                        told.append(key)
    return Catalogue(texts, plurals, tuple(told))


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
