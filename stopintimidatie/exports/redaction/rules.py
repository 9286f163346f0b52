"""From all that a dossier knows to what one recipient gets. Pure: no database, no clock."""

from __future__ import annotations

import re
from datetime import UTC

from stopintimidatie.exports.profiles.rules import Coarse, Field, Profile, Section, Treatment
from stopintimidatie.exports.redaction.annex import annex
from stopintimidatie.exports.redaction.chronology import (
    actions,
    agreements,
    chronology,
    consultations,
)
from stopintimidatie.exports.redaction.content import (
    SCHEMA,
    ContentError,
    Delivery,
    DossierContent,
    FeedbackContent,
    Heading,
    House,
    map_text,
)
from stopintimidatie.exports.redaction.map import map_of
from stopintimidatie.exports.redaction.reports import attachments, offenders, report_rows, reports
from stopintimidatie.exports.redaction.selection import Selection, pseudonym
from stopintimidatie.exports.redaction.source import DossierSource
from stopintimidatie.exports.redaction.summary import page_one, picture
from stopintimidatie.exports.vocabulary import clean, clean_line

QUESTION_MAX = 600
RECIPIENT_MAX = 80
TITLE_MAX = 120


def redact(source: DossierSource, chosen: Selection) -> DossierContent:
    """Make what a recipient of this kind gets of this dossier.

    Args:
        source: all that the dossier knows.
        chosen: the reports that go along (`select`).

    Raises:
        ContentError: the dossier can't be put in a document; the message says why.
    """
    _require_limits(source)
    profile, house = chosen.profile, source.house
    feedback = source.request.feedback or source.feedback_text
    told = (source.feedback_by, feedback) if profile.has(Section.FEEDBACK) else ("", "")
    content = DossierContent(
        schema=SCHEMA,
        house=House(clean_line(house.name), clean_line(house.department), house.colour, house.logo),
        delivery=_delivery(source),
        heading=_heading(source, profile),
        page_one=page_one(source, chosen),
        picture=picture(source, chosen),
        map=map_of(source, chosen),
        chronology=chronology(source, chosen),
        reports=reports(source, chosen) if profile.lists_reports else (),
        report_rows=report_rows(source, chosen) if profile.lists_reports else (),
        offenders=offenders(source, chosen) if profile.lists_reports else (),
        actions=actions(source, chosen),
        consultations=consultations(source, chosen),
        agreements=agreements(source, chosen),
        attachments=attachments(source, chosen),
        feedback=FeedbackContent(*map(clean, told)),
        annex=annex(source, chosen),
        left_out=tuple(section.value for section in Section if not profile.has(section)),
    )
    return _without_references(content, source, chosen)


def _require_limits(source: DossierSource) -> None:
    if not clean(source.request.question):
        raise ContentError("schrijf op wat u de ontvanger vraagt")
    if len(source.request.question) > QUESTION_MAX:
        raise ContentError(f"de vraag is te lang: gebruik hoogstens {QUESTION_MAX} tekens")
    if len(source.request.recipient) > RECIPIENT_MAX:
        raise ContentError(f"de ontvanger is te lang: gebruik hoogstens {RECIPIENT_MAX} tekens")
    if len(source.title) > TITLE_MAX:
        raise ContentError(f"de titel is te lang: gebruik hoogstens {TITLE_MAX} tekens")
    serials = [report.serial for report in source.reports]
    if len(set(serials)) != len(serials):
        raise ContentError("twee meldingen hebben hetzelfde nummer in het dossier")


def _delivery(source: DossierSource) -> Delivery:
    edition = source.edition
    return Delivery(
        export_id=clean_line(edition.export_id),
        version=edition.version,
        frozen_at=edition.frozen_at.astimezone(UTC).replace(microsecond=0),
        recipient=clean_line(source.request.recipient),
        verification_url=edition.verification_url,
    )


def _heading(source: DossierSource, profile: Profile) -> Heading:
    shown = profile.rules[Field.PLACE].how is not Coarse.NEIGHBOURHOOD
    return Heading(
        number=clean_line(source.number),
        title=clean_line(source.title),
        kind=source.kind.label,
        neighbourhood=clean_line(source.neighbourhood),
        place=clean_line(source.place if shown else ""),
        state=source.state.label,
        owner=clean_line(source.owner),
        owner_phone=clean_line(source.request.owner_phone or ""),
    )


def _without_references(
    content: DossierContent, source: DossierSource, chosen: Selection
) -> DossierContent:
    """Replace references in texts of officers by the pseudonyms that this recipient knows."""
    if chosen.profile.rules[Field.REFERENCE].treatment is Treatment.SHOWN or not source.reports:
        return content
    seen = {report.serial for report in chosen.reports}
    names = {
        report.reference.upper(): pseudonym(report) if report.serial in seen else "[melding]"
        for report in source.reports
    }
    pattern = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)
    return map_text(content, lambda text: pattern.sub(lambda m: names[m[0].upper()], text))
