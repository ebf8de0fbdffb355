"""What a spreadsheet would run is text in every export."""

import csv
import io

import pytest

from milepost.wire.codecs.csv_text import write_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "|cmd", "\t=1", "\r=1", "＝1"])
def test_a_cell_or_head_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    table = list(csv.reader(io.StringIO(write_csv([text, "n"], [[text, -1]]).removeprefix("\ufeff"), newline="")))
    assert table == [["'" + text, "n"], ["'" + text, "-1"]]


def test_a_bar_inside_a_text_is_left_alone() -> None:
    assert "a|b" in write_csv(["name"], [["a|b"]])
    assert "'a|b" not in write_csv(["name"], [["a|b"]])
