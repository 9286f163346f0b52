"""Which redaction profiles can be proposed for a partner: the room that has them tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from stopintimidatie.registry import Directive, single

Choices = Sequence[tuple[str, str]]


class Profiles(Protocol):
    """(session of the holder, holder) -> the profiles for who stands outside, as (name, label)."""

    def __call__(self, session: Session, holder: str) -> Choices: ...


PARTNER_PROFILES: Final = Directive[None, Profiles](
    "add_partner_profiles", "partner_profiles", single
)


def profiles_for(registry: Any, session: Session, holder: str) -> Choices:
    """What can be proposed here."""
    profiles = PARTNER_PROFILES.only(registry)
    return () if profiles is None else profiles(session, holder)
