"""Frozen content to PDF: the one module that imports WeasyPrint.

A pure function of content and assets: the same content gives the same bytes, in any process. No
file and no network: the only addresses that answer are the package's own fonts and images that
stand in the document itself. It is slow and hungry, so it runs in the child process of
`process`, never in a web worker.
"""

from __future__ import annotations

import logging
import os
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import Any, BinaryIO, Final

import pydyf
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from stopintimidatie.exports.document.assets import Assets, letters_of
from stopintimidatie.exports.document.content import SheetContent, StatementContent
from stopintimidatie.exports.document.html import (
    claim,
    markup,
    sheet_html,
    statement_html,
    stylesheet,
    words_of,
)
from stopintimidatie.exports.redaction.content import DossierContent, content_hash

# The ways to set page one, the roomiest first. The first in which it is one page is used.
SETTINGS: Final = ("", "snug", "dense", "dense mapless")

_IMAGE: Final = re.compile(
    r"data:(image/(?:png|jpeg|svg\+xml));base64,([A-Za-z0-9+/=\s]*)\Z", re.ASCII
)
_PROGRESS: Final = logging.getLogger("weasyprint.progress")

Progress = Callable[[str, int], None]


class RefusedAddressError(ValueError):
    """The document asked for something that isn't in the package."""


class PackageFetcher(URLFetcher):
    """Fetcher of the package's own fonts and images within the document; it opens nothing."""

    def __init__(self, assets: Assets) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self._assets = assets

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return the font or image of an address.

        Raises:
            RefusedAddressError: it is neither a font of the package nor an image in the document.
        """
        if url in self._assets.files:
            kind = {"Content-Type": "font/woff"}
            return URLFetcherResponse(url, self._assets.files[url], kind)
        if image := _IMAGE.match(url):
            return URLFetcherResponse(url, b64decode(image[2]), {"Content-Type": image[1]})
        raise RefusedAddressError(f"refused: {url[:60]}")


def draw(
    content: DossierContent,
    assets: Assets,
    file: BinaryIO,
    progress: Progress | None = None,
    *,
    archive: bool = True,
    files: Iterable[bytes] = (),
) -> None:
    """Lay the document out and write it to a file: a tagged PDF/A-3a that is PDF/UA-1 as well.

    Args:
        content: the frozen content.
        assets: the fonts.
        file: the file to write to.
        progress: is called with the step and the number of the page.
        archive: whether it is PDF/A; without it PDF/UA-1 alone, for a file that will be encrypted.
        files: the attachments, in the order of the content.
    """
    attachments = _attachments(content, files)
    assets = assets.for_text(letters_of(content))
    words = words_of(content, assets)
    with _fixed_clock(content.delivery.frozen_at):
        with _reported(progress):
            document = _laid_out(content, words, assets)
        if progress is not None:
            progress("schrijven", 0)
        document.write_pdf(
            file,
            finisher=partial(
                finish,
                media_types={file.file_name: file.media_type for file in content.attachments.files},
                archive=archive,
            ),
            attachments=attachments,
            pdf_identifier=words["hash"][:32],
            pdf_variant=PDF_VARIANT if archive else ACCESSIBLE_VARIANT,
        )


def draw_statement(content: StatementContent, assets: Assets, file: BinaryIO) -> None:
    """Lay a statement out and write it to a file: PDF/A-3a that is PDF/UA-1 as well."""
    assets = assets.for_text(letters_of(content))
    look = stylesheet(content.house.colour, assets.stack, "statement.css.jinja2")
    _draw_page(content, statement_html(content, assets), look, assets, file)


def draw_sheet(content: SheetContent, assets: Assets, file: BinaryIO) -> None:
    """Lay a sheet out and write it to a file: PDF/A-3a that is PDF/UA-1 as well."""
    assets = assets.for_text(letters_of(content))
    sizes = {"width": content.width, "height": content.height}
    look = stylesheet(content.colour, assets.stack, f"{content.style}.css.jinja2", **sizes)
    _draw_page(content, sheet_html(content), look, assets, file)


def _draw_page(
    content: StatementContent | SheetContent, html: str, look: str, assets: Assets, file: BinaryIO
) -> None:
    fetcher, fonts = PackageFetcher(assets), FontConfiguration()
    with _fixed_clock(content.made_at):
        sheets = [
            CSS(string=sheet, url_fetcher=fetcher, font_config=fonts)
            for sheet in (assets.css, look)
        ]
        page = HTML(string=html, url_fetcher=fetcher)
        page.render(stylesheets=sheets, font_config=fonts).write_pdf(
            file,
            finisher=partial(finish, media_types={}, archive=True),
            pdf_identifier=content_hash(content)[:32],
            pdf_variant=PDF_VARIANT,
        )


def _attachments(content: DossierContent, files: Iterable[bytes]) -> list[Attachment]:
    """Return the files that go along, each checked to be the one that was frozen.

    Raises:
        ValueError: a file is missing, left over or another than the frozen one.
    """
    frozen = [file for file in content.attachments.files if file.sha256]
    attachments, at = [], content.delivery.frozen_at
    for file, data in zip(frozen, files, strict=True):
        if sha256(data).hexdigest() != file.sha256:
            raise ValueError("a file that goes along isn't the one that was frozen")
        attachments.append(
            Attachment(
                file_obj=BytesIO(data),
                name=file.file_name,
                description=f"{file.name}: {file.about}",
                created=at,
                modified=at,
                relationship="Supplement",
            )
        )
    return attachments


def _laid_out(content: DossierContent, words: Any, assets: Assets) -> Any:
    """Return the pages, with page one set so that it is one page."""
    fetcher, fonts = PackageFetcher(assets), FontConfiguration()
    style = partial(CSS, url_fetcher=fetcher, font_config=fonts)
    sheets = [
        style(string=assets.css),
        style(string=stylesheet(content.house.colour, assets.stack)),
    ]

    def laid_out(page: str) -> Any:
        return HTML(string=page, url_fetcher=fetcher).render(stylesheets=sheets, font_config=fonts)

    for setting in SETTINGS[:-1]:
        if len(laid_out(markup(words, setting, front=True)).pages) == 1:
            return laid_out(markup(words, setting))
    return laid_out(markup(words, SETTINGS[-1]))


@contextmanager
def _fixed_clock(moment: datetime) -> Iterator[None]:
    """Have font tools write this moment into the fonts instead of now."""
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
    """Handler that turns WeasyPrint's own progress messages into ours."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        args: Any = record.args
        if "Creating layout - Page" in str(record.msg) and args:
            self._progress("opmaken", int(args[0]))


@contextmanager
def _reported(progress: Progress | None) -> Iterator[None]:
    """Pass the number of each page that is laid out to `progress`."""
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


# Two additions to WeasyPrint's PDF: a second standard's claim, and page feet not read aloud.
#
# WeasyPrint writes the claim of one standard. A tagged PDF/A-3a that it makes keeps to PDF/UA-1
# too; the claim is added here, with the description that PDF/A asks of any property it doesn't know
# itself (ISO 19005-3, 6.6.2.3; ISO 14289-1, 5). It tags what stands below each page as text of no
# element; PDF/UA wants it marked as decoration (ISO 14289-1, 7.8).

# To be kept (PDF/A-3a) and to be read by everybody (PDF/UA-1).
PDF_VARIANT: Final = "pdf/a-3a"
# For a file with a password, which can't be PDF/A (ISO 19005-3, 6.1.3): WeasyPrint's own claim.
ACCESSIBLE_VARIANT: Final = "pdf/ua-1"

_END: Final = b"</rdf:RDF>"


def finish(document: Any, pdf: Any, *, media_types: Mapping[str, str], archive: bool) -> None:
    """Complete the objects of a PDF that WeasyPrint is about to write.

    Args:
        document: the pages; WeasyPrint gives them to any finisher.
        pdf: the objects of pydyf.
        media_types: of each attachment, by its file name.
        archive: whether it is PDF/A.

    Raises:
        ValueError: the metadata isn't as WeasyPrint 70 writes it.
    """
    _mark_feet(pdf)
    _name_cells(pdf)
    _describe_attachments(pdf, media_types)
    if archive:
        _claim_accessible(pdf)


def _claim_accessible(pdf: Any) -> None:
    """Add the claim of PDF/UA-1 to the metadata."""
    metadata = pdf.objects[_number(pdf.catalog["Metadata"])]
    before, end, after = b"".join(metadata.stream).rpartition(_END)
    if not end:
        raise ValueError("the metadata of the PDF has no place for the claim of PDF/UA")
    metadata.stream = [before + claim() + end + after]


def _mark_feet(pdf: Any) -> None:
    """Mark as decoration all text on the pages that the tree of tags doesn't hold."""
    root = pdf.objects[_number(pdf.catalog["StructTreeRoot"])]
    read = set(_elements(pdf, root))
    parents = pdf.objects[_number(root["ParentTree"])]["Nums"]
    pages = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
    for page, elements in zip(pages, parents[1::2], strict=False):
        feet = {n for n, element in enumerate(elements) if _number(element) not in read}
        stream = pdf.objects[_number(page["Contents"])].stream
        for position, operator in enumerate(stream):
            if operator == b"BDC" and stream[position - 1]["MCID"] in feet:
                stream[position - 2 : position] = [
                    b"/Artifact",
                    pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Footer"}),
                ]
        for number in feet:
            elements[number] = "null"


def _elements(pdf: Any, parent: Any) -> Iterator[int]:
    """Yield the number of each element below this one in the tree of tags."""
    for child in parent.get("K", ()):
        if isinstance(child, bytes):
            element = pdf.objects[_number(child)]
            if element.get("Type") == "/StructElem":
                yield element.number
                yield from _elements(pdf, element)


def _name_cells(pdf: Any) -> None:
    """List the elements that others refer to by name (ISO 32000-1, 14.7.2)."""
    named = {
        element["ID"].string: element.reference
        for element in pdf.objects
        if isinstance(element, pydyf.Dictionary) and "ID" in element
    }
    names = [part for name in sorted(named) for part in (pydyf.String(name), named[name])]
    if names:
        root = pdf.objects[_number(pdf.catalog["StructTreeRoot"])]
        root["IDTree"] = pydyf.Dictionary({"Names": pydyf.Array(names)})


def _describe_attachments(pdf: Any, media_types: Mapping[str, str]) -> None:
    """Give attachments their own media types, and list each once (ISO 19005-3, 6.8)."""
    if "AF" not in pdf.catalog:
        return
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for reference in pdf.catalog["AF"]:
        described = pdf.objects[_number(reference)]
        file = pdf.objects[_number(described["EF"]["F"])]
        file.extra["Subtype"] = pydyf.name(media_types[described["UF"].string])


def _number(reference: bytes) -> int:
    return int(reference.split()[0])
