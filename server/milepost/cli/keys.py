"""`milepost key create|revoke`."""

from typing import Annotated

import typer

from milepost.actions import audit
from milepost.actions.keys import create_key
from milepost.cli.context import AsJson, Database, EnvironmentName, command, find_environment, opened, print_json
from milepost.errors import Invalid, NotFound
from milepost.store import engine as db
from milepost.store import keys as key_store


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    key = typer.Typer(help="Make and revoke keys.", no_args_is_help=True)
    key.command("create")(create)
    key.command("revoke")(revoke)
    app.add_typer(key, name="key")


@command
def create(
    kind: Annotated[str, typer.Option(help="pk (browsers) or sk (servers).")] = "sk",
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    environment: EnvironmentName = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; an sk key is printed this once only."""
    if kind not in {"pk", "sk"}:
        raise Invalid(f"--kind is {kind!r}; write pk or sk.")
    with opened(database) as runtime:
        row, now = find_environment(runtime, environment), runtime.clock()
        with db.writing(runtime.engine) as connection:
            public_id, value = create_key(
                connection, row["workspace_id"], row["id"], kind, label.strip() or f"made by command ({kind})", now
            )
            audit.record(
                connection, row["workspace_id"], now=now, actor="command", action="key.created", subject=public_id,
                environment_id=row["id"], kind=kind,
            )  # fmt: skip
    if as_json:
        print_json({"id": public_id, "kind": kind, "environment": row["public_id"], "key": value})
    else:
        typer.echo(f"{value}   ({public_id}, {kind}, environment {row['key']})")


@command
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id (key_…).")],
    environment: EnvironmentName = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key; every server process refuses it within a second."""
    with opened(database) as runtime:
        row, now = find_environment(runtime, environment), runtime.clock()
        with db.writing(runtime.engine) as connection:
            held = key_store.list_keys(connection, row["workspace_id"], row["id"])
            if not any(one["public_id"] == key and one["revoked_at"] is None for one in held):
                raise NotFound(f"The environment {row['key']} has no key {key} in force.")
            key_store.update_key(connection, row["workspace_id"], key, revoked_at=now)
            audit.record(
                connection, row["workspace_id"], now=now, actor="command", action="key.revoked", subject=key,
                environment_id=row["id"],
            )  # fmt: skip
    print_json({"id": key, "revoked": True}) if as_json else typer.echo(f"Revoked {key}.")
