"""A breach as people report it, and the steps that a privacy officer takes with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.privacy.breaches.models import Breach
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

PLACE = "/gemeenten/dordrecht"
REGISTER = f"{PLACE}/datalekken"


def on_wall(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M")


def report(
    browser: TestApp, *, place: str = PLACE, status: int = 303, send: bool = True, **typed: str
) -> Any:
    form = browser.get(f"{place}/datalek-melden").forms["formulier"]
    answers = {"wat": "Een tas met papieren bleef in de trein.", "soort": "kwijt", **typed}
    for name, value in answers.items():
        form[name] = value
    return form.submit("melden", status=status) if send else form


def breach_of(town: Installation, holder: str = DORDRECHT) -> Breach:
    with town.transaction(holder) as session:
        breach = session.scalars(select(Breach)).one()
        session.expunge(breach)
        return breach


def take(browser: TestApp, breach: Breach, name: str, *, status: int = 303, **typed: Any) -> Any:
    form = browser.get(f"{REGISTER}/{breach.reference}/stap?naam={name}").forms["formulier"]
    for field, value in typed.items():
        form[field] = value
    return form.submit(name, status=status)


def fill_facts(browser: TestApp, breach: Breach) -> Any:
    form = browser.get(f"{REGISTER}/{breach.reference}/feiten").forms["formulier"]
    form["gegevens"], form["groepen"], form["aantal"] = ["verhaal"], ["melders"], "12"
    form["gevolgen"], form["maatregelen"] = "Iemand leest wie meldde.", "Tas is gezocht."
    return form.submit("opslaan", status=303)
