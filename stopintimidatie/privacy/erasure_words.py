"""What is erased, in words: each table and each column with something of a person in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.storage.personal import Told

_REASON: Final = {"reason": "reden", "values": "antwoorden"}
_TEXT: Final = {"text": "tekst"}
# Per table what it is called, and its columns.
WORDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "report": (
        "De melding",
        {
            **{name: one.told.erased for name, one in BY_COLUMN.items() if one.told.erased},
            "suspected_offence_reason": "reden van het vermoeden van een strafbaar feit",
        },
    ),
    "report_contact": (
        "Contactgegevens van de melder",
        {
            "name": "naam",
            "phone": "telefoonnummer",
            "email": "e-mailadres",
            "contact_when": "wanneer te bereiken",
            "phone_index": "zoeksleutel van het nummer",
            "email_index": "zoeksleutel van het adres",
        },
    ),
    "report_move": ("Geschiedenis van de melding", _REASON),
    "reporter_message": ("Gesprek met de melder", _TEXT),
    "report_attachment": ("Foto's, geluid en video bij de melding", {"key": "bestand"}),
    "attachment_part": ("Inhoud van bijlagen", {"content": "inhoud"}),
    "report_review": (
        "Nagekeken tekst",
        {"spans": "wat was gemarkeerd", "digest": "wat was gemarkeerd"},
    ),
    "report_transfer": (
        "Overdracht tussen gemeenten",
        {"content": "inhoud", "offer": "inhoud", "reason": "reden", "answer": "antwoord"},
    ),
    "pattern_report": ("Opvallende patronen", {"report_id": "dat de melding erbij hoort"}),
    "dossier": (
        "Het dossier",
        {
            "title": "titel",
            "purpose": "doel",
            "responsible_body": "verantwoordelijk orgaan",
            "privacy_advice": "advies van de privacyfunctionaris",
            "goal": "wat u wilt bereiken",
            "summary": "samenvatting",
            "assessment": "duiding",
            "closed_note": "toelichting bij afsluiten",
            "taken_over_by": "overgenomen door",
            "effect": "effect",
            "feedback": "terugkoppeling",
        },
    ),
    "dossier_note": ("Notities", _TEXT),
    "dossier_agreement": ("Afspraken", {"what": "wat", "who": "wie", "result": "resultaat"}),
    "dossier_membership": (
        "Meldingen in dossiers",
        {"joined_reason": "reden van toevoegen", "left_reason": "reden van weghalen"},
    ),
    "dossier_text": ("Versies van samenvatting en duiding", _TEXT),
    "dossier_participant": (
        "Deelnemers",
        {"function": "functie", "organisation": "organisatie", "task": "taak"},
    ),
    "consultation": (
        "Overleggen",
        {"place": "plaats", "agenda": "agenda", "decisions": "besluiten"},
    ),
    "consultation_seat": (
        "Wie er aan tafel zat",
        {"function": "functie", "organisation": "organisatie"},
    ),
    "consultation_blob": ("Wat op tafel lag", {"data": "de hele vastlegging"}),
    "dossier_measure": ("Maatregelen", {"what": "wat", "who": "wie", "effect": "effect"}),
    "dossier_attachment": (
        "Bijlagen van het dossier",
        {"about": "omschrijving", "key": "bestand"},
    ),
    "dossier_move": ("Geschiedenis van het dossier", _REASON),
    "export": (
        "Aanvragen van uitvoer",
        {
            "question": "vraag",
            "purpose": "doel",
            "minors_ground": "extra grond",
            "phone": "telefoonnummer",
            "urgent_reason": "reden van spoed",
            "facts": "feiten",
            "perceptions": "beleving",
            "assumptions": "vermoedens",
            "feedback": "terugkoppeling",
            "deviations": "reden om toch te delen",
            "decided_reason": "reden van het besluit",
            "withdrawn_reason": "reden van intrekken",
        },
    ),
    "export_blob": ("Bevroren documenten (uitvoer)", {"data": "het hele document"}),
    "partner_answer": (
        "Antwoorden van partners",
        {
            "answered_by": "wie antwoordde",
            "text": "toelichting",
            "wants_about": "waarover de partner wil praten",
        },
    ),
    "copy_correction": ("Correcties", {"note": "toelichting"}),
}


def rows(told: Iterable[Told]) -> list[list[str]]:
    """Of each table: what it is, which data, how many."""
    found = []
    for one in told:
        title, columns = WORDS[one.table]
        names = dict.fromkeys(columns.get(name, name) for name in one.columns)
        found.append([title, ", ".join(names), str(one.rows)])
    return found


STAYS_OF_REPORT: Final = (
    ("Kenmerk", "met de dag van binnenkomst en de toestand ‘vernietigd’"),
    ("Voor de cijfers", "wijk, soort plek, dag en vorm; niet wie, en niet wat er stond"),
    ("Geschiedenis", "welke stap wanneer door wie, zonder redenen en antwoorden"),
    ("Register", "aan wie er iets van is verstrekt, met kenmerken en soorten gegevens"),
    ("Logboek", "wie wat deed of las; daar staat nooit inhoud in"),
)
STAYS_OF_DOSSIER: Final = (
    ("Nummer", "met soort, wijk, data en de toestand ‘vernietigd’"),
    ("Meldingen", "zijn eigen documenten: wis die apart als dat moet"),
    ("Geschiedenis", "welke stap wanneer door wie, zonder redenen en antwoorden"),
    ("Register", "aan wie het is verstrekt, waarom en tot wanneer, en van welke meldingen"),
    ("Logboek", "wie wat deed of las; daar staat nooit inhoud in"),
)
