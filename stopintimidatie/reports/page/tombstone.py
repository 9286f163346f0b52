"""The page of a report whose content nobody reads here: handed over, withdrawn or destroyed."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.reports import words
from stopintimidatie.reports.conversation.words import may_undo, undo_until
from stopintimidatie.reports.page.queries import timeline
from stopintimidatie.reports.page.steps import actions
from stopintimidatie.reports.personal import has_contact
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery

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
    # Picked up before this municipality joined: of what was destroyed since, its way is told.
    record = report.delivery == Delivery.PICKED_UP and report.received_from is not None
    if record:
        note_read(request, context.holder, KIND, [report.id], task="vermelding bekijken")
    return {
        "way": timeline(request.db, report)[0] if record else None,
        "receiver": receiver,
        "may_follow": may(roles, Permission.VIEW_REPORT),
    }


def _withdrawn(context: ReportResource, request: Request) -> dict[str, Any]:
    """Return what everybody still sees of a withdrawn report: that it was there, and when."""
    report = context.report
    note_read(request, context.holder, KIND, [report.id], task="ingetrokken melding bekijken")
    ended = report.ended_at or report.received_at
    return {
        "badges": words.badges(report),
        # A hold keeps it, or it went with the withdrawal.
        "contact": has_contact(request.db, report),
        "undo_until": day_of(undo_until(ended)) if may_undo(ended, utc_now()) else None,
        "actions": actions(request, context),
        "panels": panels(request, PANELS, context),
    }
