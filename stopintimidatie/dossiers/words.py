"""The history of a dossier in Dutch sentences. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from stopintimidatie.core.text import date_text, plural
from stopintimidatie.core.web.components import TimelineEntry
from stopintimidatie.dossiers.forms import CONTROLS, LABELS
from stopintimidatie.dossiers.models import DossierMove
from stopintimidatie.dossiers.services import PARTNER_ANSWERED
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, ClosingReason
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import FollowUp, Form

EXCERPT: Final = 220
_STEPS: Final = {move.name: move for move in DOSSIER_WORKFLOW.transitions}
# Answers that the history doesn't repeat: codes of people.
_NOT_SHOWN: Final = frozenset({"dossierhouder"})
_WORDS: Final[Mapping[str, Callable[[str], str]]] = {
    "grondslag": LegalBasis.word,
    "reden_code": ClosingReason.word,
}


def excerpt(text: str | None) -> str:
    """Return the beginning of a long text, cut between words."""
    plain = " ".join((text or "").split())
    if len(plain) <= EXCERPT:
        return plain
    return plain[:EXCERPT].rsplit(" ", 1)[0] + " …"


def forms_of(report: Report) -> str:
    """Return the forms of harassment of a report, in words; of a withdrawn one that it was."""
    if report.locked:
        return "ingetrokken door de melder"
    return ", ".join(Form.word(code) for code in report.forms)


def history_entry(move: DossierMove) -> TimelineEntry:
    """Return a line of the history as an entry of a timeline."""
    state = move.to_state if move.name in _STEPS else ""
    return TimelineEntry(move.at, _title(move), move.actor_name, _text(move), state)


_TITLES: Final[Mapping[str, str]] = {
    "gemaakt": "Dossier gemaakt",
    "melding_erbij": "Melding {melding} toegevoegd",
    "melding_eruit": "Melding {melding} eruit gehaald",
    "opgenomen": "Dossier {dossier} is hierin samengevoegd",
    "gesplitst": "Afgesplitst naar dossier {dossier}: {meldingen}",
    "afgesplitst": "Afgesplitst van dossier {dossier}: {meldingen}",
    "grond": "Grond vastgelegd om over één persoon te gaan",
    "herzien": "Herzien: opnieuw bekijken op {nieuwe_datum}",
    "advies_gevraagd": "Advies gevraagd aan de privacyfunctionaris",
    "advies_gegeven": "Advies van de privacyfunctionaris: {advies}",
    "advies_gevolgd": "Advies van de privacyfunctionaris gevolgd",
    "advies_niet_gevolgd": "Advies van de privacyfunctionaris niet gevolgd",
    "aangewezen": "{personen} de meldingen, naast de dossierhouder",
    "maatregel": "Maatregel toegevoegd: {maatregel}",
    "maatregel_gewijzigd": "Maatregel bijgewerkt: {maatregel}",
    "bijlage": "Bijlage toegevoegd: {bijlage}",
    "bijlage_weg": "Bijlage verwijderd: {bijlage}",
    "deelnemer_erbij": "Deelnemer erbij: {deelnemer}",
    "deelnemer_weg": "Deelnemer niet meer erbij: {deelnemer}",
    "voorgelegd": "Op tafel gelegd bij {soort} {overleg}: {meldingen}",
    "overleg_gepland": "{Soort} {overleg} gepland",
    "overleg_gehouden": "{Soort} {overleg} gehouden",
    "overleg_verslag": "{Soort} {overleg} verslag bijgewerkt",
    "overleg_vervallen": "{Soort} {overleg} vervalt",
    PARTNER_ANSWERED: "Antwoord op {uitvoer}: {gedaan}",
    "afspraak": "Afspraak {staat}: {afspraak}",
}


def _title(move: DossierMove) -> str:
    """Return the title of a line of the history, filled in with what the line holds."""
    values, number = move.values, int(move.values.get("aantal", 0))
    if move.name == "gewijzigd":
        names = [LABELS[CONTROLS[name]].lower() for name in values.get("velden", ())]
        return f"Gewijzigd: {', '.join(names)}"
    if move.name not in _TITLES:
        return _STEPS[move.name].label if move.name in _STEPS else move.name
    kind = str(values.get("soort") or "overleg")
    words = {
        **values,
        "meldingen": plural(number, "melding", "meldingen"),
        "personen": plural(number, "persoon ziet", "personen zien"),
        "maatregel": FollowUp.word(values.get("soort")),
        "afspraak": excerpt(values.get("afspraak")),
        "soort": kind,
        "Soort": kind.capitalize(),
        "nieuwe_datum": _day(values.get("nieuwe_datum")),
    }
    return _TITLES[move.name].format_map(defaultdict(str, words))


def _day(value: Any) -> str:
    return date_text(date.fromisoformat(str(value))) if value else ""


def _text(move: DossierMove) -> str:
    """Return the answers that were given at a step, line by line, and the reason."""
    step = _STEPS.get(move.name)
    lines = [
        f"{question.label}: {_answer(question.name, move.values[question.name])}"
        for question in (step.fields if step else ())
        if question.name in move.values and question.name not in _NOT_SHOWN
    ]
    if move.name == PARTNER_ANSWERED and move.values.get("op"):
        lines.append(f"Op {date_text(date.fromisoformat(str(move.values['op'])))}")
    if move.reason:
        lines.append(move.reason if not lines else f"Toelichting: {move.reason}")
    return "\n".join(lines)


def _answer(name: str, value: Any) -> str:
    if name in _WORDS:
        return _WORDS[name](str(value))
    if name.endswith("_datum"):
        return date_text(date.fromisoformat(str(value)))
    return str(value)
