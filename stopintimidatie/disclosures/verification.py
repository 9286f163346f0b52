"""The public page /verificatie: is this the file with this id, and does it still count?

Only the hash of an uploaded file is used. The answer says nothing more: not even that there is a
newer version, because whoever found a file would learn that the dossier goes on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import partial
from hmac import compare_digest
from typing import Any
from uuid import UUID

import colander
from pyramid.httpexceptions import HTTPBadRequest, HTTPRequestEntityTooLarge
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select
from sqlalchemy.orm import Session
from webob.multidict import MultiDict

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, handle_form
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.text import _, day_of, file_size
from stopintimidatie.core.tree import Root, locate_reference
from stopintimidatie.core.web import body, limits
from stopintimidatie.core.web.request import CrowdedError, Request, form_view, query_pairs
from stopintimidatie.core.web.translation import gettext, keep_language
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.resources import KIND, normalise_export_id
from stopintimidatie.disclosures.services import find_disclosure, is_public


@dataclass
class Fingerprint:
    """Length and hash of a file of which nothing else is kept."""

    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, part: bytes) -> None:
        """Take in the next bytes."""
        self.size += len(part)
        self.digest.update(part)


class HashOfFile(forms.Upload):
    """An uploaded file, whose value is only its SHA-256 in hexadecimal."""

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return the hash of the uploaded file.

        Raises:
            colander.Invalid: the file is too large, or empty.
        """
        if not isinstance(cstruct, body.SentFile):
            return colander.null
        if cstruct.file.size > self.limit:
            raise colander.Invalid(node, self.too_large())
        if not cstruct.file.size:
            words = _("Dit bestand is leeg. Download het opnieuw, en kies dat.")
            raise colander.Invalid(node, words)
        return cstruct.file.digest.hexdigest()


class VerificationSchema(forms.Schema):
    """The form of an id and a file."""

    uitvoer = forms.field(
        forms.Text(60),
        _("Nummer van de uitgave"),
        description=_(
            "Dit staat onder aan elke pagina en op de laatste pagina, zoals U-4F7K-2QXJ."
        ),
        widget=forms.TextInput(width="medium", autocomplete="off"),
    )
    bestand = forms.field(
        HashOfFile(limits.PUBLIC_UPLOAD),
        _("Bestand"),
        widget=forms.FileInput(accept="application/pdf,.pdf"),
    )


# Stand in for a disclosure that doesn't exist, so that the answer takes as long

NO_HASH = "0" * 64
NO_ID = UUID(int=0)


class Verdict(StrEnum):
    """Answer about a file. Any other file than the one that was made is *unknown*."""

    GENUINE = "echt"
    WITHDRAWN = "ingetrokken"
    EXPIRED = "verlopen"
    UNKNOWN = "onbekend"


def verify(session: Session, typed: str, file_sha256: str, today: date) -> Verdict:
    """Return the verdict about the file with this hash under a typed id.

    An id that doesn't exist takes the same queries as one that does.
    """
    reference = normalise_export_id(typed) or ""
    holders = locate_reference(session, reference, KIND)
    enter(session, holders[0] if holders else NATIONAL)
    disclosure = find_disclosure(session, reference)
    disclosure_id = disclosure.id if disclosure else NO_ID
    copy = session.scalars(
        select(DisclosedCopy).where(DisclosedCopy.disclosure_id == disclosure_id)
    ).one_or_none()
    same = compare_digest(disclosure.file_sha256 if disclosure else NO_HASH, file_sha256)
    return judge(disclosure, copy, today) if disclosure is not None and same else Verdict.UNKNOWN


def judge(disclosure: Disclosure, copy: DisclosedCopy | None, today: date) -> Verdict:
    """Return the verdict about the file that was made: does it still count? Pure."""
    if copy is not None and copy.withdrawn_at is not None:
        return Verdict.WITHDRAWN
    if is_public(disclosure):
        return Verdict.GENUINE
    return Verdict.EXPIRED if disclosure.destroy_by < today else Verdict.GENUINE


# Page


def receive(request: Request) -> None:
    """Read a form while the request has no place in the application; keep nothing of its file.

    Raises:
        HTTPException: it is too large, it can't be read, or too much is read already.
    """
    if (body.announced_length(request.environ) or 0) > limits.PUBLIC_UPLOAD_FORM:
        raise HTTPRequestEntityTooLarge
    if request.content_type != body.MULTIPART:
        request.sent = MultiDict()  # no form of ours, and so no file
        return
    kind, read = request.headers.get("Content-Type", ""), partial(body.take, request.environ)
    try:
        with limits.heavy_work(request):
            request.sent = body.read_multipart(read, kind, Fingerprint)
    except limits.NoPlaceError:
        raise CrowdedError from None
    except ValueError:
        raise HTTPBadRequest from None


# No token is asked: that would be read from the form before it is received. It changes nothing.
@form_view(
    Root,
    "verificatie",
    NO_PERMISSION_REQUIRED,
    "templates/verification.jinja2",
    require_csrf=False,
)
def verification(request: Request) -> Any:
    """Show the form; for a posted file also the verdict, the same for every unknown file."""
    if request.method == "POST":
        receive(request)
    reference = dict(query_pairs(request)).get("uitvoer", "")[:60]
    schema = VerificationSchema()
    schema["bestand"].description = gettext(
        "Het PDF-bestand zoals u het kreeg, hoogstens %(most)s. Wij bewaren het niet.",
        most=file_size(limits.PUBLIC_UPLOAD),
    )
    form = Form(
        schema,
        request,
        buttons=[Button("controleren", _("Controleren"))],
        appstruct={"uitvoer": reference},
        action=keep_language(request, request.path),
    )
    page: dict[str, Any] = {"form": form, "answer": None}

    def on_valid(values: dict[str, Any]) -> Any:
        today = day_of(utc_now())
        answer = verify(request.db, values["uitvoer"], values["bestand"], today)
        return {**page, "answer": answer.value}

    return handle_form(request, form, on_valid, page)
