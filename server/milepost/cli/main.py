"""`milepost`: the operator's and the author's commands."""

import typer

from milepost import __version__
from milepost.cli import doctor, events, features, guides, health, keys, openapi, schema, serve, workspace

app = typer.Typer(
    help="Milepost: guides, feature adoption and health scores on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Nothing of its own."""


for room in (serve, schema, workspace, keys, events, features, guides, health, doctor, openapi):
    room.add_to(app)


def run() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    run()
