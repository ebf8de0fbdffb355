"""Which resources help on a page, in which order, and which a search finds; Chinese is searched by pairs of characters."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from milepost.rules.audience import evaluate
from milepost.rules.globs import matches_glob
from milepost.rules.lint import NO_FEATURE, NO_GUIDE, Known, Problem, lint_audience
from milepost.rules.localise import choose_locale, localise_blocks, plain_words, words_of
from milepost.wire.event import parse_instant
from milepost.wire.resource import Resource

ORDER = ("faq", "guide", "manual", "video", "news")
WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_]+")
MOST_PAGE, MOST_NEWS, MOST_FOUND = 8, 5, 40
IN_TITLE, IN_SUMMARY, IN_TEXT = 8, 4, 1
Folded = tuple[str, str, str]  # title, summary and text of a resource in all its languages, as a search compares them


def lint_resource(resource: Resource, known: Known) -> list[Problem]:
    """What it names and is not there."""
    found = list(lint_audience(resource.audience, ("audience",), known))
    if resource.feature is not None and resource.feature not in known.features:
        found.append(Problem(("feature",), NO_FEATURE, {"key": resource.feature}, blocks=True))
    if resource.guide is not None and resource.guide not in known.guides:
        found.append(Problem(("guide",), NO_GUIDE, {"key": resource.guide}, blocks=True))
    return found


def offered(resources: Sequence[Resource], facts: Mapping[str, Any], guides: Collection[str]) -> list[Resource]:
    """Those this person may see, in the order question, guide, manual, video; `guides` are the keys they may start."""
    seen = [r for r in resources if evaluate(r.audience, facts) is True and (r.guide is None or r.guide in guides)]
    return sorted(seen, key=lambda r: (ORDER.index(r.kind), r.order, r.key))


def for_page(resources: Sequence[Resource], path: str, features: Collection[str]) -> list[Resource]:
    """What belongs to the page, or to a feature that is used on it; when nothing does, what belongs everywhere."""
    fitting = [r for r in resources if r.kind != "news"]
    mine = [r for r in fitting if any(matches_glob(glob, path) for glob in r.pages) or (not r.pages and r.feature in features)]
    return (mine or [r for r in fitting if not r.pages and r.feature is None])[:MOST_PAGE]


def news_of(resources: Sequence[Resource], now: int) -> list[Resource]:
    """What is new, newest first; nothing of the future."""
    dated = [(parse_instant(r.news_at), r) for r in resources if r.news_at is not None]
    told = [(at, r) for at, r in dated if at is not None and at <= now]
    return [r for _, r in sorted(told, key=lambda pair: (-pair[0], pair[1].key))][:MOST_NEWS]


def search(resources: Sequence[Resource], query: str, folded: Mapping[str, Folded]) -> list[Resource]:
    """Those that hold every term of the query, in any of the languages' texts; the best first within their kind.

    `folded` holds the `fold` of each by its key.
    """
    wanted = terms(query)
    scored = [(_score(folded[resource.key], wanted), resource) for resource in resources] if wanted else []
    found = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (ORDER.index(pair[1].kind), -pair[0]))
    return [resource for _, resource in found][:MOST_FOUND]


def terms(text: str) -> list[str]:
    """Words in lower case; a run of Chinese as its pairs of characters, a single one as itself."""
    found: list[str] = []
    for word in WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        is_han = "\u3400" <= word[0] <= "\ufaff"
        found += [word[i : i + 2] for i in range(len(word) - 1)] if is_han and len(word) > 1 else [word]
    return list(dict.fromkeys(found))


def show_resource(resource: Resource, locale: str, *, blocks: bool = False) -> dict[str, Any]:
    """As the SDK takes it, in one language."""
    chosen = choose_locale(_locales(resource), locale, resource.default_locale)
    shown: dict[str, Any] = {
        "key": resource.key,
        "kind": resource.kind,
        "title": plain_words(resource.title, chosen, resource.default_locale),
        "summary": plain_words(resource.summary, chosen, resource.default_locale),
        "url": resource.url,
        "guide": resource.guide,
        "at": parse_instant(resource.news_at) if resource.news_at else None,
    }
    if blocks:
        shown["blocks"] = localise_blocks(resource.blocks, chosen, resource.default_locale)
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _locales(resource: Resource) -> set[str]:
    return {locale for words in (resource.title, resource.summary) if isinstance(words, dict) for locale in words} | {
        resource.default_locale
    }


def fold(resource: Resource) -> Folded:
    """Its texts, ready to be searched."""
    text = _text_of([words for block in resource.blocks for words in words_of(block)])
    return _text_of([resource.title]), _text_of([resource.summary]), text


def _score(folded: Folded, wanted: Sequence[str]) -> int:
    """0 when a term is nowhere."""
    parts = tuple(zip((IN_TITLE, IN_SUMMARY, IN_TEXT), folded, strict=True))
    total = 0
    for term in wanted:
        worth = max((weight for weight, text in parts if term in text), default=0)
        if worth == 0:
            return 0
        total += worth
    return total


def _text_of(many: Sequence[Any]) -> str:
    """All languages at once, so that a product term in English is found from a Chinese page."""
    texts = [one for words in many for one in (words.values() if isinstance(words, dict) else [words])]
    plain = ["".join(span.text for span in rich) if isinstance(rich, list) else rich for rich in texts]
    return unicodedata.normalize("NFKC", " \n".join(plain)).casefold()
