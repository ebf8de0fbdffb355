"""The fields of the feature form and a feature, each made from the other; what is wrong stands under its field's name.

Rule fields are numbered: `rule-0-on`, `rule-0-name`, `rule-0-where-1-value`, `rule-0-by-0-value`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from milepost.wire.feature import ElementRule, EventRule, Feature, PageRule

PLAIN = (
    "key", "name", "description", "module", "core", "weight", "level", "cadence", "audience_role", "plans", "add_ons",
    "introduced_on", "retired_on", "aliases",
)  # fmt: skip
FIRST = {"weight": "1", "level": "basic", "cadence": "daily"}
RULE_FIELD = re.compile(r"rule-(\d{1,3})-(on|name|path|where-(\d{1,2})-(property|op|value)|by-(\d{1,2})-(by|value|name))")
MAX_RULES, MAX_PARTS = 20, 10
EMPTY_WHERE = {"property": "", "op": "is", "value": ""}
EMPTY_WAY = {"by": "testid", "value": "", "name": ""}


def _(message: str) -> str:
    """Marks a text for the catalogue."""
    return message


SAID = {
    "key": _("Begin with a small letter or digit; then small letters, digits, _ . - up to 80 characters."),
    "name": _("Give 1 to 200 characters."),
    "description": _("At most 2,000 characters."),
    "module": _("At most 100 characters."),
    "weight": _("A number above 0, at most 100."),
    "level": _("Choose one."),
    "cadence": _("Choose one."),
    "audience_role": _("At most 100 characters."),
    "plans": _("At most 50 plans, separated by commas."),
    "add_ons": _("At most 50 add-ons, separated by commas."),
    "introduced_on": _("Write a day such as 2026-11-24, or leave it empty."),
    "retired_on": _("Write a day such as 2026-11-24, or leave it empty."),
    "aliases": _("Old keys, separated by commas; each like a key."),
    "rules": _("At most 20 rules."),
    "rule-name": _("Give the event's name, 1 to 300 characters."),
    "rule-path": _("Give a path such as /reports/*, 1 to 300 characters."),
    "rule-property": _("Give the property's name, 1 to 200 characters."),
    "rule-value": _("Give 1 to 300 characters."),
    "rule-locators": _("Give at least one way to find the element."),
    "rule-op": _("Choose one."),
    "rule-by": _("Choose one."),
}


@dataclass
class RuleDraft:
    """One rule as its fields hold it."""

    on: str
    name: str = ""
    path: str = ""
    where: list[dict[str, str]] = field(default_factory=list)
    by: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Draft:
    """`values` by plain field; `errors` by field name, English, to be translated."""

    values: dict[str, str]
    rules: list[RuleDraft] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def pairs(self) -> list[tuple[str, str]]:
        """Every field with its text, for hidden inputs that carry the draft over a preview."""
        found = [(name, self.values.get(name, "")) for name in PLAIN if self.values.get(name)]
        for i, rule in enumerate(self.rules):
            found += [(f"rule-{i}-{n}", v) for n, v in (("on", rule.on), ("name", rule.name), ("path", rule.path)) if v]
            for kind, parts in (("where", rule.where), ("by", rule.by)):
                found += [(f"rule-{i}-{kind}-{j}-{n}", v) for j, part in enumerate(parts) for n, v in part.items() if v]
        return found


def empty_draft() -> Draft:
    """A new feature: one empty event rule to fill in."""
    return Draft(dict.fromkeys(PLAIN, "") | FIRST, [RuleDraft("event")])


def read_draft(form: Mapping[str, Any]) -> Draft:
    """The posted fields; rules keep their order, gaps in their numbers close."""
    values = {name: _text(form.get(name)) for name in PLAIN}
    rules: dict[int, RuleDraft] = {}
    parts: dict[tuple[int, str, int], dict[str, str]] = {}
    for name, value in form.items():
        found = RULE_FIELD.fullmatch(name)
        if found is None or not isinstance(value, str):
            continue
        rule = rules.setdefault(int(found[1]), RuleDraft(""))
        if found[2] in {"on", "name", "path"}:
            setattr(rule, found[2], value.strip())
        elif found[4]:
            parts.setdefault((int(found[1]), "where", int(found[3])), {})[found[4]] = value.strip()
        else:
            parts.setdefault((int(found[1]), "by", int(found[5])), {})[found[6]] = value.strip()
    for number, kind, _part in sorted(parts):
        empty = EMPTY_WHERE if kind == "where" else EMPTY_WAY
        getattr(rules[number], kind).append(empty | parts[number, kind, _part])
    kept = [rules[number] for number in sorted(rules) if rules[number].on in {"event", "page", "element"}]
    return Draft(values, kept)


def draft_of(feature: Feature) -> Draft:
    """A feature as the form's fields."""
    values = {
        "key": feature.key,
        "name": feature.name,
        "description": feature.description,
        "module": feature.module,
        "core": "1" if feature.core else "",
        "weight": f"{feature.weight:g}",
        "level": feature.level,
        "cadence": feature.cadence,
        "audience_role": feature.audience_role or "",
        "plans": ", ".join(feature.plans or []),
        "add_ons": ", ".join(feature.add_ons or []),
        "introduced_on": feature.introduced_on or "",
        "retired_on": feature.retired_on or "",
        "aliases": ", ".join(feature.aliases),
    }
    return Draft(values, [_rule_draft(rule) for rule in feature.rules])


def edit_rules(draft: Draft, do: str) -> str:
    """Does what an add or remove button says; answers the name of the field to go on with, "" when it was none."""
    verb, _colon, rest = do.partition(":")
    if verb == "add" and rest in {"event", "page", "element"} and len(draft.rules) < MAX_RULES:
        draft.rules.append(RuleDraft(rest, by=[dict(EMPTY_WAY)] if rest == "element" else []))
        return f"rule-{len(draft.rules) - 1}-{'path' if rest == 'page' else 'name' if rest == 'event' else 'by-0-value'}"
    numbers = [int(n) for n in rest.split(":")] if re.fullmatch(r"\d{1,3}(:\d{1,2})?", rest) else []
    if not numbers or numbers[0] >= len(draft.rules):
        return ""
    rule = draft.rules[numbers[0]]
    if verb == "remove":
        draft.rules.pop(numbers[0])
        return "rules"
    parts = rule.where if verb.endswith("where") else rule.by
    if verb in {"add-where", "add-by"} and len(parts) < (MAX_PARTS if parts is rule.where else 8):
        parts.append(dict(EMPTY_WHERE if parts is rule.where else EMPTY_WAY))
        last = "property" if parts is rule.where else "value"
        return f"rule-{numbers[0]}-{verb.removeprefix('add-')}-{len(parts) - 1}-{last}"
    if verb in {"remove-where", "remove-by"} and len(numbers) == 2 and numbers[1] < len(parts):
        parts.pop(numbers[1])
        return "rules"
    return ""


def to_feature(draft: Draft) -> Feature | None:
    """The feature, or None with `draft.errors` filled."""
    values = draft.values
    raw: dict[str, Any] = {
        **{n: values.get(n, "") for n in ("key", "name", "description", "module", "level", "cadence")},
        "core": bool(values.get("core")),
        "audience_role": values.get("audience_role") or None,
        "plans": _list(values.get("plans", "")) or None,
        "add_ons": _list(values.get("add_ons", "")) or None,
        "introduced_on": values.get("introduced_on") or None,
        "retired_on": values.get("retired_on") or None,
        "aliases": _list(values.get("aliases", "")),
        "rules": [_raw_rule(rule) for rule in draft.rules],
    }
    try:
        raw["weight"] = float(values.get("weight") or 1)
    except ValueError:
        draft.errors["weight"] = SAID["weight"]
    try:
        feature = Feature.model_validate(raw)
    except ValidationError as problem:
        for error in problem.errors():
            name, said = _place(error["loc"])
            draft.errors.setdefault(name, SAID.get(said, str(error["msg"])))
        return None
    return None if draft.errors else feature


def read_value(text: str) -> str | int | float | bool | None:
    """5 and true are a number and a truth value; "5" in quotes and everything else is text."""
    try:
        value = json.loads(text, parse_constant=lambda name: name)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text


def show_value(value: str | float | bool | None) -> str:
    """The text that `read_value` reads back as the same value."""
    if value is None:
        return ""
    if isinstance(value, str) and read_value(value) == value and type(read_value(value)) is str:
        return value
    return json.dumps(value, ensure_ascii=False)


def translate_errors(draft: Draft, gettext: Callable[[str], str]) -> dict[str, str]:
    """The errors in the reader's language."""
    return {name: gettext(message) for name, message in draft.errors.items()}


def _raw_rule(rule: RuleDraft) -> dict[str, Any]:
    if rule.on == "event":
        where = []
        for part in rule.where:
            op = part.get("op", "is")
            value = None if op == "known" else read_value(part.get("value", ""))
            where.append({"property": part.get("property", ""), "op": op, "value": value})
        return {"on": "event", "name": rule.name, "where": where}
    if rule.on == "page":
        return {"on": "page", "path": rule.path}
    locators = [{"by": part.get("by", ""), "value": part.get("value", ""), "name": part.get("name") or None} for part in rule.by]
    return {"on": "element", "target": {"locators": locators}, "path": rule.path or "/**"}


def _rule_draft(rule: EventRule | PageRule | ElementRule) -> RuleDraft:
    if isinstance(rule, EventRule):
        where = [{"property": c.property, "op": c.op, "value": show_value(c.value)} for c in rule.where]
        return RuleDraft("event", name=rule.name, where=where)
    if isinstance(rule, PageRule):
        return RuleDraft("page", path=rule.path)
    ways = [{"by": way.by, "value": way.value, "name": way.name or ""} for way in rule.target.locators]
    return RuleDraft("element", path=rule.path, by=ways)


def _place(loc: tuple[int | str, ...]) -> tuple[str, str]:
    """(field name, key of SAID) of an error: ("rules", 0, "event", "where", 1, "value") is rule-0-where-1-value."""
    if loc[0] != "rules" or len(loc) < 2:
        return str(loc[0]), str(loc[0])
    rest = [part for part in loc[3:] if part not in {"target"}]
    if not rest or rest == ["locators"]:
        return f"rule-{loc[1]}-by", "rule-locators"
    inner = [("by" if part == "locators" else str(part)) for part in rest]
    return f"rule-{loc[1]}-{'-'.join(inner)}", f"rule-{inner[-1]}"


def _list(text: str) -> list[str]:
    return [part for part in (p.strip() for p in re.split(r"[,，、\n]", text)) if part]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
