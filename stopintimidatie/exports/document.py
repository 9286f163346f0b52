"""The document in HTML, before it is laid out: what stands where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from stopintimidatie.exports.assets import Assets
from stopintimidatie.exports.content import Count, DossierContent, content_hash, map_text
from stopintimidatie.exports.drawing import small_map, whole_map
from stopintimidatie.exports.letters import displayable, written_from_the_right
from stopintimidatie.exports.pieces import PARTS, Piece, pieces_of, runs
from stopintimidatie.exports.text import capital, clean_line
from stopintimidatie.web import charts, filters
from stopintimidatie.web.contrast import WHITE, darkened_for, mix


def html(content: DossierContent, assets: Assets) -> str:
    """The whole document before it is laid out."""
    words = words_of(content, assets)
    return markup(words, pieces_of(words["c"]))


def markup(
    words: Mapping[str, Any],
    pieces: Iterable[Piece],
    *,
    setting: str = "",
    begins: Mapping[str, int] | None = None,
    goes_on: bool = False,
) -> str:
    """These pieces of the document.

    :param begins: on which page each part begins, where the stretch can't know that itself.
    :param goes_on: it isn't the first: the page before it was full.
    """
    template = _environment().get_template("dossier.jinja2")
    return template.render(
        **words, runs=runs(pieces), setting=setting, begins=begins, goes_on=goes_on
    )


def words_of(content: DossierContent, assets: Assets) -> Mapping[str, Any]:
    """What the template needs of the whole document."""
    shown = map_text(content, lambda text: displayable(text, assets.characters))
    return {
        "c": shown,
        "parts": PARTS,
        "hash": content_hash(content),
        "qr": _qr(content.delivery.verification_url),
        "charts": _charts(shown),
        "maps": _maps(shown),
        "whole": _cut_on_page_one(shown),
        "month_names": filters.SHORT_MONTHS,
        "month_table": _month_table(shown.picture.months),
    }


def stylesheet(colour: str, family: str) -> str:
    """The look in this colour, made dark enough to be read, and in these families of fonts."""
    strong = darkened_for(colour, WHITE, 7)
    return (
        _environment()
        .get_template("dossier.css.jinja2")
        .render(brand=colour, strong=strong, soft=mix(strong, WHITE, 0.92), family=family)
    )


def feet(words: Mapping[str, Any], numbers: Iterable[int], total: int) -> str:
    """What stands below the pages of these numbers, each on a page of its own."""
    template = _environment().get_template("foot.jinja2")
    return template.render(c=words["c"], numbers=numbers, total=total)


def foot_style(family: str) -> str:
    return _environment().get_template("foot.css.jinja2").render(family=family)


def _charts(content: DossierContent) -> Mapping[str, Mapping[str, str]] | None:
    picture, colour = content.picture, content.house.colour
    if not picture.forms:
        return None
    forms = [(count.label, count.number) for count in picture.forms]
    places = [(count.label, count.number) for count in picture.places]
    months = [(count.label, count.number) for count in picture.months]
    week = [(row.label, row.cells) for row in picture.weekdays]
    parts = picture.parts_of_day
    return {
        "forms": _chart(
            charts.bar_chart(forms, colour=colour), charts.bar_summary("Meldingen per vorm", forms)
        ),
        "places": _chart(
            charts.bar_chart(places, colour=colour),
            charts.bar_summary("Meldingen per soort plek", places),
        ),
        "months": _chart(
            charts.trend_chart(months, colour=colour),
            charts.bar_summary("Meldingen per maand", months),
        ),
        "week": _chart(
            charts.heat_table(parts, week, colour=colour),
            charts.heat_summary("Meldingen per dag en dagdeel", parts, week),
        ),
    }


def _maps(content: DossierContent) -> Mapping[str, str] | None:
    """The map, whole and small; None when nothing can be drawn."""
    if not content.map.width_m:
        return None
    colour = content.house.colour
    return {
        "whole": charts.data_uri(whole_map(content.map, colour=colour)),
        "small": charts.data_uri(small_map(content.map, colour=colour)),
    }


def _cut_on_page_one(content: DossierContent) -> list[tuple[str, str]]:
    """The texts that page one had to shorten: they stand whole in Beeld."""
    page, picture = content.page_one, content.picture
    texts = (
        ("Feiten", page.facts, picture.facts),
        ("Beleving", page.perceptions, picture.perceptions),
        ("Vermoedens", page.assumptions, picture.assumptions),
    )
    return [(title, whole) for title, short, whole in texts if short != clean_line(whole)]


def _chart(svg: str, summary: str) -> Mapping[str, str]:
    return {"uri": charts.data_uri(svg), "alt": summary}


def _month_table(months: tuple[Count, ...]) -> list[tuple[str, list[str | None]]]:
    """A row per year, a cell per month; None where the dossier had not begun or had ended."""
    names = filters.SHORT_MONTHS
    years: dict[str, list[str | None]] = {}
    for count in months:
        month, year = count.label.split(" ")
        # What was frozen earlier shortened March like the others.
        place = names.index("mrt" if month == "maa" else month)
        years.setdefault(year, [None] * 12)[place] = _shown(count.number)
    return list(years.items())


def _qr(url: str) -> str:
    out = BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(out, kind="svg", border=4, scale=4, xmldecl=False, light="#fff")
    return charts.data_uri(out.getvalue().decode())


@cache
def _environment() -> Environment:
    """Kept: else the templates are compiled again for each stretch of a long document."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.filters |= filters.FILTERS
    environment.filters |= {"shown": _shown, "lines": _lines, "capital": capital, "w3c": _w3c}
    environment.tests |= {"from_the_right": written_from_the_right}
    return environment


def _shown(number: int | None) -> str:
    return charts.HIDDEN if number is None else str(number)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _w3c(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
