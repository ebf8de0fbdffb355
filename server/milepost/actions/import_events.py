"""Takes history from a file through the intake writer: resumable, idempotent, refused rows kept aside."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from milepost.actions.intake_group import Batch, Receipt
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, Unavailable
from milepost.rules.reading import Moment, read_event
from milepost.store import engine as db
from milepost.store import imports as import_store
from milepost.wire.event import Refused

BATCH = 1_000
IN_FLIGHT = 4


@dataclass
class Tally:
    """How far an import is; `offset` counts lines that are safely in."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    refused: int = 0
    offset: int = 0
    resumed_at: int = 0
    refusals: list[tuple[int, str, str]] = field(default_factory=list)  # (line, reason, detail), taken away as written


def import_events(
    runtime: Runtime,
    tenant: Tenant,
    path: Path,
    mapping: dict[str, str] | None,
    progress: Callable[[Tally, int], None],
) -> Tally:
    """Reads Segment-format JSON lines (plain or gzip) or, with a mapping, CSV. Raises Invalid for an unreadable file.

    `progress(tally, bytes read so far)` is called after every committed piece. An import that was cut off goes on
    where it was: events before that line are known to be committed, and repeats would count once anyway.
    """
    if runtime.intake is None:
        raise Unavailable("This process takes no events.")
    digest = _digest(path)
    with db.writing(runtime.engine) as connection:
        import_id, offset, finished = import_store.start_import(connection, tenant.id, digest, path.name, runtime.clock())
    tally = Tally(offset=0 if finished else offset, resumed_at=0 if finished else offset)
    moment = Moment(runtime.clock(), None, tenant.retention_days, history=True)
    with path.open("rb") as raw:
        lines = enumerate(_lines(raw, path, mapping), 1)
        for _ in islice(lines, tally.offset):
            pass
        pending: list[tuple[int, Future[Receipt]]] = []
        while piece := list(islice(lines, BATCH)):
            pending.append((piece[-1][0], runtime.intake.submit(_read_piece(piece, tenant, moment, tally))))
            if len(pending) >= IN_FLIGHT:
                _settle(runtime, tenant, import_id, pending.pop(0), tally)
                progress(tally, raw.tell())
        for item in pending:
            _settle(runtime, tenant, import_id, item, tally)
        progress(tally, raw.tell())
    with db.writing(runtime.engine) as connection:
        import_store.finish_import(connection, tenant.id, import_id, runtime.clock())
    return tally


def _read_piece(piece: list[tuple[int, bytes]], tenant: Tenant, moment: Moment, tally: Tally) -> Batch:
    batch = Batch(tenant.id, "import-file", moment.received_at, True, [], [])
    for number, line in piece:
        found = read_event(line, None, moment)
        if isinstance(found, Refused):
            tally.refusals.append((number, found.reason, found.detail))
            batch.refused.append(found)
        else:
            found.verified = True
            batch.readings.append(found)
    return batch


def _settle(runtime: Runtime, tenant: Tenant, import_id: int, item: tuple[int, Future[Receipt]], tally: Tally) -> None:
    last_line, future = item
    receipt = future.result()
    tally.received += receipt.received
    tally.stored += receipt.stored
    tally.duplicate += receipt.duplicate
    tally.refused += len(receipt.refused)
    tally.offset = last_line
    if tally.offset % (BATCH * 20) < BATCH:
        with db.writing(runtime.engine) as connection:
            import_store.save_offset(connection, tenant.id, import_id, tally.offset)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise Invalid(f"{path} can't be read: {problem.strerror}.") from problem


def _lines(raw: IO[bytes], path: Path, mapping: dict[str, str] | None) -> Iterator[bytes]:
    head = raw.read(2)
    raw.seek(0)
    plain: IO[bytes] = gzip.open(raw) if head == b"\x1f\x8b" else raw  # type: ignore[assignment]  # noqa: SIM115
    if mapping is None:
        try:
            for line in plain:
                if line.strip():
                    yield line.strip()
        except (gzip.BadGzipFile, EOFError) as problem:
            raise Invalid(
                f"{path.name} is damaged: {problem}. What came before is in; repair the file and run again."
            ) from problem
    else:
        yield from _rows(plain, mapping)


def _rows(plain: IO[bytes], mapping: dict[str, str]) -> Iterator[bytes]:
    reader = csv.DictReader(io.TextIOWrapper(plain, "utf-8-sig", newline=""))
    missing = [column for column in mapping.values() if column not in (reader.fieldnames or [])]
    if missing:
        raise Invalid(f"The file has no column {missing[0]!r}; its columns are: {', '.join(reader.fieldnames or [])}.")
    for row in reader:
        yield json.dumps(event_of_row(row, mapping), ensure_ascii=False).encode()


def event_of_row(row: dict[str, Any], mapping: dict[str, str]) -> dict[str, Any]:
    """An event from one CSV row; `mapping` is {field: column}, fields `userId, event, timestamp, properties.x, …`."""
    event: dict[str, Any] = {"type": "track"}
    for name, column in mapping.items():
        value = row.get(column)
        if value in (None, ""):
            continue
        if name == "groupId":
            event.setdefault("context", {})["groupId"] = value
            event["groupId"] = value
        elif "." in name:
            first, _, rest = name.partition(".")
            event.setdefault(first, {})[rest] = _number(value) if first == "properties" else value
        else:
            event[name] = value
    if "messageId" not in event:
        event["messageId"] = "csv-" + hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:32]
    return event


def _number(value: Any) -> Any:
    try:
        return int(value)
    except ValueError:
        try:
            number = float(value)
        except ValueError:
            return value
        return number if number == number and abs(number) != float("inf") else value
