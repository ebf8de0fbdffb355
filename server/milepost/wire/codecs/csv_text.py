"""CSV, out above all: what a spreadsheet would run as a formula becomes text, in cells and in heads.

Source: OWASP, "CSV Injection": a cell that begins with = + - @ | tab or return gets an apostrophe, unless it is a number.
"""

import csv
import io
from collections.abc import Iterable, Sequence

DANGEROUS = ("=", "+", "-", "@", "|", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table with CRLF lines and a byte-order mark, so that spreadsheets read it as UTF-8; None is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([defuse(name) for name in head])
    writer.writerows([defuse(value) for value in row] for row in rows)
    return "\ufeff" + stream.getvalue()


def even_lines(text: str) -> str:
    """The text with \\n at every line's end: what an old Mac's spreadsheet ends with \\r alone, `csv` refuses."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def defuse(value: object) -> str:
    """One cell as harmless text."""
    if value is None:
        return ""
    text = str(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(DANGEROUS) and not is_number else text
