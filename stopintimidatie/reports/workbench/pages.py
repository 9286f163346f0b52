"""The report in hand, as the reading pane of a workbench shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from pyramid.request import RequestLocalCache
from pyramid.traversal import find_interface
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text, days_until, plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports import words
from stopintimidatie.reports.handling.services import notes_of, sleeps
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import (
    ASSESS,
    final_reason,
    is_alerted,
    select_last_decision,
)
from stopintimidatie.reports.page.map import map_of
from stopintimidatie.reports.page.pages import TOMBSTONES
from stopintimidatie.reports.page.pages import badges as tombstone_badges
from stopintimidatie.reports.page.proposals import may_answer, open_proposal
from stopintimidatie.reports.page.steps import actions
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import marked
from stopintimidatie.reports.words import AreaNames, Rows
from stopintimidatie.reports.workbench.rail import NOTHING_TO_UNDO, Place, other_steps, rail_of
from stopintimidatie.reports.workbench.services import others_looking
from stopintimidatie.reports.workflow import (
    NOT_HANDLED,
    NOT_HANDLED_REASONS,
    REPORT_WORKFLOW,
)

_TEMPLATES: Final = "stopintimidatie.reports.workbench:templates"
RAIL_PANEL: Final = f"{_TEMPLATES}/rail_panel.jinja2"
BAR_PANEL: Final = f"{_TEMPLATES}/bar_panel.jinja2"
BESIDE_PANEL: Final = f"{_TEMPLATES}/beside_panel.jinja2"
# The name of the view that undoes, below a municipality.
UNDO: Final = "ongedaan"


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
    gone = report.state in TOMBSTONES
    names = AreaNames(neighbourhood=known.area)
    proposal = proposal_in_words(context, request, place) if known.proposed else None
    return {
        "report": report,
        "path": place.path,
        "tombstone": gone,
        "heading": words.heading(report),
        "badges": tombstone_badges(report) if gone else words.badges(report),
        "flags": words.flags(report),
        "account": marked(report.description) if report.description else None,
        "rows": _first(report, names, known.handler),
        "rest": _rest(report, names),
        "map": map_of(request, report, place.path, known.area),
        "looking": others_looking(session, report, str(request.actor.id)),
        "similar": None if report.state in GONE else _beside(place),
        "rail": rail_of(context, request, place, proposal is not None),
        "notes": notes_of(session, report),
        "proposal": proposal,
        "more": [
            *other_steps(request, context, place, proposed=proposal is not None),
            *_note_link(context, request, place),
        ],
    }


def _beside(place: Place) -> str:
    return f"{place.path}/naast?{urlencode({'terug': place.onwards, 'hier': place.here})}"


# The parts of a report's own page


def rail_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the rail on the own page of a report; the desk has one of its own."""
    if context.holder == NATIONAL:
        return None
    place = place_alone(context, request)
    proposal = proposal_in_words(context, request, place)
    rail = rail_of(context, request, place, proposal is not None)
    if rail and _bar_alone(context, request) is None:
        rail.append(NOTHING_TO_UNDO)
    detail = {
        "report": context.report,
        "rail": rail,
        "proposal": proposal,
        "more": [
            *other_steps(request, context, place, proposed=proposal is not None),
            *rare_actions(context, request),
        ],
    }
    return Panel("", RAIL_PANEL, {"detail": detail})


def place_alone(context: ReportResource, request: Any) -> Place:
    """Return the own page of a report: one stays there after a decision."""
    path = request.resource_path(context).rstrip("/")
    return Place(path, here=path, onwards=path)


def rare_actions(context: ReportResource, request: Any) -> list[tuple[str, str]]:
    """Return what other rooms offer for this report, each with its page."""
    return [(action.label, action.href) for action in actions(request, context)]


def bar_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the bar about the last decision on the own page of a report, where there is one."""
    bar = None if context.holder == NATIONAL else _bar_alone(context, request)
    if bar is None:
        return None
    undo = request.resource_path(find_interface(context, MunicipalityResource), UNDO)
    values = {"bar": bar, "undo": undo, "here": request.resource_path(context)}
    return Panel("", BAR_PANEL, values)


# Both parts ask it.
_BARS: Final[RequestLocalCache[Bar | None]] = RequestLocalCache()


def _bar_alone(context: ReportResource, request: Any) -> Bar | None:
    def last(_: Any) -> Bar | None:
        may = request.has_permission(Permission.TRIAGE, context)
        return bar_for(request, request.db, context.holder) if may else None

    bar: Bar | None = _BARS.get_or_create(request, last)
    return bar


def beside_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the place of similar reports; none at the desk, whose reports lie far apart."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return None
    href = _beside(place_alone(context, request))
    return Panel("Vergelijkbare meldingen", BESIDE_PANEL, {"report": context.report, "href": href})


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
    if sleeps(report):
        rows.append(("Weggelegd tot", date_text(report.snoozed_until)))
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
    "sluimeren": "weggelegd",
    "wakker": "niet meer weggelegd",
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


READ_AT_ONCE: Final = "Bij spoed leest de melder dit meteen."
STAYS_URGENT: Final = "Spoed blijft ook dan: wie dienst heeft, is al gewaarschuwd."


def bar_for(request: Any, session: Session, holder: str) -> Bar | None:
    """Return what this person decided last, less than ten minutes ago; None without that."""
    last = select_last_decision(holder, str(request.actor.id))
    about = (
        *(Report.reference, Report.version, Report.duplicate_of_id),
        *(Report.danger_now & is_alerted(Report.id, ReportDecision.at), Report.urgent),
        Report.snoozed_until,
    )
    statement = last.join(Report, Report.id == ReportDecision.report_id).add_columns(*about)
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    decision, reference, version, duplicate_of, alarmed, urgent, asleep = row
    why = final_reason(request.registry, decision, version) or ""
    until = f" tot {date_text(asleep)}" if decision.steps[-1] == "sluimeren" and asleep else ""
    text = f"{reference}: {done(decision, duplicate_of)}{until}."
    note = "" if why else _note(decision, alarmed=alarmed, urgent=urgent)
    return Bar(decision, reference, text, note, why)


def done(decision: ReportDecision, duplicate_of: UUID | None) -> str:
    """Return what a decision did, in a few words; `duplicate_of`: the report that it doubles."""
    last = decision.steps[-1]
    words = _step_done(decision, last, duplicate_of)
    # The full form does both, and undoing it undoes both.
    return f"beoordeeld en {words}" if ASSESS in decision.steps[:-1] else words


def _step_done(decision: ReportDecision, last: str, duplicate_of: UUID | None) -> str:
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


def _note(decision: ReportDecision, *, alarmed: bool | None, urgent: bool) -> str:
    """Return what leaves by a decision and when, and what stays after undoing it."""
    stays = STAYS_URGENT if alarmed and not decision.before["danger_now"] else ""
    leaves = next((_LEAVES[name] for name in decision.steps if name in _LEAVES), None)
    minutes = round((decision.until - utc_now()).total_seconds() / 60)
    if leaves is None:
        return stays
    if urgent:
        return f"{READ_AT_ONCE} {stays}".strip()
    when = f"over {plural(minutes, 'minuut', 'minuten')}" if minutes else "zo meteen"
    return f"{leaves} {when}. {stays}".strip()
