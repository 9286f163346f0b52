"""Making files of texts: DOCX, PPTX, PDF, and a ZIP of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from markupsafe import escape
from pyramid.response import Response

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.web.errors import ErrorPage, error_response
from stopintimidatie.core.web.responses import kept_response
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.exports.document.content import SheetContent
from stopintimidatie.exports.document.services import NotDrawnError, draw_now
from stopintimidatie.exports.vocabulary import clean
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.programme.documents import docx_of
from stopintimidatie.programme.rules import Filled, html_of, slides_html
from stopintimidatie.programme.slides import HEIGHT, WIDTH, pptx_of

# The files that a text is handed out as, by its kind.
ENDINGS: Final = {"brief": ("docx", "pdf"), "slides": ("pptx", "pdf"), "les": ("pdf",)}
README: Final = "LEESMIJ.txt"
_BUSY: Final = ErrorPage(
    "Dit bestand kan nu niet worden gemaakt",
    ("Het is druk. Probeer het over een paar minuten nog eens.",),
)


def answer(request: Any, name: str, make: Callable[[], bytes]) -> Response:
    """Answer with a file; where no PDF can be drawn now, with a page that says so."""
    try:
        return kept_response(name, make())
    except NotDrawnError:
        return error_response(request, 503, _BUSY)


def file_of(request: Any, filled: Filled, ending: str) -> bytes:
    """Make a file of a text.

    Raises:
        NotDrawnError: a PDF can't be drawn now.
    """
    if ending == "pdf":
        return pdf_of(request, [filled], filled.title)
    return docx_of(filled, DESK) if ending == "docx" else pptx_of(filled, DESK)


def pdf_of(request: Any, texts: Sequence[Filled], title: str) -> bytes:
    """Draw texts one after another in one PDF; slides stand alone.

    Raises:
        NotDrawnError: it can't be drawn now.
    """
    first, colour = texts[0], DEFAULT_COLOUR
    body = "\n".join(map(_chapter, texts))
    sheet: dict[str, Any] = {}
    if first.text.kind == "slides":
        body = f"{_edition(first)}{slides_html(first)}"
        sheet = {"style": "slides", "width": WIDTH, "height": HEIGHT}
    made, body = utc_now().replace(microsecond=0), clean(body)
    return draw_now(request, SheetContent(title, DESK, first.edition, made, colour, body, **sheet))


def _chapter(filled: Filled) -> str:
    return f"{_edition(filled)}<h1>{escape(filled.title)}</h1>\n{html_of(filled)}"


def _edition(filled: Filled) -> str:
    return f'<p class="edition">{escape(filled.edition)}</p>'


def zip_of(files: Mapping[str, bytes], texts: Iterable[Filled]) -> bytes:
    """Return files in a ZIP, with a page that tells which edition each text is."""
    lines = dict.fromkeys(f"{filled.title}: {filled.edition}" for filled in texts)
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, body in (*files.items(), (README, "\r\n".join(lines).encode())):
            archive.writestr(name, body)
    return out.getvalue()
