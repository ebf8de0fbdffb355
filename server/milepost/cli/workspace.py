"""`milepost workspace create`."""

from typing import Annotated

import typer

from milepost.actions.workspaces import create_workspace
from milepost.cli.context import AsJson, Database, command, opened, print_json


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    workspace = typer.Typer(help="Make workspaces.", no_args_is_help=True)
    workspace.command("create")(create)
    workspace.callback()(_group)
    app.add_typer(workspace, name="workspace")


def _group() -> None:
    """Make workspaces."""


@command
def create(
    name: Annotated[str, typer.Option(help="Name of the team.")],
    owner_email: Annotated[str, typer.Option(help="Login of the owner.")],
    environment: Annotated[str, typer.Option(help="Key of the first environment.")] = "production",
    time_zone: Annotated[str, typer.Option(help="Zone whose days count, such as Europe/Berlin.")] = "UTC",
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a workspace with its owner, one environment and its keys. Secrets are printed this once only."""
    with opened(database) as runtime:
        made = create_workspace(runtime, name=name, owner_email=owner_email, environment=environment, time_zone=time_zone)
    if as_json:
        print_json(
            {
                "workspace": made.workspace_id,
                "environment": made.environment_id,
                "environment_key": made.environment,
                "write_key": made.write_key,
                "secret_key": made.secret_key,
                "owner": {"email": made.owner_email, "password": made.owner_password},
            }
        )
        return
    typer.echo(f"Workspace {name} ({made.workspace_id})")
    typer.echo(f"  environment   {made.environment} ({made.environment_id})")
    typer.echo(f"  write key     {made.write_key}   for browsers, always shown in the console")
    typer.echo(f"  secret key    {made.secret_key}   for servers, shown this once only")
    typer.echo(f"  owner         {made.owner_email}   password {made.owner_password}   to be changed at the first login")
