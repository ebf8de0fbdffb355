"""`milepost migrate`."""

import typer

from milepost.actions.start import open_runtime
from milepost.cli.context import AsJson, Database, command, print_json, settings_for
from milepost.store.schema import migrate as migrate_schema


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("migrate")(migrate)


@command
def migrate(database: Database = None, as_json: AsJson = False) -> None:
    """Bring the database to this version's schema; safe to repeat."""
    runtime = open_runtime(settings_for(database))
    before, after = migrate_schema(runtime.engine)
    runtime.engine.dispose()
    if as_json:
        print_json({"before": before, "after": after})
    else:
        typer.echo(f"The database is current (revision {after})." if before == after else f"Migrated to revision {after}.")
