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
from stopintimidatie.privacy.police.models import Article, PoliceItem
from stopintimidatie.privacy.police.services import Content, Received, keep_report
from tests.support.factories import DORDRECHT

HERE = "/gemeenten/dordrecht/politiegegevens"
TEXT = "Zwartjens is bekend."


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
