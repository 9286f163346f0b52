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
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis

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
    "advies_privacy": "privacy_advice",
    "advies_datum": "privacy_advice_on",
}
CONTROLS: Final = {attribute: name for name, attribute in ATTRIBUTES.items()}
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


def _lines(name: str, description: str = "", **kw: Any) -> Any:
    made = forms.Text(TEXT_LIMIT, lines=True)
    return field(made, LABELS[name], name=name, description=description, missing=None, **kw)


def _people(people: Choices, name: str, label: str) -> Any:
    empty = Select(values=people, empty="Nog niemand")
    return field(forms.OneOf(people), label, name=name, missing=None, widget=empty)


def _core(areas: Choices, kinds: Choices, people: Choices) -> list[Any]:
    return [
        field(
            forms.Text(200),
            LABELS["titel"],
            name="titel",
            description="Kort en neutraal. Noem geen namen van personen.",
        ),
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


def confirm_field(found: Sequence[str]) -> Any:
    """Return the field that asks to confirm a title: a warning, never a refusal."""
    return field(
        forms.Flag(),
        f"De titel lijkt {' en '.join(found)} te bevatten. Zij is toch goed zo",
        name="titel_is_goed",
        missing=False,
    )


def add_doubts(schema: Any, doubts: Sequence[str]) -> None:
    """Add that field right after the title."""
    if doubts:
        schema.children.insert(1, confirm_field(doubts))


def new_schema(areas: Choices, kinds: Choices, people: Choices, doubts: Sequence[str] = ()) -> Any:
    """Return the schema of a new dossier, perhaps with reports to begin with."""
    schema = Schema()
    for node in _core(areas, kinds, people):
        schema.add(node)
    add_doubts(schema, doubts)
    schema.add(
        field(
            forms.Text(REFERENCES_LIMIT),
            "Meldingen",
            name="meldingen",
            description="Kenmerken van meldingen die er meteen in gaan, met een spatie ertussen.",
            missing="",
        )
    )
    return schema


def edit_schema(
    areas: Choices,
    kinds: Choices,
    people: Choices,
    doubts: Sequence[str] = (),
    *,
    strict: bool,
) -> Any:
    """Return the schema of everything that isn't changed by a step."""
    schema = Schema()
    for node in _core(areas, kinds, people):
        schema.add(node)
    add_doubts(schema, doubts)
    schema.add(_lines("duiding", "Wat betekent dit? Houd feit, beleving en vermoeden uit elkaar."))
    schema.add(_lines("resultaat", "Wanneer is het goed genoeg om te stoppen?"))
    schema.add(_lines("doel", "Waarvoor worden gegevens in dit dossier bij elkaar gebracht?"))
    bases = LegalBasis.choices()
    schema.add(field(forms.OneOf(bases), LABELS["grondslag"], name="grondslag", missing=None))
    schema.add(
        field(forms.Text(200), LABELS["verantwoordelijke"], name="verantwoordelijke", missing=None)
    )
    if strict:
        schema.add(_lines("advies_privacy"))
        schema.add(
            field(
                forms.Date(),
                LABELS["advies_datum"],
                name="advies_datum",
                missing=None,
                validator=forms.in_past,
            )
        )
    schema.add(version_field())
    return schema


def version_field() -> Any:
    """Return the hidden field with the version that this person saw."""
    return field(forms.Integer(), "Versie", name="versie", widget=Hidden(), missing=0)


def reason_field() -> Any:
    """Return the field that asks for a reason."""
    return field(forms.Text(2000, lines=True), "Reden", name="reden", validator=forms.at_least(3))


def note_schema(people: Choices) -> Any:
    """Return the schema of a note: for all who see the dossier, or for some of them."""
    schema = Schema()
    schema.add(
        field(
            forms.Text(TEXT_LIMIT, lines=True),
            "Notitie",
            name="tekst",
            description="Schrijf alleen op wat nodig is. Geen namen van verdachten.",
        )
    )
    schema.add(
        field(
            forms.Flag(),
            "Alleen voor mij, en voor wie ik hieronder kies",
            name="besloten",
            missing=False,
        )
    )
    schema.add(
        field(
            forms.ManyOf(people),
            "Wie mag de notitie lezen?",
            name="lezers",
            description="Laat leeg als ieder die het dossier ziet de notitie mag lezen. Een notitie"
            " voor enkelen staat niet in de zoekindex en nooit in een uitvoer.",
            missing=(),
        )
    )
    return schema


class ReasonSchema(Schema):
    """The reason that a report leaves for."""

    reden = reason_field()


def filing_schema(candidates: Choices) -> Any:
    """Return the schema of reports to put in a dossier: typed, ticked, or both."""
    schema = Schema()
    schema.add(
        field(
            forms.Text(REFERENCES_LIMIT),
            "Kenmerk",
            name="kenmerk",
            description="Zoals M-4F7K-2QX9. Meer dan één mag, met een spatie ertussen.",
            missing="",
        )
    )
    if candidates:
        schema.add(
            field(
                forms.ManyOf(candidates),
                "Of kies uit de meldingen die in behandeling zijn",
                name="meldingen",
                missing=(),
            )
        )
    schema.add(
        field(
            forms.Flag(),
            "Alleen verwijzen: de meldingen blijven waar zij zijn",
            name="verwijzen",
            missing=False,
        )
    )
    schema.add(reason_field())
    return schema


def agreement_schema(people: Choices, *, existing: bool) -> Any:
    """Return the schema of an agreement, new or as it stands."""
    schema = Schema()
    schema.add(field(forms.Text(2000, lines=True), "Wat wordt er gedaan?", name="wat"))
    schema.add(
        field(
            forms.Text(200),
            "Wie doet het?",
            name="wie",
            description="Een functie of organisatie, geen naam.",
        )
    )
    schema.add(_people(people, "houder", "Wie bewaakt het?"))
    early = None if existing else forms.not_before_today
    schema.add(field(forms.Date(), "Uiterlijk", name="uiterlijk", validator=early))
    if existing:
        states = AgreementState.choices()
        schema.add(field(forms.OneOf(states, radio=True), "Stand", name="staat"))
        schema.add(
            field(
                forms.Text(4000, lines=True),
                "Resultaat",
                name="resultaat",
                description="Wat kwam eruit, of waarom vervalt het?",
                missing=None,
            )
        )
        schema.add(version_field())
    return schema


def stored(row: Any, attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a row under the names of the controls."""
    found = {name: getattr(row, attribute) for name, attribute in attributes.items()}
    return {name: str(v) if isinstance(v, UUID) else v for name, v in found.items()}


def read(values: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a form under the names of the columns."""
    found = {attributes[name]: value for name, value in values.items() if name in attributes}
    if found.get("owner_id"):
        found["owner_id"] = UUID(found["owner_id"])
    return found


def kind_choices(strict: bool) -> Choices:
    """Return the kinds one may choose: person-directed only for who may see such a dossier."""
    return [(kind.value, kind.nl) for kind in DossierKind if strict or kind != DossierKind.PERSON]


def differences(
    row: Dossier | DossierAgreement,
    values: Mapping[str, Any],
    attributes: Mapping[str, str],
    nodes: Iterable[Any],
) -> list[Change]:
    """Return where what stands now differs from what somebody filled in, in words."""
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
