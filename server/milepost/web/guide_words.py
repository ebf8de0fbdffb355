"""A guide in words: its audience, when it begins, how often, and what one version changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milepost.rules.audience import Reason
from milepost.rules.lint import Problem
from milepost.web.translations import Catalogue
from milepost.wire.audience import All, Audience, Leaf, Not
from milepost.wire.guide import Guide


@dataclass
class Clause:
    """A sentence, or parts joined by it."""

    text: str
    parts: list["Clause"] = field(default_factory=list)


@dataclass
class Words:
    """Says it in one language; `names` are features and guides by key."""

    said: Catalogue
    features: Mapping[str, str]
    guides: Mapping[str, str]

    def audience(self, tree: Audience | None) -> Clause:
        """The tree, part by part."""
        _ = self.said.gettext
        if tree is None:
            return Clause(_("Everybody"))
        if isinstance(tree, Leaf):
            return Clause(self._leaf(tree))
        if isinstance(tree, Not):
            return Clause(_("This does not hold:"), [self.audience(tree.not_)])
        parts = [self.audience(part) for part in (tree.all if isinstance(tree, All) else tree.any)]
        if len(parts) == 1:
            return parts[0]
        return Clause(_("All of this holds:") if isinstance(tree, All) else _("One of these holds:"), parts)

    def _leaf(self, leaf: Leaf) -> str:
        return self._compare(leaf.fact, leaf.op, leaf.value)

    def condition(self, reason: Reason) -> str:
        """One condition of an explained audience."""
        return self._compare(reason.fact, reason.op, reason.wanted)

    def _compare(self, fact: str, op: str, wanted: Any) -> str:
        _ = self.said.gettext
        value = self.value(wanted)
        values = {"fact": self.fact(fact), "value": value.replace("_", " ") if fact == "user.role" else value}
        said = {
            "is": _("%(fact)s is %(value)s"),
            "is_not": _("%(fact)s is not %(value)s"),
            "in": _("%(fact)s is one of %(value)s"),
            "not_in": _("%(fact)s is none of %(value)s"),
            "gt": _("%(fact)s is more than %(value)s"),
            "gte": _("%(fact)s is at least %(value)s"),
            "lt": _("%(fact)s is less than %(value)s"),
            "lte": _("%(fact)s is at most %(value)s"),
            "matches": _("%(fact)s fits %(value)s"),
            "known": _("%(fact)s is known"),
            "unknown": _("%(fact)s is not known"),
        }
        return said[op] % values

    def fact(self, fact: str) -> str:
        """What a fact is, as people say it."""
        _ = self.said.gettext
        noun, _dot, rest = fact.partition(".")
        key, _dot, what = rest.rpartition(".")
        if noun == "user":
            return _("the person’s %(trait)s") % {"trait": rest}
        if noun == "account":
            return _("the account’s %(trait)s") % {"trait": rest}
        if noun == "feature":
            name = self.features.get(key, key)
            guided = _("guided uses of “%(name)s” by the person in 90 days")
            return (guided if what == "guided_uses" else _("uses of “%(name)s” by the person in 90 days")) % {"name": name}
        if noun == "guide":
            return _("what the person said of the guide “%(name)s”") % {"name": self.guides.get(key, key)}
        return _("the page’s language") if fact == "locale" else _("the page’s path")

    def value(self, value: Any) -> str:
        """A fact's value as people read it."""
        _ = self.said.gettext
        if isinstance(value, list):
            return ", ".join(self.value(one) for one in value)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, int):
            return f"{value:,}"
        return _("nothing") if value is None else f"{value:,g}" if isinstance(value, float) else str(value)

    def trigger(self, guide: Guide) -> str:
        """When the page starts it."""
        _, trigger = self.said.gettext, guide.trigger
        if trigger.on == "element":
            return _("When an element of the page is there")
        if trigger.on == "event":
            return _("When the event “%(name)s” happens") % {"name": trigger.event}
        return _("On arrival at the page") if trigger.on == "page" else _("Only when somebody starts it")

    def frequency(self, guide: Guide) -> str:
        """How often one person may see it."""
        ngettext, days = self.said.ngettext, guide.frequency.wait_days
        if guide.frequency.repeat == "once":
            return self.said.gettext("Once: finished or closed, it does not return")
        if guide.frequency.repeat == "until_finished":
            text = ngettext("Until finished; closed, it rests %(num)s day", "Until finished; closed, it rests %(num)s days", days)
        else:
            text = ngettext("Again and again, after %(num)s day", "Again and again, after %(num)s days", days)
        return text % {"num": days}

    def reason(self, code: str) -> str:
        """Why a person is not shown a guide now: the codes of boot and claim."""
        _ = self.said.gettext
        return {
            "draft": _("The guide was never published."),
            "paused": _("The guide is paused."),
            "retired": _("The guide is retired."),
            "schedule": _("Its schedule has not begun or is over."),
            "audience": _("The person is not in its audience."),
            "finished": _("The person has finished it."),
            "dismissed": _("The person has closed it, or asked not to see it again."),
            "later": _("The person said “later”; it comes back tomorrow."),
            "busy": _("Another guide is open for this person."),
            "no_tips": _("The person has turned all tips off."),
            "budget_day": _("The person had an unasked guide today; the next may come tomorrow."),
            "budget_week": _("The person had three unasked guides within seven days."),
            "budget_nps": _("The person was asked for a recommendation within 90 days."),
            "complaint": _("The account complained within seven days; no survey asks before they are over."),
            "budget_modal": _("The person had a modal within seven days."),
        }.get(code, code)

    def problem(self, found: Problem) -> str:
        """What the lint says."""
        return self.said.gettext(found.template) % found.values

    def problem_in_place(self, found: Problem) -> str:
        """What the lint says, after the step it says it of."""
        if found.path[0] != "steps" or len(found.path) == 1:
            return self.problem(found)
        step = self.said.gettext("Step %(n)s") % {"n": int(found.path[1]) + 1}
        return self.said.gettext("%(place)s: %(what)s") % {"place": step, "what": self.problem(found)}

    def changes(self, old: Guide | None, new: Guide) -> list[str]:
        """What a version changed, in the order of the document."""
        _ = self.said.gettext
        if old is None:
            return [_("first version")]
        before, after = {s.id: s for s in old.steps}, {s.id: s for s in new.steps}
        named = {
            "name": _("name"), "goal_feature": _("goal feature"), "priority": _("priority"), "linkable": _("link"),
            "budget": _("attention"), "theme": _("theme"), "pages": _("pages"), "trigger": _("trigger"),
            "audience": _("audience"), "frequency": _("frequency"), "schedule": _("schedule"),
        }  # fmt: skip
        lines = [text for name, text in named.items() if getattr(old, name) != getattr(new, name)]
        lines += [_("step %(step)s added") % {"step": step} for step in after if step not in before]
        lines += [_("step %(step)s removed") % {"step": step} for step in before if step not in after]
        lines += [_("step %(step)s changed") % {"step": s} for s in after if s in before and after[s] != before[s]]
        if [s for s in after if s in before] != [s for s in before if s in after]:
            lines.append(_("order of steps"))
        return lines or [_("nothing")]
