"""What is done in a dossier: files kept with it, measures and what they did, agreements found.

Files are cleaned and kept as those of reports are.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KEY_BYTES, KeyRing, Sealed
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.dossiers.models import (
    Dossier,
    DossierAgreement,
    DossierAttachment,
    DossierMeasure,
    DossierMembership,
)
from stopintimidatie.dossiers.rules import SHORTEST, window
from stopintimidatie.dossiers.services import (
    DossierError,
    append,
    check_live,
    lock,
    log,
    reindex_dossier,
)
from stopintimidatie.reports.attachments.cleaner import EXTENSIONS, Cleaned
from stopintimidatie.reports.attachments.services import NAMES, PURPOSE, keep_parts
from stopintimidatie.reports.models import AttachmentPart, Report

MOST_FILES: Final = 50
MOST_MEASURES: Final = 30
MEASURE_FIELDS: Final = ("kind", "what", "who", "started_on", "ended_on", "effect")
MONTHS: Final = 12
SEALED: Final = Sealed(DossierAttachment, PURPOSE, ("key",), "id")


def title_of(row: DossierAttachment) -> str:
    """Return the name of an attachment for people, such as *Foto 2*."""
    return f"{NAMES.get(row.kind, 'Bestand')} {row.number}"


def file_name(dossier: Dossier, row: DossierAttachment) -> str:
    """Return a file name that tells nothing but where the file belongs."""
    return f"{dossier.number}-bijlage-{row.number}.{EXTENSIONS.get(row.media_type, 'bin')}"


def attach(
    session: Session, keys: KeyRing, dossier: Dossier, about: str, file: Cleaned, actor: Actor
) -> DossierAttachment:
    """Keep a cleaned file with the dossier.

    Raises:
        DossierError: The dossier is closed, or full.
    """
    lock(session, dossier)
    check_live(dossier)
    mine = DossierAttachment.dossier_id == dossier.id
    counted = select(func.count(), func.max(DossierAttachment.number)).where(mine)
    number, highest = session.execute(counted.select_from(DossierAttachment)).one()
    if number >= MOST_FILES:
        raise DossierError(
            f"In dit dossier zitten al {MOST_FILES} bijlagen. Meer kan niet.", "bestand"
        )
    made, key = uuid4(), secrets.token_bytes(KEY_BYTES)
    row = DossierAttachment(
        id=made,
        holder=dossier.holder,
        dossier_id=dossier.id,
        number=int(highest or 0) + 1,
        about=about,
        by=actor.name,
        kind=file.kind.value,
        media_type=file.media_type,
        size=file.size,
        parts=keep_parts(session, dossier.holder, made, key, file),
        key=keys.encrypt(PURPOSE, key.hex(), str(made)),
    )
    session.add(row)
    append(session, dossier, actor, "bijlage", values={"bijlage": title_of(row)})
    log(session, dossier, actor, "bijlage")
    return row


def attachments(session: Session, dossier: Dossier) -> Sequence[DossierAttachment]:
    """Return the attachments of a dossier, in the order they were added."""
    return session.scalars(
        select(DossierAttachment)
        .where(DossierAttachment.dossier_id == dossier.id)
        .order_by(DossierAttachment.number)
    ).all()


def find_attachment(session: Session, dossier: Dossier, number: str) -> DossierAttachment | None:
    """Return the attachment with this number, as typed in an address, or None."""
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        return None
    return session.scalars(
        select(DossierAttachment).where(
            DossierAttachment.dossier_id == dossier.id, DossierAttachment.number == int(number)
        )
    ).one_or_none()


def remove_attachment(
    session: Session, dossier: Dossier, row: DossierAttachment, actor: Actor
) -> None:
    """Delete key and content of a file; the history says that it was there."""
    lock(session, dossier)
    check_live(dossier)
    append(session, dossier, actor, "bijlage_weg", values={"bijlage": title_of(row)})
    log(session, dossier, actor, "bijlage_weg")
    session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id == row.id))
    session.delete(row)


def destroy_attachments(session: Session, dossier_id: UUID) -> None:
    """Delete key and content of all files of a dossier."""
    ids = select(DossierAttachment.id).where(DossierAttachment.dossier_id == dossier_id)
    for found in session.scalars(ids).all():
        session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id == found))
        session.execute(delete(DossierAttachment).where(DossierAttachment.id == found))


@dataclass(frozen=True)
class Effect:
    """The reports of as many days before and after a measure began."""

    measure: DossierMeasure
    days: int
    before: int
    after: int
    area_before: int
    area_after: int

    @property
    def too_soon(self) -> bool:
        """Tell whether too few days have passed to say anything."""
        return self.days < SHORTEST

    @property
    def words(self) -> str:
        """In a sentence, without claiming that one caused the other."""
        if self.too_soon:
            return "Nog te kort geleden om iets over het effect te zeggen."
        how = "evenveel meldingen als ervoor"
        if self.after != self.before:
            how = f"{'minder' if self.after < self.before else 'meer'} meldingen dan ervoor"
        return f"In {self.days} dagen erna {how}: {self.before} voor, {self.after} na."


def add_measure(
    session: Session,
    dossier: Dossier,
    values: Mapping[str, Any],
    actor: Actor,
    *,
    at: datetime | None = None,
) -> DossierMeasure:
    """Add a measure: something that is done about what was reported.

    Raises:
        DossierError: The dossier is closed, or it ends before it begins.
    """
    lock(session, dossier)
    _check(dossier, values)
    moment = at or utc_now()
    made = DossierMeasure(
        holder=dossier.holder,
        dossier_id=dossier.id,
        **{name: values.get(name) for name in MEASURE_FIELDS},
        made_at=moment,
        made_by=actor.name,
        changed_at=moment,
        changed_by=actor.name,
    )
    session.add(made)
    session.flush()
    _tell(session, dossier, made, "maatregel", actor, moment)
    return made


def change_measure(
    session: Session,
    dossier: Dossier,
    measure: DossierMeasure,
    values: Mapping[str, Any],
    actor: Actor,
) -> list[str]:
    """Change a measure: its days, its end, what it did. Return the fields that differ.

    Raises:
        DossierError: The dossier is closed, or it ends before it begins.
    """
    lock(session, dossier)
    _check(dossier, values)
    fields = [n for n in MEASURE_FIELDS if n in values and values[n] != getattr(measure, n)]
    for name in fields:
        setattr(measure, name, values[name])
    if fields:
        measure.changed_at, measure.changed_by = utc_now(), actor.name
        _tell(session, dossier, measure, "maatregel_gewijzigd", actor, measure.changed_at)
    return fields


def _check(dossier: Dossier, values: Mapping[str, Any]) -> None:
    check_live(dossier)
    ended = values.get("ended_on")
    if ended is not None and ended < values["started_on"]:
        raise DossierError("De maatregel eindigt voordat zij begint.", "ended_on")


def _tell(
    session: Session,
    dossier: Dossier,
    measure: DossierMeasure,
    name: str,
    actor: Actor,
    moment: datetime,
) -> None:
    append(session, dossier, actor, name, values={"soort": measure.kind}, at=moment)
    log(session, dossier, actor, "maatregel", [name])
    reindex_dossier(session, dossier)


def find_measure(session: Session, dossier: Dossier, measure_id: str) -> DossierMeasure:
    """Return the measure of this dossier.

    Raises:
        DossierError: There is none.
    """
    try:
        wanted = UUID(measure_id[:40])
    except ValueError:
        raise DossierError("Deze maatregel is er niet.") from None
    found = session.scalars(
        select(DossierMeasure).where(
            DossierMeasure.id == wanted, DossierMeasure.dossier_id == dossier.id
        )
    ).one_or_none()
    if found is None:
        raise DossierError("Deze maatregel is er niet.")
    return found


def effects(session: Session, dossier: Dossier, today: date, *, whole: bool) -> list[Effect]:
    """Return each measure with its counts, the latest first, in two queries.

    `whole`: the dossier stands under the whole municipality.
    """
    rows = session.scalars(
        select(DossierMeasure)
        .where(DossierMeasure.dossier_id == dossier.id)
        .order_by(DossierMeasure.started_on.desc(), DossierMeasure.made_at)
        .limit(MOST_MEASURES)
    ).all()
    if not rows:
        return []
    inside, area = _inside(dossier), _area(dossier, whole=whole)
    counts = [
        _count_between(where, *bounds)
        for row in rows
        for where in (inside, area)
        for bounds in _bounds(row.started_on, window(row.started_on, today))
    ]
    numbers = list(session.execute(select(*counts)).one())
    return [
        Effect(row, window(row.started_on, today), *numbers[4 * index : 4 * index + 4])
        for index, row in enumerate(rows)
    ]


def _bounds(started: date, days: int) -> Sequence[tuple[datetime, datetime]]:
    """Return the (begin, end) of as many days before and after a day."""
    begin = _midnight(started)
    span = timedelta(days=days)
    return (_midnight(started - span), begin), (begin, _midnight(started + span))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM)


def _inside(dossier: Dossier) -> ColumnElement[bool]:
    mine = select(DossierMembership.report_id).where(
        DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None)
    )
    return Report.id.in_(mine)


def _area(dossier: Dossier, *, whole: bool) -> ColumnElement[bool]:
    """Return the condition of the neighbourhood of the dossier, or of the whole municipality."""
    counted = Report.state.not_in(("quarantaine", "vernietigd", "overgedragen"))
    here = Report.neighbourhood_code == dossier.neighbourhood_code
    return counted if whole else and_(counted, here)


def _count_between(where: ColumnElement[bool], begin: datetime, end: datetime) -> Any:
    return (
        select(func.count(Report.id))
        .where(
            where,
            Report.incident_start >= begin,
            Report.incident_start < end,
            # Nothing is reported before it happens: the index on what came in can serve.
            Report.received_at >= begin - timedelta(hours=1),
        )
        .scalar_subquery()
    )


def months_until(today: date) -> list[date]:
    """Return the first days of the last twelve months, this one included. Pure."""
    found = [today.replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[::-1]


def per_month(session: Session, dossier: Dossier, today: date) -> list[tuple[date, int]]:
    """Return (first day, number of reports) by month of what happened, in one query."""
    months = months_until(today)
    ends = [*months[1:], (months[-1] + timedelta(days=32)).replace(day=1)]
    inside = _inside(dossier)
    counts = [
        _count_between(inside, _midnight(first), _midnight(end))
        for first, end in zip(months, ends, strict=True)
    ]
    return list(zip(months, session.execute(select(*counts)).one(), strict=True))


def find_agreement(session: Session, dossier: Dossier, agreement_id: UUID) -> DossierAgreement:
    """Return the agreement of this dossier.

    Raises:
        DossierError: There is none.
    """
    found = session.scalars(
        select(DossierAgreement).where(
            DossierAgreement.id == agreement_id, DossierAgreement.dossier_id == dossier.id
        )
    ).one_or_none()
    if found is None:
        raise DossierError("Deze afspraak is er niet.")
    return found
