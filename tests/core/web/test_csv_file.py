"""A file for spreadsheets: read back as it was, and nothing in it is a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.core.web.responses import as_text, csv_bytes


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+31612345678",
        "-2",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1",
        "  =1+1",
        "\u200b=1",
        "\u00a0=1",
        "\uff1d1+1",
        "\ufeff=cmd|' /C calc'!A0",
        "|calc",
    ],
)
def test_what_a_spreadsheet_would_reckon_with_becomes_text(text: str) -> None:
    assert as_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "U-4F7K-2QXJ", "Politie, team 1", "2026-11-26", "'=1", "a=b"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert as_text(text) == text


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_the_file_reads_back(rows: list[list[str]]) -> None:
    made = csv_bytes(["één", "twee"], rows)
    assert made.startswith(b"\xef\xbb\xbf")
    text = made.decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    whole = [[as_text(cell).encode("utf-8", "replace").decode() for cell in row] for row in rows]
    assert read == [["één", "twee"], *whole]
