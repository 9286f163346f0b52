"""The rail: what can be decided about a report, with keys that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.components import RailDecision
from stopintimidatie.reports.handling.services import ASSIGNABLE, latest_snooze
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import steps
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.triage.services import ASSESSABLE
from stopintimidatie.reports.workflow import ENDED, NOT_HANDLED

# Names of the view and of its choices, in addresses.
NAME: Final = "besluit"
TAKE, FILE, DOUBLE, REJECT = "behandelen", "dossier", "dubbel", "niet"
ASK, HAND_OVER, FINISH, URGENT = "vraag", "overdragen", "afhandelen", "spoed"
# On a signal these ask first whether somebody is in danger.
ON_SIGNAL: Final = frozenset({TAKE, FILE, DOUBLE, REJECT, FINISH})
OPEN_FOR_ALL: Final = frozenset({"nieuw", "in_behandeling"})
_WHY: Final[Mapping[str, str]] = {
    "quarantaine": "eerst uit quarantaine",
    "wacht_op_melder": "wacht op de melder",
    "wacht_op_partner": "wacht op een partner",
    "in_dossier": "zit in een dossier",
    "overdracht_aangeboden": "is aangeboden",
    "afgehandeld": "is al klaar",
    "niet_in_behandeling": "is al klaar",
    "overgedragen": "is hier niet meer",
    "ingetrokken": "is ingetrokken",
    "vernietigd": "is hier niet meer",
}
SECOND_LOOK: Final = "wacht op een tweede blik"
NOT_YOURS: Final = "mag u niet beslissen"


# In the place of the bar that undoes, while there is nothing for it.
NOTHING_TO_UNDO: Final = RailDecision("z", "Ongedaan", disabled_reason="niets van net", small=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice about a report: its words, and the step of the workflow that it makes.

    `title`: of the panel that asks about it, with `button`; small lists have buttons of their own.
    `key`, `label`: on the rail, where it stands there. `states`: in which a municipality can make
    it. `other`: the heading of what can be filled in instead of what takes one press.
    """

    title: str
    button: str
    step: str = ""
    key: str = ""
    states: frozenset[str] = OPEN_FOR_ALL
    label: str = ""
    other: str = "Een andere"


CHOICES: Final[Mapping[str, Choice]] = {
    TAKE: Choice("Behandelen", "Behandelen", "in_behandeling_nemen"),
    FILE: Choice("In een dossier", "In dit dossier plaatsen", "in_dossier", "2"),
    DOUBLE: Choice("Dubbel", "Sluiten als dubbel", "niet_in_behandeling", "3"),
    REJECT: Choice(
        "Niet in behandeling",
        "Niet in behandeling nemen",
        "niet_in_behandeling",
        "4",
        OPEN_FOR_ALL | {"quarantaine"},
    ),
    ASK: Choice("Vraag aan de melder", "Vraag versturen", "vraag_melder", "5"),
    HAND_OVER: Choice("Overdragen", "Aanbieden", "overdracht_aanbieden", "6"),
    FINISH: Choice("Afhandelen", "Afhandelen", "afhandelen", "a", OPEN_FOR_ALL | {"in_dossier"}),
}


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
    taken = report.state == "in_behandeling"
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
