"""Reading a municipality's profile; routing and the intake ask it before any holder is known."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel


def profile_of(session: Session, code: str) -> MunicipalityProfile:
    """The profile; a municipality nobody spoke with yet gets an empty one, not stored."""
    found = session.get(MunicipalityProfile, code)
    return empty_profile(code) if found is None else found


def empty_profile(code: str) -> MunicipalityProfile:
    """The profile of a municipality that nobody spoke with yet; not stored."""
    return MunicipalityProfile(
        code=code,
        level=ParticipationLevel.NO_AGREEMENT,
        contact_within_days=3,
        let_op_working_days=10,
    )


def level_of(session: Session, code: str) -> ParticipationLevel:
    """How far the municipality takes part."""
    level = session.scalar(
        select(MunicipalityProfile.level).where(MunicipalityProfile.code == code)
    )
    return ParticipationLevel.NO_AGREEMENT if level is None else ParticipationLevel(level)
