"""Publishing a part, planning it, taking a plan back. One transaction each, with its audit.

What a part may hold is checked by who asks (`forms`); here it is stored as a version of its own,
that nobody changes any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.logos import CleanLogo
from stopintimidatie.municipalities.models import (
    MunicipalityLogo,
    MunicipalityQuestion,
    MunicipalitySetting,
)
from stopintimidatie.municipalities.published import Part
from stopintimidatie.municipalities.questions import new_question_id
from stopintimidatie.web.filters import datetime_short

AUDIT_KIND: Final = "instelling"
LONGEST_AHEAD: Final = timedelta(days=2 * 366)
# So close to its moment a plan may be in use already, by a clock that is a little ahead.
_TOO_CLOSE: Final = timedelta(seconds=30)


class PublishingError(Exception):
    """It can't be published so; the message says what to do."""


class StaleSettingError(Exception):
    """Somebody else published this part since this person saw it."""


def latest_number(session: Session, owner: str, part: Part) -> int:
    """The number of the newest version, planned or not; 0 when there is none."""
    wanted = select(func.max(MunicipalitySetting.number)).where(
        MunicipalitySetting.owner == owner, MunicipalitySetting.part == part
    )
    return session.scalar(wanted) or 0


def planned_version(session: Session, owner: str, part: Part) -> MunicipalitySetting | None:
    """The version whose moment hasn't come; there is one at most."""
    return session.scalars(
        select(MunicipalitySetting).where(
            MunicipalitySetting.owner == owner,
            MunicipalitySetting.part == part,
            MunicipalitySetting.withdrawn_at.is_(None),
            MunicipalitySetting.effective_from > utc_now(),
        )
    ).first()


def publish(
    session: Session,
    actor: Actor,
    owner: str,
    part: Part,
    content: Mapping[str, Any],
    *,
    from_moment: datetime | None = None,
    seen: int | None = None,
) -> MunicipalitySetting:
    """Publish a part from a moment on (now, when none is named).

    :param owner: a municipality, or `landelijk`; the transaction works for it.
    :param seen: the number of the version that was changed; None: whatever it is.
    :raises StaleSettingError: there is a newer one.
    :raises PublishingError: the moment has passed or is too far ahead, or a plan waits already.
    """
    now = utc_now()
    _check_moment(from_moment, now)
    plan = planned_version(session, owner, part)
    if plan is not None:
        raise PublishingError(
            f"Er staat al een wijziging klaar, vanaf {datetime_short(plan.effective_from)}. Trek"
            " die eerst in bij ‘Versies’, of wacht tot zij geldt."
        )
    newest = latest_number(session, owner, part)
    if seen is not None and seen != newest:
        raise StaleSettingError
    version = MunicipalitySetting(
        owner=owner,
        part=part.value,
        number=newest + 1,
        content=dict(content),
        recorded_at=now,
        effective_from=from_moment or now,
    )
    session.add(version)
    session.flush()
    record(
        session, actor, "instelling.gewijzigd", owner, AUDIT_KIND, [version.id], fields=[part.value]
    )
    return version


def _check_moment(moment: datetime | None, now: datetime) -> None:
    if moment is not None and moment <= now:
        raise PublishingError("Dit moment is voorbij. Laat het veld leeg, dan geldt het meteen.")
    if moment is not None and moment > now + LONGEST_AHEAD:
        raise PublishingError("Kies een moment binnen twee jaar.")


def withdraw(session: Session, actor: Actor, version: MunicipalitySetting) -> None:
    """Take back a plan, before its moment comes.

    :raises PublishingError: it counts already, or was taken back.
    """
    now = utc_now()
    if version.withdrawn_at is not None:
        raise PublishingError("Deze versie is al ingetrokken.")
    if version.effective_from <= now + _TOO_CLOSE:
        raise PublishingError("Deze versie geldt al. Maak een nieuwe versie om haar te wijzigen.")
    version.withdrawn_at = now
    record(
        session,
        actor,
        "instelling.ingetrokken",
        version.owner,
        AUDIT_KIND,
        [version.id],
        fields=[version.part],
    )


def history(session: Session, owner: str, part: Part, limit: int) -> Sequence[MunicipalitySetting]:
    """The versions of a part, newest first."""
    return session.scalars(
        select(MunicipalitySetting)
        .where(MunicipalitySetting.owner == owner, MunicipalitySetting.part == part)
        .order_by(MunicipalitySetting.number.desc())
        .limit(limit)
    ).all()


def add_question(session: Session, owner: str, content: Mapping[str, Any]) -> str:
    """Keep a question for ever; its name. It is asked once a version of the list names it."""
    question = MunicipalityQuestion(id=new_question_id(), owner=owner, content=dict(content))
    session.add(question)
    session.flush()
    return question.id


def keep_logo(session: Session, owner: str, logo: CleanLogo) -> str:
    """Keep a logo under its hash, which a version of the look can name from now on."""
    if session.get(MunicipalityLogo, (owner, logo.sha256)) is None:
        session.add(
            MunicipalityLogo(
                owner=owner,
                sha256=logo.sha256,
                media_type=logo.media_type,
                content=logo.content,
            )
        )
        session.flush()
    return logo.sha256
