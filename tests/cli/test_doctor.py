"""`milepost doctor`: says what is well, names what is not, and how to mend it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from milepost.cli.context import fail
from tests.live import command_environment, milepost


def doctor(database: str, folder: Path, **environment: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "milepost.cli.main", "doctor", "--json", "--database", database],
        env=command_environment(folder) | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    return done.returncode, {c["check"]: c for c in found["checks"]} | {"ok": found["ok"]}


def test_a_good_installation_is_well(database: str, tmp_path: Path) -> None:
    code, found = doctor(database, tmp_path)
    assert (code, found["ok"]) == (0, True)
    assert {c["level"] for name, c in found.items() if name != "ok"} == {"ok"}, found


def test_before_the_first_start_nothing_is_wrong(tmp_path: Path) -> None:
    code, found = doctor(str(tmp_path / "new.db"), tmp_path, MILEPOST_SECRET_KEY="")
    assert code == 0
    assert found["schema"]["level"] == "warning"
    assert "first start makes" in found["secret key"]["says"]
    assert not (tmp_path / "new.db").exists(), "the doctor only looks"


def test_an_empty_database_needs_migrating(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    code, found = doctor(str(tmp_path / "empty.db"), tmp_path)
    assert (code, found["schema"]["level"]) == (1, "error")
    assert "run `milepost migrate`" in found["schema"]["says"]


def test_a_key_that_others_can_read_is_an_error(tmp_path: Path) -> None:
    database = str(tmp_path / "m.db")
    milepost("migrate", database=database, folder=tmp_path)
    key = tmp_path / "m.db.secret-key"
    key.write_text("dGVzdC1vbmx5LXNlY3JldC1rZXktMzItYnl0ZXMhISE=")
    key.chmod(0o644)
    code, found = doctor(database, tmp_path, MILEPOST_SECRET_KEY="")
    assert (code, found["secret key"]["level"]) == (1, "error")
    assert "chmod 600" in found["secret key"]["says"]


def test_a_damaged_file_is_an_error_and_the_other_checks_go_on(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    milepost("migrate", database=str(path), folder=tmp_path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 8192))
    code, found = doctor(str(path), tmp_path)
    assert code == 1
    assert found["integrity"]["level"] == "error"
    assert found["clock"]["level"] == "ok"


def test_a_database_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    code, found = doctor("postgresql://milepost@127.0.0.1:1/none", tmp_path)
    assert code == 1
    assert "does not answer" in found["database"]["says"]


def test_an_open_address_is_a_warning(tmp_path: Path) -> None:
    address = {"MILEPOST_PUBLIC_URL": "http://milepost.example.test", "MILEPOST_ALLOW_HTTP": "1"}
    code, found = doctor(str(tmp_path / "m.db"), tmp_path, **address)
    assert (code, found["address"]["level"]) == (0, "warning")


def test_a_sentence_with_brackets_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        fail("pages: [/*] is not '^[a-z]{2,3}$'")
    assert "[/*] is not '^[a-z]{2,3}$'" in capsys.readouterr().err
