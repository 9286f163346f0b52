"""The forms of a dossier. Names of controls are Dutch; `ATTRIBUTES` says what they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Change, Hidden, Schema, Select, field
from stopintimidatie.core.text import date_text
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.workflow import AgreementState, DossierKind
from stopintimidatie.municipalities.partners.vocabulary import offered_bases

Choices = Sequence[tuple[str, str]]
TEXT_LIMIT: Final = 8000
REFERENCES_LIMIT: Final = 1000

ATTRIBUTES: Final = {
    "titel": "title",
    "soort": "kind",
    "wijk": "neighbourhood_code",
    "spoed": "urgent",
    "dossierhouder": "owner_id",
    "samenvatting": "summary",
    "duiding": "assessment",
    "resultaat": "goal",
    "doel": "purpose",
    "grondslag": "legal_basis",
    "verantwoordelijke": "responsible_body",
}
# The two last are in histories only: advice was a field of this form once.
CONTROLS: Final = {attribute: name for name, attribute in ATTRIBUTES.items()} | {
    "privacy_advice": "advies_privacy",
    "privacy_advice_on": "advies_datum",
}
AGREEMENT_ATTRIBUTES: Final = {
    "wat": "what",
    "wie": "who",
    "houder": "owner_id",
    "uiterlijk": "due_on",
    "staat": "state",
    "resultaat": "result",
}
LABELS: Final = {
    "titel": "Titel",
    "soort": "Soort",
    "wijk": "Wijk",
    "spoed": "Spoed",
    "dossierhouder": "Dossierhouder",
    "samenvatting": "Samenvatting",
    "duiding": "Duiding",
    "resultaat": "Gewenst resultaat",
    "doel": "Doel",
    "grondslag": "Grondslag",
    "verantwoordelijke": "Verantwoordelijk orgaan",
    "advies_privacy": "Advies van de privacyfunctionaris",
    "advies_datum": "Datum van het advies",
}


def lines(name: str, label: str, description: str = "", *, limit: int = 4000, **more: Any) -> Any:
    """Return a field for some lines of text."""
    text = forms.Text(limit, lines=True)
    return field(text, label, name=name, description=description, **more)


def _lines(name: str, description: str) -> Any:
    return lines(name, LABELS[name], description, limit=TEXT_LIMIT, missing=None)


def _people(people: Choices, name: str, label: str) -> Any:
    empty = Select(values=people, empty="Nog niemand")
    return field(forms.OneOf(people), label, name=name, missing=None, widget=empty)


def _title(label: str) -> Any:
    description = "Kort en neutraal. Noem geen namen van personen."
    return field(forms.Text(200), label, name="titel", description=description)


def _core(areas: Choices, kinds: Choices, people: Choices, doubts: Sequence[str]) -> list[Any]:
    """Return the fields of a new dossier that stay on its form; after the title, the doubts."""
    return [
        _title(LABELS["titel"]),
        *_confirmation(doubts),
        field(forms.OneOf(kinds, radio=True), LABELS["soort"], name="soort"),
        field(
            forms.OneOf(areas),
            LABELS["wijk"],
            name="wijk",
            description="Kies gemeentebreed als het niet bij één wijk hoort.",
        ),
        _people(people, "dossierhouder", LABELS["dossierhouder"]),
        field(forms.Flag(), LABELS["spoed"], name="spoed", missing=False),
        _lines("samenvatting", "Wat is er aan de hand, in een paar zinnen?"),
    ]


def _confirmation(doubts: Sequence[str]) -> list[Any]:
    """Return the field that asks to confirm a title, where there are doubts: it never refuses."""
    if not doubts:
        return []
    label = f"De titel lijkt {' en '.join(doubts)} te bevatten. Zij is toch goed zo"
    return [field(forms.Flag(), label, name="titel_is_goed", missing=False)]


def new_schema(areas: Choices, kinds: Choices, people: Choices, doubts: Sequence[str] = ()) -> Any:
    """Return the schema of a new dossier, perhaps with reports to begin with."""
    return Schema(
        *_core(areas, kinds, people, doubts),
        field(
            forms.Text(REFERENCES_LIMIT),
            "Meldingen",
            name="meldingen",
            description="Kenmerken van meldingen die er meteen in gaan, met een spatie ertussen.",
            missing="",
        ),
    )


def split_schema(areas: Choices, kinds: Choices, reports: Any, doubts: Sequence[str]) -> Any:
    """Return the schema of a dossier that is split off.

    `reports`: the field in which the reports are chosen that go to it.
    """
    return Schema(
        _title("Titel van het nieuwe dossier"),
        *_confirmation(doubts),
        field(forms.OneOf(kinds, radio=True), LABELS["soort"], name="soort"),
        field(forms.OneOf(areas), LABELS["wijk"], name="wijk"),
        reports,
        reason_field(),
    )


def edit_schema(
    areas: Choices,
    kinds: Choices,
    people: Choices,
    doubts: Sequence[str] = (),
    *,
    basis: str | None = None,
) -> Any:
    """Return the schema of everything that isn't changed by a step.

    `basis`: the legal basis that the dossier has.
    """
    responsible = LABELS["verantwoordelijke"]
    return Schema(
        *_core(areas, kinds, people, doubts),
        _lines("duiding", "Wat betekent dit? Houd feit, beleving en vermoeden uit elkaar."),
        _lines("resultaat", "Wanneer is het goed genoeg om te stoppen?"),
        _lines("doel", "Waarvoor worden gegevens in dit dossier bij elkaar gebracht?"),
        field(
            forms.OneOf(offered_bases(basis)), LABELS["grondslag"], name="grondslag", missing=None
        ),
        field(forms.Text(200), responsible, name="verantwoordelijke", missing=None),
        version_field(),
    )


def version_field() -> Any:
    """Return the hidden field with the version that this person saw."""
    return field(forms.Integer(), "Versie", name="versie", widget=Hidden(), missing=0)


def reason_field() -> Any:
    """Return the field that asks for a reason."""
    return field(forms.Text(2000, lines=True), "Reden", name="reden", validator=forms.at_least(3))


def doer_field() -> Any:
    """Return the field that asks who does something: a function or organisation."""
    description = "Een functie of organisatie, geen naam."
    return field(forms.Text(200), "Wie doet het?", name="wie", description=description)


def note_schema(people: Choices) -> Any:
    """Return the schema of a note: for all who see the dossier, or for some of them."""
    return Schema(
        lines(
            "tekst",
            "Notitie",
            "Schrijf alleen op wat nodig is. Geen namen van verdachten.",
            limit=TEXT_LIMIT,
        ),
        field(
            forms.Flag(),
            "Alleen voor mij, en voor wie ik hieronder kies",
            name="besloten",
            missing=False,
        ),
        field(
            forms.ManyOf(people),
            "Wie mag de notitie lezen?",
            name="lezers",
            description="Laat leeg als ieder die het dossier ziet de notitie mag lezen. Een notitie"
            " voor enkelen staat niet in de zoekindex en nooit in een uitvoer.",
            missing=(),
        ),
    )


def filing_schema(candidates: Choices) -> Any:
    """Return the schema of reports to put in a dossier: typed, ticked, or both."""
    ticked = field(
        forms.ManyOf(candidates),
        "Of kies uit de meldingen die in behandeling zijn",
        name="meldingen",
        missing=(),
    )
    return Schema(
        field(
            forms.Text(REFERENCES_LIMIT),
            "Kenmerk",
            name="kenmerk",
            description="Zoals M-4F7K-2QX9. Meer dan één mag, met een spatie ertussen.",
            missing="",
        ),
        *((ticked,) if candidates else ()),
        field(
            forms.Flag(),
            "Alleen verwijzen: de meldingen blijven waar zij zijn",
            name="verwijzen",
            missing=False,
        ),
        reason_field(),
    )


def agreement_schema(people: Choices, *, existing: bool) -> Any:
    """Return the schema of an agreement, new or as it stands."""
    early = None if existing else forms.not_before_today
    schema = Schema(
        field(forms.Text(2000, lines=True), "Wat wordt er gedaan?", name="wat"),
        doer_field(),
        _people(people, "houder", "Wie bewaakt het?"),
        field(forms.Date(), "Uiterlijk", name="uiterlijk", validator=early),
    )
    if existing:
        schema["staat"] = field(
            forms.OneOf(AgreementState.choices(), radio=True), "Stand", name="staat"
        )
        outcome = "Wat kwam eruit, of waarom vervalt het?"
        schema["resultaat"] = lines("resultaat", "Resultaat", outcome, missing=None)
        schema["versie"] = version_field()
    return schema


def stored(row: Any, attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a row under the names of the controls."""
    values = {name: getattr(row, attribute) for name, attribute in attributes.items()}
    return {name: str(v) if isinstance(v, UUID) else v for name, v in values.items()}


def read(values: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a form under the names of the columns."""
    columns = {attributes[name]: value for name, value in values.items() if name in attributes}
    if columns.get("owner_id"):
        columns["owner_id"] = UUID(columns["owner_id"])
    return columns


def kind_choices(strict: bool) -> Choices:
    """Return the kinds one may choose: person-directed only for who may see such a dossier."""
    return [(kind.value, kind.nl) for kind in DossierKind if strict or kind != DossierKind.PERSON]


def differences(
    row: Dossier | DossierAgreement,
    values: Mapping[str, Any],
    attributes: Mapping[str, str],
    nodes: Iterable[Any],
) -> list[Change]:
    """Return the fields in which the row now differs from what somebody filled in, in words."""
    now = stored(row, attributes)
    return [
        Change(node.title, _words(node, now.get(node.name)), _words(node, values.get(node.name)))
        for node in nodes
        if node.name in attributes
        and (now.get(node.name) or None) != (values.get(node.name) or None)
    ]


def _words(node: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if isinstance(value, date):
        return date_text(value)
    labels: dict[Any, str] = dict(getattr(node.typ, "choices", ()))
    return labels.get(value, str(value or ""))
