"""The page with the figures of a municipality, the same as a file, and those of the desk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import local_date, months_after, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import MONTHS
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.core.web.responses import csv_response, xlsx_response
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.desk.resources import Desk
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.rules import PARTS_OF_DAY
from stopintimidatie.statistics import queries, rules

# Months to choose from.
OFFERED: Final = 36
FILE: Final = "cijfers-bestand"
COLUMNS: Final = ("Onderdeel", "Waarde", "Aantal", "Andere periode")
_FILES: Final = {"csv": csv_response, "xlsx": xlsx_response}


class _Asked:
    """The figures that an address asks for: of a period, and of the one beside it."""

    def __init__(self, context: Any, request: Request) -> None:
        session, holder = request.db, context.holder
        self.day = local_date(utc_now())
        self.period, self.way = rules.period_of(query_pairs(request), self.day)
        self.beside = self.period.compared(self.way)
        areas = [] if holder == NATIONAL else neighbourhoods_of(session, holder)
        count = partial(queries.count_by, session, holder, names=rules.NAMES)
        self.counts = count(self.period.since, self.period.until)
        self.other = count(self.beside.since, self.beside.until) if self.beside else None
        self.months = rules.months_table(self.period, self.counts, self.beside, self.other)
        named = {area.code: area.name for area in areas}
        self.tables = rules.tables_of(self.period, self.counts, self.other, named)

    @property
    def total(self) -> int:
        """The number of reports in the period."""
        return self.counts["totaal"].get("", 0)

    @property
    def before(self) -> int | None:
        """The number of reports in the other period."""
        return None if self.other is None else self.other["totaal"].get("", 0)


@page_view(MunicipalityResource, "cijfers", Permission.VIEW_REPORT, "templates/figures.jinja2")
def figures_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the figures of a municipality in charts and tables, with what began meanwhile."""
    asked, roles = _Asked(context, request), roles_at(request, context.holder)
    begun = queries.begun(request.db, context.holder, roles, asked.period)
    inbox = request.resource_path(context, "postvak")
    return {**_page(context, request, asked, begun), "inbox": inbox}


def desk_panel(context: Desk, request: Request) -> Panel:
    """Return the figures of what the desk itself holds; its page counts by municipality."""
    template = "stopintimidatie.statistics:templates/figures_panel.jinja2"
    values = _page(context, request, _Asked(context, request), ())
    return Panel("Meldingen bij het meldpunt", template, {**values, "inbox": ""})


def _page(
    context: Any, request: Request, asked: _Asked, begun: Iterable[tuple[date, str]]
) -> dict[str, Any]:
    marks = defaultdict[str, list[str]](list)
    for day, name in begun:
        marks[rules.month_name(day)].append(name)
    colour = getattr(request.branding, "colour", None) or DEFAULT_COLOUR
    months = [(row.label, row.number) for row in asked.months.rows]
    before = rules.numbers_before(asked.months)
    draw = partial(charts.trend_chart, months, colour=colour, marks=marks, before=before)
    week = rules.week_of(asked.counts)
    return {
        "asked": asked,
        "left_out": queries.left_out(request.db, context.holder, asked.period),
        "marks": marks,
        "trend": [charts.data_uri(draw(width=width)) for width in (700, 340)],
        "trend_alt": charts.bar_summary("Meldingen per maand", months),
        "parts": PARTS_OF_DAY,
        "week": week,
        "heat": charts.data_uri(charts.heat_table(PARTS_OF_DAY, week, colour=colour)),
        "heat_alt": charts.heat_summary("Meldingen", PARTS_OF_DAY, week),
        "charts": {table.name: _bars(table, colour) for table in asked.tables},
        "offered": [months_after(asked.day, -number) for number in range(OFFERED)],
        "month_names": MONTHS,
        "compared": rules.COMPARED,
        "file": request.resource_path(context, FILE),
    }


def _bars(table: rules.Table, colour: str) -> tuple[str, str, int]:
    """Return the chart of a table, its alternative text, and its height."""
    items = [(row.label, row.number) for row in table.rows]
    before = rules.numbers_before(table)
    drawn = charts.data_uri(charts.bar_chart(items, colour=colour, labels=180, before=before))
    return drawn, charts.bar_summary(table.title, items), charts.BAR_ROW * len(items)


@page_view(
    MunicipalityResource, FILE, Permission.VIEW_REPORT, "string", guards=(recently_confirmed,)
)
@page_view(Desk, FILE, Permission.VIEW_DESK, "string", guards=(recently_confirmed,))
def file_view(context: Any, request: Request) -> Any:
    """Hand over the figures as a sheet or as CSV: exact numbers, so the log says that they left."""
    kind, holder = dict(query_pairs(request)).get("bestand", ""), context.holder
    if kind not in _FILES:
        raise HTTPNotFound()
    asked = _Asked(context, request)
    rows = [
        (table.title, row.label, row.number, "" if row.before is None else row.before)
        for table in (asked.months, *asked.tables)
        for row in table.rows
        if table.name != rules.STAYS
    ]
    note(
        request,
        holder,
        lambda session, who: record(session, who.actor, "cijfers.gedownload", holder, "cijfers"),
    )
    name = f"cijfers-{holder.lower()}-{asked.period.since:%Y-%m}-{asked.period.last:%Y-%m}"
    return _FILES[kind](name, COLUMNS, rows)
