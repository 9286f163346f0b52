"""The reporter reads when the police are told anyway; officers and desk have a page about it."""

from __future__ import annotations

import pytest

from stopintimidatie.core.security import Role
from tests.support.factories import connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.officers import officer, stored

pytestmark = pytest.mark.sqlite
PAGE = "/politie-inlichten"


def test_statements_name_danger_and_the_law_and_that_no_lawyer_confirmed_it(
    installation: Installation,
) -> None:
    visitor = installation.visitor()
    visitor.get("/privacy").mustcontain(
        "Loopt iemand gevaar, dan bellen wij de politie", "artikelen 160 en 162", "moet een jurist"
    )
    visitor.get("/privacy?taal=en").mustcontain("If somebody is in danger, we call the police")


def test_who_is_asked_to_share_reads_the_exceptions_beside_it(installation: Installation) -> None:
    connect(installation)
    by_phone = officer(installation).get("/gemeenten/dordrecht/melding-invoeren")
    by_phone.mustcontain("loopt iemand gevaar, of verplicht de wet het")


def test_a_report_leads_officer_and_desk_to_the_page(installation: Installation) -> None:
    connect(installation)
    with installation.transaction() as session:
        reference = make_report(session, installation, holder="landelijk").reference
    desk = installation.browser(make_user(installation, ("landelijk", Role.NATIONAL_DESK)))
    places = (
        (officer(installation), stored(installation)),
        (officer(installation), "/gemeenten/dordrecht/postvak"),
        (desk, f"/landelijk/{reference}"),
        (desk, f"/landelijk?melding={reference}"),
    )
    for browser, address in places:
        page = browser.get(address).click("Wanneer vertelt u het de politie?")
        page.mustcontain("112", "0900-8844", "een jurist heeft haar nog niet bevestigd")
