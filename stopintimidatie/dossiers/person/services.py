"""The rule that a person-directed dossier starts by: its ground, and the advice about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import after_working_days, local_date, utc_now
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.mail import Recipient, queue_mail
from stopintimidatie.core.second import check_hand, lock_open, sign, why_not
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.models import (
    ADVISE_WITHIN,
    LONGEST,
    Advice,
    PersonGround,
    PrivacyAdvice,
)
from stopintimidatie.dossiers.resources import is_strict
from stopintimidatie.dossiers.services import (
    COLLEAGUE,
    DossierError,
    append,
    check_version,
    lock,
    log,
    set_fields,
)
from stopintimidatie.dossiers.workflow import GONE, DossierState

# The list of person-directed dossiers, below a municipality.
LIST: Final = "persoonsgericht"
# Column by control, but for the choice whether the person was informed.
ATTRIBUTES: Final = {
    "strafgrond": "ground",
    "evenredigheid": "proportionality",
    "herzien_op": "review_on",
    "geinformeerd_op": "informed_on",
    "uitgesteld_tot": "postponed_until",
    "uitstel_reden": "postponed_reason",
}
GROUND_FIELDS: Final = tuple(ATTRIBUTES.values())
# Mails about advice: that it is asked with urgency, and that it is given. No content.
ASKED, GIVEN = "advies_gevraagd", "advies_gegeven"
ADVICE_JOB: Final = Job("advies.bewaken")
NO_GROUND: Final = (
    "Leg eerst vast waarom dit dossier over één persoon mag gaan, onder ‘Persoonsgericht’ in het"
    " overzicht van het dossier."
)
NOT_ASKED: Final = "Er wacht geen vraag om advies."
OWN: Final = (
    "U vroeg dit advies zelf, of u leidt dit dossier. Een andere privacyfunctionaris geeft het."
)
OUTDATED: Final = "De grond is gewijzigd na het advies. Vraag opnieuw advies."


def ground_of(session: Session, dossier: Dossier) -> PersonGround | None:
    """Return the ground of a dossier, if it was written down."""
    mine = select(PersonGround).where(
        PersonGround.holder == dossier.holder, PersonGround.dossier_id == dossier.id
    )
    return session.scalars(mine).one_or_none()


def advices_of(session: Session, dossier: Dossier) -> list[PrivacyAdvice]:
    """Return all advice that was asked about a dossier, the latest first."""
    mine = select(PrivacyAdvice).where(
        PrivacyAdvice.holder == dossier.holder, PrivacyAdvice.dossier_id == dossier.id
    )
    latest = PrivacyAdvice.proposed_at.desc(), PrivacyAdvice.id.desc()
    return list(session.scalars(mine.order_by(*latest)))


def latest_advice(session: Session, dossier: Dossier) -> PrivacyAdvice | None:
    """Return the advice that was asked last."""
    return next(iter(advices_of(session, dossier)), None)


def has_advice(session: Session, dossier: Dossier) -> bool:
    """Tell whether a privacy officer gave advice, also before it became a step of its own."""
    if dossier.privacy_advice:
        return True
    given = select(PrivacyAdvice.id).where(
        PrivacyAdvice.dossier_id == dossier.id, PrivacyAdvice.outcome.is_not(None)
    )
    return session.scalars(given.limit(1)).first() is not None


def open_dossier(session: Session, dossier: Dossier) -> None:
    """Lock a person-directed dossier that is still there.

    Raises:
        DossierError: It is of another kind, or it was destroyed or handed over.
    """
    lock(session, dossier)
    if not is_strict(dossier.kind):
        raise DossierError("Dit dossier is niet persoonsgericht.")
    if dossier.state in GONE:
        raise DossierError("Dit dossier is er niet meer. Er kan niets meer bij.")


def write_ground(
    session: Session, dossier: Dossier, values: Mapping[str, Any], actor: Actor
) -> PersonGround:
    """Write down why a dossier may be about one person, or change that.

    Raises:
        DossierError: Something is missing, a day can't be, or the review day of a dossier that
            started would change.
    """
    open_dossier(session, dossier)
    row = ground_of(session, dossier)
    if row is not None and reviewed_apart(dossier, row) and "review_on" in values:
        raise DossierError("De dag van herziening verandert alleen door te herzien.", "herzien_op")
    _check_ground(values, values.get("review_on") or (row.review_on if row else None))
    if row is None:
        row = PersonGround(
            holder=dossier.holder,
            dossier_id=dossier.id,
            **{name: values.get(name) for name in GROUND_FIELDS},
            changed_by=actor.name,
        )
        session.add(row)
        session.flush()
        fields = list(GROUND_FIELDS)
    else:
        fields = set_fields(row, values, GROUND_FIELDS)
        row.changed_at, row.changed_by = utc_now(), actor.name
        row.revision += bool({"ground", "proportionality"} & set(fields))
    if fields:
        append(session, dossier, actor, "grond")
        log(session, dossier, actor, "grond", fields)
    return row


def reviewed_apart(dossier: Dossier, ground: PersonGround | None) -> bool:
    """Tell whether the review day changes only by a review: the dossier started with one."""
    return ground is not None and dossier.state != DossierState.PREPARING


def _check_ground(values: Mapping[str, Any], review_on: date | None) -> None:
    """Check the days of a ground, and that it says whether the person was informed."""
    today = local_date(utc_now())
    if "review_on" in values:
        check_review_day(values["review_on"])
    informed, until = values.get("informed_on"), values.get("postponed_until")
    reason = (values.get("postponed_reason") or "").strip()
    if informed is not None:
        if until is not None or reason:
            raise DossierError(
                "U kiest geïnformeerd én uitgesteld. Maak een van beide leeg.", "informeren"
            )
        if informed > today:
            raise DossierError("Deze dag is nog niet geweest.", "geinformeerd_op")
        return
    if until is None:
        raise DossierError("Kies tot wanneer u het informeren uitstelt.", "uitgesteld_tot")
    if not reason:
        raise DossierError("Schrijf op waarom u het informeren uitstelt.", "uitstel_reden")
    if until <= today:
        raise DossierError("Kies een dag vanaf morgen.", "uitgesteld_tot")
    if review_on is not None and until > review_on:
        raise DossierError(
            f"Stel niet langer uit dan tot de dag van herziening, {date_text(review_on)}.",
            "uitgesteld_tot",
        )


def check_review_day(day: date | None) -> None:
    """Check that a review day is still to come, and within six months.

    Raises:
        DossierError: It isn't.
    """
    today = local_date(utc_now())
    if day is None or not today < day <= LONGEST.after(today):
        raise DossierError(
            f"Kies een dag vanaf morgen en uiterlijk {date_text(LONGEST.after(today))}: binnen zes"
            " maanden kijkt u opnieuw.",
            "herzien_op",
        )


def check_reason(reason: str | None, message: str) -> None:
    """Check that a reason was written.

    Raises:
        DossierError: There is none.
    """
    if not (reason or "").strip():
        raise DossierError(message, "reden")


def ask_advice(session: Session, dossier: Dossier, question: str, actor: Actor) -> PrivacyAdvice:
    """Ask the privacy officers for advice.

    Raises:
        DossierError: The ground isn't written down, or a question waits already.
    """
    open_dossier(session, dossier)
    if ground_of(session, dossier) is None:
        raise DossierError(NO_GROUND)
    latest = latest_advice(session, dossier)
    if latest is not None and latest.outcome is None:
        raise DossierError("Er is al advies gevraagd. Wacht op het antwoord.")
    row = PrivacyAdvice(
        holder=dossier.holder,
        dossier_id=dossier.id,
        proposed_by_id=actor.id,
        proposed_by=actor.name,
        question=question,
    )
    session.add(row)
    session.flush()
    append(session, dossier, actor, "advies_gevraagd")
    log(session, dossier, actor, "advies_gevraagd")
    return row


def privacy_officers(session: Session, holder: str) -> list[str]:
    """Return the ids of the privacy officers of a holder."""
    people = select(RoleAssignment.user_id).where(
        RoleAssignment.holder == holder, RoleAssignment.role == Role.PRIVACY_OFFICER.value
    )
    return sorted({str(person) for person in session.scalars(people)})


def why_not_advise(
    session: Session, dossier: Dossier, advice: PrivacyAdvice | None, person: str | None
) -> str:
    """Return why somebody can't give advice now; empty when they can."""
    if advice is None or not advice.waits:
        return NOT_ASKED
    return why_not(session, advice, person, _leader(dossier), OWN) or ""


def _leader(dossier: Dossier) -> list[str]:
    return [str(dossier.owner_id)] if dossier.owner_id else []


def is_outdated(ground: PersonGround | None, advice: PrivacyAdvice | None) -> bool:
    """Tell whether advice was given about a ground that was changed since."""
    given = ground is not None and advice is not None and advice.outcome is not None
    return given and advice.ground_revision != ground.revision  # type: ignore[union-attr]


def give_advice(
    session: Session,
    dossier: Dossier,
    outcome: Advice,
    words: str,
    actor: Actor,
    *,
    seen: int | None = None,
) -> PrivacyAdvice:
    """Give the advice that was asked, about the ground of now; it is no veto. Mail the owner.

    `seen`: the version of the ground that the privacy officer read.

    Raises:
        DossierError: Nothing was asked.
        SecondError: The question was answered, or the actor asked it or leads the dossier.
        StaleDossierError: The ground was changed since it was read.
    """
    open_dossier(session, dossier)
    row, ground = latest_advice(session, dossier), ground_of(session, dossier)
    if row is None or ground is None:
        raise DossierError(NOT_ASKED)
    lock_open(session, row, actor)
    check_hand(session, row, actor, _leader(dossier), OWN)
    session.refresh(ground)
    if seen is not None:
        check_version(ground, seen)
    row.outcome, row.words, row.ground_revision = outcome.value, words, ground.revision
    sign(session, row, actor)
    append(session, dossier, actor, "advies_gegeven", values={"advies": outcome.nl})
    log(session, dossier, actor, "advies_gegeven", [outcome.value])
    if owner := str(dossier.owner_id or row.proposed_by_id or ""):
        to, key = Recipient(COLLEAGUE, owner), f"{GIVEN}:{row.id}"
        queue_mail(session, dossier.holder, GIVEN, to, about=row.id, key=key)
    return row


def decide_on_advice(
    session: Session, dossier: Dossier, followed: bool, reason: str | None, actor: Actor
) -> PrivacyAdvice:
    """Say whether the advice is followed, and if not, why.

    Raises:
        DossierError: There is no advice to decide on, or a reason is missing or one too many.
    """
    open_dossier(session, dossier)
    row = latest_advice(session, dossier)
    if row is None or row.outcome is None or row.followed is not None:
        raise DossierError("Er is geen advies om over te besluiten.")
    if not followed:
        check_reason(reason, "Schrijf op waarom u het advies niet volgt. De FG leest dit.")
    if followed and (reason or "").strip():
        raise DossierError("Een reden hoort bij ‘niet volgen’. Maak dit leeg.", "reden")
    row.followed, row.not_followed_reason = followed, reason or None
    row.decided_at, row.decided_by = utc_now(), actor.name
    name = "advies_gevolgd" if followed else "advies_niet_gevolgd"
    append(session, dossier, actor, name)
    log(session, dossier, actor, name)
    return row


def check_ground(session: Session, dossier: Dossier) -> None:
    """Check that a dossier may be worked on as far as its ground goes.

    Raises:
        DossierError: It is about a person, and its ground isn't there or must be reviewed.
    """
    if not is_strict(dossier.kind):
        return
    ground = ground_of(session, dossier)
    if ground is None:
        raise DossierError(NO_GROUND)
    if ground.review_on <= local_date(utc_now()):
        raise DossierError(
            f"Dit dossier moest op {date_text(ground.review_on)} worden herzien. Herzie het eerst."
        )


def check_ready(session: Session, dossier: Dossier) -> PrivacyAdvice | None:
    """Check what must be there before a dossier starts; return its advice, asked or given.

    Raises:
        DossierError: It is about a person and something is missing; the message says what to do.
    """
    if not is_strict(dossier.kind):
        return None
    check_ground(session, dossier)
    advice = latest_advice(session, dossier)
    if advice is None:
        raise DossierError("Vraag eerst advies aan de privacyfunctionaris.")
    if advice.outcome is None:
        return advice
    if is_outdated(ground_of(session, dossier), advice):
        raise DossierError(f"{OUTDATED} Pas daarna kan het dossier in aanpak.")
    if advice.followed is None and advice.outcome != Advice.POSITIVE:
        raise DossierError("Besluit eerst of u het advies van de privacyfunctionaris volgt.")
    _check_followed(advice)
    return advice


def check_start(session: Session, dossier: Dossier, urgent: str | None, actor: Actor) -> None:
    """Check ground and advice of a dossier that starts; with urgency the advice comes after.

    Raises:
        DossierError: Something is missing; the message says what to do.
    """
    advice, reason = check_ready(session, dossier), (urgent or "").strip()
    if advice is None:
        return
    if advice.outcome is None:
        _hurry(session, dossier, advice, reason, actor)
        return
    if reason:
        raise DossierError("Het advies is er al. Maak dit leeg.", "spoed_reden")
    if advice.followed is None:
        decide_on_advice(session, dossier, True, None, actor)


def check_return(session: Session, dossier: Dossier) -> None:
    """Check ground and advice of a dossier that goes back to work.

    Raises:
        DossierError: Something is missing, or the advice not to do this is followed.
    """
    if not is_strict(dossier.kind):
        return
    check_ground(session, dossier)
    answered = (row for row in advices_of(session, dossier) if row.outcome is not None)
    _check_followed(next(answered, None))


def _check_followed(advice: PrivacyAdvice | None) -> None:
    """Check that nobody follows advice not to do this."""
    if is_against(advice):
        raise DossierError(
            "U volgt het advies om dit niet te doen: dan gaat het dossier niet in aanpak. Is er"
            " iets veranderd? Vraag opnieuw advies."
        )


def is_against(advice: PrivacyAdvice | None) -> bool:
    """Tell whether a negative advice is followed."""
    if advice is None:
        return False
    return bool(advice.followed) and advice.outcome == Advice.NEGATIVE


def _hurry(
    session: Session, dossier: Dossier, advice: PrivacyAdvice, reason: str, actor: Actor
) -> None:
    """Start before the advice, which must be there within one working day."""
    if not reason:
        raise DossierError(
            "Het advies van de privacyfunctionaris is er nog niet. Wacht erop, of schrijf op waarom"
            " de start niet kan wachten.",
            "spoed_reden",
        )
    now = utc_now()
    advice.urgent_reason, advice.due_at = reason, after_working_days(now, ADVISE_WITHIN)
    log(session, dossier, actor, "advies_spoed")
    enqueue(session, ADVICE_JOB, dossier.holder, {"id": str(advice.id)}, delay=advice.due_at - now)
    # The mail of the next morning would come when the advice is due.
    for person in privacy_officers(session, dossier.holder):
        key, to = f"{ASKED}:{advice.id}:{person}", Recipient(COLLEAGUE, person)
        queue_mail(session, dossier.holder, ASKED, to, about=advice.id, key=key)


def check_kind(session: Session, dossier: Dossier) -> None:
    """Check that a dossier may become of another kind than person-directed.

    Raises:
        DossierError: Its ground was written down or advice asked; a dossier doesn't get round that.
    """
    if is_strict(dossier.kind) and (
        ground_of(session, dossier) is not None or latest_advice(session, dossier) is not None
    ):
        raise DossierError(
            "Van dit dossier is vastgelegd dat het over één persoon gaat. Het blijft"
            " persoonsgericht. Maak voor iets anders een nieuw dossier.",
            "kind",
        )
