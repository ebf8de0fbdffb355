"""What is likely wrong with a guide that is well formed: what an author reads before publishing."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from milepost.rules.localise import locales_of, words_of
from milepost.wire.audience import All, Any_, Audience, Leaf, Not
from milepost.wire.guide import Action, Button, Guide, Image, Step

Path = tuple[str | int, ...]
PLACES = ("user.", "account.")
OF_FEATURE = ("uses", "guided_uses")
NO_FEATURE = "The catalogue has no feature “%(key)s”."
NO_GUIDE = "There is no guide “%(key)s”."
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


def lint(guide: Guide, known: Known) -> list[Problem]:
    """Problems in the order of the guide."""
    found: list[Problem] = []
    if guide.goal_feature is None:
        found.append(Problem(("goal_feature",), "No goal feature: nobody will know whether the guide worked."))
    elif guide.goal_feature not in known.features:
        found.append(Problem(("goal_feature",), NO_FEATURE, {"key": guide.goal_feature}, blocks=True))
    if guide.theme is not None and guide.theme not in known.themes:
        found.append(Problem(("theme",), "There is no theme “%(key)s”.", {"key": guide.theme}, blocks=True))
    found += _lint_audience(guide.audience, ("audience",), known)
    wanted = locales_of(guide)
    for index, step in enumerate(guide.steps):
        found += _lint_step(step, ("steps", index), known, last=index == len(guide.steps) - 1, locales=wanted)
    return found


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


def _lint_audience(tree: Audience | None, path: Path, known: Known) -> Iterator[Problem]:
    """A fact nothing ever fills makes an audience of nobody."""
    for place, leaf in leaves_of(tree, path):
        found = _why_unknown(leaf.fact, known)
        if found is not None:
            yield Problem((*place, "fact"), found[0], {"key": found[1]}, blocks=True)


def _why_unknown(fact: str, known: Known) -> tuple[str, str] | None:
    if fact in {"locale", "path"} or (fact.startswith(PLACES) and not fact.endswith(".")):
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
    if step.kind == "tooltip" and step.target is None:
        yield Problem(path, "A tooltip without a target stands in the middle of the page.")
    for number, way in enumerate(step.advance):
        if way.on in {"click", "input"} and way.target is None and step.target is None:
            yield Problem((*path, "advance", number), "It advances on its target, but has none.", blocks=True)
    for index, block in enumerate(step.blocks):
        place = (*path, "blocks", index)
        if isinstance(block, Button):
            yield from _lint_actions(block.actions, (*place, "actions"), known, last=last)
        if isinstance(block, Image) and not block.alt:
            yield Problem(place, "An image has no alternative text.")
        for words in words_of(block):
            missing = locales - set(words) if isinstance(words, dict) else set()
            if missing:
                yield Problem(place, "A text is not translated into %(locales)s.", {"locales": ", ".join(sorted(missing))})


def _lint_actions(actions: list[Action], path: Path, known: Known, *, last: bool) -> Iterator[Problem]:
    for number, action in enumerate(actions):
        place = (*path, number)
        if last and action.do == "next":
            yield Problem(place, "The last step's button says next; it will finish the guide.")
        if action.guide is not None and action.guide not in known.guides:
            yield Problem(place, NO_GUIDE, {"key": action.guide}, blocks=True)
