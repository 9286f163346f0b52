"""Pages of the register of processing and of the yearly account; both as PDF and as CSV.

A template says in TOML what stands in both: sections of sentences, pairs and a table. The page, the
PDF and the CSV file show those.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import chain, starmap
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import midnight, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.permissions import GRANTS
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.core.web.responses import csv_response, pdf_response
from stopintimidatie.exports.document import content as paper
from stopintimidatie.exports.document.services import NotDrawnError, draw_now
from stopintimidatie.exports.redaction.content import Pair
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.accountability.rules import CONTROLLERS
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.municipalities.partners.vocabulary import BASES, PartnerKind
from stopintimidatie.privacy.breaches.vocabulary import Group
from stopintimidatie.privacy.log.services import log_terms
from stopintimidatie.privacy.processing.queries import Year, register_of, years_of
from stopintimidatie.privacy.requests.letters import house_at

COLUMNS: Final = ("Onderdeel", "Regel", "Kolom", "Waarde")
LATER: Final = "De pdf kan nu niet worden gemaakt. Probeer het over een paar minuten nog eens."
STATED: Final = "stopintimidatie.municipalities.accountability:templates/stated.txt.jinja2"
PAGE: Final = "templates/sections.jinja2"
P: Final = Permission
_file = partial(view_config, request_method="GET", guards=(recently_confirmed,))
# Functions and lists for the words of both.
_WORDS: Final = {
    # A text of TOML, on one line.
    "q": lambda text: json.dumps(clean_line(str(text)), ensure_ascii=False),
    "day": lambda text: date_text(date.fromisoformat(text)),
    "stated": lambda part: render(STATED, {"part": part}),
    "groups": dict(Group.choices()),
    "controllers": dict(CONTROLLERS),
    "partner_kinds": PartnerKind,
    "bases": BASES,
    "roles": Role,
    "grants": GRANTS,
}


class ProcessingRegister(HolderBranch):
    """/gemeenten/dordrecht/verwerkingen: the register of processing; so at the desk."""

    kind = "verwerkingen"
    label = "Register van verwerkingen"


class YearlyAccount(HolderBranch):
    """/gemeenten/dordrecht/jaarverslag: a year of the privacy officer; so at the desk."""

    kind = "jaarverslag"
    label = "Jaarverslag privacy"


_NODES: Final = (ProcessingRegister, YearlyAccount)
LEVELS: Final = tuple(level for node in _NODES for level in holder_levels(node, node))


@page_view(ProcessingRegister, "", P.VIEW_RETENTION, PAGE)
@page_view(YearlyAccount, "", P.VIEW_AUDIT, PAGE)
def sections_view(context: HolderBranch, request: Request) -> dict[str, Any]:
    """Show the register, or the account of a year: by default of the last whole one.

    Raises:
        HTTPNotFound: There is no account of the year in the address.
    """
    session, settings, today = request.db, request.app_settings, day_of(utc_now())
    number, years = today.isoformat(), range(0)
    if isinstance(context, ProcessingRegister):
        values = register_of(request.registry, session, context.holder)
    else:
        years = years_of(session)
        number = dict(query_pairs(request)).get("jaar", str(max(years[-1], today.year - 1)))
        if number not in map(str, years):
            raise HTTPNotFound()
        values = Year(session, context.holder, int(number), today).counts()
        old = log_terms(settings)[0].before > midnight(date(int(number), 1, 1))
        values |= {"number": number, "runs": number == str(today.year), "old": old}
    sentences, parts = words_of(context.kind, values, settings)
    return {
        "number": number,
        "years": years,
        "sentences": sentences,
        "sections": parts,
        "here": request.resource_path(context).rstrip("/"),
        "account": request.resource_path(context.__parent__, YearlyAccount.kind),
        "legal": request.resource_path(context.__parent__, "verantwoording"),
        "may_account": not years and request.has_permission(P.VIEW_AUDIT, context),
    }


def words_of(
    kind: str, values: Mapping[str, Any], settings: Any
) -> tuple[tuple[str, ...], tuple[paper.StatementSection, ...]]:
    """Return what the template of this kind says of these values: sentences, and sections."""
    name = f"{__package__}:templates/words/{kind}.toml.jinja2"
    read = tomllib.loads(render(name, {**_WORDS, **values, "settings": settings}))
    return tuple(read["said"]), tuple(map(_section, read["sections"]))


def _section(read: Mapping[str, Any]) -> paper.StatementSection:
    title, rows = read["title"], tuple(map(tuple, read.get("rows", ())))
    columns, numbers = tuple(read.get("columns", ())), read.get("numbers", 0)
    table = paper.StatementTable(title, columns, rows, numbers) if rows else None
    pairs = tuple(starmap(Pair, read.get("pairs", ())))
    return paper.StatementSection(title, tuple(read.get("said", ())), pairs, table)


@_file(context=ProcessingRegister, name="bestand", permission=P.VIEW_RETENTION)
@_file(context=YearlyAccount, name="bestand", permission=P.VIEW_AUDIT)
def file_view(context: HolderBranch, request: Request) -> Response:
    """Return what the page shows as a CSV file: a line for each value."""
    page = sections_view(context, request)
    name = _fetched(context, request, page)
    return csv_response(name, COLUMNS, chain(*map(_lines, page["sections"])))


def _lines(section: paper.StatementSection) -> Iterator[Sequence[str]]:
    yield from ((section.title, "", "", sentence) for sentence in section.sentences)
    yield from ((section.title, pair.label, "", pair.value) for pair in section.pairs)
    table = section.table or paper.StatementTable("", (), ())
    # A row is named by all cells before its numbers; without numbers by the first cell.
    lead = len(table.columns) - table.numbers if table.numbers else 1
    for row in table.rows:
        for column, cell in zip(table.columns[lead:], row[lead:], strict=True):
            yield section.title, ", ".join(filter(None, row[:lead])), column, cell


@_file(context=ProcessingRegister, name="pdf", permission=P.VIEW_RETENTION)
@_file(context=YearlyAccount, name="pdf", permission=P.VIEW_AUDIT)
def pdf_view(context: HolderBranch, request: Request) -> Response:
    """Return what the page shows as a PDF, in the look of the holder."""
    page, house = sections_view(context, request), house_at(request.db, context.holder)
    about = house, context.title, page["number"], utc_now().replace(microsecond=0)
    content = paper.StatementContent(paper.SCHEMA, *about, page["sentences"], page["sections"])
    try:
        pdf = draw_now(request, content)
    except NotDrawnError:
        request.flash(LATER, "error")
        return HTTPSeeOther(page["here"])
    return pdf_response(_fetched(context, request, page), pdf)


def _fetched(context: HolderBranch, request: Request, page: Mapping[str, Any]) -> str:
    """Note in the log that a file leaves the house, and return its name."""
    kind, holder = context.kind, context.holder
    action = f"{kind}.gedownload"
    note(request, holder, lambda db, person: record(db, person.actor, action, holder, kind))
    return f"{kind}-{holder.lower()}-{page['number']}"
