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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import Any, BinaryIO, Final

from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from stopintimidatie.exports.document.assets import Assets, letters_of
from stopintimidatie.exports.document.html import markup, stylesheet, words_of
from stopintimidatie.exports.document.pdf import ACCESSIBLE_VARIANT, PDF_VARIANT, finish
from stopintimidatie.exports.redaction.content import DossierContent

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


def render(
    content: DossierContent,
    assets: Assets,
    progress: Progress | None = None,
    *,
    archive: bool = True,
    files: Iterable[bytes] = (),
) -> bytes:
    """Return the document as a tagged PDF/A-3a that is PDF/UA-1 as well.

    Args:
        content: the frozen content.
        assets: the fonts.
        progress: is called with the step and the number of the page.
        archive: whether it is PDF/A; without it PDF/UA-1 alone, for a file that will be encrypted.
        files: the attachments, in the order of the content.
    """
    pdf = BytesIO()
    draw(content, assets, pdf, progress, archive=archive, files=files)
    return pdf.getvalue()


def draw(
    content: DossierContent,
    assets: Assets,
    file: BinaryIO,
    progress: Progress | None = None,
    *,
    archive: bool = True,
    files: Iterable[bytes] = (),
) -> None:
    """Lay the document out and write it to a file, as `render` returns it."""
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
