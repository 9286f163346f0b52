"""The forms of requests. Names of controls are Dutch."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.storage.retention import years
from stopintimidatie.core.text import Term, day_of
from stopintimidatie.exports.models import Part
from stopintimidatie.privacy.requests import models

Values = dict[str, Any]
TEXT: Final = 4_000
REFERENCE: Final = 40


def sentences(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return choices whose labels begin with a capital, as they stand alone."""
    return [(code, f"{label[0].upper()}{label[1:]}") for code, label in choices]


def choice_of(words: type[Term], title: str, **more: Any) -> Any:
    """Return a field to choose one of these words."""
    return field(forms.OneOf(sentences(words.choices()), radio=True), title, **more)


def words_field(title: str, description: str, limit: int = 1_000, least: int = 3) -> Any:
    """Return a field for a few sentences."""
    typ, length = forms.Text(limit, lines=True), forms.at_least(least)
    return field(typ, title, description=description, validator=length)


def day_field(title: str, **more: Any) -> Any:
    """Return a field for a day that isn't still to come."""
    return field(forms.Date(), title, validator=forms.in_past, **more)


def _in_last_year(node: Any, value: date) -> None:
    """Check that a day isn't more than a year ago, as a year that was mistyped is."""
    if years(1).after(value) < day_of(utc_now()):
        raise colander.Invalid(
            node,
            "Klopt deze dag? Zij is meer dan een jaar geleden. Kijk het jaartal na. Is het verzoek"
            " echt zo oud? Vraag dan de functionaris gegevensbescherming wat u doet.",
        )


class EntrySchema(Schema):
    """The form of a request that came in by letter, mail, counter or telephone."""

    ontvangen_op = field(
        forms.Date(),
        "Wanneer kwam het verzoek binnen?",
        validator=colander.All(forms.in_past, _in_last_year),
        description="De dag waarop het bij uw organisatie binnenkwam, ook als u het later kreeg."
        " Vanaf die dag loopt de maand.",
    )
    kanaal = field(
        forms.OneOf(
            sentences(
                [pair for pair in models.Channel.choices() if pair[0] != models.Channel.FOLLOW]
            ),
            radio=True,
        ),
        "Hoe kwam het binnen?",
    )
    recht = choice_of(models.Right, "Wat vraagt de persoon?")
    hoedanigheid = choice_of(
        models.Capacity,
        "Als wie staat de persoon in onze gegevens?",
        description="Dit bepaalt wat de persoon krijgt. Weet u het nog niet? Kies wat de persoon"
        " zelf zegt.",
    )
    vraagt = choice_of(models.AskedBy, "Wie vraagt het?")
    jong = field(forms.Flag(), "De persoon over wie het gaat is jonger dan 16", missing=False)
    identiteit = field(
        forms.OneOf(sentences(models.Identity.choices())),
        "Hoe weet u wie dit is?",
        missing=None,
        description="Nog niet? Laat dit leeg. Bewaar nooit een kopie van een identiteitsbewijs, ook"
        " niet een waarin iets is weggelakt. Kreeg u er een? Vernietig die, en zeg dat.",
    )
    naam = field(forms.Text(200), "Naam van wie het vraagt")
    email = field(
        forms.Email(200, hint="Schrijf het adres als naam@voorbeeld.nl."),
        "E-mailadres",
        missing=None,
    )
    telefoon = field(
        forms.Phone(40, hint="Schrijf het nummer als 06 12345678."), "Telefoonnummer", missing=None
    )
    adres = field(
        forms.Text(500, lines=True), "Postadres", missing=None, widget=forms.TextArea(rows=3)
    )
    vraag = field(
        forms.Text(TEXT, lines=True),
        "De vraag, in de woorden van de persoon",
        description="Neem geen gegevens van een identiteitsbewijs over, en bewaar er geen kopie"
        " van.",
    )


class ReasonSchema(Schema):
    """The form that asks why the term is extended."""

    reden = words_field(
        "Waarom lukt het niet binnen een maand?",
        "Deze tekst komt in de brief. Noem geen namen.",
        least=10,
    )


class HeardSchema(Schema):
    """The form of hearing a child."""

    op = day_field("Wanneer is het kind gehoord?")
    uitkomst = choice_of(models.ChildOutcome, "Wat kwam daaruit?")


class SentSchema(Schema):
    """The form that says that a letter went."""

    op = day_field("Wanneer is de brief verstuurd?")
    hoe = choice_of(models.SentHow, "Hoe?")


class DocumentSchema(Schema):
    """The fields that name a report or dossier of a request, also one that no search found."""

    stuk = field(
        forms.Text(REFERENCE),
        "Welk stuk?",
        description="Het kenmerk van de melding of het nummer van het dossier.",
    )
    zeker = field(
        forms.Flag(),
        "Dit stuk gaat over de persoon van dit verzoek",
        missing=False,
        description="Alleen nodig als het stuk bij dit verzoek niet staat als ‘hoort erbij’.",
    )


class RestrictionSchema(DocumentSchema):
    """The form of a restriction."""

    grond = choice_of(models.RestrictionGround, "Waarom wordt het gebruik beperkt?")
    gegevens = words_field(
        "Om welke gegevens gaat het?",
        "Noem het onderdeel, niet wat er staat: ‘de tijd van de melding’, ‘de tweede alinea van het"
        " verhaal’. De rest van het stuk blijft gewoon in gebruik.",
    )


class LiftSchema(Schema):
    """The form that lifts a restriction."""

    bericht_op = day_field(
        "Wanneer hebt u de persoon geschreven dat de beperking stopt?",
        description="Dat moet vóór het opheffen (artikel 18 lid 3 AVG). Maak de brief bij het"
        " verzoek.",
    )
    reden = words_field("Waarom stopt de beperking?", "Noem geen namen.")


class CorrectionSchema(DocumentSchema):
    """The form of a correction that stands beside the account of a reporter."""

    tekst = words_field(
        "Wat klopt er wel?",
        "Het verhaal van de melder blijft staan; dit komt ernaast. Iedereen die het stuk mag zien,"
        " leest dit.",
        limit=2_000,
    )
    onderdelen = field(
        forms.ManyOf(Part.choices()),
        "Over welk onderdeel gaat het?",
        description="Wie een kopie van de melding heeft, hoort dit, en dat de kopie niet meer"
        " klopt.",
    )
