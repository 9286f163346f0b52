"""A municipality says within how many working days it reads; what is later is seen and counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import reading_term
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.officers import officer, stored

HERE = "/gemeenten/dordrecht"
FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def the_report(installation: Installation) -> Report:
    with installation.transaction(DORDRECHT) as session:
        found = session.scalars(select(Report)).one()
        session.expunge_all()
    return found


def days_of(moment: datetime | None) -> Any:
    return None if moment is None else local_date(moment).isoformat()


def test_the_next_working_day_skips_the_weekend_and_the_desk_promises_none() -> None:
    assert days_of(reading_term(DORDRECHT, FRIDAY, 1)) == "2026-11-30"
    assert days_of(reading_term(DORDRECHT, FRIDAY + timedelta(days=1), 1)) == "2026-11-30"
    assert days_of(reading_term(DORDRECHT, FRIDAY, 3)) == "2026-12-02"
    assert reading_term("landelijk", FRIDAY, 1) is None


def test_each_new_report_has_the_term_however_it_comes(installation: Installation) -> None:
    with clock_at(FRIDAY):
        Api(installation).post(report())
    assert days_of(the_report(installation).read_before) == "2026-11-30"
    with installation.transaction() as session, clock_at(FRIDAY):
        other = make_report(session, installation, quarantine=True)
        assert days_of(other.read_before) == "2026-11-30"


def test_a_municipality_sets_its_term(installation: Installation) -> None:
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    form = admin.get(f"{HERE}/beheer/termijn").forms["formulier"]
    assert form["lezen"].value == "1"
    form["lezen"] = "0"
    assert "1 tot en met 10" in form.submit("opslaan", status=422).html.select_one(".si-error").text
    form["lezen"] = "3"
    form.submit("opslaan", status=303)
    with clock_at(FRIDAY + timedelta(days=7)):
        stored(installation)
    assert days_of(the_report(installation).read_before) == "2026-12-09"
    assert "gelezen binnen 3 werkdagen" in admin.get(f"{HERE}/beheer")


def test_a_row_says_the_term_and_what_is_late_is_counted(installation: Installation) -> None:
    address, browser = stored(installation), officer(installation)
    row = browser.get(f"{HERE}/postvak").html.select_one("[data-rij]")
    assert "lezen " in row.text
    assert "Lezen te laat" not in browser.get(HERE).html.select_one(".si-views").text
    with installation.transaction(DORDRECHT) as session:
        found = session.scalars(select(Report)).one()
        found.received_at = utc_now() - timedelta(days=5)
        found.read_before = utc_now() - timedelta(days=2)
    page = browser.get(f"{HERE}/postvak?termijn=lezen")
    assert "lezen 2 dagen te laat" in page.html.select_one("[data-rij]").text
    assert "Lezen te laat 1" in " ".join(
        browser.get(HERE).html.select_one(".si-views").text.split()
    )
    assert "2 dagen te laat" in browser.get(address)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "in_behandeling"
    assert "Lezen te laat" not in browser.get(HERE).html.select_one(".si-start").text
    assert not browser.get(f"{HERE}/postvak?termijn=lezen").html.select("[data-rij]")
