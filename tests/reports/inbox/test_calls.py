"""The calls due: who can be reached at this hour first, and nobody's hours without the right."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import datetime_long
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.handling.services import callable_at
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("dordrecht")]
CALLS = "/gemeenten/dordrecht/bellen"
# When to call, in words of reporters, and the heading for it at ten on a Wednesday.
WISHES = {
    "overdag": "Nu te bereiken",
    "na 18 uur": "Later",
    "als de kinderen naar school zijn": "Kijk wanneer",
}
TEN = datetime(2026, 12, 2, 10, 0, tzinfo=AMSTERDAM)


@pytest.fixture
def dordrecht(installation: Installation) -> None:
    connect(installation)


def waiting(installation: Installation) -> dict[str, str]:
    """Make a report of each wish; return the references by wish."""
    made = {}
    with installation.transaction() as session:
        for wish in WISHES:
            report = make_report(
                session,
                installation,
                anonymous=False,
                contact=Contact(phone="+31612345678"),
                contact_when=wish,
                wants_contact=ContactWish.CALL,
            )
            made[wish] = report.reference
    return made


def groups_of(page: Any) -> dict[str, str]:
    """The words below each heading."""
    headings = page.html.select("main h2:has(.si-count)")
    return {h.contents[0].strip(): h.find_next("ul").text for h in headings}


def test_who_can_be_called_at_this_hour_stands_first(installation: Installation) -> None:
    with clock_at(TEN):
        made = waiting(installation)
        browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
        page = browser.get(CALLS)
    shown = groups_of(page)
    assert list(shown) == ["Nu te bereiken", "Kijk wanneer", "Later"]
    for wish, heading in WISHES.items():
        # As it was written, also where nobody can read it.
        assert f"“{wish}”" in shown[heading]
        assert made[wish] in shown[heading]


def test_after_no_answer_the_next_one_stands_there_and_at_last_the_list(
    installation: Installation,
) -> None:
    with clock_at(TEN):
        made, other = waiting(installation), waiting(installation)
        first, second = made["overdag"], other["overdag"]
        browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
        form = browser.get(CALLS).click(href=first).forms["formulier"]
        form["uitkomst"] = "geen_gehoor"
        page = form.submit("opslaan", status=303).follow(status=303).follow(status=200)
        assert page.request.path.endswith(f"{second}/contact")
        assert f"{first}: het contact is vastgelegd." in page.html.text
        # Who doesn't call this one either is back in the list, and nothing is kept.
        assert page.click("Annuleren").request.path == CALLS
        form = page.forms["formulier"]
        form["uitkomst"] = "gesproken"
        page = form.submit("opslaan", status=303).follow(status=200)
    assert page.request.path == CALLS
    shown = groups_of(page)
    assert first in shown["Later"]
    assert not [heading for heading in shown if second in shown[heading]]
    assert "Nu te bereiken" not in shown
    assert callable_at("overdag", TEN + timedelta(days=1))


def test_a_row_of_the_start_page_leads_into_the_calls(installation: Installation) -> None:
    with clock_at(TEN - timedelta(days=6)):
        made = waiting(installation)
    with clock_at(TEN):
        browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
        start = browser.get("/gemeenten/dordrecht")
        links = [tag["href"] for tag in start.html.select("main a[href*='/contact?']")]
        assert len(links) == len(made)
        page = browser.get(next(href for href in links if made["na 18 uur"] in href))
        assert page.click("Annuleren").request.path == "/gemeenten/dordrecht"
        form = page.forms["formulier"]
        form["uitkomst"] = "gesproken"
        page = form.submit("opslaan", status=303).follow(status=303).follow(status=200)
    assert page.request.path.endswith(f"{made['overdag']}/contact")


@pytest.mark.parametrize(
    ("hour", "first"), [(7, TEN.replace(hour=8)), (23, TEN.replace(day=3, hour=8))]
)
def test_at_night_nobody_is_called_and_the_page_says_from_when(
    installation: Installation, hour: int, first: datetime
) -> None:
    with clock_at(TEN.replace(hour=hour)):
        waiting(installation)
        browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
        page = browser.get(f"{CALLS}?volgende=ja", status=200)
    assert list(groups_of(page)) == ["Later"]
    assert f"Dat kan weer vanaf {datetime_long(first)}." in page.html.main.text


def test_who_may_not_see_contact_data_sees_who_waits_and_no_hours(
    installation: Installation,
) -> None:
    with clock_at(TEN):
        made = waiting(installation)
        browser = installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))
        shown = groups_of(browser.get(f"{CALLS}?volgende=ja", status=200))
    assert list(shown) == ["Kijk wanneer"]
    assert all(reference in shown["Kijk wanneer"] for reference in made.values())
    assert not [wish for wish in WISHES if wish in shown["Kijk wanneer"]]
    with installation.transaction(DORDRECHT) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.task == "bellen")).all()
    assert events
    assert not [event for event in events if "contactgegevens" in (event.fields or [])]


def test_without_the_second_step_nobody_stands_there_and_no_hour_is_read(
    installation: Installation,
) -> None:
    made = waiting(installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER), demo=False))
    browser.get("/gemeenten/dordrecht/postvak", status=200)
    with clock_at(utc_now() + timedelta(minutes=11)):
        asked = browser.get(CALLS, status=303)
        assert "/account-bevestigen" in asked.location
        page = asked.follow(status=200)
    assert not [reference for reference in made.values() if reference in page]
    with installation.transaction(DORDRECHT) as session:
        assert not session.scalars(select(AuditEvent).where(AuditEvent.task == "bellen")).all()


def test_of_a_report_that_may_not_be_used_the_hours_stay_sealed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "stopintimidatie.reports.inbox.worklist.is_restricted",
        lambda registry, document: document.is_not(None),
    )
    with clock_at(TEN):
        made = waiting(installation)
        browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
        shown = groups_of(browser.get(CALLS))
    assert list(shown) == ["Kijk wanneer"]
    assert all(reference in shown["Kijk wanneer"] for reference in made.values())
    assert shown["Kijk wanneer"].count("Gebruik beperkt") == len(WISHES)
    assert not [wish for wish in WISHES if wish in shown["Kijk wanneer"]]
