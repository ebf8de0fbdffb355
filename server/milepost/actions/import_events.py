"""Takes history from a file through the intake writer: resumable, idempotent, refused rows kept aside."""

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections import deque
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
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"


@dataclass
class Tally:
    """How far an import is; `offset` counts lines that are safely in."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    refused: int = 0
    offset: int = 0
    resumed_at: int = 0
    n_pieces: int = 0
    refusals: list[tuple[int, str, str]] = field(default_factory=list)  # (line, reason, detail), taken away as written


def import_events(
    runtime: Runtime,
    tenant: Tenant,
    path: Path,
    mapping: dict[str, str] | None,
    progress: Callable[[Tally, int], None],
) -> Tally:
    """Reads Segment-format JSON lines (plain or gzip) or, with a mapping, CSV. Raises Invalid for an unreadable file.

    `progress(tally, bytes read so far)` is called after every committed piece, and before its place in the file is
    noted: what it does with refused lines is never lost. An import that was cut off goes on where it was, when file and
    mapping are the same: events before that line are known to be committed, and repeats count once anyway. An event
    without a messageId gets one made from its line, so that it counts once, too.
    """
    _check_mapping(mapping or {})
    if runtime.intake is None:
        raise Unavailable("This process takes no events.")
    digest = _digest(path, mapping)
    _prove_gzip(path)
    with db.writing(runtime.engine) as connection:
        import_id, offset, finished = import_store.start_import(connection, tenant.id, digest, path.name, runtime.clock())
    tally = Tally(offset=0 if finished else offset, resumed_at=0 if finished else offset)
    moment = Moment(runtime.clock(), None, tenant.retention_days, history=True)
    broken: Invalid | None = None
    with path.open("rb") as raw:
        lines = ((n, line) for n, line in _lines(raw, path, mapping) if n > tally.offset)
        pending: deque[tuple[int, Future[Receipt]]] = deque()
        try:
            for piece in _pieces(lines):
                pending.append((piece[-1][0], runtime.intake.submit(_read_piece(piece, tenant, moment, tally))))
                while len(pending) >= in_flight(runtime.settings.queue_limit):
                    _settle(pending.popleft(), tally)
                    progress(tally, raw.tell())
                    _note(runtime, tenant, import_id, tally)
        except Invalid as problem:
            broken = problem  # said when what came before it is in
        while pending:
            _settle(pending.popleft(), tally)
        progress(tally, raw.tell())
    if broken is not None:
        raise broken
    with db.writing(runtime.engine) as connection:
        import_store.finish_import(connection, tenant.id, import_id, runtime.clock())
    return tally


def in_flight(queue_limit: int) -> int:
    """How many pieces may wait for the writer at once."""
    return max(1, min(IN_FLIGHT, queue_limit // BATCH))


def _check_mapping(mapping: dict[str, str]) -> None:
    """A field is a value or has parts, not both."""
    with_parts = {name.partition(".")[0] for name in mapping if "." in name} | ({"context"} if "groupId" in mapping else set())
    for name in with_parts & set(mapping):
        part = next((n for n in mapping if n.startswith(f"{name}.")), "groupId")
        raise Invalid(f"The mapping gives {name!r} a column of its own and fills a part of it ({part}); leave one of them out.")


def _pieces(lines: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Of BATCH lines each; when a line can't be read, what came before it, and then its error."""
    while True:
        piece: list[tuple[int, bytes]] = []
        try:
            piece.extend(islice(lines, BATCH))
        except Invalid:
            if piece:
                yield piece
            raise
        if not piece:
            return
        yield piece


def _read_piece(piece: list[tuple[int, bytes]], tenant: Tenant, moment: Moment, tally: Tally) -> Batch:
    batch = Batch(tenant.id, "import-file", moment.received_at, True, [], [])
    for number, line in piece:
        found = read_event(line, None, moment, nameless=f"line-{hashlib.blake2b(line, digest_size=16).hexdigest()}")
        if isinstance(found, Refused):
            tally.refusals.append((number, found.reason, found.detail))
            batch.refused.append(found)
        else:
            found.verified = True
            batch.readings.append(found)
    return batch


def _settle(item: tuple[int, Future[Receipt]], tally: Tally) -> None:
    last_line, future = item
    receipt = future.result()
    tally.received += receipt.received
    tally.stored += receipt.stored
    tally.duplicate += receipt.duplicate
    tally.refused += len(receipt.refused)
    tally.offset = last_line
    tally.n_pieces += 1


def _note(runtime: Runtime, tenant: Tenant, import_id: int, tally: Tally) -> None:
    if tally.n_pieces % 20 == 0:
        with db.writing(runtime.engine) as connection:
            import_store.save_offset(connection, tenant.id, import_id, tally.offset)


def _digest(path: Path, mapping: dict[str, str] | None) -> str:
    """The same file read in another way is another import."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as problem:
        raise Invalid(f"{path} can't be read: {problem.strerror}.") from problem
    if mapping is not None:
        digest.update(json.dumps(mapping, sort_keys=True).encode())
    return digest.hexdigest()


def _prove_gzip(path: Path) -> None:
    """Reads a gzip file to its checksum before a single event is taken: damage can look like events until then."""
    with path.open("rb") as raw:
        if raw.read(2) != GZIP:
            return
        raw.seek(0)
        try:
            with gzip.open(raw) as plain:
                while plain.read(1024 * 1024):
                    pass
        except (gzip.BadGzipFile, zlib.error, EOFError) as problem:
            raise Invalid(f"{path.name} is damaged: {problem}. Nothing was taken from it.") from problem


def _lines(raw: IO[bytes], path: Path, mapping: dict[str, str] | None) -> Iterator[tuple[int, bytes]]:
    """(number of the line in the file, the event on it as JSON)."""
    head = raw.read(2)
    raw.seek(0)
    plain: IO[bytes] = gzip.open(raw) if head == GZIP else raw  # type: ignore[assignment]  # noqa: SIM115
    try:
        yield from _json_lines(plain) if mapping is None else _rows(plain, mapping)
    except csv.Error as problem:
        raise Invalid(
            f"{path.name} can't be read on: {problem}. What came before is in; repair the file and run again."
        ) from problem


def _json_lines(plain: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(plain, 1):
        text = line.removeprefix(BOM).strip() if number == 1 else line.strip()
        if text:
            yield number, text


def _rows(plain: IO[bytes], mapping: dict[str, str]) -> Iterator[tuple[int, bytes]]:
    # Bytes that are no UTF-8 are kept as surrogates: a strict reader gives up a whole buffer of good rows before them.
    text = io.TextIOWrapper(plain, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        reader = csv.DictReader(text)
        missing = [column for column in mapping.values() if column not in (reader.fieldnames or [])]
        if missing:
            shown = ", ".join(reader.fieldnames or []).encode(errors="replace").decode()
            raise Invalid(f"The file has no column {missing[0]!r}; its columns are: {shown}.")
        for row in reader:
            yield reader.line_num, json.dumps(event_of_row(row, mapping), ensure_ascii=False).encode()
    except UnicodeEncodeError as problem:
        raise csv.Error(f"line {reader.line_num} is not UTF-8 text") from problem
    finally:
        text.detach()  # else the file is closed with it, and nobody can ask how far it was read


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
        whole = json.dumps({str(column): value for column, value in row.items()}, sort_keys=True)
        event["messageId"] = "csv-" + hashlib.sha256(whole.encode()).hexdigest()[:32]
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
