"""`milepost guides push|pull|schema`: guides as code."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from milepost.cli.context import EXIT_FAILED, AsJson, command, console, print_json
from milepost.cli.remote import Refused, Remote, SecretKey, Url
from milepost.errors import Invalid
from milepost.wire.codecs.guide_yaml import dump_guide_yaml, parse_guide_file
from milepost.wire.codecs.yaml_text import find_line, load_yaml
from milepost.wire.guide import Guide, schema_text
from milepost.wire.guide_api import MAX_PUSHED
from milepost.wire.resource import Resource, resource_schema_text

SUFFIXES = (".yaml", ".yml", ".json")
POINTER = re.compile(r"^/(guides|resources)/(\d+)(/.*)?$")
SHAPES = {"guides": Guide, "resources": Resource}


@dataclass
class Source:
    """A file and the guide, or the resource, in it."""

    file: Path
    text: str
    guide: Guide | Resource

    def place(self, pointer: str) -> str:
        """`file, line 12` of a JSON pointer into the guide."""
        steps = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
        line, _ = find_line(load_yaml(self.text, str(self.file)), steps)
        return f"{self.file}, line {line}" if line else str(self.file)


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Guides as code.", no_args_is_help=True)
    group.command("push")(push)
    group.command("pull")(pull)
    group.command("schema")(schema)
    app.add_typer(group, name="guides")


@command
def push(
    paths: Annotated[list[Path], typer.Argument(help="YAML files, or folders of them.")],
    publish: Annotated[bool, typer.Option("--publish", help="Put them on air, not only save drafts.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would do; change nothing.")] = False,
    url: Url = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Save guides from YAML files as drafts, and publish them if asked: all or nothing."""
    remote = Remote(url, key)
    every = read_sources(paths)
    sources = [s for s in every if isinstance(s.guide, Guide)]
    resources = [s for s in every if isinstance(s.guide, Resource)]
    content = {"guides": _documents(sources), "resources": _documents(resources), "publish": publish, "dry_run": dry_run}
    try:
        told = remote.call("POST", "/api/v1/guides/push", content)
    except Refused as problem:
        raise Refused(_placed(problem, {"guides": sources, "resources": resources})) from problem
    if as_json:
        print_json(told)
    else:
        _print(told, sources, publish=publish)
        n_published = sum(one["published"] for one in told["guides"])
        if n_published and not dry_run:
            console.print(f"Published {n_published} new {'version' if n_published == 1 else 'versions'} at {remote.address}.")
    if publish and any(problem["blocks"] for one in told["guides"] for problem in one["problems"]):
        raise typer.Exit(EXIT_FAILED)  # a dry run of a publication that would be refused


@command
def pull(
    folder: Annotated[Path | None, typer.Argument(help="Where to write <key>.yaml; stdout when left out.")] = None,
    guide: Annotated[str | None, typer.Option("--guide", help="Only this one, by key.")] = None,
    url: Url = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Write every draft and every resource as YAML, one file each."""
    told = Remote(url, key).call("GET", "/api/v1/guide-documents")
    found: list[Guide | Resource] = [Guide.model_validate(one) for one in told["guides"] if guide in {None, one["key"]}]
    found += [Resource.model_validate(one) for one in told["resources"] if guide is None]
    if guide is not None and not found:
        raise Invalid(f"There is no guide {guide!r}.")
    if as_json:
        print_json({noun: [_document(one) for one in found if isinstance(one, shape)] for noun, shape in SHAPES.items()})
    elif folder is None:
        sys.stdout.write("---\n".join(dump_guide_yaml(one) for one in found))
    else:
        folder.mkdir(parents=True, exist_ok=True)
        for one in found:
            suffix = "" if isinstance(one, Guide) else ".resource"
            (folder / f"{one.key}{suffix}.yaml").write_text(dump_guide_yaml(one), encoding="utf-8")
        n = sum(isinstance(one, Guide) for one in found)
        more = f" and {len(found) - n} resources" if len(found) > n else ""
        console.print(f"Wrote {n} {'guide' if n == 1 else 'guides'}{more} to {folder}.")


@command
def schema(
    file: Annotated[Path | None, typer.Argument(help="Where to write; stdout when left out.")] = None,
    resource: Annotated[bool, typer.Option("--resource", help="Of a resource file.")] = False,
) -> None:
    """Write the JSON Schema of a guide (or resource) file, for editors."""
    text = resource_schema_text() if resource else schema_text()
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")
        console.print(f"Wrote {file}.")


def read_sources(paths: list[Path]) -> list[Source]:
    """Every file named or in a folder named; raises Invalid with file and line of what is wrong, of all files at once."""
    files = sorted({file for path in paths for file in _files(path)})
    sources, faults = [], []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
            sources.append(Source(file, text, parse_guide_file(text, str(file))))
        except UnicodeDecodeError:
            faults.append(f"{file} is not UTF-8 text.")
        except Invalid as problem:
            faults.append(problem.detail)
    for first, second in _twins(sources):
        faults.append(f"{second.file}: the key {second.guide.key!r} stands in {first.file} already.")
    if len(files) > MAX_PUSHED:
        faults.append(f"These are {len(files)} files; push at most {MAX_PUSHED} at once.")
    if faults:
        raise Invalid("\n".join(faults))
    return sources


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = [file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file()]
        if not found:
            raise Invalid(f"The folder {path} holds no guide; a guide is a file that ends in {', '.join(SUFFIXES)}.")
        return found
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    return [path]


def _twins(sources: list[Source]) -> list[tuple[Source, Source]]:
    first: dict[tuple[str, str], Source] = {}
    return [(first[_name(s)], s) for s in sources if first.setdefault(_name(s), s) is not s]


def _name(source: Source) -> tuple[str, str]:
    return source.guide.apiVersion, source.guide.key


def _documents(sources: list[Source]) -> list[dict[str, Any]]:
    return [_document(source.guide) for source in sources]


def _document(one: Guide | Resource) -> dict[str, Any]:
    return one.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _placed(problem: Refused, pushed: dict[str, list[Source]]) -> str:
    """The server's JSON pointers as files and lines."""
    lines = []
    for error in problem.errors:
        match = POINTER.match(error["pointer"])
        sources = pushed[match[1]] if match else []
        source = sources[int(match[2])] if match and int(match[2]) < len(sources) else None
        place = source.place(match[3] or "") if match and source else error["pointer"]
        lines.append(f"{place}: {error['message']}")
    return "\n".join(lines) or problem.detail


def _print(told: dict[str, Any], sources: list[Source], *, publish: bool) -> None:
    for one, source in zip(told["guides"], sources, strict=True):
        for problem in one["problems"]:
            kind = "[bold red]error[/]" if problem["blocks"] else "[yellow]warning[/]"
            console.print(f"{kind}: {source.place(problem['pointer'])}: {problem['message']}", soft_wrap=True)
        typer.echo(f"{one['key']}: {_outcome(one, is_dry=told['dry_run'], publish=publish)}")
    for one in told["resources"]:
        would = "would be " if told["dry_run"] and one["outcome"] != "unchanged" else ""
        typer.echo(f"{one['key']}: {would}{one['outcome']}, resource")


def _outcome(one: dict[str, Any], *, is_dry: bool, publish: bool) -> str:
    """What became of the draft, and of what is on air."""
    saved = f"would be {one['outcome']}" if is_dry and one["outcome"] != "unchanged" else one["outcome"]
    if one["published"]:
        return f"draft {saved}, {'would be ' if is_dry else ''}published as version {one['version']}"
    if one["status"] != "published":
        return f"{saved}, {one['status']}"
    if publish and one["outcome"] == "unchanged":
        return f"equals version {one['version']}, which is on air; nothing new was published"
    return f"{saved}, version {one['version']} on air"
