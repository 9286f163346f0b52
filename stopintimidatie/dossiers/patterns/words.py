"""Sentences about a pattern: what is proposed, and what was done."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.text import plural
from stopintimidatie.dossiers.patterns.models import Pattern
from stopintimidatie.dossiers.patterns.queries import Filing
from stopintimidatie.dossiers.patterns.services import Filed

TAKEN: Final = (
    "Een collega werkt hieraan, in een dossier dat u niet kunt openen. Maak geen tweede dossier:"
    " vraag het eerst."
)
ALL_FILED: Final = "Alle meldingen zitten al in een dossier."


def advice_of(pattern: Pattern, filing: Filing) -> str:
    """Say what this person can do about a pattern."""
    if filing.taken:
        return TAKEN
    if not filing.number:
        return ALL_FILED if filing.dossiers else "De meldingen zijn er niet meer."
    new = plural(filing.number, "melding", "meldingen")
    advice = f"Maak een dossier van {new}."
    if pattern.dossier_id is not None:
        advice = f"Vul het dossier aan met {new}."
    return advice + _referring(filing.referred) + _staying(len(filing.elsewhere))


def _staying(number: int) -> str:
    """Say how many reports stay with a colleague; nothing for none."""
    if not number:
        return ""
    many = plural(number, "melding werkt", "meldingen werkt")
    return f" Aan {many} een collega; die {'blijft' if number == 1 else 'blijven'} daar."


def _referring(number: int) -> str:
    """Say how many reports a dossier only refers to; nothing for none."""
    if not number:
        return ""
    belong = "Die hoort" if number == 1 else "Die horen"
    are = "is" if number == 1 else "zijn"
    why = f"{belong} al bij een ander dossier, of {are} afgehandeld."
    return f" Naar {number} daarvan verwijst het dossier alleen. {why}"


def outcome_of(made: Filed) -> str:
    """Say what was done: which reports are in the dossier, and to which it only refers."""
    number = made.dossier.number
    parts = ["Het patroon is aangenomen."]
    if made.filed:
        parts.append(f"{plural(made.filed, 'melding zit', 'meldingen zitten')} nu in {number}.")
    if made.referred:
        many = plural(made.referred, "melding", "meldingen")
        stay = "blijft" if made.referred == 1 else "blijven"
        parts.append(f"Naar {many} verwijst {number} alleen: die {stay} waar zij al waren.")
    if made.waiting:
        parts.append(f"Nog niet in {number}: {', '.join(made.waiting)}. Ga daar eerst mee verder.")
    return " ".join(parts)
