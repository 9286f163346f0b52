"""What of a report can be found. Contact data, appearance and suspicion never are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.search.backend import OPEN_ACCESS, Kind, SearchDocument, Text
from stopintimidatie.core.search.registry import Load
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.resources import report_path
from stopintimidatie.reports.vocabulary import Form, PlaceType, in_order

GONE: Final = "vernietigd"
NOWHERE: Final = "onbekend"
"""What the desk's facet shows for a report without a known municipality."""


# What the reporter and the municipality wrote to each other afterwards.
_SAID: Final = (
    select(func.aggregate_strings(ReporterMessage.text, "\n"))
    .where(ReporterMessage.report_id == Report.id)
    .scalar_subquery()
)
# (session, report ids) -> the numbers of the dossiers that each is in.
FindDossiers = Callable[[Session, Sequence[UUID]], Mapping[UUID, Sequence[str]]]
REPORT_DOSSIERS: Final = Directive[None, FindDossiers](
    "add_report_dossiers", "report_dossiers", single
)


def loader(registry: Any) -> Load:
    """The loader of reports, which asks a higher room for the dossiers they are in."""

    def load(session: Session, holder: str, ids: Sequence[UUID]) -> Iterator[SearchDocument]:
        find = REPORT_DOSSIERS.only(registry)
        return _load(session, ids, find(session, ids) if find else {})

    return load


def _load(
    session: Session, ids: Sequence[UUID], numbers: Mapping[UUID, Sequence[str]]
) -> Iterator[SearchDocument]:
    """The reports with these ids, as search knows them."""
    rows = session.execute(
        select(Report, Municipality.slug, Neighbourhood.slug, _SAID)
        .outerjoin(Municipality, Municipality.code == Report.holder)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .where(Report.id.in_(ids), Report.state != GONE)
    )
    for report, municipality, neighbourhood, said in rows:
        dossiers = tuple(numbers.get(report.id, ()))
        known = document_of(report, municipality, neighbourhood, dossiers)
        yield replace(known, texts=(*known.texts, Text("gesprek", said))) if said else known


def versions(session: Session, holder: str) -> Iterable[tuple[UUID, int]]:
    """Every report that can be found, with its version."""
    rows = session.execute(select(Report.id, Report.version).where(Report.state != GONE))
    return ((row[0], row[1]) for row in rows)


def document_of(
    report: Report,
    municipality_slug: str | None,
    neighbourhood_slug: str | None,
    dossiers: tuple[str, ...] = (),
) -> SearchDocument:
    """A report as search knows it. Pure: the slugs are those of its holder and neighbourhood.

    One that only just arrived comes here with its forms as they were sent.
    """
    forms = in_order(report.forms)
    return SearchDocument(
        holder=report.holder,
        kind=Kind.REPORT,
        id=report.id,
        version=report.version,
        reference=report.reference,
        path=report_path(report, municipality_slug, neighbourhood_slug),
        title=", ".join(Form.word(code) for code in forms).capitalize(),
        moment=report.incident_start,
        state=report.state,
        neighbourhood=_area(report),
        access=OPEN_ACCESS,
        forms=tuple(forms),
        dossier=report.dossier_number,
        dossiers=dossiers,
        texts=tuple(text for text in _texts(report) if text.text),
    )


def _area(report: Report) -> str:
    """What the facet counts: the neighbourhood; at the desk, which has all, the municipality."""
    here = report.municipality_code if report.holder == NATIONAL else report.neighbourhood_code
    return here or NOWHERE


def _texts(report: Report) -> Iterator[Text]:
    yield Text("omschrijving", report.description or "")
    place = [PlaceType.word(report.place_type), report.location_text or ""]
    yield Text("plek", "; ".join(part for part in place if part))
    yield Text("adres", _words(report.address))
    yield Text("openbaar vervoer", _words(report.transit))


def _words(part: dict[str, Any] | None) -> str:
    return " ".join(str(value) for value in (part or {}).values() if value)
