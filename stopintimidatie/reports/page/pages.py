"""The page of a report whose content nobody reads here, and a question that forms share.

Nobody reads what was handed over, withdrawn or destroyed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.reports.conversation.calls import CONTACT_OVER
from stopintimidatie.reports.conversation.words import may_undo, undo_until
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.queries import timeline
from stopintimidatie.reports.page.steps import actions
from stopintimidatie.reports.personal import has_contact
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import CONTACT

# States in which only the tombstone of a report is shown.
TOMBSTONES: Final = frozenset({"overgedragen", "ingetrokken", "vernietigd"})
# The sections of higher rooms on the page of a withdrawn report; they show nothing of its content.
PANELS: Final = "melding_ingetrokken"


def tombstone_of(context: ReportResource, request: Request) -> dict[str, Any]:
    """Return where the report went and when, with its address there for who works there too."""
    if context.report.locked:
        return _withdrawn(context, request)
    report = context.report
    receiver = request.db.get(Municipality, report.handed_to) if report.handed_to else None
    identity = request.identity
    roles = identity.roles_for(report.handed_to) if identity and report.handed_to else ()
    visible = may(roles, Permission.VIEW_REPORT)
    # Picked up before this municipality joined: of what was destroyed since, its way is told.
    record = report.delivery == "opgehaald" and report.received_from is not None
    if record:
        note_read(request, context.holder, KIND, [report.id], task="vermelding bekijken")
    return {
        "withdrawn": None,
        "way": timeline(request.db, report)[0] if record else None,
        "receiver": receiver.name if receiver is not None else None,
        "at": report.ended_at,
        "href": f"/m/{report.reference}" if visible else None,
    }


def _withdrawn(context: ReportResource, request: Request) -> dict[str, Any]:
    """Return what everybody still sees of a withdrawn report: that it was there, and when."""
    report = context.report
    note_read(request, context.holder, KIND, [report.id], task="ingetrokken melding bekijken")
    return {
        "withdrawn": {
            "badges": badges(report),
            "received": report.received_at,
            "urgent": bool(report.urgent or report.danger_now),
            # A hold keeps it, or it went with the withdrawal.
            "contact": has_contact(request.db, report),
            "undo_until": day_of(undo_until(_ended(report))) if _undoable(report) else None,
            "actions": actions(request, context),
            "panels": panels(request, PANELS, context),
        },
        "at": report.ended_at,
    }


def badges(report: Report) -> list[str]:
    """Return the state of a report whose content nobody reads, and what still matters of it."""
    marks = {"spoed": report.locked and report.urgent, "bevroren": report.frozen}
    return [report.state, *(name for name, on in marks.items() if on)]


def _ended(report: Report) -> datetime:
    return report.ended_at or report.received_at


def _undoable(report: Report) -> bool:
    return may_undo(_ended(report), utc_now())


def contact_fields(report: Report) -> list[Any]:
    """Make the question how the contact went, of a report whose reporter waits for it."""
    ways = forms.OneOf(CONTACT_OVER, radio=True)
    label, name = CONTACT.label, CONTACT.name
    asked = field(ways, label, name=name, missing=None, needed_sometimes=True)
    return [asked] if report.contact_due else []
