"""The reports that a new dossier begins with: which are ready, and which first need something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.dossiers.filing import address_of, why_not
from stopintimidatie.dossiers.history import DossierError
from stopintimidatie.dossiers.references import find_reports
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move
from stopintimidatie.web import forms
from stopintimidatie.web.forms import field
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

TAKE: Final = "nieuw"
TAKE_LABEL: Final = "Neem nieuwe meldingen meteen in behandeling, op mijn naam"


@dataclass(frozen=True)
class Unready:
    """A report that can't be filed yet: why, and the page where one goes on with it."""

    reference: str
    why: str
    href: str
    what: str


def take_field() -> Any:
    """To take what is new in hand in the same go."""
    return field(forms.Flag(), TAKE_LABEL, name=TAKE, missing=False)


def has_new(reports: Sequence[Report]) -> bool:
    return any(report.state == "nieuw" for report in reports)


def take_on(session: Session, effects: Mapping[str, Any], report: Report, actor: Actor) -> None:
    """A new report gets this person as its handler; others stay as they are."""
    if report.state == "nieuw":
        taking = {"behandelaar": str(actor.id)}
        move(session, effects, report, "in_behandeling_nemen", taking, actor)


def asked_for(request: Request) -> list[Report]:
    """The reports of the address, or as they were typed; none where something is wrong in it."""
    if request.method == "POST":
        asked = str(request.POST.get("meldingen", ""))
    else:
        asked = " ".join(value for name, value in query_pairs(request) if name == "melding")
    try:
        return find_reports(request.db, asked)
    except DossierError:
        return []


def unready(session: Session, reports: Sequence[Report], *, taking: bool) -> list[Unready]:
    """Those that can't be filed now.

    :param taking: what is new is taken in hand first.
    """
    found = []
    for report in reports:
        why = why_not(report)
        new = report.state == "nieuw"
        if why is None or (new and taking):
            continue
        href = address_of(session, report)
        what = "beoordelen" if new else "bekijken"
        found.append(Unready(report.reference, why, f"{href}/triage" if new else href, what))
    return found


def refuse(waiting: Sequence[Unready], *, can_take: bool) -> None:
    """:raises DossierError: names all of them, at the field."""
    if not waiting:
        return
    names = ", ".join(one.reference for one in waiting)
    can = "kan" if len(waiting) == 1 else "kunnen"
    advice = f", of zet het vinkje bij ‘{TAKE_LABEL}’" if can_take else ""
    told = (
        f"{names} {can} nog niet in een dossier. Doe eerst wat boven het formulier staat{advice}."
    )
    raise DossierError(told, "meldingen")
