"""Two ways beside the usual one: a demand, and urgency. The rules; pure.

A *vordering* leaves the municipality no choice, so a reporter's preference doesn't stop it; it is
recorded by article, number, official and date. *Spoed* is made now and approved by a second person
within one working day after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from stopintimidatie.exports.asked import ExportRequest
from stopintimidatie.exports.text import clean
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.web.filters import date_short

DEMAND: Final = LegalBasis.ORDER.value
APPROVE_WITHIN: Final = 1
NOT_YET: Final = "nog niemand: spoed, achteraf te beoordelen"
_ASKED: Final[Mapping[str, str]] = {
    "demand_article": "Schrijf op welk wetsartikel in de vordering staat.",
    "demand_number": "Schrijf het nummer van de vordering op.",
    "demand_officer": "Schrijf op welke functionaris vordert: de functie, geen naam.",
    "demand_on": "Kies de datum van de vordering.",
}


def route_problems(wish: ExportRequest, today: date) -> Iterator[tuple[str, str]]:
    """The rules of a demand and of urgency that aren't kept: words, and which answer."""
    if wish.legal_basis == DEMAND:
        yield from _demand_problems(wish, today)
    elif any(getattr(wish, name) for name in _ASKED):
        yield (
            "Dit hoort bij een vordering. Kies die als grondslag, of maak dit leeg.",
            "legal_basis",
        )
    told = clean(wish.urgent_reason or "")
    if wish.urgent and not told:
        yield "Schrijf op waarom dit niet kan wachten op een collega.", "urgent_reason"
    if told and not wish.urgent:
        yield "Dit hoort bij spoed. Kruis spoed aan, of maak dit leeg.", "urgent_reason"


def _demand_problems(wish: ExportRequest, today: date) -> Iterator[tuple[str, str]]:
    for name, message in _ASKED.items():
        value: Any = getattr(wish, name)
        if not (clean(value) if isinstance(value, str) else value):
            yield message, name
    if wish.demand_on is not None and wish.demand_on > today:
        yield "Deze datum ligt in de toekomst. Kies vandaag of eerder.", "demand_on"


def basis_words(asked: ExportRequest) -> str:
    """The ground in words; of a demand, which one."""
    words = LegalBasis.word(asked.legal_basis)
    if asked.legal_basis != DEMAND or asked.demand_on is None:
        return words
    return f"{words.partition(' (')[0]}: {demand_words(asked)}"[:200]


def demand_words(asked: ExportRequest) -> str:
    """Which demand; its official is on the page of the export alone."""
    day = date_short(asked.demand_on) if asked.demand_on else ""
    return f"{asked.demand_article}, nr. {asked.demand_number}, {day}"


def route_rows(asked: ExportRequest) -> list[tuple[str, str]]:
    """What was asked for beside the usual, for the page of the export."""
    rows = []
    if asked.demand_on is not None:
        told = f"{asked.demand_article}, nummer {asked.demand_number}"
        rows.append(("Vordering", f"{told}, van {asked.demand_officer}"))
        rows.append(("Datum van de vordering", date_short(asked.demand_on)))
    if asked.urgent:
        rows.append(("Spoed", asked.urgent_reason or ""))
    return rows
