"""A private PostgreSQL cluster for a test session, run as a user who is not root."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live import free_port


def find_programs() -> Path | None:
    """The folder of initdb and postgres; None where PostgreSQL is not installed."""
    named = os.environ.get("MILEPOST_POSTGRESQL_BIN")
    if named:
        return Path(named)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    path = shutil.which("initdb")
    return Path(path).parent if path else None


def _become() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: Popen's arguments to step down to `postgres` or `nobody`."""
    user = _unprivileged()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in ("postgres", "nobody") if name in known)


@dataclass
class Cluster:
    """A running cluster on loopback; every durability setting as PostgreSQL ships it."""

    programs: Path
    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def url(self, name: str = "postgres") -> str:
        """Of one database."""
        return f"postgresql://milepost@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Starts the server process and waits until it takes connections."""
        arguments = ["-D", str(self.folder / "data"), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
        arguments += ["-c", f"unix_socket_directories={self.folder}", "-c", "max_connections=200", "-c", "shared_buffers=64MB"]
        self.process = subprocess.Popen(
            [str(self.programs / "postgres"), *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            **_become(),
        )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Until it takes connections, after a start or while it recovers; raises when it ended."""
        assert self.process is not None
        ready = [str(self.programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        for _ in range(600):
            if subprocess.run(ready, capture_output=True, check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            subprocess.run(["sleep", "0.05"], check=False)
        raise AssertionError("PostgreSQL did not start: " + (self.folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """SIGQUIT to the server itself: immediate shutdown, as after a power cut; recovery comes at the next start."""
        if self.process is not None:
            self.process.send_signal(3)
            self.process.wait()
            self.process = None

    def kill_hard(self) -> None:
        """kill −9 of the server itself; its children notice and end, which the next start waits for."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            for _ in range(200):
                if not self._has_children():
                    return
                time.sleep(0.05)

    def _has_children(self) -> bool:
        """Whether any process still works in this cluster's folder."""
        here = str(self.folder / "data").encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.readlink(entry / "cwd").encode() == here:
                    return True
        return False

    def stop(self) -> None:
        """Fast shutdown; the folder goes."""
        if self.process is not None:
            self.process.send_signal(2)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:  # it was in the middle of a recovery
                self.kill()
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)


def make_cluster(programs: Path) -> Cluster:
    """A new, running cluster in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-pg-"))
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    options = ["-U", "milepost", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    done = subprocess.run(
        [str(programs / "initdb"), "-D", str(folder / "data"), *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **_become(),
    )
    if done.returncode:
        raise AssertionError(f"initdb failed: {done.stderr}")
    cluster = Cluster(programs, folder, free_port())
    cluster.start()
    return cluster
