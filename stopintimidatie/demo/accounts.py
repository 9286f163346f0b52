"""The municipalities, people and app key of the demo. They exist only with `demo = true`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import User
from stopintimidatie.accounts.passwords import PUBLISHED, hash_password
from stopintimidatie.accounts.services import find_user, give_role
from stopintimidatie.audit import SYSTEM, Actor
from stopintimidatie.municipalities.models import (
    MailDomain,
    MunicipalityProfile,
    ParticipationLevel,
)
from stopintimidatie.security import Role
from stopintimidatie.storage import NATIONAL

PASSWORD: Final = PUBLISHED  # printed at every start of the demo
DORDRECHT, EINDHOVEN, TILBURG = "GM0505", "GM0772", "GM0855"


@dataclass(frozen=True)
class DemoPerson:
    """An account of the demo."""

    username: str
    name: str
    holder: str
    role: Role


_NAMES: Final = {
    DORDRECHT: ("Noor Verhoeven", "Sam de Bruin", "Ilse Kuipers", "Hassan Aydin", "Marit Vos"),
    EINDHOVEN: ("Daan Peters", "Yara van Gils", "Ruud Claassen", "Femke Smits", "Joost Adriaans"),
}
_ROLES: Final = (
    Role.OFFICER,
    Role.DOSSIER_OWNER,
    Role.ADMIN,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
)
_DOMAINS: Final = {DORDRECHT: "dordrecht.example", EINDHOVEN: "eindhoven.example"}

PEOPLE: Final = (
    *(
        DemoPerson(f"{role.value}@{_DOMAINS[holder]}", name, holder, role)
        for holder, names in _NAMES.items()
        for role, name in zip(_ROLES, names, strict=True)
    ),
    DemoPerson("meldpunt@landelijk.example", "Lotte Meijer", NATIONAL, Role.NATIONAL_DESK),
)


def _logo(colour: str, letter: str) -> bytes:
    """A plain shield with a letter: no municipality's real emblem."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">'
        "<title>Logo</title>"
        f"<path d='M8 6h48v30c0 12-10 19-24 24C18 55 8 48 8 36Z' fill='{colour}'/>"
        "<text x='32' y='43' font-family='sans-serif' font-size='32' font-weight='700'"
        f" text-anchor='middle' fill='#fff'>{letter}</text></svg>"
    ).encode()


def _profile(code: str, name: str, colour: str, telephone: str) -> MunicipalityProfile:
    return MunicipalityProfile(
        code=code,
        level=ParticipationLevel.PROGRAMME,
        colour=colour,
        logo=_logo(colour, name[0]),
        logo_type="image/svg+xml",
        telephone=telephone,
        answer_title=f"Dank je wel. {name} heeft je melding.",
        answer_text=(
            "Wat je meemaakte is niet jouw schuld. Een medewerker van openbare orde en veiligheid"
            " leest je melding op de eerstvolgende werkdag. Wil je dat we contact opnemen? Dan"
            " doen we dat binnen drie dagen. We beloven niet dat we een dader vinden. Met je"
            " volgcode kun je zien wat er met je melding gebeurt. Is er nu gevaar? Bel 112."
        ),
    )


def set_up(session: Session) -> dict[tuple[str, str], User]:
    """Profiles and accounts, made when they aren't there yet; users by (holder, role)."""
    for profile in (
        _profile(DORDRECHT, "Dordrecht", "#9b1c31", "14 078"),
        _profile(EINDHOVEN, "Eindhoven", "#00665e", "14 040"),
        MunicipalityProfile(code=TILBURG, level=ParticipationLevel.FORWARDING, telephone="14 013"),
    ):
        if session.get(MunicipalityProfile, profile.code) is None:
            session.add(profile)
    for code, domain in _DOMAINS.items():
        session.merge(MailDomain(code=code, domain=domain))
    session.flush()
    hashed = hash_password(PASSWORD)
    return {(p.holder, p.role.value): _person(session, p, hashed) for p in PEOPLE}


def _person(session: Session, person: DemoPerson, hashed: str) -> User:
    user = find_user(session, person.username)
    if user is None:
        user = User(username=person.username, name=person.name, password_hash=hashed, demo=True)
        session.add(user)
        session.flush()
    return user


def give_roles(session: Session, holder: str, users: dict[tuple[str, str], User]) -> None:
    """The roles of the demo's people for one holder, in that holder's transaction."""
    for (own, role), user in users.items():
        if own == holder:
            give_role(session, SYSTEM, session.merge(user, load=False), holder, Role(role))


def actor_of(users: dict[tuple[str, str], User], holder: str, by: str) -> Actor:
    """Who takes a step in the demo: an account, the reporter, or the system."""
    if by == "melder":
        return Actor("melder", None, "melder")
    user = users.get((holder, by))
    return SYSTEM if user is None else Actor("gebruiker", str(user.id), user.name)
