"""Which reports of a dossier one recipient gets, and which rule holds for a field of one.

Figures, chronology and page one are made of this selection alone, so what is left out is
nowhere, not even in a sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stopintimidatie.exports.profiles import (
    MINORS,
    Field,
    Overlay,
    Profile,
    Sharing,
    Treatment,
    rule_for,
)
from stopintimidatie.exports.source import DossierSource, SourceReport
from stopintimidatie.web.filters import AMSTERDAM


@dataclass(frozen=True, slots=True)
class Selection:
    """What this recipient may see of the reports, in order of what happened."""

    profile: Profile
    reports: tuple[SourceReport, ...]
    withheld: int

    def overlay(self, report: SourceReport) -> Overlay | None:
        return MINORS if report.minor else None

    def treatment(self, report: SourceReport, field: Field) -> Treatment:
        return rule_for(self.profile, field, self.overlay(report)).treatment

    def shows(self, report: SourceReport, field: Field) -> bool:
        return self.treatment(report, field) is Treatment.SHOWN


def select(reports: Sequence[SourceReport], profile: Profile) -> Selection:
    allowed = [report for report in reports if accepts(report, profile.sharing)]
    ordered = sorted(allowed, key=lambda report: (report.happened_at, report.serial))
    return Selection(profile, tuple(ordered), len(reports) - len(allowed))


def accepts(report: SourceReport, sharing: Sharing) -> bool:
    """Whether the reporter's own preference allows this kind of recipient."""
    if sharing is Sharing.POLICE:
        return report.share_police
    return report.share_partners or sharing is Sharing.NONE


def pseudonym(report: SourceReport) -> str:
    """M-01: lasting, and meaningless outside the dossier."""
    return f"M-{report.serial:02d}"


def today(source: DossierSource) -> date:
    moment: datetime = source.request.frozen_at
    return moment.astimezone(AMSTERDAM).date()
