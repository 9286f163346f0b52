"""An official of Zwijndrecht: the agreement, reports for them, the code, and the sitting."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.municipalities.agreements import services as agreements_services
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.submission import Routing
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import random_follow_code
from stopintimidatie.reports.vocabulary import ContactWish, Source
from tests.support.factories import make_submission, make_user
from tests.support.installation import Installation

ZWIJNDRECHT = "GM0642"


def agree(
    installation: Installation,
    town: str = ZWIJNDRECHT,
    *,
    certificate: str | None = None,
    digest: bool = False,
) -> None:
    """A valid agreement, with an official and a deputy whose addresses are confirmed."""
    registry = installation.registry
    official, deputy = (
        agreements_services.Official(name, "OOV", f"{box}@zwijndrecht.example", "+31786200000")
        for name, box in (("Anneke", "oov"), ("Bas", "veiligheid"))
    )
    today = agreements_services.today()
    until = today + timedelta(days=300)
    channel = "smime" if certificate else "ophalen"
    plan = agreements_services.Plan(
        official, deputy, True, "Hoofd", today, channel, certificate, today, until
    )
    with installation.transaction(NATIONAL) as session:
        keys, rules = registry.key_ring, registry.level_rules
        made = agreements_services.make(session, keys, rules, town, plan, SYSTEM)
        made.digest = digest
        for owner in (agreements_services.official_of, agreements_services.deputy_of):
            row = find_address(session, owner(town))
            assert row is not None
            row.verified_at = utc_now()
        agreements_services.settle(session, keys, rules, town, SYSTEM)


def arrive(installation: Installation, town: str = ZWIJNDRECHT, **changes: Any) -> UUID:
    """A report about a place in a town, with somebody's data."""
    values = {
        "anonymous": False,
        "description": "Geheimwoord",
        "contact": Contact(name="Petra", email="petra@melder.example"),
        "wants_contact": ContactWish.MAIL,
    }
    given = make_submission(**values | changes)
    place = Place(town, None, None, Method.OUTLINE)
    arrival = Arrival(Source.APP_ANDROID, SYSTEM, random_follow_code(), utc_now())
    with installation.transaction() as session:
        routing = Routing(NATIONAL, place, "wacht_op_afspraak")
        return receive(session, installation.registry.key_ring, given, routing, arrival).id


def read(installation: Installation, number: UUID) -> Report:
    with installation.transaction(NATIONAL) as session:
        return session.get_one(Report, number)


def pickup_of(installation: Installation, number: UUID) -> Pickup:
    """The latest pick-up of a report."""
    latest = select(Pickup).where(Pickup.document_id == number).order_by(Pickup.made_at.desc())
    with installation.transaction(NATIONAL) as session:
        return session.scalars(latest.limit(1)).one()


def code_for(installation: Installation, number: UUID) -> str:
    """The code that the desk sees, as it does."""
    browser = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    page = browser.get(f"/landelijk/{read(installation, number).reference}")
    form = next(f for f in page.forms.values() if f.action.endswith("ophaalcode"))
    shown = form.submit(status=200)
    found = re.search(r"<dd>(\d{4} \d{4})</dd>", shown.text)
    assert found
    return found[1]


def enter(
    installation: Installation, reference: str, code: str, status: int = 303, **changes: str
) -> tuple[Any, Any]:
    """A browser at the page of a pick-up, and what typing the code there gives."""
    browser = installation.visitor()
    form = browser.get(f"/ophalen/{reference}").forms["formulier"]
    form["naam"], form["functie"], form["code"] = "Anneke de Boer", "OOV", code
    for name, value in changes.items():
        form[name] = value
    return browser, form.submit("ophalen", status=status)


def sit(installation: Installation, number: UUID) -> tuple[Any, Any]:
    """A browser in a sitting, by the page of this report's pick-up, with the list."""
    code = code_for(installation, number)
    browser, answer = enter(installation, pickup_of(installation, number).reference, code)
    return browser, answer.follow()


def press(page: Any, action: str, **options: Any) -> Any:
    """Press the button whose address ends so."""
    form = next(form for form in page.forms.values() if form.action.endswith(action))
    return form.submit(**options)


def open_in(page: Any, reference: str) -> Any:
    """Open a report of the list with its button; the page of the report."""
    return press(page, f"/{reference}/openen", status=303).follow()
