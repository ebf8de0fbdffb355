"""The same server as `milepost serve`, forked from a process that has imported it: hundreds of starts in a test."""

import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from milepost.settings import Settings
from tests.factories import SECRET_KEY
from tests.live import LiveServer

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["milepost.cli.serve", "milepost.web.app"])


def serve_here(settings: Settings, log: Path) -> None:
    """Runs in the child until it is stopped or killed; what it says goes to the log."""
    from milepost.cli.serve import serve_one, set_up_logs

    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    set_up_logs("warning")
    serve_one(settings)


@dataclass
class WarmServer(LiveServer):
    """A LiveServer whose starts take a blink."""

    child: ForkServerProcess | None = None

    def start(self) -> "WarmServer":
        """Forks and waits until it is ready."""
        self.fork()
        self.wait_until_ready()
        return self

    def fork(self) -> None:
        """Starts without waiting."""
        settings = Settings(
            database=self.database, port=self.port, secret_key=SECRET_KEY, drain_s=0, log_level="warning",
            pk_events_per_s=1_000_000, address_events_per_s=1_000_000, identity_events_per_s=1_000_000,
        )  # fmt: skip
        self.child = context.Process(target=serve_here, args=(settings, self.folder / "serve.log"), daemon=True)
        self.child.start()

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.child is not None and self.child.is_alive()

    def kill(self) -> None:
        """kill −9."""
        if self.child is not None and self.child.pid is not None:
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.join(30)
            self.child = None

    def stop(self) -> int:
        """SIGTERM, then the exit code."""
        if self.child is None:
            return 0
        self.child.terminate()
        self.child.join(60)
        code = self.child.exitcode
        self.child = None
        return -1 if code is None else code
