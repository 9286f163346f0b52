"""The services of handling: hand a report out, snooze it, keep a note, record an attempt to call.

Each is one transaction with its line of history and its audit event. The caller has locked the
report, where it isn't said otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import AMSTERDAM, is_working_day, local_date, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import clock, date_text, datetime_long
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.conversation.calls import CONTACT_OVER, SPOKEN, contact_over
from stopintimidatie.reports.models import Report, ReportNote
from stopintimidatie.reports.page.decisions import Began, remember
from stopintimidatie.reports.page.queries import names_of
from stopintimidatie.reports.page.steps import DANGER, EFFECTS, must_ask_danger
from stopintimidatie.reports.services import (
    append_move,
    keep_undoable,
    move_report,
    reindex_report,
)
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import signals_of
from stopintimidatie.reports.workflow import ENDED, ReportState

# The states in which somebody can handle a report.
ASSIGNABLE: Final = frozenset(ReportState) - ENDED - {ReportState.QUARANTINE, ReportState.OFFERED}
NOBODY: Final = "niemand"
# A report that sleeps longer than this is forgotten.
LONGEST_SNOOZE: Final = timedelta(days=183)
LATEST_ATTEMPT: Final = timedelta(days=31)
LONGEST_NOTE: Final = 2000

NO_ANSWER, VOICEMAIL = "geen_gehoor", "voicemail"
OUTCOMES: Final[Mapping[str, str]] = {
    SPOKEN: dict(CONTACT_OVER)[SPOKEN],
    NO_ANSWER: "geen gehoor: ik probeer het nog een keer",
    VOICEMAIL: "voicemail ingesproken: ik probeer het nog een keer",
    **dict(CONTACT_OVER),
}
# After these the reporter still waits for contact.
TRIED: Final = frozenset({NO_ANSWER, VOICEMAIL})


def assign(
    session: Session,
    report: Report,
    handler_id: UUID | None,
    reason: str,
    actor: Actor,
    *,
    began: Began | None = None,
) -> None:
    """Give a report to a colleague, who takes a new one in hand, or leave it to nobody.

    `began`: as of `decide`.

    Raises:
        WorkflowError: Nobody handles a report in this state, or this person may not; nothing would
            change; or nobody said yet if somebody is in danger, and there is a signal.
    """
    old = report.handler_id
    _check_handler(session, report, handler_id)
    names = names_of(session, [person for person in (old, handler_id) if person])
    with remember(session, report, actor, "toewijzen", began):
        if takes_in_hand(report) and handler_id is not None:
            taking = {"behandelaar": str(handler_id)}
            move_report(session, EFFECTS, report, "in_behandeling_nemen", taking, actor)
        report.handler_id = handler_id
        # It must be seen by its new handler.
        report.snoozed_until = None
        values = {
            "van": names.get(str(old), NOBODY),
            "aan": names.get(str(handler_id), NOBODY),
            "reden": reason,
        }
        append_move(session, report, actor, "toewijzen", report.state, values)
        reindex_report(session, report)
        fields = [str(handler_id) if handler_id else "losgelaten"]
        record(
            session, actor, "melding.toegewezen", report.holder, KIND, [report.id], fields=fields
        )


def _check_handler(session: Session, report: Report, handler_id: UUID | None) -> None:
    _check_assignable(report)
    if report.handler_id == handler_id:
        raise WorkflowError(
            "De melding ligt daar al. Kies iemand anders."
            if handler_id
            else "Niemand behandelt deze melding. Kies een collega.",
            "behandelaar",
        )
    if handler_id is not None:
        here = colleagues(session, report.holder, Permission.TRIAGE)
        if handler_id not in {user.id for user in here}:
            raise WorkflowError(
                "Deze persoon behandelt hier geen meldingen. Kies iemand anders.", "behandelaar"
            )
    if takes_in_hand(report) and handler_id is not None and must_ask_danger(report):
        raise WorkflowError(
            f"Er is een signaal ({', '.join(signals_of(report))}), en niemand zei nog of er nu"
            " iemand in gevaar is. Open de melding en beantwoord dat bij het uitdelen.",
            DANGER,
        )


def takes_in_hand(report: Report) -> bool:
    """Tell whether handing out the report is taking it in hand too."""
    return report.state == ReportState.NEW


def _check_assignable(report: Report) -> None:
    if report.state not in ASSIGNABLE:
        raise WorkflowError(
            "Een melding in deze toestand heeft geen behandelaar. Open de melding: daar staat wat"
            " wel kan."
        )


def share_out(reports: Sequence[Report], people: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return who gets each report: one after another in turn, what is due first first. Pure."""
    never = datetime.max.replace(tzinfo=utc_now().tzinfo)
    in_line = sorted(
        reports, key=lambda r: (not r.urgent, r.contact_deadline or never, r.received_at, r.id)
    )
    return {report.id: people[turn % len(people)] for turn, report in enumerate(in_line)}


def snooze(session: Session, report: Report, day: date | None, actor: Actor) -> None:
    """Leave a report out of what is to do until a day, or put it back at once.

    Raises:
        WorkflowError: It is urgent, the day is past, or it passes what a reporter was promised.
    """
    if day is None and report.snoozed_until is None:
        raise WorkflowError("Deze melding is niet weggelegd. Kies een dag.", "tot")
    if day is not None:
        _check_snooze(report, day)
    name = "sluimeren" if day else "wakker"
    with remember(session, report, actor, name):
        report.snoozed_until = day
        values = {"tot": date_text(day)} if day else {}
        append_move(session, report, actor, name, report.state, values)
        reindex_report(session, report)
        fields = [str(day) if day else "wakker"]
        record(session, actor, "melding.sluimeren", report.holder, KIND, [report.id], fields=fields)


def _check_snooze(report: Report, day: date) -> None:
    today = local_date(utc_now())
    _check_assignable(report)
    if report.urgent:
        raise WorkflowError("U kunt een melding met spoed niet wegleggen. Behandel deze nu.", "tot")
    if day <= today:
        raise WorkflowError("Deze dag is voorbij, of is vandaag. Kies een latere dag.", "tot")
    if day > today + LONGEST_SNOOZE:
        raise WorkflowError("Dit is langer dan een half jaar. Kies een eerdere dag.", "tot")
    latest = latest_snooze(report)
    if latest is not None and day > latest:
        raise WorkflowError(
            f"Op {date_text(latest)} moet er contact zijn met de melder. Kies die dag of eerder."
            if latest > today
            else "Er is contact beloofd, en dat moet vandaag. Neem eerst contact op.",
            "tot",
        )


def sleeps(report: Report) -> bool:
    """Tell whether a report is out of the list until a later day."""
    return report.snoozed_until is not None and report.snoozed_until > local_date(utc_now())


def latest_snooze(report: Report) -> date | None:
    """Return the last day on which a report must be back; None without a promise to keep."""
    moments = [m for m in (report.contact_deadline, report.next_attempt_at) if m is not None]
    return local_date(min(moments)) if moments else None


def add_note(session: Session, report: Report, text: str, actor: Actor) -> ReportNote:
    """Keep a note for colleagues; it stays here, and is in no export, hand-over or follow page.

    It decides nothing, so a decision that was made before it can still be undone.
    """
    version = report.version
    note = ReportNote(
        holder=report.holder,
        report_id=report.id,
        at=utc_now(),
        actor_id=str(actor.id),
        actor_name=actor.name,
        text=text,
    )
    session.add(note)
    append_move(session, report, actor, "notitie", report.state, {})
    record(session, actor, "melding.notitie", report.holder, KIND, [report.id])
    session.flush()
    keep_undoable(session, report, version)
    return note


def notes_of(session: Session, report: Report) -> Sequence[ReportNote]:
    """Return the notes of a report, the newest first."""
    return session.scalars(
        select(ReportNote)
        .where(ReportNote.holder == report.holder, ReportNote.report_id == report.id)
        .order_by(ReportNote.at.desc(), ReportNote.id)
    ).all()


def note_opened(session: Session, report: Report, reason: str, actor: Actor) -> None:
    """Keep why somebody opened the contact data of a reporter who wants no contact."""
    append_move(session, report, actor, "contact_bekeken", report.state, {"reden": reason})
    record(session, actor, "melding.contact_bekeken", report.holder, KIND, [report.id])


def record_attempt(
    session: Session,
    report: Report,
    outcome: str,
    note: str,
    next_at: datetime | None,
    actor: Actor,
) -> None:
    """Store how an attempt to reach the reporter went; without an answer the promise stays.

    `next_at`: the moment of the next attempt, which is needed exactly where one follows.

    Raises:
        WorkflowError: The next attempt is missing, past, too far away, or of a report that ended.
    """
    tried = outcome in TRIED
    if tried:
        _check_next(next_at)
    if tried and report.state in ENDED and report.contact_deadline is None:
        raise WorkflowError(
            "Deze melding is klaar: een volgende poging zou in geen lijst staan. Heropen de melding"
            " eerst.",
            "uitkomst",
        )
    # Remembered, so that it can be undone: not of a double, whose head changes as well.
    alone = report.duplicate_of_id is None
    with remember(session, report, actor, "contact") if alone else nullcontext():
        if tried:
            report.next_attempt_at = next_at
        else:
            contact_over(session, report, spoken=outcome == SPOKEN)
        values = {"uitkomst": OUTCOMES[outcome].partition(":")[0], "reden": note}
        if tried:
            values["volgende_poging"] = datetime_long(next_at)
        append_move(session, report, actor, "contact", report.state, values)
        reindex_report(session, report)
        fields = [outcome]
        record(session, actor, "melding.contact", report.holder, KIND, [report.id], fields=fields)


def _check_next(moment: datetime | None) -> None:
    now = utc_now()
    if moment is None:
        raise WorkflowError("Kies wanneer u het weer probeert.", "dag")
    if moment <= now:
        raise WorkflowError(
            f"{clock(moment)} op deze dag is al voorbij. Kies een later moment.", "uur"
        )
    if moment > now + LATEST_ATTEMPT:
        raise WorkflowError("Dit is over meer dan een maand. Kies een eerdere dag.", "dag")


# A reporter says in own words when to call, and whether the voicemail may be used.
_ABOUT: Final = re.compile(r"voicemail|inspreken|antwoordapparaat")
_MAY: Final = re.compile(r"\b(mag|mogen|goed|prima|graag|ok|oke|oké|okay|akkoord|may|can|fine)\b")
_MAY_NOT: Final = re.compile(r"\b(geen|niet|nooit|liever|zonder|no|not|never|don.?t|alleen)\b")
_CLAUSE: Final = re.compile(r"[.,;\n]|\bmaar\b|\bbut\b")


def voicemail_allowed(words: str | None) -> bool:
    """Tell whether a reporter plainly says that the voicemail may be used; doubt is a no. Pure."""
    clauses: Iterable[str] = _CLAUSE.split((words or "").lower())
    about = [clause for clause in clauses if _ABOUT.search(clause)]
    return bool(about) and all(_MAY.search(c) and not _MAY_NOT.search(c) for c in about)


# The hours and days that reporters name. All else that they write must be one of the plain words:
# with any other word nobody knows what was meant.
_HOUR: Final = r"(\d{1,2})(?:[.:](\d\d))?(?: ?u(?:ur)?\b)?"
_WHEN: Final = re.compile(
    r"\b(niet |nooit )?(?:in de |in het |op |'?s )?(?:"
    rf"(na|vanaf|voor|tot|van|tussen) {_HOUR}(?: (?:en|tot) {_HOUR})?"
    r"|(overdag|ochtend|middag|avond|weekend|doordeweeks|werkdagen)s?\b)"
)
_SENTENCE: Final = re.compile(r"[,;\n]|\.(?!\d)|\bmaar\b|\bbut\b")
_WORD: Final = re.compile(r"[^\W_]+")
_PLAIN_WORDS = (
    "ik ben bel mag graag bellen kan kunt u mij me bereikbaar het liefst liever in de en of elke"
    " hele dag altijd alleen"
)
_PLAIN: Final = frozenset(_PLAIN_WORDS.split())
_PARTS: Final[Mapping[str, tuple[float, float]]] = {
    "overdag": (9, 17),
    "ochtend": (9, 12),
    "middag": (12, 18),
    "avond": (18, 22),
}
# Hours to call who named none, and those that nobody is called before and after.
_POLITE: Final = (8, 20)
_EARLIEST, _LATEST = 8, 22


def callable_at(words: str | None, moment: datetime) -> bool | None:
    """Tell whether a reporter who wrote this can be called then; doubt is None. Pure."""
    clauses: Iterable[str] = _SENTENCE.split((words or "").lower())
    said = " ".join(c for c in clauses if not _ABOUT.search(c) or _WHEN.search(c))
    others = {*_WORD.findall(_WHEN.sub(" ", said))}
    here = moment.astimezone(AMSTERDAM)
    at = here.hour + here.minute / 60
    if not _EARLIEST <= at < _LATEST:
        return False
    if others - _PLAIN:
        return None
    hours, parts, days = (list[bool]() for _ in range(3))
    for no, edge, first, minute, last, to, part in _WHEN.findall(said):
        if part and part not in _PARTS:
            holds, kind = (here.weekday() > 4) is (part == "weekend"), days
        else:
            span = _PARTS.get(part) or _span(edge, first, minute, last, to)
            if span is None:
                return None
            holds, kind = span[0] <= at < span[1], parts if part else hours
        if no and holds:
            return False
        kind += [] if no else [holds]
    if not hours and not parts and not _POLITE[0] <= at < _POLITE[1]:
        return False
    asked = [all(hours)] * bool(hours) + [any(kind) for kind in (parts, days) if kind]
    if all(asked):
        return True
    # In the evening or in the weekend: with one of the two it may be meant either way.
    return None if any(asked) and others & {"en", "of"} else False


def _span(edge: str, first: str, minute: str, last: str, to: str) -> tuple[float, float] | None:
    """Return the hours between which somebody may be called; None where they can't be meant so."""
    start, end = int(first) + int(minute or 0) / 60, int(last or _LATEST) + int(to or 0) / 60
    if edge in ("voor", "tot"):
        start, end = _EARLIEST, start
    # Many say six for six in the evening.
    sure = _EARLIEST <= start < end <= _LATEST
    return (start, end) if sure and bool(last) is (edge in ("van", "tussen")) else None


def proposed_attempt(words: str | None, now: datetime) -> datetime:
    """Return when to try again: the next working day, or the first that the words allow. Pure.

    It is the same hour of the day where the words allow it, or where nobody can say.
    """
    here = now.astimezone(AMSTERDAM)
    week = [here.date() + timedelta(days=number) for number in range(1, 8)]
    hours = [min(max(here.hour, 9), 20), *range(9, 21)]
    moments = [
        datetime.combine(day, time(hour), AMSTERDAM)
        for day in sorted(week, key=is_working_day, reverse=True)
        for hour in hours
    ]
    return next((moment for moment in moments if callable_at(words, moment)), moments[0])
