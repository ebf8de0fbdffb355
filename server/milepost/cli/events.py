"""`milepost export`, `import` and `rebuild`."""

import csv
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from milepost.actions.export import EXPORTS, NOUNS
from milepost.actions.import_accounts import AccountImport
from milepost.actions.import_accounts import import_accounts as take_accounts
from milepost.actions.import_events import Tally
from milepost.actions.import_events import import_events as take_events
from milepost.actions.rebuild import rebuild_rollups
from milepost.cli.context import (
    AsJson,
    Database,
    EnvironmentName,
    command,
    console,
    find_environment,
    open_serving,
    opened,
    print_json,
    settings_for,
)
from milepost.errors import Invalid
from milepost.rules.days import day_number
from milepost.store import engine as db

Mapping = Annotated[
    list[str] | None, typer.Option("--map", help="field=column, several times: for CSV (userId=person, properties.amount=sum …).")
]


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("export")(export)
    app.command("rebuild")(rebuild)
    group = typer.Typer(help="Take history and accounts from files.", no_args_is_help=True)
    group.command("events")(import_events)
    group.command("accounts")(import_accounts)
    app.add_typer(group, name="import")


@command
def export(
    noun: Annotated[str, typer.Argument(help=f"{', '.join(NOUNS[:-1])} or {NOUNS[-1]}.")],
    environment: EnvironmentName = None,
    format: Annotated[str, typer.Option(help="jsonl.")] = "jsonl",
    database: Database = None,
) -> None:
    """Write everything as JSON lines to stdout."""
    if noun not in EXPORTS:
        raise Invalid(f"There is no export of {noun!r}; write one of {', '.join(NOUNS)}.")
    if format != "jsonl":
        raise Invalid(f"--format is {format!r}; exports are jsonl.")
    with opened(database) as runtime:
        row = find_environment(runtime, environment)
        with db.reading(runtime.engine) as connection:
            for line in EXPORTS[noun](connection, row["id"]):
                sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()


@command
def rebuild(
    environment: EnvironmentName = None,
    from_day: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD; default: everything.")] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Add the roll-ups again from the raw events. Stop the server first on SQLite: this is one long transaction."""
    try:
        first = day_number(from_day) if from_day else -1_000_000
    except ValueError as problem:
        raise Invalid(f"--from is {from_day!r}; write a day such as 2026-11-24.") from problem
    with opened(database) as runtime, _bar(as_json) as bar:
        row = find_environment(runtime, environment)
        task = bar.add_task("rebuilding", total=None)
        with db.writing(runtime.engine) as connection:
            n = rebuild_rollups(connection, row["id"], first, lambda done: bar.update(task, completed=done))
    print_json({"events": n}) if as_json else typer.echo(f"Added {n:,} events again.")


@command
def import_events(
    file: Annotated[Path, typer.Argument(help="JSON lines in Segment's format (plain or gzip), or CSV with --map.")],
    mapping: Mapping = None,
    refused: Annotated[Path | None, typer.Option(help="Where refused lines go; default FILE.refused.csv.")] = None,
    environment: EnvironmentName = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Take events from a file: counts each once, goes on where it was cut off."""
    runtime = open_serving(settings_for(database))
    row = find_environment(runtime, environment)
    tenant = runtime.tenants.current(row["id"], runtime.clock())
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    if mapping is None and file.suffix == ".csv":
        raise Invalid("A CSV file needs --map userId=… --map event=… --map timestamp=… (and more fields as you like).")
    assert runtime.intake is not None  # noqa: S101
    runtime.intake.start()
    with _Refusals(refused or file.with_name(file.name + ".refused.csv")) as book, _bar(as_json) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)

        def report(tally: Tally, done: int) -> None:
            book.write(tally)
            bar.update(task, completed=done, description=f"{file.name}  {tally.received:,} read, {tally.stored:,} new")

        try:
            tally = take_events(runtime, tenant, file, _parse_map(mapping), report)
        finally:
            runtime.intake.stop()
    shown: dict[str, Any] = {n: getattr(tally, n) for n in ("received", "stored", "duplicate", "refused", "resumed_at")}
    if book.n:
        shown["refused_file"] = str(book.path)
    if as_json:
        print_json(shown)
    else:
        typer.echo(f"{tally.received:,} events read: {tally.stored:,} new, {tally.duplicate:,} known, {tally.refused:,} refused.")
        if book.n:
            typer.echo(f"Refused lines and their reasons: {book.path}")


@command
def import_accounts(
    file: Annotated[Path, typer.Argument(help="CSV with a column account_id and any of the trusted traits.")],
    mapping: Mapping = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
    environment: EnvironmentName = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Take accounts and their traits from a CSV file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"{file} can't be read as UTF-8 text: {problem}.") from problem
    with opened(database) as runtime:
        row = find_environment(runtime, environment)
        tenant = runtime.tenants.current(row["id"], runtime.clock())
        result = take_accounts(runtime, tenant, text, _parse_map(mapping), dry_run=dry_run)
    _print_accounts(result, as_json=as_json)
    if result.refused:
        raise typer.Exit(1)


def _print_accounts(result: AccountImport, *, as_json: bool) -> None:
    if as_json:
        counts = {name: value for name, value in vars(result).items() if name != "rows"}
        print_json({**counts, "refused": [{"line": line, "reason": why} for line, why in result.refused]})
        return
    verb = "would be" if result.dry_run else "were"
    typer.echo(f"{result.created} accounts {verb} made, {result.changed} changed, {result.unchanged} are the same already.")
    if result.ignored_columns:
        typer.echo(f"Columns passed over: {', '.join(result.ignored_columns)}.")
    for line, why in result.refused:
        console.print(f"line {line}: {why}", soft_wrap=True)


def _parse_map(pairs: list[str] | None) -> dict[str, str] | None:
    if not pairs:
        return None
    mapping = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise Invalid(f"--map {pair!r} is not field=column.")
        mapping[name] = column
    return mapping


class _Refusals:
    """The file of refused lines, made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path, self.n = path, 0
        self._file: Any = None

    def __enter__(self) -> "_Refusals":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, tally: Tally) -> None:
        """Takes what the tally holds; after a cut-off import the rows of lines that are safely in stay."""
        if not tally.refusals:
            return
        if self._file is None:
            kept = self._rows_up_to(tally.resumed_at)
            self._file = self.path.open("w", newline="", encoding="utf-8")
            csv.writer(self._file).writerows([["line", "reason", "detail"], *kept])
            self.n += len(kept)
        csv.writer(self._file).writerows(tally.refusals)
        self._file.flush()
        self.n += len(tally.refusals)
        tally.refusals.clear()

    def _rows_up_to(self, line: int) -> list[list[str]]:
        if not line or not self.path.is_file():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.reader(file) if row and row[0].isdecimal() and int(row[0]) <= line]


def _bar(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        console=console, disable=quiet,
    )  # fmt: skip
