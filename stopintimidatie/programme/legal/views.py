"""`/gemeenten/…/verantwoording`: the legal documents, as pages, as files, and as one ZIP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import record
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.privacy.processing.views import ProcessingRegister
from stopintimidatie.programme.legal.queries import FOLDER, legal_values
from stopintimidatie.programme.rules import BLANK, Filled, fill_in, html_of, texts_in
from stopintimidatie.programme.services import ENDINGS, answer, file_of, pdf_of, zip_of

SEEN: Final = Permission.VIEW_RETENTION


class LegalDocuments(HolderBranch):
    """/gemeenten/dordrecht/verantwoording: the legal documents, filled in for this town."""

    kind = "verantwoording"
    label = "Juridische onderbouwing"


LEVELS: Final = tuple(holder_levels(LegalDocuments))
_AGAIN: Final = {"guards": (recently_confirmed,)}


def filled_for(context: LegalDocuments, request: Request) -> Mapping[str, Filled]:
    """Return the documents of a municipality by name."""
    values = legal_values(request.registry, request.db, context.__parent__.municipality)
    return {name: fill_in(text, values) for name, text in texts_in(FOLDER).items()}


@page_view(LegalDocuments, "", SEEN, "templates/documents.jinja2")
def list_view(context: LegalDocuments, request: Request) -> dict[str, Any]:
    """List the documents, each with how many blanks it still has."""
    documents = filled_for(context, request)
    return {
        "documents": [(row, len(BLANK.findall(row.markdown))) for row in documents.values()],
        "endings": ENDINGS,
        "register": request.resource_path(context.__parent__, ProcessingRegister.kind),
        "here": request.resource_path(context).rstrip("/"),
    }


@page_view(LegalDocuments, "stuk", SEEN, "templates/document.jinja2")
def document_view(context: LegalDocuments, request: Request) -> dict[str, Any]:
    """Show one document."""
    filled = _asked(context, request)
    return {"filled": filled, "body": Markup(html_of(filled))}  # noqa: S704 - escaped there


@page_view(LegalDocuments, "bestand", SEEN, "string", **_AGAIN)
def file_view(context: LegalDocuments, request: Request) -> Response:
    """Return one document as DOCX or PDF.

    Raises:
        HTTPNotFound: There is no such document, or not as such a file.
    """
    filled, ending = _asked(context, request), dict(query_pairs(request)).get("vorm", "")
    if ending not in ENDINGS[filled.text.kind]:
        raise HTTPNotFound()
    name = f"{filled.text.name}.{ending}"
    return _answer(context, request, name, lambda: file_of(request, filled, ending))


@page_view(LegalDocuments, "zip", SEEN, "string", **_AGAIN)
def zip_view(context: LegalDocuments, request: Request) -> Response:
    """Return all documents in one ZIP: each as DOCX, and all of them in one PDF."""
    documents = filled_for(context, request).values()

    def make() -> bytes:
        files = {f"{row.text.name}.docx": file_of(request, row, "docx") for row in documents}
        files[f"{context.kind}.pdf"] = pdf_of(request, list(documents), context.label)
        return zip_of(files, documents)

    return _answer(context, request, f"{context.kind}.zip", make)


def _asked(context: LegalDocuments, request: Request) -> Filled:
    filled = filled_for(context, request).get(dict(query_pairs(request)).get("naam", ""))
    if filled is None:
        raise HTTPNotFound()
    return filled


def _answer(context: LegalDocuments, request: Request, name: str, make: Any) -> Response:
    """Answer with a file, with a line in the log; none where it can't be made now."""
    holder, action = context.holder, f"{context.kind}.gedownload"

    def tell(db: Session, person: Any) -> None:
        record(db, person.actor, action, holder, context.kind, fields=[name])

    response = answer(request, f"{context.__parent__.__name__}-{name}", make)
    if response.status_int == 200:
        note(request, holder, tell)
    return response
