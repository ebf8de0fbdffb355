"""What the demo prints: links first, then a script for the first five minutes."""

import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from milepost.demo.book.stories import CASTINGS, FOODS, LOGISTICS, MEDIA, RETAILER
from milepost.demo.host.visit import PASSWORD
from milepost.demo.workspace import State

HOST_ACCOUNTS = (CASTINGS, LOGISTICS, RETAILER)
WIDEST = 118  # characters a line; longer ones are hard to read back


def print_links(console: Console, state: State, url: str, host_url: str) -> None:
    """Where everything is, and how to get in."""
    rows = (
        ("Milepost console", f"[bold]{url}[/]"),
        ("  owner", escape(state.owner_email)),
        ("  or a CSM", "csm1@linden.example … csm6@linden.example"),
        ("  password", escape(state.owner_password)),
        ("Linden HR", f"[bold]{host_url}[/]   the sample host product"),
        ("  anybody", f"one click on a sample person; the password is {PASSWORD}"),
    )
    console.print()
    for name, value in rows:
        console.print(f"  {name:<18}{value}", soft_wrap=True)
    console.print("\n  All of it is sample data. Ctrl-C stops; the next start goes on from here.\n", soft_wrap=True)


def script(url: str, host_url: str) -> tuple[str, ...]:
    """Five things to do in the first five minutes."""
    account = f"{url}/e/production/accounts"
    return (
        f"{account}/{CASTINGS} is tier A, renews soon, uses 3 of 31 features, has 5 complaints. Keep the page open.",
        f"In another window, at {host_url}, choose its first manager (manager01), open Approvals and follow the guide.",
        "The open page now says 3 of 31 (+1 in guides only). Wait 5 seconds, approve one more alone: it says 4 of 31.",
        f"{account}/{MEDIA} fell from 71 to 52, and says why. Compare {FOODS}, with 24 of 31.",
        f"{url}/e/production/features has a feature whose events stopped last Tuesday for everybody: tracking, not churn.",
    )


def print_script(console: Console, url: str, host_url: str, *, is_first: bool = True) -> None:
    """The script, set to the width of the terminal; addresses stay whole. Later starts find what was done before."""
    console.print("\n  [bold]The first five minutes[/]")
    for line in set_lines(script(url, host_url), min(console.width, WIDEST)):
        console.print(line, soft_wrap=True, markup=False)
    if not is_first:
        console.print("\n  The figures are those of the first start; --fresh brings them back.", soft_wrap=True)
    console.print()


def set_lines(sentences: Iterable[str], width: int) -> list[str]:
    """Numbered, indented, and broken between words only."""
    return [
        line
        for i, sentence in enumerate(sentences, 1)
        for line in textwrap.wrap(
            sentence, width, initial_indent=f"  {i}. ", subsequent_indent="     ", break_long_words=False, break_on_hyphens=False
        )
    ]
