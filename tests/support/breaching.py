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


def page_of(breach: Breach) -> str:
    return f"{REGISTER}/{breach.reference}"


def fill(browser: TestApp, breach: Breach, *, status: int = 303, **typed: Any) -> Any:
    """Fill in what is known of a breach, on its page."""
    form = browser.get(page_of(breach)).forms["formulier"]
    for name, value in typed.items():
        form[name] = value
    return form.submit("opslaan", status=status)


def fill_facts(browser: TestApp, breach: Breach, **typed: Any) -> Any:
    """Fill in all that the AP asks."""
    facts = {"gegevens": ["verhaal"], "groepen": ["melders"], "aantal": "12"}
    words = {"gevolgen": "Iemand leest wie meldde.", "maatregelen": "Tas is gezocht."}
    return fill(browser, breach, **{**facts, **words, **typed})


def notify(browser: TestApp, breach: Breach, *, status: int = 303, **typed: Any) -> Any:
    """Note what was sent to the AP."""
    form = browser.get(f"{page_of(breach)}/ap").forms["formulier"]
    for name, value in typed.items():
        form[name] = value
    return form.submit("vastleggen", status=status)


def press(browser: TestApp, breach: Breach, action: str) -> Any:
    """Press a button on the page of a breach, such as the one that closes it."""
    forms = browser.get(page_of(breach)).forms.values()
    return next(form for form in forms if form.action.endswith(action)).submit().follow()
