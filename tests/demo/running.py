"""The demo in a process of its own, for tests that use it as a person would."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

LINKS_WITHIN_S = 60
SCRIPT_WITHIN_S = 420


def free_pair() -> int:
    """A port whose neighbour is free, too."""
    for _ in range(50):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two free ports beside each other")


def own_environment() -> dict[str, str]:
    """Without the test command's MILEPOST_*: a setting the product does not know stops its start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


class Demo:
    """One run of `python -m milepost.demo` over a folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.log = folder, port, folder / f"run-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "milepost.demo", "--port", str(port), "--data", str(folder / "data")]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, env=own_environment(), stdout=out, stderr=out)

    def wait_for(self, words: str, seconds: float) -> float:
        """Seconds until the words were printed."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            if words in self.log.read_text(errors="replace"):
                return time.monotonic() - started
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)
        raise AssertionError(f"{words!r} was not printed in {seconds} s: {self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """SIGTERM, once."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    @property
    def state(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "data/demo.json").read_text()))

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.state['secret_key']}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def live(self, account: str) -> dict[str, Any]:
        """The live numbers of an account."""
        return dict(self.get(f"/api/v1/accounts/{account}")["live"])

    def accounts(self) -> list[dict[str, Any]]:
        """Every live line of the portfolio."""
        return list(self.get("/api/v1/accounts?limit=1000")["accounts"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host_url(self) -> str:
        return f"http://localhost:{self.port + 1}"

    def exported_ids(self) -> list[str]:
        """The message id of every stored event, by the product's own export."""
        database = str(self.folder / "data/milepost.db")
        command = [sys.executable, "-m", "milepost.cli.main", "export", "events", "--format", "jsonl", "--database", database]
        done = subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=True, timeout=120)
        return [json.loads(line)["messageId"] for line in done.stdout.splitlines()]
