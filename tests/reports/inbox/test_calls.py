"""The calls due: who can be reached at this hour first, and nobody's hours without the right."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from stopintimidatie.core.clock import AMSTERDAM, clock_at
from stopintimidatie.core.security import Role
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.handling.services import callable_at
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite
CALLS = "/gemeenten/dordrecht/bellen"
# When to call, in words of reporters, and the heading for it at ten on a Wednesday.
WISHES = {
    "overdag": "Nu te bereiken",
    "na 18 uur": "Later",
    "als de kinderen naar school zijn": "Kijk wanneer",
}
TEN = datetime(2026, 12, 2, 10, 0, tzinfo=AMSTERDAM)


def waiting(installation: Installation) -> dict[str, str]:
    """Make a report of each wish; return the references by wish."""
    connect(installation)
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
    headings = page.html.select("main h2")
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


def test_after_no_answer_the_list_is_back_and_the_report_waits_for_later(
    installation: Installation,
) -> None:
    with clock_at(TEN):
        made = waiting(installation)
        browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
        form = browser.get(CALLS).click(href=made["overdag"]).forms["formulier"]
        form["uitkomst"] = "geen_gehoor"
        page = form.submit("opslaan", status=303).follow()
    assert page.request.path == CALLS
    assert made["overdag"] in groups_of(page)["Later"]
    assert callable_at("overdag", TEN + timedelta(days=1))


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
