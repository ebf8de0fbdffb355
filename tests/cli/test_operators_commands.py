"""The operators' commands as they are typed: migrate, workspace, keys, import, export, rebuild; on both databases."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from milepost.cli.main import app
from milepost.store import engine as db
from milepost.wire.event import format_instant
from tests.live import command_environment, free_port

DAY_MS = 86_400_000


def run(database: str, *arguments: str) -> Result:
    """In this process: what it printed, and its exit code."""
    environment = {name: None for name in os.environ if name.startswith("MILEPOST_")}
    environment |= {"MILEPOST_SECRET_KEY": "dGVzdC1vbmx5LXNlY3JldC1rZXktMzItYnl0ZXMhISE="}  # type: ignore[dict-item]
    return CliRunner().invoke(app, [*arguments, "--database", database], env=environment)


def run_json(database: str, *arguments: str) -> Any:
    done = run(database, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def exported(database: str, noun: str) -> list[dict[str, Any]]:
    done = run(database, "export", noun, "--format", "jsonl")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(database: str, sql: str) -> list[tuple[Any, ...]]:
    engine = db.open_engine(database)
    with db.reading(engine) as connection:
        found = [tuple(row) for row in connection.execute(text(sql))]
    engine.dispose()
    return found


def make_workspace(database: str) -> dict[str, Any]:
    found: dict[str, Any] = run_json(
        database, "workspace", "create", "--name", "Acme", "--owner-email", "ann@acme.test", "--environment", "staging",
        "--time-zone", "Asia/Shanghai",
    )  # fmt: skip
    return found


def write_history(path: Path, n: int) -> None:
    now = time.time_ns() // 1_000_000
    with path.open("w", encoding="utf-8") as file:
        for i in range(n):
            event = {
                "type": "track", "event": "Report Opened", "messageId": f"h{i}", "userId": f"u{i % 9}",
                "timestamp": format_instant(now - (i % 200) * DAY_MS), "context": {"groupId": f"a{i % 4}"},
            }  # fmt: skip
            file.write(json.dumps(event) + "\n")


def test_migrate_makes_the_tables_and_may_be_run_again(tmp_path: Path) -> None:
    database = str(tmp_path / "new.db")
    refused = run(database, "workspace", "create", "--name", "A", "--owner-email", "a@b.test")
    assert refused.exit_code == 2
    assert "milepost migrate" in refused.output
    for _ in range(2):
        assert run(database, "migrate").exit_code == 0
    assert make_workspace(database)["environment_key"] == "staging"


@pytest.mark.parametrize("command", ["migrate", "serve", "doctor", "export events"])
def test_a_database_that_is_none_is_one_sentence(tmp_path: Path, command: str) -> None:
    junk = tmp_path / "junk.db"
    junk.write_text("this is a text, and a long one at that\n" * 100)
    for database, says in [(str(junk), "is no SQLite database"), ("postgresql://u:p@ss@h:port/x", "is no address of a database")]:
        port = ["--port", str(free_port())] if command == "serve" else []
        done = run(database, *command.split(), *port)
        assert done.exit_code in {1, 2}
        assert isinstance(done.exception, SystemExit)
        assert says in done.output
        assert "p@ss" not in done.output


def test_a_start_without_a_database_makes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text("{}\n")
    database = str(tmp_path / "new.db")
    environment = {name: None for name in os.environ if name.startswith("MILEPOST_")}
    serve = ["serve", "--port", str(free_port())]
    for command in (serve, ["import", "events", str(file)], ["rebuild"], ["export", "events"]):
        done = CliRunner().invoke(app, [*command, "--database", database], env=environment)
        assert (done.exit_code, f"There is no database at {database} yet" in done.output) == (2, True)
    Path(database).touch()
    done = CliRunner().invoke(app, [*serve, "--database", database], env=environment)
    assert (done.exit_code, "The database is empty" in done.output) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.jsonl", "new.db"]


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("127.0.0.1", "of 127.0.0.1 is in use; choose another with --port"),
        ("no-such-host.invalid", "a name this machine does not know"),
        ("192.0.2.1", "no address of this machine"),
        ("a" * 70, "a name this machine does not know"),
    ],
)
def test_an_address_that_can_not_be_listened_on_stops_the_start(sqlite_database: str, host: str, says: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        done = run(sqlite_database, "serve", "--host", host, "--port", str(taken.getsockname()[1]))
    assert (done.exit_code, says in done.output) == (2, True), done.output


def test_workspace_create_prints_what_is_needed_and_keeps_no_secret(database: str) -> None:
    made = make_workspace(database)
    assert made["write_key"].startswith("pk_")
    assert made["secret_key"].startswith("sk_")
    assert made["owner"]["email"] == "ann@acme.test"
    assert len(made["owner"]["password"]) >= 16
    assert rows(database, "SELECT key, time_zone, identity_mode FROM environments") == [("staging", "Asia/Shanghai", "report")]
    kept = repr(rows(database, "SELECT * FROM keys")) + repr(rows(database, "SELECT * FROM members"))
    assert made["secret_key"] not in kept
    assert made["owner"]["password"] not in kept


def test_keys_are_made_and_revoked(database: str) -> None:
    make_workspace(database)
    secret = run_json(database, "key", "create", "--kind", "sk", "--label", "CI")
    public = run_json(database, "key", "create", "--kind", "pk")
    assert (secret["key"][:3], public["key"][:3]) == ("sk_", "pk_")
    assert run_json(database, "key", "revoke", secret["id"]) == {"id": secret["id"], "revoked": True}
    again = run(database, "key", "revoke", secret["id"])
    assert again.exit_code == 1
    assert secret["id"] in again.output
    assert run(database, "key", "create", "--kind", "xx").exit_code == 1
    actions = [action for (action,) in rows(database, "SELECT action FROM audit ORDER BY id")]
    assert actions[-3:] == ["key.created", "key.created", "key.revoked"]


def test_events_go_in_and_out_and_in_again_with_the_names_of_the_wire(database: str, tmp_path: Path) -> None:
    make_workspace(database)
    history = tmp_path / "history.jsonl"
    write_history(history, 120)
    with history.open("a") as file:
        file.write('{"type":"nonsense","userId":"u"}\n')
    first = run_json(database, "import", "events", str(history))
    assert (first["received"], first["stored"], first["refused"]) == (121, 120, 1)
    refused = Path(first["refused_file"]).read_text().splitlines()
    assert refused[0] == "line,reason,detail"
    assert refused[1].startswith("121,type,")
    assert run_json(database, "import", "events", str(history))["duplicate"] == 120

    events = exported(database, "events")
    assert len(events) == 120
    wanted = {"messageId", "type", "event", "timestamp", "receivedAt", "userId", "groupId", "context", "verified"}
    assert wanted <= events[0].keys()
    back = tmp_path / "back.jsonl"
    back.write_text("".join(json.dumps(event) + "\n" for event in events))
    again = run_json(database, "import", "events", str(back))
    assert (again["stored"], again["duplicate"], again["refused"]) == (0, 120, 0)

    before = exported(database, "usage")
    assert run_json(database, "rebuild")["events"] == 120
    assert exported(database, "usage") == before
    assert exported(database, "scores") == []
    assert run(database, "export", "secrets").exit_code == 1


def test_accounts_come_from_a_csv_file_with_a_mapping_after_a_dry_run(database: str, tmp_path: Path) -> None:
    make_workspace(database)
    file = tmp_path / "accounts.csv"
    file.write_text(
        "\ufeffcustomer,firm,plan,renews at,seats,colour\na1,Äcme,pro,2027-01-31,20,red\na2,Bolt,basic,soon,7,\n,Nobody,,,,\n",
        encoding="utf-8",
    )
    words = [
        str(file),
        "--map",
        "account_id=customer",
        "--map",
        "name=firm",
        "--map",
        "plan=plan",
        "--map",
        "renewal_on=renews at",
    ]
    dry = run(database, "import", "accounts", *words, "--dry-run", "--json")
    assert dry.exit_code == 1, "some rows are refused"
    told = json.loads(dry.stdout)
    assert (told["created"], told["dry_run"], [row["line"] for row in told["refused"]]) == (1, True, [3, 4])
    assert told["ignored_columns"] == ["seats", "colour"]
    assert rows(database, "SELECT count(*) FROM accounts") == [(0,)]
    run(database, "import", "accounts", *words)
    assert rows(database, "SELECT key, name, plan FROM accounts") == [("a1", "Äcme", "pro")]
    again = json.loads(run(database, "import", "accounts", *words, "--json").stdout)
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("pair", "named"), [("nonsense", "nonsense"), ("account_id=nothing", "customer"), ("colour=customer", "colour")]
)
def test_a_mapping_that_leads_nowhere_is_named(sqlite_database: str, tmp_path: Path, pair: str, named: str) -> None:
    make_workspace(sqlite_database)
    file = tmp_path / "accounts.csv"
    file.write_text("customer\na1\n")
    words = ["--map", "account_id=customer"] if pair.startswith("colour") else []
    done = run(sqlite_database, "import", "accounts", str(file), *words, "--map", pair)
    assert done.exit_code == 1
    assert named in done.output


def test_an_import_killed_in_the_middle_goes_on_and_counts_each_event_once(database: str, tmp_path: Path) -> None:
    make_workspace(database)
    history = tmp_path / "history.jsonl"
    write_history(history, 30_000)
    command = [sys.executable, "-m", "milepost.cli.main", "import", "events", str(history), "--database", database, "--json"]
    child = subprocess.Popen(command, env=command_environment(tmp_path), cwd=tmp_path, stdout=subprocess.DEVNULL)
    ends = time.monotonic() + 120
    while child.poll() is None and time.monotonic() < ends:
        if rows(database, "SELECT count(*) FROM events")[0][0] > 2_000:
            child.kill()
            break
        time.sleep(0.02)
    child.wait()
    n_before = rows(database, "SELECT count(*) FROM events")[0][0]
    assert n_before > 0
    done = run_json(database, "import", "events", str(history))
    assert n_before + done["stored"] == 30_000
    assert rows(database, "SELECT count(*), count(DISTINCT message_id) FROM events") == [(30_000, 30_000)]
    books = rows(database, "SELECT sum(received), sum(stored), sum(duplicate), sum(refused), sum(overflow) FROM ledger")[0]
    assert int(books[0]) == sum(int(n) for n in books[1:])
    assert int(books[1]) == 30_000
