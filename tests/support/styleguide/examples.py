"""An example of every component of a page."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.web.charts import (
    bar_chart,
    bar_summary,
    data_uri,
    heat_summary,
    heat_table,
)
from stopintimidatie.core.web.components import (
    BADGES,
    FacetValue,
    RailDecision,
    WorkbenchRow,
    page_url,
)
from stopintimidatie.core.web.register import Register
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    toggled,
    wanted_page,
)

TEMPLATE: Final = "tests.support.styleguide:templates/styleguide.jinja2"

CHANNELS: Final = (("telefoon", "Telefoon"), ("balie", "Balie"))
FORMS: Final = (("naroepen", "Naroepen"), ("fluiten", "Nafluiten"), ("volgen", "Volgen"))
AREAS: Final = (("binnenstad", "Binnenstad"), ("stadspolders", "Stadspolders"))


class ExamplePlace(Schema):
    """Fields that belong together."""

    wijk = field(forms.OneOf(AREAS), "Wijk")
    plek = field(forms.Text(120), "Plek", description="Zo precies als u weet.")


class ExampleSchema(Schema):
    """The form of the style guide: a field of every kind."""

    kanaal = field(forms.OneOf(CHANNELS, radio=True), "Hoe kwam de melding binnen?")
    vormen = field(forms.ManyOf(FORMS), "Wat gebeurde er?", description="Kies alles wat past.")
    tijdstip = field(forms.Moment(), "Wanneer was het?", validator=forms.in_past)
    datum = field(forms.Date(), "Terugbeldatum", missing=None)
    uur = field(forms.Time(), "Tijd", missing=None)
    plaats = ExamplePlace(title="Plaats")
    verhaal = field(forms.Text(200, lines=True), "Verhaal", validator=forms.at_least(5))
    aantal = field(forms.Integer(0, 50), "Aantal personen", missing=None)
    email = field(forms.Email(120), "E-mail", missing=None)
    telefoon = field(forms.Phone(30), "Telefoon", missing=None)
    spoed = field(forms.Flag(), "Dit is spoed", missing=False)
    waarom = field(forms.Text(200), "Waarom", missing=None, drawn=forms.Opened("Spoed"))
    kleur = field(forms.Text(40), "Kleur", missing=None, drawn=forms.Folded("Nog meer"))
    bijlage = field(forms.Upload(1000), "Bijlage", missing=None)


def examples(request: Any) -> dict[str, Any]:
    """Return what the components on the page show."""
    now = utc_now()
    return {
        "now": now,
        "today": local_date(now),
        "history": [
            ("In behandeling genomen", "Sanne de Vries", "in_behandeling", ""),
            ("Ontvangen", "app Stop Intimidatie", "", "Met een foto."),
        ],
        "tiles": TILES,
        "columns": COLUMNS,
        "rows": ROWS,
        "list": Register(
            ITEMS,
            Paging(wanted_page(request) if "pagina" in request.GET else 4, 480),
            page_url(request),
            [("Status", _facet(request))],
        ),
        "badges": list(BADGES),
        "tabs": [
            NavItem("Overzicht", request.path, current=True),
            NavItem("Meldingen", "?m", count=12),
        ],
        "charts": [(data_uri(svg), *more) for svg, *more in _charts(request.branding.colour)],
        "work": WORK,
        "decisions": DECISIONS,
    }


def _facet(request: Any) -> list[FacetValue]:
    chosen = request.GET.getall("status")
    return [
        FacetValue(label, toggled(request, "status", code), count, code in chosen)
        for code, label, count in (
            ("nieuw", "Nieuw", 14),
            ("in_behandeling", "In behandeling", 8),
            ("klaar", "Klaar", 240),
        )
    ]


def _charts(colour: str) -> list[tuple[str, str, int]]:
    """Return for each chart its SVG, the words for who can't see it, and its height."""
    bars = [("Naroepen", 31), ("Nafluiten", 18), ("Volgen", None)]
    parts = ("nacht", "ochtend", "middag", "avond")
    days: list[tuple[str, list[int | None]]]
    days = [("vrijdag", [3, 0, 6, 14]), ("zaterdag", [None, 1, 8, 11])]
    return [
        (bar_chart(bars, colour=colour), bar_summary("Meldingen per vorm", bars), 63),
        (heat_table(parts, days, colour=colour), heat_summary("Wanneer", parts, days), 70),
    ]


ITEMS: Final = (
    ("M-4F7K-2QX9", ["nieuw", "spoed"], ["Binnenstad", "naroepen", "2 uur geleden"]),
    ("M-9HT3-71KD", ["in_behandeling"], ["Stadspolders", "nafluiten", "3 dagen geleden"]),
    ("M-02PZ-55RE", ["wacht_op_melder"], ["Onbekend", "volgen"]),
)
TILES: Final = (
    ("2", "spoed", "?spoed", "langer dan een uur", "danger"),
    ("14", "nieuwe meldingen", "?nieuw"),
    ("3", "terugbellen vandaag", "?bel", "", "warning"),
    ("1.204", "meldingen dit jaar", "", "7% meer dan vorig jaar", "success"),
)
COLUMNS: Final = ("Wijk", ("Meldingen", "number"), ("Per 1.000 inwoners", "number"), "Trend")
ROWS: Final = (("Binnenstad", "128", "9,4", "stijgt"), ("Stadspolders", "31", "1,8", None))
WORK: Final = (
    WorkbenchRow(
        "Naroepen, achtervolgen",
        "?kenmerk=M-4F7K-2QX9",
        "Admiraalsplein",
        "2 uur",
        text="Drie jongens riepen mij na bij het station.",
        marks=["spoed"],
        days=-1,
        days_text="contact 1 dag te laat",
        fresh=True,
        current=True,
    ),
    WorkbenchRow(
        "Nafluiten",
        "?kenmerk=M-9HT3-71KD",
        "Stadspolders",
        "3 dagen",
        text="Twee mannen floten vanuit een geparkeerde auto.",
        days=2,
        days_text="contact over 2 dagen",
    ),
)
DECISIONS: Final = (
    RailDecision("1", "Behandelen: ik neem hem", href="?besluit=1"),
    RailDecision("2", "In een dossier", href="?besluit=2", current=True),
    RailDecision("6", "Overdragen", disabled_reason="al aangeboden"),
    RailDecision("s", "Spoed", href="?besluit=s", small=True),
    RailDecision("w", "Wegleggen", href="?besluit=w", small=True),
)
