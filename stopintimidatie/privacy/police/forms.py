"""Forms of police data: to enter it, to say why one reads it, and to decide on it anew."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Opened, Schema, field
from stopintimidatie.privacy.holds.views import from_tomorrow
from stopintimidatie.privacy.police.models import Article

ABOUT, ITSELF = "bij", "zelf"
KEEP, DESTROY = "bewaren", "vernietigen"
_ABOUT: Final = (
    (ABOUT, "Een melding of dossier dat hier al is"),
    (ITSELF, "Een melding op zichzelf, die van de politie komt"),
)

_OLD: Final = (
    "Dit is meer dan een jaar geleden. Klopt dit jaar? Is het echt zo oud? Vraag dan de"
    " functionaris gegevensbescherming of u het nog mag vastleggen."
)


def _reference(**more: Any) -> Any:
    return field(
        forms.Text(40),
        "Kenmerk van de melding, of nummer van het dossier",
        name="kenmerk",
        description="Zoals M-4F7K-2QXJ of 2026-0007.",
        **more,
    )


def _review() -> Any:
    return field(
        forms.Date(),
        "Wanneer kijkt u opnieuw of het nog nodig is?",
        name="opnieuw",
        description="Hoogstens een jaar vooruit.",
        validator=from_tomorrow,
    )


def _disclosure() -> tuple[Any, ...]:
    """Return the fields that say by what, by whom, for what and how it was disclosed."""
    return (
        field(
            forms.OneOf(Article.choices(), radio=True),
            "Op grond van welk artikel verstrekte de politie dit?",
            name="artikel",
            description="Staat het er niet bij? Vraag het de politie voordat u dit vastlegt.",
        ),
        field(
            forms.Text(200),
            "Wie verstrekte het?",
            name="verstrekker",
            description="Onderdeel en functie, zoals: politie Drechtsteden, wijkagent. Een naam is"
            " niet nodig.",
        ),
        field(
            forms.Text(1_000, lines=True),
            "Doel van de verstrekking",
            name="doel",
            description="U mag het alleen hiervoor gebruiken.",
            widget=forms.TextArea(rows=2),
        ),
        field(
            forms.Text(1_000, lines=True),
            "Voorwaarden van de politie",
            name="voorwaarden",
            missing=None,
            widget=forms.TextArea(rows=2),
        ),
    )


def complete_schema() -> Schema:
    """Return the form that adds to an item what wasn't known when it came."""
    return Schema(*_disclosure())


def item_schema() -> Schema:
    """Return the form that enters what the police disclosed."""
    return Schema(
        field(forms.OneOf(_ABOUT, radio=True), "Waarover gaat het?", name="over"),
        _reference(
            missing=None, needed_sometimes=True, drawn=Opened("De melding of het dossier", (ABOUT,))
        ),
        *_disclosure(),
        field(forms.Date(), "Ontvangen op", name="ontvangen", validator=forms.within_a_year(_OLD)),
        field(forms.Text(20_000, lines=True), "Wat de politie verstrekte", name="tekst"),
        _review(),
    )


def action_schema() -> Schema:
    """Return the form that enters that boas took action, and nothing more than that."""
    return Schema(
        _reference(),
        field(forms.Date(), "Opgetreden op", name="ontvangen", validator=forms.within_a_year(_OLD)),
        _review(),
    )


class ReasonSchema(Schema):
    """The form that asks why somebody reads, once a day for each document."""

    reden = field(
        forms.Text(500, lines=True),
        "Waarom leest u dit vandaag?",
        description="Alleen gemachtigden voor politiegegevens lezen dit.",
        validator=forms.at_least(5),
        widget=forms.TextArea(rows=2),
    )


class ReviewSchema(Schema):
    """The form that decides whether an item is kept longer, or goes."""

    besluit = field(
        forms.OneOf(((KEEP, "Langer bewaren"), (DESTROY, "Vernietigen")), radio=True),
        "Wat besluit u?",
        description="Bewaren mag alleen zolang het doel van de verstrekking duurt. Wat u"
        " vernietigt, komt niet terug.",
    )
    opnieuw = field(
        forms.Date(),
        "Bewaren tot",
        missing=None,
        needed_sometimes=True,
        drawn=Opened("Hoe lang nog, en waarom", (KEEP,)),
        description="Hoogstens een jaar vooruit.",
        validator=from_tomorrow,
    )
    reden = field(
        forms.Text(500, lines=True),
        "Waarom is het nog nodig?",
        missing=None,
        needed_sometimes=True,
        drawn=Opened("Hoe lang nog, en waarom", (KEEP,)),
        widget=forms.TextArea(rows=2),
    )
