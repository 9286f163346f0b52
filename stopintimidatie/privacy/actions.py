"""The codes of the log in words. A code without a word is shown as it is."""

from __future__ import annotations

from typing import Final

ACTIONS: Final[dict[str, str]] = {
    "gelezen": "Gelezen",
    "toegang.geweigerd": "Toegang geweigerd",
    "aanmelden.gelukt": "Aangemeld",
    "aanmelden.mislukt": "Aanmelden mislukt",
    "afmelden": "Afgemeld",
    "gebruiker.rol": "Rol gegeven",
    "gebruiker.geblokkeerd": "Gebruiker geblokkeerd",
    "melding.ontvangen": "Melding ontvangen",
    "melding.toestand": "Toestand van melding gewijzigd",
    "melding.beoordeeld": "Melding beoordeeld",
    "melding.spoed": "Spoed aangepast",
}


def label_of(action: str) -> str:
    """The word for an action, such as *Aangemeld*."""
    return ACTIONS.get(action, action)
