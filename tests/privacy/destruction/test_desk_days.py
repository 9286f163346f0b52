"""A report that nobody picks up: its reporter is told before, can take it along, and then it goes.

Also on the day itself: nothing of it is left in database, index, files or outbox.
"""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.privacy.destruction import reporters
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.reports.models import Report, ReporterMessage
from tests.support.api import Api, report
from tests.support.factories import make_user
from tests.support.following import follow_in_browser
from tests.support.installation import Installation
from tests.support.mailboxes import mails
from tests.support.retaining import ADMIN, approve, night, on

CAME = date(2026, 2, 10)
GOES = CAME + timedelta(days=60)
TOLD = GOES - timedelta(days=14)
WHO = {"naam": "Petra Verzonnen", "email": "petra@melder.example"}
GIVEN = {
    "locatie": {"lat": 51.8165, "lon": 4.6400, "omschrijving": "bij de sluis"},
    "omschrijving": "Zeldzaamwoord riep hij.",
    "incidentVan": "2026-02-09T21:00:00+01:00",
    "incidentTot": "2026-02-09T21:10:00+01:00",
    "anoniem": False,
    "melder": WHO,
}


@pytest.fixture
def waiting(installation: Installation) -> tuple[Api, Any]:
    """A report for a town without an agreement, and the terms of the desk."""
    api = Api(installation)
    with on(CAME):
        receipt = api.post(report(**GIVEN)).json
        approve(installation, NATIONAL)
        installation.run_jobs()
    return api, receipt


def number_of(api: Api) -> Any:
    with api.installation.transaction(NATIONAL) as session:
        return session.scalars(select(Report.id)).one_or_none()


def follow_page(api: Api, receipt: Any, day: date) -> Any:
    with on(day):
        browser = follow_in_browser(api, receipt)
        return browser.get("/volgen/melding")


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
@pytest.mark.both_databases
def test_the_reporter_is_told_before_and_on_the_day_nothing_is_left(
    waiting: tuple[Api, Any],
) -> None:
    api, receipt = waiting
    house = api.installation
    night(house, TOLD - timedelta(days=4), NATIONAL)
    assert [m.text for m in _messages(house)] == []
    night(house, TOLD, NATIONAL)
    (message,) = _messages(house)
    assert "11 april 2026" in message.text
    with on(TOLD):
        house.run_jobs()
        answer = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert answer["vernietigdOp"] == GOES.isoformat()
    assert len(mails(house, "bericht_voor_melder")) == 1
    page = follow_page(api, receipt, TOLD)
    assert "11 april 2026" in page
    assert "Bewaar mijn melding als pdf" in page

    with on(TOLD):
        desk = house.browser(make_user(house, (NATIONAL, Role.NATIONAL_DESK)))
        queue = f"/landelijk?bezorging=wacht_op_afspraak&melding={receipt['kenmerk']}"
        for page in (queue, f"/landelijk/{receipt['kenmerk']}"):
            assert "11 april 2026" in desk.get(page)

    night(house, GOES - timedelta(days=1), NATIONAL)
    assert number_of(api) is not None
    assert is_found(house)
    night(house, GOES, NATIONAL)
    with on(GOES):
        house.run_jobs()
    assert number_of(api) is None
    assert not is_found(house)
    with house.transaction(NATIONAL) as session:
        assert session.scalars(select(ReporterMessage)).all() == []
        assert session.scalars(select(MailMessage)).all() == []
        jobs = session.scalars(select(OutboxJob.payload))
        assert not [payload for payload in jobs if "Petra" in str(payload)]
    assert not [
        path
        for path in house.settings.data_dir.rglob("*")
        if path.is_file() and b"Zeldzaamwoord" in path.read_bytes()
    ]


def is_found(house: Installation) -> bool:
    """Search for the word of the report, as the desk does."""
    desk = house.browser(make_user(house, (NATIONAL, Role.NATIONAL_DESK)))
    return bool(desk.get("/zoeken", {"q": "Zeldzaamwoord"}).html.select(".si-list__title"))


def _messages(house: Installation) -> list[ReporterMessage]:
    with house.transaction(NATIONAL) as session:
        return list(session.scalars(select(ReporterMessage)))


@pytest.mark.alles
def test_the_own_report_goes_along_as_a_pdf_and_that_is_logged(waiting: tuple[Api, Any]) -> None:
    api, receipt = waiting
    with on(CAME):
        early = follow_in_browser(api, receipt).get("/volgen/melding")
    assert "als pdf" not in early
    night(api.installation, TOLD, NATIONAL)
    with on(TOLD):
        page = follow_in_browser(api, receipt).get("/volgen/melding")
        form = next(f for f in page.forms.values() if f.action.endswith("/meenemen"))
        made = form.submit(status=200)
        assert made.content_type == "application/pdf"
        words = "\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(made.body)).pages)
        assert all(word in words for word in (receipt["kenmerk"], "Zeldzaamwoord", "Petra"))
        assert "None" not in words
    with api.installation.transaction(NATIONAL) as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.action == reporters.ACTION))
        assert [line.actor_name for line in lines] == ["De melder"]


def test_without_a_told_day_there_is_no_pdf(waiting: tuple[Api, Any]) -> None:
    api, receipt = waiting
    with on(CAME):
        browser = follow_in_browser(api, receipt)
        page = browser.get("/volgen/melding")
        token = page.forms[0]["csrf_token"].value
        answer = browser.post("/volgen/meenemen", {"csrf_token": token}, status=303)
    assert answer.location.endswith("/volgen/melding")


def test_a_hold_keeps_what_waits_and_the_reporter_reads_no_day(waiting: tuple[Api, Any]) -> None:
    api, receipt = waiting
    night(api.installation, TOLD, NATIONAL)
    with on(TOLD), api.installation.transaction(NATIONAL) as session:
        row = session.scalars(select(Report)).one()
        place_hold(session, row, HoldReason.COURT, GOES + timedelta(days=90), ADMIN)
    night(api.installation, GOES, NATIONAL)
    assert number_of(api) is not None
    page = follow_page(api, receipt, GOES)
    assert "blijft bewaard" in page
    assert "Bewaar mijn melding als pdf" not in page


def test_an_offer_that_never_went_out_keeps_no_report_for_ever(waiting: tuple[Api, Any]) -> None:
    api, _ = waiting
    _offer(api, CAME, PickupState.READY)
    for day in (TOLD, GOES):
        night(api.installation, day, NATIONAL)
    assert number_of(api) is None


@pytest.mark.alles
def test_after_a_later_offer_that_ended_the_reporter_is_told_anew(waiting: tuple[Api, Any]) -> None:
    api, receipt = waiting
    night(api.installation, TOLD, NATIONAL)
    later = TOLD + timedelta(days=7)
    _offer(api, later, PickupState.EXPIRED)
    night(api.installation, GOES, NATIONAL)
    assert number_of(api) is not None
    again = GOES + timedelta(days=14)
    assert "25 april 2026" in follow_page(api, receipt, GOES)
    night(api.installation, again - timedelta(days=1), NATIONAL)
    assert number_of(api) is not None
    night(api.installation, again, NATIONAL)
    assert number_of(api) is None


def test_the_offer_of_another_report_gives_this_one_no_other_day(
    waiting: tuple[Api, Any],
) -> None:
    api, _ = waiting
    number = number_of(api)
    night(api.installation, TOLD, NATIONAL)
    with on(TOLD + timedelta(days=7)):
        other = api.post(report(**GIVEN)).json["kenmerk"]
    with api.installation.transaction(NATIONAL) as session:
        mine = select(Report.id).where(Report.reference == other)
        offered = session.scalars(mine).one()
    _offer(api, TOLD + timedelta(days=7), PickupState.OFFERED, offered)
    night(api.installation, GOES, NATIONAL)
    assert number_of(api) == offered != number


def _offer(api: Api, day: date, state: PickupState, document: UUID | None = None) -> None:
    with on(day), api.installation.transaction(NATIONAL) as session:
        session.add(
            Pickup(
                holder=NATIONAL,
                reference="O-4F7K-2QX",
                document_kind="melding",
                document_id=document or session.scalars(select(Report.id)).one(),
                recipient="Gemeente Zwijndrecht",
                state=state,
            )
        )


@pytest.mark.alles
def test_a_withdrawn_report_stays_as_long_as_that_can_be_taken_back(
    waiting: tuple[Api, Any],
) -> None:
    api, receipt = waiting
    day = GOES - timedelta(days=3)
    with on(day):
        browser = follow_in_browser(api, receipt)
        page = browser.get("/volgen/intrekken")
        next(f for f in page.forms.values() if f.action.endswith("intrekken")).submit(status=303)
    night(api.installation, GOES, NATIONAL)
    assert number_of(api) is not None
    night(api.installation, day + timedelta(days=15), NATIONAL)
    assert number_of(api) is None
