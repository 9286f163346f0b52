"""/verificatie: is this the file that was made under this id, and does it still count?

Of the file only the hash is kept.

Not a word more is told. That there is a newer version isn't told: whoever found a file would learn
that the dossier goes on.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

import colander
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, handle_form
from stopintimidatie.core.forms.types import Type
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import Root, locate_reference
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.resources import KIND, normalise_export_id
from stopintimidatie.disclosures.services import find_disclosure

FILE_LIMIT: Final = 25_000_000
_CHUNK: Final = 64 * 1024


class HashOfFile(Type):
    """A file of at most 25 MB; as a value its SHA-256 in hexadecimal, nothing else of it."""

    widget_maker = forms.FileInput

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not hasattr(cstruct, "file") or not cstruct.filename:
            return colander.null
        digest, size = hashlib.sha256(), 0
        while part := cstruct.file.read(_CHUNK):
            size += len(part)
            if size > FILE_LIMIT:
                raise colander.Invalid(node, "Kies een bestand van hoogstens 25 MB.")
            digest.update(part)
        return digest.hexdigest()


class VerificationSchema(forms.Schema):
    uitvoer = forms.field(
        forms.Text(60),
        "Nummer van de uitgave",
        description="Dit staat onder aan elke pagina en op de laatste pagina, zoals U-4F7K-2QXJ.",
        widget=forms.TextInput(width="medium", autocomplete="off"),
    )
    bestand = forms.field(
        HashOfFile(),
        "Bestand",
        description="Het PDF-bestand zoals u het kreeg, hoogstens 25 MB. Wij bewaren het niet.",
        widget=forms.FileInput(accept="application/pdf,.pdf"),
    )


# The verdict

NO_HASH = "0" * 64
NOTHING = UUID(int=0)


class Verdict(StrEnum):
    """Answer about a file. Only of the very file that was made is more told than *unknown*."""

    GENUINE = "echt"
    WITHDRAWN = "ingetrokken"
    EXPIRED = "verlopen"
    UNKNOWN = "onbekend"


def verify(session: Session, typed: str, file_sha256: str, today: date) -> Verdict:
    """Return what the register knows of this file under this id.

    An id that doesn't exist costs the same look-ups as one that does.
    """
    reference = normalise_export_id(typed) or ""
    holders = locate_reference(session, reference, KIND)
    enter(session, holders[0] if holders else NATIONAL)
    found = find_disclosure(session, reference)
    copy = session.scalars(
        select(DisclosedCopy).where(DisclosedCopy.disclosure_id == (found.id if found else NOTHING))
    ).one_or_none()
    same = compare_digest(found.file_sha256 if found else NO_HASH, file_sha256)
    return judge(found, copy, today) if found is not None and same else Verdict.UNKNOWN


def judge(found: Disclosure, copy: DisclosedCopy | None, today: date) -> Verdict:
    """Judge the file itself: whether it still counts. Pure."""
    if copy is not None and copy.withdrawn_at is not None:
        return Verdict.WITHDRAWN
    return Verdict.EXPIRED if found.destroy_by < today else Verdict.GENUINE


# Page


@view_config(
    context=Root,
    name="verificatie",
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer="templates/verification.jinja2",
)
def verification(request: Request) -> Any:
    """Show the form; after a file also the answer, the same for every kind of no."""
    asked = dict(query_pairs(request)).get("uitvoer", "")[:60]
    form = Form(
        VerificationSchema(),
        request,
        buttons=[Button("controleren", "Controleren")],
        appstruct={"uitvoer": asked},
        action=request.path,
    )
    page: dict[str, Any] = {"form": form, "answer": None}

    def on_valid(values: dict[str, Any]) -> Any:
        today = day_of(utc_now())
        answer = verify(request.db, values["uitvoer"], values["bestand"], today)
        return {**page, "answer": answer.value}

    return handle_form(request, form, on_valid, page)
