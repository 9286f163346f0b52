"""The names of the areas of a report, as an officer reads them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from stopintimidatie.register.models import Municipality, Neighbourhood, Subneighbourhood
from stopintimidatie.register.succession import successors
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.summary import AreaNames


def area_names(session: Session, report: Report) -> AreaNames:
    """Municipality, wijk and buurt; the municipality next door, and what the area is called now."""
    return AreaNames(
        _name(session, Municipality, report.municipality_code),
        _name(session, Neighbourhood, report.neighbourhood_code),
        _name(session, Subneighbourhood, report.subneighbourhood_code),
        _name(session, Municipality, report.near_municipality_code),
        _name_now(session, report),
    )


def _name(session: Session, entity: Any, code: str | None) -> str | None:
    row = session.get(entity, code) if code else None
    return None if row is None else str(row.name)


def _name_now(session: Session, report: Report) -> str | None:
    """Wijk and municipality of today, where the report's own ended by a reorganisation."""
    codes = (report.municipality_code, report.neighbourhood_code)
    found = successors(session, codes)
    if not found:
        return None
    town = _name(session, Municipality, found.get(codes[0] or "", codes[0]))
    wijk = _name(session, Neighbourhood, found.get(codes[1] or "", ""))
    return ", ".join(filter(None, (wijk, town))) or None
