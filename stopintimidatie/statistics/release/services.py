"""Freezing the figures of a quarter, publishing them, and reading them as tables in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import local_date, months_after, utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import _
from stopintimidatie.core.web.translation import gettext, language
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.municipalities.areas.queries import present_neighbourhoods_of
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.statistics.models import FigureRelease
from stopintimidatie.statistics.queries import count_by
from stopintimidatie.statistics.release import rules
from stopintimidatie.statistics.release.rules import AREAS, LISTS, TOTAL, Value

EVERY_NIGHT: Final = Job("cijfers.elke_nacht")
NIGHT: Final = time(3, 30)
# By then somebody has decided on what came in quarantine on the last day.
SETTLED: Final = timedelta(days=15)
KIND, YEAR = "gemeente", "jaar"


def freeze_every_night(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Freeze the quarters that ended, of each connected municipality; a job."""
    with context.transaction() as session:
        connected = session.execute(
            select(MunicipalityProfile.code, MunicipalityProfile.level_since).where(
                MunicipalityProfile.noted_level == ParticipationLevel.PROGRAMME,
                MunicipalityProfile.code != PRACTICE,
            )
        ).all()
    for code, since in connected:
        with transaction(context.engine, code) as session:
            freeze_quarters(session, code, local_date(since))


def freeze_quarters(session: Session, holder: str, joined: date) -> None:
    """Freeze each quarter that ended since a municipality joined, unless that was done."""
    done = {release.quarter for release in releases_of(session, holder)}
    begin = date(joined.year, joined.month - (joined.month - 1) % 3, 1)
    while (end := months_after(begin, 3)) + SETTLED <= local_date(utc_now()):
        quarter = f"{begin.year}-{begin.month // 3 + 1}"
        if quarter not in done:
            tables = _count(session, holder, begin, end)
            session.add(FigureRelease(holder=holder, quarter=quarter, tables=tables))
            session.flush()
            record(session, SYSTEM, "cijfers.vastgelegd", holder, KIND, fields=[quarter])
        begin = end


def _count(session: Session, holder: str, begin: date, end: date) -> dict[str, Any]:
    """Return the tables of a quarter, of the fourth with those of its year."""
    counted = count_by(session, holder, begin, end, [TOTAL])[TOTAL]
    value = rules.in_fives(counted.get(rules.UNKNOWN, 0))
    tables: dict[str, Any] = {TOTAL: value}
    if end.month == 1:
        year = FigureRelease.holder == holder, FigureRelease.quarter.startswith(str(begin.year))
        earlier = [row[TOTAL] for row in session.scalars(select(FigureRelease.tables).where(*year))]
        names = [TOTAL, *LISTS, AREAS]
        counts = count_by(session, holder, months_after(end, -12), end, names)
        areas = {
            area.code: area.name
            for area in present_neighbourhoods_of(session, holder)
            if area.kind != NeighbourhoodKind.UNKNOWN
        }
        tables[YEAR] = rules.tables_of_year([*earlier, value], counts, list(areas))
        # Names as they are now, for they may change.
        for row in tables[YEAR].get(AREAS, ()):
            row["rijen"] = [areas.get(code, code) for code in row["rijen"]]
    return tables


def releases_of(
    session: Session, holder: str, *, published: bool | None = None
) -> Sequence[FigureRelease]:
    """Return the frozen quarters, the newest first: all, or those that are published or aren't."""
    rows = select(FigureRelease).where(FigureRelease.holder == holder)
    if published is not None:
        rows = rows.where(FigureRelease.published_at.is_not(None) == published)
    return session.scalars(rows.order_by(FigureRelease.quarter.desc())).all()


def publish_quarter(session: Session, holder: str, quarter: str, actor: Actor) -> bool | None:
    """Let everybody read a quarter, for good.

    Returns:
        False if everybody could already; None if there is no such quarter.
    """
    mine = FigureRelease.holder == holder, FigureRelease.quarter == quarter
    release = session.scalar(select(FigureRelease).where(*mine).with_for_update())
    if release is None or release.published_at is not None:
        return None if release is None else False
    release.published_at, release.published_by = utc_now(), actor.name
    record(session, actor, "cijfers.gepubliceerd", holder, KIND, fields=[quarter])
    return True


# In words

TITLES: Final = {
    "kwartaal": _("Meldingen per kwartaal"),
    "vormgroep": _("Wat er gebeurde"),
    "plek": _("Soort plek"),
    "dagdeel": _("Deel van de dag"),
    "opvolging": _("Wat er is gedaan"),
    "contact": _("Contact waar de melder om vroeg"),
    AREAS: _("Wijken"),
}


def definitions() -> list[str]:
    """Return how to read the figures, in the language of the reader."""
    return render(f"{__package__}:templates/definitions.txt.jinja2", {}).splitlines()


@dataclass(frozen=True)
class ReleasedTable:
    """A table as everybody may read it: rows are a label and a number; None: fewer than five.

    `period`: a year, or empty. `total` is "" where it isn't told.
    """

    name: str
    period: str
    rows: Sequence[tuple[str, Value]]
    total: Value | str = ""

    @property
    def title(self) -> str:
        """The subject, in the language of the reader."""
        return gettext(TITLES[self.name])

    @property
    def several(self) -> bool:
        """Tell whether a report may stand in several rows."""
        return self.name in rules.SEVERAL


def tables_of(releases: Sequence[FigureRelease]) -> list[ReleasedTable]:
    """Return the tables of these quarters in words, newest first: of all quarters, of each year."""
    quarters = [(_quarter(release.quarter), release.tables[TOTAL]) for release in releases]
    tables = [ReleasedTable("kwartaal", "", quarters)] if quarters else []
    for release in releases:
        year = release.tables.get(YEAR, {})
        total = year[TOTAL][0]["aantal"] if TOTAL in year else ""
        for name in (*LISTS, AREAS):
            rows = [(_label(name, row["rijen"]), row["aantal"]) for row in year.get(name, ())]
            if rows:
                tables.append(ReleasedTable(name, release.quarter[:4], rows, total))
    return tables


def _quarter(quarter: str) -> str:
    year, number = quarter.split("-")
    return gettext("%(year)s, kwartaal %(number)s", year=year, number=number)


def _label(name: str, codes: Sequence[str]) -> str:
    """Return what a row is called; of a merged one with all that it holds."""
    words = [_word(name, code) for code in codes]
    return words[0] if len(words) == 1 else gettext("Overig: %(rows)s", rows="; ".join(words))


def _word(name: str, code: str) -> str:
    if name == AREAS or code == rules.UNKNOWN:
        return code or gettext("niet bekend")
    term = LISTS[name].of(code)
    return term.en if language() == "en" else term.nl


def shown(value: Value | str) -> str:
    """Return a number as everybody reads it."""
    return gettext("minder dan 5") if value is None else str(value)
