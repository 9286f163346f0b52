"""Makers of documents for tests; each takes only what matters to the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of, note_givers
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.services import give_role
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role as AccountRole
from stopintimidatie.core.storage import NATIONAL, enter
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.models import Advice
from stopintimidatie.dossiers.person.services import (
    ask_advice,
    decide_on_advice,
    give_advice,
    write_ground,
)
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.people.parties import proposals_for
from stopintimidatie.municipalities.people.proposals import confirm
from stopintimidatie.municipalities.people.services import actor_of
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.municipalities.settings.services import CleanLogo, keep_logo
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.submission import Routing
from stopintimidatie.reports.fields import Location, Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import random_follow_code
from stopintimidatie.reports.vocabulary import ContactWish, Form, PlaceType, Role, Source
from tests.support.installation import PASSWORD, Installation

DORDRECHT = "GM0505"
EINDHOVEN = "GM0772"
CENTRE = "WK050501"
_numbers = count(1)
# Hashing is slow on purpose; tests do it with Argon2id at its cheapest, and share one password.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_PASSWORD_HASH = CHEAP_HASHER.hash(PASSWORD)


def make_user(
    installation: Installation,
    *roles: tuple[str, AccountRole],
    name: str = "Test Gebruiker",
    demo: bool = True,
) -> str:
    """A user with these roles; the username. In the demo a password is enough to sign in."""
    username = f"gebruiker{next(_numbers)}-{uuid4().hex[:6]}@test.example"
    with installation.transaction() as session:
        user = User(username=username, name=name, password_hash=_PASSWORD_HASH, demo=demo)
        session.add(user)
    for holder, role in roles:
        with installation.transaction() as session:
            found = session.scalars(select(User).where(User.username == username)).one()
            give_role(session, SYSTEM, found, holder, role)
    return username


def user_id(installation: Installation, username: str) -> Any:
    with installation.transaction() as session:
        return session.scalars(select(User.id).where(User.username == username)).one()


def gave_account(installation: Installation, giver: str, receiver: str) -> None:
    """Let the roles of somebody have been proposed by a giver, both by username."""
    first, second = (user_id(installation, username) for username in (giver, receiver))
    with installation.transaction() as session:
        note_givers(session, second, hands_of(session, str(first)))


def confirmed_by_second(installation: Installation, code: str = DORDRECHT) -> None:
    """Let a second person confirm each role that waits: of the desk, or a new reader there."""
    parties = (NATIONAL, AccountRole.NATIONAL_DESK), (code, AccountRole.OFFICER)
    for holder, role in parties:
        with installation.transaction(holder) as session:
            if not proposals_for(session, holder):
                continue
        number = str(user_id(installation, make_user(installation, (holder, role))))
        with installation.transaction(holder) as session:
            actor = actor_of(session, number)
            for pending in proposals_for(session, holder):
                confirm(session, pending.row, actor, holder)


def connect(
    installation: Installation,
    code: str = DORDRECHT,
    *,
    level: ParticipationLevel = ParticipationLevel.PROGRAMME,
    logo: bytes | None = None,
    **parts: Any,
) -> None:
    """Let a municipality take part, with this PNG as logo, and parts of its settings by name."""
    with installation.transaction() as session:
        session.add(MunicipalityProfile(code=code, level=level))
        if logo is not None:
            parts["uiterlijk"] = {"logo": keep_logo(session, code, CleanLogo(logo, "image/png"))}
        for part, content in parts.items():
            session.add(MunicipalitySetting(owner=code, part=part, number=1, content=content))


def own_answer(title: str, text: str) -> dict[str, Any]:
    """The part `antwoorden` of a municipality with one answer, in Dutch."""
    return {"nl": {"standaard": {"titel": title, "tekst": text}}}


def make_submission(**changes: Any) -> Submission:
    """What a reporter says, without contact data."""
    plain = Submission(
        role=Role.VICTIM,
        anonymous=True,
        incident_start=utc_now() - timedelta(hours=3),
        location=Location(lat=51.8133, lon=4.6690),
        place_type=PlaceType.STREET,
        forms=(Form.CATCALLING,),
        wants_contact=ContactWish.NONE,
        share_with_police=True,
        share_with_partners=True,
        description="Drie jongens riepen me na en liepen mee tot de hoek.",
    )
    return replace(plain, **changes)


def make_report(
    session: Session,
    installation: Installation,
    *,
    holder: str = DORDRECHT,
    neighbourhood: str | None = CENTRE,
    quarantine: bool = False,
    **changes: Any,
) -> Report:
    """A report received by a holder, in a transaction of that holder."""
    municipality = None if holder == "landelijk" else holder
    place = Place(municipality, neighbourhood if municipality else None, None, Method.OUTLINE)
    delivery = None if municipality else "te_routeren"
    arrival = Arrival(Source.APP_ANDROID, SYSTEM, random_follow_code(), utc_now(), quarantine)
    keys, routing = installation.registry.key_ring, Routing(holder, place, delivery)
    arrived = receive(session, keys, make_submission(**changes), routing, arrival)
    return session.get_one(Report, arrived.id)


def take_on(session: Session, report: Report) -> Report:
    """Bring a new report *in behandeling*; nobody in particular handles it."""
    report.state = "in_behandeling"
    session.flush()
    return report


def make_dossier(session: Session, *, holder: str = DORDRECHT, **changes: Any) -> Dossier:
    """A dossier in preparation, in a transaction of its holder."""
    enter(session, holder)
    plan: dict[str, Any] = {
        "title": "Overlast bij het station",
        "kind": DossierKind.HOTSPOT.value,
        "neighbourhood_code": CENTRE,
    }
    return create_dossier(session, SYSTEM, holder, DossierPlan(**{**plan, **changes}))


def make_ready(
    session: Session,
    dossier: Dossier,
    texts: Sequence[str] = ("nodig", "nog niet", "mag dit?", "ja"),
) -> None:
    """Give a person-directed dossier what it starts with: its ground, and advice.

    `texts`: proportionality, postponement, question, advice; with a fifth it isn't followed, and
    without the fourth it isn't there yet.
    """
    today = local_date(utc_now())
    values = {
        "ground": "avg_10_overheid",
        "proportionality": texts[0],
        "review_on": today + timedelta(days=90),
        "postponed_until": today + timedelta(days=30),
        "postponed_reason": texts[1],
    }
    write_ground(session, dossier, values, SYSTEM)
    ask_advice(session, dossier, texts[2], Actor("gebruiker", None, "Olga Houder"))
    if not texts[3:]:
        return
    outcome = Advice.CONDITIONS if texts[4:] else Advice.POSITIVE
    give_advice(
        session, dossier, outcome, texts[3], Actor("gebruiker", str(uuid4()), "Petra Privacy")
    )
    if texts[4:]:
        decide_on_advice(session, dossier, False, texts[4], SYSTEM)


def start_answers(owner: Any) -> dict[str, Any]:
    """What the step *starten* asks."""
    return {
        "doel": "De overlast bij het station verminderen.",
        "grondslag": "avg_6_1_e_openbare_orde",
        "verantwoordelijke": "burgemeester",
        "dossierhouder": str(owner),
    }
