"""One report as a `SourceReport`. Contact data is in another table and isn't even read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from stopintimidatie.exports.source import Offenders, Precision, SourceReport, Term
from stopintimidatie.exports.text import clean_line, listed
from stopintimidatie.reports import vocabulary as words
from stopintimidatie.reports.models import Report

TALKS: Final = frozenset(
    {words.ContactWish.CALL, words.ContactWish.MAIL, words.ContactWish.VIA_APP}
)
PLACES_MAX: Final = 3


def source_report(
    serial: int, report: Report, neighbourhood: str | None, subneighbourhood: str | None
) -> SourceReport:
    """Everything of a report that a dossier may show somebody."""
    return SourceReport(
        serial=serial,
        reference=report.reference,
        happened_at=report.incident_start,
        precision=Precision(report.time_precision or Precision.HOUR),
        part_of_day=report.part_of_day,
        place=public_place(report, subneighbourhood),
        street=public_street(report, subneighbourhood),
        point=public_point(report),
        place_note=report.location_text or "",
        neighbourhood=neighbourhood or "",
        place_type=_term(words.PlaceType, report.place_type),
        forms=tuple(_term(words.Form, code) for code in report.forms),
        role=_term(words.Role, report.role),
        feeling=_known(words.FeltSafety, report.felt_safety),
        consequences=tuple(_term(words.BehaviourChange, c) for c in report.behaviour_changes),
        recurrence=_known(words.Recurrence, report.recurrence),
        reporter_age=_known(words.AgeGroup, report.reporter_age_group),
        minor=involves_minor(report),
        offenders=_offenders(report),
        bystanders=_known(words.Bystanders, report.bystanders),
        police=_known(words.Police, report.police),
        willing_to_talk=report.wants_contact in TALKS,
        account=report.description or "",
        share_police=report.share_with_police,
        share_partners=report.share_with_partners,
    )


def involves_minor(report: Report) -> bool:
    """Whether the reporter is a minor, or an offender seems to be one."""
    ages = (
        _age(words.AgeGroup, report.reporter_age_group),
        _age(words.OffenderAge, report.offender_age),
    )
    return any(ages)


def _age(vocabulary: Any, code: str | None) -> bool:
    return code is not None and bool(vocabulary.of(code).minor)


def public_place(report: Report, subneighbourhood: str | None) -> str:
    """The place in public space: a street without its number, a stop or line, else the point."""
    named = _named_place(report)
    if named or report.lat is None or report.lon is None:
        return named or _buurt(subneighbourhood)
    return ", ".join(filter(None, [_buurt(subneighbourhood), _point(report.lat, report.lon)]))


def public_point(report: Report) -> tuple[float, float] | None:
    """As precise as the words say it: ten metres, and less where a house could be meant."""
    if report.lat is None or report.lon is None:
        return None
    decimals = 3 if _part(report.address, "house_number") else 4
    return round(report.lat, decimals), round(report.lon, decimals)


def public_street(report: Report, subneighbourhood: str | None) -> str:
    """The same, never as exact as a point."""
    return _named_place(report) or _buurt(subneighbourhood)


def _buurt(subneighbourhood: str | None) -> str:
    return f"buurt {subneighbourhood}" if subneighbourhood else ""


def _named_place(report: Report) -> str:
    """House number and postcode stay out: they could be somebody's home."""
    street = _part(report.address, "street")
    if street:
        return listed([street, *filter(None, [_part(report.address, "town")])], "in")
    transit = [
        f"{label} {text}".strip()
        for label, key in (("halte", "stop"), ("lijn", "line"), ("", "operator"))
        if (text := _part(report.transit, key))
    ]
    return ", ".join(transit)


def _part(parts: dict[str, Any] | None, key: str) -> str:
    return clean_line(str((parts or {}).get(key) or ""))


def _point(lat: float, lon: float) -> str:
    """Some ten metres precise."""
    return f"punt {lat:.4f} NB {lon:.4f} OL".replace(".", ",")


def place_in_words(reports: Sequence[SourceReport]) -> str:
    """Where the dossier is about: the places that several of its reports name."""
    named = Counter(r.place for r in reports if r.place and "punt " not in r.place)
    often = [place for place, number in sorted(named.items(), key=_rank) if number > 1]
    return listed(often[:PLACES_MAX])


def _rank(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]


def _term(vocabulary: type[words.Term], code: str) -> Term:
    return Term(code, vocabulary.word(code))


def _known(vocabulary: type[words.Term], code: str | None) -> Term | None:
    return None if code is None else _term(vocabulary, code)


def _offenders(report: Report) -> Offenders:
    return Offenders(
        number=_known(words.OffenderCount, report.offender_count),
        in_group=report.offender_in_group,
        known=_known(words.OffenderKnown, report.offender_known),
        age=_known(words.OffenderAge, report.offender_age),
        gender=_known(words.OffenderGender, report.offender_gender),
        transport=_known(words.Transport, report.offender_transport),
        appearance=report.offender_appearance or "",
    )
