"""Which redaction profiles can be proposed for a partner: the room that has them tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

REGISTRY_KEY: Final = "stopintimidatie.partners.profiles"
Choices = Sequence[tuple[str, str]]


class Profiles(Protocol):
    """(session of the holder, holder) -> the profiles for who stands outside, as (name, label)."""

    def __call__(self, session: Session, holder: str) -> Choices: ...


def add_partner_profiles(config: Any, profiles: Profiles) -> None:
    """Directive `config.add_partner_profiles`."""

    def register() -> None:
        config.registry[REGISTRY_KEY] = profiles

    config.action("partner profiles", register)


def profiles_for(registry: Any, session: Session, holder: str) -> Choices:
    """What can be proposed here."""
    profiles: Profiles | None = registry.get(REGISTRY_KEY)
    return () if profiles is None else profiles(session, holder)
