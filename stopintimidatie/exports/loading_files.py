"""The photos, sound and video of a dossier and of its reports: what there is, and their content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.files import attachments, file_name
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.work_models import DossierAttachment
from stopintimidatie.exports.content import ContentError, DossierContent
from stopintimidatie.exports.source import SourceAttachment
from stopintimidatie.reports.attachments import content_of
from stopintimidatie.reports.media import EXTENSIONS
from stopintimidatie.reports.models import ReportAttachment
from stopintimidatie.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.web.filters import day_of

GONE: Final = "een bijlage kan niet worden gelezen; haal haar weg of probeer het later opnieuw"
Row = DossierAttachment | ReportAttachment


@dataclass(frozen=True, slots=True)
class LoadedFiles:
    """The files of the dossier and of each report by its serial number, and which rows they are."""

    of_dossier: tuple[SourceAttachment, ...]
    of_reports: Mapping[int, tuple[SourceAttachment, ...]]
    rows: Mapping[str, Row]


def load_files(session: Session, dossier: Dossier, serials: Mapping[UUID, int]) -> LoadedFiles:
    """Without their content. A report's file has the report's pseudonym in its name."""
    rows: dict[str, Row] = {}
    own: list[SourceAttachment] = []
    reports: dict[int, list[SourceAttachment]] = {serial: [] for serial in serials.values()}
    for row in attachments(session, dossier):
        own.append(_source(row, row.about, file_name(dossier, row)))
        rows[own[-1].file_name] = row
    for found in _of_reports(session, list(serials)):
        serial = serials[found.report_id]
        extension = EXTENSIONS.get(found.media_type, "bin")
        name = f"{dossier.number}-M-{serial:02d}-bijlage-{found.number}.{extension}"
        reports[serial].append(_source(found, "", name))
        rows[name] = found
    return LoadedFiles(tuple(own), {key: tuple(files) for key, files in reports.items()}, rows)


def _of_reports(session: Session, reports: Sequence[UUID]) -> Iterable[ReportAttachment]:
    wanted = select(ReportAttachment).where(ReportAttachment.report_id.in_(reports))
    return session.scalars(wanted.order_by(ReportAttachment.report_id, ReportAttachment.number))


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
) -> tuple[DossierContent, list[bytes]]:
    """The content with the hash of each file that goes along, and those files in their order.

    :raises ContentError: one of them can't be read.
    """
    files, found = [], []
    for file in content.attachments.files:
        if file.file_name:
            data = _read(session, keys, rows[file.file_name])
            file = replace(file, sha256=sha256(data).hexdigest())
            found.append(data)
        files.append(file)
    told = replace(content.attachments, files=tuple(files))
    return replace(content, attachments=told), found


def _read(session: Session, keys: KeyRing, row: Row) -> bytes:
    try:
        return b"".join(content_of(session, keys, row))
    except DecryptionError as error:
        raise ContentError(GONE) from error


def going_along(content: DossierContent) -> Iterator[int]:
    """Which of the files, counted from one, have their content in the frozen document."""
    for number, file in enumerate(content.attachments.files, start=1):
        if file.sha256:
            yield number
