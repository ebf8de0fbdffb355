"""What is likely wrong with a guide that is well formed: warnings an author reads before publishing."""

from collections.abc import Collection
from dataclasses import dataclass

from milepost.rules.localise import locales_of, words_of
from milepost.wire.guide import Button, Guide, Image, Step


@dataclass(frozen=True)
class Problem:
    """Where and what; `blocks` stops a publication."""

    where: str
    sentence: str
    blocks: bool = False


def lint(guide: Guide, feature_keys: Collection[str]) -> list[Problem]:
    """Problems in the order of the guide."""
    found: list[Problem] = []
    if guide.goal_feature is None:
        found.append(Problem("goal_feature", "No goal feature: nobody will know whether the guide worked."))
    elif guide.goal_feature not in feature_keys:
        found.append(Problem("goal_feature", f"The catalogue has no feature {guide.goal_feature!r}.", blocks=True))
    wanted = locales_of(guide)
    for index, step in enumerate(guide.steps):
        found += _lint_step(step, last=index == len(guide.steps) - 1, locales=wanted)
    return found


def _lint_step(step: Step, *, last: bool, locales: set[str]) -> list[Problem]:
    where, found = f"step {step.id}", []
    buttons = [block for block in step.blocks if isinstance(block, Button)]
    if not buttons and not step.advance and step.kind == "modal":
        found.append(Problem(where, "A modal without a button can only be closed."))
    if step.kind == "tooltip" and step.target is None:
        found.append(Problem(where, "A tooltip without a target stands in the middle of the page."))
    if any(a.on in {"click", "input"} and a.target is None for a in step.advance) and step.target is None:
        found.append(Problem(where, "It advances on its target, but has none.", blocks=True))
    if last and any(action.do == "next" for b in buttons for action in b.actions):
        found.append(Problem(where, "The last step's button says next; it will finish the guide."))
    for block in step.blocks:
        if isinstance(block, Image) and not block.alt:
            found.append(Problem(where, "An image has no alternative text."))
        for words in words_of(block):
            missing = locales - set(words) if isinstance(words, dict) else set()
            if missing:
                found.append(Problem(where, f"A text is not translated into {', '.join(sorted(missing))}."))
    return found
