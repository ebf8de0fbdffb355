"""Accounts and their trusted traits from a CSV file, with a dry run."""

import csv
import io
from dataclasses import dataclass, field

from sqlalchemy import Connection

from milepost.actions.intake_people import save_account_traits
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid
from milepost.rules.traits import trusted_value
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import people as people_store
from milepost.store import rollups
from milepost.store.people import TRUSTED_TRAITS

SLICE = 200
KEY = "account_id"
COLUMNS = (KEY, *TRUSTED_TRAITS, "parent_id")
MAX_ROWS = 100_000


@dataclass
class AccountImport:
    """What a file does, or would do."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)  # (line, sentence)
    ignored_columns: list[str] = field(default_factory=list)
    dry_run: bool = False


def import_accounts(
    runtime: Runtime, tenant: Tenant, text: str, mapping: dict[str, str] | None = None, *, dry_run: bool = False
) -> AccountImport:
    """Reads CSV whose columns are `account_id` and trusted traits, or those a mapping {field: column} names.

    Empty cells change nothing. A row with a bad value is refused whole, with its line. Raises Invalid when the file
    has no account column.
    """
    rows, result = _read(text, mapping)
    result.dry_run = dry_run
    for start in range(0, len(rows), SLICE):
        piece = rows[start : start + SLICE]
        if dry_run:
            with db.reading(runtime.engine) as connection:
                _compare(connection, tenant, piece, result)
        else:
            with db.writing(runtime.engine) as connection:
                _compare(connection, tenant, piece, result)
                _write(runtime, connection, tenant, piece)
    return result


def _read(text: str, mapping: dict[str, str] | None) -> tuple[list[tuple[str, dict[str, str]]], AccountImport]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    columns = list(reader.fieldnames or [])
    chosen = mapping or {name: name for name in COLUMNS if name in columns}
    if KEY not in chosen or chosen[KEY] not in columns:
        raise Invalid(f"The file needs a column {KEY}, or a mapping that names it; its columns are: {', '.join(columns)}.")
    for name, column in chosen.items():
        if name not in COLUMNS:
            raise Invalid(f"{name!r} is not a field of accounts; fields are: {', '.join(COLUMNS)}.")
        if column not in columns:
            raise Invalid(f"The file has no column {column!r}; its columns are: {', '.join(columns)}.")
    result = AccountImport(ignored_columns=[c for c in columns if c not in chosen.values()])
    rows: list[tuple[str, dict[str, str]]] = []
    for row in reader:
        if len(rows) >= MAX_ROWS:
            raise Invalid(f"The file has more than {MAX_ROWS} rows; split it.")
        key = (row.get(chosen[KEY]) or "").strip()
        traits = {n: (row.get(c) or "").strip() for n, c in chosen.items() if n != KEY and (row.get(c) or "").strip()}
        problem = _find_problem(key, traits)
        if problem:
            result.refused.append((reader.line_num, problem))
        else:
            rows.append((key, traits))
    return rows, result


def _find_problem(key: str, traits: dict[str, str]) -> str | None:
    if not key or len(key) > 500 or "\x00" in key:
        return f"{KEY} is empty or too long"
    for name, value in traits.items():
        if name == "parent_id":
            continue
        try:
            trusted_value(name, value)
        except (ValueError, TypeError) as problem:
            return f"{problem} (it is {value[:60]!r})"
    return None


def _compare(connection: Connection, tenant: Tenant, piece: list[tuple[str, dict[str, str]]], result: AccountImport) -> None:
    ids = people_store.load_account_ids(connection, tenant.id, {key for key, _ in piece})
    seen: set[str] = set()
    for key, traits in piece:
        if key not in ids and key not in seen:
            result.created += 1
        elif key in ids and not _differs(connection, tenant, ids[key], traits):
            result.unchanged += 1
        else:
            result.changed += 1
        seen.add(key)


def _differs(connection: Connection, tenant: Tenant, account_id: int, traits: dict[str, str]) -> bool:
    held = people_store.read_account(connection, tenant.id, account_id)
    return any(name == "parent_id" or held[name] != trusted_value(name, value) for name, value in traits.items())


def _write(runtime: Runtime, connection: Connection, tenant: Tenant, piece: list[tuple[str, dict[str, str]]]) -> None:
    now = runtime.clock()
    people_store.add_accounts(connection, tenant.id, {key for key, _ in piece}, now)
    ids = people_store.load_account_ids(connection, tenant.id, {key for key, _ in piece})
    for key, traits in piece:
        save_account_traits(connection, tenant, ids[key], dict(traits), trusted=True, source="csv", at=now)
    rollups.mark_dirty(connection, tenant.id, set(ids.values()), now)
    environment_store.raise_generation(connection, tenant.id)
