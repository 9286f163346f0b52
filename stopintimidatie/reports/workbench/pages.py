"""The report in hand, as the reading pane of a workbench shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.request import RequestLocalCache
from pyramid.traversal import find_interface

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import ago
from stopintimidatie.core.web.components import Panel, RailDecision, WorkbenchRow
from stopintimidatie.core.web.request import with_params
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports import words
from stopintimidatie.reports.handling.services import (
    ASSIGNABLE,
    latest_snooze,
    notes_of,
    sleeps,
)
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page import steps
from stopintimidatie.reports.page.decisions import (
    final_reason,
    is_alerted,
    select_last_decision,
)
from stopintimidatie.reports.page.map import map_of
from stopintimidatie.reports.page.proposals import open_proposal, why_not_answer
from stopintimidatie.reports.page.views import account_of
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.triage.services import ASSESSABLE
from stopintimidatie.reports.words import AreaNames
from stopintimidatie.reports.workbench.services import others_looking
from stopintimidatie.reports.workbench.vocabulary import (
    CHOICES,
    FILE,
    NAME,
    OPEN_FOR_ALL,
    TAKE,
    URGENT,
)
from stopintimidatie.reports.workflow import (
    DESK_REASONS,
    ENDED,
    NOT_HANDLED,
    NOT_HANDLED_REASONS,
    REPORT_WORKFLOW,
    ReportState,
)

_TEMPLATES: Final = "stopintimidatie.reports.workbench:templates"
RAIL_PANEL: Final = f"{_TEMPLATES}/rail_panel.jinja2"
BAR_PANEL: Final = f"{_TEMPLATES}/bar_panel.jinja2"
BESIDE_PANEL: Final = f"{_TEMPLATES}/beside_panel.jinja2"
Links = Sequence[tuple[str, str]]
# Characters of the description in a list.
SNIPPET: Final = 90
_REASONS: Final = dict((*DESK_REASONS, *NOT_HANDLED_REASONS))
# The names of the view that undoes, below a municipality, and of the answer to a proposal.
UNDO, PROPOSAL_VIEW = "ongedaan", "voorstel"


_WHY: Final[Mapping[str, str]] = {
    ReportState.QUARANTINE: "eerst uit quarantaine",
    ReportState.WAITING_FOR_REPORTER: "wacht op de melder",
    ReportState.WAITING_FOR_PARTNER: "wacht op een partner",
    ReportState.IN_DOSSIER: "zit in een dossier",
    ReportState.OFFERED: "is aangeboden",
    ReportState.HANDLED: "is al klaar",
    ReportState.NOT_HANDLED: "is al klaar",
    ReportState.HANDED_OVER: "is hier niet meer",
    ReportState.WITHDRAWN: "is ingetrokken",
    ReportState.DESTROYED: "is hier niet meer",
}
SECOND_LOOK: Final = "wacht op een tweede blik"
NOT_YOURS: Final = "mag u niet beslissen"
# In the place of the bar that undoes, while there is nothing for it.
NOTHING_TO_UNDO: Final = RailDecision("z", "Ongedaan", disabled_reason="niets van net", small=True)


@dataclass(frozen=True, slots=True)
class Place:
    """The page that a rail stands on.

    `here`: its address, with the report in hand. `onwards`: where to go after a decision.
    """

    path: str
    here: str
    onwards: str

    def panel(self, view: str, choice: str) -> str:
        """Return the address of the panel that asks about a choice."""
        query = {"keuze": choice, "terug": self.onwards, "hier": self.here}
        return f"{self.path}/{view}?{urlencode(query)}"


def rail_of(
    context: ReportResource, request: Any, place: Place, proposed: bool = False
) -> list[RailDecision]:
    """Return what this person can decide about the report, in the order of the keys.

    For a role that decides nothing it is empty: eleven grey keys would say that eleven times.
    `proposed`: a proposal waits for a second look, which comes first.
    """
    report = context.report
    may_triage = bool(request.has_permission(Permission.TRIAGE, context))
    may_file = bool(request.has_permission(Permission.EDIT_DOSSIER, context))
    if not may_triage and not may_file:
        return []
    waits = SECOND_LOOK if proposed else ""
    rail = [_take(request, report, place, may_triage, waits)]
    for choice, known in CHOICES.items():
        if known.key:
            may = may_file if choice == FILE else may_triage
            why, href = waits or _why_not(report, may, known.states), place.panel(NAME, choice)
            rail.append(RailDecision(known.key, known.title, href, disabled_reason=why))
    return [*rail, *_small(report, place, may_triage)]


def _take(request: Any, report: Report, place: Place, may: bool, waits: str) -> RailDecision:
    reason = waits or _why_not(report, may, OPEN_FOR_ALL)
    taken = report.state == ReportState.IN_HAND
    if taken and report.handler_id == request.identity.user_id:
        reason = reason or "is al van u"
    fields = {
        "keuze": TAKE,
        "versie": report.version,
        "terug": place.onwards,
        "hier": place.here,
    }
    return RailDecision(
        "1",
        "Overnemen" if taken and report.handler_id and not reason else "Behandelen",
        post=f"{place.path}/{NAME}",
        fields=fields,
        disabled_reason=reason,
        after_reading=True,
    )


def _why_not(report: Report, may: bool, states: frozenset[str]) -> str:
    """Return in few words why the state or the person doesn't allow a choice; empty when it can."""
    if report.state in states and may:
        return ""
    return _WHY.get(report.state, "") if report.state not in states else NOT_YOURS


def _awake(report: Report) -> str:
    """Return why the report can't sleep until a later day; empty when it can."""
    if report.urgent:
        return "is spoed"
    latest, today = latest_snooze(report), local_date(utc_now())
    if latest is None or latest > today:
        return ""
    return "contact is te laat" if latest < today else "contact moet vandaag"


def _small(report: Report, place: Place, may: bool) -> list[RailDecision]:
    """Return contact, and what changes no state: sluimeren, uitdelen, spoed."""
    allowed = "" if may else NOT_YOURS
    waits = "" if report.contact_deadline is not None else "geen contact beloofd"
    gone = _WHY.get(report.state, "") if report.state in GONE | ENDED else ""
    fixed = "" if report.state in ASSESSABLE else _WHY.get(report.state, "")
    handled = "" if report.state in ASSIGNABLE else _WHY.get(report.state, "")
    # After a talk with the reporter one decides about the report; the others are done with it.
    stay = urlencode({"terug": place.here})
    onwards = urlencode({"terug": place.onwards, "hier": place.here})
    small = (
        ("c", "Contact", f"contact?{stay}", gone or waits),
        ("w", "Wegleggen", f"sluimeren?{onwards}", handled or _awake(report)),
        ("u", "Uitdelen", f"uitdelen?{onwards}", handled),
    )
    return [
        *(
            RailDecision(
                key, label, f"{place.path}/{page}", disabled_reason=allowed or why, small=key != "c"
            )
            for key, label, page, why in small
        ),
        spoed(report, f"{place.path}/{NAME}", place.here, allowed or fixed),
    ]


def spoed(report: Report, post: str, here: str, disabled_reason: str) -> RailDecision:
    """Return the key that marks a report as urgent, or no longer; the desk has it too."""
    fields = {"keuze": URGENT, "spoed": "nee" if report.urgent else "ja"}
    return RailDecision(
        "s",
        "Geen spoed" if report.urgent else "Spoed",
        post=post,
        fields={**fields, "versie": report.version, "hier": here},
        disabled_reason=disabled_reason,
        small=True,
    )


def other_steps(
    request: Any, context: ReportResource, place: Place, *, proposed: bool
) -> list[tuple[str, str]]:
    """Return the steps without a key, each with its page: what is rare stands below the keys.

    `proposed`: a proposal waits for a second look, and until then none of these can be made.
    """
    if proposed:
        return []
    keyed = {*(choice.step for choice in CHOICES.values()), *NOT_HANDLED}
    back = urlencode({"terug": place.here})
    rare = [
        (step.label, f"{place.path}/{steps.step_name(step)}?{back}")
        for step in steps.possible_steps(request, context)
        if step.name not in keyed
    ]
    report = context.report
    if report.state in ASSESSABLE and request.has_permission(Permission.TRIAGE, context):
        rare.insert(0, ("Meer vastleggen", f"{place.path}/triage?{back}"))
    return rare


def row_of(
    request: Any,
    report: Report,
    place: str,
    marks: Sequence[str],
    *,
    note: str = "",
    opened: Report | None,
    **more: Any,
) -> WorkbenchRow:
    """Return the row of a report in a list that one decides on.

    `note`: what stands before its account. `opened`: the report in hand.
    """
    return WorkbenchRow(
        title=words.heading(report),
        href=with_params(request, melding=report.reference),
        place=place,
        aside=ago(report.received_at).removesuffix(" geleden"),
        meta=[note] if note else [],
        text=" ".join((report.description or "").split())[:SNIPPET],
        marks=sorted(marks, key=lambda mark: mark != "spoed"),
        fresh=report.state == ReportState.NEW,
        current=report is opened,
        value=report.reference,
        **more,
    )


def pane_values(
    context: ReportResource,
    request: Any,
    place: Place,
    *,
    area: str | None,
    handler: str | None,
    proposed: bool,
) -> dict[str, Any]:
    """Return what the pane and the rail show of a report.

    `place`: the page they stand on. `area`, `handler`: names. `proposed`: a proposal waits for a
    second look.
    """
    report, session = context.report, request.db
    may_note = request.has_permission(Permission.TRIAGE, context)
    note = f"{place.path}/notitie?{urlencode({'terug': place.here})}"
    proposal = proposal_of(context, request, place) if proposed else None
    more = [("Notitie toevoegen", note)] if may_note else []
    return {
        **account_of(report),
        "badges": words.badges(report),
        "path": place.path,
        **_decisions(context, request, place, proposal, more),
        "tombstone": report.state in GONE,
        "names": AreaNames(neighbourhood=area),
        "handler": handler,
        "asleep": sleeps(report),
        "map": map_of(request, report, place.path, area),
        "looking": others_looking(session, report, str(request.actor.id)),
        "similar": None if report.state in GONE else _beside(place),
        "notes": notes_of(session, report),
    }


def _decisions(
    context: ReportResource, request: Any, place: Place, proposal: Any, more: Links
) -> dict[str, Any]:
    """Return what the rail shows: the keys, with the one that undoes where the bar has none.

    `more`: rare things to do besides, each with its page.
    """
    proposed = proposal is not None
    rail = rail_of(context, request, place, proposed)
    if rail and bar_for(request, context.holder) is None:
        rail.append(NOTHING_TO_UNDO)
    rare = other_steps(request, context, place, proposed=proposed)
    return {"report": context.report, "proposal": proposal, "rail": rail, "more": [*rare, *more]}


def _beside(place: Place) -> str:
    return f"{place.path}/naast?{urlencode({'terug': place.onwards, 'hier': place.here})}"


# The parts of a report's own page


def rail_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the rail on the own page of a report; the desk has one of its own."""
    if context.holder == NATIONAL:
        return None
    place, more = place_alone(context, request), rare_actions(context, request)
    proposal = proposal_of(context, request, place)
    detail = _decisions(context, request, place, proposal, more)
    return Panel("", RAIL_PANEL, {"detail": detail})


def place_alone(context: ReportResource, request: Any) -> Place:
    """Return the own page of a report: one stays there after a decision."""
    path = request.resource_path(context).rstrip("/")
    return Place(path, here=path, onwards=path)


def rare_actions(context: ReportResource, request: Any) -> list[tuple[str, str]]:
    """Return what other rooms offer for this report, each with its page."""
    return [(action.label, action.href) for action in steps.actions(request, context)]


def bar_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the bar about the last decision on the own page of a report, where there is one."""
    desk = context.holder == NATIONAL
    permission = Permission.ROUTE_REPORT if desk else Permission.TRIAGE
    may_decide = request.has_permission(permission, context)
    bar = bar_for(request, context.holder) if may_decide else None
    if bar is None:
        return None
    at = find_interface(context, MunicipalityResource) or context.__parent__
    undo, here = request.resource_path(at, UNDO), request.resource_path(context).rstrip("/")
    return Panel("", BAR_PANEL, {"bar": bar, "undo": undo, "here": here})


def beside_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the place of similar reports; none at the desk, whose reports lie far apart."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return None
    href = _beside(place_alone(context, request))
    return Panel("Vergelijkbare meldingen", BESIDE_PANEL, {"report": context.report, "href": href})


def proposal_of(context: ReportResource, request: Any, place: Place) -> dict[str, Any] | None:
    """Return what a colleague proposed and who may answer; None without an open proposal."""
    report, actor = context.report, request.actor
    proposal = open_proposal(request.db, report)
    if proposal is None:
        return None
    allowed = request.has_permission(Permission.SECOND_LOOK, context)
    return {
        "row": proposal,
        # At the desk: the words to the reporter.
        "reads": "",
        "step": REPORT_WORKFLOW.transition(proposal.step).label.lower(),
        "reason": _REASONS.get(str(proposal.values.get("reden_code")), ""),
        "own": proposal.proposed_by_id == actor.id,
        "allowed": bool(allowed),
        "why_not": why_not_answer(request.db, proposal, actor.id) if allowed else "",
        "href": f"{place.path}/{PROPOSAL_VIEW}",
        "fields": {"versie": report.version, "hier": place.here, "terug": place.onwards},
    }


@dataclass(frozen=True, slots=True)
class Bar:
    """The last decision, as the bar tells of it.

    `doubled`: it closed the report as a double; `reason`: the code of why the desk closed it.
    `asleep`: until when it sleeps. `alarmed`: who is on duty was warned by it, which stays.
    `why`: the reason that it is final.
    """

    decision: ReportDecision
    reference: str
    doubled: bool
    reason: str | None
    asleep: date | None
    alarmed: bool
    urgent: bool
    why: str

    @property
    def minutes(self) -> int:
        """The time that is left to undo it."""
        return round((self.decision.until - utc_now()).total_seconds() / 60)


# The rail and the bar of one page ask it.
_BARS: Final[RequestLocalCache[Bar | None]] = RequestLocalCache()


def bar_for(request: Any, holder: str) -> Bar | None:
    """Return what this person decided last, less than ten minutes ago; None without that."""
    bar: Bar | None = _BARS.get_or_create(request, lambda _: _bar(request, holder))
    return bar


def _bar(request: Any, holder: str) -> Bar | None:
    last = select_last_decision(holder, str(request.actor.id))
    about = (
        *(Report.reference, Report.version, Report.duplicate_of_id),
        *(Report.danger_now & is_alerted(Report.id, ReportDecision.at), Report.urgent),
        *(Report.snoozed_until, Report.ended_reason),
    )
    statement = last.join(Report, Report.id == ReportDecision.report_id).add_columns(*about)
    row = request.db.execute(statement).one_or_none()
    if row is None:
        return None
    decision, reference, version, duplicate_of, alarmed, urgent, asleep, reason = row
    return Bar(
        decision,
        reference,
        doubled=duplicate_of is not None and decision.steps[-1] in NOT_HANDLED,
        reason=reason,
        asleep=asleep,
        alarmed=bool(alarmed) and not decision.before["danger_now"],
        urgent=urgent,
        why=final_reason(request.registry, decision, version) or "",
    )
