"""An export on its way to a partner: put ready, picked up with a code, answered."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.disclosures.models import DisclosedCopy, DisclosureEvent, Pickup
from stopintimidatie.disclosures.pickup import mail_code_of
from tests.support.exporting import Case, approved, make_case, quick, with_partner
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation


def ready(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> tuple[Case, str]:
    """A dossier, and an export of it for a partner whose file is there."""
    quick(monkeypatch)
    case = make_case(installation)
    given = {"ontvanger": None, "partner": with_partner(installation), **changes}
    reference = approved(case, **given)
    installation.run_jobs()
    return case, reference


def put_ready(case: Case, reference: str, **values: Any) -> str:
    """The number of the pick-up; the message went out."""
    browser = case.browser("aanvrager")
    form = browser.get(f"{case.path}/{reference}").click("aten ophalen").forms["formulier"]
    form["contact"] = form["contact"].options[0][0]
    for name, value in values.items():
        form[name] = value
    form.submit("klaarzetten").follow(status=200)
    case.installation.run_jobs()
    return pickup_of(case.installation).reference


def pickup_of(installation: Installation) -> Pickup:
    with installation.transaction(DORDRECHT) as session:
        found = session.scalars(select(Pickup).order_by(Pickup.made_at.desc()).limit(1))
        return found.one()


def spoken_code(case: Case, reference: str) -> str:
    """As the officer reads it out."""
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    form = next(f for f in page.forms.values() if f.action.endswith("ophaalcode"))
    found = re.search(r"<dd>(\d{4} \d{4})</dd>", form.submit(status=200).text)
    assert found
    return found[1]


def mail_code(installation: Installation) -> str:
    return mail_code_of(installation.registry.key_ring, pickup_of(installation))


def enter(
    installation: Installation, number: str, code: str, status: int = 303, language: str = ""
) -> Any:
    """The browser of a partner, and what it was answered."""
    browser = installation.visitor()
    chosen = f"?taal={language}" if language else ""
    form = browser.get(f"/ophalen/{number}{chosen}").forms["formulier"]
    form["naam"], form["voor"] = "Wil Wijk", "organisatie"
    form["functie"], form["code"] = "wijkagent", code
    return browser, form.submit("ophalen", status=status)


def form_of(page: Any, end: str) -> Any:
    return next(f for f in page.forms.values() if f.action.endswith(end))


def mails(installation: Installation, template: str) -> list[MailMessage]:
    with installation.transaction(DORDRECHT) as session:
        rows = select(MailMessage).where(MailMessage.template == template)
        return list(session.scalars(rows.order_by(MailMessage.created_at)))


def events(installation: Installation) -> list[tuple[str, str | None]]:
    with installation.transaction(DORDRECHT) as session:
        rows = select(DisclosureEvent).order_by(DisclosureEvent.at)
        return [(row.kind, row.code) for row in session.scalars(rows)]


def copy(installation: Installation) -> DisclosedCopy:
    with installation.transaction(DORDRECHT) as session:
        return session.scalars(select(DisclosedCopy)).one()
