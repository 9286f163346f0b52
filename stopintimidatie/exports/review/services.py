"""Looking at the free text of a report before it may go to somebody: saved, read, forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, union, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    Fragment,
    PersonalDataHolder,
    Subject,
    treated,
)
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.exports.models import ReportReview
from stopintimidatie.exports.profiles.rules import FREE_TEXT, Field
from stopintimidatie.exports.redaction.source import Reviewed
from stopintimidatie.exports.review.rules import Span, blackened, merged
from stopintimidatie.municipalities.areas import models
from stopintimidatie.reports import personal as reports_personal
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import append_move, reindex_report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.vocabulary import AgeGroup, OffenderAge

KIND: Final = "nagekeken"
# The name of each text's control in the form.
CONTROLS: Final[Mapping[Field, str]] = {
    Field.ACCOUNT: "verhaal",
    Field.PLACE_NOTE: "plek",
    Field.APPEARANCE: "signalement",
}
# The column of each text.
COLUMNS: Final[Mapping[Field, str]] = {
    Field.ACCOUNT: "description",
    Field.PLACE_NOTE: "location_text",
    Field.APPEARANCE: "offender_appearance",
}
# A text that only another version of the program knew counts as not looked at.
_KNOWN: Final = {field.name: field for field in CONTROLS}


@dataclass(frozen=True)
class LookedAt:
    """The words that were marked in one text, and by whom."""

    row: ReportReview
    spans: tuple[Span, ...]


def text_of(report: Report, field: Field) -> str:
    """Return the reporter's own words in this field."""
    text: str | None = getattr(report, COLUMNS[field])
    return text or ""


def texts_of(report: Report) -> dict[Field, str]:
    """Return the free texts that this report has, by field."""
    texts = {field: text_of(report, field) for field in CONTROLS}
    return {field: text for field, text in texts.items() if text.strip()}


def looked_at(session: Session, report: Report) -> dict[Field, LookedAt]:
    """Return what counts still of the review: texts that are as they were then."""
    return valid_reviews(session, [report]).get(report.id, {})


def reviews_of(session: Session, among: Sequence[Report]) -> Mapping[UUID, tuple[Reviewed, ...]]:
    """Return for a document the texts that were looked at, without what was marked, by report."""
    valid = valid_reviews(session, among)
    by_id = {report.id: report for report in among}
    return {
        number: tuple(
            Reviewed(field, blackened(text_of(by_id[number], field), review.spans))
            for field, review in reviews.items()
        )
        for number, reviews in valid.items()
    }


def valid_reviews(session: Session, among: Sequence[Report]) -> dict[UUID, dict[Field, LookedAt]]:
    """Find by report what was looked at while the text was as it is now."""
    by_id = {report.id: report for report in among}
    valid: dict[UUID, dict[Field, LookedAt]] = {}
    for row in session.scalars(select(ReportReview).where(ReportReview.report_id.in_(by_id))):
        field = _KNOWN.get(row.field)
        if field and row.digest == digest_of(text_of(by_id[row.report_id], field)):
            spans = merged((start, end) for start, end in row.spans)
            valid.setdefault(row.report_id, {})[field] = LookedAt(row, spans)
    return valid


def digest_of(text: str) -> str:
    """Return the digest by which a changed text is noticed."""
    return sha256(text.encode()).hexdigest()


def save_review(
    session: Session, report: Report, spans: Mapping[Field, Sequence[Span]], actor: Actor
) -> None:
    """Save that somebody looked at these texts, and the spans that don't go along."""
    session.execute(
        delete(ReportReview).where(
            ReportReview.report_id == report.id,
            ReportReview.field.in_([field.name for field in spans]),
        )
    )
    for field, marked in spans.items():
        session.add(
            ReportReview(
                holder=report.holder,
                report_id=report.id,
                field=field.name,
                digest=digest_of(text_of(report, field)),
                spans=[list(span) for span in marked],
                looked_at=utc_now(),
                looked_by_id=actor.id,
                looked_by=actor.name,
            )
        )
    session.flush()
    names = [CONTROLS[field] for field in spans]
    record(session, actor, "melding.nagekeken", report.holder, REPORT, [report.id], fields=names)


def keep_looked_at(
    session: Session, dossier: Dossier, spans: Mapping[str, Sequence[Span]], actor: Actor
) -> None:
    """Save that somebody looked at texts of officers, and the spans that don't go along."""
    looked = {digest_of(text): [list(s) for s in own] for text, own in spans.items()}
    # Nothing of the dossier itself changes: its version stays, as a package for the archive has it.
    session.execute(update(Dossier).where(Dossier.id == dossier.id).values(looked_at=looked))
    record(session, actor, "dossier.nagekeken", dossier.holder, DOSSIER, [dossier.id])


def shown_outside(dossier: Dossier, texts: Iterable[str]) -> dict[str, str]:
    """Return by text of officers what somebody looked at and lets recipients read."""
    known = dossier.looked_at or {}
    return {
        text: blackened(text, merged((start, end) for start, end in known[digest]))
        for text in texts
        if (digest := digest_of(text)) in known
    }


# Answers to the question that an age under 18 in a text raises: the part of the report that gets
# this age; ‘nee’ changes nothing.
NOBODY: Final = "nee"
MINORS: Final[tuple[tuple[str, str], ...]] = (
    (NOBODY, "Nee"),
    *(
        (f"melder.{age.value}", f"Ja: de melder, of voor wie is gemeld, is {AgeGroup.word(age)}")
        for age in AgeGroup
        if age.minor
    ),
    *(
        (f"pleger.{age.value}", f"Ja: een pleger is {OffenderAge.word(age)}")
        for age in OffenderAge
        if age.minor
    ),
)


def treat_as_minor(session: Session, report: Report, answer: str, actor: Actor) -> None:
    """Give the report the age of this answer: stricter rules hold for it from then on."""
    if answer == NOBODY:
        return
    about, age = answer.split(".")
    if about == "melder":
        before, report.reporter_age_group = report.reporter_age_group, age
        was = None if before is None else AgeGroup.word(before)
        if not AgeGroup.may_consent(age):
            report.share_with_police = report.share_with_partners = False
    else:
        before, report.offender_age = report.offender_age, age
        was = None if before is None else OffenderAge.word(before)
    line = {"Antwoord": dict(MINORS)[answer], "Leeftijd was": was or "niet ingevuld"}
    append_move(session, report, actor, "minderjarig", report.state, line)
    reindex_report(session, report)
    record(
        session, actor, "melding.minderjarig", report.holder, REPORT, [report.id], fields=[about]
    )


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find the reviews of reports that are about a person."""
    among = reports_personal.find(session, keys, subject)
    return session.scalars(select(ReportReview.id).where(ReportReview.report_id.in_(among))).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Forget a review whose text changed; it holds no words itself."""
    row = session.get(ReportReview, document)
    if row is None:
        return 0
    report, field = session.get(Report, row.report_id), _KNOWN.get(row.field)
    if not report or not field or digest_of(text_of(report, field)) != row.digest:
        erase(session, document)
    return 0


def erase(session: Session, document: UUID) -> None:
    """Delete a review."""
    session.execute(delete(ReportReview).where(ReportReview.id == document))


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Delete the reviews of a report that is erased."""
    if kind == REPORT:
        session.execute(delete(ReportReview).where(ReportReview.report_id == document))
    return 0


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Count the reviews that go with a report."""
    if kind != REPORT:
        return []
    counted = select(func.count()).where(ReportReview.report_id == document)
    return [ErasureCount("report_review", ("spans",), session.scalar(counted) or 0)]


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    {
        "report_review": treated(
            codes="field spans", sealed="digest", staff="looked_by_id looked_by"
        )
    },
    find,
    redact,
    erase,
    source_erased=source_erased,
    source_told=source_told,
)
assert set(CONTROLS) == set(FREE_TEXT)  # noqa: S101 - a mistake found when this is read


def names_here(session: Session, holder: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the names of the municipality and its areas, and of the people with a role in it."""
    areas = (models.Neighbourhood, models.Subneighbourhood)
    places = union(
        select(models.Municipality.name).where(models.Municipality.code == holder),
        *(select(area.name).where(area.municipality_code == holder) for area in areas),
    )
    mine = select(RoleAssignment.user_id).where(RoleAssignment.holder == holder)
    # A name of one word may be any word.
    people = select(User.name).where(User.id.in_(mine), User.name.contains(" "))
    return session.scalars(places).all(), session.scalars(people).all()
