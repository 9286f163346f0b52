"""Contact data of who wants no contact: a reason first, which is kept, and then it is a read."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.desk.forwarding.pickup import categories_of, content_of
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.officers import officer, stored

pytestmark = pytest.mark.sqlite
NUMBER, NAME = "+31612345678", "Sanne de Wit"
GIVEN: dict[str, Any] = {"anonymous": False, "contact": Contact(name=NAME, phone=NUMBER)}


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def reads(installation: Installation) -> list[str]:
    """The tasks with which contact data was read."""
    with installation.transaction(DORDRECHT) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "gelezen"))
        return [str(event.task) for event in events if "contactgegevens" in (event.fields or ())]


@pytest.mark.parametrize("wish", [ContactWish.NONE, ContactWish.FEEDBACK_ONLY, ContactWish.VIA_APP])
def test_it_is_folded_on_every_page_of_the_report(
    installation: Installation, wish: ContactWish
) -> None:
    address, browser = stored(installation, **GIVEN, wants_contact=wish), officer(installation)
    for path in ("", "/contact"):
        page = browser.get(f"{address}{path}")
        page.mustcontain("wil niet worden gebeld of gemaild", no=[NUMBER, NAME])
    assert not reads(installation)


def test_a_reason_opens_it_and_both_are_kept(installation: Installation) -> None:
    address = stored(installation, **GIVEN, wants_contact=ContactWish.NONE)
    browser = officer(installation)
    page = browser.get(address).click("Contactgegevens tonen")
    page.mustcontain("Bel of mail deze melder niet", no=[NUMBER, NAME])
    form = page.forms["formulier"]
    for nothing in ("", "."):
        form["reden"] = nothing
        form.submit("opslaan", status=422).mustcontain(no=[NUMBER, NAME])
    assert not reads(installation)
    form["reden"] = "Zij loopt gevaar."
    form.submit("opslaan").mustcontain(NUMBER, NAME)
    assert reads(installation) == ["contactgegevens"]
    with installation.transaction(DORDRECHT) as session:
        move = session.scalars(select(ReportMove).where(ReportMove.name == "contact_bekeken")).one()
        actions = session.scalars(select(AuditEvent.action)).all()
    assert move.reason == "Zij loopt gevaar."
    assert "melding.contact_bekeken" in actions
    # Once is once: the next time asks again.
    browser.get(address).mustcontain("Zij loopt gevaar.", no=[NUMBER, NAME])


def test_the_privacy_officer_says_why_as_well(installation: Installation) -> None:
    address = stored(installation, **GIVEN, wants_contact=ContactWish.NONE)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    browser.get(address).click("Contactgegevens tonen").mustcontain(no=[NUMBER, NAME])


def test_who_wants_a_call_or_agreed_to_one_is_shown_at_once(installation: Installation) -> None:
    address = stored(installation, **GIVEN, wants_contact=ContactWish.CALL)
    other = stored(installation, **GIVEN, wants_contact=ContactWish.NONE)
    with installation.transaction(DORDRECHT) as session:
        reference = other.rpartition("/")[2]
        found = select(Report).where(Report.reference == reference)
        session.scalars(found).one().contact_agreed = "bellen"
    browser = officer(installation)
    for path in (address, other):
        browser.get(path).mustcontain(NUMBER)


def test_it_does_not_go_along_to_a_municipality_that_takes_no_part(
    installation: Installation,
) -> None:
    keys = installation.registry.key_ring
    with installation.transaction() as session:
        wants = make_report(
            session, installation, holder="landelijk", **GIVEN, wants_contact=ContactWish.CALL
        )
        assert "contactgegevens" in categories_of(content_of(session, keys, wants))
        not_at_all = make_report(
            session, installation, holder="landelijk", **GIVEN, wants_contact=ContactWish.NONE
        )
        assert "contactgegevens" not in categories_of(content_of(session, keys, not_at_all))


def test_reporters_read_who_sees_it(installation: Installation) -> None:
    page = installation.visitor().get("/privacy")
    page.mustcontain("en de privacyfunctionaris", "alleen als die eerst zegt waarom")
    installation.visitor().get("/privacy?taal=en").mustcontain("and the privacy officer")
