"""Frozen content to PDF: the one module that imports WeasyPrint.

A pure function of content and assets: the same content gives the same bytes, in any process. No
file and no network: the only addresses that answer are the package's own fonts and images that
stand in the document itself. It is slow and hungry, so it runs in the child process of
`process`, never in a web worker.
"""

import logging
import os
import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from stopintimidatie.exports.assets import STACK, Assets
from stopintimidatie.exports.content import Count, DossierContent, content_hash, map_text
from stopintimidatie.exports.drawing import small_map, whole_map
from stopintimidatie.exports.standards import (
    ACCESSIBLE_VARIANT,
    PDF_VARIANT,
    also_accessible,
)
from stopintimidatie.exports.text import capital, clean_line
from stopintimidatie.web import charts, filters
from stopintimidatie.web.contrast import WHITE, darkened_for, mix

# The parts in their order, by the names that the template gives them.
PARTS = {
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
# How page one can be set, the roomiest first: the first in which it is one page.
SETTINGS = ("", "snug", "dense", "dense mapless")

_IMAGE = re.compile(r"data:(image/(?:png|jpeg|svg\+xml));base64,([A-Za-z0-9+/=\s]*)\Z", re.ASCII)
_PROGRESS = logging.getLogger("weasyprint.progress")

Progress = Callable[[str, int], None]


class RefusedAddressError(ValueError):
    """The document asked for something that isn't in the package."""


class PackageFetcher(URLFetcher):
    """Answers the package's own fonts and images within the document; opens nothing, ever."""

    def __init__(self, assets: Assets) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self._assets = assets

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        if url in self._assets.files:
            kind = {"Content-Type": "font/woff2"}
            return URLFetcherResponse(url, self._assets.files[url], kind)
        if image := _IMAGE.match(url):
            return URLFetcherResponse(url, b64decode(image[2]), {"Content-Type": image[1]})
        raise RefusedAddressError(f"refused: {url[:60]}")


def render(
    content: DossierContent,
    assets: Assets,
    progress: Progress | None = None,
    *,
    archive: bool = True,
) -> bytes:
    """The document as a tagged PDF/A-3a that is PDF/UA-1 as well.

    :param archive: without it PDF/UA-1 alone, for a file that will be encrypted.
    """
    digest = content_hash(content)
    fetcher = PackageFetcher(assets)
    fonts = FontConfiguration()
    sheets = [
        CSS(string=text, url_fetcher=fetcher, font_config=fonts)
        for text in (assets.css, stylesheet(content.house.colour))
    ]

    def pages_of(front: str) -> int:
        laid_out = HTML(string=front, url_fetcher=fetcher)
        return len(laid_out.render(stylesheets=sheets, font_config=fonts).pages)

    setting = _fitting(content, assets, pages_of)
    document = HTML(string=html(content, assets, setting=setting), url_fetcher=fetcher)
    with _fixed_clock(content.delivery.frozen_at), _told(progress):
        pdf: bytes = document.write_pdf(
            stylesheets=sheets,
            font_config=fonts,
            finisher=also_accessible if archive else None,
            pdf_variant=PDF_VARIANT if archive else ACCESSIBLE_VARIANT,
            pdf_identifier=bytes.fromhex(digest)[:16],
        )
    return pdf


def _fitting(content: DossierContent, assets: Assets, pages_of: Callable[[str], int]) -> str:
    """In which setting page one is one page; if in none, the densest."""
    for setting in SETTINGS[:-1]:
        if pages_of(html(content, assets, setting=setting, front_only=True)) == 1:
            return setting
    return SETTINGS[-1]


def html(
    content: DossierContent, assets: Assets, *, setting: str = "", front_only: bool = False
) -> str:
    """The document before it is laid out; or only its first page, to see whether it fits."""
    shown = map_text(content, lambda text: displayable(text, assets.characters))
    page = _environment().get_template("dossier.jinja2")
    return page.render(
        c=shown,
        parts=PARTS,
        hash=content_hash(content),
        qr=_qr(content.delivery.verification_url),
        charts=_charts(shown),
        maps=_maps(shown),
        whole=_cut_on_page_one(shown),
        setting=setting,
        front_only=front_only,
        month_names=[name[:3] for name in filters.MONTHS],
        month_table=_month_table(shown.picture.months),
    )


def stylesheet(colour: str) -> str:
    """The look in this colour, made dark enough to be read."""
    strong = darkened_for(colour, WHITE, 7)
    return (
        _environment()
        .get_template("dossier.css.jinja2")
        .render(brand=colour, strong=strong, soft=mix(strong, WHITE, 0.92), family=STACK)
    )


def displayable(text: str, characters: frozenset[int]) -> str:
    """The text with what the fonts can't write put in words, so that nothing vanishes unseen."""
    if all(ord(letter) in characters or letter == "\n" for letter in text):
        return text
    parts: list[str] = []
    for letter in text:
        known = ord(letter) in characters or letter == "\n"
        part = letter if known else _in_words(letter)
        if known or not parts or parts[-1] != part:
            parts.append(part)
    return re.sub(r"(\[[a-z ]+\])(?:\s*\1)+", r"\1", "".join(parts))


def _in_words(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind.startswith("Z"):
        return " "
    if kind.startswith("M") or kind == "Cf":
        return ""
    if kind.startswith(("L", "N")):
        return "[ander schrift]"
    return "[emoji]" if kind == "So" or ord(letter) >= 0x1F000 else "[teken]"


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
    names = [name[:3] for name in filters.MONTHS]
    years: dict[str, list[str | None]] = {}
    for count in months:
        month, year = count.label.split(" ")
        years.setdefault(year, [None] * 12)[names.index(month)] = _shown(count.number)
    return list(years.items())


def _qr(url: str) -> str:
    out = BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(out, kind="svg", border=4, scale=4, xmldecl=False, light="#fff")
    return charts.data_uri(out.getvalue().decode())


def _environment() -> Environment:
    templates = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=templates, autoescape=True, undefined=StrictUndefined)
    environment.filters |= filters.FILTERS
    environment.filters |= {"shown": _shown, "lines": _lines, "capital": capital, "w3c": _w3c}
    return environment


def _shown(number: int | None) -> str:
    return charts.HIDDEN if number is None else str(number)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _w3c(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _fixed_clock(moment: datetime) -> Iterator[None]:
    """Font tools write this moment into the fonts instead of now."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(moment.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


class _ProgressHandler(logging.Handler):
    """Turns WeasyPrint's own progress messages into ours."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        args: Any = record.args
        if "Creating layout - Page" in str(record.msg) and args:
            self._progress("opmaken", int(args[0]))
        elif "Creating PDF" in str(record.msg):
            self._progress("schrijven", 0)


@contextmanager
def _told(progress: Progress | None) -> Iterator[None]:
    if progress is None:
        yield
        return
    handler, level = _ProgressHandler(progress), _PROGRESS.level
    _PROGRESS.addHandler(handler)
    _PROGRESS.setLevel(logging.INFO)
    try:
        yield
    finally:
        _PROGRESS.removeHandler(handler)
        _PROGRESS.setLevel(level)
