"""The document in HTML, with its map, charts and QR code as pictures. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from stopintimidatie.core import text
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.theme import WHITE, darkened_for, mix
from stopintimidatie.exports.document.assets import Assets, displayable, written_from_the_right
from stopintimidatie.exports.document.content import (
    SheetContent,
    StatementContent,
    StatementSection,
)
from stopintimidatie.exports.redaction.content import (
    Count,
    DossierContent,
    MapArea,
    MapContent,
    MapSpot,
    Pair,
    content_hash,
    map_text,
)
from stopintimidatie.exports.vocabulary import capital, clean_line

WIDTH: Final = 700
SMALL: Final = 300
# A letter of the name of an area is so wide, of its size.
LETTER: Final = 0.55
# A value of more characters than this gets a row of its own; others stand two in a row.
SHORT: Final = 42


def whole_map(content: MapContent, *, colour: str) -> str:
    """Draw the map with the names of areas and the letters of spots."""
    return _drawn(content, WIDTH, colour, small=False)


def small_map(content: MapContent, *, colour: str) -> str:
    """Draw the same ground small, for page one."""
    return _drawn(content, SMALL, colour, small=True)


def _drawn(content: MapContent, width: int, colour: str, *, small: bool) -> str:
    scale = width / content.width_m
    height = round(content.height_m * scale)
    strong = darkened_for(colour, WHITE)
    land = mix(strong, WHITE, 0.82)
    parts = [
        *(() if any(area.rings for area in content.areas) else charts.grid(width, height, scale)),
        *(_area(area, scale, land) for area in content.areas if area.rings),
        *_around_middles(content.areas, scale, land),
        *_names(content.areas, scale, (width, height), small=small),
        *_spots(content.spots, scale, strong, small=small),
        *charts.scale_bar(height, scale),
        charts.north(width),
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" fill="none"'
        f' stroke="#c3cad3"/>',
    ]
    return charts.picture(width, height, parts)


def _area(area: MapArea, scale: float, land: str) -> str:
    rings = [
        charts.ring((x * scale, y * scale) for x, y in zip(ring[::2], ring[1::2], strict=True))
        for ring in area.rings
    ]
    ground = land if area.home or area.number else WHITE
    look = f'fill="{ground}" stroke-width="{2.2 if area.home else 1}"'
    return f'<path d="{" ".join(rings)}" fill-rule="evenodd" stroke="{charts.BORDER}" {look}/>'


def _around_middles(areas: Iterable[MapArea], scale: float, land: str) -> Iterator[str]:
    for area in areas:
        if not area.rings:
            yield (
                f'<circle cx="{area.x * scale:.1f}" cy="{area.y * scale:.1f}" r="16" fill="{land}"'
                f' stroke="{charts.BORDER}"/>'
            )


def _names(
    areas: Iterable[MapArea], scale: float, room: tuple[float, float], *, small: bool
) -> Iterator[str]:
    """Yield the names of areas under their numbers; on the small map that of the own area alone."""
    width, height = room
    # The arrow and the scale have their corners.
    taken = [(width - 40.0, 18.0, 44.0), (50.0, height - 24.0, 60.0)]
    size = 11 if small else 12
    for area in sorted(areas, key=lambda area: (not area.home, not area.number, area.name)):
        x, y = area.x * scale, area.y * scale
        if area.number:
            yield charts.words_at(x, y + 5, area.number, size=15, weight=700)
        if small and not area.home:
            continue
        half = len(area.name) * size * LETTER / 2
        below = 4 if not area.number else 20 if area.rings else 29
        x, y = min(max(x, half + 4), width - half - 4), y + below
        if y < height - 4 and not any(_touch(x, y, half, size, other) for other in taken):
            taken.append((x, y, half))
            yield charts.words_at(x, y, area.name, size=size, weight=600 if area.home else 400)


def _touch(x: float, y: float, half: float, size: float, other: tuple[float, float, float]) -> bool:
    """Tell whether words here would run through others."""
    return abs(y - other[1]) < size + 4 and abs(x - other[0]) < half + other[2]


def _spots(spots: Iterable[MapSpot], scale: float, strong: str, *, small: bool) -> Iterator[str]:
    """Yield a circle for each spot: the more reports, the larger; the smallest on top."""
    for spot in sorted(spots, key=lambda spot: -spot.number):
        x, y = spot.x * scale, spot.y * scale
        size = 4 + 2 * math.sqrt(spot.number) if small else 8 + 2.4 * math.sqrt(spot.number - 1)
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{min(size, 22):.1f}" fill="{strong}"'
            f' fill-opacity="0.88" stroke="{WHITE}" stroke-width="1.2"/>'
        )
        if not small:
            yield (
                f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="11.5"'
                f' font-weight="700" fill="{WHITE}">{spot.letter}</text>'
            )


# The document in HTML, before it is laid out: what stands where. Pure.


# The parts in their order, by the names that the template gives them.
PARTS: Final[Mapping[str, str]] = {
    "beeld": "Beeld",
    "kaart": "Kaart",
    "chronologie": "Chronologie",
    "meldingen": "Meldingen",
    "signalementen": "Signalementen",
    "acties": "Eerdere acties en effect",
    "besluiten": "Besluiten en afspraken",
    "bijlagen": "Bijlagen",
    "terugkoppeling": "Terugkoppeling aan melders",
    "verantwoording": "Verantwoording",
}


def html(content: DossierContent, assets: Assets) -> str:
    """Return the whole document as HTML, before it is laid out."""
    return markup(words_of(content, assets))


def markup(words: Mapping[str, Any], setting: str = "", *, front: bool = False) -> str:
    """Return the document as HTML, with page one in one of its settings.

    Args:
        words: see `words_of`.
        setting: a class of the style sheet.
        front: whether page one is all that is wanted, to see if it fits.
    """
    template = environment().get_template("dossier.jinja2")
    return template.render(**words, setting=setting, front=front)


def words_of(content: DossierContent, assets: Assets) -> Mapping[str, Any]:
    """Return the variables of the template."""
    shown = map_text(content, lambda text: displayable(text, assets.characters))
    return {
        "c": shown,
        "parts": PARTS,
        "hash": content_hash(content),
        "qr": _qr(content.delivery.verification_url) if content.delivery.verification_url else "",
        "charts": _charts(shown),
        "maps": _maps(shown),
        "whole": _cut_on_page_one(shown),
        "month_names": text.SHORT_MONTHS,
        "month_table": _month_table(shown.picture.months),
    }


def statement_html(content: StatementContent, assets: Assets) -> str:
    """Return a statement as HTML, before it is laid out."""
    shown = map_text(content, lambda text: displayable(text, assets.characters))
    drawn = [_section_chart(section, shown.house.colour) for section in shown.sections]
    words = {"c": shown, "hash": content_hash(content), "charts": drawn}
    return environment().get_template("statement.jinja2").render(**words)


def sheet_html(content: SheetContent) -> str:
    """Return a sheet as HTML, before it is laid out."""
    return environment().get_template("sheet.jinja2").render(c=content)


def stylesheet(colour: str, family: str, sheet: str = "dossier.css.jinja2", **more: object) -> str:
    """Return a style sheet in this colour, made dark enough to be read, and these fonts."""
    strong = darkened_for(colour, WHITE, 7)
    return (
        environment()
        .get_template(sheet)
        .render(
            brand=colour,
            strong=strong,
            soft=mix(strong, WHITE, 0.92),
            family=family,
            **more,
        )
    )


def claim() -> bytes:
    """Return the claim of PDF/UA-1, in one piece as the other metadata of a PDF is."""
    lines = environment().get_template("claim.xml.jinja2").render().splitlines()
    return "".join(lines).encode()


def _charts(content: DossierContent) -> Mapping[str, Mapping[str, str]] | None:
    picture, colour = content.picture, content.house.colour
    if not picture.forms:
        return None
    week = [(row.label, row.cells) for row in picture.weekdays]
    parts = picture.parts_of_day
    return {
        "forms": _bars("Meldingen per vorm", charts.bar_chart, picture.forms, colour),
        "places": _bars("Meldingen per soort plek", charts.bar_chart, picture.places, colour),
        "months": _bars("Meldingen per maand", charts.trend_chart, picture.months, colour),
        "week": _chart(
            charts.heat_table(parts, week, colour=colour),
            charts.heat_summary("Meldingen per dag en dagdeel", parts, week),
        ),
    }


def _maps(content: DossierContent) -> Mapping[str, str] | None:
    """Return the addresses of the whole and the small map; None when nothing can be drawn."""
    if not content.map.width_m:
        return None
    colour = content.house.colour
    return {
        "whole": charts.data_uri(whole_map(content.map, colour=colour)),
        "small": charts.data_uri(small_map(content.map, colour=colour)),
    }


def _cut_on_page_one(content: DossierContent) -> list[tuple[str, str]]:
    """Return title and whole text of what page one had to shorten."""
    page, picture = content.page_one, content.picture
    texts = (
        ("Feiten", page.facts, picture.facts),
        ("Beleving", page.perceptions, picture.perceptions),
        ("Vermoedens", page.assumptions, picture.assumptions),
    )
    return [(title, whole) for title, short, whole in texts if whole and short != clean_line(whole)]


def _bars(
    title: str, draw: Callable[..., str], counts: tuple[Count, ...], colour: str
) -> Mapping[str, str]:
    numbers = [(count.label, count.number) for count in counts]
    return _chart(draw(numbers, colour=colour), charts.bar_summary(title, numbers))


def _section_chart(section: StatementSection, colour: str) -> Mapping[str, str] | None:
    if not section.chart:
        return None
    bars = partial(charts.bar_chart, width=320, labels=170)
    draw = partial(charts.trend_chart, width=480) if section.over_time else bars
    return _bars(section.title, draw, section.chart, colour)


def _chart(svg: str, summary: str) -> Mapping[str, str]:
    return {"uri": charts.data_uri(svg), "alt": summary}


def _month_table(months: tuple[Count, ...]) -> list[tuple[str, list[str | None]]]:
    """Return twelve numbers for each year; None where the dossier hadn't begun or had ended."""
    names = text.SHORT_MONTHS
    years: dict[str, list[str | None]] = {}
    for count in months:
        month, year = count.label.split(" ")
        # Content that was frozen by an earlier version abbreviates March as "maa".
        place = names.index("mrt" if month == "maa" else month)
        years.setdefault(year, [None] * 12)[place] = _shown(count.number)
    return list(years.items())


def _qr(url: str) -> str:
    out = BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(out, kind="svg", border=4, scale=4, xmldecl=False, light="#fff")
    return charts.data_uri(out.getvalue().decode())


@cache
def environment() -> Environment:
    """Return the templates, compiled once for page one and for the whole."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.filters |= text.FILTERS
    environment.filters |= {"shown": _shown, "lines": _lines, "capital": capital, "w3c": _w3c}
    environment.filters["two_by_two"] = _two_by_two
    environment.tests |= {"from_the_right": written_from_the_right}
    return environment


def _shown(number: int | None) -> str:
    return charts.HIDDEN if number is None else str(number)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _w3c(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _two_by_two(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    """Yield rows of two short pairs, and each long one in a row of its own."""
    row: list[Pair] = []
    for pair in pairs:
        if row and len(pair.value) > SHORT:
            yield row
            row = []
        row.append(pair)
        if len(row) == 2 or len(pair.value) > SHORT:
            yield row
            row = []
    if row:
        yield row
