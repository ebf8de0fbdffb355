"""Writes the pages of the reference that come from the code: settings, commands, errors, permissions,
the guide format and the facts of audiences.

Run: python docs/regenerate.py
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "server"))
os.environ["TERMINAL_WIDTH"] = "100"

import click  # noqa: E402
import typer  # noqa: E402

from milepost import errors  # noqa: E402
from milepost.actions.guide_facts import WINDOW_DAYS  # noqa: E402
from milepost.actions.known_facts import OF_PERSON, STATES  # noqa: E402
from milepost.cli.main import app  # noqa: E402
from milepost.rules.lint import OF_FEATURE, OF_PAGE, PLACES  # noqa: E402
from milepost.settings import PREFIX, Settings  # noqa: E402
from milepost.store.facts import ACCOUNT_FACTS  # noqa: E402
from milepost.web.permissions import PERMISSIONS, allowed_roles  # noqa: E402
from milepost.web.routes import all_routes  # noqa: E402
from milepost.wire.audience import Leaf  # noqa: E402
from milepost.wire.guide import schema_text  # noqa: E402

MADE = "<!-- Made by docs/regenerate.py; change the code, not this page. -->\n"


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    lines = [
        "# Settings\n",
        MADE,
        "Read once, at start: first a TOML file that `MILEPOST_CONFIG` names, then environment variables, then options of the",
        "command. An unknown name or a wrong value stops the start with a sentence that names it.\n",
    ]
    for setting in fields(Settings):
        kind = {"str": "text", "int": "whole number", "bool": "1 or 0"}[getattr(setting.type, "__name__", str(setting.type))]
        default = f"`{setting.default}`" if setting.default not in {"", False} else ("0" if setting.default is False else "none")
        lines += [
            f"## {setting.name}\n",
            f"`{PREFIX}{setting.name.upper()}` in the environment, `{setting.name}` in the file · {kind} · default {default}\n",
            f"{setting.metadata['says']}\n",
        ]
    lines += [
        "## Names that only commands read\n",
        "`MILEPOST_CONFIG` names the TOML file. `MILEPOST_URL` and `MILEPOST_KEY` say where the authors' commands find a server,",
        "and with which `sk_` key.",
    ]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its arguments and options."""
    lines = [
        "# Commands\n",
        MADE,
        "`milepost` is in `.venv/bin` after the install. Exit codes: 0 done, 1 it could not be done, 2 a setting or the command",
        "line is wrong. `--json` prints one JSON document and nothing else.\n",
    ]
    for name, command in sorted(leaves(typer.main.get_command(app), "milepost")):
        lines += [f"## {name}\n", f"{(command.help or '').strip()}\n"]
        rows = [row for parameter in command.params for row in parameter_row(parameter)]
        if rows:
            lines += ["| | | |", "|---|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """(full name, command) of everything that can be run."""
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for word, child in children.items():
        yield from leaves(child, f"{name} {word}")


def parameter_row(parameter: click.Parameter) -> Iterator[str]:
    """One line of the table; typer's own `--help` is left out."""
    if parameter.name == "help":
        return
    says = (getattr(parameter, "help", None) or "").replace("|", "\\|")
    is_option = parameter.param_type_name == "option"
    shown = ", ".join(parameter.opts) if is_option else (parameter.name or "").upper()
    default = getattr(parameter, "default", None)
    is_shown = isinstance(default, str | int) and not isinstance(default, bool) and default != ""
    note = "needed" if parameter.required else (f"default {default}" if is_shown else "")
    yield f"| `{shown}` | {says} | {note} |"


def errors_page() -> str:
    """Every code that an answer can carry."""
    lines = [
        "# Errors\n",
        MADE,
        "The management API answers RFC 9457 problems (`application/problem+json`) with a stable `code`; the events API answers",
        '`{"code", "message"}`. A 5xx means *unknown*: send the same events again, with the same `messageId`; nothing counts',
        "twice.\n",
    ]
    for kind in subclasses(errors.MilepostError):
        if kind is not errors.SettingError:
            lines += [f"## {kind.code}\n", f"{kind.status}. {(kind.__doc__ or '').strip()}\n"]
    lines += ["## setting\n", "Not an answer: a setting is wrong, the command ends with exit code 2.\n"]
    return "\n".join(lines).rstrip() + "\n"


def subclasses(kind: type[errors.MilepostError]) -> Iterator[type[errors.MilepostError]]:
    """The tree, parents first."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from subclasses(child)


def permissions_page() -> str:
    """The one table, as people read it."""
    lines = [
        "# Who may do what\n",
        MADE,
        "Roles: viewer < csm, author < admin < owner; csm and author stand side by side. `public` needs nothing, `key` a write",
        "key. A route without a row here can't start.\n",
        "| route | methods | path | allowed |",
        "|---|---|---|---|",
    ]
    for route in sorted(all_routes(), key=lambda r: (r.path, r.name)):
        methods = ", ".join(sorted((route.methods or {"GET"}) - {"HEAD", "OPTIONS"}))
        permission = PERMISSIONS[route.name]
        allowed = ", ".join(allowed_roles(permission)) or permission
        lines.append(f"| {route.name} | {methods} | `{route.path}` | {allowed} |")
    return "\n".join(lines) + "\n"


def guide_format_page() -> str:
    """Every shape of a guide file with its fields."""
    schema = json.loads(schema_text())
    shapes = {"Guide": schema} | {name: held for name, held in schema["$defs"].items() if "properties" in held}
    names = {"Any_": "Any", "ItemList": "List"}
    lines = [
        "# Guide format\n",
        MADE,
        "A guide is one YAML (or JSON) document; unknown fields are refused, with file and line. The JSON Schema for editors is",
        "`guides/schema/guide.json`. A text is plain, or a list of spans with marks, or `{locale: text}`; an address begins with",
        "`https://`, `mailto:` or `/`; a glob has `*` within a segment, `**` across them, `?` for one character.\n",
    ]
    for name, shape in shapes.items():
        lines += [f"## {names.get(name, name)}\n", " ".join(shape["description"].split()) + "\n"]
        lines += ["| field | takes | default |", "|---|---|---|"]
        required = shape.get("required", [])
        for field, held in shape["properties"].items():
            default = "required" if field in required else f"`{json.dumps(held.get('default'))}`"
            lines.append(f"| `{field}` | {takes(held, names)} | {default} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def facts_page() -> str:
    """Every fact that an audience may ask for, and every way to compare it."""
    names = [
        f"{place}{name}" for place, held in zip(PLACES, (("id", *OF_PERSON), OF_ACCOUNT), strict=True) for name in (*held, TRAIT)
    ]
    rows = [(name, FACTS.get(name.partition(".")[2], "")) for name in names]
    rows += [
        (f"feature.<key>.{name}", f"{FACTS[name]}, by the person in {WINDOW_DAYS} days; 0 without any") for name in OF_FEATURE
    ]
    rows += [("guide.<key>.state", f"what the person said of the guide: {', '.join(f'`{state}`' for state in STATES)}")]
    rows += [(name, FACTS[name]) for name in OF_PAGE]
    lines = [
        "# Facts of audiences\n",
        MADE,
        "An audience compares facts, such as `{fact: account.plan, op: in, value: [pro, enterprise]}`, and joins the comparisons",
        "with `all`, `any` and `not`. A fact that is not known answers `known` and `unknown`; every other comparison with it is",
        "neither true nor false, and only what is true shows a guide. A fact that is not in this list, or of a feature or guide",
        "that is not there, stops the publication.\n",
        "| fact | what it holds |",
        "|---|---|",
        *(f"| `{name}` | {says} |" for name, says in rows),
        "",
        f"Comparisons: {', '.join(f'`{op}`' for op in get_args(Leaf.model_fields['op'].annotation))}.",
    ]
    return "\n".join(lines) + "\n"


TRAIT = "<trait>"
OF_ACCOUNT = ("id", *ACCOUNT_FACTS, "age_days")
FACTS = {
    "id": "as your product names it",
    "name": "the name",
    "email": "the mail address",
    "role": "the role in the account",
    "plan": "the plan",
    "tier": "the tier",
    "arr": "yearly revenue, a number",
    "currency": "of the revenue, ISO 4217",
    "employees": "how many it has, a number",
    "seats": "how many it bought, a number",
    "owner_email": "mail address of the person of yours who looks after it",
    "age_days": "days since it began, a whole number",
    TRAIT: "any other trait that was sent",
    "uses": "uses of the feature without a guide",
    "guided_uses": "uses of the feature within a guide",
    "locale": "language of the page, such as `zh-CN`",
    "path": "path of the page; `matches` compares it with a glob",
}


def takes(held: dict[str, Any], names: dict[str, str]) -> str:
    """The type of a field in words."""
    if "$ref" in held:
        name = held["$ref"].rpartition("/")[2]
        shown = names.get(name, name)
        return f"[{shown}](#{shown.lower()})" if name != "Audience" else "audience"
    if "const" in held:
        return f"`{held['const']}`"
    if "enum" in held:
        return " · ".join(f"`{value}`" for value in held["enum"])
    for word in ("anyOf", "oneOf"):
        if word in held:
            parts = [takes(part, names) for part in held[word] if part.get("type") != "null"]
            return " or ".join(dict.fromkeys(parts))
    if held.get("type") == "array":
        return f"list of {takes(held['items'], names)}" + (f", at most {held['maxItems']}" if "maxItems" in held else "")
    if held.get("type") == "object":
        return "map by language" if "patternProperties" in held or "propertyNames" in held else "map"
    bounds = [f"{label} {held[key]}" for key, label in BOUNDS if key in held]
    return ", ".join([KINDS.get(held.get("type", ""), "any value"), *bounds])


KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
BOUNDS = (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "permissions.md": permissions_page,
    "guide-format.md": guide_format_page,
    "facts.md": facts_page,
}


def main() -> None:
    """Rewrites every page."""
    folder = HERE / "reference"
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
