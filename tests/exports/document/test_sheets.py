"""Sheets: text, slides and pictures of the programme as PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from pypdf import PdfReader

from stopintimidatie.exports.document.content import SheetContent
from stopintimidatie.exports.document.process import render_in_process
from tests.support.verapdf import validate_pdf

PIXEL = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
FOOT = "<p class='edition'>concept</p>"
TEXT = f"{FOOT}<h1>Voorstel</h1><p>Voor <mark>[naam]</mark>.</p><ul><li>Lezen</li></ul>"
SLIDES = f"{FOOT}<section class='first'><h1>Waarom</h1></section><section><h1>Hoe</h1></section>"
PICTURE = f"<img src='{PIXEL}' alt='Poster'>"


@pytest.mark.parametrize(
    ("style", "body", "pages"), [("text", TEXT, 1), ("slides", SLIDES, 2), ("picture", PICTURE, 1)]
)
def test_a_sheet_is_a_tagged_pdf_for_everybody_that_may_be_kept(
    style: Literal["text", "slides", "picture"], body: str, pages: int, tmp_path: Path
) -> None:
    made = datetime(2026, 12, 2, tzinfo=UTC)
    wide = {"width": 320, "height": 180}
    content = SheetContent("Voorstel", "Meldpunt", "concept", made, "#0b5394", body, style, **wide)
    file = tmp_path / "sheet.pdf"
    file.write_bytes(render_in_process(content))

    assert validate_pdf(file) == []
    reader = PdfReader(file)
    assert len(reader.pages) == pages
    assert [round(float(side) / 72 * 25.4) for side in reader.pages[0].mediabox[2:]] == [320, 180]
    assert all(("concept" in page.extract_text()) is (style != "picture") for page in reader.pages)
