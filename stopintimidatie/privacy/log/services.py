"""The term of the log: removing what is older, as the role of maintenance alone.

Signing in and out has a shorter term than the rest, and a log that stands apart has that of the
rest: what goes there is told to the operator alone, never in the log of the house. Lines go some at
a time, each with its documents; a run that was stopped is begun again and finds what is left. The
application's role may delete nothing of the log, so that it can't hide what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Engine,
    Label,
    Row,
    Table,
    delete,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, AuditEvent, AuditSubject, record
from stopintimidatie.core.clock import midnight, utc_now
from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.jobs import Job, JobContext, JobError, OutboxJob
from stopintimidatie.core.storage import NATIONAL, Base, Holder, make_engine, transaction
from stopintimidatie.core.storage.database import INSUFFICIENT_PRIVILEGE
from stopintimidatie.core.storage.sqlite import deletable
from stopintimidatie.core.text import day_of
from stopintimidatie.settings import PROGRAM, OperatorError, Settings

EVENTS: Final[Table] = Base.metadata.tables[AuditEvent.__tablename__]
SUBJECTS: Final[Table] = Base.metadata.tables[AuditSubject.__tablename__]
AT_ONCE: Final = 500
# Actions of signing in and out; the others, such as a new password, are kept as what was done.
SIGN_IN: Final = "aanmelden."
SIGN_OUT: Final = "afmelden"
APART: Final = "van afgeschermde logboeken"
# The triggers of PostgreSQL refuse any role but that of maintenance with this code.
RAISED: Final = "P0001"
NO_ROLE: Final = (
    "Alleen de rol stopintimidatie_maintenance mag uit het logboek verwijderen. Zet in"
    f" database.maintenance_url het adres met die rol; ‘{PROGRAM} database rollen’ maakt haar."
)
WATCH: Final = Job("logboek.nakijken")
# Tried again every hour, for as long as nobody does something about it.
ATTEMPTS: Final = 9_000
GRACE: Final = timedelta(days=31)


class LogTermError(OperatorError):
    """Nothing may be removed from the log here; the message says what to do."""


@dataclass(frozen=True)
class LogTerm:
    """A part of the log, with the moment before which its lines are too old."""

    name: str
    years: int
    before: datetime
    mine: ColumnElement[bool]
    table: Table = EVENTS

    @property
    def apart(self) -> bool:
        """Tell whether nothing of it may be told in the log of the house, or by health."""
        return self.table is not EVENTS

    @property
    def too_old(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions of the lines that are older than the term."""
        return self.table.c.at < self.before, self.mine


def log_terms(settings: Settings) -> tuple[LogTerm, ...]:
    """Return the parts of the log: what was read and done, signing in and out, and logs apart."""
    action = EVENTS.c.action
    signs = or_(action.startswith(SIGN_IN), action == SIGN_OUT, action.startswith(f"{SIGN_OUT}."))
    years, sign_in_years = settings.log_keep_years, settings.log_keep_sign_in_years
    return (
        LogTerm("gelezen en gedaan", years, _years_ago(years), ~signs),
        LogTerm("aan- en afmelden", sign_in_years, _years_ago(sign_in_years), signs),
        *(
            LogTerm(APART, years, _years_ago(years), true(), table)
            for table in Base.metadata.sorted_tables
            if table.info.get("log")
        ),
    )


def _years_ago(years: int) -> datetime:
    """Return the beginning of this day so many years ago; of 1 March where that is no day."""
    today = day_of(utc_now())
    try:
        day = today.replace(year=today.year - years)
    except ValueError:
        day = date(today.year - years, 3, 1)
    return midnight(day)


@contextmanager
def maintaining(settings: Settings) -> Iterator[Engine]:
    """Give the engine of the role that may remove lines of the log.

    Raises:
        LogTermError: there is none, or it isn't that role.
    """
    if not settings.sqlite and not settings.database_maintenance_url:
        raise LogTermError(NO_ROLE)
    engine = make_engine(settings, settings.maintenance_url)
    try:
        yield engine
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in (INSUFFICIENT_PRIVILEGE, RAISED):
            raise LogTermError(NO_ROLE) from None
        raise
    finally:
        engine.dispose()


def count_old(engine: Engine, terms: Sequence[LogTerm]) -> dict[LogTerm, int]:
    """Count the lines that are too old; change nothing."""
    with engine.begin() as connection:
        return {
            term: connection.scalar(
                select(func.count()).select_from(term.table).where(*term.too_old)
            )
            or 0
            for term in terms
        }


def prune(
    engine: Engine, terms: Sequence[LogTerm], actor: Actor, tell: Callable[[int], None]
) -> dict[LogTerm, int]:
    """Remove the lines that are too old, and record how many went.

    `tell`: called with the number that went so far.
    """
    gone = dict.fromkeys(terms, 0)
    for term in terms:
        with engine.begin() as connection:
            holders = connection.scalars(select(term.table.c.holder).distinct()).all()
        for holder in holders:
            for number in _prune(engine, term, holder):
                gone[term] += number
                tell(sum(gone.values()))
    ours = {term: number for term, number in gone.items() if not term.apart}
    if any(ours.values()):
        numbers = ", ".join(
            f"{number} regels {term.name} van vóór {day_of(term.before):%d-%m-%Y}"
            for term, number in ours.items()
        )
        with transaction(engine, NATIONAL) as session:
            record(session, actor, "logboek.opgeschoond", NATIONAL, "logboek", reason=numbers)
    return gone


def _prune(engine: Engine, term: LogTerm, holder: str) -> Iterator[int]:
    """Remove lines of one holder, some at a time, the oldest first; yield how many."""
    since, table = datetime.min.replace(tzinfo=UTC), term.table
    number = AT_ONCE
    while number == AT_ONCE:
        with engine.begin() as connection:
            mine = (table.c.holder == holder, table.c.at >= since, *term.too_old)
            oldest = select(table.c.id, table.c.at).where(*mine).order_by(table.c.at)
            rows = connection.execute(oldest.limit(AT_ONCE)).all()
            if not rows:
                return
            ids = [row.id for row in rows]
            below = [] if term.apart else [SUBJECTS]
            with deletable(connection, *(each.name for each in (table, *below))):
                for each in below:
                    connection.execute(delete(each).where(each.c.event_id.in_(ids)))
                connection.execute(delete(table).where(table.c.id.in_(ids)))
        number, since = len(rows), rows[-1].at
        yield number


def look_again(session: Session) -> None:
    """Let the worker look now, so that health says how it is."""
    waiting = update(OutboxJob).where(OutboxJob.kind == WATCH.name, ~OutboxJob.dead)
    session.execute(waiting.values(run_after=utc_now()))


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Look whether lines stay in the log for more than a month beyond their term (job)."""
    terms = [term for term in log_terms(context.settings) if not term.apart]
    with transaction(context.engine, write=False) as session:
        holders = session.scalars(select(Holder.code).order_by(Holder.code)).all()
    for holder in holders:
        with transaction(context.engine, holder, write=False) as session:
            for term in terms:
                mine = (EVENTS.c.holder == holder, EVENTS.c.at < term.before - GRACE, term.mine)
                if session.scalar(select(EVENTS.c.id).where(*mine).limit(1)) is not None:
                    raise JobError(f"{term.name}: ouder dan {term.years} jaar")


def _problem() -> Label[Any]:
    mine = (OutboxJob.kind == WATCH.name, ~OutboxJob.dead, OutboxJob.attempts > 0)
    first = select(OutboxJob.last_error).where(*mine, OutboxJob.last_error.is_not(None))
    return first.order_by(OutboxJob.id).limit(1).scalar_subquery().label("log_problem")


PROBLEM: Final = _problem()


def log_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that no line of the log stays long beyond its term."""
    if row.log_problem:
        return Check(
            "logboek",
            State.NOTE,
            f"In het logboek staat meer dan zijn termijn ({row.log_problem}). Schoon het op met:"
            f" {PROGRAM} logboek opschonen",
        )
    return Check("logboek", State.GOOD)
