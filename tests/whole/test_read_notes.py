"""A form is noted as read when its page is shown, and not when what was filled in is saved."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.erasing import decision, first_report, proposed
from tests.support.exporting import make_case
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.offering import Case, form_with
from tests.support.reviewing import address as text_address


def reads(installation: Installation, task: str, holder: str = DORDRECHT) -> int:
    """Count how often something was noted as read at this holder for this task."""
    with installation.transaction(holder) as session:
        noted = select(func.count(AuditEvent.id)).where(
            AuditEvent.action == "gelezen", AuditEvent.task == task
        )
        return session.scalar(noted) or 0


@pytest.fixture
def report(installation: Installation) -> str:
    """The address of a report whose reporter waits for a call."""
    connect(installation)
    with installation.transaction() as session:
        made = make_report(
            session,
            installation,
            anonymous=False,
            contact=Contact(phone="+31612345678"),
            wants_contact=ContactWish.CALL,
        )
        return f"/gemeenten/dordrecht/binnenstad/{made.reference}"


def officer(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))


def test_contact(installation: Installation, report: str) -> None:
    form = officer(installation).get(f"{report}/contact").forms["formulier"]
    shown = reads(installation, "contact vastleggen")
    form.submit("opslaan", status=422)
    assert reads(installation, "contact vastleggen") == 2 * shown > 0
    form["uitkomst"] = "gesproken"
    form.submit("opslaan", status=303)
    assert reads(installation, "contact vastleggen") == 2 * shown


def test_message(installation: Installation, report: str) -> None:
    form = officer(installation).get(f"{report}/bericht").forms["formulier"]
    form.submit("versturen", status=422)
    assert reads(installation, "bericht schrijven") == 2
    form["tekst"] = "Wij hebben uw melding bekeken."
    form.submit("versturen", status=303)
    assert reads(installation, "bericht schrijven") == 2


def test_quarantine(installation: Installation) -> None:
    connect(installation)
    with installation.transaction() as session:
        for _ in range(3):
            make_report(session, installation, quarantine=True)
    form = officer(installation).get("/gemeenten/dordrecht/quarantaine").forms["formulier"]
    first, second, _ = form.fields["meldingen"]
    first.checked = True
    form["besluit"], form["reden"] = "vrijgeven", "Een schoolklas."
    form.submit("vastleggen", status=303)
    assert reads(installation, "quarantaine") == 1
    # Of this one nothing can be decided any more: the page is shown anew, and noted.
    second.checked = True
    form.submit("vastleggen", status=200).mustcontain("Niet alles is gelukt")
    assert reads(installation, "quarantaine") == 2


@pytest.mark.usefixtures("at_once")
def test_offer(installation: Installation) -> None:
    connect(installation, DORDRECHT)
    connect(installation, EINDHOVEN)
    case = Case(installation)
    case.offer()
    form = form_with(case.receiver.get(case.offered), "antwoord")
    form["antwoord"] = "weigeren"
    form.submit("antwoorden", status=422)
    assert reads(installation, "overdracht bekijken", EINDHOVEN) == 2
    form["antwoord"] = "aannemen"
    form.submit("antwoorden", status=303)
    assert reads(installation, "overdracht bekijken", EINDHOVEN) == 2


def test_municipality(installation: Installation) -> None:
    connect(installation)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    with installation.transaction() as session:
        reference = make_report(session, installation, holder=NATIONAL).reference
    page = desk.get(f"/landelijk/{reference}/beslissen?keuze=doorgeven")
    form = form_with(page, "gemeente")
    form["gemeente"], form["reden"] = "Dordrecht", ""
    form.submit("vastleggen", status=422)
    assert reads(installation, "doorgeven aan een gemeente", NATIONAL) == 2
    form["reden"] = "De melder noemt de brug."
    form.submit("vastleggen", status=303)
    assert reads(installation, "doorgeven aan een gemeente", NATIONAL) == 2


def test_text(installation: Installation) -> None:
    case = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).description = "Het was Quirinus Zwartjens."
    page = case.browser("aanvrager").get(text_address(case, installation))
    form = page.forms["formulier"]
    written = form["verhaal"].value
    form["verhaal"] = "Iets anders."
    form.submit("opslaan", status=422)
    assert reads(installation, "tekst nakijken") == 2
    form["verhaal"] = written
    form.submit("opslaan", status=303)
    assert reads(installation, "tekst nakijken") == 2


def test_erasure(installation: Installation) -> None:
    case = make_case(installation)
    address, number = first_report(case)
    proposed(case, address)
    # Its form, and what the proposing person sees next.
    assert reads(installation, "gegevens wissen") == 2
    form = decision(case, address)
    form["besluit"] = "wissen"
    form.submit("beslissen", status=422)
    # The page of the second person, and the mistake.
    assert reads(installation, "gegevens wissen") == 4
    form["nummer"] = number
    form.submit("beslissen", status=303)
    assert reads(installation, "gegevens wissen") == 4
