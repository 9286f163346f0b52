"""Which reports of a dossier one recipient gets, and which rule holds for a field of one.

Figures, chronology and page one are made of this selection alone, so what is left out is
nowhere, not even in a sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stopintimidatie.exports.coarsening import coarsened
from stopintimidatie.exports.profiles import (
    MINORS,
    Field,
    Overlay,
    Profile,
    Rule,
    Sharing,
    Treatment,
    rule_for,
)
from stopintimidatie.exports.source import DossierSource, SourceReport
from stopintimidatie.web.filters import AMSTERDAM


@dataclass(frozen=True, slots=True)
class Selection:
    """What this recipient may see of the reports, in order of what happened; the rest is gone."""

    profile: Profile
    reports: tuple[SourceReport, ...]
    withheld: int

    def rule(self, report: SourceReport, field: Field) -> Rule:
        return rule_for(self.profile, field, overlay_for(report))

    def treatment(self, report: SourceReport, field: Field) -> Treatment:
        return self.rule(report, field).treatment


def overlay_for(report: SourceReport) -> Overlay | None:
    return MINORS if report.minor else None


def select(reports: Sequence[SourceReport], profile: Profile) -> Selection:
    """The reports that go along, each as this recipient may know it."""
    allowed = permitted(reports, profile)
    known = [coarsened(report, profile, overlay_for(report)) for report in allowed]
    ordered = sorted(known, key=lambda report: (report.happened_at, report.serial))
    return Selection(profile, tuple(ordered), len(reports) - len(allowed))


def permitted(reports: Sequence[SourceReport], profile: Profile) -> list[SourceReport]:
    """The reports that go along, whole: to count and to show what is hidden of them."""
    return [report for report in reports if accepts(report, profile.sharing)]


def accepts(report: SourceReport, sharing: Sharing) -> bool:
    """Whether it may go to this kind of recipient: by its reporter's wish, or on a ground."""
    return report.despite is not None or wanted(report, sharing)


def wanted(report: SourceReport, sharing: Sharing) -> bool:
    """Whether the reporter's own preference allows this kind of recipient."""
    if sharing is Sharing.POLICE:
        return report.share_police
    return report.share_partners or sharing is Sharing.NONE


def pseudonym(report: SourceReport) -> str:
    """M-01: lasting, and meaningless outside the dossier."""
    return f"M-{report.serial:02d}"


def today(source: DossierSource) -> date:
    moment: datetime = source.edition.frozen_at
    return moment.astimezone(AMSTERDAM).date()
