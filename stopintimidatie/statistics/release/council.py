"""The report for the council, and that of the desk for the country: figures that may leave alone.

A person can change the words before the PDF is made; nothing of it is kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Engine, select

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import BusyError, Button, FormError, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.desk.resources import Desk
from stopintimidatie.exports.document.content import (
    LETTER,
    StatementContent,
    StatementSection,
    StatementTable,
)
from stopintimidatie.exports.document.services import NotDrawnError, draw_now
from stopintimidatie.exports.redaction.content import Count, House
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.privacy.requests.letters import house_at
from stopintimidatie.reports.campaigns.views import no_person
from stopintimidatie.statistics.models import FigureRelease
from stopintimidatie.statistics.release.rules import AREAS
from stopintimidatie.statistics.release.services import (
    TITLES,
    YEAR,
    ReleasedTable,
    definitions,
    releases_of,
    shown,
    tables_of,
)

PAGE: Final = "cijfers-raad"
_REST: Final = "overig"
_NATIONAL: Final = (
    "Dit zijn de openbare cijfers van {} samen. De getallen zijn bij benadering: elk aantal was"
    " al afgerond, en wat minder dan vijf was, telt hier als nul."
)
# By year: what has to be known besides, and the tables.
Known = Mapping[str, tuple[Sequence[str], Sequence[ReleasedTable]]]
_PART: Final = "Van dit jaar zijn er cijfers tot en met kwartaal {}; de tabellen komen later."
_BUSY: Final = "Het rapport kan nu niet worden gemaakt. Probeer het over een minuut opnieuw."
_INTRO: Final = (
    "Straatintimidatie is gedrag op straat of op een andere openbare plek dat iemand beledigt,"
    " kwetst, bedreigt of hindert. Wie het meemaakt, kan het melden. Dit rapport laat zien wat er"
    " in {} is gemeld, en wat ermee is gedaan."
)
# The parts of the report: the field with words, its title, what to write, the tables that follow.
_PARTS: Final = (
    ("inleiding", "Waar dit over gaat", "", ("kwartaal",)),
    ("gezien", "Wat we zagen", "Wat valt op?", ("vormgroep", "plek", "dagdeel", "wijk")),
    ("gedaan", "Wat we deden", "Welke maatregelen en campagnes?", ("opvolging", "contact")),
    ("verder", "Hoe we verdergaan", "Wat doet u volgend jaar?", ()),
)
_NO_MORE: Final = "Geen namen, en geen andere aantallen dan hiernaast."


def council_schema() -> Any:
    """Return the form with the words of the report."""
    words = [
        field(
            forms.Text(2_000, lines=True),
            title,
            name=name,
            missing="",
            description=f"{hint} {_NO_MORE}".strip(),
            validator=no_person,
            widget=forms.TextArea(rows=6),
        )
        for name, title, hint, _ in _PARTS
    ]
    return Schema(*words)


@form_view(MunicipalityResource, PAGE, Permission.VIEW_REPORT, "templates/council.jinja2")
def council_view(context: MunicipalityResource, request: Request) -> Any:
    """Ask for the words of the report for the council, and make it."""
    return _ask(context, request, _by_year(releases_of(request.db, context.holder)))


@form_view(Desk, PAGE, Permission.VIEW_DESK, "templates/council.jinja2")
def national_view(context: Desk, request: Request) -> Any:
    """Ask for the words of the report on the country, and make it."""
    return _ask(context, request, national_tables(request.registry.engine))


def _by_year(releases: Sequence[FigureRelease]) -> Known:
    """Return the tables of each year, the latest first."""
    years = groupby(releases, lambda release: release.quarter[:4])
    parts = {year: list(some) for year, some in years}
    return {
        year: (() if YEAR in some[0].tables else (_PART.format(some[0].quarter),), tables_of(some))
        for year, some in parts.items()
    }


def national_tables(engine: Engine) -> Known:
    """Return the published tables of all municipalities together, by year; none of their wijken.

    They add up what was rounded; fewer than five counts as none.
    """
    with transaction(engine, write=False) as session:
        joined = MunicipalityProfile.noted_level == ParticipationLevel.PROGRAMME
        codes = session.scalars(select(MunicipalityProfile.code).where(joined)).all()
    towns, sums = Counter[str](), defaultdict[str, Any](lambda: defaultdict(Counter))
    for code in codes:
        with transaction(engine, code, write=False) as session:
            known = _by_year(releases_of(session, code, published=True))
        towns.update([*known])
        for year, (_, tables) in known.items():
            for table in tables:
                for label, number in table.rows:
                    # A merged row names what it holds, in each town something else.
                    sums[year][table.name][_REST if ":" in label else label] += number or 0
    return {
        year: (
            (_NATIONAL.format(plural(towns[year], "gemeente", "gemeenten")),),
            [
                ReleasedTable(name, year, [*sums[year][name].items()])
                for name in TITLES
                if name in sums[year] and name != AREAS
            ],
        )
        for year in sorted(towns, reverse=True)
    }


def _ask(context: Any, request: Request, known: Known) -> Any:
    asked = dict(query_pairs(request)).get("jaar", "")
    year = asked if asked in known else next(iter(known), "")
    notes, tables = known.get(year, ((), ()))

    def act(values: Mapping[str, str]) -> Any:
        if not tables:
            raise FormError("Er zijn nog geen cijfers om een rapport van te maken.", "inleiding")
        holder = context.holder
        content = _content(house_at(request.db, holder), year, values, notes, tables)
        record(request.db, request.actor, "cijfers.rapport", holder, "gemeente", fields=[year])
        try:
            pdf = draw_now(request, content)
        except NotDrawnError:
            raise BusyError(_BUSY) from None
        return pdf_response(f"rapport-straatintimidatie-{year}", pdf)

    page = {"year": year, "years": [*known], "tables": tables, "shown": shown}
    back, button = request.resource_path(context, "cijfers"), Button("maken", "Maak de pdf")
    given = {"inleiding": _INTRO.format(year)}
    return ask_values(request, council_schema(), button, act, back, page, given=given)


def _content(
    house: House,
    year: str,
    words: Mapping[str, str],
    notes: Sequence[str],
    tables: Sequence[ReleasedTable],
) -> StatementContent:
    """Return the report: for each part its words and its tables, and how to read the figures."""
    by_name = {table.name: table for table in tables}
    sections = []
    for name, title, _, names in _PARTS:
        lines = tuple(filter(None, map(clean_line, words[name].splitlines())))
        known = [by_name[table] for table in names if table in by_name]
        if lines or known:
            sections.append(StatementSection(title, lines, on_new_page=name == "gezien"))
        sections += map(_section, known)
    sections.append(StatementSection("Zo leest u deze cijfers", tuple(definitions())))
    return StatementContent(
        schema=LETTER,
        house=house,
        title=f"Straatintimidatie in {year}",
        number=f"Cijfers {year}",
        made_at=utc_now().replace(microsecond=0),
        sentences=tuple(notes),
        sections=tuple(sections),
    )


def _section(table: ReleasedTable) -> StatementSection:
    """Return a table with its chart."""
    rows = [(label, shown(number)) for label, number in table.rows]
    if table.total != "":
        rows.append(("Alle meldingen van het jaar", shown(table.total)))
    about = ("Een melding kan hier in meer rijen staan.",) if table.several else ()
    over_time = table.name == "kwartaal"
    drawn = reversed(table.rows) if over_time else table.rows
    return StatementSection(
        table.title,
        about,
        table=StatementTable(table.title, ("", "Meldingen"), tuple(rows), 1),
        chart=tuple(Count(label, number) for label, number in drawn),
        over_time=over_time,
    )
