"""Making the practice municipality, and showing the model answer beside each of its cases."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import User
from stopintimidatie.accounts.passwords import hash_password
from stopintimidatie.accounts.services import find_user, give_role
from stopintimidatie.audit import SYSTEM, Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.demo.accounts import PASSWORD
from stopintimidatie.demo.practice_cases import BY_REFERENCE, CASES, Case
from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.register.locating import Method, Place
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.register.naming import rename_municipalities, rename_neighbourhoods
from stopintimidatie.register.practice import CODE, NAME, PROVINCE, WIJKEN, is_practice
from stopintimidatie.register.seeding import add_municipality, add_wijk
from stopintimidatie.reports.arriving import Arrival, receive
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.references import random_follow_code
from stopintimidatie.reports.routing import Routing
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.security import Role
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.session import transaction
from stopintimidatie.web.panels import Panel

COLOUR = "#6b3fa0"
TRAINEE = "oov@oefen.example"


def make_practice(engine: Engine, keys: KeyRing, actor: Actor, reserved: Collection[str]) -> int:
    """Make what isn't there yet; the number of cases that were added."""
    with transaction(engine) as session:
        _municipality(session, reserved)
    with transaction(engine, CODE) as session:
        known = set(session.scalars(select(Report.reference)))
        new = [case for case in CASES if case.reference not in known]
        for case in new:
            _receive(session, keys, actor, case)
    return len(new)


def _municipality(session: Session, reserved: Collection[str]) -> None:
    if session.get(Municipality, CODE) is None:
        add_municipality(session, CODE, NAME, PROVINCE)
        session.flush()
        rename_municipalities(session, reserved)
    missing = [code for code in WIJKEN if session.get(Neighbourhood, code) is None]
    for code in missing:
        add_wijk(session, code, CODE, WIJKEN[code], False)
    if missing:
        rename_neighbourhoods(session, {CODE}, reserved)
    if session.get(MunicipalityProfile, CODE) is None:
        session.add(
            MunicipalityProfile(code=CODE, level=ParticipationLevel.PROGRAMME, colour=COLOUR)
        )


def _receive(session: Session, keys: KeyRing, actor: Actor, case: Case) -> None:
    at = utc_now() - timedelta(hours=case.hours_ago)
    arrival = Arrival(Source.WEB_FORM, actor, random_follow_code(), at, reference=case.reference)
    where = Routing(CODE, Place(CODE, case.wijk, None, Method.CHOSEN), None)
    receive(session, keys, case.submission(at - timedelta(hours=1)), where, arrival)


def add_trainee(engine: Engine) -> None:
    """Somebody of the demo who practises: an account with a role there and nowhere else."""
    with transaction(engine) as session:
        user = find_user(session, TRAINEE)
        if user is None:
            hashed = hash_password(PASSWORD)
            user = User(username=TRAINEE, name="Olga Oefening", password_hash=hashed, demo=True)
            session.add(user)
            session.flush()
        give_role(session, SYSTEM, user, CODE, Role.OFFICER)


def model_answer(context: Any, request: Any) -> Panel | None:
    """On the page of a case: what a good officer does with it, closed until somebody looks."""
    case = BY_REFERENCE.get(context.report.reference)
    if case is None or not is_practice(context.holder):
        return None
    return Panel(
        "Voorbeelduitwerking",
        "stopintimidatie.demo:templates/model_answer.jinja2",
        {"answer": case.model_answer},
    )
