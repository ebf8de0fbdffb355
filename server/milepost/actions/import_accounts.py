"""Accounts and their trusted traits from a CSV file, with a dry run."""

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.intake_people import save_account_traits
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid
from milepost.rules.days import date_of
from milepost.rules.traits import DAYS, trusted_value
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import people as people_store
from milepost.store import rollups
from milepost.store.people import TRUSTED_TRAITS
from milepost.wire.codecs.csv_text import even_lines

SLICE = 200
KEY = "account_id"
COLUMNS = (KEY, *TRUSTED_TRAITS, "parent_id")
SYNONYMS = {
    KEY: ("account", "accountkey", "customerid", "customer", "companyid", "groupid", "id", "key"),
    "name": ("accountname", "companyname", "customername", "company"),
    "plan": ("planname", "subscription", "package"),
    "add_ons": ("addons", "modules", "extras"),
    "tier": ("segment", "class"),
    "arr": ("annualrevenue", "revenue", "acv"),
    "currency": ("currencycode",),
    "employees": ("headcount", "employeecount", "staff"),
    "seats": ("licences", "licenses", "seatcount", "licensedseats"),
    "started_on": ("start", "startdate", "customersince", "since"),
    "renewal_on": ("renewal", "renewaldate", "renewson"),
    "ended_on": ("end", "enddate", "churnedon", "churndate"),
    "owner_email": ("owner", "csm", "csmemail", "accountowner"),
    "parent_id": ("parent", "parentaccount"),
}
MAX_ROWS = 100_000


MAX_SHOWN = 200


@dataclass(frozen=True)
class RowChange:
    """What one row does: `fields` = (trait, value before, value after), as text, only where they differ."""

    line: int
    account: str
    is_new: bool
    fields: list[tuple[str, str | None, str]]


@dataclass
class AccountImport:
    """What a file does, or would do; `rows` shows the first 200 that do anything."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)  # (line, sentence)
    ignored_columns: list[str] = field(default_factory=list)
    dry_run: bool = False
    rows: list[RowChange] = field(default_factory=list)


Row = tuple[int, str, dict[str, str]]  # (line, account, traits)


def read_columns(text: str) -> list[str]:
    """The heads of the file's columns; empty for an empty file. Raises Invalid when they can't be read."""
    reader = _open(text)
    try:
        return list(reader.fieldnames or [])
    except csv.Error as problem:
        raise _unreadable(reader.reader.line_num) from problem


def _unreadable(line: int) -> Invalid:
    return Invalid(f"Line {line} can't be read: a cell is too long, or its quote is never closed.")


def find_delimiter(text: str) -> str:
    """What parts the columns: a semicolon, as spreadsheets of half of Europe write, where the heads have more of them."""
    heads = even_lines(text.removeprefix("\ufeff")).lstrip("\n").partition("\n")[0]
    return ";" if heads.count(";") > heads.count(",") else ","


def _open(text: str) -> "csv.DictReader[str]":
    return csv.DictReader(io.StringIO(even_lines(text.removeprefix("\ufeff"))), delimiter=find_delimiter(text))


def guess_mapping(columns: list[str]) -> dict[str, str]:
    """{field: column} for columns whose head says what they hold, however it is written."""
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in reversed(columns)}
    guessed: dict[str, str] = {}
    for name in COLUMNS:
        for head in (name, *SYNONYMS.get(name, ())):
            column = plain.get(re.sub(r"[^a-z0-9]", "", head))
            if column is not None and column not in guessed.values():
                guessed[name] = column
                break
    return guessed


def import_accounts(
    runtime: Runtime,
    tenant: Tenant,
    text: str,
    mapping: dict[str, str] | None = None,
    *,
    dry_run: bool = False,
    actor_name: str = "operator",
) -> AccountImport:
    """Reads CSV whose columns are `account_id` and trusted traits, or those a mapping {field: column} names.

    Empty cells change nothing. A row with a bad value is refused whole, with its line. Raises Invalid when the file
    has no account column or can't be read.
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
    if not dry_run and (result.created or result.changed):
        _record(runtime, tenant, result, actor_name)
    return result


def _record(runtime: Runtime, tenant: Tenant, result: AccountImport, actor_name: str) -> None:
    with db.writing(runtime.engine) as connection:
        audit.record(
            connection, tenant.workspace_id, now=runtime.clock(), actor=actor_name, action="accounts.imported",
            subject="csv", environment_id=tenant.id, created=result.created, changed=result.changed,
            refused=len(result.refused),
        )  # fmt: skip


def _read(text: str, mapping: dict[str, str] | None) -> tuple[list[Row], AccountImport]:
    reader = _open(text)
    try:
        return _read_rows(reader, mapping)
    except csv.Error as problem:
        raise _unreadable(reader.reader.line_num) from problem


def _read_rows(reader: "csv.DictReader[str]", mapping: dict[str, str] | None) -> tuple[list[Row], AccountImport]:
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
    rows: list[Row] = []
    for row in reader:
        if len(rows) >= MAX_ROWS:
            raise Invalid(f"The file has more than {MAX_ROWS} rows; split it.")
        key = (row.get(chosen[KEY]) or "").strip()
        traits = {n: (row.get(c) or "").strip() for n, c in chosen.items() if n != KEY and (row.get(c) or "").strip()}
        problems = _find_problems(key, traits)
        if problems:
            result.refused.append((reader.line_num, "; ".join(problems)))
        else:
            rows.append((reader.line_num, key, traits))
    return rows, result


def _find_problems(key: str, traits: dict[str, str]) -> list[str]:
    """What is wrong with a row, one sentence for each bad field."""
    found = [f"{KEY} is empty or too long"] if not key or len(key) > 500 or "\x00" in key else []
    return found + [problem for name, value in traits.items() if (problem := _find_problem(key, name, value))]


def _find_problem(key: str, name: str, value: str) -> str | None:
    if name == "parent_id":
        if value == key:
            return "parent_id names the account itself"
        return "parent_id is too long" if len(value) > 500 or "\x00" in value else None
    try:
        trusted_value(name, value)
    except (ValueError, TypeError) as problem:
        return f"{problem} (it is {value[:60]!r})"
    return None


def _compare(connection: Connection, tenant: Tenant, piece: list[Row], result: AccountImport) -> None:
    ids = people_store.load_account_ids(connection, tenant.id, {key for _, key, _ in piece})
    seen: set[str] = set()
    for line, key, traits in piece:
        is_new = key not in ids and key not in seen
        fields = _differences(connection, tenant, ids.get(key), traits)
        if is_new:
            result.created += 1
        elif key in ids and not fields:
            result.unchanged += 1
        else:
            result.changed += 1
        if (is_new or fields) and len(result.rows) < MAX_SHOWN:
            result.rows.append(RowChange(line, key, is_new, fields))
        seen.add(key)


def _differences(
    connection: Connection, tenant: Tenant, account_id: int | None, traits: dict[str, str]
) -> list[tuple[str, str | None, str]]:
    held = people_store.read_account(connection, tenant.id, account_id) if account_id is not None else {}
    found = []
    for name, value in traits.items():
        if name == "parent_id":
            parent = held.get("parent_id")
            before = people_store.read_account(connection, tenant.id, parent)["key"] if parent is not None else None
            if before != value:
                found.append((name, before, value))
        elif held.get(name) != trusted_value(name, value):
            found.append((name, _show(name, held.get(name)), _show(name, trusted_value(name, value)) or ""))
    return found


def _show(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name in DAYS:
        return date_of(value).isoformat()
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:,.0f}" if isinstance(value, float) and value == int(value) else str(value)


def _write(runtime: Runtime, connection: Connection, tenant: Tenant, piece: list[Row]) -> None:
    now = runtime.clock()
    people_store.add_accounts(connection, tenant.id, {key for _, key, _ in piece}, now)
    ids = people_store.load_account_ids(connection, tenant.id, {key for _, key, _ in piece})
    for _, key, traits in piece:
        save_account_traits(connection, tenant, ids[key], dict(traits), trusted=True, source="csv", at=now)
    rollups.mark_dirty(connection, tenant.id, set(ids.values()), now)
    environment_store.raise_generation(connection, tenant.id)
