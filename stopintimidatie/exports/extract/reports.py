"""The photos, sound and video of a dossier and of its reports: what there is, and their content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import text
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.actions.services import attachments, file_name
from stopintimidatie.dossiers.models import Dossier, DossierAttachment
from stopintimidatie.exports.redaction.content import ContentError, DossierContent
from stopintimidatie.exports.redaction.source import Offenders, SourceAttachment, SourceReport, Term
from stopintimidatie.exports.vocabulary import clean_line, most_named
from stopintimidatie.municipalities.areas.landmarks import LandmarkKind, Near, in_words
from stopintimidatie.reports import vocabulary as reports_vocabulary
from stopintimidatie.reports.attachments.cleaner import EXTENSIONS
from stopintimidatie.reports.attachments.services import content_of
from stopintimidatie.reports.models import Report, ReportAttachment
from stopintimidatie.reports.triage.rules import distance_m
from stopintimidatie.reports.words import involves_minor, place_short

GONE: Final = "een bijlage kan niet worden gelezen; haal haar weg of probeer het later opnieuw"
Row = DossierAttachment | ReportAttachment


@dataclass(frozen=True, slots=True)
class LoadedFiles:
    """The files of the dossier and of each report by its serial number, and which rows they are."""

    of_dossier: tuple[SourceAttachment, ...]
    of_reports: Mapping[int, tuple[SourceAttachment, ...]]
    rows: Mapping[str, Row]


def load_files(session: Session, dossier: Dossier, serials: Mapping[UUID, int]) -> LoadedFiles:
    """Load them without their content. A report's file has the report's pseudonym in its name."""
    rows: dict[str, Row] = {}
    own: list[SourceAttachment] = []
    reports: dict[int, list[SourceAttachment]] = {serial: [] for serial in serials.values()}
    for row in attachments(session, dossier):
        own.append(_source(row, row.about, file_name(dossier, row)))
        rows[own[-1].file_name] = row
    sent = select(ReportAttachment).where(
        ReportAttachment.report_id.in_(list(serials)), ReportAttachment.sealed.is_(None)
    )
    ordered = sent.order_by(ReportAttachment.report_id, ReportAttachment.number)
    for sent_file in session.scalars(ordered):
        serial = serials[sent_file.report_id]
        extension = EXTENSIONS.get(sent_file.media_type, "bin")
        name = f"{dossier.number}-M-{serial:02d}-bijlage-{sent_file.number}.{extension}"
        reports[serial].append(_source(sent_file, "", name))
        rows[name] = sent_file
    return LoadedFiles(tuple(own), {key: tuple(files) for key, files in reports.items()}, rows)


def _source(row: Row, about: str, name: str) -> SourceAttachment:
    return SourceAttachment(
        number=row.number,
        kind=row.kind,
        about=about,
        on=day_of(row.at),
        size=row.size,
        media_type=row.media_type,
        file_name=name,
    )


def with_files(
    session: Session, keys: KeyRing, content: DossierContent, rows: Mapping[str, Row]
) -> tuple[DossierContent, dict[int, bytes]]:
    """Put the hash of each file that goes along in the content; give those files by number.

    Raises:
        ContentError: One of them can't be read.
    """
    files, contents = [], {}
    for number, file in enumerate(content.attachments.files, start=1):
        if file.file_name:
            data = _read(session, keys, rows[file.file_name])
            file = replace(file, sha256=sha256(data).hexdigest())
            contents[number] = data
        files.append(file)
    attachments = replace(content.attachments, files=tuple(files))
    return replace(content, attachments=attachments), contents


def _read(session: Session, keys: KeyRing, row: Row) -> bytes:
    try:
        return b"".join(content_of(session, keys, row))
    except DecryptionError as error:
        raise ContentError(GONE) from error


def going_along(content: DossierContent) -> Iterator[int]:
    """Tell which of the files, counted from one, have their content in the frozen document."""
    for number, file in enumerate(content.attachments.files, start=1):
        if file.sha256:
            yield number


# One report as a `SourceReport`. Contact data is in another table and isn't even read.


TALKS: Final = frozenset(
    {
        reports_vocabulary.ContactWish.CALL,
        reports_vocabulary.ContactWish.MAIL,
        reports_vocabulary.ContactWish.VIA_APP,
    }
)
PLACES_MAX: Final = 3
TRANSIT: Final = (("halte", "stop"), ("lijn", "line"), ("", "operator"))


def source_report(
    serial: int, report: Report, neighbourhood: str | None, subneighbourhood: str | None
) -> SourceReport:
    """Load everything of a report that a dossier may show somebody."""
    street, place, point = _places(report)
    buurt = f"buurt {subneighbourhood}" if subneighbourhood else ""
    may_consent = reports_vocabulary.AgeGroup.may_consent(report.reporter_age_group)
    return SourceReport(
        serial=serial,
        reference=report.reference,
        happened_at=report.incident_start,
        precision=reports_vocabulary.TimePrecision.of(report.time_precision or "exact"),
        part_of_day=report.part_of_day,
        place=place or buurt,
        street=street,
        buurt=buurt,
        point=point,
        place_note=report.location_text or "",
        neighbourhood=neighbourhood or "",
        place_type=Term(report.place_type, reports_vocabulary.PlaceType.word(report.place_type)),
        forms=tuple(Term(code, reports_vocabulary.Form.word(code)) for code in report.forms),
        role=Term(report.role, reports_vocabulary.Role.word(report.role)),
        feeling=_known(reports_vocabulary.FeltSafety, report.felt_safety),
        consequences=tuple(
            Term(code, reports_vocabulary.BehaviourChange.word(code))
            for code in report.behaviour_changes
        ),
        recurrence=_known(reports_vocabulary.Recurrence, report.recurrence),
        reporter_age=_known(reports_vocabulary.AgeGroup, report.reporter_age_group),
        minor=involves_minor(report),
        offenders=_offenders(report),
        bystanders=_known(reports_vocabulary.Bystanders, report.bystanders),
        police=_known(reports_vocabulary.Police, report.police),
        willing_to_talk=report.wants_contact in TALKS,
        account=report.description or "",
        share_police=report.share_with_police and may_consent,
        share_partners=report.share_with_partners and may_consent,
    )


def _places(report: Report) -> tuple[str, str, tuple[float, float] | None]:
    """Find its street, crossing, stop or line, its place, and its point.

    Without a name of the reporter's it is the place that the system names; how far off that is
    stands in the place alone. House number and postcode stay out: they could be somebody's home.
    The point is some ten metres precise, and less where a house could be meant.
    """
    address, transit = _cleaned(report.address), _cleaned(report.transit)
    home = "house_number" in address
    known = [(label, transit.get(key)) for label, key in TRANSIT]
    stop = ", ".join(f"{label} {text}".strip() for label, text in known if text)
    street = place = address.get("street", stop)
    # The town isn't part of its name: others are in this street without saying in which town.
    if "street" in address and "town" in address:
        place = f"{street} in {address['town']}"
    if not street and report.near_place:
        near = Near.of(report.near_place)
        # A crossing or stop beside a house would say more exactly where it stands than its point.
        if not home or near.kind is LandmarkKind.STREET:
            street = place_short(report)
            place = street if home else in_words(near, report.accuracy_m)
    if report.lat is None or report.lon is None:
        return street, place, None
    decimals = 3 if home else 4
    return street, place, (round(report.lat, decimals), round(report.lon, decimals))


def _cleaned(parts: Mapping[str, Any] | None) -> dict[str, str]:
    """Put each part that is filled in on one line."""
    return {key: clean_line(str(value)) for key, value in (parts or {}).items() if value}


# A report so near to one that names its street is in that street, for a reader.
NEAR_M: Final = 60.0


def name_by_neighbours(reports: Sequence[SourceReport]) -> list[SourceReport]:
    """Give reports without a street the nearest street of another one, if it is near."""
    named = [(report.point, report.street) for report in reports if report.point and report.street]
    return [
        replace(report, place=f"bij {near}") if (near := _nearest(report, named)) else report
        for report in reports
    ]


def _nearest(report: SourceReport, named: Sequence[tuple[tuple[float, float], str]]) -> str:
    if report.point is None or report.street:
        return ""
    near = [
        (metres, street)
        for point, street in named
        if (metres := distance_m(*report.point, *point)) <= NEAR_M
    ]
    return min(near)[1] if near else ""


def place_in_words(reports: Sequence[SourceReport]) -> str:
    """Say where the dossier is about: the streets that several of its reports name."""
    return most_named((report.street for report in reports), PLACES_MAX, least=2)


def _known(vocabulary: type[text.Term], code: str | None) -> Term | None:
    return None if code is None else Term(code, vocabulary.word(code))


def _offenders(report: Report) -> Offenders:
    return Offenders(
        number=_known(reports_vocabulary.OffenderCount, report.offender_count),
        in_group=report.offender_in_group,
        known=_known(reports_vocabulary.OffenderKnown, report.offender_known),
        age=_known(reports_vocabulary.OffenderAge, report.offender_age),
        gender=_known(reports_vocabulary.OffenderGender, report.offender_gender),
        transport=_known(reports_vocabulary.Transport, report.offender_transport),
        appearance=report.offender_appearance or "",
    )
