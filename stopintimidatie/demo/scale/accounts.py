"""The municipalities that take part in the filling, and who works there. Demo accounts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import User
from stopintimidatie.accounts.passwords import hash_password
from stopintimidatie.accounts.services import find_user, give_role
from stopintimidatie.audit import SYSTEM, Actor
from stopintimidatie.demo.accounts import PASSWORD
from stopintimidatie.intake.app_keys import make_demo_key
from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.register.models import Municipality
from stopintimidatie.security import Role
from stopintimidatie.storage import NATIONAL, transaction

REPORTER: Final = Actor("melder", None, "melder")
_ROLES: Final = (Role.OFFICER, Role.DOSSIER_OWNER)


def prepare_desk(engine: Engine) -> UUID:
    """The app key that all reports came in with."""
    with transaction(engine, NATIONAL) as session:
        return make_demo_key(session, SYSTEM).id


def hashed_password() -> str:
    """Of all these accounts; made once, for it is slow on purpose."""
    return hash_password(PASSWORD)


def take_part(session: Session, code: str, hashed: str) -> Mapping[str, Actor]:
    """Connect the municipality and give it an officer and a dossier owner; doing so twice is fine.

    The session has entered this holder.
    """
    profile = session.get(MunicipalityProfile, code)
    if profile is None:
        session.add(MunicipalityProfile(code=code, level=ParticipationLevel.PROGRAMME))
    else:
        profile.level = ParticipationLevel.PROGRAMME
    municipality = session.get_one(Municipality, code)
    found = {"melder": REPORTER, "systeem": SYSTEM}
    for role in _ROLES:
        user = _user(session, municipality, role, hashed)
        give_role(session, SYSTEM, user, code, role)
        found[role.value] = Actor("gebruiker", str(user.id), user.name)
    return found


def _user(session: Session, municipality: Municipality, role: Role, hashed: str) -> User:
    username = f"{role.value}@{municipality.slug}.example"
    user = find_user(session, username)
    if user is None:
        name = f"{role.label} {municipality.name}"
        user = User(username=username, name=name, password_hash=hashed, demo=True)
        session.add(user)
        session.flush()
    return user
