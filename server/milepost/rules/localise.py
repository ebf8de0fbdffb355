"""One language of a guide: exact, then the language alone, then the guide's default."""

from collections.abc import Sequence
from typing import Any

from milepost.wire.guide import Button, Guide, Heading, Image, ItemList, Question, Step, Text, Video

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "sd", "yi", "dv"})


def choose_locale(available: set[str], wanted: str, default: str) -> str:
    """`zh-TW` takes `zh-TW`, else `zh`, else any `zh-…`, else the default."""
    by_name = {name.lower(): name for name in sorted(available)}
    wanted = wanted.lower().replace("_", "-")
    base = wanted.split("-", maxsplit=1)[0]
    for name in (wanted, base):
        if name in by_name:
            return by_name[name]
    kin = [shown for name, shown in by_name.items() if name.split("-")[0] == base]
    return kin[0] if kin else default


def locales_of(guide: Guide) -> set[str]:
    """Every language any text of the guide has, the default included."""
    texts = [words for step in guide.steps for block in step.blocks for words in words_of(block)]
    return {guide.default_locale} | {locale for words in (guide.title, *texts) if isinstance(words, dict) for locale in words}


def words_of(block: Any) -> list[Any]:
    if isinstance(block, Heading | Text | Button):
        return [block.text]
    if isinstance(block, ItemList):
        return list(block.items)
    if isinstance(block, Image):
        return [block.alt]
    if isinstance(block, Question):
        return [words for words in (block.text, block.low, block.high) if words] + [option.text for option in block.options]
    return [block.title] if isinstance(block, Video) else []


def pick(words: Any, locale: str, default: str) -> Any:
    """The text in that language, falling back text by text."""
    if not isinstance(words, dict):
        return words
    chosen = choose_locale(set(words), locale, default)
    return words.get(chosen, next(iter(words.values())))


def resolve(guide: Guide, locale: str) -> dict[str, Any]:
    """The steps as the SDK takes them: plain texts of one language, defaults left out."""
    chosen = choose_locale(locales_of(guide), locale, guide.default_locale)
    title = {} if guide.title is None else {"title": plain_words(guide.title, chosen, guide.default_locale)}
    return {
        **guide.model_dump(include={"place", "overlay", "ordered", "collapsed", "linkable"}, exclude_defaults=True),
        **title,
        "key": guide.key,
        "name": guide.name,
        "kind": guide.kind,
        "lang": chosen,
        "dir": "rtl" if chosen.split("-")[0] in RIGHT_TO_LEFT else "ltr",
        "theme": guide.theme,
        "budget": guide.budget,
        "pages": guide.pages,
        "trigger": guide.trigger.model_dump(exclude_none=True),
        "steps": [_step(step, chosen, guide.default_locale) for step in guide.steps],
    }


def _step(step: Step, locale: str, default: str) -> dict[str, Any]:
    shown = step.model_dump(by_alias=True, exclude_defaults=True, exclude={"done_when"})
    shown["kind"] = step.kind
    shown["blocks"] = localise_blocks(step.blocks, locale, default)
    return shown


def localise_blocks(blocks: Sequence[Any], locale: str, default: str) -> list[dict[str, Any]]:
    """Blocks as the SDK takes them."""
    return [_block(block, locale, default) for block in blocks]


def _block(block: Any, locale: str, default: str) -> dict[str, Any]:
    shown: dict[str, Any] = block.model_dump(exclude_defaults=True)
    for name in ("text", "alt", "title", "low", "high"):
        if name in shown:
            shown[name] = plain_words(getattr(block, name), locale, default)
    if "options" in shown:
        shown["options"] = [{"id": one.id, "text": plain_words(one.text, locale, default)} for one in block.options]
    if "items" in shown:
        shown["items"] = [plain_words(item, locale, default) for item in block.items]
    return shown


def plain_words(words: Any, locale: str, default: str) -> Any:
    """The text in that language, as it travels."""
    return _plain(pick(words, locale, default))


def plain_text(words: Any, locale: str, default: str) -> str:
    """The text in that language without its marks; "" when there is none."""
    return unmarked(pick(words, locale, default) or "")


def unmarked(rich: Any) -> str:
    """A text of one language without its marks."""
    return rich if isinstance(rich, str) else "".join(span.text for span in rich)


def _plain(rich: Any) -> Any:
    return [span.model_dump(exclude_defaults=True) for span in rich] if isinstance(rich, list) else rich
