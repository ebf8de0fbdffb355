"""Reads a CSV of contacts: heads in English or Chinese, as the console exports them or as the API names the fields."""

import csv
import io
from dataclasses import dataclass

from pydantic import ValidationError

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
    """None when a head for the account's id or the name is missing. Empty cells say nothing."""
    plain = text.removeprefix("\ufeff").lstrip("\r\n")
    head = plain.partition("\n")[0]
    reader = csv.reader(io.StringIO(plain), delimiter=";" if head.count(";") > head.count(",") else ",")
    columns = [_field(name) for name in next(reader, [])]
    if not {"account_id", "name"} <= set(columns):
        return None
    contacts: list[AccountContactIn] = []
    refused: list[tuple[int, str]] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(contacts) + len(refused) >= MAX_ROWS:
            refused.append((reader.line_num, ""))
            break
        found = _read_row(dict(zip(columns, cells, strict=False)))
        if isinstance(found, str):
            refused.append((reader.line_num, found))
        else:
            contacts.append(found)
    return ContactFile(contacts, refused)


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
