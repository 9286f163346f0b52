"""A presentation as PPTX: layouts with placeholders, so that another template fits it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import datetime, time
from io import BytesIO
from typing import Any, Final

from markdown_it.tree import SyntaxTreeNode
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.shapes.placeholder import ChartPlaceholder, TablePlaceholder
from pptx.util import Mm, Pt

from stopintimidatie.programme.documents import LANGUAGE
from stopintimidatie.programme.rules import (
    FEW,
    Chart,
    Filled,
    Nodes,
    chart_of,
    rows_of,
    runs_of,
    slides_of,
)

WIDTH, HEIGHT = 320, 180
_FIRST, _CONTENT = 0, 1
_FOOT: Final = (PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)


def pptx_of(filled: Filled, author: str) -> bytes:
    """Return the slides as PPTX, with what the speaker says; each says which edition it is."""
    deck = Presentation()
    _make_wide(deck)
    words = deck.core_properties
    words.title, words.author, words.comments = filled.title, author, filled.edition
    words.language, words.last_modified_by = LANGUAGE, author
    words.created = words.modified = datetime.combine(filled.text.day, time())
    for number, (title, blocks, said) in enumerate(slides_of(filled)):
        slide = deck.slides.add_slide(deck.slide_layouts[_CONTENT if number else _FIRST])
        _write(slide.shapes.title.text_frame.paragraphs[0], title)
        _fill(slide.placeholders[1], blocks)
        _add_foot(slide, filled.edition)
        slide.notes_slide.notes_text_frame.text = said
        for run in slide._element.iter(qn("a:rPr")):
            run.set("lang", LANGUAGE)
    out = BytesIO()
    deck.save(out)
    return out.getvalue()


def _make_wide(deck: Any) -> None:
    """Make the library's own template, which is 4:3, 16:9: everything is as much wider."""
    across, down = Mm(WIDTH) / deck.slide_width, Mm(HEIGHT) / deck.slide_height
    deck.slide_width, deck.slide_height = Mm(WIDTH), Mm(HEIGHT)
    for page in (deck.slide_master, *deck.slide_layouts):
        for place in page._element.iter(qn("a:xfrm")):
            for part, names in ((place.off, "xy"), (place.ext, ("cx", "cy"))):
                for name, scale in zip(names, (across, down), strict=True):
                    setattr(part, name, int(getattr(part, name) * scale))
    _widen_foot(deck.slide_master.placeholders)
    sizes = ("p:titleStyle", "3600"), ("p:bodyStyle", "2400")
    for style, size in sizes:
        # The letters of the first level are meant for half as many words.
        first = next(deck.slide_master._element.iter(qn(style)))[0]
        next(first.iter(qn("a:defRPr"))).set("sz", size)


def _widen_foot(places: Iterable[Any]) -> None:
    """Give the foot most of the room, for the edition is long."""
    by_type = {place.placeholder_format.type: place for place in places}
    day, foot, number = (by_type[kind] for kind in (PP_PLACEHOLDER.DATE, *_FOOT))
    day.width = Mm(25)
    foot.left = day.left + day.width
    foot.width = number.left + number.width - Mm(15) - foot.left
    number.left, number.width = foot.left + foot.width, Mm(15)


def _fill(place: Any, blocks: Nodes) -> None:
    """Put what stands on a slide in its placeholder: a chart, a table, or lines."""
    first, *_ = blocks
    if first.type == "fence":
        _add_chart(place, chart_of(first.info, first.content))
    elif first.type == "table":
        _add_table(place, rows_of(first))
    else:
        lines = [line for block in blocks for line in _lines(block)]
        frame = place.text_frame
        for number, line in enumerate(lines):
            _write(frame.add_paragraph() if number else frame.paragraphs[0], line)


def _lines(block: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    """Return the lines of a list, or a paragraph as its only line."""
    return [item.children[0] for item in block.children] if "list" in block.type else [block]


def _add_chart(place: Any, drawn: Chart) -> None:
    data = CategoryChartData()
    data.categories = [f"{label} ({FEW})" if few is None else label for label, few in drawn.items]
    data.add_series("Meldingen", [number for _, number in drawn.items])
    bars = XL_CHART_TYPE.COLUMN_CLUSTERED if drawn.over_time else XL_CHART_TYPE.BAR_CLUSTERED
    # A placeholder for anything takes a chart as one for charts does.
    frame = ChartPlaceholder(place._element, place._parent).insert_chart(bars, data)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", drawn.summary)
    frame.chart.has_legend = False
    frame.chart.chart_title.text_frame.text = drawn.title
    frame.chart.plots[0].has_data_labels = True
    frame.chart.font.size = Pt(14)
    if not drawn.over_time:
        frame.chart.category_axis.reverse_order = True


def _add_table(place: Any, rows: Sequence[Nodes]) -> None:
    frame = TablePlaceholder(place._element, place._parent).insert_table(len(rows), len(rows[0]))
    for row, cells in zip(frame.table.rows, rows, strict=True):
        for cell, node in zip(row.cells, cells, strict=True):
            _write(cell.text_frame.paragraphs[0], node, Pt(16))


def _add_foot(slide: Any, edition: str) -> None:
    """Put the foot of the layout on a slide, which the library leaves out."""
    for place in slide.slide_layout.placeholders:
        if place.placeholder_format.type in _FOOT:
            slide.shapes._spTree.append(deepcopy(place._element))
            if place.placeholder_format.type == PP_PLACEHOLDER.FOOTER:
                run = slide.shapes[-1].text_frame.paragraphs[0].add_run()
                run.text, run.font.size = edition, Pt(10)


def _write(paragraph: Any, node: SyntaxTreeNode, size: Any = None) -> None:
    for words, bold, italic, is_blank in runs_of(node):
        run = paragraph.add_run()
        run.text = f"[{words}]" if is_blank else words
        run.font.bold, run.font.italic, run.font.size = bold or None, italic or None, size
