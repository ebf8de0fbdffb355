"""The demo's options: what can't be had is said in one sentence, and a running demo's folder is its own."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from milepost.store.serving_lock import SUFFIX
from tests.demo.running import own_environment


def refused(*options: str) -> str:
    command = [sys.executable, "-m", "milepost.demo", *options]
    done = subprocess.run(command, env=own_environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed
    return " ".join(printed.split())


@pytest.mark.parametrize("port", ["0", "65535", "70000"])
def test_a_port_without_a_next_one_is_refused(port: str, tmp_path: Path) -> None:
    assert "choose a port from 1 to 65534" in refused("--port", port, "--data", str(tmp_path / "d"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    assert "can't be used as the demo's folder" in refused("--port", "29871", "--data", str(tmp_path / "taken"))
    assert (tmp_path / "taken").read_text() == "mine"


def test_fresh_throws_nothing_away_under_a_running_demo(tmp_path: Path) -> None:
    (tmp_path / "milepost.db").write_text("of the demo that runs")
    with (tmp_path / f"milepost.db{SUFFIX}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "milepost.db" in refused("--fresh", "--port", "29873", "--data", str(tmp_path))
    assert (tmp_path / "milepost.db").exists()
