"""What differs between two versions of a guide, place by place: what a person reads before publishing or going back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from milepost.rules.localise import words_of
from milepost.wire.guide import Guide, Step

OF_GUIDE = tuple(name for name in Guide.model_fields if name not in {"apiVersion", "key", "steps"})
OF_STEP = tuple(name for name in Step.model_fields if name not in {"id", "blocks"})


@dataclass(frozen=True)
class Difference:
    """`what`: added, removed, moved or changed. `step` is the step's id, None for the guide; `field` a name or a block's type;
    `locale` for texts. Values are wire values, None where there was nothing."""

    what: str
    step: str | None
    field: str
    before: Any = None
    after: Any = None
    locale: str | None = None


def compare_guides(old: Guide, new: Guide) -> list[Difference]:
    """In the order of the newer document; equal guides have none."""
    found = [
        Difference("changed", None, name, getattr(old, name), getattr(new, name))
        for name in OF_GUIDE
        if getattr(old, name) != getattr(new, name)
    ]
    before, after = {step.id: step for step in old.steps}, {step.id: step for step in new.steps}
    for id_, step in after.items():
        found += _compare_steps(before[id_], step) if id_ in before else [Difference("added", id_, "step", None, step)]
    found += [Difference("removed", id_, "step", step, None) for id_, step in before.items() if id_ not in after]
    kept_before, kept_after = [i for i in before if i in after], [i for i in after if i in before]
    if kept_before != kept_after:
        found.append(Difference("moved", None, "steps", kept_before, kept_after))
    return found


def _compare_steps(old: Step, new: Step) -> Iterator[Difference]:
    for name in OF_STEP:
        if getattr(old, name) != getattr(new, name):
            yield Difference("changed", new.id, name, getattr(old, name), getattr(new, name))
    if [block.type for block in old.blocks] != [block.type for block in new.blocks]:
        yield from _compare_blocks(old, new)
        return
    for before, after in zip(old.blocks, new.blocks, strict=True):
        yield from _compare_texts(before, after, new.id)
        if _without_words(before) != _without_words(after):
            yield Difference("changed", new.id, after.type, before, after)


def _compare_blocks(old: Step, new: Step) -> Iterator[Difference]:
    """Blocks came or went: those that are only in one of the two, each once."""
    rest = list(old.blocks)
    for block in new.blocks:
        if block in rest:
            rest.remove(block)
        else:
            yield Difference("added", new.id, block.type, None, block)
    for block in rest:
        yield Difference("removed", new.id, block.type, block, None)
    if not rest and len(old.blocks) == len(new.blocks):
        yield Difference("moved", new.id, "blocks", [b.type for b in old.blocks], [b.type for b in new.blocks])


def _compare_texts(old: Any, new: Any, step: str) -> Iterator[Difference]:
    before, after = words_of(old), words_of(new)
    for index in range(max(len(before), len(after))):
        was = _by_locale(before[index]) if index < len(before) else {}
        now = _by_locale(after[index]) if index < len(after) else {}
        for locale in dict.fromkeys([*was, *now]):
            if was.get(locale) != now.get(locale):
                yield Difference("changed", step, new.type, was.get(locale), now.get(locale), locale)


def _by_locale(words: Any) -> Mapping[str, Any]:
    return words if isinstance(words, dict) else {"": words}


def _without_words(block: Any) -> Any:
    return block.model_dump(exclude={"text", "items", "alt", "title", "low", "high", "options"})
