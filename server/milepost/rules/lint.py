"""What is likely wrong with a guide that is well formed: what an author reads before publishing."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from milepost.rules.localise import locales_of, unmarked, words_of
from milepost.wire.audience import All, Any_, Audience, Leaf, Not
from milepost.wire.guide import Action, Button, DoneWhen, Guide, Heading, Image, Question, Span, Step, Video

Path = tuple[str | int, ...]
PLACES = ("user.", "account.")
OF_FEATURE = ("uses", "guided_uses")
OF_PAGE = ("locale", "path")
NO_FEATURE = "The catalogue has no feature “%(key)s”."
NO_GUIDE = "There is no guide “%(key)s”."
NO_CHECKPOINT = "There is no checkpoint “%(key)s”."
WITH_GOAL = frozenset({"tour", "tooltip", "modal", "checklist"})  # a banner, a survey or the resource centre may have none
PLACEHOLDER = "Still the template's own words: “%(text)s”. Write what is true in your product."
NOWHERE = "“%(address)s” is an example, not an address of yours: people would come to nothing."
EXAMPLE = re.compile(r"(?:@|//)(?:[\w-]+\.)*example\.(?:com|org|net)\b", re.IGNORECASE)  # names kept for examples, RFC 2606
NO_FACT = (
    "There is no fact “%(key)s”; write user.<trait>, account.<trait>, feature.<key>.uses, feature.<key>.guided_uses, "
    "guide.<key>.state, locale or path."
)


@dataclass(frozen=True)
class Problem:
    """Where (a path into the document) and what; `blocks` stops a publication."""

    path: Path
    template: str
    values: Mapping[str, str] = field(default_factory=dict)
    blocks: bool = False

    @property
    def sentence(self) -> str:
        """What is wrong, in English."""
        return self.template % self.values

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer."""
        return "".join(f"/{part}" for part in self.path)


@dataclass(frozen=True)
class Known:
    """What the environment has that a guide may name."""

    features: Collection[str] = ()
    guides: Collection[str] = ()
    themes: Collection[str] = ()
    checkpoints: Collection[str] = ()
    placeholders: Collection[str] = ()  # words of templates that say nothing of anybody's product


def lint(guide: Guide, known: Known) -> list[Problem]:
    """Problems in the order of the guide."""
    found: list[Problem] = []
    if guide.goal_feature is None and guide.kind in WITH_GOAL:
        found.append(Problem(("goal_feature",), "No goal feature: nobody will know whether the guide worked."))
    elif guide.goal_feature is not None and guide.goal_feature not in known.features:
        found.append(Problem(("goal_feature",), NO_FEATURE, {"key": guide.goal_feature}, blocks=True))
    if guide.theme is not None and guide.theme not in known.themes:
        found.append(Problem(("theme",), "There is no theme “%(key)s”.", {"key": guide.theme}, blocks=True))
    found += lint_audience(guide.audience, ("audience",), known)
    found += _lint_kind(guide, known)
    wanted = locales_of(guide)
    if isinstance(guide.title, dict) and wanted - set(guide.title):
        found.append(_untranslated(("title",), wanted - set(guide.title)))
    for index, step in enumerate(guide.steps):
        last = index == len(guide.steps) - 1 and guide.kind != "checklist"
        found += _lint_step(step, ("steps", index), known, last=last, locales=wanted)
    return found


def _lint_kind(guide: Guide, known: Known) -> Iterator[Problem]:
    """What belongs to one kind only."""
    if guide.kind == "survey" and not guide.questions():
        yield Problem(("steps",), "A survey that asks nothing can't be answered.", blocks=True)
    if guide.kind in {"checklist", "resource_centre"} and guide.title is None:
        yield Problem(("title",), "No title: people read “%(name)s”, the guide's own name.", {"name": guide.name})
    if guide.kind in {"banner", "resource_centre"} and len(guide.steps) > 1:
        yield Problem(("steps", 1), "Only the first step of this kind is shown.", blocks=True)
    for index, step in enumerate(guide.steps):
        place: Path = ("steps", index)
        if guide.kind in {"tour", "tooltip", "modal"} and step.kind == "tooltip" and step.target is None:
            yield Problem(place, "A tooltip without a target stands in the middle of the page.")
        if guide.kind != "survey" and any(isinstance(block, Question) for block in step.blocks):
            yield Problem(place, "Only a survey asks questions.", blocks=True)
        if guide.kind == "checklist":
            yield from _lint_task(step, place, known)
        elif step.done_when is not None:
            yield Problem((*place, "done_when"), "Only a task of a checklist is done.", blocks=True)


def _lint_task(step: Step, place: Path, known: Known) -> Iterator[Problem]:
    if not any(isinstance(block, Heading) for block in step.blocks):
        yield Problem(place, "A task needs a heading: it is its name in the list.", blocks=True)
    if step.done_when is None:
        yield Problem(place, "Nothing says when this task is done: people tick it off themselves.")
    else:
        yield from _lint_done(step.done_when, (*place, "done_when"), known)


def _lint_done(done: DoneWhen, place: Path, known: Known) -> Iterator[Problem]:
    if done.checkpoint is not None and done.checkpoint not in known.checkpoints:
        yield Problem((*place, "checkpoint"), NO_CHECKPOINT, {"key": done.checkpoint}, blocks=True)
    if done.feature is not None and done.feature not in known.features:
        yield Problem((*place, "feature"), NO_FEATURE, {"key": done.feature}, blocks=True)
    if done.guide is not None and done.guide not in known.guides:
        yield Problem((*place, "guide"), NO_GUIDE, {"key": done.guide}, blocks=True)


def _untranslated(place: Path, missing: set[str]) -> Problem:
    return Problem(place, "A text is not translated into %(locales)s.", {"locales": ", ".join(sorted(missing))})


def leaves_of(tree: Audience | None, path: Path = ()) -> Iterator[tuple[Path, Leaf]]:
    """Every leaf of a tree with the way to it."""
    if isinstance(tree, Leaf):
        yield path, tree
    elif isinstance(tree, Not):
        yield from leaves_of(tree.not_, (*path, "not"))
    elif isinstance(tree, All | Any_):
        name = "all" if isinstance(tree, All) else "any"
        for index, part in enumerate(tree.all if isinstance(tree, All) else tree.any):
            yield from leaves_of(part, (*path, name, index))


def lint_audience(tree: Audience | None, path: Path, known: Known) -> Iterator[Problem]:
    """A fact nothing ever fills makes an audience of nobody."""
    for place, leaf in leaves_of(tree, path):
        found = _why_unknown(leaf.fact, known)
        if found is not None:
            yield Problem((*place, "fact"), found[0], {"key": found[1]}, blocks=True)


def _why_unknown(fact: str, known: Known) -> tuple[str, str] | None:
    if fact in OF_PAGE or (fact.startswith(PLACES) and not fact.endswith(".")):
        return None
    noun, _, rest = fact.partition(".")
    key, _, what = rest.rpartition(".")
    if noun == "feature" and what in OF_FEATURE:
        return None if key in known.features else (NO_FEATURE, key)
    if noun == "guide" and what == "state":
        return None if key in known.guides else (NO_GUIDE, key)
    return NO_FACT, fact


def _lint_step(step: Step, path: Path, known: Known, *, last: bool, locales: set[str]) -> Iterator[Problem]:
    buttons = [block for block in step.blocks if isinstance(block, Button)]
    if not buttons and not step.advance and step.kind == "modal":
        yield Problem(path, "A modal without a button can only be closed.")
    for number, way in enumerate(step.advance):
        if way.on in {"click", "input"} and way.target is None and step.target is None:
            yield Problem((*path, "advance", number), "It advances on its target, but has none.", blocks=True)
    for index, block in enumerate(step.blocks):
        place = (*path, "blocks", index)
        if isinstance(block, Button):
            yield from _lint_actions(block.actions, (*place, "actions"), known, last=last)
        if isinstance(block, Image) and not block.alt:
            yield Problem(place, "An image has no alternative text.")
        yield from _lint_left_over(block, place, known)
        for words in words_of(block):
            missing = locales - set(words) if isinstance(words, dict) else set()
            if missing:
                yield _untranslated(place, missing)


def _lint_left_over(block: Any, place: Path, known: Known) -> Iterator[Problem]:
    """What a template holds open for its author: each text and each address once."""
    said = [one for words in words_of(block) for one in (words.values() if isinstance(words, dict) else [words])]
    left = next((text for text in map(unmarked, said) if text.strip() in known.placeholders), None)
    if left is not None:
        yield Problem(place, PLACEHOLDER, {"text": left})
    links = [span.link for words in said if not isinstance(words, str) for span in words if isinstance(span, Span)]
    opened = [action.url for action in block.actions] if isinstance(block, Button) else []
    media = [block.src] if isinstance(block, Image | Video) else []
    for address in dict.fromkeys([*links, *opened, *media]):
        if address is not None and EXAMPLE.search(address):
            yield Problem(place, NOWHERE, {"address": address})


def _lint_actions(actions: list[Action], path: Path, known: Known, *, last: bool) -> Iterator[Problem]:
    for number, action in enumerate(actions):
        place = (*path, number)
        if last and action.do == "next":
            yield Problem(place, "The last step's button says next; it will finish the guide.")
        if action.guide is not None and action.guide not in known.guides:
            yield Problem(place, NO_GUIDE, {"key": action.guide}, blocks=True)
