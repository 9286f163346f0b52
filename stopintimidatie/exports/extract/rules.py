"""Rules of what goes along all the same: against a preference, or while its use is restricted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stopintimidatie.core.forms import FormError
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Sharing
from stopintimidatie.exports.redaction.selection import pseudonym, wanted
from stopintimidatie.exports.redaction.source import Despite, SourceReport, Term
from stopintimidatie.exports.vocabulary import BASES, DOSSIER, ExportRequest, clean
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis, RestrictedUse
from stopintimidatie.reports.vocabulary import AgeGroup
from stopintimidatie.reports.words import NOT_ASKED

# A preference isn't passed over because it is handy within the house.
GROUNDS: Final = tuple(basis for basis in BASES if basis is not LegalBasis.INTERNAL)
REASON_MAX: Final = 500
Kept = list[dict[str, Any]]
RECIPIENTS: Final = {
    Sharing.POLICE: "de politie",
    Sharing.PARTNERS: "partners van de gemeente",
}


def despite(kept: Kept | None) -> dict[int, Despite]:
    """Return the grounds for reports that go along against a wish, by serial number."""
    return {
        int(deviation["nummer"]): Despite(
            Term(deviation["grondslag"], _word(str(deviation["grondslag"]))),
            str(deviation["reden"]),
        )
        for deviation in kept or ()
    }


def _word(ground: str) -> str:
    of_18_2 = ground in set(RestrictedUse)
    return RestrictedUse.word(ground) if of_18_2 else LegalBasis.word(ground)


def check_deviations(wish: ExportRequest, reports: Iterable[SourceReport]) -> None:
    """Check that what goes along against a wish, or is restricted, has a ground and a reason.

    Raises:
        FormError: One is without a ground or a reason, or the ground is consent of a child.
    """
    bound = {DOSSIER, *(report.serial for report in reports if report.restricted)}
    for deviation in wish.deviations or ():
        number = deviation["nummer"]
        grounds: Iterable[str] = RestrictedUse if number in bound else GROUNDS
        field = f"{'beperkt' if number in bound else 'toch'}.melding_{number}"
        if deviation.get("grondslag") not in set(grounds):
            raise FormError(
                "Kies een grondslag om dit toch te delen, of maak de reden leeg.",
                f"{field}.grondslag",
            )
        if not clean(str(deviation.get("reden") or "")):
            raise FormError("Schrijf op waarom u dit toch deelt.", f"{field}.reden")
    _check_consent(wish, reports)


def unwilling(
    reports: Iterable[SourceReport], sharing: Sharing | None = None
) -> list[tuple[int, str]]:
    """Return the reports that not everybody may have: number, and what the reporter said.

    `sharing`: of the recipient, where known; only what this one may not have is returned then.
    """
    return [
        (
            report.serial,
            f"{pseudonym(report)}: {NOT_ASKED}"
            if under_16(report)
            else f"{pseudonym(report)}: liever niet met {_with_whom(report)}",
        )
        for report in reports
        if not report.restricted
        and not (report.share_police and report.share_partners)
        and (sharing is None or not wanted(report, sharing))
    ]


def restricted(loaded: LoadedDossier) -> list[tuple[int, str]]:
    """Return what may not be used now: number, and on which ground; the dossier itself first."""
    whole = [(DOSSIER, loaded.restricted)] if loaded.restricted else []
    parts = [(part.serial, part.restricted) for part in loaded.known.reports if part.restricted]
    return [(number, f"{named(number)}: gebruik beperkt: {why}") for number, why in whole + parts]


def named(number: int) -> str:
    """Return how a report, by its number, or the dossier is named among the grounds."""
    return "Het dossier" if number == DOSSIER else f"M-{number:02d}"


def freed(kept: Kept | None) -> frozenset[int]:
    """Return the numbers of what may be given although its use is restricted."""
    grounds = despite(kept)
    return frozenset(n for n, why in grounds.items() if why.ground.code in set(RestrictedUse))


def under_16(report: SourceReport) -> bool:
    """Tell whether a reporter is too young to consent."""
    age = report.reporter_age
    return age is not None and not AgeGroup.may_consent(age.code)


NO_CONSENT: Final = (
    "De melder van {} is jonger dan 16 en geeft geen toestemming: dat kan alleen de wettelijk"
    " vertegenwoordiger. Kies een andere grondslag, of deel deze melding niet."
)


def _check_consent(wish: ExportRequest, reports: Iterable[SourceReport]) -> None:
    """Check that no report of a child goes along because the child consents.

    Raises:
        FormError: The ground of the export, or of passing over a wish, is such a consent.
    """
    grounds = {number: chosen.ground.code for number, chosen in despite(wish.deviations).items()}
    consent, own = LegalBasis.REPORTER_CONSENT.value, PROFILES[wish.profile].sharing is Sharing.NONE
    for report in reports:
        if not under_16(report):
            continue
        name = pseudonym(report)
        if grounds.get(report.serial) == consent:
            field = f"toch.melding_{report.serial}.grondslag"
            raise FormError(NO_CONSENT.format(name), field)
        if wish.legal_basis == consent and (own or report.serial in grounds):
            raise FormError(NO_CONSENT.format(name), "legal_basis")


def _with_whom(report: SourceReport) -> str:
    shared = {Sharing.POLICE: report.share_police, Sharing.PARTNERS: report.share_partners}
    return " en ".join(RECIPIENTS[kind] for kind, may in shared.items() if not may)


def rows(export: Export) -> list[tuple[str, str]]:
    """Return the rows about deviations for the page of the request."""
    return [
        (
            f"{_although(deviation)}: {named(number)}",
            f"{deviation.ground.label}. Reden: {deviation.reason}",
        )
        for number, deviation in sorted(despite(export.deviations).items())
    ]


def _although(deviation: Despite) -> str:
    of_18_2 = deviation.ground.code in set(RestrictedUse)
    return "Gebruik beperkt, toch gedeeld" if of_18_2 else "Tegen de deelvoorkeur"
