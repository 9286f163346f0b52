"""The *verklaring van vernietiging*: numbers of what went, by which decision, and what stayed.

It is made once for what went, and never changes. What has a statement isn't counted again, so that
a repeated call makes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, AuditEvent, AuditSubject, record
from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.telemetry import making_pdf
from stopintimidatie.core.text import date_text, datetime_long, day_of, local
from stopintimidatie.exports.document.content import (
    SCHEMA,
    StatementContent,
    StatementSection,
    StatementTable,
)
from stopintimidatie.exports.document.process import render_in_process
from stopintimidatie.exports.document.services import limits_of
from stopintimidatie.exports.redaction.content import Pair
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.privacy.destruction.documents import GONE, outcomes_of, today
from stopintimidatie.privacy.destruction.extension import BODIES, kept_longer
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineState,
    Tombstone,
    Waits,
)
from stopintimidatie.privacy.destruction.queries import receipts_of
from stopintimidatie.privacy.destruction.sweeps import ACTION as SWEPT
from stopintimidatie.privacy.destruction.sweeps import late_since
from stopintimidatie.privacy.requests.letters import house_at
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.queries import versions_between
from stopintimidatie.privacy.retention.rules import (
    DAY,
    LEDGER_CLASS,
    LISTED,
    OPEN,
    Choice,
    Outcome,
    schedule_of,
)
from stopintimidatie.privacy.retention.timelines import frozen_contacts
from stopintimidatie.settings import Settings

KIND: Final = "verklaring"
TITLE: Final = "Verklaring van vernietiging"
AT_ONCE: Final = 1_000  # ids in one statement to the database
# By which decision it went, and what becomes of the bytes.
_WORDS: Final = "stopintimidatie.privacy.destruction:templates/statement"
NO_CATEGORY: Final = "geen categorie"
# Documents that went by the absolute maximum or the ledger have no class that anybody chose.
_OTHER: Final = {
    OPEN: "Meldingen die nog open staan",
    LEDGER_CLASS: "Niet bekend: opnieuw weg na een reservekopie",
}
STAYS: Final = "Van elk document blijven kenmerk, soort, dagen en categorie nog een tijd bewaard."


@dataclass(frozen=True)
class Decision:
    """The decision by which documents went, in words.

    Args:
        kind: `lijst`, `doorlopend` or `vertrek`: a municipality that ended.
        words: in one sentence.
        pairs: who decided and when, and what identifies the decision.
        stayed: per reason how many documents stayed.
        list_id: of the list.
        period: the first and last day of a standing decision's month.
    """

    kind: str
    words: str
    pairs: tuple[tuple[str, str], ...]
    stayed: tuple[tuple[str, int], ...] = ()
    list_id: UUID | None = None
    period: tuple[date, date] | None = None


def make_list_statement(
    registry: Any, session: Session, row: DestructionList
) -> DestructionStatement | None:
    """Make the statement of what went by a list; None when all of that has one already."""
    lines = session.scalars(
        select(DestructionLine)
        .where(DestructionLine.list_id == row.id)
        .order_by(DestructionLine.due_on, DestructionLine.reference)
    ).all()
    gone = [line for line in lines if line.gone_at is not None and line.statement_id is None]
    if not gone:
        return None
    judged = [(line.decided_by, line.decided_at) for line in gone]
    judged += [(line.assessed_by, line.assessed_at) for line in gone]
    authorised = [(line.authorised_by, line.authorised_at) for line in gone]
    days = [day_of(moment) for _, moment in authorised if moment] or [today()]
    versions = versions_between(session, min(days), today())
    pairs = _pairs(
        "list",
        row=row,
        versions=versions,
        terms=[schedule_of(version.content) for version in versions],
        judged=_all(judged, "proceseigenaar"),
        checked=_all([(line.checked_by, line.checked_at) for line in gone], "privacyfunctionaris"),
        authorised=_all(authorised, "archivaris"),
        receipts=receipts_of(session, gone),
        longer=kept_longer(session, gone),
        bodies=dict(BODIES),
    )
    words = (
        f"Over elke regel van vernietigingslijst {row.number} besloten een proceseigenaar en een"
        " archivaris, twee verschillende mensen."
    )
    stayed = Counter(_why(line) for line in lines if line.gone_at is None)
    return make_statement(
        registry,
        session,
        gone,
        Decision("lijst", words, pairs, tuple(sorted(stayed.items())), row.id),
    )


def _pairs(kind: str, **about: Any) -> tuple[tuple[str, str], ...]:
    """Return what identifies a decision, as its template says it: a label and a value a line."""
    said = render(f"{_WORDS}/{kind}_facts.txt.jinja2", {**about, "date_text": date_text})
    lines = (line.strip().partition(": ") for line in said.splitlines() if line.strip())
    return tuple((label, value) for label, _, value in lines)


def make_standing_statement(
    registry: Any, session: Session, period_from: date, period_until: date
) -> DestructionStatement | None:
    """Make the statement of what went by the standing decision in a period; None without any."""
    gone = session.scalars(
        select(Tombstone)
        .where(
            Tombstone.list_number.is_(None),
            Tombstone.statement_id.is_(None),
            Tombstone.gone_on.between(period_from, period_until),
        )
        .order_by(Tombstone.gone_on, Tombstone.reference)
    ).all()
    period = (period_from, period_until)
    versions = versions_between(session, *period)
    # The data of a period without tombstones may stand in a statement already.
    known = session.scalars(
        select(DestructionStatement.content).where(DestructionStatement.list_id.is_(None))
    )
    days = [day.isoformat() for day in period]
    stated = any(content.get("periode") == days for content in known)
    more = [] if stated else swept(registry, session, versions, period)
    if not gone and not more:
        return None
    terms = [schedule_of(version.content) for version in versions]
    frozen = frozen_contacts(session, terms[-1], period_until) if terms else 0
    approved = [(version.answered_by, version.answered_at) for version in versions]
    pairs = _pairs(
        "standing",
        versions=versions,
        terms=terms,
        approved=_all(approved, "archivaris"),
        period=period,
        late_since=late_since(session, period),
    )
    stayed = (("contactgegevens van bevroren meldingen", frozen),) if frozen else ()
    decision = Decision("doorlopend", standing_words(gone), pairs, stayed, period=period)
    return make_statement(registry, session, gone, decision, more)


def make_statement(
    registry: Any,
    session: Session,
    gone: Sequence[DestructionLine] | Sequence[Tombstone],
    decision: Decision,
    more: Sequence[dict[str, Any]] = (),
) -> DestructionStatement:
    """Make the statement of these documents of one holder, and note it with each of them.

    The PDF is drawn before anything is written. `more`: what went besides, without a tombstone.
    """
    holder, made_at = current_holder(session) or "", utc_now().replace(microsecond=0)
    number = _next_number(session, local(made_at).year)
    how = how_words(registry.app_settings)
    lines = [row for row in gone if isinstance(row, DestructionLine)]
    outcomes = outcomes_of(session, decision.list_id) if decision.list_id is not None else {}
    rows = [*counted(registry, gone, outcomes), *more]
    annex = _annex(registry, lines, outcomes) if lines else None
    content = _content(session, holder, (number, made_at), (rows, how, annex), decision)
    with making_pdf():
        pdf = render_in_process(content, limits=limits_of(registry.app_settings))
    statement = DestructionStatement(
        id=uuid4(),
        holder=holder,
        number=number,
        list_id=decision.list_id,
        made_at=made_at,
        content={
            "besluit": decision.kind,
            "periode": [day.isoformat() for day in decision.period] if decision.period else None,
            "toelichting": decision.words,
            "gegevens": [list(pair) for pair in decision.pairs],
            "aantallen": rows,
            "bleef": [list(pair) for pair in decision.stayed],
            "hoe": how,
        },
        pdf=pdf,
        sha256=sha256(pdf).hexdigest(),
    )
    session.add(statement)
    session.flush()
    _note(session, gone, statement.id)
    record(session, SYSTEM, "verklaring.gemaakt", holder, KIND, [statement.id])
    return statement


def _note(
    session: Session, gone: Sequence[DestructionLine] | Sequence[Tombstone], statement: UUID
) -> None:
    """Note the statement with the lines, and with the tombstones of all documents."""
    session.flush()
    # Past the session, which would hold every row against every id.
    connection = session.connection()
    for start in range(0, len(gone), AT_ONCE):
        some = gone[start : start + AT_ONCE]
        lines = DestructionLine.id.in_([row.id for row in some if isinstance(row, DestructionLine)])
        there = Tombstone.document_id.in_([row.document_id for row in some])
        values = {"statement_id": statement, "version": DestructionLine.version + 1}
        connection.execute(update(DestructionLine).where(lines).values(values))
        connection.execute(update(Tombstone).where(there).values(statement_id=statement))
    session.expire_all()


def _next_number(session: Session, year: int) -> str:
    """Return the next number of this year; statements are never removed."""
    begin = f"V-{year}-"
    mine = DestructionStatement.number.startswith(begin)
    made = session.scalar(select(func.count(DestructionStatement.id)).where(mine)) or 0
    return f"{begin}{made + 1:04d}"


def _all(made: Iterable[tuple[str | None, datetime | None]], function: str) -> str:
    """Name all who made a step, each with the function and the last moment; empty for nobody."""
    known = ((moment, name) for name, moment in made if name and moment)
    last = {name: moment for moment, name in sorted(known)}
    return "; ".join(
        f"{name}, {function}, {datetime_long(moment)}" for name, moment in last.items()
    )


def how_words(settings: Settings) -> str:
    """Say how it went, and what becomes of the bytes in the files of this database."""
    about = {"sqlite": settings.sqlite, "rewrites": settings.destruction_rewrite}
    return render(f"{_WORDS}/how.txt.jinja2", about).strip()


def standing_words(gone: Iterable[Tombstone]) -> str:
    """Say by which decision documents went that no list numbered."""
    again = sum(stone.retention_class in {*LISTED, LEDGER_CLASS} for stone in gone)
    return render(f"{_WORDS}/standing.txt.jinja2", {"again": again}).strip()


def _annex(
    registry: Any, lines: Sequence[DestructionLine], outcomes: dict[UUID, str]
) -> StatementTable:
    """Return the lines of a list that went, as the annex of its statement."""
    return StatementTable(
        f"Bijlage: {len(lines)} regels",
        ("Document", "Soort", "Categorie", "Geëindigd", "Weg op", "Hoe"),
        tuple(
            (
                line.reference,
                clean_line(label_of(registry, line.retention_class)),
                clean_line(line.category or NO_CATEGORY),
                date_text(line.ended_on) if line.ended_on else "niet",
                date_text(line.gone_at),
                outcomes.get(line.document_id) or GONE[Outcome(line.outcome)],
            )
            for line in lines
        ),
    )


def _why(line: DestructionLine) -> str:
    if line.decision == LineState.GOES:
        return Waits.word(line.waits_for or Waits.NOT_AUTHORISED)
    if line.at_maximum and line.decision == LineState.POSTPONED:
        return "langer bewaard op besluit"
    return LineState.word(line.decision or LineState.UNDECIDED).lower()


def _content(
    session: Session,
    holder: str,
    heading: tuple[str, datetime],
    about: tuple[Sequence[dict[str, Any]], str, StatementTable | None],
    decision: Decision,
) -> StatementContent:
    (number, made_at), (rows, how, annex) = heading, about
    house = house_at(session, holder)
    total = sum(row["aantal"] for row in rows)
    table = StatementTable(
        f"{total} in totaal, per soort en categorie van de selectielijst",
        ("Soort", "Categorie", "Ontvangen", "Weg op", "Hoe", "Aantal"),
        tuple(
            (
                clean_line(row["soort"]),
                clean_line(row["categorie"]),
                _between(row["ontvangen_van"], row["ontvangen_tot"]),
                _between(row["weg_van"], row["weg_tot"]),
                row["gevolg"],
                str(row["aantal"]),
            )
            for row in rows
        ),
        numbers=1,
    )
    pairs = tuple(Pair(label, clean_line(value)) for label, value in decision.pairs)
    stayed = tuple(Pair(label.capitalize(), str(count)) for label, count in decision.stayed)
    # A standing decision tells what a hold kept, and of other things nothing.
    nothing = () if stayed else ("Alles wat op de lijst stond, is gegaan.",)
    left = (StatementSection("Wat bleef", nothing, stayed),)
    return StatementContent(
        schema=SCHEMA,
        house=house,
        title=TITLE,
        number=number,
        made_at=made_at,
        sentences=(
            f"{house.name} verklaart dat onderstaande documenten zijn vernietigd of overgebracht,"
            " en dat zij niet meer te raadplegen zijn.",
        ),
        sections=(
            StatementSection("Wat is gegaan", table=table),
            StatementSection("Door welk besluit", (decision.words,), pairs),
            StatementSection("Hoe", (how, STAYS)),
            *(left if stayed or decision.kind == "lijst" else ()),
            *((StatementSection("De regels van de lijst", table=annex),) if annex else ()),
        ),
    )


def _between(first: str, last: str) -> str:
    days = [date_text(date.fromisoformat(day)) for day in dict.fromkeys((first, last)) if day]
    return " – ".join(days) or "niet bekend"


def _row(
    registry: Any, code: str, category: str, outcome: str, number: int, *days: date | None
) -> dict[str, Any]:
    """Return how many documents of one class went, as a statement stores it.

    `days`: received from and until, unknown for data of which no tombstone stays; gone the same.
    """
    names = ("ontvangen_van", "ontvangen_tot", "weg_van", "weg_tot")
    return {
        "klasse": code,
        "soort": label_of(registry, code),
        "categorie": category,
        "gevolg": outcome,
        "aantal": number,
        **{name: day.isoformat() if day else "" for name, day in zip(names, days, strict=True)},
    }


def counted(
    registry: Any,
    gone: Sequence[DestructionLine] | Sequence[Tombstone],
    outcomes: Mapping[UUID, str],
) -> list[dict[str, Any]]:
    """Count what went by class, category and outcome."""
    groups: dict[tuple[str, str, str], list[tuple[date, date]]] = {}
    for row in gone:
        if isinstance(row, DestructionLine):
            outcome = outcomes.get(row.document_id) or GONE[Outcome(row.outcome)]
            gone_on = day_of(row.gone_at) if row.gone_at is not None else row.due_on
        else:
            outcome, gone_on = row.outcome, row.gone_on
        key = (row.retention_class, row.category or NO_CATEGORY, outcome)
        groups.setdefault(key, []).append((row.received_on, gone_on))
    rows = []
    for (code, category, outcome), days in sorted(groups.items()):
        received, went = [day[0] for day in days], [day[1] for day in days]
        between = (min(received), max(received), min(went), max(went))
        rows.append(_row(registry, code, category, outcome, len(days), *between))
    return rows


def swept(
    registry: Any,
    session: Session,
    versions: Sequence[RetentionSchedule],
    period: tuple[date, date],
) -> list[dict[str, Any]]:
    """Count from the log what went of short classes, of which no tombstone stays."""
    first, last = period
    begin, end = (datetime.combine(day, time(0), AMSTERDAM) for day in (first, last + DAY))
    rows = session.execute(
        select(AuditEvent.fields, AuditEvent.at, func.count(AuditSubject.id))
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(AuditEvent.action == SWEPT, AuditEvent.at >= begin, AuditEvent.at < end)
        .group_by(AuditEvent.id, AuditEvent.at)
    ).all()
    days: dict[str, list[date]] = {}
    numbers: Counter[str] = Counter()
    for fields, moment, number in rows:
        code = fields[0] if fields else ""
        days.setdefault(code, []).append(day_of(moment))
        numbers[code] += number
    choices: dict[str, Choice] = {}
    for version in versions:
        choices |= schedule_of(version.content).choices
    return [
        _row(
            registry,
            code,
            choices[code].category if code in choices else NO_CATEGORY,
            GONE[Outcome.DESTROY],
            numbers[code],
            *(None, None, min(days[code]), max(days[code])),
        )
        for code in sorted(numbers)
    ]


def label_of(registry: Any, code: str) -> str:
    """Return a retention class in words."""
    classes = RETENTION_CLASSES.of(registry)
    return classes[code].label if code in classes else _OTHER.get(code, code)
