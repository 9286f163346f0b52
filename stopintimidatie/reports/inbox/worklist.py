"""Calls due: the reporters who wait for a call or a mail, by who can be reached at this hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import ColumnElement, func, null, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.handling.services import callable_at
from stopintimidatie.reports.inbox.panels import form_words, forms_of_report
from stopintimidatie.reports.inbox.rules import OPEN, deadline_or_never
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.personal import PURPOSE
from stopintimidatie.reports.vocabulary import KIND, ContactWish

# The most rows; who calls these finds the others after them.
MOST: Final = 100
NOW, LOOK, LATER = "Nu te bereiken", "Kijk wanneer", "Later"


def calls_due(
    session: Session, holder: str, restricted: ColumnElement[bool], *, hours: bool
) -> Sequence[Any]:
    """Return the reports with contact to keep: urgent first, then what is due first.

    `hours`: whether a row has when the reporter can be called, encrypted.
    """
    wish = func.coalesce(Report.contact_agreed, Report.wants_contact)
    columns: tuple[Any, ...] = (
        *(Report.id, Report.reference, Report.dossier_number, Report.urgent),
        *(Report.contact_deadline, Report.next_attempt_at),
        Neighbourhood.name.label("area"),
        Neighbourhood.slug.label("neighbourhood"),
        forms_of_report().label("forms"),
        restricted.label("restricted"),
        (ReportContact.contact_when if hours else null()).label("contact_when"),
    )
    due = (
        select(*columns)
        .where(
            Report.holder == holder,
            Report.state.in_(sorted(OPEN)),
            or_(Report.contact_deadline.is_not(None), Report.next_attempt_at.is_not(None)),
            wish.in_([ContactWish.CALL.value, ContactWish.MAIL.value]),
        )
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .order_by(Report.urgent.desc(), deadline_or_never, Report.received_at, Report.id)
        .limit(MOST)
    )
    if hours:
        due = due.outerjoin(ReportContact, ReportContact.report_id == Report.id)
    return session.execute(due).all()


def hours_of(request: Request, holder: str, rows: Sequence[Any], task: str) -> dict[UUID, str]:
    """Return when these reporters can be called, in their own words; that is noted in the log."""
    written = [row for row in rows if row.contact_when]
    ids, keys = [row.id for row in written], request.registry.key_ring
    note_read(request, holder, KIND, ids, task=task, fields=["contactgegevens"])
    return {row.id: keys.decrypt(PURPOSE, row.contact_when, str(row.id)) for row in written}


@page_view(
    MunicipalityResource,
    "bellen",
    Permission.TRIAGE,
    "templates/calls.jinja2",
    guards=(recently_confirmed,),
)
def calls_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show who waits for contact: who can be reached now, who perhaps, and who later."""
    may_know = bool(request.has_permission(Permission.VIEW_CONTACT, context))
    bound = is_restricted(request.registry, Report.id)
    rows = calls_due(request.db, context.holder, bound, hours=may_know)
    # Use of these is restricted (art. 18): who they are stands there, their hours don't.
    free = [row for row in rows if not row.restricted]
    hours = hours_of(request, context.holder, free, "bellen")
    note_read(request, context.holder, KIND, [row.id for row in rows], task="bellen")
    groups: dict[str, list[Any]] = {NOW: [], LOOK: [], LATER: []}
    for row in rows:
        known = may_know and not row.restricted
        groups[_group(row, hours.get(row.id), known, utc_now())].append(row)
    here = request.resource_path(context).rstrip("/")

    def call_href(row: Any) -> str:
        parts = (here, row.neighbourhood, row.dossier_number, row.reference)
        path = "/".join(part for part in parts if part)
        return f"{path}/contact?terug={quote(f'{here}/bellen', safe='')}"

    return {
        "groups": groups,
        "hours": hours,
        "form_words": form_words,
        "call_href": call_href,
        "may_know": may_know,
    }


def _group(row: Any, words: str | None, may_know: bool, now: datetime) -> str:
    """Return the heading for a row: by its planned attempt, else by the words of the reporter."""
    planned = row.next_attempt_at is not None and row.next_attempt_at > now
    can = False if planned else callable_at(words, now) if may_know else None
    return {True: NOW, None: LOOK, False: LATER}[can]
