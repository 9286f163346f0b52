"""Police data: something in the compartment without a form, and reading it as a named person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import day_of
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.privacy.police.models import Article, PoliceItem
from stopintimidatie.privacy.police.services import Content, Received, keep_report
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

# The setting of a municipality that keeps what the police gives it apart.
SWITCHED_ON = {"stand": "aan", "op": "2026-01-05", "bron": "convenant, zaak 2026-17"}
HERE = "/gemeenten/dordrecht/politiegegevens"
TEXT = "Zwartjens is bekend."


def switch_on(installation: Installation, code: str = DORDRECHT) -> None:
    """Let a municipality keep apart what the police gives it."""
    with installation.transaction() as session:
        values = {"owner": code, "part": "politie", "number": 1, "content": SWITCHED_ON}
        session.add(MunicipalitySetting(**values))


def read(browser: TestApp, item: PoliceItem, reason: str = "Voorbereiden van het overleg.") -> Any:
    """Say why, and read an item for the first time today; its page."""
    form = browser.get(f"{HERE}/stuk?nr={item.id}").forms["formulier"]
    form["reden"] = reason
    return form.submit("lezen", status=303).follow()


def keep_something(session: Session, keys: KeyRing, *, days: int = 100) -> PoliceItem:
    """Keep a report of the police in Dordrecht, to look at again after so many days."""
    today = day_of(utc_now())
    content = Content("politie, wijkagent", "Handhaven van de openbare orde.", "", TEXT)
    received = Received(today, today + timedelta(days=days), Article.SIXTEEN, content)
    item = keep_report(session, keys, DORDRECHT, received, SYSTEM)
    session.flush()
    return item
