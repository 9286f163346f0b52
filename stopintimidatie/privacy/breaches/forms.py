"""Forms about a breach: reporting it, what is known of it, and what was told to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError, Schema, field
from stopintimidatie.core.text import _, datetime_long, day_of, number
from stopintimidatie.dossiers.forms import version_field
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.privacy.breaches.clock import is_late
from stopintimidatie.privacy.breaches.models import Breach, BreachNotice
from stopintimidatie.privacy.breaches.vocabulary import (
    FACTS,
    Category,
    Cause,
    Group,
    NoticeKind,
    Risk,
)

LINES: Final = 4_000
MOST_PEOPLE: Final = 20_000_000
NO_NAMES: Final = "Noem geen namen en geen nummers van mensen."
AP_ASKS: Final = f"{NO_NAMES} De AP kan dit later opvragen."
_OLD: Final = (
    "Dit is meer dan een jaar geleden. Klopt dit jaar? Is het echt zo lang bekend? Noem het jaar"
    " dan ook bij ‘Wat is er gebeurd?’, met waarom het nu pas wordt gemeld."
)
# The controls of the one form, each with its column.
COLUMNS: Final = {
    "soort": "cause",
    "wat": "description",
    "bekend": "aware_at",
    "van": "happened_from",
    "tot": "happened_until",
    "gegevens": "categories",
    "groepen": "groups",
    "aantal": "people",
    "gevolgen": "consequences",
    "maatregelen": "measures",
    "risico": "risk",
    "reden": "risk_reason",
}


def _text(name: str, title: str, *, rows: int = 3, **more: Any) -> Any:
    widget = forms.TextArea(rows=rows)
    return field(forms.Text(LINES, lines=True), title, name=name, widget=widget, **more)


def _moment(name: str, title: str, **more: Any) -> Any:
    return field(forms.Moment(), title, name=name, **{"validator": forms.in_past, **more})


def lost_schema() -> Any:
    """Return the form with which a recipient says that a document is lost."""
    words = _(
        "Is het kwijt, gestolen, of bij iemand anders terechtgekomen? Noem geen namen en geen"
        " nummers van mensen."
    )
    return Schema(_text("wat", _("Wat is er gebeurd?"), description=words))


def report_schema(*, lost: bool) -> Any:
    """Return the form with which anybody reports a breach.

    Args:
        lost: It is about a disclosed document that is lost, so the cause isn't asked.
    """
    cause = field(forms.OneOf(Cause.choices(), radio=True), "Wat is er aan de hand?", name="soort")
    return Schema(
        *(() if lost else (cause,)),
        _text(
            "wat",
            "Wat is er gebeurd?",
            description="Waar, wanneer, en wie kan het nu zien? " + NO_NAMES,
        ),
        _moment(
            "bekend",
            "Wanneer merkte u of een collega dit?",
            description="Weet u het niet precies? Schat het. Vanaf dit moment telt de termijn van"
            " 72 uur.",
        ),
    )


def breach_schema(reports: int) -> Any:
    """Return the form of all that is known of a breach with this number of reports."""
    least = f" Het zijn er ten minste {number(reports)}: zoveel meldingen staan erin."
    return Schema(
        field(forms.OneOf(Cause.choices()), FACTS["cause"], name="soort"),
        _text("wat", "Wat is er gebeurd?", description=NO_NAMES),
        _moment(
            "bekend",
            FACTS["aware_at"],
            description="Vanaf dit tijdstip telt de termijn van 72 uur. Wijzigt u het, dan houdt de"
            " geschiedenis het oude.",
        ),
        _moment("van", FACTS["happened_from"], missing=None),
        _moment(
            "tot",
            FACTS["happened_until"],
            missing=None,
            description="Leeg als het nog doorgaat, of als u het niet weet.",
        ),
        field(forms.ManyOf(Category.choices()), "Welke gegevens?", name="gegevens", missing=()),
        field(forms.ManyOf(Group.choices()), "Van wie?", name="groepen", missing=()),
        field(
            forms.Integer(0, MOST_PEOPLE),
            "Van hoeveel mensen?",
            name="aantal",
            missing=None,
            description="Een schatting is goed. Tel mensen, niet meldingen."
            + (least if reports else ""),
        ),
        *_consequences(),
        *_judgement(),
        version_field(),
    )


def _consequences() -> tuple[Any, ...]:
    return (
        _text(
            "kenmerken",
            "Welke meldingen horen erbij?",
            rows=2,
            missing=None,
            description="Kenmerken van meldingen of nummers van dossiers, om erbij te zetten: dan"
            " kunt u de melders een bericht sturen. Van een dossier gaan alle meldingen mee.",
        ),
        _text(
            "gevolgen",
            "Wat kan dit voor mensen betekenen?",
            missing=None,
            description="Bijvoorbeeld: iemand ontdekt wie een melding deed.",
        ),
        _text(
            "maatregelen",
            "Wat is of wordt eraan gedaan?",
            missing=None,
            description="Om het te stoppen, de gevolgen te beperken en herhaling te voorkomen.",
        ),
    )


def _judgement() -> tuple[Any, ...]:
    return (
        field(
            forms.OneOf(Risk.choices(), radio=True),
            "Hoe groot is het risico voor mensen?",
            name="risico",
            missing=None,
            description="Denk aan hoe gevoelig de gegevens zijn, om hoeveel mensen het gaat, en wie"
            " de gegevens nu kan lezen. Bij kinderen is het risico eerder hoog. Alleen zonder"
            " risico hoeft het niet naar de AP; bij een hoog risico moeten mensen het weten.",
        ),
        _text(
            "reden",
            "Waarom is dat het risico?",
            missing=None,
            needed_sometimes=True,
            description=f"Nodig bij een risico, en ook als er geen is. {AP_ASKS}",
        ),
        field(
            forms.OneOf(
                [(kind.value, kind.nl) for kind in (NoticeKind.OTHERWISE, NoticeKind.NOT_PEOPLE)],
                radio=True,
            ),
            "Weten de mensen het?",
            name="betrokkenen",
            missing=None,
            description="Melders vertelt u het met ‘Melders vertellen’. Dit is voor wie het anders"
            " hoort, of niet.",
        ),
        _text(
            "hoe",
            "Hoe en wanneer, of waarom niet?",
            missing=None,
            needed_sometimes=True,
            description="Niet informeren mag als er geen hoog risico is, als de gegevens"
            " versleuteld waren, als het risico door maatregelen voorbij is, of als het onevenredig"
            " veel moeite kost en u het openbaar bekendmaakt (art. 34 lid 3 AVG). " + NO_NAMES,
        ),
    )


def check_known_since(values: Mapping[str, Any]) -> None:
    """Check that the moment a breach was known is no slip of the year.

    Raises:
        FormError: It is more than a year ago, and the description doesn't name the year.
    """
    known = values["bekend"]
    if known < utc_now() - timedelta(days=366) and str(day_of(known).year) not in values["wat"]:
        raise FormError(_OLD, "bekend")


def known_of(breach: Breach, people: BreachNotice | None) -> dict[str, Any]:
    """Return what is known of a breach as the form shows it.

    `people`: the latest note of how people were told otherwise, or why they weren't.
    """
    return {
        **{name: getattr(breach, column) for name, column in COLUMNS.items()},
        "betrokkenen": people.kind if people else None,
        "hoe": people.text if people else None,
        "versie": breach.version,
    }


def read_known(breach: Breach, values: dict[str, Any]) -> dict[str, Any]:
    """Return what was filled in, by column.

    Raises:
        FormError: The end lies before the begin, or a choice lacks its reason.
    """
    if values["van"] and values["tot"] and values["tot"] < values["van"]:
        raise FormError("Het einde ligt voor het begin.", "tot")
    for choice, reason in (("risico", "reden"), ("betrokkenen", "hoe")):
        if values[choice] and not values[reason]:
            raise FormError("Schrijf dit erbij.", reason)
        if values[reason] and not values[choice]:
            raise FormError("Kies hier wat bij uw toelichting hoort.", choice)
    known = {column: values[name] for name, column in COLUMNS.items()}
    known |= {name: sorted(known[name]) for name in ("categories", "groups")}
    # A form knows whole minutes.
    if known["aware_at"] == whole_minute(breach.aware_at):
        known["aware_at"] = breach.aware_at
    else:
        check_known_since(values)
    return known


def ap_schema(breach: Breach, *, first: bool) -> Any:
    """Return the form about what was sent to the AP; the first one may ask why it was late."""
    kinds = (NoticeKind.MORE, NoticeKind.LAST, NoticeKind.WITHDRAWN)
    kind = field(
        forms.OneOf([(kind.value, kind.nl) for kind in kinds], radio=True),
        "Wat stuurde u nu?",
        name="soort",
    )
    late = _text(
        "te_laat",
        "Waarom later dan 72 uur?",
        missing=None,
        needed_sometimes=True,
        description=f"Nodig als u meldde na {datetime_long(breach.due_at)}. De AP vraagt dit ook.",
    )
    asks_late = first and breach.late_reason is None and is_late(breach.due_at, utc_now())
    return Schema(
        *(() if first else (kind,)),
        _moment("op", "Wanneer meldde u dit bij de AP?"),
        field(
            forms.Text(100),
            "Nummer van de AP",
            name="nummer",
            missing=None,
            description="Staat in de bevestiging van de AP.",
            widget=forms.TextInput(width="medium"),
        ),
        *((late,) if asks_late else ()),
        _text("toelichting", "Toelichting", rows=2, missing=None, description=NO_NAMES),
        version_field(),
    )


def tell_schema() -> Any:
    """Return the form of the text for reporters, in Dutch and in English."""
    return Schema(
        _text(
            "tekst",
            "Tekst voor de melders",
            rows=16,
            description="Vul in wat tussen haken staat. Schrijf rustig en eenvoudig: ook kinderen"
            " lezen dit. " + NO_NAMES,
        ),
        _text(
            "engels",
            "Dezelfde tekst in het Engels",
            rows=16,
            description="Voor wie in het Engels meldde.",
        ),
        version_field(),
    )


def share_schema(towns: Sequence[Municipality]) -> Any:
    """Return the form of the municipalities that get a breach of the desk or supplier."""
    return Schema(
        field(forms.Flag(), "Alle aangesloten gemeenten", name="alle", missing=False),
        field(
            forms.ManyOf([(row.code, row.name) for row in towns]),
            "Alleen deze gemeenten",
            name="gemeenten",
            missing=(),
        ),
        version_field(),
    )


def whole_minute(moment: datetime) -> datetime:
    """Return a moment as a form shows it."""
    return moment.replace(second=0, microsecond=0)
