"""The municipalities, people and settings of the demo, as `gemeenten.json` names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.services import PUBLISHED, find_user, give_role, hash_password
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.demo.scenario import Json, read
from stopintimidatie.municipalities.areas.models import MailDomain
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings import services as settings
from stopintimidatie.municipalities.settings.models import MunicipalityQuestion, MunicipalitySetting
from stopintimidatie.municipalities.settings.queries import OFFICER, REPORTER, stored_answers
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.reports.models import Report

PASSWORD: Final = PUBLISHED  # printed at every start of the demo
DORDRECHT, EINDHOVEN = "GM0505", "GM0772"
# So many of the newest reports have answers to the municipality's own questions.
ANSWERED: Final = 6
Users = Mapping[tuple[str, str], User]


TOWNS: Final[Mapping[str, Json]] = {town["code"]: town for town in read("gemeenten")}
DESK: Final[Json] = read("meldpunt")
# Of each account its user name, its name, its holder and its role.
PEOPLE: Final = (
    *(
        (f"{row['rol']}@{town['domein']}", row["naam"], code, Role(row["rol"]))
        for code, town in TOWNS.items()
        for row in town["accounts"]
    ),
    (DESK["gebruikersnaam"], DESK["naam"], NATIONAL, Role.NATIONAL_DESK),
)


def set_up(session: Session) -> Users:
    """Make profiles and accounts that aren't there yet; return users by (holder, role)."""
    forwarding = DESK["doorstuurafspraak"]
    levels = dict.fromkeys(TOWNS, ParticipationLevel.PROGRAMME)
    levels[forwarding["gemeente"]] = ParticipationLevel.FORWARDING
    for code, level in levels.items():
        if session.get(MunicipalityProfile, code) is None:
            session.add(MunicipalityProfile(code=code, level=level))
            if code == forwarding["gemeente"]:
                contact = {"dagen": 3, "telefoon": forwarding["telefoon"]}
                session.add(
                    MunicipalitySetting(owner=code, part=Part.CONTACT, number=1, content=contact)
                )
    for code, town in TOWNS.items():
        session.merge(MailDomain(code=code, domain=town["domein"]))
    session.flush()
    hashed = hash_password(PASSWORD)
    return {
        (holder, role.value): _account(session, username, name, hashed)
        for username, name, holder, role in PEOPLE
    }


def _account(session: Session, username: str, name: str, hashed: str) -> User:
    user = find_user(session, username)
    if user is None:
        user = User(username=username, name=name, password_hash=hashed, demo=True)
        session.add(user)
        session.flush()
    return user


def give_roles(session: Session, holder: str, users: Users) -> None:
    """Give the demo's people their roles for one holder, in that holder's transaction."""
    for (own, role), user in users.items():
        if own == holder:
            give_role(session, SYSTEM, session.merge(user, load=False), holder, Role(role))


def actor_of(users: Users, holder: str, by: str) -> Actor:
    """Return who takes a step in the demo: an account, the reporter, or the system."""
    if by == "melder":
        return Actor("melder", None, "melder")
    user = users.get((holder, by))
    return SYSTEM if user is None else Actor("gebruiker", str(user.id), user.name)


def set_up_settings(session: Session, holder: str, actor: Actor) -> None:
    """Publish texts, questions and help lines once, and give the newest reports answers."""
    town = TOWNS[holder]
    if settings.latest_number(session, holder, Part.ANSWERS):
        return
    logo = settings.keep_logo(session, holder, settings.clean_logo(town["logo"].encode()))
    look = {"kleur": town["kleur"], "logo": logo}
    for question, content in town["vragen"].items():
        session.add(MunicipalityQuestion(id=question, owner=holder, content=content))
    session.flush()
    for name, content in {"uiterlijk": look, **town["instellingen"]}.items():
        settings.publish(session, actor, holder, Part(name), content)
    newest = select(Report).where(Report.state.in_(("nieuw", "in_behandeling")))
    newest = newest.order_by(Report.received_at.desc(), Report.id)
    for number, report in enumerate(session.scalars(newest.limit(ANSWERED))):
        report.own_answers = _answers(report, town["vragen"], number)
    session.flush()


def _answers(report: Report, questions: Mapping[str, Json], number: int) -> list[Any]:
    """Answer the questions whose turn it is, each time with the next of its choices."""
    answers: list[Any] = []
    for name, question in questions.items():
        by = REPORTER if question["gebruik"] == "app" else OFFICER
        if by == REPORTER or report.state == "in_behandeling":
            codes = [choice["code"] for choice in question["keuzes"]] or [True, False]
            answers += stored_answers(((name, codes[number % len(codes)]),), by) or []
    return answers
