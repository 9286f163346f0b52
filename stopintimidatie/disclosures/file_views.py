"""The register as a file, for who answers for it: the rows that the page would list, in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.disclosures import listing
from stopintimidatie.disclosures.copies import stand_of
from stopintimidatie.disclosures.models import DisclosureSubject
from stopintimidatie.disclosures.resources import DisclosureRegister
from stopintimidatie.disclosures.services import AUDIT_KIND
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.csv_file import csv_response
from stopintimidatie.web.filters import local
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

NAME: Final = "bestand"
CHUNK: Final = 500
COLUMNS: Final = (
    *("Nummer", "Gemaakt", "Ontvanger", "Soort ontvanger", "Profiel", "Waarvan", "Meldingen"),
    *("Soorten gegevens", "Van wie", "Doel", "Grondslag", "Convenant"),
    *("Extra grond minderjarigen", "Aangevraagd door", "Aangevraagd", "Goedgekeurd door"),
    *("Goedgekeurd", "Vernietigen uiterlijk", "Stand", "Gegeven", "Vernietigd gemeld"),
    *("SHA-256 van de inhoud", "SHA-256 van het bestand"),
)


@view_config(
    context=DisclosureRegister,
    name=NAME,
    request_method="GET",
    permission=Permission.SAVE_DISCLOSURES,
)
def file_view(context: DisclosureRegister, request: Request) -> Response:
    """With the filters of the page; each row that goes along is noted as read."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    today = local(utc_now()).date()
    filters = listing.Filters.read(query_pairs(request))
    found: list[listing.Row] = []
    while True:
        chunk = listing.page(request.db, filters, roles, today, len(found), CHUNK)
        found += chunk
        if len(chunk) < CHUNK:
            break
    ids = [row.disclosure.id for row in found]
    note_read(request, context.holder, AUDIT_KIND, ids, task="register als bestand")
    name = f"verstrekkingen-{context.holder.lower()}-{today.isoformat()}"
    return csv_response(name, COLUMNS, _rows(request.db, found, today))


def _rows(
    session: Session, found: Sequence[listing.Row], today: date
) -> Iterator[Sequence[object]]:
    of_whom = _subjects(session, [row.disclosure.id for row in found])
    for one in found:
        row, copy = one.disclosure, one.copy
        subjects = of_whom.get(row.id, [])
        kinds = dict.fromkeys(kind for subject in subjects for kind in subject.categories)
        yield (
            row.reference,
            _moment(row.made_at),
            row.recipient,
            row.recipient_kind,
            f"{row.profile}, versie {row.profile_version}",
            f"{row.source_kind} {row.source_reference}",
            one.subjects,
            ", ".join(kinds),
            " ".join(f"{subject.label}:{subject.subject_id}" for subject in subjects),
            row.purpose,
            row.legal_basis_words,
            row.covenant,
            row.minors_ground,
            row.requested_by,
            _moment(row.requested_at),
            row.approved_by,
            _moment(row.approved_at),
            row.destroy_by.isoformat(),
            stand_of(copy, today),
            _moment(copy.given_at if copy else None),
            _moment(copy.destroyed_at if copy else None),
            row.content_sha256,
            row.file_sha256,
        )


def _moment(at: datetime | None) -> str:
    """As spreadsheets sort it, at the clock of the Netherlands."""
    return local(at).strftime("%Y-%m-%d %H:%M") if at else ""


def _subjects(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[DisclosureSubject]]:
    found: dict[UUID, list[DisclosureSubject]] = {}
    for start in range(0, len(ids), CHUNK):
        some = DisclosureSubject.disclosure_id.in_(ids[start : start + CHUNK])
        rows = select(DisclosureSubject).where(some).order_by(DisclosureSubject.label)
        for row in session.scalars(rows):
            found.setdefault(row.disclosure_id, []).append(row)
    return found
