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
    "melding.contact": "Contact vastgelegd",
    "melding.overgenomen": "Melding overgenomen",
    "melding.spoed": "Spoed aangepast",
    "melding.wijk": "Melding naar een andere wijk",
    "dossier.gemaakt": "Dossier gemaakt",
    "dossier.gewijzigd": "Dossier gewijzigd",
    "dossier.toestand": "Toestand van dossier gewijzigd",
    "dossier.notitie": "Notitie geschreven",
    "dossier.afspraak_gemaakt": "Afspraak gemaakt",
    "dossier.afspraak_gewijzigd": "Afspraak gewijzigd",
    "dossier.melding_erbij": "Melding in een dossier geplaatst",
    "dossier.melding_eruit": "Melding uit een dossier gehaald",
    "uitvoer.aangevraagd": "Uitvoer aangevraagd",
    "uitvoer.goedgekeurd": "Uitvoer goedgekeurd",
    "uitvoer.afgewezen": "Uitvoer afgewezen",
    "uitvoer.gemaakt": "Uitvoer gemaakt",
    "uitvoer.gedownload": "Uitvoer gedownload",
    "uitvoer.mislukt": "Uitvoer mislukt",
    "uitvoer.ingetrokken": "Uitvoer ingetrokken",
    "uitvoer.opnieuw": "Uitvoer opnieuw gestart",
    "verstrekking.vastgelegd": "Verstrekking vastgelegd",
    "gebieden.geladen": "Grenzen geladen",
    "appsleutel.gemaakt": "Appsleutel gemaakt",
    "appsleutel.ingetrokken": "Appsleutel ingetrokken",
}


def label_of(action: str) -> str:
    """The word for an action, such as *Aangemeld*."""
    return ACTIONS.get(action, action)
