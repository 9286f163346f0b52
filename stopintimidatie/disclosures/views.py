"""The pages of the register: the list, and one entry."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup
from pyramid.view import view_config

from stopintimidatie.clock import utc_now
from stopintimidatie.disclosures import listing
from stopintimidatie.disclosures.copies import copy_of, event_words, events_of, stand_of
from stopintimidatie.disclosures.file_views import NAME as FILE
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.resources import DisclosureRegister, DisclosureResource
from stopintimidatie.disclosures.services import AUDIT_KIND, subjects_of
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage import NATIONAL
from stopintimidatie.web.components import FacetValue, TimelineEntry
from stopintimidatie.web.filters import (
    date_short,
    date_text,
    datetime_long,
    datetime_short,
    file_size,
    local,
)
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs, toggled


@view_config(
    context=DisclosureRegister,
    request_method="GET",
    permission=Permission.VIEW_DISCLOSURES,
    renderer="templates/register.jinja2",
)
def register_view(context: DisclosureRegister, request: Request) -> dict[str, Any]:
    """What was disclosed, newest first."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    today = local(utc_now()).date()
    filters = listing.Filters.read(query_pairs(request))
    paging = Paging(wanted_page(request), listing.count(request.db, filters, roles, today))
    rows = listing.page(request.db, filters, roles, today, paging.offset, paging.size)
    note_read(
        request,
        context.holder,
        AUDIT_KIND,
        [row.disclosure.id for row in rows],
        task="register lezen",
    )
    return {
        "rows": [_row(request, context, row, today) for row in rows],
        "columns": _COLUMNS if context.holder != NATIONAL else _DESK_COLUMNS,
        "facets": _facets(request, listing.facets(request.db, roles, today)),
        "filtered": filters != listing.Filters(),
        "all_href": request.resource_path(context),
        "desk": context.holder == NATIONAL,
        "file_href": _file_href(context, request),
        "paging": paging,
    }


def _file_href(context: DisclosureRegister, request: Request) -> str | None:
    """The same rows as a file, for who answers for the register."""
    if not request.has_permission(Permission.SAVE_DISCLOSURES, context):
        return None
    address: str = request.resource_path(context, FILE)
    return f"{address}?{request.query_string}" if request.query_string else address


def _facets(request: Request, found: Any) -> list[tuple[str, list[FacetValue]]]:
    chosen = query_pairs(request)
    return [
        (
            listing.FACETS[name],
            [
                FacetValue(words, toggled(request, name, code), number, (name, code) in chosen)
                for code, words, number in values
            ],
        )
        for name, values in found.items()
    ]


_DESK_COLUMNS = ["Nummer", "Gemaakt", "Ontvanger", "Melding", "Grondslag", "Vernietigen"]
_COLUMNS = [
    "Nummer",
    "Gemaakt",
    "Ontvanger",
    "Dossier",
    ("Meldingen", "number"),
    "Grondslag",
    "Vernietigen",
    "Stand",
]


def _row(
    request: Request, context: DisclosureRegister, found: listing.Row, today: date
) -> list[str]:
    row = found.disclosure
    anchor = Markup('<a class="utrecht-link utrecht-link--html-a" href="{}">{}</a>')
    begin = [
        anchor.format(request.resource_path(context, row.reference), row.reference),
        datetime_short(row.made_at),
        row.recipient,
        row.source_reference,
    ]
    end = [row.legal_basis_words, date_short(row.destroy_by)]
    if context.holder == NATIONAL:
        return [*begin, *end]
    return [*begin, str(found.subjects), *end, stand_of(found.copy, today)]


@view_config(
    context=DisclosureResource,
    request_method="GET",
    permission=Permission.VIEW_DISCLOSURES,
    renderer="templates/disclosure.jinja2",
)
def disclosure_view(context: DisclosureResource, request: Request) -> dict[str, Any]:
    """One entry: who got what of whom, why, until when."""
    row = context.disclosure
    subjects = subjects_of(request.db, row.id)
    note_read(request, context.holder, AUDIT_KIND, [row.id], task="verstrekking lezen")
    return {
        "disclosure": row,
        "what": _what(row),
        "why": _why(row),
        "proof": [
            ("SHA-256 van de inhoud", row.content_sha256),
            ("SHA-256 van het bestand", row.file_sha256),
            ("Grootte van het bestand", file_size(row.file_size)),
        ],
        "stand": stand_of(copy_of(request.db, row.id), local(utc_now()).date()),
        "events": [
            TimelineEntry(event.at, event_words(event), event.actor_name)
            for event in events_of(request.db, row.id)
        ],
        "subjects": [
            [subject.label, ", ".join(subject.categories), str(subject.subject_id)]
            for subject in subjects
        ],
    }


def _what(row: Disclosure) -> list[tuple[str, str]]:
    return [
        ("Ontvanger", f"{row.recipient} ({row.recipient_kind})"),
        ("Wat", f"{row.source_kind.capitalize()} {row.source_reference}, {_how(row)}"),
        ("Profiel", f"{row.profile}, versie {row.profile_version}"),
        ("Gemaakt", datetime_long(row.made_at)),
        ("Aangevraagd door", f"{row.requested_by}, {datetime_short(row.requested_at)}"),
        ("Goedgekeurd door", f"{row.approved_by}, {datetime_short(row.approved_at)}"),
    ]


def _how(row: Disclosure) -> str:
    return "met een code opgehaald of versleuteld gemaild" if row.holder == NATIONAL else "als PDF"


def _why(row: Disclosure) -> list[tuple[str, str]]:
    pairs = [("Doel", row.purpose), ("Grondslag", row.legal_basis_words)]
    if row.covenant:
        pairs.append(("Convenant (zelf geen grondslag)", row.covenant))
    if row.minors_ground:
        pairs.append(("Extra grond voor minderjarigen", row.minors_ground))
    return [*pairs, ("Ontvanger vernietigt uiterlijk", date_text(row.destroy_by))]
