"""`milepost import events`: each event once however often the file comes, in whatever dress; refused lines with reasons."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from milepost.actions.follow import FOLLOWERS
from milepost.actions.import_events import Tally, import_events, in_flight
from milepost.actions.intake import Intake
from milepost.actions.runtime import Runtime
from milepost.errors import Invalid
from milepost.store import engine as db
from milepost.store import imports as import_store
from milepost.store import ledger
from tests.factories import DAY_MS, Sandbox


def take(box: Sandbox, path: Path, mapping: dict[str, str] | None = None) -> Tally:
    """The import with all refusals kept in the tally."""
    kept: list[tuple[int, str, str]] = []

    def progress(tally: Tally, _bytes: int) -> None:
        kept.extend(tally.refusals)
        tally.refusals.clear()

    tally = import_events(box.runtime, box.tenant, path, mapping, progress)
    tally.refusals = kept
    return tally


def history(box: Sandbox, n: int) -> list[dict[str, Any]]:
    return [box.event(at=box.clock() - (i % 300) * DAY_MS, user=f"u{i % 7}", account=f"a{i % 3}") for i in range(n)]


def write_lines(path: Path, events: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def n_stored(box: Sandbox) -> int:
    return int(box.rows("SELECT count(*) FROM events WHERE environment_id = :e")[0][0])


@pytest.mark.parametrize("name", ["history.jsonl", "history.jsonl.gz", "no-suffix"])
def test_a_file_is_taken_once_however_often_and_whatever_its_dress(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    events = history(sandbox, 1_100)
    path = write_lines(tmp_path / name, events)
    first, again = take(sandbox, path), take(sandbox, path)
    assert (first.received, first.stored, first.duplicate, first.refused) == (1_100, 1_100, 0, 0)
    assert (again.received, again.stored, again.duplicate) == (1_100, 0, 1_100)
    zipped = write_lines(tmp_path / "other.gz", list(reversed(events)))
    assert take(sandbox, zipped).stored == 0
    assert n_stored(sandbox) == 1_100
    assert sandbox.rows("SELECT DISTINCT verified FROM events WHERE environment_id = :e") == [(1,)]


def test_an_event_without_an_id_is_told_by_its_line(sandbox: Sandbox, tmp_path: Path) -> None:
    events = history(sandbox, 20)
    for event in events:
        del event["messageId"]
    path = write_lines(tmp_path / "a.jsonl", events)
    assert [take(sandbox, path).stored for _ in range(2)] == [20, 0]


def test_refused_lines_are_named_by_their_number_in_the_file_and_the_others_go_in(sandbox: Sandbox, tmp_path: Path) -> None:
    good = json.dumps(sandbox.event())
    lines = ["\ufeff" + good, "", "   ", "{broken", json.dumps(sandbox.event(event="")), "[]", json.dumps(sandbox.event())]
    path = tmp_path / "mixed.jsonl"
    path.write_text("\r\n".join(lines), encoding="utf-8")
    tally = take(sandbox, path)
    assert (tally.received, tally.stored, tally.refused) == (5, 2, 3)
    assert [(line, reason) for line, reason, _ in tally.refusals] == [(4, "json"), (5, "name"), (6, "json")]
    assert all(detail.endswith(".") for _, _, detail in tally.refusals)
    with db.reading(sandbox.runtime.engine) as connection:
        books = ledger.read_ledger(connection, sandbox.environment_id)
    assert books == {"received": 5, "stored": 2, "duplicate": 0, "refused": 3, "overflow": 0}


def test_csv_with_a_mapping_becomes_events(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(
        "\ufeffwho,what,when,firm,sum,note\n"
        'ann,Invoice Paid,2026-10-01T10:00:00Z,acme,12.5,"two\nlines, 引号 ""x"""\n'
        "bob,Invoice Paid,2026-10-02T10:00:00Z,acme,7,\n"
        ",Invoice Paid,2026-10-02T10:00:00Z,acme,7,\n"
        "cy,Invoice Paid,soon,acme,7,\n",
        encoding="utf-8",
    )
    mapping = {
        "userId": "who", "event": "what", "timestamp": "when", "groupId": "firm",
        "properties.sum": "sum", "properties.note": "note",
    }  # fmt: skip
    tally = take(sandbox, path, mapping)
    assert (tally.received, tally.stored, tally.refused) == (4, 2, 2)
    assert [(line, reason) for line, reason, _ in tally.refusals] == [(5, "identity"), (6, "timestamp")]
    rows = sandbox.rows(
        "SELECT u.key, a.key, e.name, e.body FROM events e JOIN end_users u ON u.id = e.end_user_id "
        "JOIN accounts a ON a.id = e.account_id WHERE e.environment_id = :e ORDER BY e.key"
    )
    assert [row[:3] for row in rows] == [("ann", "acme", "Invoice Paid"), ("bob", "acme", "Invoice Paid")]
    assert json.loads(rows[0][3])["p"] == {"sum": 12.5, "note": 'two\nlines, 引号 "x"'}
    assert take(sandbox, path, mapping).stored == 0


def test_a_column_that_is_not_there_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("who,what\nann,X\n")
    with pytest.raises(Invalid, match="when"):
        take(sandbox, path, {"userId": "who", "event": "what", "timestamp": "when"})


@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_a_damaged_gzip_file_says_so_before_anything_is_taken(sandbox: Sandbox, tmp_path: Path, damage: str) -> None:
    """Bytes that were changed can look like events until the checksum at the end."""
    path = write_lines(tmp_path / "history.jsonl.gz", history(sandbox, 400))
    whole = path.read_bytes()
    middle = len(whole) * 3 // 4
    path.write_bytes(whole[:middle] if damage == "cut" else whole[:middle] + b"\xff" * 40 + whole[middle + 40 :])
    with pytest.raises(Invalid, match="damaged"):
        take(sandbox, path)
    assert n_stored(sandbox) == 0
    path.write_bytes(whole)
    take(sandbox, path)
    assert n_stored(sandbox) == 400


def test_an_import_that_was_cut_off_goes_on_where_it_was(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milepost.actions.import_events.BATCH", 50)

    class CutOff(Exception):
        pass

    path = write_lines(tmp_path / "history.jsonl", history(sandbox, 1_300))

    def cut(tally: Tally, _bytes: int) -> None:
        if tally.received >= 1_150:
            raise CutOff

    with pytest.raises(CutOff):
        import_events(sandbox.runtime, sandbox.tenant, path, None, cut)
    tally = take(sandbox, path)
    assert (tally.resumed_at, tally.offset, tally.received) == (1_000, 1_300, 300)
    assert n_stored(sandbox) == 1_300
    assert take(sandbox, path).resumed_at == 0, "a finished file is read from its start"


def test_history_older_than_the_raw_events_are_kept_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    old, kept = sandbox.event(at=sandbox.clock() - 401 * DAY_MS), sandbox.event(at=sandbox.clock() - 399 * DAY_MS)
    tally = take(sandbox, write_lines(tmp_path / "old.jsonl", [old, kept]))
    assert (tally.stored, [reason for _, reason, _ in tally.refusals]) == (1, ["clock"])


def test_a_small_queue_slows_the_import_and_does_not_stop_it() -> None:
    assert [in_flight(limit) for limit in (1, 999, 2_000, 20_000)] == [1, 1, 2, 4]


def test_two_files_do_not_share_their_place(sandbox: Sandbox, tmp_path: Path) -> None:
    environment_id = sandbox.environment_id
    with db.writing(sandbox.runtime.engine) as connection:
        one, _, _ = import_store.start_import(connection, environment_id, "hash-1", "a", 1)
        import_store.save_offset(connection, environment_id, one, 500)
        other, offset, _ = import_store.start_import(connection, environment_id, "hash-2", "a", 1)
    assert (one != other, offset) == (True, 0)


def test_an_import_beside_a_running_server_moves_people_for_the_server_too(sandbox: Sandbox, tmp_path: Path) -> None:
    """A command is a process of its own: other connections, another writer, nothing shared but the database."""
    sandbox.send(sandbox.event(user="ann", account="old"), sandbox.event(user="bob", account=None))
    moves = [
        sandbox.event(type="identify", event=None, user="ann", account="new"),
        sandbox.event(type="identify", event=None, user="bob", account="new"),
    ]
    path = write_lines(tmp_path / "moves.jsonl", moves)
    engine = db.open_engine(sandbox.runtime.settings.database)
    own = Runtime(sandbox.runtime.settings, engine, sandbox.runtime.clock)
    command = replace(own, intake=Intake(engine, own.settings, own.clock, own.tenants, FOLLOWERS))
    assert command.intake is not None
    command.intake.start()
    try:
        assert import_events(command, sandbox.tenant, path, None, lambda *_: None).stored == 2
    finally:
        command.intake.stop()
        engine.dispose()
    sandbox.send(sandbox.event("After", user="ann", account=None), sandbox.event("After", user="bob", account=None))
    after = sandbox.rows(
        "SELECT u.key, a.key FROM events e JOIN end_users u ON u.id = e.end_user_id LEFT JOIN accounts a ON a.id = e.account_id "
        "WHERE e.environment_id = :e AND e.name = 'After' ORDER BY u.key"
    )
    assert after == [("ann", "new"), ("bob", "new")]


COLUMNS = {"userId": "who", "event": "what", "timestamp": "when", "messageId": "id"}


def write_rows(path: Path, n: int) -> Path:
    rows = "".join(f"ann,X,2026-10-01T10:00:00Z,m{i},acme,{i}\n" for i in range(n))
    path.write_text(f"who,what,when,id,firm,sum\n{rows}")
    return path


def test_a_csv_that_breaks_half_way_is_in_up_to_there_as_it_says(sandbox: Sandbox, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "history.csv", 1_234)
    whole = path.read_bytes()
    path.write_bytes(
        whole + "é,X,2026-10-01T10:00:00Z,bad,acme,1\n".encode("latin-1") + b"bob,X,2026-10-01T10:00:00Z,last,acme,1\n"
    )
    with pytest.raises(Invalid, match=r"line 1236 is not UTF-8 text. What came before is in"):
        take(sandbox, path, COLUMNS)
    assert n_stored(sandbox) == 1_234
    path.write_bytes(whole)
    again = take(sandbox, path, COLUMNS)
    assert (again.received, again.stored, again.duplicate) == (1_234, 0, 1_234)


def test_a_cut_off_csv_read_with_another_mapping_starts_again(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milepost.actions.import_events.BATCH", 50)

    class CutOff(Exception):
        pass

    def cut(tally: Tally, _bytes: int) -> None:
        if tally.received >= 1_150:
            raise CutOff

    path = write_rows(tmp_path / "history.csv", 1_300)
    with pytest.raises(CutOff):
        import_events(sandbox.runtime, sandbox.tenant, path, COLUMNS, cut)
    other = take(sandbox, path, {"userId": "firm", "event": "what", "timestamp": "when"})
    assert (other.resumed_at, other.received, other.stored) == (0, 1_300, 1_300)
    assert take(sandbox, path, dict(reversed(COLUMNS.items()))).resumed_at == 1_001, "the order of fields is no other mapping"


@pytest.mark.parametrize("extra", [{"properties": "sum", "properties.x": "sum"}, {"context": "sum", "groupId": "firm"}])
def test_a_field_that_is_a_value_and_has_parts_is_named(sandbox: Sandbox, tmp_path: Path, extra: dict[str, str]) -> None:
    path = write_rows(tmp_path / "history.csv", 2)
    with pytest.raises(Invalid, match=f"{next(iter(extra))}.*column of its own"):
        take(sandbox, path, COLUMNS | extra)
