"""A reporter who says that it didn't help is a list with a count, and a reason to open again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.reports.conversation.queries import follow
from stopintimidatie.reports.conversation.services import give_verdict
from stopintimidatie.reports.models import Report
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, connect
from tests.support.following import page_of
from tests.support.installation import Installation
from tests.support.officers import officer

pytestmark = pytest.mark.usefixtures("at_once")
HERE = "/gemeenten/dordrecht"
LIST = f"{HERE}/postvak?gesprek=hielp_niet"


def ended_with(installation: Installation, *verdicts: str) -> str:
    """The address of a report that was finished, after which its reporter said this."""
    receipt = Api(installation).post(report()).json
    with installation.transaction(DORDRECHT) as session:
        found = session.scalars(select(Report)).one()
        found.state = "afgehandeld"
    for verdict in verdicts:
        keys = installation.registry.key_ring
        standing = follow(installation.engine, keys, receipt["kenmerk"], receipt["volgcode"])
        assert standing is not None
        give_verdict(installation.engine, standing.copy, verdict)
    return page_of(receipt)


def listed(browser: Any) -> str:
    """The rows of the list, as they stand on the page."""
    return "".join(str(row) for row in browser.get(LIST).html.select("[data-rij]"))


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def test_it_is_a_list_with_a_count_that_leads_to_opening_again(installation: Installation) -> None:
    address, browser = ended_with(installation, "nee"), officer(installation)
    assert "Hielp niet 1" in " ".join(browser.get(HERE).html.select_one(".si-views").text.split())
    reference = address.rpartition("/")[2]
    assert reference in listed(browser)
    page = browser.get(address)
    page.mustcontain("zegt dat het niet hielp", "De melder zegt: het hielp niet")
    form = page.click("Heropenen", href="heropenen$").forms["formulier"]
    form["reden"] = "De melder zegt dat het nog gebeurt."
    form.submit("heropenen", status=303)
    assert reference not in listed(browser)
    with installation.transaction(DORDRECHT) as session:
        again = session.scalars(select(Report)).one()
        # When it is done once more, the reporter is asked once more.
        assert (again.state, again.reporter_verdict) == ("in_behandeling", None)


def test_who_read_it_and_can_do_no_more_takes_it_from_the_list(installation: Installation) -> None:
    address, browser = ended_with(installation, "nee"), officer(installation)
    forms = browser.get(address).forms.values()
    next(form for form in forms if form.action.endswith("/gezien")).submit(status=303)
    assert address.rpartition("/")[2] not in listed(browser)


@pytest.mark.parametrize("verdicts", [("ja",), ("deels",), ("nee", "ja")])
def test_who_was_helped_is_not_in_it(installation: Installation, verdicts: tuple[str, ...]) -> None:
    address = ended_with(installation, *verdicts)
    assert address.rpartition("/")[2] not in listed(officer(installation))
