"""State → word and colour, the same on every page. The word carries the meaning, not the colour."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["neutral", "info", "warning", "danger", "success"]


@dataclass(frozen=True, slots=True)
class Badge:
    word: str
    tone: Tone


BADGES: dict[str, Badge] = {
    # report
    "quarantaine": Badge("Quarantaine", "warning"),
    "nieuw": Badge("Nieuw", "info"),
    "in_behandeling": Badge("In behandeling", "info"),
    "wacht_op_melder": Badge("Wacht op melder", "warning"),
    "wacht_op_partner": Badge("Wacht op partner", "warning"),
    "in_dossier": Badge("In dossier", "info"),
    "overdracht_aangeboden": Badge("Overdracht aangeboden", "warning"),
    "overgedragen": Badge("Overgedragen", "neutral"),
    "afgehandeld": Badge("Afgehandeld", "success"),
    "niet_in_behandeling": Badge("Niet in behandeling", "neutral"),
    "ingetrokken": Badge("Ingetrokken", "neutral"),
    "vernietigd": Badge("Vernietigd", "neutral"),
    # delivery
    "te_routeren": Badge("Nog te routeren", "warning"),
    "wacht_op_afspraak": Badge("Wacht op afspraak", "warning"),
    "aangeboden": Badge("Aangeboden", "info"),
    "opgehaald": Badge("Opgehaald", "success"),
    "verlopen": Badge("Verlopen", "danger"),
    # dossier
    "in_voorbereiding": Badge("In voorbereiding", "neutral"),
    "in_aanpak": Badge("In aanpak", "info"),
    "monitoring": Badge("Monitoring", "warning"),
    "afgesloten": Badge("Afgesloten", "success"),
    "overgebracht": Badge("Overgebracht", "neutral"),
    # pattern
    "voorgesteld": Badge("Te beslissen", "warning"),
    "uitgesteld": Badge("Uitgesteld", "neutral"),
    "aangenomen": Badge("Aangenomen", "success"),
    # agreement, export, job
    "open": Badge("Open", "info"),
    "klaar": Badge("Klaar", "success"),
    "gedaan": Badge("Gedaan", "success"),
    "vervallen": Badge("Vervallen", "neutral"),
    "gepland": Badge("Gepland", "info"),
    "verslag_nodig": Badge("Verslag nodig", "warning"),
    "gehouden": Badge("Gehouden", "success"),
    "te_laat": Badge("Te laat", "danger"),
    "aangevraagd": Badge("Aangevraagd", "warning"),
    "goedgekeurd": Badge("Goedgekeurd", "info"),
    "afgewezen": Badge("Afgewezen", "neutral"),
    "afgebroken": Badge("Afgebroken", "neutral"),
    "wordt_gemaakt": Badge("Wordt gemaakt", "info"),
    "gereed": Badge("Gereed", "success"),
    "mislukt": Badge("Mislukt", "danger"),
    # copy that somebody outside has
    "gemaakt": Badge("Nog niet gegeven", "neutral"),
    "klaargezet": Badge("Klaargezet", "info"),
    "gegeven": Badge("Bij de ontvanger", "info"),
    "vernietigd_gemeld": Badge("Vernietigd door ontvanger", "success"),
    "nooit_gegeven": Badge("Nooit gegeven", "neutral"),
    # partner
    "beeindigd": Badge("Beëindigd", "neutral"),
    "convenant_verloopt": Badge("Convenant loopt af", "warning"),
    "convenant_verlopen": Badge("Convenant verlopen", "danger"),
    # flags
    "spoed": Badge("Spoed", "danger"),
    "bevroren": Badge("Bevroren", "info"),
    "melder_schreef": Badge("Bericht van melder", "warning"),
    "minderjarig": Badge("Minderjarig", "warning"),
}


def badge_for(state: str) -> Badge:
    """The badge of a state; an unknown code is shown as its own words."""
    found = BADGES.get(str(state))
    return found or Badge(str(state).replace("_", " ").capitalize(), "neutral")
