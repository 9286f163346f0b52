"""The report in hand, as the reading pane of a workbench shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import date_text, days_until, plural
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports import words
from stopintimidatie.reports.handling.services import notes_of
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import final_reason, select_last_decision
from stopintimidatie.reports.page.proposals import may_answer, open_proposal
from stopintimidatie.reports.page.views import TOMBSTONES
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import marked
from stopintimidatie.reports.words import AreaNames, Rows
from stopintimidatie.reports.workbench.rail import Place, other_steps, rail_of
from stopintimidatie.reports.workbench.services import others_looking
from stopintimidatie.reports.workflow import (
    NOT_HANDLED,
    NOT_HANDLED_REASONS,
    REPORT_WORKFLOW,
)


@dataclass(frozen=True, slots=True)
class Known:
    """Facts about a report that a list has read with it: the names of its area and handler.

    `proposed`: a proposal waits for a second look.
    """

    area: str | None
    handler: str | None
    proposed: bool


def pane_values(
    context: ReportResource, request: Any, known: Known, place: Place
) -> dict[str, Any]:
    """Return what the pane and the rail show of a report. `place`: the page they stand on."""
    report, session = context.report, request.db
    names = AreaNames(neighbourhood=known.area)
    proposal = proposal_in_words(context, request, place) if known.proposed else None
    similar = urlencode({"terug": place.onwards, "hier": place.here})
    return {
        "report": report,
        "path": place.path,
        "tombstone": report.state in TOMBSTONES,
        "heading": words.heading(report),
        "badges": words.badges(report),
        "flags": words.flags(report),
        "account": marked(report.description) if report.description else None,
        "rows": _first(report, names, known.handler),
        "rest": _rest(report, names),
        "looking": others_looking(session, report, str(request.actor.id)),
        "similar": None if report.state in GONE else f"{place.path}/naast?{similar}",
        "rail": rail_of(context, request, place, proposal is not None),
        "notes": notes_of(session, report),
        "proposal": proposal,
        "more": [*other_steps(request, context, place), *_note_link(context, request, place)],
    }


def _note_link(context: ReportResource, request: Any, place: Place) -> list[tuple[str, str]]:
    if not request.has_permission(Permission.TRIAGE, context):
        return []
    return [("Notitie toevoegen", f"{place.path}/notitie?{urlencode({'terug': place.here})}")]


def proposal_in_words(context: ReportResource, request: Any, place: Place) -> dict[str, Any] | None:
    """Return what a colleague proposed and who may answer; None without an open proposal."""
    report = context.report
    proposal = open_proposal(request.db, report)
    if proposal is None:
        return None
    reason = dict(NOT_HANDLED_REASONS).get(str(proposal.values.get("reden_code")), "")
    allowed = bool(request.has_permission(Permission.TRIAGE, context))
    return {
        "who": proposal.actor_name,
        "step": REPORT_WORKFLOW.transition(proposal.step).label.lower(),
        "reason": reason,
        "note": str(proposal.values.get("reden") or ""),
        "own": proposal.actor_id == str(request.actor.id),
        "may_answer": allowed and may_answer(request.db, proposal, str(request.actor.id)),
        "href": f"{place.path}/voorstel",
        "fields": {"versie": report.version, "hier": place.here, "terug": place.onwards},
    }


def _first(report: Report, names: AreaNames, handler: str | None) -> Rows:
    """Return the rows to decide on: when, where, which forms, contact, handler."""
    rows: Rows = [*words.moments(report)[:1], *words.location(report, names)[:4]]
    rows += words.event(report)[:2]
    contact = dict(words.wishes(report)).get("Contact")
    if report.contact_deadline is not None:
        until = f"{date_text(report.contact_deadline)} ({days_until(report.contact_deadline)})"
        rows.append(("Contact uiterlijk", f"{until}{f': {contact}' if contact else ''}"))
    if report.waiting_until is not None:
        until = f"{date_text(report.waiting_until)} ({days_until(report.waiting_until)})"
        rows.append(("Antwoord uiterlijk", until))
    return [*rows, ("Behandelaar", handler or "nog niemand")]


def _rest(report: Report, names: AreaNames) -> Rows:
    """Return the other facts, which stand folded."""
    return [
        *words.moments(report)[1:],
        *words.location(report, names)[4:],
        *words.event(report)[2:],
        *words.reporter(report),
        *words.offenders(report),
        *words.wishes(report),
    ]


DONE: Final = {
    "in_behandeling_nemen": "in behandeling genomen",
    "in_dossier": "in een dossier geplaatst",
    "niet_in_behandeling": "niet in behandeling genomen",
    "afwijzen": "niet in behandeling genomen",
    "vrijgeven": "uit quarantaine gehaald",
    "vraag_melder": "vraag gesteld aan de melder",
    "overdracht_aanbieden": "aangeboden aan een andere gemeente",
    "afhandelen": "afgehandeld",
    "voorgesteld": "voorgelegd aan een collega",
    "voorstel_afgewezen": "voorstel niet overgenomen",
    "beoordelen": "beoordeling opgeslagen",
    "bericht": "bericht klaargezet voor de melder",
    "notitie": "notitie toegevoegd",
    "sluimeren": "sluimert",
    "wakker": "sluimert niet meer",
    "toewijzen": "aan een ander gegeven",
    "contact": "contact vastgelegd",
}
# Leaves the house with a step, once it can't be undone any more.
_LEAVES: Final = {
    "in_dossier": "De melder leest dit",
    "niet_in_behandeling": "De melder leest dit",
    "afwijzen": "De melder leest dit",
    "vraag_melder": "De melder leest dit",
    "afhandelen": "De melder leest dit",
    "overdracht_aanbieden": "De andere gemeente ziet dit",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """Words of the bar: the last decision, what leaves by it when, and the reason it is final."""

    decision: ReportDecision
    reference: str
    text: str
    note: str
    why: str


def bar_for(request: Any, session: Session, holder: str) -> Bar | None:
    """Return what this person decided last, less than ten minutes ago; None without that."""
    last = select_last_decision(holder, str(request.actor.id))
    about = Report.reference, Report.duplicate_of_id
    statement = last.join(Report, Report.id == ReportDecision.report_id).add_columns(*about)
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    decision, reference, duplicate_of = row
    why = final_reason(request.registry, decision) or ""
    text = f"{reference}: {done(decision, duplicate_of)}."
    return Bar(decision, reference, text, "" if why else _note(decision), why)


def done(decision: ReportDecision, duplicate_of: UUID | None) -> str:
    """Return what a decision did, in a few words; `duplicate_of`: the report that it doubles."""
    last = decision.steps[-1]
    if last in NOT_HANDLED and duplicate_of is not None:
        return "gesloten als dubbel"
    if last == "spoed":
        return "spoed uit" if decision.before["urgent"] else "spoed aan"
    if last in DONE:
        return DONE[last]
    try:
        return REPORT_WORKFLOW.transition(last).label.lower()
    except WorkflowError:
        return last.replace("_", " ")


def _note(decision: ReportDecision) -> str:
    leaves = next((_LEAVES[name] for name in decision.steps if name in _LEAVES), None)
    minutes = round((decision.until - utc_now()).total_seconds() / 60)
    if leaves is None:
        return ""
    when = f"over {plural(minutes, 'minuut', 'minuten')}" if minutes else "zo meteen"
    return f"{leaves} {when}."
