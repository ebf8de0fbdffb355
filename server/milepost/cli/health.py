"""`milepost health run|validate`: the daily run by hand, a past day again, and what a model is worth."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import RowMapping

from milepost.actions.health import HeldModel, check_model, list_models
from milepost.actions.jobs import last_settled_day
from milepost.actions.runtime import Runtime
from milepost.actions.score import Restated, as_of, run_settled
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
from milepost.errors import Invalid, NotFound
from milepost.rules.days import date_of, day_number
from milepost.store import engine as db
from milepost.store import exports as export_store


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Health scores and the models behind them.", no_args_is_help=True)
    group.command("run")(run)
    group.command("validate")(validate)
    app.add_typer(group, name="health")


@command
def run(
    as_of_day: Annotated[str | None, typer.Option("--as-of", help="A closed day, YYYY-MM-DD; default: the last one.")] = None,
    model: Annotated[str | None, typer.Option(help="key or key@version: only tells, stores nothing.")] = None,
    environment: EnvironmentName = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Settle a closed day: accounts without a row get one, stored rows stay; then tell where a re-run would differ."""
    with opened(database) as runtime:
        row = find_environment(runtime, environment)
        last = last_settled_day(runtime.clock(), row["time_zone"], runtime.settings.daily_run_at)
        day = _read_day(as_of_day, last)
        held = _find_model(runtime, row, model) if model else None
        written = 0
        if held is None:
            with _progress() as progress:
                task = progress.add_task("Settling", total=None)
                result = run_settled(runtime, row["id"], day, lambda n, of: progress.update(task, completed=n, total=of))
            written = result.n_written
        found = as_of(runtime, row["id"], day, held)
        with db.reading(runtime.engine) as connection:
            keys = export_store.read_account_keys(connection, row["id"])
    _tell(found, keys, day, written, as_json=as_json)


@command
def validate(
    file: Annotated[Path, typer.Argument(help="The model's YAML file.")],
    url: Url = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Judge a model: reachable scores, a dead and a perfect account; with a server also today's accounts."""
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    source = file.read_text(encoding="utf-8")
    model, verdict = check_model(source, str(file))
    answer: dict[str, Any] = {
        "id": model.id,
        "reachable_min": verdict.reachable_min,
        "reachable_max": verdict.reachable_max,
        "dead_account": verdict.dead.score,
        "perfect_account": verdict.perfect.score,
        "warnings": verdict.warnings,
    }
    if url and key:
        answer = Remote(url, key).call("POST", "/api/v1/health/validate", {"source": source})
    if as_json:
        print_json(answer)
        return
    typer.echo(f"{answer['id']}: scores reach {answer['reachable_min']:g} to {answer['reachable_max']:g}.")
    typer.echo(f"A dead account scores {_score(answer['dead_account'])}, a perfect one {_score(answer['perfect_account'])}.")
    if answer.get("accounts"):
        typer.echo(f"{answer['alarming_now']} of {answer['accounts']} accounts would alarm today.")
    for warning in answer["warnings"]:
        console.print(f"[yellow]warning[/]: {warning}")


def _read_day(text: str | None, last: int) -> int:
    if text is None:
        return last
    try:
        day = day_number(text)
    except ValueError as problem:
        raise Invalid(f"--as-of is {text!r}; write a day such as 2026-11-24.") from problem
    if day > last:
        raise Invalid(f"{text} is not closed yet; the last closed day is {date_of(last)}.")
    return day


def _find_model(runtime: Runtime, row: RowMapping, name: str) -> HeldModel:
    key, _, version = name.partition("@")
    with db.reading(runtime.engine) as connection:
        models = list_models(connection, row["id"])
    found = next((m for m in models if m.key == key and (not version or str(m.version) == version)), None)
    if found is None:
        raise NotFound(f"There is no health model {name}; models: {', '.join(f'{m.key}@{m.version}' for m in models)}.")
    return found


def _tell(found: list[Restated], keys: dict[int, str], day: int, written: int, *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "account_id": keys[r.account_id],
            "score": r.reckoning.score.score,
            "band": r.reckoning.score.band,
            "known_share": r.reckoning.score.known_share,
            "coverage": {"n": len(r.reckoning.coverage.used), "of": len(r.reckoning.coverage.eligible)},
            "stored_score": r.stored["score"] if r.stored else None,
        }
        for r in found
    ]
    if as_json:
        print_json({"day": date_of(day).isoformat(), "written": written, "accounts": rows})
        return
    bands = Counter(str(row["band"]) for row in rows)
    told = ", ".join(f"{n} {band}" for band, n in sorted(bands.items()))
    typer.echo(f"{date_of(day)}: {len(rows)} accounts, {written} rows written; {told}")
    for row in rows:
        if row["stored_score"] is not None and row["score"] is not None and abs(row["stored_score"] - row["score"]) > 0.05:
            typer.echo(f"  {row['account_id']}: stored {row['stored_score']:.1f}, restated {row['score']:.1f}")


def _score(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn())
    return Progress(*columns, console=console)
