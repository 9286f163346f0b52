"""From a request to what goes out now: also against a preference, on a ground, which is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.services import Subject, find_disclosure, subjects_of
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.reports import Row
from stopintimidatie.exports.models import Export, ExportState, basis_words, demand_words
from stopintimidatie.exports.profiles.defaults import INTERNAL, LABELS, MINORS, PROFILES
from stopintimidatie.exports.profiles.rules import Field, Profile, Section, Sharing, rules_under
from stopintimidatie.exports.profiles.services import current_profiles
from stopintimidatie.exports.redaction.content import DossierContent, Hidden, content_hash
from stopintimidatie.exports.redaction.reports import filled
from stopintimidatie.exports.redaction.rules import MarkedReport, hidden, marked, redact
from stopintimidatie.exports.redaction.selection import ROW_FIELDS, Selection, pseudonym, wanted
from stopintimidatie.exports.redaction.selection import select as select_reports
from stopintimidatie.exports.redaction.source import (
    Despite,
    DossierSource,
    Edition,
    KnownDossier,
    PreviousVersion,
    SourceReport,
    Term,
    as_looked_at,
    texts_of_officers,
)
from stopintimidatie.exports.review.services import shown_outside
from stopintimidatie.exports.vocabulary import BASES, DEMAND, DOSSIER, ExportRequest, clean
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis, RestrictedUse
from stopintimidatie.reports.conversation.services import CLOSED, tell_once
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import AgeGroup
from stopintimidatie.reports.words import NOT_ASKED
from stopintimidatie.settings import Settings

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


TOLD: Final = "stopintimidatie.exports.extract:templates/told.txt.jinja2"


def tell_reporters(session: Session, against: Iterable[UUID], sharing: Sharing) -> None:
    """Tell reporters that their report is shared against their wish.

    They read it where they follow their report; not with whom exactly, nor why.
    """
    if sharing not in RECIPIENTS:
        return
    for number in against:
        report = session.get(Report, number)
        if report is None or report.state in CLOSED:
            continue
        asked = AgeGroup.may_consent(report.reporter_age_group)
        words = render(TOLD, {"asked": asked, "recipients": RECIPIENTS[sharing]}).strip()
        tell_once(session, report, "bericht", words, SYSTEM)


# From a request to the content its recipient gets: to look at beforehand, and to freeze.


AGAINST: Final = "gedeeld tegen de deelvoorkeur"
RESTRICTED: Final = "gebruik beperkt, toch gedeeld"
_ANY_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The content that would go out at this moment, what is hidden of it, and of whom it tells."""

    export: Export
    at: datetime
    profile: Profile
    content: DossierContent
    # With the reasons, which a recipient outside doesn't read.
    hidden: tuple[Hidden, ...]
    marked: tuple[MarkedReport, ...]
    subjects: tuple[Subject, ...]
    against: tuple[UUID, ...]
    minors: bool
    read_ids: tuple[UUID, ...]
    # The files that go along, by their names.
    files: Mapping[str, Row]
    # Those whose text somebody should look at first, by serial number.
    unread: Mapping[int, UUID]
    # Parts that may not be used now, in words; and the ground when it is the whole dossier.
    restricted: tuple[str, ...] = ()
    whole_restricted: str = ""
    # Texts of officers that stay behind, as nobody looked at them.
    unread_texts: int = 0

    @property
    def fingerprint(self) -> str:
        """Tell what an approver saw: the same whenever it is looked at, whichever version it is."""
        still = replace(self.content.delivery, frozen_at=_ANY_MOMENT, version=1)
        return content_hash(replace(self.content, delivery=still))


def prepare(
    session: Session,
    settings: Settings,
    loaded: LoadedDossier,
    export: Export,
    at: datetime,
    beside: Sequence[tuple[str, str]] = (),
) -> Prepared:
    """Redact what the recipient of this export gets if it is frozen now.

    `beside` names who is to be asked for in the same request and isn't yet: name and kind.

    Raises:
        ContentError: This dossier can't be put in a document; the message says why.
    """
    profile = current_profiles(session, export.holder)[export.profile]
    known = {field.name: getattr(loaded.known, field.name) for field in fields(KnownDossier)}
    known["reports"] = tuple(_despite(loaded.known.reports, export.asked))
    wish = profile.sharing
    reluctant = {report.serial for report in loaded.known.reports if not wanted(report, wish)}
    edition = _edition(session, settings, export, at, beside)
    source = DossierSource(**known, request=export.asked, edition=edition)
    source, unread = _looked_at(loaded, source, profile)
    chosen = select_reports(source.reports, profile, export.in_full, most=settings.pdf_full_reports)
    content = redact(source, chosen)
    lines = hidden(source, chosen, inside=True)
    marks = marked(source.reports, chosen, lines)
    ids = loaded.report_ids
    # Reporters aren't told when the ground is a demand: that may be secret.
    to_tell = () if export.legal_basis == DEMAND else reluctant & chosen.against.keys()
    return Prepared(
        export=export,
        at=at,
        profile=profile,
        content=content,
        hidden=lines,
        marked=marks,
        subjects=tuple(_subjects(chosen, ids)),
        against=tuple(ids[serial] for serial in sorted(to_tell)),
        minors=any(report.minor for report in chosen.reports),
        read_ids=tuple(ids.values()),
        files=loaded.files,
        unread={report.serial: ids[report.serial] for report in marks if report.unread},
        restricted=tuple(words for _, words in restricted(loaded)),
        whole_restricted=loaded.restricted,
        unread_texts=unread,
    )


def _looked_at(
    loaded: LoadedDossier, source: DossierSource, profile: Profile
) -> tuple[DossierSource, int]:
    """Return the dossier with the texts of officers that may go, and how many stay behind."""
    if profile.name == INTERNAL.name:
        return source, 0
    texts = texts_of_officers(source, [source.request])
    reviewed = shown_outside(loaded.row, texts)
    return as_looked_at(source, reviewed), len(texts) - len(reviewed)


def check_restricted(seen: Prepared) -> None:
    """Check that a dossier of which the use is restricted goes out only on a ground for that.

    Raises:
        FormError: It has none.
    """
    if seen.whole_restricted and DOSSIER not in freed(seen.export.deviations):
        raise FormError(
            f"Het gebruik van dit dossier is beperkt ({seen.whole_restricted}). Geef het niet door,"
            " tenzij het moet voor een rechtsvordering of om iemand anders te beschermen: vraag de"
            " uitvoer dan aan met die grond en een reden. Of wacht tot de privacyfunctionaris de"
            " beperking opheft.",
            f"beperkt.melding_{DOSSIER}.grondslag",
        )


def _despite(reports: Iterable[SourceReport], asked: ExportRequest) -> Iterator[SourceReport]:
    """Yield the reports, each with the ground on which it goes against its reporter's wish.

    A demand isn't stopped by what reporters would rather; each report says by which it was. A
    report of which the use is restricted needs a ground for that, also with a demand.
    """
    grounds, free = despite(asked.deviations), freed(asked.deviations)
    demand = None
    if asked.legal_basis == DEMAND:
        demand = Despite(Term(DEMAND, LegalBasis.word(DEMAND)), demand_words(asked))
    for report in reports:
        own = grounds.get(report.serial)
        if report.restricted:
            yield replace(report, despite=own if report.serial in free else None)
        else:
            yield replace(report, despite=demand or own)


def _edition(
    session: Session,
    settings: Settings,
    export: Export,
    at: datetime,
    beside: Sequence[tuple[str, str]],
) -> Edition:
    """Make what is said of this version itself: its number, its ground, who else gets it."""
    others = _beside(session, export)
    before = _before(others, export)
    return Edition(
        export_id=export.reference,
        version=len(before) + 1,
        frozen_at=at,
        verification_url=f"{settings.public_address}/verificatie?uitvoer={export.reference}",
        legal_basis=basis_words(export.asked),
        previous=_previous(session, before),
        others=_others(others, export, beside),
    )


def _beside(session: Session, export: Export) -> Sequence[Any]:
    """Return the other exports of the dossier, of which a version tells something."""
    return session.execute(
        select(
            Export.reference,
            Export.recipient,
            Export.profile,
            Export.state,
            Export.frozen_at,
            Export.together,
        ).where(Export.dossier_id == export.dossier_id, Export.reference != export.reference)
    ).all()


def earlier_editions(session: Session, export: Export) -> int:
    """Count the versions of this dossier that this recipient was given before."""
    return len(_before(_beside(session, export), export))


def _before(others: Sequence[Any], export: Export) -> list[Any]:
    """Return the versions that this recipient was given before, the newest first. Pure."""
    own = export.recipient.lower()
    mine = [
        row
        for row in others
        if row.frozen_at and row.profile == export.profile and row.recipient.lower() == own
    ]
    return sorted(mine, key=lambda row: row.frozen_at, reverse=True)


def _others(
    others: Sequence[Any], export: Export, beside: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return who else was given this dossier, or is in the same request: name and kind. Pure."""
    own, ended = export.recipient.lower(), (ExportState.REJECTED, ExportState.WITHDRAWN)
    together = export.together
    given_to = {
        (row.recipient, LABELS[row.profile])
        for row in others
        if row.state not in ended and (row.frozen_at or (together and row.together == together))
    }
    return tuple(sorted(pair for pair in {*given_to, *beside} if pair[0].lower() != own))


def _previous(session: Session, before: Sequence[Any]) -> PreviousVersion | None:
    """Return the last version that this recipient really got, or None."""
    last = next((row for row in before if row.state == ExportState.READY), None)
    entry = None if last is None else find_disclosure(session, last.reference)
    if last is None or entry is None:
        return None
    labels = [subject.label for subject in subjects_of(session, entry.id)]
    serials = frozenset(int(label.removeprefix("M-")) for label in labels)
    return PreviousVersion(day_of(last.frozen_at), serials)


def _subjects(chosen: Selection, ids: Mapping[int, UUID]) -> Iterator[Subject]:
    """Yield the reports that go along, with the categories that this recipient sees of each."""
    profile = chosen.profile
    if not profile.lists_reports:
        return
    for report in chosen.reports:
        known = filled(report)
        if report.serial not in chosen.in_full:
            known &= ROW_FIELDS
        rules = rules_under(profile, MINORS if report.minor else None)
        seen = [rules[field].category(field) for field in Field if field in known]
        files = report.attachments and report.serial in chosen.in_full and not report.minor
        if files and profile.has(Section.ATTACHMENTS):
            seen.append(Section.ATTACHMENTS.value)
        if report.serial in chosen.against:
            why = chosen.against[report.serial].ground.label
            seen.append(f"{RESTRICTED if report.restricted else AGAINST}: {why}")
        yield Subject(ids[report.serial], pseudonym(report), tuple(seen))


def subjects_to_json(subjects: Iterable[Subject]) -> bytes:
    """Write the subjects as they wait for the register, until the file is made."""
    return msgspec.json.encode([(s.id, s.label, s.categories) for s in subjects])


def subjects_from_json(text: bytes) -> list[Subject]:
    """Read the subjects that waited for the register."""
    rows = msgspec.json.decode(text, type=list[tuple[UUID, str, tuple[str, ...]]])
    return [Subject(*row) for row in rows]
