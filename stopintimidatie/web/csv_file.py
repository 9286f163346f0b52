"""A table as a file that a spreadsheet opens: semicolons and a mark for UTF-8, as Dutch ones want.

Text that a spreadsheet would take for a formula is made text (S9): whoever wrote it may be anybody.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from pyramid.response import Response

_FORMULA: Final = frozenset("=+-@|%")


def as_text(value: object) -> str:
    """A cell that no spreadsheet reckons with. Pure."""
    text = "" if value is None else str(value).replace("\x00", "")
    # Blanks, marks that don't show and wide forms before it don't make it harmless.
    shown = unicodedata.normalize("NFKC", text).lstrip().lstrip("\u200b\u200e\u200f\ufeff\u2060")
    risky = shown[:1] in _FORMULA or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if shown and risky else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The whole file."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return "\ufeff".encode() + made.getvalue().encode("utf-8", "replace")


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """:param name: without an ending; letters, digits and dashes."""
    response = Response(csv_bytes(columns, rows), content_type="text/csv", charset="utf-8")
    response.content_disposition = f'attachment; filename="{name}.csv"'
    return response
