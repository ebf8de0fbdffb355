"""What the demo prints: links first, then a script for the first five minutes."""

from rich.console import Console

from milepost.demo.book.stories import CASTINGS, FOODS, LOGISTICS, MEDIA, RETAILER
from milepost.demo.host.visit import PASSWORD
from milepost.demo.workspace import State

HOST_ACCOUNTS = (CASTINGS, LOGISTICS, RETAILER)


def print_links(console: Console, state: State, url: str, host_url: str) -> None:
    """Where everything is, and how to get in."""
    console.print()
    console.print(f"  Milepost console   [bold]{url}[/]")
    lines = (
        f"Milepost console   [bold]{url}[/]",
        f"   log in with     {state.owner_email}  ·  {state.owner_password}",
        "   or as a CSM     csm1@linden.example … csm6@linden.example, the same password",
        f"Linden HR (host)   [bold]{host_url}[/]",
        f"   log in with     one click on a sample person; the password is {PASSWORD!r}",
        "Everything in it is sample data. Stop with Ctrl-C; it is all here again at the next start.",
    )
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)
    console.print()


def print_script(console: Console, url: str, host_url: str) -> None:
    """Five lines for the first five minutes."""
    account = f"{url}/e/production/accounts"
    lines = (
        f"Open {account}/{CASTINGS}: tier A, renews soon, 3 of 31 features, 5 complaints. Keep it open.",
        f"In {host_url} sign in as its first manager (manager01), open Approvals, and follow the guide over both pages.",
        "The account page now says 3 of 31 (+1 in guides only). Approve one more request alone: 4 of 31, within seconds.",
        f"{account}/{MEDIA} fell from 71 to 52: its change card says why; {FOODS} shows what 24 of 31 looks like.",
        f"{url}/e/production/features: terminal clock-ins stopped last Tuesday for everybody: tracking, not churn.",
    )
    console.print("\n  [bold]The first five minutes[/]")
    for i, line in enumerate(lines, 1):
        console.print(f"  {i}. {line}", soft_wrap=True)
    console.print()
