"""Texts of the programme as HTML, DOCX, PPTX and PDF."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from pptx import Presentation

from stopintimidatie.programme.documents import docx_of
from stopintimidatie.programme.rules import (
    Filled,
    Text,
    blank,
    chart,
    chart_of,
    fill_in,
    html_of,
    known,
    nodes_of,
    slides_html,
    table,
)
from stopintimidatie.programme.services import README, zip_of
from stopintimidatie.programme.slides import pptx_of

VALUES = {"product": "1.0.0", "owner": "Landelijk meldpunt"}
TEXT = Text("voorstel", "Voorstel", "0.9", date(2026, 12, 2), ("college",), "brief", "", {}, "")
SLIDES = """
# Waarom

Onder de titel

> Dit zegt de spreker.

# Cijfers

{{ chart }}

# Tabel

{{ table }}

# Stappen

- Eerst **dit**
- Dan [[wat u kiest]]
"""


def filled(body: str, **values: object) -> Filled:
    return fill_in(replace(TEXT, body=body), VALUES | values)


def deck() -> Filled:
    shown = chart("Meldingen", [("2025-1", 20), ("2025-2", None)], over_time=True)
    return filled(SLIDES, chart=shown, table=table(("Plek", "Meldingen"), [("straat", 20)], 1))


def test_a_value_is_never_read_as_markup() -> None:
    page = html_of(filled("Voor {{ town }}.", town="<b>*A*</b> | [x](javascript:1)"))

    assert "<b>" not in page
    assert "<em>" not in page
    assert "<a" not in page


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1))
def test_a_cell_says_what_it_was_given(words: str) -> None:
    (drawn,) = nodes_of(table(("Kop",), [(words,)]))
    cell = "".join(node.content for node in drawn.walk() if node.type in ("text", "text_special"))
    assert cell.removeprefix("Kop").split() == words.split()


def test_a_text_that_asks_for_an_unknown_value_is_refused() -> None:
    with pytest.raises(UndefinedError):
        filled("Voor {{ towns }}.")


def test_a_value_that_is_not_known_is_a_blank_to_fill_in() -> None:
    text = filled("Wie: {{ fg }}.", fg=known("", "naam van de FG"))

    assert text.blanks == ["naam van de FG"]
    assert "<mark>naam van de FG</mark>" in html_of(text)
    assert html_of(filled("{{ fg }}", fg=known("Jo", "naam"))) == "<p>Jo</p>\n"
    assert blank("x") == "[[x]]"


def test_each_text_tells_its_version_its_owner_and_whether_somebody_checked_it() -> None:
    words = "Versie 0.9 van 2 december 2026 · Stopintimidatie 1.0.0 · Landelijk meldpunt"
    assert filled("").edition == f"{words} · concept"
    checked = fill_in(replace(TEXT, checked="VNG op 3 december 2026"), VALUES)
    assert checked.edition == f"{words} · model, nagekeken door VNG op 3 december 2026"


def test_a_chart_stands_with_its_table_in_a_text_and_alone_on_a_slide() -> None:
    assert "<table>" in html_of(filled("{{ chart }}", chart=chart("Plek", [("straat", 20)])))
    assert slides_html(deck()).count("<table>") == 1
    drawn = chart_of("grafiek Soort plek", "straat\t20\nbus\t")
    assert drawn.summary == "Soort plek: straat 20, bus <5."
    assert list(drawn.rows) == [("straat", "20"), ("bus", "minder dan 5")]


def test_a_document_has_headings_lists_tables_and_yellow_blanks() -> None:
    text = filled("## Kop\n\n- punt\n\n{{ table }}\n\nWie: [[naam]]", table=table(("A",), [("b",)]))
    document = Document(BytesIO(docx_of(text, "Meldpunt")))

    styles = [(row.style.name, row.text) for row in document.paragraphs if row.text]
    assert styles[:3] == [("Title", "Voorstel"), ("Heading 1", "Kop"), ("List Bullet", "punt")]
    assert [cell.text for row in document.tables[0].rows for cell in row.cells] == ["A", "b"]
    runs = [run for row in document.paragraphs for run in row.runs]
    assert [run.text for run in runs if run.font.highlight_color] == ["naam"]
    assert document.sections[0].footer.paragraphs[0].text == text.edition
    assert document.core_properties.language == "nl-NL"


def test_slides_stand_in_placeholders_with_alternative_text_and_notes() -> None:
    slides = list(Presentation(BytesIO(pptx_of(deck(), "Meldpunt"))).slides)

    assert [slide.shapes.title.text for slide in slides] == [
        "Waarom",
        "Cijfers",
        "Tabel",
        "Stappen",
    ]
    assert slides[0].notes_slide.notes_text_frame.text == "Dit zegt de spreker."
    assert all(shape.is_placeholder for slide in slides for shape in slide.shapes)
    drawn = slides[1].placeholders[1]
    assert drawn.has_chart
    assert drawn._element.nvGraphicFramePr.cNvPr.get("descr") == "Meldingen: 2025-1 20, 2025-2 <5."
    assert slides[2].placeholders[1].table.cell(1, 1).text == "20"
    lines = [row.text for row in slides[3].placeholders[1].text_frame.paragraphs]
    assert lines == ["Eerst dit", "Dan [wat u kiest]"]
    for slide in slides:
        lines = [place.text_frame.text for place in slide.placeholders if place.has_text_frame]
        assert any(line.endswith("concept") for line in lines)
    # What is read aloud first is the title.
    assert all(next(iter(slide.shapes)).name.startswith("Title") for slide in slides)


def test_a_zip_says_which_edition_each_of_its_texts_is() -> None:
    text = filled("Tekst")
    with ZipFile(BytesIO(zip_of({"voorstel.docx": b"x"}, [text, text]))) as archive:
        assert archive.namelist() == ["voorstel.docx", README]
        assert archive.read(README).decode() == f"Voorstel: {text.edition}"
