"""Frozen content to PDF: the one module that imports WeasyPrint.

A pure function of content and assets: the same content gives the same bytes, in any process. No
file and no network: the only addresses that answer are the package's own fonts and images that
stand in the document itself. It is slow and hungry, so it runs in the child process of
`process`, never in a web worker.
"""

from __future__ import annotations

import gc
import logging
import os
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import Any, BinaryIO, Final

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration, get_hb_object_data
from weasyprint.urls import URLFetcher, URLFetcherResponse

from stopintimidatie.exports.document.assembly import Embedded, JoinedFile
from stopintimidatie.exports.document.assets import Assets, letters_of
from stopintimidatie.exports.document.html import feet, foot_style, markup, stylesheet, words_of
from stopintimidatie.exports.document.pdf import (
    ACCESSIBLE_VARIANT,
    PDF_VARIANT,
    Bookmark,
    also_accessible,
)
from stopintimidatie.exports.document.pieces import (
    PARTS,
    Piece,
    cut,
    held,
    is_piece,
    pieces_of,
    stretch,
)
from stopintimidatie.exports.redaction.content import DossierContent

# How page one can be set, the roomiest first: the first in which it is one page.
SETTINGS = ("", "snug", "dense", "dense mapless")

_IMAGE = re.compile(r"data:(image/(?:png|jpeg|svg\+xml));base64,([A-Za-z0-9+/=\s]*)\Z", re.ASCII)
# Below so many pages their feet are drawn at once.
_FEET: Final = 100
# Points of a PDF in a pixel of CSS.
_POINTS: Final = 0.75
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
            kind = {"Content-Type": "font/woff"}
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
    files: Iterable[bytes] = (),
) -> bytes:
    """The document as a tagged PDF/A-3a that is PDF/UA-1 as well.

    :param archive: without it PDF/UA-1 alone, for a file that will be encrypted.
    :param files: those that go along, in the order of the content.
    """
    made = BytesIO()
    draw(content, assets, made, progress, archive=archive, files=files)
    return made.getvalue()


def draw(
    content: DossierContent,
    assets: Assets,
    file: BinaryIO,
    progress: Progress | None = None,
    *,
    archive: bool = True,
    files: Iterable[bytes] = (),
) -> None:
    """The same, written as it comes: a long document is laid out and forgotten in stretches."""
    with _fixed_clock(content.delivery.frozen_at):
        paper = _Paper.of(content, assets)
        joined = JoinedFile(file, bytes.fromhex(paper.digest)[:16])
        drawing = _Drawing(paper, joined, progress, archive=archive)
        drawing.pages()
        _embed(joined, content, files)
        drawing.finish()


def _embed(joined: JoinedFile, content: DossierContent, files: Iterable[bytes]) -> None:
    """The files that go along, each the one that was frozen."""
    wanted = [file for file in content.attachments.files if file.sha256]
    for told, data in zip(wanted, files, strict=True):
        if sha256(data).hexdigest() != told.sha256:
            raise ValueError("a file that goes along isn't the one that was frozen")
        what = Embedded(
            name=told.file_name,
            media_type=told.media_type,
            about=f"{told.name}: {told.about}",
            at=content.delivery.frozen_at,
        )
        joined.embed(what, data)


@dataclass(frozen=True)
class _Paper:
    """All that every stretch of one document needs."""

    words: Mapping[str, Any]
    pieces: tuple[Piece, ...]
    digest: str
    fetcher: PackageFetcher
    fonts: Any
    sheets: tuple[Any, ...]
    first_sheet: Any
    foot_sheets: tuple[Any, ...]

    @classmethod
    def of(cls, content: DossierContent, assets: Assets) -> _Paper:
        assets = assets.for_text(letters_of(content))
        fetcher, fonts = PackageFetcher(assets), FontConfiguration()
        made = partial(CSS, url_fetcher=fetcher, font_config=fonts)
        letters = made(string=assets.css)
        words = words_of(content, assets)
        return cls(
            words=words,
            pieces=pieces_of(words["c"]),
            digest=words["hash"],
            fetcher=fetcher,
            fonts=fonts,
            sheets=(letters, made(string=stylesheet(content.house.colour, assets.stack))),
            first_sheet=made(string="@page :first { margin-top: 13mm }"),
            foot_sheets=(letters, made(string=foot_style(assets.stack))),
        )

    def laid_out(self, page: str, sheets: Iterable[Any]) -> Any:
        document = HTML(string=page, url_fetcher=self.fetcher)
        return document.render(stylesheets=sheets, font_config=self.fonts)


@dataclass
class _Stretch:
    """A stretch that was laid out: its pages that are whole, and where the next begins."""

    document: Any
    pages: Sequence[Any]
    end: int


@dataclass
class _Counted:
    """What is known of the pages that were laid out."""

    pages: int = 0
    begins: dict[str, int] = field(default_factory=dict)
    marks: list[Bookmark] = field(default_factory=list)


class _Drawing:
    """One document on its way to a file."""

    def __init__(
        self, paper: _Paper, joined: JoinedFile, progress: Progress | None, *, archive: bool
    ) -> None:
        self._paper = paper
        self._progress = progress
        self._joined = joined
        self._options: dict[str, Any] = {
            "pdf_variant": PDF_VARIANT if archive else ACCESSIBLE_VARIANT
        }
        self._archive = archive
        self._letters: dict[Any, Any] = {}
        self._count = _Counted()
        self._setting = ""

    def pages(self) -> None:
        """Stretch by stretch; the first last, for it tells on which page each part begins."""
        self._setting = self._fitting()
        first = self._lay_out(0)
        self._look_at(first)
        if first.end == len(self._paper.pieces):
            self._write(first, 0)
        else:
            size, end = len(first.pages), first.end
            del first
            self._rest(end)
            first = self._lay_out(0, self._count.begins)
            if (len(first.pages), first.end) != (size, end):
                raise RuntimeError("the first pages changed by telling where the others are")
            self._write(first, 0)
        if self._progress is not None:
            self._progress("schrijven", 0)
        self._feet()

    def finish(self) -> None:
        """What is of the whole document."""
        self._joined.finish(self._count.marks)

    def _rest(self, begin: int) -> None:
        while begin < len(self._paper.pieces):
            place, laid_out = self._count.pages, self._lay_out(begin)
            self._look_at(laid_out)
            self._write(laid_out, place)
            begin = laid_out.end
            # Before the next is laid out, not after.
            del laid_out

    def _fitting(self) -> str:
        """In which setting page one is one page; if in none, the densest."""
        for setting in SETTINGS[:-1]:
            front = markup(self._paper.words, self._paper.pieces[:1], setting=setting)
            sheets = (*self._paper.sheets, self._paper.first_sheet)
            if len(self._paper.laid_out(front, sheets).pages) == 1:
                return setting
        return SETTINGS[-1]

    def _lay_out(self, begin: int, begins: Mapping[str, int] | None = None) -> _Stretch:
        """The stretch from this piece on; larger than usual where it can't be cut."""
        whole, times = len(self._paper.pieces), 1
        while True:
            end = stretch(self._paper.pieces, begin, times)
            document = self._tried(begin, end, begins)
            if end == whole:
                return _Stretch(document, document.pages, end)
            found = cut([held(one.anchors) for one in document.pages])
            if found is not None:
                return _Stretch(document, document.pages[: found[0]], found[1])
            del document
            times *= 2

    def _tried(self, begin: int, end: int, begins: Mapping[str, int] | None) -> Any:
        # What was laid out before is full of circles, and the child looks for none by itself.
        if not gc.isenabled():
            gc.collect()
        paper = self._paper
        sheets = paper.sheets if begin else (*paper.sheets, paper.first_sheet)
        laid = markup(
            paper.words,
            paper.pieces[begin:end],
            setting=self._setting,
            begins=begins,
            goes_on=begin > 0,
        )
        with _told(None if begins else self._progress, self._count.pages):
            return paper.laid_out(laid, sheets)

    def _look_at(self, laid_out: _Stretch) -> None:
        """Where parts begin, and the bookmarks."""
        count = self._count
        for index, page in enumerate(laid_out.pages, start=count.pages):
            for key in PARTS:
                if f"deel-{key}" in page.anchors:
                    count.begins.setdefault(key, index + 1)
            for level, label, (x, y), _ in page.bookmarks:
                place = (_POINTS * x, _POINTS * (page.height - y))
                count.marks.append(Bookmark(level, label, index, *place))
        count.pages += len(laid_out.pages)

    def _write(self, laid_out: _Stretch, first: int) -> None:
        """To the file; links to other stretches get a stand-in here, the file has the place."""
        there = {name for page in laid_out.pages for name in page.anchors}
        wanted = {
            target
            for page in laid_out.pages
            for kind, target, *_ in page.links
            if kind == "internal"
        }
        for page in laid_out.pages:
            page.bookmarks = []
            page.anchors = {
                name: where for name, where in page.anchors.items() if not is_piece(name)
            }
        elsewhere = frozenset(wanted - there)
        laid_out.pages[-1].anchors.update(dict.fromkeys(sorted(elsewhere), (0, 0, 0, 0)))
        finisher = also_accessible if self._archive else None
        made = self._made(laid_out.document.copy(list(laid_out.pages)), finisher, **self._options)
        self._joined.add(made, first, elsewhere)

    def _feet(self) -> None:
        """Below every page, now that it is known how many there are."""
        total = self._count.pages
        for begin in range(0, total, _FEET):
            numbers = range(begin + 1, min(begin + _FEET, total) + 1)
            below = feet(self._paper.words, numbers, total)
            document = self._paper.laid_out(below, self._paper.foot_sheets)
            if len(document.pages) != len(numbers):
                raise RuntimeError("what stands below a page doesn't fit there")
            self._joined.add_feet(self._made(document), begin)

    def _made(
        self, document: Any, finisher: Callable[[Any, Any], None] | None = None, **options: Any
    ) -> Any:
        """The objects that WeasyPrint makes of it, instead of a file of its own.

        All stretches share their fonts, so that the last knows every letter of all.
        """
        for font in self._letters.values():
            # A font that was made smaller for an earlier stretch.
            font.file_content = get_hb_object_data(font.hb_face)
        document.fonts = self._letters
        taken: list[Any] = []

        def take(finished: Any, pdf: Any) -> None:
            if finisher is not None:
                finisher(finished, pdf)
            taken.append(_Taken(pdf))

        document.write_pdf(BytesIO(), finisher=take, **options)
        return taken[0]


class _Taken:
    """What WeasyPrint is about to write, taken out of its hands: an empty shell is written."""

    def __init__(self, pdf: Any) -> None:
        self.pages, self.catalog, self.info = pdf.pages, pdf.catalog, dict(pdf.info)
        self.objects = list(pdf.objects)
        del pdf.objects[1:]
        pdf.info.clear()


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

    def __init__(self, progress: Progress, before: int) -> None:
        super().__init__(logging.INFO)
        self._progress = progress
        self._before = before

    def emit(self, record: logging.LogRecord) -> None:
        args: Any = record.args
        if "Creating layout - Page" in str(record.msg) and args:
            self._progress("opmaken", self._before + int(args[0]))


@contextmanager
def _told(progress: Progress | None, before: int) -> Iterator[None]:
    """:param before: so many pages are done."""
    if progress is None:
        yield
        return
    handler, level = _ProgressHandler(progress, before), _PROGRESS.level
    _PROGRESS.addHandler(handler)
    _PROGRESS.setLevel(logging.INFO)
    try:
        yield
    finally:
        _PROGRESS.removeHandler(handler)
        _PROGRESS.setLevel(level)
