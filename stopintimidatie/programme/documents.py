"""A text as DOCX: plain styles, so that a municipality can pour it into its own. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from io import BytesIO
from typing import Any, Final

from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from markdown_it.tree import SyntaxTreeNode

from stopintimidatie.programme.rules import Filled, chart_of, nodes_of, rows_of, runs_of

LANGUAGE: Final = "nl-NL"


def docx_of(filled: Filled, author: str) -> bytes:
    """Return the text as DOCX; blanks are yellow, and each page says which edition it is."""
    document = Document()
    words = document.core_properties
    words.title, words.author, words.comments = filled.title, author, filled.edition
    words.language, words.last_modified_by = LANGUAGE, author
    words.created = words.modified = datetime.combine(filled.text.day, time())
    _speak_dutch(document)
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.footer.paragraphs[0].text = filled.edition
    document.add_heading(filled.title, 0)
    for node in nodes_of(filled.markdown):
        _add(document, node)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _speak_dutch(document: Any) -> None:
    """Have checkers of spelling and readers aloud take the text as Dutch."""
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), LANGUAGE)


def _add(document: Any, node: SyntaxTreeNode) -> None:
    match node.type:
        case "heading":
            _write(document.add_heading(level=int(node.tag[1]) - 1 or 1), node)
        case "bullet_list":
            for item in node.children:
                for part in item.children:
                    _write(document.add_paragraph(style="List Bullet"), part)
        case "ordered_list":
            # The library can't begin a second list at one: its numbers would run on.
            for number, item in enumerate(node.children, 1):
                for part in item.children:
                    _write(document.add_paragraph(f"{number}. ", style="List Paragraph"), part)
        case "table":
            _add_table(document, rows_of(node))
        case "fence":
            drawn = chart_of(node.info, node.content)
            _add_table(document, [(drawn.title, "Meldingen"), *drawn.rows])
        case "hr":
            document.add_page_break()
        case "blockquote":
            for part in node.children:
                _write(document.add_paragraph(style="Quote"), part)
        case _:
            _write(document.add_paragraph(), node)


def _add_table(document: Any, rows: Sequence[Sequence[Any]]) -> None:
    """Add a table whose first row is repeated on each page."""
    table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
    for row, cells in zip(table.rows, rows, strict=True):
        for place, cell in zip(row.cells, cells, strict=True):
            if isinstance(cell, str):
                place.paragraphs[0].add_run(cell)
            else:
                _write(place.paragraphs[0], cell)
    head = table.rows[0]
    # The library has no word for it.
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell in head.cells:
        for run in cell.paragraphs[0].runs:
            run.bold = True
    document.add_paragraph()


def _write(paragraph: Any, node: SyntaxTreeNode) -> None:
    for words, bold, italic, is_blank in runs_of(node):
        run = paragraph.add_run(words)
        run.bold, run.italic = bold or None, italic or None
        if is_blank:
            run.font.highlight_color = WD_COLOR_INDEX.YELLOW
