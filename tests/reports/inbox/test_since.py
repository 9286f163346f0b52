"""Since the last working day: bounded, of one holder, and one incident is one line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from stopintimidatie.core.audit import SYSTEM, Actor, record, record_read
from stopintimidatie.core.clock import AMSTERDAM, clock_at
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.fields import Contact, Location
from stopintimidatie.reports.vocabulary import ContactWish, TimePrecision
from tests.support.factories import DORDRECHT, connect, make_report, make_user, user_id
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite
FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=AMSTERDAM)
SATURDAY = FRIDAY + timedelta(days=1, hours=6)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=AMSTERDAM)


@pytest.fixture
def officer(installation: Installation) -> str:
    """An officer whose last act was on Friday."""
    connect(installation)
    name = make_user(installation, (DORDRECHT, Role.OFFICER))
    actor = Actor("gebruiker", str(user_id(installation, name)), "Test")
    with clock_at(FRIDAY), installation.transaction(DORDRECHT) as session:
        record(session, actor, "melding.spoed", DORDRECHT, "melding")
        make_report(session, installation)
    return name


def since(installation: Installation, officer: str) -> Any:
    with clock_at(MONDAY):
        return (
            installation.browser(officer).get("/gemeenten/dordrecht").html.select_one(".si-since")
        )


def test_on_monday_one_reads_the_weekend_and_one_incident_is_one_line(
    installation: Installation, officer: str
) -> None:
    at_station: dict[str, Any] = {
        "location": Location(lat=51.8074, lon=4.6684),
        "incident_start": SATURDAY - timedelta(hours=1),
        "time_precision": TimePrecision.EXACT,
    }
    with clock_at(SATURDAY), installation.transaction(DORDRECHT) as session:
        for _ in range(5):
            make_report(session, installation, **at_station)
        seen, unseen = (
            make_report(session, installation, location=Location(lat=lat, lon=4.67))
            for lat in (51.81, 51.82)
        )
        seen.urgent = unseen.urgent = True
        bart = Actor("gebruiker", "1", "Bart van Dienst")
        record_read(session, bart, DORDRECHT, "melding", [seen.id], task="melding openen")
        record(session, SYSTEM, "post.teruggekomen", DORDRECHT, "bericht")
    block = since(installation, officer)
    assert "Sinds uw laatste werkdag, vrijdag 20 november" in block.text
    lines = [" ".join(line.text.split()) for line in block.select("li")]
    assert len(lines) == 5, lines
    assert sorted("Bart van Dienst" in line for line in lines[:2]) == [False, True]
    assert any("nog door niemand geopend" in line for line in lines[:2])
    assert lines[2].startswith("5 meldingen over één gebeurtenis")
    assert lines[2].endswith(" en nog 2")
    assert lines[2].count(" M-") == 3
    # No list shows exactly these, so it leads to none.
    assert lines[3] == "In totaal kwamen 7 meldingen binnen"
    assert not block.select("li")[3].select("a")
    assert lines[4].startswith("1 bericht kwam niet aan")


def act(installation: Installation, officer: str, moment: datetime, holder: str) -> None:
    """Let this person do something here at a moment, when a report comes in too."""
    actor = Actor("gebruiker", str(user_id(installation, officer)), "Test")
    with clock_at(moment), installation.transaction(holder) as session:
        record(session, actor, "melding.spoed", holder, "melding")
        make_report(session, installation, holder=holder)


def test_a_look_in_the_weekend_is_no_working_day(installation: Installation, officer: str) -> None:
    act(installation, officer, SATURDAY, DORDRECHT)
    block = since(installation, officer)
    assert "Sinds uw laatste werkdag, vrijdag 20 november" in block.text
    assert "kwam 1 melding binnen" in block.text


@pytest.mark.parametrize("days", [15, 60])
def test_after_long_away_one_reads_the_last_fourteen_days(
    installation: Installation, officer: str, days: int
) -> None:
    away = make_user(installation, (DORDRECHT, Role.OFFICER))
    act(installation, away, MONDAY - timedelta(days=days), DORDRECHT)
    block = since(installation, away)
    assert "De laatste 14 dagen" in block.text
    # That of Friday; what came in when the other was here last is older.
    assert "kwam 1 melding binnen" in block.text


def test_the_desk_has_working_days_too(installation: Installation) -> None:
    employee = make_user(installation, (NATIONAL, Role.NATIONAL_DESK))
    act(installation, employee, FRIDAY, NATIONAL)
    act(installation, employee, SATURDAY, NATIONAL)
    with clock_at(MONDAY):
        page = installation.browser(employee).get("/landelijk").html
    assert "Sinds uw laatste werkdag, vrijdag 20 november" in page.select_one(".wb-since").text
    assert "1 binnen" in page.select_one(".wb-since").text


def test_on_the_first_day_there_is_no_such_block(installation: Installation) -> None:
    connect(installation)
    name = make_user(installation, (DORDRECHT, Role.OFFICER))
    assert since(installation, name) is None


def test_the_hour_to_call_stands_with_a_call_that_is_due_and_is_noted(
    installation: Installation, officer: str
) -> None:
    """Who may not see contact data reads that a call is due, and no hour."""
    with clock_at(MONDAY), installation.transaction(DORDRECHT) as session:
        report = make_report(
            session,
            installation,
            anonymous=False,
            contact=Contact(phone="+31612345678"),
            wants_contact=ContactWish.CALL,
            contact_when="na vijven",
        )
        report.contact_deadline = MONDAY + timedelta(hours=6)
    owner = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER))
    with clock_at(MONDAY):
        pages = [installation.browser(n).get("/gemeenten/dordrecht") for n in (officer, owner)]
    assert ["bellen: na vijven" in page for page in pages] == [True, False]
    assert all("contact vandaag" in page for page in pages)
