"""A real `milepost serve` in its own process, for tests that must see what an outside client sees."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_LIMIT_S = 60


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def milepost(*arguments: str, database: str, folder: Path, within_s: float = 120) -> str:
    """Runs one command of the product and answers what it printed; raises with its stderr when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "milepost.cli.main", *arguments, "--database", database],
        env=command_environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"milepost {' '.join(arguments)} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def command_environment(folder: Path) -> dict[str, str]:
    """The environment of a child: ours without MILEPOST_*, a secret key of its own, home in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    ours = {"MILEPOST_SECRET_KEY": "dGVzdC1vbmx5LXNlY3JldC1rZXktMzItYnl0ZXMhISE=", "MILEPOST_DRAIN_S": "0"}
    return kept | ours | {"HOME": str(folder)}


@dataclass
class LiveServer:
    """One database, one workspace, and a server process that can be killed and started again."""

    database: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    created: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def write_key(self) -> str:
        """The public key of its environment."""
        return str(self.created["write_key"])

    @property
    def secret_key(self) -> str:
        """The server-side key of its environment."""
        return str(self.created["secret_key"])

    def create(self) -> "LiveServer":
        """Migrates and makes the workspace."""
        milepost("migrate", database=self.database, folder=self.folder)
        printed = milepost(
            "workspace", "create", "--name", "Test", "--owner-email", "owner@example.test", "--json",
            database=self.database, folder=self.folder,
        )  # fmt: skip
        self.created = json.loads(printed)
        return self

    def start(self) -> "LiveServer":
        """Starts the process and waits until it is ready."""
        log = (self.folder / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "milepost.cli.main", "serve", "--port", str(self.port), "--database", self.database],
            env=command_environment(self.folder) | self.settings,
            cwd=self.folder,
            stdout=log,
            stderr=log,
        )
        self.wait_until_ready()
        return self

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def wait_until_ready(self) -> None:
        """Polls /readyz; raises with the log's tail when the process ends or time runs out."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if not self.is_running():
                break
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        tail = (self.folder / "serve.log").read_text(errors="replace")[-2000:]
        raise AssertionError(f"the server did not become ready: {tail}")

    def kill(self) -> None:
        """kill −9: nothing is flushed, nobody is told."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> int:
        """SIGTERM, then the exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self.process = None
        return code

    def exported(self, noun: str = "events") -> list[dict[str, Any]]:
        """What `milepost export` writes, one dict a line."""
        printed = milepost("export", noun, "--format", "jsonl", database=self.database, folder=self.folder)
        return [json.loads(line) for line in printed.splitlines() if line]
