"""The forms of handling: contact, handing out, snoozing, a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Opened, Schema, field
from stopintimidatie.reports.conversation.calls import NEEDLESS
from stopintimidatie.reports.handling.services import (
    LONGEST_NOTE,
    NOBODY,
    OUTCOMES,
    TRIED,
    VOICEMAIL,
)
from stopintimidatie.reports.page.steps import add_version, add_way_back, danger_field

Choices = Sequence[tuple[str, str]]
GIVE, LET_GO = "geven", "loslaten"
REASON: Final = "Kort, voor uw collega’s. Dit komt in de geschiedenis."
_NEXT: Final = Opened("De volgende poging", tuple(sorted(TRIED)))


def _short() -> Any:
    return forms.TextArea(rows=3)


def of_report(*fields: Any) -> Any:
    """Make a form about one report: with the version that was seen, and the way back."""
    schema = Schema(*fields)
    add_version(schema)
    add_way_back(schema)
    return schema


def contact_schema(*, voicemail: bool, reachable: bool) -> Any:
    """Make the form about an attempt to reach the reporter.

    `reachable`: there is a number or a mail address; else contact can only be given up.
    """
    outcomes = [pair for pair in OUTCOMES.items() if voicemail or pair[0] != VOICEMAIL]
    if not reachable:
        outcomes = [(NEEDLESS, "contact is niet meer nodig")]
    again = [
        field(forms.Date(), "Dag", name="dag", missing=None, drawn=_NEXT),
        field(forms.Time(), "Uur", name="uur", missing=None, drawn=_NEXT),
    ]
    return of_report(
        field(forms.OneOf(outcomes, radio=True), "Hoe ging het contact?", name="uitkomst"),
        *(again if reachable else ()),
        field(
            forms.Text(1000, lines=True),
            "Toelichting",
            description="Kort, zonder namen en nummers. Dit komt in de geschiedenis.",
            name="toelichting",
            missing="",
            widget=_short(),
        ),
    )


def assign_schema(people: Choices, signals: Sequence[str]) -> Any:
    """Make the form that gives a report to a colleague, or to nobody.

    `signals`: of danger, in words, where the form must ask about that.
    """
    choices = [*people, (NOBODY, "niemand: de melding wacht weer op een collega")]
    return of_report(
        *([danger_field(signals)] if signals else ()),
        field(forms.OneOf(choices, radio=len(choices) <= 8), "Behandelaar", name="behandelaar"),
        field(
            forms.Text(1000, lines=True),
            "Reden",
            name="reden",
            description=REASON,
            widget=_short(),
        ),
    )


def snooze_schema(latest: str, *, asleep: bool) -> Any:
    """Make the form that lets a report sleep; of one that does, an empty day wakes it.

    `latest`: the last day that is possible, in words.
    """
    hints = [f"Uiterlijk {latest}." if latest else ""]
    hints.append("Maak dit leeg om de melding meteen terug te zetten." if asleep else "")
    until = field(
        forms.Date(),
        "Weer in de lijst op",
        name="tot",
        description=" ".join(filter(None, hints)),
        **({"missing": None} if asleep else {}),
    )
    return of_report(until)


def reason_schema() -> Any:
    """Make the form that asks why contact data is needed of a reporter who wants no contact."""
    why = "Dit komt in de geschiedenis. Wie over zijn gegevens vraagt, kan horen dat u ze bekeek."
    return of_report(
        field(
            forms.Text(500),
            "Waarom hebt u deze nodig?",
            name="reden",
            description=why,
            validator=forms.at_least(5),
        )
    )


def note_schema() -> Any:
    """Make the form of a note."""
    return of_report(
        field(
            forms.Text(LONGEST_NOTE, lines=True),
            "Notitie",
            name="tekst",
            description="Voor collega’s. De melder, partners en andere gemeenten lezen dit niet."
            " Noem geen namen van verdachten.",
        )
    )


def hand_out_schema(reports: Choices, people: Choices, *, gives: bool) -> Any:
    """Make the form that hands out many reports at once; `gives`: somebody must be ticked."""
    needed: dict[str, Any] = {} if gives else {"missing": ()}
    ways = [
        (GIVE, "geven aan wie u aanvinkt; bij meer collega’s gelijk verdeeld"),
        (LET_GO, "loslaten: zij wachten weer op een collega"),
    ]
    schema = Schema(
        field(forms.ManyOf(reports, least=1), "Welke meldingen?", name="meldingen"),
        field(forms.OneOf(ways, radio=True), "Wat wilt u doen?", name="besluit"),
        field(
            forms.ManyOf(people),
            "Aan wie?",
            name="aan",
            **needed,
            drawn=Opened("De collega’s", (GIVE,)),
        ),
        field(forms.Text(1000, lines=True), "Reden", name="reden", description=REASON),
    )
    add_way_back(schema)
    return schema
