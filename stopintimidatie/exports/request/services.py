"""Steps of an export: asking for it, deciding about it, having it made again, fetching it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.second import take_back
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import locked
from stopintimidatie.core.text import _, day_of
from stopintimidatie.core.tree import is_taken, register_reference
from stopintimidatie.disclosures.models import DisclosureEvent
from stopintimidatie.disclosures.resources import KIND, new_export_id
from stopintimidatie.disclosures.services import EventKind, find_disclosure, note_event
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.reports import with_files
from stopintimidatie.exports.extract.services import (
    Prepared,
    check_deviations,
    check_restricted,
    earlier_editions,
    prepare,
    subjects_to_json,
    tell_reporters,
)
from stopintimidatie.exports.models import (
    FILE,
    MAKING,
    VAULT,
    BlobKind,
    Export,
    ExportState,
    forget,
    read,
)
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.redaction.content import (
    ContentError,
    DossierContent,
    content_hash,
    to_json,
)
from stopintimidatie.exports.request.queries import (
    NO_LONGER,
    check_dossier,
    check_open,
    check_partner,
)
from stopintimidatie.exports.request.rules import check_all, check_wish
from stopintimidatie.exports.review.services import names_here
from stopintimidatie.exports.vocabulary import APPROVE_WITHIN, ExportRequest, FileForm
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.settings import Settings

JOB: Final = Job("uitvoer.maken")
# Looks whether a second person judged what was made with urgency.
WATCH: Final = Job("uitvoer.spoed_bewaken")
# The ways a file leaves: downloaded by an officer, or fetched by the partner.
PICKED_UP = "opgehaald"
# The id of what is only looked at.
EXAMPLE: Final = "voorbeeld"


def draft(dossier: Dossier, wish: ExportRequest, actor: Actor, reference: str) -> Export:
    """Return the export of a request, which isn't stored; also to preview it."""
    return Export(
        holder=dossier.holder,
        dossier_id=dossier.id,
        reference=reference,
        # The program's version; the municipality's is filled in when this is kept, and when frozen.
        profile_version=PROFILES[wish.profile].version,
        proposed_at=utc_now(),
        proposed_by_id=actor.id,
        proposed_by=actor.name,
        **asdict(wish),
    )


def check_request(
    session: Session,
    settings: Settings,
    loaded: LoadedDossier,
    wish: ExportRequest,
    actor: Actor,
    *,
    beside: Sequence[tuple[str, str]] = (),
    reference: str = EXAMPLE,
) -> Prepared:
    """Check a request and return what its recipient would get, beside other (name, kind).

    Raises:
        FormError: it may not be asked for.
    """
    now, dossier = utc_now(), loaded.row
    today = day_of(now)
    if wish.profile not in PROFILES:
        raise FormError("Kies een soort ontvanger uit de lijst.", "profile")
    here, most = names_here(session, dossier.holder), settings.pdf_full_reports
    check_all(
        (
            lambda: check_wish(wish, today, minors=False, here=here, most=most),
            lambda: check_dossier(session, dossier, wish),
            lambda: check_deviations(wish, loaded.known.reports),
            lambda: check_partner(session, wish, today),
            lambda: check_empowered(session, dossier.holder, wish.profile),
        )
    )
    try:
        drafted = draft(dossier, wish, actor, reference)
        seen = prepare(session, settings, loaded, drafted, now, beside)
    except ContentError as error:
        raise FormError(f"Dit kan zo niet in het document: {error}.") from error
    check_wish(wish, today, minors=seen.minors)
    check_restricted(seen)
    return seen


def empowered_today(session: Session, holder: str) -> bool:
    """Tell whether boas of this municipality may enforce today."""
    return published_for(session, holder).officers_empowered(day_of(utc_now()))


def check_empowered(session: Session, holder: str, profile: str) -> None:
    """Check that an export for boas is asked only where they may enforce.

    Raises:
        FormError: the boas of this municipality may not enforce today.
    """
    if PROFILES[profile].empowered_only and not empowered_today(session, holder):
        raise FormError(
            "In uw gemeente zijn boa's vandaag niet bevoegd om straatintimidatie te bekeuren (art."
            " 429ter Wetboek van Strafrecht). Daarom kan dit dossier niet naar handhaving. De"
            " beheerder vult in wanneer zij bevoegd zijn.",
            "profile",
        )


def request_export(
    session: Session,
    settings: Settings,
    loaded: LoadedDossier,
    wish: ExportRequest,
    actor: Actor,
    *,
    beside: Sequence[tuple[str, str]] = (),
    reference: str | None = None,
) -> Prepared:
    """Ask for an export, and return what its recipient would get now.

    Nothing is made before somebody else approves. `beside` holds name and kind of the other
    recipients of the same action; the demo gives the `reference`, so that it is always the same.

    Raises:
        FormError: a rule isn't kept.
    """
    made = reference or _free_id(session)
    seen = check_request(session, settings, loaded, wish, actor, beside=beside, reference=made)
    export = seen.export
    export.profile_version = seen.profile.version
    session.add(export)
    register_reference(session, export.reference, export.holder, KIND)
    session.flush()
    log(session, export, actor, "aangevraagd")
    return seen


@dataclass
class SomeRefusedError(Exception):
    """Some of several exports are refused, each by its number in the list."""

    refused: Sequence[tuple[int, FormError]]


Result = TypeVar("Result")


def _each(wishes: Sequence[ExportRequest], do: Callable[[int], Result]) -> list[Result]:
    """Do the same for each recipient, by its number: all or none.

    Raises:
        SomeRefusedError: some were refused; it holds all refusals.
    """
    results, refused = [], []
    for number in range(len(wishes)):
        try:
            results.append(do(number))
        except FormError as problem:
            refused.append((number, problem))
    if refused:
        raise SomeRefusedError(refused)
    return results


def for_each(
    ask: Callable[..., Prepared],
    session: Session,
    settings: Settings,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Prepared]:
    """Return what each recipient would get: checked with `check_request`, or asked for.

    Raises:
        SomeRefusedError: some can't be asked for so.
    """

    def look(number: int) -> Prepared:
        others = [*wishes[:number], *wishes[number + 1 :]]
        known = (other for other in others if other.profile in PROFILES)
        beside = [(other.recipient, PROFILES[other.profile].label) for other in known]
        return ask(session, settings, loaded, wishes[number], actor, beside=beside)

    return _each(wishes, look)


def request_exports(
    session: Session,
    keys: KeyRing,
    settings: Settings,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Export]:
    """Ask for exports in one action, and have the urgent ones made once all are asked for.

    Several share an id that no document shows.

    Raises:
        SomeRefusedError: some can't be asked for so.
    """
    asked = for_each(request_export, session, settings, loaded, wishes, actor)
    together = uuid4() if len(wishes) > 1 else None
    for prepared in asked:
        prepared.export.together = together
    session.flush()

    def hurry(number: int) -> Export:
        prepared = asked[number]
        if prepared.export.urgent:
            _make_at_once(session, keys, prepared, actor)
        return prepared.export

    return _each(wishes, hurry)


def _make_at_once(session: Session, keys: KeyRing, prepared: Prepared, actor: Actor) -> None:
    """Have an urgent export made before it is approved; all other rules count as usual."""
    export, now = prepared.export, prepared.at
    export.approve_by = after_working_days(now, APPROVE_WITHIN)
    freeze_and_make(session, keys, prepared)
    log(session, export, actor, "spoed", reason=export.urgent_reason)
    payload = {"id": str(export.id)}
    enqueue(session, WATCH, export.holder, payload, delay=export.approve_by - now)


def _free_id(session: Session) -> str:
    while session.scalar(select(is_taken(made := new_export_id()))):
        pass
    return made


def log(
    session: Session, export: Export, actor: Actor, action: str, *, reason: str | None = None
) -> None:
    """Record an action on an export and its dossier in the audit log."""
    ids = [export.id, export.dossier_id]
    record(session, actor, f"uitvoer.{action}", export.holder, KIND, ids, reason=reason)


def lock(session: Session, export_id: UUID) -> Export | None:
    """Return an export as it is now, locked until this transaction ends; or None."""
    statement = locked(session, select(Export).where(Export.id == export_id))
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def freeze_and_make(session: Session, keys: KeyRing, prepared: Prepared) -> None:
    """Freeze what the recipient gets and have it made.

    Raises:
        FormError: it can't be put in a document.
    """
    export = prepared.export
    # The second of two exports for one recipient in one request is the later version.
    export.edition = earlier_editions(session, export) + 1
    export.profile_version = prepared.profile.version
    export.frozen_at = prepared.at
    content = _freeze_files(session, keys, prepared)
    content = replace(content, delivery=replace(content.delivery, version=export.edition))
    export.content_sha256 = content_hash(content)
    subjects = subjects_to_json(prepared.subjects)
    VAULT.keep(session, keys, export, BlobKind.CONTENT.value, to_json(content))
    VAULT.keep(session, keys, export, BlobKind.SUBJECTS.value, subjects)
    tell_reporters(session, prepared.against, prepared.profile.sharing)
    _have_made(session, export, prepared.at)


def _freeze_files(session: Session, keys: KeyRing, prepared: Prepared) -> DossierContent:
    """Keep the files that go along under the export's own key, their hashes in the content."""
    try:
        content, files = with_files(session, keys, prepared.content, prepared.files)
    except ContentError as error:
        raise FormError(f"Dit kan zo niet in het document: {error}.") from error
    for number, data in files.items():
        VAULT.keep(session, keys, prepared.export, f"{FILE}{number}", data)
    return content


def _have_made(session: Session, export: Export, now: datetime) -> None:
    if export.profile not in PROFILES:
        raise FormError(NO_LONGER)
    export.state = ExportState.APPROVED.value
    export.progress, export.step, export.failure = 0, "wacht op zijn beurt", None
    export.progress_at = now
    enqueue(session, JOB, export.holder, {"id": str(export.id)})


def is_stuck(export: Export, settings: Settings) -> bool:
    """Tell whether no process is making this export any more.

    Either the last sign of life is longer ago than a rendering may take, or it lies in the future,
    stored by a clock that was wrong.
    """
    last = export.progress_at
    limit = timedelta(seconds=settings.pdf_timeout_seconds + 600)
    return export.state in MAKING and last is not None and abs(utc_now() - last) > limit


def make_again(session: Session, settings: Settings, export: Export, actor: Actor) -> None:
    """Try again what failed; the content is the one that was approved.

    Raises:
        FormError: it hasn't failed.
    """
    lock(session, export.id)
    ended = export.state in (ExportState.FAILED, ExportState.CANCELLED)
    if not ended and not is_stuck(export, settings):
        raise FormError("Deze uitvoer is niet mislukt of afgebroken. Open de pagina opnieuw.")
    _have_made(session, export, utc_now())
    log(session, export, actor, "opnieuw")


def cancel(session: Session, export: Export, actor: Actor) -> None:
    """Stop the making of an export, or take back a request that waits; nothing is given out.

    Raises:
        FormError: it isn't being made (any more).
        SecondError: somebody else asked for it, or it was decided meanwhile.
    """
    if export.state == ExportState.REQUESTED:
        take_back(session, export, actor)
        export.state = ExportState.REJECTED.value
        log(session, export, actor, "teruggenomen")
        return
    lock(session, export.id)
    if export.state not in MAKING:
        raise FormError("Deze uitvoer wordt niet (meer) gemaakt. Open de pagina opnieuw.")
    export.state, export.step = ExportState.CANCELLED.value, ""
    export.progress_at = utc_now()
    log(session, export, actor, "afgebroken")


def show_password(session: Session, keys: KeyRing, export: Export, actor: Actor) -> str:
    """Return the password of the file once, and destroy it.

    Raises:
        FormError: there is none, or it was shown before.
    """
    lock(session, export.id)
    if export.state != ExportState.READY or export.file_form != FileForm.LOCKED:
        raise FormError("Dit bestand heeft geen wachtwoord.")
    if export.password_shown_at is not None:
        raise FormError(
            "Het wachtwoord is al getoond en staat nergens meer. Bent u het kwijt, vraag dan een"
            " nieuwe uitvoer aan."
        )
    password = read(session, keys, export, BlobKind.LOCK).decode()
    forget(session, export, BlobKind.LOCK)
    export.password_shown_at = utc_now()
    log(session, export, actor, "wachtwoord")
    return password


def read_file(session: Session, registry: Any, export: Export) -> bytes:
    """Return the content of the file; a caller notes who got it.

    Raises:
        FormError: the file isn't ready, or isn't the one that was made.
        ShutError: it may not be given now.
        DecryptionError: none of our keys can decrypt the file.
    """
    if export.state != ExportState.READY:
        raise FormError("Dit bestand is er nog niet.")
    check_open(session, registry, export)
    pdf = read(session, registry.key_ring, export, BlobKind.PDF)
    if sha256(pdf).hexdigest() != export.file_sha256:
        raise FormError(_("Het bestand is niet meer zoals het werd gemaakt."))
    return pdf


def note_opened(session: Session, export: Export, actor: Actor) -> None:
    """Record that somebody of the municipality opened the file; the recipient has nothing yet."""
    log(session, export, actor, "gedownload")
    note_once(session, export, EventKind.OPENED, actor)


def note_once(
    session: Session, export: Export, kind: EventKind, actor: Actor, code: str | None = None
) -> None:
    """Record a step in the register, the first time of that kind and code."""
    row = find_disclosure(session, export.reference)
    if row is None:
        return
    earlier = select(DisclosureEvent.id).where(
        DisclosureEvent.disclosure_id == row.id,
        DisclosureEvent.kind == kind.value,
        DisclosureEvent.code == code if code else DisclosureEvent.code.is_(None),
    )
    if session.execute(earlier.limit(1)).first() is None:
        note_event(session, row, kind, actor, code)
