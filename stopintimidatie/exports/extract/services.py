"""Going against a reporter's sharing preference: a ground and a reason per report, and told."""

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
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.services import Subject, find_disclosure, subjects_of
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.reports import Row
from stopintimidatie.exports.extract.rules import RECIPIENTS, despite, freed, restricted
from stopintimidatie.exports.models import Export, ExportState, basis_words, demand_words
from stopintimidatie.exports.profiles.defaults import INTERNAL, LABELS, MINORS
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
)
from stopintimidatie.exports.redaction.texts import as_looked_at, texts_of_officers
from stopintimidatie.exports.review.services import shown_outside
from stopintimidatie.exports.vocabulary import DEMAND, DOSSIER, ExportRequest
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.conversation.services import CLOSED, tell_once
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import AgeGroup
from stopintimidatie.settings import Settings

AGAINST_WISH: Final = (
    "U wilde uw melding liever niet delen met {}. Wij delen haar in dit geval toch, omdat dat nodig"
    " is en de wet het toelaat. Uw naam en contactgegevens gaan niet mee. Hebt u hier vragen over?"
    " Stel ze ons op deze pagina."
)
WITHOUT_ASKING: Final = (
    "Omdat u jonger dan 16 bent, hebben wij u niet gevraagd of wij uw melding mogen delen. Wij"
    " delen haar in dit geval met {}, omdat dat nodig is en de wet het toelaat. Uw naam en"
    " contactgegevens gaan niet mee. Hebt u hier vragen over? Stel ze ons op deze pagina."
)


def tell_reporters(session: Session, against: Iterable[UUID], sharing: Sharing) -> None:
    """Tell reporters that their report is shared against their wish.

    They read it where they follow their report; not with whom exactly, nor why.
    """
    if sharing not in RECIPIENTS:
        return
    text = AGAINST_WISH.format(RECIPIENTS[sharing])
    for number in against:
        report = session.get(Report, number)
        if report is None or report.state in CLOSED:
            continue
        asked = AgeGroup.may_consent(report.reporter_age_group)
        words = text if asked else WITHOUT_ASKING.format(RECIPIENTS[sharing])
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


WHOLE_RESTRICTED: Final = (
    "Het gebruik van dit dossier is beperkt ({}). Geef het niet door, tenzij het moet voor een"
    " rechtsvordering of om iemand anders te beschermen: vraag de uitvoer dan aan met die grond en"
    " een reden. Of wacht tot de privacyfunctionaris de beperking opheft."
)


def check_restricted(seen: Prepared) -> None:
    """Check that a dossier of which the use is restricted goes out only on a ground for that.

    Raises:
        FormError: It has none.
    """
    if seen.whole_restricted and DOSSIER not in freed(seen.export.deviations):
        field = f"beperkt.melding_{DOSSIER}.grondslag"
        raise FormError(WHOLE_RESTRICTED.format(seen.whole_restricted), field)


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
