"""Calls due: the reporters who wait for a call or a mail, by who can be reached at this hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, func, null, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.request import Request, page_view, query_pairs
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
# A visit that goes on to the first who can be reached now.
NEXT: Final = "volgende"
# In half hours.
WEEK: Final = 7 * 24 * 2
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
def calls_view(context: MunicipalityResource, request: Request) -> Any:
    """Show who waits for contact: who can be reached now, who perhaps, and who later."""
    may_know = bool(request.has_permission(Permission.VIEW_CONTACT, context))
    bound = is_restricted(request.registry, Report.id)
    rows = calls_due(request.db, context.holder, bound, hours=may_know)
    # Use of these is restricted (art. 18): who they are stands there, their hours don't.
    free = [row for row in rows if not row.restricted]
    hours = hours_of(request, context.holder, free, "bellen")
    groups: dict[str, list[Any]] = {NOW: [], LOOK: [], LATER: []}
    here, now = request.resource_path(context).rstrip("/"), utc_now()

    def group_at(row: Any, moment: datetime) -> str:
        """Return the heading for a row: by its planned attempt, else by the reporter's words."""
        known = may_know and not row.restricted
        planned = row.next_attempt_at is not None and row.next_attempt_at > moment
        can = False if planned else callable_at(hours.get(row.id), moment)
        return {True: NOW if known else LOOK, None: LOOK, False: LATER}[can]

    for row in rows:
        groups[group_at(row, now)].append(row)
    if NEXT in dict(query_pairs(request)) and groups[NOW]:
        return HTTPSeeOther(call_path(groups[NOW][0], here, f"{here}/bellen"))
    note_read(request, context.holder, KIND, [row.id for row in rows], task="bellen")
    hour = now.replace(minute=0, second=0, microsecond=0)
    soon = (hour + timedelta(minutes=30 * number) for number in range(1, WEEK))
    return {
        "groups": groups,
        "hours": hours,
        "form_words": form_words,
        "call_path": call_path,
        "here": here,
        "may_know": may_know,
        "first": next(
            (m for m in soon if m > now and any(group_at(row, m) != LATER for row in rows)), None
        ),
    }


def call_path(row: Any, here: str, back: str) -> str:
    """Return the page on which contact is kept, which leads on to the next who can be reached.

    Args:
        row: The report, in a list of whatever query.
        here: Address of its municipality.
        back: Address to go back to when nothing is kept.
    """
    parts = (here, row.neighbourhood, row.dossier_number, row.reference)
    path = "/".join(part for part in parts if part)
    onwards = quote(f"{here}/bellen?{NEXT}=ja", safe="")
    return f"{path}/contact?terug={onwards}&hier={quote(back, safe='')}"
