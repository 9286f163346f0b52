"""Forms about a breach: reporting it, the facts, the steps and the notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.text import datetime_long
from stopintimidatie.dossiers.forms import version_field
from stopintimidatie.privacy.breaches.models import Breach
from stopintimidatie.privacy.breaches.services import Facts
from stopintimidatie.privacy.breaches.vocabulary import Category, Cause, Group, people_in_words
from stopintimidatie.privacy.breaches.workflow import is_late

LINES: Final = 4_000
MOST_PEOPLE: Final = 20_000_000
NO_NAMES: Final = "Noem geen namen en geen nummers van mensen."


def _text(title: str, *, name: str, rows: int = 3, **more: Any) -> Any:
    return field(
        forms.Text(LINES, lines=True), title, name=name, widget=forms.TextArea(rows=rows), **more
    )


_OLD: Final = (
    "Dit is meer dan een jaar geleden. Klopt dit jaar? Is het echt zo lang bekend? Vul dan in"
    " wanneer u dit opschrijft; de privacyfunctionaris kan het tijdstip later wijzigen."
)


def report_schema(*, lost: bool) -> Any:
    """Return the form with which anybody reports a breach.

    Args:
        lost: It is about a disclosed document that is lost, so the cause isn't asked.
    """
    cause = field(forms.OneOf(Cause.choices(), radio=True), "Wat is er aan de hand?", name="soort")
    return Schema(
        *(() if lost else (cause,)),
        _text(
            "Wat is er gebeurd?",
            name="wat",
            description="Waar, wanneer, en wie kan het nu zien? " + NO_NAMES,
        ),
        field(
            forms.Moment(),
            "Wanneer merkte u of een collega dit?",
            name="bekend",
            description="Weet u het niet precies? Schat het. Vanaf dit moment telt de termijn van"
            " 72 uur.",
            validator=forms.within_a_year(_OLD),
        ),
    )


def outsider_schema() -> Any:
    """Return the form with which a recipient says that the document is lost."""
    return Schema(
        _text(
            "Wat is er gebeurd?",
            name="wat",
            description="Is het kwijt, gestolen, of bij iemand anders terechtgekomen? " + NO_NAMES,
        )
    )


def facts_schema(reports: int) -> Any:
    """Return the form of the facts that article 33(3) AVG asks, about this number of reports."""
    least = people_in_words(None, reports)
    return Schema(
        field(forms.OneOf(Cause.choices()), "Soort datalek", name="soort"),
        _text("Wat is er gebeurd?", name="wat", description=NO_NAMES),
        field(forms.Moment(), "Begon op", name="van", missing=None, validator=forms.in_past),
        field(
            forms.Moment(),
            "Eindigde op",
            name="tot",
            missing=None,
            validator=forms.in_past,
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
            + (f" Het zijn er {least}." if least else ""),
        ),
        _text(
            "Wat kan dit voor mensen betekenen?",
            name="gevolgen",
            missing=None,
            description="Bijvoorbeeld: iemand ontdekt wie een melding deed.",
        ),
        _text(
            "Wat is of wordt eraan gedaan?",
            name="maatregelen",
            missing=None,
            description="Om het te stoppen, de gevolgen te beperken en herhaling te voorkomen.",
        ),
        version_field(),
    )


def facts_of(breach: Breach) -> dict[str, Any]:
    """Return the facts as the form shows them."""
    return {
        "soort": breach.cause,
        "wat": breach.description,
        "van": breach.happened_from,
        "tot": breach.happened_until,
        "gegevens": breach.categories,
        "groepen": breach.groups,
        "aantal": breach.people,
        "gevolgen": breach.consequences,
        "maatregelen": breach.measures,
        "versie": breach.version,
    }


def read_facts(values: dict[str, Any]) -> Facts:
    """Return the facts that were filled in.

    Raises:
        FormError: The end lies before the begin.
    """
    begin: datetime | None = values["van"]
    end: datetime | None = values["tot"]
    if begin and end and end < begin:
        raise forms.FormError("Het einde ligt voor het begin.", "tot")
    return Facts(
        values["wat"],
        values["soort"],
        begin,
        end,
        list(values["gegevens"]),
        list(values["groepen"]),
        values["aantal"],
        values["gevolgen"],
        values["maatregelen"],
    )


def aware_schema() -> Any:
    """Return the form that corrects since when the breach is known."""
    return Schema(
        field(forms.Moment(), "Bekend sinds", name="bekend", validator=forms.in_past),
        _text(
            "Waarom klopt het andere tijdstip niet?",
            name="reden",
            description="De termijn van 72 uur telt vanaf het nieuwe tijdstip. " + NO_NAMES,
        ),
        version_field(),
    )


def ap_schema(breach: Breach, *, first: bool) -> Any:
    """Return the form about what was sent to the AP; the first one may ask why it was late."""
    late: tuple[Any, ...] = ()
    if first and breach.late_reason is None and is_late(breach.due_at, utc_now()):
        late = (
            _text(
                "Waarom later dan 72 uur?",
                name="te_laat",
                missing=None,
                description="Alleen als u meldde na "
                f"{datetime_long(breach.due_at)}. De AP vraagt dit ook.",
            ),
        )
    return Schema(
        field(
            forms.Moment(),
            "Wanneer meldde u dit bij de AP?",
            name="op",
            validator=forms.in_past,
        ),
        field(
            forms.Text(100),
            "Nummer van de AP",
            name="nummer",
            missing=None,
            description="Staat in de bevestiging van de AP.",
            widget=forms.TextInput(width="medium"),
        ),
        *late,
        _text("Toelichting", name="toelichting", rows=2, missing=None, description=NO_NAMES),
        version_field(),
    )


def this_minute() -> datetime:
    """Return this moment as a form shows it."""
    return utc_now().replace(second=0, microsecond=0)
