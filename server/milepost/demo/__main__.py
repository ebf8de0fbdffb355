"""`python -m milepost.demo`: console and host product in one process, links first, history behind them."""

import argparse
import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.markup import escape

from milepost.actions.start import open_serving_runtime
from milepost.demo.book.ledger import make_book
from milepost.demo.filling import Filler
from milepost.demo.host.app import create_host
from milepost.demo.host.data import Data
from milepost.demo.host.pages import today
from milepost.demo.stage import publish, skip_daily_runs
from milepost.demo.story import HOST_ACCOUNTS, print_links
from milepost.demo.workspace import find_or_make, find_tenant, read_install
from milepost.errors import MilepostError, SettingError
from milepost.settings import load_settings
from milepost.store.schema import migrate
from milepost.store.serving_lock import SUFFIX, serving_alone
from milepost.web.app import create_app
from milepost.web.server import make_server

OURS = ("demo.json", "demo.new", "linden.db", "milepost.db")


def main() -> int:
    """Runs until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m milepost.demo", description="Milepost with a sample host product.")
    parser.add_argument("--port", type=port_number, default=8787, help="the console's port; the host product takes the next one")
    parser.add_argument("--data", type=Path, default=Path("demo-data"), help="folder of the demo's data")
    parser.add_argument("--fresh", action="store_true", help="throw the demo's data away first")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    try:
        return run(arguments.port, arguments.data, console, fresh=arguments.fresh)
    except MilepostError as problem:
        console.print(f"[bold red]error[/]: {escape(problem.detail)}", soft_wrap=True)
        return 1


def run(port: int, folder: Path, console: Console, *, fresh: bool) -> int:
    """Makes sure that ports and folder are free, then serves."""
    taken = [p for p in (port, port + 1) if not is_free(p)]
    if taken:
        console.print(f"Port {taken[0]} is in use; choose another with --port (the host product takes the next one).")
        return 1
    make_folder(folder)
    database = str(folder / "milepost.db")
    with serving_alone(database):
        if fresh:
            throw_away(folder)
        return serve(port, folder, database, console)


def serve(port: int, folder: Path, database: str, console: Console) -> int:
    """Prepares, serves, fills; the folder is ours alone."""
    kept = {name: value for name, value in os.environ.items() if name != "MILEPOST_DATABASE"}
    settings = load_settings(kept, database=database, host="127.0.0.1", port=port, log_level="warning")
    runtime = open_serving_runtime(settings)
    migrate(runtime.engine)
    host_url = f"http://localhost:{port + 1}"
    state = find_or_make(runtime, folder, host_url)
    book = make_book(state.anchor, state.seed)
    publish(runtime, find_tenant(runtime, state), book)
    skip_daily_runs(runtime, find_tenant(runtime, state))
    data = Data(folder / "linden.db")
    data.fill((book.account(key) for key in HOST_ACCOUNTS), today())
    host = create_host(data, read_install(runtime, find_tenant(runtime, state), state))
    host_server = uvicorn.Server(uvicorn.Config(host, log_level="warning", access_log=False, server_header=False))
    console_server = make_server(create_app(runtime), settings)
    filler = Filler(runtime, folder, state, book, console)
    beside = threading.Thread(target=host_server.run, args=(listen(port + 1),), name="host-product", daemon=True)
    beside.start()
    threading.Thread(
        target=narrate, args=(console_server, host_server, filler, console, host_url), name="filler", daemon=True
    ).start()
    console_server.run()
    filler.stop()
    host_server.should_exit = True
    beside.join(10)
    data.close()
    runtime.engine.dispose()
    return 0


def narrate(server: uvicorn.Server, host: uvicorn.Server, filler: Filler, console: Console, host_url: str) -> None:
    """Links as soon as both listen; then the history, then a minute by minute trickle."""
    while not (server.started and host.started):
        if filler.wait(0.05):
            return
    print_links(console, filler.state, filler.url, host_url)
    filler.run(host_url)


def listen(port: int) -> list[socket.socket]:
    """Both loopback addresses, where there are two: browsers resolve `localhost` to either."""
    sockets = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            opened = socket.socket(family, socket.SOCK_STREAM)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((address, port))
        except OSError:
            if family is socket.AF_INET:
                raise
            continue
        sockets.append(opened)
    return sockets


def port_number(text: str) -> int:
    """A port that leaves room for the next one."""
    number = int(text)
    if not 0 < number < 65_535:
        raise argparse.ArgumentTypeError("choose a port from 1 to 65534")
    return number


def make_folder(folder: Path) -> None:
    """Raises SettingError when it can't be had."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise SettingError(f"{folder} can't be used as the demo's folder: {problem.strerror}.") from problem


def throw_away(folder: Path) -> None:
    """Only what the demo made itself."""
    for path in folder.iterdir():
        if path.name.startswith(OURS) and not path.name.endswith(SUFFIX) and path.is_file():  # the lock is held
            path.unlink()


def is_free(port: int) -> bool:
    """Whether nobody listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
