"""The practice municipality, its cases, and the model answer beside each of them.

The cases stand in `practice_cases.json`. Nobody in them exists.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.passwords import PUBLISHED, hash_password
from stopintimidatie.core.accounts.services import find_user, give_role
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.web.components import Panel
from stopintimidatie.municipalities.areas.facts import CODE, NAME, PROVINCE, WIJKEN, is_practice
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.services import (
    add_municipality,
    add_wijk,
    rename_municipalities,
    rename_neighbourhoods,
)
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.submission import Routing, validate
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import random_follow_code
from stopintimidatie.reports.vocabulary import Source

COLOUR: Final = "#6b3fa0"
TRAINEE: Final = "oov@oefen.example"
Json = Mapping[str, Any]


@cache
def cases() -> list[Json]:
    """Return the cases: what was reported, and what a good officer does with it."""
    path = files("stopintimidatie.desk.onboarding") / "practice_cases.json"
    rows: list[Json] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def make_practice(engine: Engine, keys: KeyRing, actor: Actor, reserved: Collection[str]) -> int:
    """Make what isn't there yet; return the number of cases that were added."""
    with transaction(engine) as session:
        _make_municipality(session, reserved)
    with transaction(engine, CODE) as session:
        known = set(session.scalars(select(Report.reference)))
        new = [case for case in cases() if case["kenmerk"] not in known]
        for case in new:
            _receive(session, keys, actor, case)
    return len(new)


def _make_municipality(session: Session, reserved: Collection[str]) -> None:
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
        session.add(MunicipalityProfile(code=CODE, level=ParticipationLevel.PROGRAMME))
        look = {"kleur": COLOUR, "logo": None}
        session.add(MunicipalitySetting(owner=CODE, part=Part.LOOK, number=1, content=look))


def _receive(session: Session, keys: KeyRing, actor: Actor, case: Json) -> None:
    """Take in the report of a case, under a reference that a trainer can name everywhere."""
    at = utc_now() - timedelta(hours=case["uren_geleden"])
    happened = (at - timedelta(hours=1)).isoformat()
    message = {**case["antwoorden"], "incidentVan": happened, "omschrijving": case["verhaal"]}
    arrival = Arrival(Source.WEB_FORM, actor, random_follow_code(), at, reference=case["kenmerk"])
    where = Routing(CODE, Place(CODE, case["wijk"], None, Method.CHOSEN), None)
    receive(session, keys, validate(message, at), where, arrival)


def add_trainee(engine: Engine) -> None:
    """Add somebody of the demo who practises: an account with a role there and nowhere else."""
    with transaction(engine) as session:
        user = find_user(session, TRAINEE)
        if user is None:
            hashed = hash_password(PUBLISHED)
            user = User(username=TRAINEE, name="Olga Oefening", password_hash=hashed, demo=True)
            session.add(user)
            session.flush()
        give_role(session, SYSTEM, user, CODE, Role.OFFICER)


def model_answer(context: Any, request: Any) -> Panel | None:
    """Return what a good officer does with it, on the page of a case, closed at first."""
    if not is_practice(context.holder):
        return None
    answers = {case["kenmerk"]: case["uitwerking"] for case in cases()}
    answer = answers.get(context.report.reference)
    if answer is None:
        return None
    template = "stopintimidatie.desk.onboarding:templates/model_answer.jinja2"
    return Panel("Voorbeelduitwerking", template, {"answer": answer})
