"""The services of attachments and measures, with the counts that show the effect of a measure.

Attachments are cleaned and kept as those of reports are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import ground_words
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import AMSTERDAM, uuid_of
from stopintimidatie.dossiers.models import (
    Dossier,
    DossierAgreement,
    DossierAttachment,
    DossierMeasure,
    DossierMembership,
)
from stopintimidatie.dossiers.queries import inside, measures
from stopintimidatie.dossiers.rules import SHORTEST, effect_in_words, window
from stopintimidatie.dossiers.services import (
    KIND,
    DossierError,
    append,
    lock_live,
    log,
    made_by,
    set_fields,
    write_down,
)
from stopintimidatie.reports.attachments.cleaner import EXTENSIONS, Cleaned, StoppedError
from stopintimidatie.reports.attachments.services import NAMES, PURPOSE, keep_content, next_number
from stopintimidatie.reports.models import AttachmentPart, Report
from stopintimidatie.reports.personal import destroy
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.reports.workflow import ReportState

MOST_FILES: Final = 50
MEASURE_FIELDS: Final = ("kind", "what", "who", "started_on", "ended_on", "effect")
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
    lock_live(session, dossier)
    mine = DossierAttachment.dossier_id == dossier.id
    number = next_number(session, DossierAttachment, mine, MOST_FILES)
    if number is None:
        raise DossierError(
            f"In dit dossier zitten al {MOST_FILES} bijlagen. Meer kan niet.", "bestand"
        )
    content = keep_content(session, keys, dossier.holder, file)
    row = DossierAttachment(
        dossier_id=dossier.id, number=number, about=about, by=actor.name, **content
    )
    session.add(row)
    append(session, dossier, actor, "bijlage", values={"bijlage": title_of(row)})
    log(session, dossier, actor, "bijlage")
    return row


def note_stopped(
    engine: Engine, holder: str, dossier_id: UUID, actor: Actor
) -> Callable[[StoppedError], None]:
    """Return what writes in the log that the scanner stopped a file; of the file nothing stays.

    In a transaction of its own, for that of the request is undone when it is refused.
    """

    def note(stopped: StoppedError) -> None:
        action, task = "dossier.bestand_tegengehouden", f"herkend als {stopped.signature[:80]}"
        with transaction(engine, holder) as session:
            record(session, actor, action, holder, KIND, [dossier_id], task=task)

    return note


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
    session: Session, dossier: Dossier, row: DossierAttachment, ground: str, actor: Actor
) -> None:
    """Delete key and content of a file; the history says that it was there, and on which ground.

    `ground`: to erase, a code or the reference of a request; the log names it, so the FG sees it.
    """
    lock_live(session, dossier)
    values = {"bijlage": title_of(row), "grond": ground_words(ground)}
    append(session, dossier, actor, "bijlage_weg", values=values)
    log(session, dossier, actor, "bijlage_weg", [ground])
    session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id == row.id))
    session.delete(row)


def destroy_attachments(session: Session, dossier_id: UUID) -> None:
    """Delete key and content of all files of a dossier."""
    destroy(session, DossierAttachment, DossierAttachment.dossier_id == dossier_id)


@dataclass(frozen=True)
class Effect:
    """The number of reports in as many days before as after the start of a measure."""

    measure: DossierMeasure
    days: int
    own: tuple[int, int]
    # The reports of the town that aren't in the dossier.
    rest: tuple[int, int]

    @property
    def too_soon(self) -> bool:
        """Tell whether too few days have passed to say anything."""
        return self.days < SHORTEST

    @property
    def name(self) -> str:
        """The kind of the measure, in words."""
        return FollowUp.word(self.measure.kind).capitalize()

    @property
    def words(self) -> str:
        """The effect in words, as exports say it too."""
        return effect_in_words(self.days, self.own, self.rest)


def add_measure(
    session: Session,
    dossier: Dossier,
    values: Mapping[str, Any],
    actor: Actor,
) -> DossierMeasure:
    """Add a measure against what was reported.

    Raises:
        DossierError: The dossier is closed, or it ends before it begins.
    """
    _check(session, dossier, values)
    measure = DossierMeasure(
        holder=dossier.holder,
        dossier_id=dossier.id,
        **{name: values.get(name) for name in MEASURE_FIELDS},
        **made_by(actor),
    )
    session.add(measure)
    session.flush()
    values = {"soort": measure.kind}
    write_down(session, dossier, actor, "maatregel", values, logged="maatregel")
    return measure


def change_measure(
    session: Session,
    dossier: Dossier,
    measure: DossierMeasure,
    values: Mapping[str, Any],
    actor: Actor,
) -> list[str]:
    """Change a measure: its days, its end, its effect. Return the names of the fields changed.

    Raises:
        DossierError: The dossier is closed, or it ends before it begins.
    """
    _check(session, dossier, values)
    fields = set_fields(measure, values, MEASURE_FIELDS)
    if fields:
        measure.changed_at, measure.changed_by = utc_now(), actor.name
        name, values = "maatregel_gewijzigd", {"soort": measure.kind}
        write_down(session, dossier, actor, name, values, logged="maatregel")
    return fields


def _check(session: Session, dossier: Dossier, values: Mapping[str, Any]) -> None:
    lock_live(session, dossier)
    ended = values.get("ended_on")
    if ended is not None and ended < values["started_on"]:
        raise DossierError("De maatregel eindigt voordat zij begint.", "tot")


_Part = TypeVar("_Part", DossierMeasure, DossierAgreement)


def find_part(session: Session, dossier: Dossier, entity: type[_Part], number: str) -> _Part | None:
    """Return the measure or agreement of this dossier with an id from an address, or None."""
    part_id = uuid_of(number[:40])
    row = session.get(entity, part_id) if part_id else None
    return row if row is not None and row.dossier_id == dossier.id else None


def effects(session: Session, dossier: Dossier, today: date) -> list[Effect]:
    """Return each measure with its counts, the latest first, in two queries."""
    rows = measures(session, dossier)
    if not rows:
        return []
    absent = ReportState.QUARANTINE, ReportState.DESTROYED, ReportState.HANDED_OVER
    counted = Report.state.not_in(absent)
    mine = _in_dossier(dossier)
    counts = [
        _count_between(reports, *bounds)
        for row in rows
        for reports in (mine, and_(counted, ~mine))
        for bounds in _bounds(row.started_on, window(row.started_on, today))
    ]
    numbers = iter(session.execute(select(*counts)).one())
    pairs = zip(numbers, numbers, strict=True)
    return [Effect(row, window(row.started_on, today), next(pairs), next(pairs)) for row in rows]


def _bounds(started: date, days: int) -> Sequence[tuple[datetime, datetime]]:
    """Return the (begin, end) of as many days before and after a day."""
    begin = _midnight(started)
    span = timedelta(days=days)
    return (_midnight(started - span), begin), (begin, _midnight(started + span))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM)


def _in_dossier(dossier: Dossier) -> ColumnElement[bool]:
    return Report.id.in_(select(DossierMembership.report_id).where(inside(dossier)))


def _count_between(where: ColumnElement[bool], begin: datetime, end: datetime) -> Any:
    return (
        select(func.count(Report.id))
        .where(
            where,
            Report.incident_start >= begin,
            Report.incident_start < end,
            # No report comes in before what it tells of: so the index on arrival can be used.
            Report.received_at >= begin - timedelta(hours=1),
        )
        .scalar_subquery()
    )
