"""What the demo says in the terminal."""

import io

import pytest
from rich.console import Console

from milepost.demo.story import print_links, print_script, script
from milepost.demo.workspace import State

URL, HOST_URL = "http://127.0.0.1:8787", "http://localhost:8788"
STATE = State(1, 2, "env_x", "pk_x", "sk_x", "owner@linden.example", "[b]x[/b]" * 4)


def printed(width: int, *, is_first: bool = True) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_links(console, STATE, URL, HOST_URL)
    print_script(console, URL, HOST_URL, is_first=is_first)
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in printed(width).splitlines()) <= width


@pytest.mark.parametrize("width", [40, 80, 120])
def test_addresses_and_the_password_are_never_broken(width: int) -> None:
    words = printed(width).split()
    wanted = {word for line in script(URL, HOST_URL) for word in line.split() if "://" in word}
    assert wanted | {URL, HOST_URL, STATE.owner_password} <= set(words)


def test_nothing_is_said_twice() -> None:
    lines = [line for line in printed(120).splitlines() if line.strip()]
    assert len(lines) == len(set(lines))


def test_the_script_has_five_lines() -> None:
    assert len(script(URL, HOST_URL)) == 5


def test_a_later_start_says_how_to_have_the_figures_again() -> None:
    assert "--fresh" not in printed(80)
    assert "--fresh" in printed(80, is_first=False)
