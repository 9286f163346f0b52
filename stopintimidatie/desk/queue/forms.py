"""The forms of the desk's decisions: what each choice asks, and with what it opens."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Form, FormError, Schema
from stopintimidatie.core.forms import field as form_field
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_short
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.desk.queue.routing import Guess, disagreement
from stopintimidatie.desk.queue.steps import NO_HARASSMENT, check_nobody_receives, said
from stopintimidatie.municipalities.areas.locator import LocatorCache
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    find_municipality,
    municipalities_by_name,
    municipalities_named_in,
)
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.page.replies import answer_in_time, answer_until, text_field
from stopintimidatie.reports.words import heading
from stopintimidatie.reports.workbench.forms import Option, choice_form, double_schema
from stopintimidatie.reports.workbench.vocabulary import Choice
from stopintimidatie.reports.workflow import NOT_PLACED, ReportState

# Choices, by their names in addresses.
ROUTE, ASK, ANSWER, DOUBLE, CLOSE = "doorgeven", "vraag", "beantwoorden", "dubbel", "afsluiten"
URGENT, READ, OPEN, GO_ON, TAKE_BACK = "spoed", "gelezen", "heropenen", "verder", "aanbod"
# Choices about a report that waits, was closed or was offered; the others need a new one.
RARE: Final = frozenset({OPEN, GO_ON, TAKE_BACK})
# Routing and taking back are no step of the workflow.
CHOICES: Final = {
    DOUBLE: Choice(
        "Dubbel van een andere melding",
        "Afsluiten als dubbel",
        "meldpunt_afsluiten",
        "3",
        label="Dubbel",
        other="Een andere melding",
    ),
    CLOSE: Choice(
        "Afsluiten",
        "Afsluiten als niet te plaatsen",
        "meldpunt_afsluiten",
        "4",
        label="Afsluiten",
        other="Niet te plaatsen, met een eigen bericht",
    ),
    ASK: Choice(
        "Vraag aan de melder",
        "Vraag versturen",
        "meldpunt_vraag",
        "5",
        label="Vraag aan de melder",
        other="Een andere vraag",
    ),
    ROUTE: Choice("Doorgeven aan een gemeente", "Doorgeven", key="6", label="Doorgeven"),
    ANSWER: Choice(
        "Bericht aan de melder",
        "Bericht versturen",
        "meldpunt_bericht",
        "a",
        label="Bericht aan de melder",
    ),
    OPEN: Choice("Heropenen", "Heropenen", "meldpunt_heropenen"),
    GO_ON: Choice("Verder zonder te wachten", "Verder zonder antwoord", "meldpunt_verder"),
    TAKE_BACK: Choice("Aanbod intrekken", "Aanbod intrekken"),
}
SAME_TIME: Final = timedelta(hours=26)
MOST: Final = 5
# Two lines of a list may not have one value: then both would count as chosen.
_MARK: Final = "~"


class Town(forms.OneOf):
    """The choice of a municipality by one of its names; the value is its code."""

    def __init__(self, municipalities: Iterable[Municipality]) -> None:
        super().__init__(
            (
                f"{row.municipality.code}{_MARK}{row.key}" if row.also else row.municipality.code,
                row.label,
            )
            for row in municipalities_by_name(municipalities)
        )

    def fit(self, value: Any) -> str:
        """Return the code of the chosen municipality, whichever of its names was chosen."""
        return str(super().fit(value)).partition(_MARK)[0]


def desk_form(choice: str, request: Any, report: Report, guess: Guess | None, back: Any) -> Form:
    """Return the form of a choice, with what it opens with.

    `guess`: the municipality that the report seems to be about. `back`: as of `choice_form`.
    """
    first: dict[str, Any] = {"uiterlijk": answer_until()} if choice == ASK else {}
    if guess is not None:
        first = {"gemeente": guess.town.name, "reden": guess.reason}
    schema = _schema(choice, request.db)
    return choice_form(choice, schema, CHOICES[choice].button, request, report, back, **first)


def _schema(choice: str, session: Session) -> Any:
    if choice == ROUTE:
        return _route_schema(session)
    if choice == DOUBLE:
        about = "Het kenmerk van de andere melding bij het meldpunt, zoals M-4F7K-2QX9."
        return double_schema(about)
    about = "De melder leest dit. Noem geen namen van anderen."
    to_reporter: dict[str, Any] = {"about": about, "most": 4000, "rows": 4}
    day, title = forms.Date(), "Antwoord uiterlijk"
    fields = {
        ASK: (
            text_field("vraag", "Vraag", **to_reporter),
            form_field(day, title, name="uiterlijk", validator=answer_in_time),
        ),
        ANSWER: (text_field("bericht", "Bericht", **to_reporter),),
        # A test needs no words; the workflow asks for them where it does.
        CLOSE: (text_field("bericht", "Bericht", missing="", **to_reporter),),
    }
    reason = text_field("reden", "Reden", "Voor uw collega's. Dit komt in de geschiedenis.")
    return Schema(*fields.get(choice, (reason,)))


def _route_schema(session: Session) -> Any:
    rows = municipalities_by_name(all_municipalities(session))
    names = [row.also or row.municipality.name for row in rows]
    typed = forms.TextInput(suggestions=names, autocomplete="off")
    return Schema(
        form_field(
            forms.Text(80),
            "Gemeente",
            name="gemeente",
            description="Typ de eerste letters.",
            widget=typed,
        ),
        text_field("reden", "Hoe weet u dat?", "De gemeente leest dit. Geen namen van melders."),
        form_field(forms.Text(20), "Zeker", name="zeker", widget=forms.Hidden(), missing=""),
    )


def chosen_town(session: Session, typed: str) -> Municipality:
    """Return the municipality of which this is the name.

    Raises:
        FormError: There is none; the error names one that may be meant.
    """
    town = find_municipality(session, typed)
    if town is not None and any(town.code == row.code for row in all_municipalities(session)):
        return town
    near = [
        town.named.also or town.named.municipality.name
        for town in municipalities_named_in(session, typed)
    ]
    advice = f"Bedoelt u {near[0]}?" if near else "Kies een gemeente uit de lijst."
    raise FormError(f"‘{typed}’ is geen gemeente. {advice}", "gemeente")


OTHER_REASON: Final = "Deze reden gaat over {}. Schrijf hoe u weet dat het {} is."
CHECK: Final = "Kijk of de gemeente klopt."


def warn(form: Form, session: Session, locators: LocatorCache, report: Report) -> bool:
    """Say on the form how the place contradicts the town that was typed, until it is confirmed.

    Return whether it says so. It says it beside whatever else is wrong, so that it is read once.
    """
    asked, sure = form["gemeente"], form["zeker"]
    town = find_municipality(session, str(asked.cstruct or ""))
    if town is None or asked.error is not None:
        return False
    against = disagreement(session, locators, report, town)
    if against is None:
        return False
    form.buttons[0].title = f"Toch doorgeven aan {town.name}"
    if sure.cstruct == town.code:
        return False
    sure.cstruct = town.code
    form.add_error(f"{against} Klopt {town.name} toch? Verstuur het dan nog een keer.", "gemeente")
    return True


def questions(report: Report) -> list[Option]:
    """Return the questions that one press asks, in the language of the reporter."""
    text = said(report, "town_question")
    posted = {"vraag": text, "uiterlijk": answer_until().isoformat()}
    return [Option("In welke plaats was het?", posted, text)]


def endings(session: Session, report: Report) -> list[Option]:
    """Return the ways to close a report with one press."""
    abroad, lost = said(report, "abroad"), said(report, "not_found")
    placed = {"reden_code": NOT_PLACED}
    options = [
        Option("Niet te plaatsen: plek niet te vinden", {**placed, "bericht": lost}, lost),
        Option("Niet te plaatsen: buiten Nederland", {**placed, "bericht": abroad}, abroad),
    ]
    # No municipality is there to judge it, so two of the desk may.
    with suppress(WorkflowError):
        check_nobody_receives(session, report)
        posted = {"reden_code": NO_HARASSMENT}
        options.append(Option("Geen straatintimidatie", posted, "Een collega beslist mee."))
    # Last: a slip of a key must not call what happened to somebody a test.
    options.append(
        Option("Een test", {"reden_code": "test"}, "De melder leest dat, en kan reageren.")
    )
    return options


def doubles(session: Session, report: Report) -> list[Option]:
    """Return the reports at the desk that may tell of the same: same day, and a form in common."""
    from_, until = report.incident_start - SAME_TIME, report.incident_start + SAME_TIME
    codes = report.forms
    rows = session.scalars(
        select(Report)
        .where(
            Report.holder == NATIONAL,
            Report.state.in_((ReportState.NEW, ReportState.WAITING_FOR_REPORTER)),
            Report.id != report.id,
            Report.duplicate_of_id.is_(None),
            Report.incident_start.between(from_, until),
            Report.id.in_(select(ReportForm.report_id).where(ReportForm.code.in_(codes))),
        )
        .order_by(Report.received_at, Report.id)
        .limit(40)
    ).all()
    nearest = sorted(rows, key=lambda other: _apart(report, other))[:MOST]
    return [
        Option(
            f"{other.reference}: {heading(other)}",
            {"dubbel_van": other.reference},
            f"{date_short(other.incident_start)}, {other.location_text or 'plek niet beschreven'}",
        )
        for other in nearest
    ]


def _apart(report: Report, other: Report) -> tuple[bool, float]:
    """Return how far two reports are apart: another municipality last, then by time."""
    seconds = abs((report.incident_start - other.incident_start).total_seconds())
    return other.municipality_code != report.municipality_code, seconds
