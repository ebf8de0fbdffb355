"""`milepost features pull|push|recount`: the catalogue as code."""

from pathlib import Path
from typing import Annotated, Any

import typer

from milepost.actions.recount import recount as recount_events
from milepost.cli.context import (
    AsJson,
    Database,
    EnvironmentName,
    command,
    console,
    find_environment,
    opened,
    print_json,
)
from milepost.cli.remote import Remote, SecretKey, Url
from milepost.errors import Invalid
from milepost.rules.days import day_number
from milepost.store import engine as db
from milepost.wire.codecs.yaml_text import dump_yaml, parse_yaml
from milepost.wire.feature import Catalogue

File = Annotated[Path, typer.Argument(help="YAML file.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="The feature catalogue as code.", no_args_is_help=True)
    group.command("pull")(pull)
    group.command("push")(push)
    group.command("recount")(recount)
    app.add_typer(group, name="features")


@command
def pull(
    file: Annotated[Path | None, typer.Argument(help="Where to write; stdout when left out.")] = None,
    url: Url = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Write the catalogue as YAML."""
    document = Remote(url, key).call("GET", "/api/v1/catalogue")
    if as_json:
        print_json(document)
        return
    features = Catalogue.model_validate(document).features
    shown = {
        "apiVersion": "features/v1",
        "features": [f.model_dump(mode="json", by_alias=True, exclude_defaults=True) for f in features],
    }
    text = dump_yaml(shown)
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")
        console.print(f"Wrote {len(features)} features to {file}.")


@command
def push(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would do to accounts; change nothing.")] = False,
    url: Url = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Make and change features from a YAML file; features not in it stay as they are."""
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    document = parse_yaml(file.read_text(encoding="utf-8"), Catalogue, str(file))
    content = document.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"apiVersion": "features/v1"}
    method, path = ("POST", "/api/v1/catalogue/preview") if dry_run else ("PUT", "/api/v1/catalogue")
    answer: dict[str, Any] = Remote(url, key).call(method, path, content)
    if as_json:
        print_json(answer)
        return
    for warning in answer["warnings"]:
        console.print(f"[yellow]warning[/]: {warning}")
    if dry_run:
        moves = f"moves {answer['moved']} accounts, {answer['band_changes']} to another band"
        typer.echo(f"{len(answer['created'])} new, {len(answer['changed'])} changed; {moves}.")
        if answer["joining"]:
            typer.echo(f"Reaches {answer['joining']} accounts: new to them at first, in their coverage after 28 days.")
        for effect in answer["effects"][:20]:
            before, after = effect["before"], effect["after"]
            covered = f"{before['n']} of {before['of']} → {after['n']} of {after['of']}"
            core, score = (
                " → ".join(_tell(effect[name][at]) for at in ("before", "after")) for name in ("core_coverage", "score")
            )
            typer.echo(f"  {effect['name']}: {covered}; core coverage {core}; score {score}")
        return
    counts = [len(answer[name]) for name in ("created", "changed", "unchanged")]
    typer.echo(f"Version {answer['version']}: {counts[0]} new, {counts[1]} changed, {counts[2]} as they were.")
    if answer["absent"]:
        typer.echo(f"Not in the file and left alone: {', '.join(answer['absent'])}.")


def _tell(value: float | None) -> str:
    """Short; unknown is a dash."""
    return "–" if value is None else f"{value:.3g}"


@command
def recount(
    from_day: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    apply: Annotated[bool, typer.Option("--apply", help="Write it; without, only the difference is shown.")] = False,
    environment: EnvironmentName = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Decide event and page rules again over the raw events that are there."""
    try:
        first = day_number(from_day)
    except ValueError as problem:
        raise Invalid(f"--from is {from_day!r}; write a day such as 2026-11-24.") from problem
    with opened(database) as runtime:
        row, now = find_environment(runtime, environment), runtime.clock()
        with db.reading(runtime.engine) as connection:
            tenant = runtime.tenants.within(connection, row["id"], now)
        with console.status("Deciding again…") as status:
            found = recount_events(
                runtime, tenant, first, "command", apply=apply, progress=lambda n: status.update(f"Deciding again… {n:,} events")
            )
    if as_json:
        print_json(found.as_dict())
        return
    for feature in sorted(found.gained.keys() | found.lost.keys()):
        typer.echo(f"  {feature}: +{found.gained[feature]} −{found.lost[feature]}")
    outcome = "written." if apply else "nothing written (--apply writes)."
    typer.echo(f"{found.n_changed:,} of {found.n_events:,} events decide differently; {outcome}")
    for note in found.notes:
        console.print(note)
