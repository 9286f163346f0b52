"""The *verklaring van vernietiging*: numbers of what went, by which decision, and what stayed.

It is made once for what went, and never changes. What has a statement isn't counted again, so that
a repeated call makes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.message import render
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
from stopintimidatie.exports.redaction.content import Pair
from stopintimidatie.exports.request.jobs import limits_of
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.privacy.destruction.documents import GONE, outcomes_of, today
from stopintimidatie.privacy.destruction.extension import kept_longer
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineState,
    Tombstone,
    Waits,
)
from stopintimidatie.privacy.destruction.queries import receipts_of
from stopintimidatie.privacy.destruction.summary import NO_CATEGORY, counted, label_of, swept
from stopintimidatie.privacy.destruction.sweeps import said_late
from stopintimidatie.privacy.requests.letters import house_at
from stopintimidatie.privacy.retention.queries import versions_between
from stopintimidatie.privacy.retention.rules import LEDGER_CLASS, LISTED, Outcome, schedule_of
from stopintimidatie.privacy.retention.timelines import frozen_contacts
from stopintimidatie.settings import Settings

KIND: Final = "verklaring"
TITLE: Final = "Verklaring van vernietiging"
AT_ONCE: Final = 1_000  # ids in one statement to the database
# By which decision it went, and what becomes of the bytes.
_WORDS: Final = "stopintimidatie.privacy.destruction:templates/statement"
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
    period = f"{date_text(row.period_from)} tot en met {date_text(row.period_until)}"
    judged = [(line.decided_by, line.decided_at) for line in gone]
    judged += [(line.assessed_by, line.assessed_at) for line in gone]
    checked = [(line.checked_by, line.checked_at) for line in gone if line.checked_by]
    authorised = [(line.authorised_by, line.authorised_at) for line in gone]
    days = [day_of(moment) for _, moment in authorised if moment] or [today()]
    decision = Decision(
        "lijst",
        f"Over elke regel van vernietigingslijst {row.number} besloten een proceseigenaar en een"
        " archivaris, twee verschillende mensen.",
        (
            ("Lijst", f"{row.number}, aan de beurt van {period}; de regels staan in de bijlage"),
            *_by_terms(session, min(days), today()),
            ("Beoordeeld", _all(*judged, function="proceseigenaar")),
            *((("Nagekeken", _all(*checked, function="privacyfunctionaris")),) if checked else ()),
            ("Gemachtigd", _all(*authorised, function="archivaris")),
            ("SHA-256 van de lijst", row.hash or "geen"),
            *receipts_of(session, gone),
            *kept_longer(session, gone),
        ),
        _stayed([line for line in lines if line.gone_at is None]),
        row.id,
    )
    return make_statement(registry, session, gone, decision)


def _by_terms(session: Session, first: date, last: date) -> list[tuple[str, str]]:
    """Return the terms that counted on these days: their versions, list, and who authorises."""
    versions = versions_between(session, first, last)
    terms = [schedule_of(version.content) for version in versions]
    said = (
        ("Bewaartermijnen", [f"versie {version.number}" for version in versions]),
        ("Selectielijst", [schedule.selection for schedule in terms]),
        ("Machtiging door", [schedule.authority for schedule in terms]),
        ("Volgens", [schedule.authority_source for schedule in terms]),
    )
    return [
        (label, " en ".join(filter(None, dict.fromkeys(words))) or "niet vastgelegd")
        for label, words in said
    ]


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
    stated = _has_statement(session, period)
    more = [] if stated else swept(registry, session, versions, period)
    if not gone and not more:
        return None
    numbers = " en ".join(str(version.number) for version in versions)
    by = f"Bewaartermijnen, versie {numbers}" if numbers else "Bewaartermijnen"
    frozen = (
        frozen_contacts(session, schedule_of(versions[-1].content), period_until) if versions else 0
    )
    approved = ((version.answered_by, version.answered_at) for version in versions)
    organs = dict.fromkeys(schedule_of(version.content).organ for version in versions)
    selections = dict.fromkeys(schedule_of(version.content).selection for version in versions)
    decision = Decision(
        "doorlopend",
        standing_words(gone),
        (
            ("Besluit", by),
            ("Selectielijst", " en ".join(filter(None, selections)) or "niet vastgelegd"),
            ("Genomen door", " en ".join(filter(None, organs)) or "niet vastgelegd"),
            ("Goedgekeurd", _all(*approved, function="archivaris")),
            ("Periode", f"{date_text(period_from)} tot en met {date_text(period_until)}"),
            *said_late(session, period),
        ),
        (("contactgegevens van bevroren meldingen", frozen),) if frozen else (),
        period=period,
    )
    return make_statement(registry, session, gone, decision, more)


def _has_statement(session: Session, period: tuple[date, date]) -> bool:
    """Tell whether the data of a period without tombstones stands in a statement already."""
    known = session.scalars(
        select(DestructionStatement.content).where(DestructionStatement.list_id.is_(None))
    )
    days = [day.isoformat() for day in period]
    return any(content.get("periode") == days for content in known)


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
    rows = [*counted(registry, session, gone, decision.list_id), *more]
    how = how_words(registry.app_settings)
    lines = [row for row in gone if isinstance(row, DestructionLine)]
    outcomes = outcomes_of(session, decision.list_id) if decision.list_id is not None else {}
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
        content=_as_json(rows, decision, how),
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
    made = session.scalar(
        select(func.count(DestructionStatement.id)).where(
            DestructionStatement.number.startswith(begin)
        )
    )
    return f"{begin}{(made or 0) + 1:04d}"


def _all(*made: tuple[str | None, datetime | None], function: str) -> str:
    """Name all who made a step, each with the function and the last moment."""
    known = ((moment, name) for name, moment in made if name and moment)
    last = {name: moment for moment, name in sorted(known)}
    words = (f"{name}, {function}, {datetime_long(moment)}" for name, moment in last.items())
    return "; ".join(words) or "niet"


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


def _stayed(lines: Sequence[DestructionLine]) -> tuple[tuple[str, int], ...]:
    """Count the lines that stayed, by the reason."""
    reasons = Counter(_why(line) for line in lines)
    return tuple(sorted(reasons.items()))


def _why(line: DestructionLine) -> str:
    if line.decision == LineState.GOES:
        return Waits.word(line.waits_for or Waits.NOT_AUTHORISED)
    if line.at_maximum and line.decision == LineState.POSTPONED:
        return "langer bewaard op besluit"
    return LineState.word(line.decision or LineState.UNDECIDED).lower()


def _as_json(rows: Sequence[dict[str, Any]], decision: Decision, how: str) -> dict[str, Any]:
    period = [day.isoformat() for day in decision.period] if decision.period else None
    return {
        "besluit": decision.kind,
        "periode": period,
        "toelichting": decision.words,
        "gegevens": [list(pair) for pair in decision.pairs],
        "aantallen": rows,
        "bleef": [list(pair) for pair in decision.stayed],
        "hoe": how,
    }


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
