"""Texts that a copy tells by law (art. 15(1) AVG), and the questions to who checks it.

The texts are a proposal; a jurist of the municipality still has to confirm them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, Final

from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.exports.vocabulary import capital
from stopintimidatie.privacy.requests.models import Capacity
from stopintimidatie.reports.vocabulary import Form
from stopintimidatie.reports.words import listed

TEMPLATES: Final = "stopintimidatie.privacy.copies:templates"
TITLE: Final = "De gegevens die wij over u hebben"
INTRO: Final = (
    "U vroeg welke gegevens wij over u hebben. Die staan hieronder. Wat over anderen gaat of naar"
    " hen wijst, is zwartgemaakt of weggelaten, om hen te beschermen (artikel 15 lid 4 AVG en"
    " artikel 41 UAVG).",
)
NOTHING: Final = "Wij hebben geen gegevens over u gevonden."
OF_REPORTED: Final = (
    "Wat melders vertelden en wat medewerkers daarover schreven, krijgt u niet letterlijk: daaruit"
    " kan blijken wie meldde. U krijgt een samenvatting. Ook dagen en plekken staan er daarom niet"
    " in."
)
# It doesn't say that nobody got anything, for it may not tell of a demand.
NOBODY: Final = "Wij noemen hier niemand buiten onze organisatie."
# The title of the summary, and the words that it begins with.
OWN_WORDS: Final = "Wat over u is vastgelegd"
START: Final = (
    "Mensen vertelden ons over uw gedrag op straat. Medewerkers schreven dat op, en wat wij eraan"
    " deden."
)
START_MENTIONED: Final = (
    "U wordt genoemd in wat mensen ons vertelden, of in wat medewerkers opschreven."
)
# For a reader outside, where the house has a word of its own for it.
PLAIN_KINDS: Final = {"uitvoer": "Document voor een partner"}
# Several texts of one place stand together.
PLAIN_PLACES: Final = {
    "een notitie": "notities",
    "een afspraak": "afspraken",
    "een besluit": "besluiten",
    "een maatregel": "maatregelen",
    "een voorstel": "voorstellen",
    "een overleg": "overleggen",
    "de aanvraag": "waarom en waarvoor",
    "de bevroren inhoud": "de inhoud",
}
_OF_OTHERS: Final = "Kan de vrager in deze kopie iets over iemand anders lezen?"
QUESTIONS: Final = {
    Capacity.REPORTER: _OF_OTHERS,
    Capacity.REPORTED: "Kan hij of zij zien wie meldde?",
    Capacity.MENTIONED: "Kan hij of zij zien wie meldde, of iets over iemand anders lezen?",
    Capacity.PARTNER: _OF_OTHERS,
}


def conduct(reported: Iterable[Collection[str]]) -> str:
    """Return the conduct of several reports in words; what a single one says isn't named.

    Args:
        reported: the forms of harassment of each report.
    """
    counts = Counter(form for forms in reported for form in set(forms))
    common = sorted(form for form, number in counts.items() if number > 1)
    if not common:
        return "hinderlijk gedrag op straat"
    named = listed(Form, common) or ""
    return named if len(common) == len(counts) else f"{named}, en ander hinderlijk gedrag"


def about(
    registry: Any,
    capacity: str,
    kinds: Collection[str],
    tables: Collection[str],
    days: int,
    officer: str,
) -> tuple[tuple[str, str], ...]:
    """Return what the law asks to tell, as pairs of a title and a text.

    Args:
        registry: of the application, for the terms.
        capacity: of who asks.
        kinds: the kinds of documents that are part of the copy, in words.
        tables: the tables they stand in.
        days: how long a backup is kept at most.
        officer: where the FG can be reached; empty when that wasn't filled in.
    """
    terms = [
        (row.label, row.length, row.starts if row.term and row.term.number else "")
        for row in RETENTION_CLASSES.of(registry).values()
        if set(row.tables) & set(tables) and row.desk is not True
    ]
    held = ", ".join(sorted(kinds)) or "geen"
    text = render(
        f"{TEMPLATES}/about.txt.jinja2",
        {
            "capacity": capacity,
            "terms": terms,
            "held": capital(held),
            "days": days,
            "officer": officer,
        },
    )
    sections = [part.partition("\n") for part in text.strip().split("\n\n")]
    return tuple((title.removeprefix("# "), words) for title, _, words in sections)
