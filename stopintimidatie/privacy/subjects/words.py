"""Words for kinds of documents and places, for who judges a trace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

KINDS: Final = {
    "melding": "Melding",
    "dossier": "Dossier",
    "overleg": "Stukken van een overleg",
    "uitvoer": "Uitvoer",
    "partner_antwoord": "Antwoord van een partner",
    "correctie": "Correctie aan een ontvanger",
    "contactpersoon": "Contactpersoon van een partner",
    "partner": "Partner",
    "postadres": "Adres voor berichten",
    "gebruiker": "Account van een medewerker",
    "rol": "Aangeboden rol",
    "doorgifteafspraak": "Doorgifteafspraak",
    "ophalen": "Ophalen van een document",
    "overdracht": "Overdracht van een melding",
    "patroon": "Patroon",
    "bevriezing": "Bevriezing",
    "overbrenging": "Pakket voor het archief",
    "aansluiting": "Aansluiting van een gemeente",
    "aanmelding": "Aanmelding van een gemeente",
    "inzagevraag": "Vraag over inzage",
    "verzoek": "Ander verzoek",
    "datalek": "Datalek",
    "bericht": "Verstuurd bericht",
    "logboek": "Logboek",
}
# By table and column, or by table alone.
PLACES: Final = {
    "kenmerk": "het kenmerk",
    "volgcode": "de volgcode",
    "volgpagina": "de volgpagina, waar het is gevraagd",
    "samenhang": "hangt samen met een gevonden melding",
    "mail_message": "berichten aan de melder",
    "mail_message.kept": "de tekst van het bericht",
    "report_contact": "de contactgegevens",
    "report.description": "het verhaal",
    "report.offender_appearance": "het signalement",
    "report.location_text": "de beschrijving van de plek",
    "report.suspected_offence_reason": "waarom wij aan een strafbaar feit denken",
    "report": "de melding",
    "reporter_message": "het gesprek met de melder",
    "report_note": "een notitie",
    "report_move": "het verloop",
    "report_decision": "een besluit",
    "report_proposal": "een voorstel",
    "report_transfer": "de overdracht",
    "dossier": "de teksten van het dossier",
    "dossier_note": "een notitie",
    "dossier_agreement": "een afspraak",
    "dossier_membership": "waarom een melding erbij hoort",
    "dossier_text": "een eerdere versie van een tekst",
    "dossier_participant": "een deelnemer",
    "consultation": "een overleg",
    "consultation_seat": "wie aan tafel zat",
    "dossier_measure": "een maatregel",
    "dossier_attachment": "de beschrijving van een bijlage",
    "dossier_move": "het verloop",
    "dossier_person_ground": "de grond van een persoonsgericht dossier",
    "dossier_privacy_advice": "het privacyadvies",
    "overleg": "wat op tafel lag",
    "uitvoer": "de bevroren inhoud",
    "export": "de aanvraag",
    "partner_answer": "het antwoord",
    "partner_contact": "naam, functie of nummer",
    "mail_address": "het adres",
    "user_account": "naam of e-mailadres",
    "audit_event": "de naam van wie iets deed",
    "pickup": "wie het ophaalde",
}
ELSEWHERE: Final = "een andere tekst"


def kind_words(kind: str, reference: str) -> str:
    """Return a document in words: its kind, and its reference if it has one."""
    return f"{KINDS.get(kind, kind.capitalize())} {reference}".strip()


def place_words(places: Iterable[str]) -> str:
    """Return the places of a trace in words, each once."""
    words = [
        PLACES.get(place) or PLACES.get(place.partition(".")[0], ELSEWHERE)
        for place in sorted(places)
    ]
    return ", ".join(dict.fromkeys(words))
