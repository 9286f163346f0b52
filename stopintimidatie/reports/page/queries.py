"""The history of a report and its conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.text import date_text, datetime_short, uuid_of
from stopintimidatie.core.workflow import FieldKind, InputField, WorkflowError
from stopintimidatie.reports.conversation.calls import CONTACT_OVER
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.vocabulary import FEEDBACK, FollowUp
from stopintimidatie.reports.workflow import DESK_REASONS, NOT_HANDLED_REASONS, REPORT_WORKFLOW

# Lines of the history that aren't steps of the workflow.
OTHER_LINES: Final = {
    "ontvangen": "Melding ontvangen",
    "beoordelen": "Beoordeeld",
    "spoed": "Spoed aangepast",
    "minderjarig": "Leeftijd aangepast: het gaat over een minderjarige",
    "contact": "Contact met de melder",
    "contact_bekeken": "Contactgegevens bekeken van wie geen contact wil",
    "toewijzen": "Andere behandelaar",
    "sluimeren": "Weggelegd tot een dag",
    "wakker": "Niet meer weggelegd",
    "notitie": "Notitie toegevoegd",
    "contact_erbij": "Nog een melder wacht op contact",
    "overgenomen": "Overgenomen van een andere houder",
    "gecorrigeerd": "Correctie naast wat de melder schreef",
    "gerouteerd": "Gemeente gekozen",
    "aangeboden": "Aangeboden aan de gemeente",
    "opgehaald": "Opgehaald door de gemeente",
    "verlopen": "Niet opgehaald: aanbod verlopen",
    "aanbod_ingetrokken": "Aanbod ingetrokken",
    "antwoord_gemeente": "Antwoord van de gemeente",
    "gemeente_ingetrokken": "Aan de gemeente verteld: ingetrokken",
    "gemeente_gewist": "Aan de gemeente verteld: gewist",
    "gemeente_beperkt": "Aan de gemeente verteld: gebruik beperkt",
    "gemeente_hervat": "Aan de gemeente verteld: mag weer worden gebruikt",
    "aanvulling": "Aanvulling van de melder",
    "contact_gewijzigd": "Contactgegevens gewijzigd door de melder",
    "hielp_niet": "De melder zegt: het hielp niet",
    "toch_niet_ingetrokken": "De melder trok het intrekken terug",
    "bewaren_gevraagd": "De melder wil aangifte doen en vroeg om bewaren",
    "bericht": "Bericht aan de melder",
    "bijlage": "Bijlage van de melder",
    "bijlage_wacht": "Bijlage van de melder: wacht op de virusscanner",
    "bijlage_onleesbaar": "Bijlage van de melder was niet te lezen",
    "bestand_tegengehouden": "Bestand tegengehouden door de virusscanner",
    "ongedaan": "Besluit ongedaan gemaakt",
    "besluit_mislukt": "Besluit kon niet worden uitgevoerd",
    "voorgesteld": "Besluit voorgesteld aan een collega",
    "voorstel_afgewezen": "Voorstel niet overgenomen",
    "onleesbaar": "Woorden onleesbaar gemaakt",
}
# Values of a line that name steps.
_STEPS: Final = frozenset({"stap", "stappen"})
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "follow_ups": dict(FollowUp.choices()),
    "not_handled": dict(NOT_HANDLED_REASONS),
    "desk_reasons": dict(DESK_REASONS),
    "feedback": dict(FEEDBACK),
    "contact_over": dict(CONTACT_OVER),
}


def moves_of(session: Session, report: Report) -> Sequence[ReportMove]:
    """Return the whole history, newest first."""
    return session.scalars(
        select(ReportMove)
        .where(ReportMove.holder == report.holder, ReportMove.report_id == report.id)
        .order_by(ReportMove.at.desc(), ReportMove.id)
    ).all()


def messages_of(session: Session, report: Report) -> Sequence[ReporterMessage]:
    """Return the conversation with the reporter, newest first."""
    return session.scalars(
        select(ReporterMessage)
        .where(ReporterMessage.holder == report.holder, ReporterMessage.report_id == report.id)
        .order_by(ReporterMessage.at.desc())
    ).all()


def timeline(
    session: Session, report: Report
) -> tuple[list[tuple[ReportMove, str, str]], str | None]:
    """Return the history, newest first, and the name of the handler.

    Each line with its title and its text.
    """
    moves = moves_of(session, report)
    handler = [report.handler_id] if report.handler_id else []
    people = names_of(session, [*handler, *_people_in(moves)])
    lines = [(move, title_of(move.name), _text_of(move, people)) for move in moves]
    return lines, people.get(str(report.handler_id))


def names_of(session: Session, ids: Iterable[UUID]) -> dict[str, str]:
    """Return the names of users by id, as text."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = session.execute(select(User.id, User.name).where(User.id.in_(wanted)))
    return {str(user_id): name for user_id, name in rows}


def title_of(name: str) -> str:
    """Return the title of a line of the history: the label of its step, or other words."""
    try:
        return REPORT_WORKFLOW.transition(name).label
    except WorkflowError:
        words = name.replace("_", " ").replace(".", ": ")
        return OTHER_LINES.get(name, words[:1].upper() + words[1:])


def changes_since(session: Session, report: Report, since: datetime) -> list[str]:
    """Return the lines of the history after a moment, each as a sentence, oldest first."""
    return [
        f"‘{title_of(move.name)}’ door {move.actor_name} ({datetime_short(move.at)})"
        for move in reversed(moves_of(session, report))
        if move.at >= since
    ]


def account_of_changes(session: Session, report: Report, since: int) -> str:
    """Return a sentence, after a space, with what was done since a moment; empty without that.

    `since`: in seconds since 1970, as a form remembers when it was shown.
    """
    done = changes_since(session, report, datetime.fromtimestamp(since, UTC))
    return f" Dit is er gedaan: {'; '.join(done)}." if done else ""


def latest_change(session: Session, report: Report) -> str:
    """Return a sentence, after a space, with what was done last and by whom; empty without that."""
    for latest in moves_of(session, report)[:1]:
        moment = datetime_short(latest.at)
        return f" De laatste stap: ‘{title_of(latest.name)}’ door {latest.actor_name} ({moment})."
    return ""


def _people_in(moves: Iterable[ReportMove]) -> Iterable[UUID]:
    for move in moves:
        for field in _fields_of(move.name):
            if field.kind is FieldKind.PERSON and field.name in move.values:
                yield UUID(str(move.values[field.name]))


def _fields_of(name: str) -> Sequence[InputField]:
    try:
        return REPORT_WORKFLOW.transition(name).fields
    except WorkflowError:
        return ()


def _text_of(move: ReportMove, people: Mapping[str, str]) -> str:
    """Return the reason and the answers of a line of the history, line by line."""
    # A proposal has the answers of the step that was proposed.
    fields = {field.name: field for field in _fields_of(str(move.values.get("stap", move.name)))}
    lines = [move.reason]
    for name, value in move.values.items():
        field = fields.get(name)
        # The id of a document says nothing to a reader.
        if field is None or field.kind is not FieldKind.DOCUMENT or uuid_of(str(value)) is None:
            label = field.label if field else name[:1].upper() + name[1:].replace("_", " ")
            lines.append(f"{label}: {_shown(name, field, value, people)}")
    return "\n".join(filter(None, lines))


def _shown(name: str, field: InputField | None, value: Any, people: Mapping[str, str]) -> str:
    values = value if isinstance(value, list) else [value]
    if name in _STEPS:
        return ", ".join(title_of(str(step)) for step in values)
    if field is None:
        return str(value)
    if field.kind is FieldKind.PERSON:
        return people.get(str(value), "iemand die hier niet meer werkt")
    if field.kind is FieldKind.DATE:
        return date_text(date.fromisoformat(str(value)))
    words = _WORDS.get(field.options or "", {})
    return ", ".join(words.get(str(code), str(code)) for code in values)
