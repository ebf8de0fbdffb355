"""Reads a CSV of contacts: heads in English or Chinese, as the console exports them or as the API names the fields."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from milepost.errors import Invalid
from milepost.wire.codecs.csv_text import even_lines
from milepost.wire.contact import AccountContactIn

MAX_ROWS = 20_000
HEADS = {
    "account_id": ("account id", "客户编号"),
    "external_id": ("external id", "外部编号"),
    "name": ("contact", "联系人"),
    "role": ("职务",),
    "email": ("e-mail", "邮箱"),
    "phone": ("phone number", "电话"),
    "im_id": ("im id", "im", "即时通讯 id"),
    "sponsor": ("决策人",),
    "champion": ("内部支持者",),
    "left_on": ("left on", "离职日期"),
}
YES = frozenset({"1", "yes", "true", "x", "y", "是"})
NO = frozenset({"0", "no", "false", "n", "否"})


@dataclass(frozen=True)
class ContactFile:
    """What the file holds: rows that can be taken, and (line, field) of those that can't; "" stands for the whole row."""

    contacts: list[AccountContactIn]
    refused: list[tuple[int, str]]


def read_contact_file(text: str) -> ContactFile | None:
    """None when a head for the account's id or the name is missing. Empty cells say nothing.

    Raises Invalid, with the line, for text that no table can be read from.
    """
    plain = even_lines(text.removeprefix("\ufeff")).lstrip("\n")
    head = plain.partition("\n")[0]
    rows = _read_rows(plain, ";" if head.count(";") > head.count(",") else ",")
    columns = [_field(name) for name in next(rows, (0, []))[1]]
    if not {"account_id", "name"} <= set(columns):
        return None
    contacts: list[AccountContactIn] = []
    refused: list[tuple[int, str]] = []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(contacts) + len(refused) >= MAX_ROWS:
            refused.append((line, ""))
            break
        found = _read_row(dict(zip(columns, cells, strict=False)))
        if isinstance(found, str):
            refused.append((line, found))
        else:
            contacts.append(found)
    return ContactFile(contacts, refused)


def _read_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells)."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as problem:
        raise Invalid(f"Line {reader.line_num} can't be read: a cell is too long, or its quote is never closed.") from problem


def _field(head: str) -> str:
    wanted = head.strip().casefold()
    return next((name for name, others in HEADS.items() if wanted == name or wanted in others), "")


def _read_row(cells: dict[str, str]) -> AccountContactIn | str:
    raw: dict[str, object] = {}
    for name, cell in cells.items():
        text = cell.strip().removeprefix("'") if cell.strip()[:2] in {"'=", "'+", "'-", "'@"} else cell.strip()
        if not name or not text:
            continue
        if name in {"sponsor", "champion"}:
            if text.casefold() not in YES | NO:
                return name
            raw[name] = text.casefold() in YES
        else:
            raw[name] = text
    try:
        return AccountContactIn.model_validate(raw)
    except ValidationError as problem:
        return str(problem.errors()[0]["loc"][0])
