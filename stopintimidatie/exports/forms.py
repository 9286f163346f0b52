"""The forms: asking for an export, and deciding about one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from stopintimidatie.exports.pageone import TEXT_MAX
from stopintimidatie.exports.profiles import PROFILES
from stopintimidatie.exports.redaction import QUESTION_MAX, RECIPIENT_MAX
from stopintimidatie.exports.wish import BASES, PURPOSE_MAX, ExportWish
from stopintimidatie.storage.types import utc_now
from stopintimidatie.web import forms
from stopintimidatie.web.filters import day_of

# The names of the controls, and what of the wish each is.
CONTROLS: Final[Mapping[str, str]] = {
    "soort_ontvanger": "profile",
    "ontvanger": "recipient",
    "vraag": "question",
    "antwoord_voor": "answer_by",
    "doel": "purpose",
    "grondslag": "legal_basis",
    "convenant": "covenant",
    "vernietigen_voor": "destroy_by",
    "grond_minderjarigen": "minors_ground",
    "telefoon": "phone",
    "feiten": "facts",
    "beleving": "perceptions",
    "vermoedens": "assumptions",
    "terugkoppeling": "feedback",
}
ATTRIBUTES: Final = {attribute: control for control, attribute in CONTROLS.items()}
USUAL_ANSWER: Final = timedelta(days=14)
USUAL_TERM: Final = timedelta(days=182)


def request_schema(*, minors: bool) -> Any:
    """What is asked for an export; the ground for minors only where there are any."""
    schema = forms.Schema()
    for node in (*_recipient(), *_reasons(), *(_minors() if minors else ()), *_extra()):
        schema.add(node)
    return schema


def _field(name: str, typ: Any, title: str, **kw: Any) -> Any:
    return forms.field(typ, title, name=name, **kw)


def _recipient() -> tuple[Any, ...]:
    kinds = [(profile.name, profile.label) for profile in PROFILES.values()]
    return (
        _field(
            "soort_ontvanger",
            forms.OneOf(kinds, radio=True),
            "Soort ontvanger",
            description="Hiervan hangt af wat de ontvanger te zien krijgt.",
        ),
        _field(
            "ontvanger",
            forms.Text(RECIPIENT_MAX),
            "Ontvanger",
            description="Welk team of welke functie. Zoals: Politie, basisteam Drechtsteden.",
        ),
        _field(
            "vraag",
            forms.Text(QUESTION_MAX, lines=True),
            "Wat vraagt u de ontvanger?",
            description="Dit staat boven aan bladzijde 1. Noem geen namen.",
        ),
        _field("antwoord_voor", forms.Date(), "Antwoord vóór", validator=forms.not_before_today),
    )


def _reasons() -> tuple[Any, ...]:
    return (
        _field(
            "doel",
            forms.Text(PURPOSE_MAX, lines=True),
            "Doel",
            description="Waarvoor mag de ontvanger de gegevens gebruiken?",
        ),
        _field(
            "grondslag",
            forms.OneOf([(basis.value, basis.nl) for basis in BASES]),
            "Grondslag",
            description="Een convenant is geen grondslag.",
        ),
        _field("convenant", forms.Text(200), "Convenant, als dat er is", missing=None),
        _field(
            "vernietigen_voor",
            forms.Date(),
            "Ontvanger vernietigt uiterlijk op",
            description="Na vandaag, en hoogstens een jaar.",
        ),
    )


def _minors() -> tuple[Any, ...]:
    return (
        _field(
            "grond_minderjarigen",
            forms.Text(1000, lines=True),
            "Extra grond: minderjarigen",
            description="Vul dit in voor elke ontvanger buiten de eigen afdeling: in dit dossier"
            " gaat het ook om minderjarigen. Waarom heeft de ontvanger hun gegevens nodig?",
            missing=None,
        ),
    )


def _extra() -> tuple[Any, ...]:
    def lines(name: str, title: str, help_text: str) -> Any:
        typ = forms.Text(TEXT_MAX, lines=True)
        widget = forms.TextArea(rows=3)
        return _field(name, typ, title, description=help_text, missing=None, widget=widget)

    return (
        _field(
            "telefoon",
            forms.Text(40),
            "Rechtstreeks nummer van de dossierhouder",
            description="De ontvanger belt dit nummer met zijn antwoord.",
            missing=None,
            widget=forms.TelInput(autocomplete="off"),
        ),
        lines("feiten", "Wat staat vast?", "Wat is gezien, gedaan of door meer mensen gemeld?"),
        lines("beleving", "Wat voelen melders?", "Hoe melders het beleven."),
        lines("vermoedens", "Wat is een vermoeden?", "Wat nog niet is nagegaan."),
        lines(
            "terugkoppeling",
            "Wat mogen melders horen?",
            "Wat de ontvanger wel en niet tegen melders mag zeggen.",
        ),
    )


def first_values(dossier: Any, phone: str | None) -> dict[str, Any]:
    """What the dossier and the calendar already tell."""
    today = day_of(utc_now())
    return {
        "antwoord_voor": today + USUAL_ANSWER,
        "vernietigen_voor": today + USUAL_TERM,
        "doel": (dossier.purpose or "")[:PURPOSE_MAX] or None,
        "grondslag": dossier.legal_basis,
        "telefoon": phone,
    }


def read_wish(values: Mapping[str, Any]) -> ExportWish:
    """The wish that a valid form tells."""
    return ExportWish(**{CONTROLS[name]: values[name] for name in values if name in CONTROLS})


class DecisionSchema(forms.Schema):
    """Approve or reject. `gezien` is the fingerprint of what the approver looked at."""

    gezien = forms.field(forms.Text(64), "Gezien", missing="", widget=forms.Hidden())
    reden = forms.field(
        forms.Text(1000, lines=True),
        "Reden bij afwijzen",
        description="De aanvrager leest dit. Nodig als u afwijst.",
        missing="",
    )
