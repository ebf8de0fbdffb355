"""The whole demo as a person starts it: links first, then the history, then the same again after a stop."""

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

import pytest

from milepost.demo.book.stories import CASTINGS, FOODS, MEDIA

LINKS_WITHIN_S = 60
SCRIPT_WITHIN_S = 420
DAY_MS = 86_400_000


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


class Demo:
    """One run of `python -m milepost.demo` over a folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.log = folder, port, folder / f"run-{time.monotonic_ns()}.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
        command = [sys.executable, "-m", "milepost.demo", "--port", str(port), "--data", str(folder / "data")]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, env=kept | {"PYTHONUNBUFFERED": "1"}, stdout=out, stderr=out)

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

    def ledger(self) -> str:
        """What the environment's ledger and raw table hold, by the product's own export."""
        database = str(self.folder / "data/milepost.db")
        command = [sys.executable, "-m", "milepost.cli.main", "export", "events", "--format", "jsonl", "--database", database]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return done.stdout


@pytest.mark.slow
def test_demo_shows_links_fills_itself_and_survives_a_stop(tmp_path: Path) -> None:
    port = free_pair()
    demo = Demo(tmp_path, port)
    try:
        demo.wait_for("Linden HR", LINKS_WITHIN_S)
        with urllib.request.urlopen(f"http://localhost:{port + 1}/login", timeout=20) as page:
            assert b"Eldermoor Castings (sample)" in page.read()
        assert (tmp_path / "data/demo.json").stat().st_mode & 0o077 == 0
        demo.wait_for("The first five minutes", SCRIPT_WITHIN_S)
        castings, foods, media = (demo.get(f"/api/v1/accounts/{key}")["live"] for key in (CASTINGS, FOODS, MEDIA))
        assert (castings["coverage"]["n"], castings["coverage"]["of"]) == (3, 31)
        assert castings["daily_active_share"] == pytest.approx(0.18)
        assert (foods["coverage"]["n"], foods["coverage"]["of"]) == (24, 31)
        assert round(media["health"]["score"]) == 52
        assert castings["suspect"] == ["attendance_terminal"]
    finally:
        demo.stop()
    before, held = demo.state, demo.ledger()
    ids = [json.loads(line)["messageId"] for line in held.splitlines()]
    assert 120_000 < len(ids) == len(set(ids))
    # As if it had been stopped for two days: what was there already is known by its id, nothing counts twice.
    stale = before | {"loaded_until": before["loaded_until"] - 2 * DAY_MS}
    (tmp_path / "data/demo.json").write_text(json.dumps(stale))
    again = Demo(tmp_path, port)
    try:
        again.wait_for("The first five minutes", SCRIPT_WITHIN_S)
        assert again.state["secret_key"] == before["secret_key"]
        assert again.state["loaded_until"] >= before["loaded_until"]
    finally:
        again.stop()
    after = [json.loads(line)["messageId"] for line in again.ledger().splitlines()]
    assert len(after) == len(set(after))
    assert set(ids) <= set(after)
