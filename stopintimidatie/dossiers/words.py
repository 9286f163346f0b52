"""History and events of a dossier in Dutch sentences. Values in, words out; no queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from stopintimidatie.core.text import date_text, plural
from stopintimidatie.core.web.components import TimelineEntry
from stopintimidatie.dossiers.forms import CONTROLS, LABELS
from stopintimidatie.dossiers.models import DossierMove, DossierNote
from stopintimidatie.dossiers.queries import Event
from stopintimidatie.dossiers.services import PARTNER_ANSWERED
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, ClosingReason, ConsultationKind
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import FollowUp, Form, PlaceType

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
    """Return the forms of harassment of a report, in words."""
    return ", ".join(Form.word(code) for code in report.forms)


def link(href: str, text: str) -> str:
    """Return a title that leads somewhere; the text is escaped."""
    anchor = '<a class="utrecht-link utrecht-link--html-a" href="{}">{}</a>'
    return Markup(anchor).format(href, text)  # noqa: S704 - format escapes what it fills in


def history_entry(move: DossierMove) -> TimelineEntry:
    """Return one line of the history."""
    state = move.to_state if move.name in _STEPS else ""
    return TimelineEntry(move.at, _title(move), move.actor_name, _text(move), state)


def _title(move: DossierMove) -> str:
    values = move.values
    match move.name:
        case "gemaakt":
            return "Dossier gemaakt"
        case "gewijzigd":
            names = [LABELS[CONTROLS[name]].lower() for name in values.get("velden", ())]
            return f"Gewijzigd: {', '.join(names)}"
        case "melding_erbij":
            return f"Melding {values.get('melding', '')} toegevoegd"
        case "melding_eruit":
            return f"Melding {values.get('melding', '')} eruit gehaald"
        case "opgenomen":
            return f"Dossier {values.get('dossier', '')} is hierin samengevoegd"
        case "gesplitst":
            return f"Afgesplitst naar dossier {values.get('dossier', '')}: {_how_many(move)}"
        case "afgesplitst":
            return f"Afgesplitst van dossier {values.get('dossier', '')}: {_how_many(move)}"
        case "aangewezen":
            people = plural(int(values.get("aantal", 0)), "persoon ziet", "personen zien")
            return f"{people} de meldingen, naast de dossierhouder"
        case "maatregel":
            return f"Maatregel toegevoegd: {FollowUp.word(values.get('soort'))}"
        case "maatregel_gewijzigd":
            return f"Maatregel bijgewerkt: {FollowUp.word(values.get('soort'))}"
        case "bijlage":
            return f"Bijlage toegevoegd: {values.get('bijlage', '')}"
        case "bijlage_weg":
            return f"Bijlage verwijderd: {values.get('bijlage', '')}"
        case "deelnemer_erbij":
            return f"Deelnemer erbij: {values.get('deelnemer', '')}"
        case "deelnemer_weg":
            return f"Deelnemer niet meer erbij: {values.get('deelnemer', '')}"
        case "voorgelegd":
            return f"Op tafel gelegd bij {_talk(move)}: {_how_many(move)}"
        case "overleg_gepland" | "overleg_gehouden" | "overleg_verslag" | "overleg_vervallen":
            return f"{_talk(move).capitalize()} {_TALKS[move.name]}"
        case "partner_antwoord":
            return f"Antwoord op {values.get('uitvoer', '')}: {values.get('gedaan', '')}"
        case "afspraak":
            return f"Afspraak {values.get('staat', '')}: {excerpt(values.get('afspraak'))}"
    step = _STEPS.get(move.name)
    return step.label if step else move.name


_TALKS: Final = {
    "overleg_gepland": "gepland",
    "overleg_gehouden": "gehouden",
    "overleg_verslag": "verslag bijgewerkt",
    "overleg_vervallen": "vervalt",
}


def _talk(move: DossierMove) -> str:
    return f"{move.values.get('soort') or 'overleg'} {move.values.get('overleg', '')}"


def _how_many(move: DossierMove) -> str:
    return plural(int(move.values.get("aantal", 0)), "melding", "meldingen")


def _text(move: DossierMove) -> str:
    """Return what was answered at a step, line by line, and why."""
    step = _STEPS.get(move.name)
    fields = step.fields if step else ()
    lines = [
        f"{asked.label}: {_answer(asked.name, move.values[asked.name])}"
        for asked in fields
        if asked.name in move.values and asked.name not in _NOT_SHOWN
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


def note_entry(note: DossierNote) -> TimelineEntry:
    """Return a note; a restricted one says so."""
    title = "Notitie, alleen voor wie is aangewezen" if note.restricted else "Notitie"
    return TimelineEntry(note.at, title, note.author_name, note.text)


def event_entry(event: Event, addresses: Mapping[Any, str]) -> TimelineEntry:
    """Return one line of the chronology.

    `addresses`: of the reports on the page, by id.
    """
    row = event.row
    match event.kind:
        case "melding":
            title = link(addresses[row.id], f"Melding {row.reference}: {forms_of(row)}")
            place = PlaceType.word(row.place_type)
            return TimelineEntry(event.at, title, place, excerpt(row.description), row.state)
        case "notitie":
            return note_entry(row)
        case "overleg":
            text = excerpt(row.decisions or row.agenda)
            title = f"{ConsultationKind.word(row.kind).capitalize()} {row.serial}"
            return TimelineEntry(event.at, title, row.place or "", text, row.state)
        case "maatregel":
            title = f"Maatregel: {FollowUp.word(row.kind)}"
            text = f"{row.what}\n{row.who}, vanaf {date_text(row.started_on)}"
            return TimelineEntry(event.at, title, row.made_by, text)
        case "bijlage":
            return TimelineEntry(event.at, f"Bijlage {row.number}", row.by, row.about)
        case "afspraak":
            text = f"{row.what}\n{row.who}, uiterlijk {date_text(row.due_on)}"
            return TimelineEntry(event.at, "Afspraak gemaakt", row.made_by, text)
        case "afgerond":
            text = f"{row.what}\n{row.result or ''}".strip()
            return TimelineEntry(event.at, "Afspraak afgerond", row.changed_by, text, row.state)
    return history_entry(row)
