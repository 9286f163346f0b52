"""Values of the texts: the town, the programme, and figures that may leave the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Engine

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.health.services import VERSION
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import date_text
from stopintimidatie.desk.onboarding.services import items
from stopintimidatie.municipalities.accountability.rules import FEWEST
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.programme.rules import Markdown, blank, chart, known, table, texts_in
from stopintimidatie.statistics.release.council import national_tables
from stopintimidatie.statistics.release.rules import Value
from stopintimidatie.statistics.release.services import ReleasedTable, releases_of, shown, tables_of

LESSON_MINUTES: Final = 10
NO_FIGURES: Final = Markdown("Er zijn nog geen openbare cijfers.\n")
_ROUNDED: Final = "Openbare cijfers van {}. Elk aantal is afgerond op een veelvoud van vijf."


@dataclass(frozen=True)
class Figures:
    """Published figures: of a town itself (`own`), or of all that published any.

    The last year of which all tables are there is told; before the first, that of the quarters.
    """

    whose: str
    tables: Sequence[ReleasedTable]
    own: bool = False

    @property
    def known(self) -> bool:
        """Tell whether there are any."""
        return bool(self.tables)

    @property
    def period(self) -> str:
        """The last year of which all tables are there; before the first, that of the quarters."""
        years = max((row.period for row in self.tables), default="")
        return years or next((label[:4] for label, _ in self.quarters), "")

    @property
    def total(self) -> int | None:
        """The reports of that year, in fives; else the sum of its quarters."""
        year = [row.total for row in self.tables if row.period == self.period]
        if year and isinstance(year[0], int):
            return year[0]
        return sum(number or 0 for label, number in self.quarters if self.period in label) or None

    @property
    def a_month(self) -> int | None:
        """The mean of a month, over the last four quarters."""
        last = [number or 0 for _, number in self.quarters[:4]]
        return round(sum(last) / len(last) / 3) if last else None

    @property
    def quarters(self) -> Sequence[tuple[str, Value]]:
        """The quarters, the newest first."""
        return next((row.rows for row in self.tables if row.name == "kwartaal"), ())

    def table(self, name: str) -> Markdown:
        """Return a table of the year, or a sentence where there is none."""
        rows = self._named(name)
        if rows is None:
            return NO_FIGURES
        lines = [(row, shown(n)) for row, n in rows.rows]
        if rows.several and rows.total != "":
            lines.append(
                ("Alle meldingen (een melding kan in meer rijen staan)", shown(rows.total))
            )
        heading = f"{rows.title}, {self.whose}, {self.period}"
        drawn = table((heading, "Meldingen"), lines, 1)
        return Markdown(f"{drawn}\n\n{_ROUNDED.format(self.whose)}\n")

    def chart(self, name: str) -> Markdown:
        """Return the same as a chart; quarters from left to right."""
        rows = self._named(name)
        if rows is None:
            return NO_FIGURES
        over_time = name == "kwartaal"
        drawn = [(label.replace(", kwartaal ", "-"), number) for label, number in rows.rows]
        title = f"{rows.title}, {self.whose}, {self.period}"
        return chart(title, sorted(drawn) if over_time else drawn, over_time=over_time)

    def _named(self, name: str) -> ReleasedTable | None:
        rows = next((row for row in self.tables if row.name == name), None)
        if rows is None or name != "kwartaal":
            return rows
        year = [(label, number) for label, number in rows.rows if label.startswith(self.period)]
        return replace(rows, rows=year)


def figures_of(engine: Engine, town: Municipality | None) -> Figures:
    """Return what a town published; without that, what all that published have together."""
    if town is not None:
        with transaction(engine, town.code, write=False) as session:
            tables = tables_of(releases_of(session, town.code, published=True))
        if tables:
            return Figures(f"de gemeente {town.name}", tables, own=True)
    years = [tables for _, tables in national_tables(engine).values()]
    # The newest with more than its quarters, if there is one.
    whole = [tables for tables in years if len(tables) > 1] or years
    return Figures("alle gemeenten die cijfers uitgaven, samen", whole[0] if whole else ())


def values_of(request: Any, town: Municipality | None, audience: str = "") -> dict[str, Any]:
    """Return the values that every text may use; a town that isn't chosen is a blank.

    `audience`: the code of who a text is for, where it speaks to several.
    """
    settings, figures = request.app_settings, figures_of(request.registry.engine, town)
    return {
        "town": town.name if town else blank("naam van de gemeente"),
        "audience": audience,
        "product": VERSION,
        "owner": DESK,
        "settings": settings,
        "contact": settings.contact,
        "price": known(settings.price, "prijs: vraag het programma"),
        "address": settings.public_address.partition("://")[2],
        "today": date_text(local_date(utc_now())),
        "figures": figures,
        "table": figures.table,
        "chart": figures.chart,
        "effort": _effort(figures),
    }


def _effort(figures: Figures) -> Mapping[str, Any]:
    """Return what taking part asks of people."""
    return {
        "lessons": len(texts_in("course")),
        "lesson_minutes": LESSON_MINUTES,
        "join_steps": len(items(None, (), ())),
        "roles": len(FEWEST),
        "reports_month": known(
            figures.a_month if figures.own else None, "aantal meldingen per maand"
        ),
    }
