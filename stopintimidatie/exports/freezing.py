"""From a request to the content its recipient gets: to look at beforehand, and to freeze."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.disclosures.services import Subject, find_disclosure, subjects_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.content import DossierContent, Hidden, content_hash
from stopintimidatie.exports.deviations import against_wish, despite, unwilling
from stopintimidatie.exports.loading import Added, LoadedDossier, load_dossier
from stopintimidatie.exports.loading_files import Row
from stopintimidatie.exports.marking import MarkedReport, marked
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profile_versions import current_profile
from stopintimidatie.exports.profiles import PROFILES, Field, Profile, Section
from stopintimidatie.exports.redaction import hidden, redact
from stopintimidatie.exports.reportlines import filled
from stopintimidatie.exports.routes import DEMAND, basis_words, demand_words
from stopintimidatie.exports.selection import pseudonym, wanted
from stopintimidatie.exports.selection import select as select_reports
from stopintimidatie.exports.source import Despite, PreviousVersion, SourceRequest, Term
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.settings import Settings
from stopintimidatie.web.filters import day_of

AGAINST: Final = "gedeeld tegen de deelvoorkeur"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would go out: the content, what is hidden of it, and of whom it tells."""

    profile: Profile
    content: DossierContent
    hidden: tuple[Hidden, ...]
    marked: tuple[MarkedReport, ...]
    subjects: tuple[Subject, ...]
    against: tuple[UUID, ...]
    unwilling: tuple[tuple[int, str], ...]
    fingerprint: str
    minors: bool
    read_ids: tuple[UUID, ...]
    # The files that go along, by their names.
    files: Mapping[str, Row]
    # Those whose text somebody should look at first, by serial number.
    unread: Mapping[int, UUID] = field(default_factory=dict)


def prepare(
    session: Session,
    settings: Settings,
    dossier: Dossier,
    export: Export,
    at: datetime,
    beside: Sequence[tuple[str, str]] = (),
) -> Prepared:
    """What the recipient of this export gets if it is frozen now.

    :param beside: who is to be asked for in the same request and isn't yet: name and kind.
    :raises ContentError: this dossier can't be put in a document; the message says why.
    """
    profile = current_profile(session, dossier.holder, export.profile)
    asked = _request(session, settings, export, at)
    asked = replace(asked, others=_with(asked.others, beside, export))
    loaded = _demanded(load_dossier(session, dossier, asked, _added(export)), export)
    content = redact(loaded.source, profile)
    lines = hidden(loaded.source, profile)
    marks = marked(loaded.source.reports, profile, lines)
    return Prepared(
        profile=profile,
        content=content,
        hidden=lines,
        marked=marks,
        subjects=tuple(_subjects(loaded, profile)),
        against=_to_tell(loaded, profile, export),
        unwilling=tuple(unwilling(loaded.source.reports)),
        fingerprint=_fingerprint(loaded, profile, export),
        minors=any(
            report.minor for report in select_reports(loaded.source.reports, profile).reports
        ),
        read_ids=tuple(loaded.report_ids.values()),
        files=loaded.files,
        unread={one.serial: loaded.report_ids[one.serial] for one in marks if one.unread},
    )


def _to_tell(loaded: LoadedDossier, profile: Profile, export: Export) -> tuple[UUID, ...]:
    """Whose reporters hear that it was against their wish. Not of a demand: that may be secret."""
    if export.legal_basis == DEMAND:
        return ()
    against = against_wish(loaded.source.reports, profile.sharing)
    return tuple(loaded.report_ids[report.serial] for report in against)


def _fingerprint(loaded: LoadedDossier, profile: Profile, export: Export) -> str:
    """The same for as long as nothing in the dossier changes, whatever the clock says."""
    still = replace(loaded.source.request, frozen_at=export.requested_at, version=1)
    return content_hash(redact(replace(loaded.source, request=still), profile))


def _request(session: Session, settings: Settings, export: Export, at: datetime) -> SourceRequest:
    return SourceRequest(
        export_id=export.reference,
        version=earlier_editions(session, export) + 1,
        frozen_at=at,
        verification_url=f"{settings.public_address}/verificatie?uitvoer={export.reference}",
        recipient=export.recipient,
        question=export.question,
        answer_by=export.answer_by,
        purpose=export.purpose,
        legal_basis=Term(export.legal_basis, basis_words(export)),
        covenant=export.covenant or "",
        destroy_by=export.destroy_by,
        previous=_previous(session, export),
        others=_others(session, export),
    )


def _added(export: Export) -> Added:
    return Added(
        phone=export.phone or "",
        facts=export.facts or "",
        perceptions=export.perceptions or "",
        assumptions=export.assumptions or "",
        feedback=export.feedback or "",
        despite=despite(export.deviations),
    )


def _same_recipient(export: Export) -> tuple[ColumnElement[bool], ...]:
    return (
        Export.dossier_id == export.dossier_id,
        Export.profile == export.profile,
        func.lower(Export.recipient) == export.recipient.lower(),
        Export.reference != export.reference,
        Export.frozen_at.is_not(None),
    )


def earlier_editions(session: Session, export: Export) -> int:
    """How many versions this recipient was given of this dossier before."""
    counted = select(func.count()).select_from(Export).where(*_same_recipient(export))
    return session.scalar(counted) or 0


def _others(session: Session, export: Export) -> tuple[tuple[str, str], ...]:
    """Who else was given this dossier, or is in the same request."""
    given: ColumnElement[bool] = Export.frozen_at.is_not(None)
    if export.together is not None:
        given = or_(given, Export.together == export.together)
    rows = session.execute(
        select(Export.recipient, Export.profile)
        .where(
            Export.dossier_id == export.dossier_id,
            Export.reference != export.reference,
            func.lower(Export.recipient) != export.recipient.lower(),
            Export.state.not_in((ExportState.REJECTED.value, ExportState.WITHDRAWN.value)),
            given,
        )
        .distinct()
        .order_by(Export.recipient, Export.profile)
    )
    return tuple((row[0], PROFILES[row[1]].label) for row in rows)


def _with(
    others: Sequence[tuple[str, str]], beside: Sequence[tuple[str, str]], export: Export
) -> tuple[tuple[str, str], ...]:
    own = export.recipient.lower()
    return tuple(sorted({*others, *(one for one in beside if one[0].lower() != own)}))


def _previous(session: Session, export: Export) -> PreviousVersion | None:
    """The last version that this recipient really got."""
    last = session.scalars(
        select(Export)
        .where(*_same_recipient(export), Export.state == ExportState.READY.value)
        .order_by(Export.frozen_at.desc())
        .limit(1)
    ).one_or_none()
    entry = None if last is None else find_disclosure(session, last.reference)
    if last is None or last.frozen_at is None or entry is None:
        return None
    labels = [subject.label for subject in subjects_of(session, entry.id)]
    serials = frozenset(int(label.removeprefix("M-")) for label in labels)
    return PreviousVersion(day_of(last.frozen_at), serials)


def _demanded(loaded: LoadedDossier, export: Export) -> LoadedDossier:
    """A demand isn't stopped by what reporters would rather; each report says by which it was."""
    if export.legal_basis != DEMAND:
        return loaded
    told = Despite(Term(DEMAND, LegalBasis.word(DEMAND)), demand_words(export))
    reports = tuple(replace(report, despite=told) for report in loaded.source.reports)
    return replace(loaded, source=replace(loaded.source, reports=reports))


def _subjects(loaded: LoadedDossier, profile: Profile) -> Iterable[Subject]:
    """Each report that goes along, with the categories of it that this recipient sees."""
    if not profile.lists_reports:
        return
    chosen = select_reports(loaded.source.reports, profile)
    for report in chosen.reports:
        known = filled(report)
        seen = [field.value for field in Field if field in known]
        if report.attachments and not report.minor and profile.has(Section.ATTACHMENTS):
            seen.append(Section.ATTACHMENTS.value)
        if report.despite is not None and not wanted(report, profile.sharing):
            seen.append(f"{AGAINST}: {report.despite.ground.label}")
        yield Subject(loaded.report_ids[report.serial], pseudonym(report), tuple(seen))


def subjects_to_json(subjects: Iterable[Subject]) -> bytes:
    """As they wait for the register, until the file is made."""
    return json.dumps([[str(s.id), s.label, list(s.categories)] for s in subjects]).encode()


def subjects_from_json(text: bytes) -> list[Subject]:
    return [Subject(UUID(row[0]), row[1], tuple(row[2])) for row in json.loads(text)]
