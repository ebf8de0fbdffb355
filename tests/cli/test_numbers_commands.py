"""`features pull|push|recount`, `health run|validate` as an operator types them, against a real server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from milepost.actions.health import read_preset
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.feature import Catalogue
from tests.live import LiveServer, command_environment, milepost

CATALOGUE = """
apiVersion: features/v1
features:
  - key: leave
    name: "Request: leave"
    description: "Two lines\\nof text"
    module: Leave
    core: true
    weight: 2
    level: advanced
    cadence: weekly
    audience_role: manager
    plans: [basic, pro]
    add_ons: [hr]
    introduced_on: 2026-01-05
    aliases: [absence]
    rules:
      - {on: event, name: "Leave", where: [{property: days, op: gte, value: 2}, {property: kind, value: "5"}]}
      - {on: page, path: "/leave/*"}
      - {on: element, target: {locators: [{by: role, value: button, name: Send}]}, path: "/**"}
  - {key: roster, name: 排班, retired_on: 2026-03-31}
  - {key: report, name: Report, rules: [{on: event, name: Report}]}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("commands")
    live = LiveServer(database=str(folder / "m.db"), folder=folder).create().start()
    yield live
    live.stop()


def run(server: LiveServer, *arguments: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of an author's command, which speaks HTTP."""
    environment = command_environment(server.folder) | {"MILEPOST_URL": server.url, "MILEPOST_KEY": server.secret_key}
    command = [sys.executable, "-m", "milepost.cli.main", *arguments]
    done = subprocess.run(command, env=environment, cwd=server.folder, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_a_catalogue_goes_out_and_in_as_yaml_unchanged(server: LiveServer) -> None:
    file, again = server.folder / "features.yaml", server.folder / "again.yaml"
    file.write_text(CATALOGUE, encoding="utf-8")
    code, out, _ = run(server, "features", "push", str(file), "--json")
    assert (code, json.loads(out)["created"]) == (0, ["leave", "roster", "report"])
    assert run(server, "features", "pull", str(again))[0] == 0
    pulled = parse_yaml(again.read_text(encoding="utf-8"), Catalogue)
    pushed = parse_yaml(CATALOGUE, Catalogue)
    assert {f.key: f for f in pulled.features} == {f.key: f for f in pushed.features}
    told = json.loads(run(server, "features", "push", str(again), "--json")[1])
    assert (sorted(told["unchanged"]), told["version"]) == (["leave", "report", "roster"], 1)


def test_a_faulty_file_is_told_at_its_line(server: LiveServer) -> None:
    file = server.folder / "bad.yaml"
    file.write_text("apiVersion: features/v1\nfeatures:\n  - key: Bad Key\n    name: x\n", encoding="utf-8")
    code, _, told = run(server, "features", "push", str(file))
    assert code != 0
    assert "line 3" in " ".join(told.split())


def test_a_model_is_judged_with_and_without_a_server(server: LiveServer) -> None:
    file = server.folder / "starter.yaml"
    file.write_text(read_preset("starter"), encoding="utf-8")
    environment = command_environment(server.folder)
    command = [sys.executable, "-m", "milepost.cli.main", "health", "validate", str(file), "--json"]
    alone = subprocess.run(command, env=environment, cwd=server.folder, capture_output=True, text=True, check=True, timeout=60)
    there = json.loads(run(server, "health", "validate", str(file), "--json")[1])  # its catalogue lacks a feature the model names
    for told, perfect in ((json.loads(alone.stdout), 100), (there, 80)):
        assert (told["dead_account"], told["perfect_account"], told["reachable_min"]) == (50, perfect, 35)
        assert any("it would never alarm" in warning for warning in told["warnings"])


def test_a_past_day_is_settled_once_and_told_again(server: LiveServer) -> None:
    start = datetime.now(UTC) - timedelta(days=5)
    file = server.folder / "events.jsonl"
    events: list[dict[str, Any]] = [
        {"type": "track", "event": "Report", "userId": f"u{n}", "messageId": f"e{n}", "context": {"groupId": "acme"},
         "timestamp": (start + timedelta(days=n % 3)).isoformat()}
        for n in range(6)
    ]  # fmt: skip
    file.write_text("\n".join(json.dumps(event) for event in events), encoding="utf-8")
    milepost("import", "events", str(file), database=server.database, folder=server.folder)
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    told = [
        json.loads(milepost("health", "run", "--as-of", day, "--json", database=server.database, folder=server.folder))
        for _ in range(2)
    ]
    assert [(t["day"], t["written"]) for t in told] == [(day, 1), (day, 0)]
    assert told[0]["accounts"] == [account | {"stored_score": account["score"]} for account in told[1]["accounts"]]
    (account,) = told[1]["accounts"]
    assert (account["account_id"], account["coverage"]["n"]) == ("acme", 1)
    other = json.loads(
        milepost("health", "run", "--as-of", day, "--model", "starter", "--json", database=server.database, folder=server.folder)
    )
    assert other["written"] == 0
    with pytest.raises(AssertionError, match="not closed yet"):
        milepost("health", "run", "--as-of", "2999-01-01", database=server.database, folder=server.folder)


def test_a_recount_by_command_shows_before_it_writes(server: LiveServer, tmp_path: Path) -> None:
    first = (datetime.now(UTC) - timedelta(days=6)).date().isoformat()
    file = tmp_path / "more.yaml"
    file.write_text(
        "apiVersion: features/v1\nfeatures:\n  - {key: twin, name: Twin, rules: [{on: event, name: Report}]}\n", encoding="utf-8"
    )
    assert run(server, "features", "push", str(file))[0] == 0
    for arguments, applied in (((), False), (("--apply",), True)):
        out = milepost(
            "features", "recount", "--from", first, *arguments, "--json", database=server.database, folder=server.folder
        )
        told = json.loads(out)
        assert (told["gained"], told["applied"]) == ({"twin": 6}, applied)
