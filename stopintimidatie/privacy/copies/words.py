"""Texts that a copy tells by law (art. 15(1) AVG), and the questions to who checks it.

The texts are a proposal; a jurist of the municipality still has to confirm them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass
from stopintimidatie.privacy.requests.models import Capacity
from stopintimidatie.privacy.retention.words import term_in_words

TITLE: Final = "De gegevens die wij van u hebben"
INTRO: Final = (
    "U vroeg welke gegevens wij van u hebben. Hieronder staan zij. Wat over anderen gaat, is"
    " zwartgemaakt of weggelaten, om hen te beschermen (artikel 15 lid 4 AVG).",
)
NOTHING: Final = "Wij hebben geen gegevens van u gevonden."
OF_REPORTED: Final = (
    "Wat een melder precies vertelde, krijgt u niet: daaruit kan blijken wie dat was. U krijgt een"
    " samenvatting van wat over u is vastgelegd."
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
QUESTIONS: Final = {
    Capacity.REPORTER: "Kan de vrager in deze kopie iets over iemand anders lezen?",
    Capacity.REPORTED: "Kan hij of zij zien wie meldde?",
    Capacity.MENTIONED: "Kan hij of zij zien wie meldde, of iets over iemand anders lezen?",
    Capacity.PARTNER: "Kan de vrager in deze kopie iets over iemand anders lezen?",
}
_SOURCE: Final = {
    Capacity.REPORTER: "Van uzelf, en van medewerkers die met uw melding werkten.",
    Capacity.REPORTED: "Van iemand die een melding deed, en van medewerkers. Wie meldde, vertellen"
    " wij niet.",
    Capacity.MENTIONED: "Van iemand die een melding deed, en van medewerkers. Wie meldde, vertellen"
    " wij niet.",
    Capacity.PARTNER: "Van uzelf, van uw organisatie, en van medewerkers.",
}
_PURPOSE: Final = (
    "Wij behandelen meldingen van intimidatie op straat, en zorgen met anderen dat het stopt. Dat"
    " is een taak van algemeen belang (artikel 6 lid 1 onder e AVG)."
)
_RIGHTS: Final = (
    "U kunt vragen om verkeerde gegevens te verbeteren, gegevens te wissen of het gebruik te"
    " beperken, en u kunt bezwaar maken tegen het gebruik. Doe dat op dezelfde manier als dit"
    " verzoek."
)
_COMPLAINT: Final = (
    "Bent u het er niet mee eens? U kunt een klacht indienen bij de Autoriteit Persoonsgegevens:"
    " autoriteitpersoonsgegevens.nl. In de brief bij deze kopie staat hoe u bezwaar maakt."
)
_AUTOMATED: Final = (
    "Geen computer beslist over u. Medewerkers beoordelen alles zelf; er is geen profilering."
)
_ABROAD: Final = "Wij geven uw gegevens niet door buiten de Europese Unie."


def about(
    registry: Any, capacity: str, kinds: Mapping[str, str], tables: Collection[str], days: int
) -> tuple[tuple[str, str], ...]:
    """Return what the law asks to tell, as pairs of a title and a text.

    Args:
        registry: of the application, for the terms.
        capacity: of who asks.
        kinds: the kinds of documents that are part of the copy, in words.
        tables: the tables they stand in.
        days: how long a backup is kept at most.
    """
    terms = [
        f"{row.label}: {term_in_words(row)}{_from(row)}."
        for row in RETENTION_CLASSES.of(registry).values()
        if set(row.tables) & set(tables) and row.desk is not True
    ]
    terms.append(
        f"In reservekopieën kunnen dezelfde gegevens staan. Die doorzoeken wij niet; zij zijn na"
        f" {days} dagen weg."
    )
    held = ", ".join(sorted(kinds.values())) or "geen"
    held = held[0].upper() + held[1:]
    return (
        ("Waarvoor wij uw gegevens gebruiken", _PURPOSE),
        ("Waar uw gegevens in staan", f"{held}."),
        ("Waar uw gegevens vandaan komen", _SOURCE[Capacity.of(capacity)]),
        ("Hoe lang wij uw gegevens bewaren", "\n".join(terms)),
        ("Uw rechten", _RIGHTS),
        ("Klacht en bezwaar", _COMPLAINT),
        ("Besluiten door een computer", _AUTOMATED),
        ("Buiten de Europese Unie", _ABROAD),
    )


def _from(row: RetentionClass) -> str:
    """Return the day from which a term counts; nothing for data that goes with something else."""
    counts = row.term is not None and row.term.number
    return f", vanaf {row.starts}" if counts else ""
