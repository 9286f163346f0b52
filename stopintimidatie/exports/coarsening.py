"""A report as one recipient may know it: what a rule hides is gone before anything is made of it.

Pure. Lines, figures, chronology and page one are all made of reports that went through here, so
no part of the document can tell what another leaves out.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import Any, Final

from stopintimidatie.exports import figures
from stopintimidatie.exports.profile_rules import (
    Coarse,
    Field,
    Overlay,
    Profile,
    Rule,
    Treatment,
    rule_for,
)
from stopintimidatie.exports.source import Offenders, Precision, SourceReport, Term
from stopintimidatie.web.filters import AMSTERDAM

NOTHING: Final = Term("", "")
_EMPTY: Final[Mapping[Field, Mapping[str, Any]]] = MappingProxyType(
    {
        Field.REFERENCE: {"reference": ""},
        Field.ROLE: {"role": NOTHING},
        Field.RECURRENCE: {"recurrence": None},
        Field.FEELING: {"feeling": None},
        Field.CONSEQUENCES: {"consequences": ()},
        Field.REPORTER_AGE: {"reporter_age": None},
        Field.BYSTANDERS: {"bystanders": None},
        Field.POLICE: {"police": None},
        Field.WILLING: {"willing_to_talk": False},
    }
)


def coarsened(report: SourceReport, profile: Profile, overlay: Overlay | None) -> SourceReport:
    """What of it this recipient may know."""
    known = report
    for field in Field:
        known = applied(known, field, rule_for(profile, field, overlay))
    return replace(known, reviewed=())


def applied(report: SourceReport, field: Field, rule: Rule) -> SourceReport:
    """The report after one rule about one field."""
    if rule.treatment is Treatment.SHOWN:
        return report
    if field in _EMPTY:
        return replace(report, **_EMPTY[field])
    change = _CHANGES.get(field)
    return report if change is None else change(report, rule)


def hides(report: SourceReport, field: Field, rule: Rule) -> bool:
    """Whether this rule keeps anything of this report from the reader."""
    if field is Field.TIME:
        return rule.treatment is not Treatment.SHOWN and _time_is_finer(report, rule.how)
    return applied(report, field, rule) != report


def _time_is_finer(report: SourceReport, how: Coarse | None) -> bool:
    part = how is Coarse.DAY and figures.part_of_day(report) is not None
    return part or report.precision in (Precision.EXACT, Precision.HOUR)


def _time(report: SourceReport, rule: Rule) -> SourceReport:
    """Noon of that day, so that not even the order tells more."""
    part = None if rule.how is Coarse.DAY else figures.part_of_day(report)
    noon = datetime.combine(figures.day(report), time(12), AMSTERDAM).astimezone(UTC)
    precision = report.precision
    if precision is not Precision.UNKNOWN:
        precision = Precision.PART_OF_DAY if part else Precision.DAY
    return replace(report, happened_at=noon, part_of_day=part, precision=precision)


def _place(report: SourceReport, rule: Rule) -> SourceReport:
    named = report.street if rule.how is Coarse.STREET else ""
    return replace(report, place=named, point=None)


def _offenders(report: SourceReport, rule: Rule) -> SourceReport:
    seen, words = report.offenders, report.offenders.appearance
    if rule.how is Coarse.NUMBER:
        left = Offenders(number=seen.number, in_group=seen.in_group, appearance=words)
    else:
        left = Offenders(appearance=words)
    return replace(report, offenders=left)


def _note(report: SourceReport, rule: Rule) -> SourceReport:
    return replace(report, place_note=_read(report, Field.PLACE_NOTE, rule))


def _account(report: SourceReport, rule: Rule) -> SourceReport:
    return replace(report, account=_read(report, Field.ACCOUNT, rule))


def _appearance(report: SourceReport, rule: Rule) -> SourceReport:
    words = _read(report, Field.APPEARANCE, rule)
    return replace(report, offenders=replace(report.offenders, appearance=words))


def _read(report: SourceReport, field: Field, rule: Rule) -> str:
    """The text as it was looked at; nothing when nobody did."""
    texts = {one.field: one.text for one in report.reviewed}
    return texts.get(field, "") if rule.how is Coarse.REVIEWED else ""


_CHANGES: Final[Mapping[Field, Callable[[SourceReport, Rule], SourceReport]]] = MappingProxyType(
    {
        Field.TIME: _time,
        Field.PLACE: _place,
        Field.OFFENDERS: _offenders,
        Field.PLACE_NOTE: _note,
        Field.APPEARANCE: _appearance,
        Field.ACCOUNT: _account,
    }
)
