"""`milepost openapi`: the management API's document, without a server."""

import typer

from milepost.cli.context import command, print_json
from milepost.web.openapi import assemble
from milepost.web.routes import all_routes


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("openapi")(openapi)


@command
def openapi() -> None:
    """Print the OpenAPI 3.1 document of this version, the same that a server gives at /openapi.json."""
    print_json(assemble(all_routes()))
