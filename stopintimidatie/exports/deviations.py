"""Going against a reporter's sharing preference: a ground and a reason per report, and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profile_rules import Sharing
from stopintimidatie.exports.selection import pseudonym, wanted
from stopintimidatie.exports.source import Despite, SourceReport, Term
from stopintimidatie.exports.text import clean
from stopintimidatie.exports.wish import BASES, ExportError
from stopintimidatie.reports.conversation import CLOSED, tell_once
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import LegalBasis

# A preference isn't passed over because it is handy within the house.
GROUNDS: Final = tuple(basis for basis in BASES if basis is not LegalBasis.INTERNAL)
REASON_MAX: Final = 500
Kept = list[dict[str, Any]]
RECIPIENTS: Final = {Sharing.POLICE: "de politie", Sharing.PARTNERS: "partners van de gemeente"}


def despite(kept: Kept | None) -> dict[int, Despite]:
    """By serial number, as a report of the source carries it."""
    return {
        int(one["nummer"]): Despite(
            Term(one["grondslag"], LegalBasis.word(one["grondslag"])), str(one["reden"])
        )
        for one in kept or ()
    }


def check_deviations(kept: Kept | None) -> None:
    """:raises ExportError: one is without a ground or a reason."""
    for one in kept or ():
        if one.get("grondslag") not in {ground.value for ground in GROUNDS}:
            raise ExportError(
                "Kies een grondslag om deze melding toch te delen, of maak de reden leeg.",
                f"toch.melding_{one['nummer']}.grondslag",
            )
        if not clean(str(one.get("reden") or "")):
            raise ExportError(
                "Schrijf op waarom u deze melding toch deelt.",
                f"toch.melding_{one['nummer']}.reden",
            )


def unwilling(reports: Sequence[SourceReport]) -> list[tuple[int, str]]:
    """The reports that not everybody may have: number, and what the reporter said."""
    return [
        (report.serial, f"{pseudonym(report)}: liever niet met {_with_whom(report)}")
        for report in reports
        if not (report.share_police and report.share_partners)
    ]


def _with_whom(report: SourceReport) -> str:
    refused = {Sharing.POLICE: report.share_police, Sharing.PARTNERS: report.share_partners}
    return " en ".join(words for kind, words in RECIPIENTS.items() if not refused[kind])


def against_wish(reports: Iterable[SourceReport], sharing: Sharing) -> list[SourceReport]:
    """The reports that go along although their reporters would rather not."""
    return [r for r in reports if r.despite is not None and not wanted(r, sharing)]


def rows(export: Export) -> list[tuple[str, str]]:
    """For the page of the request."""
    return [
        (f"Tegen de deelvoorkeur: M-{number:02d}", f"{one.ground.label}. Reden: {one.reason}")
        for number, one in sorted(despite(export.deviations).items())
    ]


def tell_reporters(session: Session, against: Iterable[UUID], sharing: Sharing) -> None:
    """Their reporters read it where they follow their report; not to whom exactly, nor why."""
    if sharing not in RECIPIENTS:
        return
    text = (
        f"U wilde uw melding liever niet delen met {RECIPIENTS[sharing]}. Wij delen haar in dit"
        " geval toch, omdat dat nodig is en de wet het toelaat. Uw naam en contactgegevens gaan"
        " niet mee. Hebt u hier vragen over? Stel ze ons op deze pagina."
    )
    for number in against:
        report = session.get(Report, number)
        if report is not None and report.state not in CLOSED:
            tell_once(session, report, "bericht", text, SYSTEM)
