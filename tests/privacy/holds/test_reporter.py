"""A reporter reads a month before when the report goes, and can have it kept for the police."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.retention import months, years
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.privacy.destruction.jobs import destroy_what_is_due
from stopintimidatie.privacy.destruction.models import ArchiveTransfer
from stopintimidatie.privacy.destruction.queries import kept_by_decision
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import (
    ANNOUNCED,
    announce_destruction,
    lift_hold,
    place_hold,
    row_of,
)
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import NOT_HANDLED, Choice, Schedule
from stopintimidatie.reports.conversation.decisions import keep_for_police
from stopintimidatie.reports.conversation.queries import follow
from stopintimidatie.reports.models import Report, ReportContact
from tests.support.api import Api
from tests.support.destruction import a_line, a_list
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user, take_on
from tests.support.following import follow_in_browser, page_of
from tests.support.installation import Installation

pytestmark = pytest.mark.usefixtures("at_once")
YEAR = years(1)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
BUTTON = "Bewaar mijn melding voor een aangifte"


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


def approve_a_year(api: Api) -> None:
    terms = Schedule({NOT_HANDLED: Choice("8.2", YEAR)})
    with api.installation.transaction(DORDRECHT) as session:
        session.add(
            RetentionSchedule(
                holder=DORDRECHT,
                number=1,
                content=terms.as_json(),
                approved=True,
                effective_from=utc_now(),
                proposed_by="Bo",
            )
        )


@pytest.fixture
def ended(api: Api) -> Any:
    """The receipt of a report that isn't handled, from today on."""
    receipt = api.post().json
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        report.state, report.ended_reason = "niet_in_behandeling", "test"
        report.ended_at = utc_now()
    return receipt


@pytest.fixture
def nearly(api: Api, ended: Any) -> Iterator[TestApp]:
    """The reporter, eleven months and a half later."""
    approve_a_year(api)
    with clock_at(utc_now() + timedelta(days=350)):
        yield follow_in_browser(api, ended)


def holds(api: Api) -> list[Hold]:
    with api.installation.transaction(DORDRECHT) as session:
        return list(session.scalars(select(Hold)))


def ask(browser: TestApp) -> Any:
    page = browser.get("/volgen/melding")
    form = next(form for form in page.forms.values() if form.action == "/volgen/bewaren")
    return form.submit(status=303)


def test_without_approved_terms_no_day_is_promised(api: Api, ended: Any) -> None:
    with clock_at(utc_now() + timedelta(days=3600)):
        page = follow_in_browser(api, ended).get("/volgen/melding")
        page.mustcontain(ended["kenmerk"], no=["vernietigd", BUTTON])


def test_the_day_is_told_a_month_before_and_not_earlier(api: Api, ended: Any) -> None:
    approve_a_year(api)
    day = YEAR.after(day_of(utc_now()))
    with clock_at(utc_now() + timedelta(days=330)):
        early = follow_in_browser(api, ended).get("/volgen/melding")
        early.mustcontain(ended["kenmerk"], no=["wordt vernietigd", BUTTON])
    with clock_at(utc_now() + timedelta(days=350)):
        late = follow_in_browser(api, ended).get("/volgen/melding")
        late.mustcontain("Uw melding wordt vernietigd op", date_text(day), BUTTON)
        told = api.follow(ended["kenmerk"], ended["volgcode"]).json
        assert (told["vernietigdOp"], told["bewaardTot"]) == (day.isoformat(), None)


def test_one_button_keeps_it_half_a_year_and_the_officers_are_told(
    api: Api, ended: Any, nearly: TestApp
) -> None:
    ask(nearly).follow().mustcontain("blijft bewaard", "aangifte", no=[BUTTON])
    (hold,) = holds(api)
    kept = months(6).after(day_of(utc_now()))
    assert (hold.reason, hold.placed_by_id, hold.review_on) == ("aangifte", None, kept)
    told = api.follow(ended["kenmerk"], ended["volgcode"]).json
    assert (told["vernietigdOp"], told["bewaardTot"]) == (None, kept.isoformat())
    officer = api.installation.browser(make_user(api.installation, (DORDRECHT, Role.OFFICER)))
    page = officer.get(page_of(ended))
    page.mustcontain("Bevroren", "De melder wil aangifte doen", "Nieuw van de melder")


def test_asking_twice_is_one_hold_and_near_its_end_it_can_be_asked_again(
    api: Api, ended: Any, nearly: TestApp
) -> None:
    page = nearly.get("/volgen/melding")
    form = next(form for form in page.forms.values() if form.action == "/volgen/bewaren")
    form.submit(status=303)
    form.submit(status=303)
    (first,) = holds(api)
    with clock_at(utc_now() + timedelta(days=170)):
        ask(follow_in_browser(api, ended))
        (hold,) = holds(api)
        assert hold.id == first.id
        assert hold.review_on == months(6).after(day_of(utc_now()))


@pytest.mark.both_databases
@pytest.mark.short_on("postgresql")
def test_asked_many_times_at_once_it_is_one_hold(api: Api, ended: Any, nearly: TestApp) -> None:
    made = api.installation
    standing = follow(made.engine, made.registry.key_ring, ended["kenmerk"], ended["volgcode"])
    assert standing is not None
    with ThreadPoolExecutor(4) as threads:
        for done in [
            threads.submit(copy_context().run, keep_for_police, made.registry, standing.copy)
            for _ in range(4)
        ]:
            done.result()
    assert len(holds(api)) == 1


def test_what_is_kept_for_another_reason_tells_no_reason(api: Api, ended: Any) -> None:
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        day = day_of(utc_now()) + timedelta(days=90)
        place_hold(session, report, HoldReason.WOO, day, SYSTEM, case_reference="W-7")
    page = follow_in_browser(api, ended).get("/volgen/melding")
    page.mustcontain("Uw melding blijft bewaard", date_text(day), no=["Woo", "W-7", BUTTON])


def test_no_wish_is_confirmed_of_what_is_kept_for_another_reason(api: Api, ended: Any) -> None:
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        day = day_of(utc_now()) + timedelta(days=90)
        place_hold(session, report, HoldReason.WOO, day, SYSTEM, case_reference="W-7")
    browser = follow_in_browser(api, ended)
    token = next(iter(browser.get("/volgen/intrekken").forms.values()))["csrf_token"].value
    refused = browser.post("/volgen/bewaren", {"csrf_token": token}, status=409)
    refused.mustcontain("leest u hier de dag", no=["weet dat u aangifte wilt doen"])
    assert [hold.reason for hold in holds(api)] == [HoldReason.WOO]
    linked = browser.get("/volgen/melding?gedaan=bewaren")
    linked.mustcontain("blijft bewaard", no=["weet dat u aangifte wilt doen"])


def withdrawn(api: Api, receipt: Any) -> TestApp:
    browser = follow_in_browser(api, receipt)
    page = browser.get("/volgen/intrekken")
    form = next(form for form in page.forms.values() if form.action == "/volgen/intrekken")
    form.submit(status=303).follow()
    return browser


def contact_of(api: Api) -> list[Any]:
    with api.installation.transaction(DORDRECHT) as session:
        return list(session.scalars(select(ReportContact.id)))


@pytest.mark.parametrize("of_dossier", [False, True])
def test_a_hold_keeps_the_contact_data_of_a_withdrawn_report_sealed_until_it_is_lifted(
    api: Api, of_dossier: bool
) -> None:
    receipt = api.post().json
    day = day_of(utc_now()) + timedelta(days=90)
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        row: Any = report
        if of_dossier:
            row = make_dossier(session)
            row.state = "in_aanpak"
            effects = api.installation.registry.workflow_effects
            file_report(session, effects, row, take_on(session, report), "Zelfde plek.", SYSTEM)
        place_hold(session, row, HoldReason.COURT, day, SYSTEM)
    before = follow_in_browser(api, receipt).get("/volgen/intrekken")
    before.mustcontain("verzegeld", no=["meteen gewist"])
    page = withdrawn(api, receipt).get("/volgen/melding")
    page.mustcontain("verzegeld", "blijft bewaard", no=["zijn gewist", "na de termijn"])
    assert contact_of(api)
    officer = api.installation.browser(make_user(api.installation, (DORDRECHT, Role.OFFICER)))
    seen = officer.get(page_of(receipt)).maybe_follow()
    seen.mustcontain("verzegeld", "met contactgegevens", no=["iemand@", "zijn gewist"])
    with api.installation.transaction(DORDRECHT) as session:
        (kept,) = session.scalars(select(Hold)).all()
        frozen: Any = row_of(session, kept)
        lift_hold(session, frozen, kept, "Voorbij.", SYSTEM)
    assert not contact_of(api)
    after = follow_in_browser(api, receipt).get("/volgen/melding")
    after.mustcontain("zijn gewist", no=["verzegeld", "blijft bewaard"])
    seen = officer.get(page_of(receipt)).maybe_follow()
    seen.mustcontain("zijn gewist", "zonder contact", no=["verzegeld"])


def test_the_contact_data_of_a_report_that_nothing_holds_go_at_once(api: Api) -> None:
    receipt = api.post().json
    withdrawn(api, receipt).get("/volgen/melding").mustcontain("zijn gewist", no=["verzegeld"])
    assert not contact_of(api)


@pytest.mark.parametrize(
    ("line", "words", "not_these", "app"),
    [
        (
            {"decision": "vastgehouden"},
            "blijft voorlopig bewaard",
            "wordt vernietigd",
            (False, True, None),
        ),
        (
            {"decision": "uitgesteld", "postponed_until": date(2099, 1, 2)},
            "2 januari 2099",
            "vern",
            (False, True, "2099-01-02"),
        ),
        ({"decision": "mee"}, "moet nog beslissen", "binnenkort vernietigd", (True, False, None)),
        (
            {"decision": "mee", "authorised_at": NOON},
            "binnenkort vernietigd",
            "beslissen",
            (True, False, None),
        ),
        (
            {"outcome": "overbrengen", "decision": "mee"},
            "blijft voorlopig bewaard",
            "vern",
            (False, True, None),
        ),
    ],
)
def test_what_was_decided_on_a_list_is_told(
    api: Api, ended: Any, line: dict[str, Any], words: str, not_these: str, app: Any
) -> None:
    approve_a_year(api)
    with clock_at(utc_now() + timedelta(days=400)):
        with api.installation.transaction(DORDRECHT) as session:
            report = session.scalars(select(Report)).one()
            made = a_list(session, "2031-4")
            a_line(session, made, report.reference, document_id=report.id, **line)
        page = follow_in_browser(api, ended).get("/volgen/melding")
        card = page.text[page.text.index('id="bewaren"') :]
        assert words in card
        assert not_these not in card[: card.index("Berichten")]
        told = api.follow(ended["kenmerk"], ended["volgcode"]).json
        assert (bool(told["vernietigdOp"]), told["blijftBewaard"], told["bewaardTot"]) == app
        assert told["vernietigingBesloten"] == ("authorised_at" in line)


def test_no_day_tells_a_decision_that_can_still_be_undone(api: Api, ended: Any) -> None:
    approve_a_year(api)
    with clock_at(utc_now() + timedelta(days=350)):
        with api.installation.transaction(DORDRECHT) as session:
            report = session.scalars(select(Report)).one()
            report.shown_state, report.shown_until = "nieuw", utc_now() + timedelta(minutes=10)
        browser = follow_in_browser(api, ended)
        page = browser.get("/volgen/melding")
        page.mustcontain("Uw melding is ontvangen", no=["vernietigd", BUTTON])
        sent = api.follow(ended["kenmerk"], ended["volgcode"]).json
        assert (sent["vernietigdOp"], sent["vernietigingBesloten"]) == (None, False)
        token = next(iter(browser.get("/volgen/intrekken").forms.values()))["csrf_token"].value
        browser.post("/volgen/bewaren", {"csrf_token": token}, status=409)
        with clock_at(utc_now() + timedelta(minutes=11)):
            browser.get("/volgen/melding").mustcontain("wordt vernietigd op", BUTTON)


def test_of_a_report_that_an_archive_has_it_is_told_that_it_may_be_kept_there(
    api: Api, ended: Any
) -> None:
    approve_a_year(api)
    with clock_at(utc_now() + timedelta(days=350)):
        with api.installation.transaction(DORDRECHT) as session:
            report = session.scalars(select(Report)).one()
            a_line(session, a_list(session), report.reference, document_id=report.id)
            about = {"dossier_id": uuid4(), "reference": "2026-0001", "reports": [str(report.id)]}
            done = {"state": "overgebracht", "requested_by": "Ar Chief", "received_at": utc_now()}
            session.add(ArchiveTransfer(holder=DORDRECHT, **about, **done))
        page = follow_in_browser(api, ended).get("/volgen/melding")
        page.mustcontain("wordt hier vernietigd op", "naar een archief gaat", no="niemand haar nog")


def test_too_early_the_button_is_refused_kindly(api: Api, ended: Any) -> None:
    browser = follow_in_browser(api, ended)
    token = next(iter(browser.get("/volgen/intrekken").forms.values()))["csrf_token"].value
    refused = browser.post("/volgen/bewaren", {"csrf_token": token}, status=409)
    refused.mustcontain("wordt nu niet vernietigd")
    assert not holds(api)


@pytest.mark.parametrize(
    ("line", "mails"),
    [
        ({"decision": "vastgehouden"}, 0),
        ({"decision": "uitgesteld", "postponed_until": date(2099, 1, 2)}, 0),
        ({"decision": "mee"}, 1),
    ],
)
def test_no_mail_says_that_something_goes_which_was_decided_to_stay(
    api: Api, ended: Any, line: dict[str, Any], mails: int
) -> None:
    approve_a_year(api)
    with clock_at(utc_now() + timedelta(days=350)):
        with api.installation.transaction(DORDRECHT) as session:
            report = session.scalars(select(Report)).one()
            made = a_list(session, "2031-4")
            a_line(session, made, report.reference, document_id=report.id, **line)
        destroy_what_is_due(api.installation.registry, api.installation.engine, DORDRECHT)
        with api.installation.transaction(DORDRECHT) as session:
            sent = session.scalars(select(MailMessage).where(MailMessage.template == ANNOUNCED))
            assert len(sent.all()) == mails


def test_who_can_be_reached_is_mailed_once_that_something_waits(api: Api, ended: Any) -> None:
    approve_a_year(api)
    with clock_at(utc_now() + timedelta(days=350)):
        with api.installation.transaction(DORDRECHT) as session:
            terms = present_schedule(session)
            assert terms is not None
        for _ in range(2):
            announce_destruction(api.installation.engine, DORDRECHT, terms, kept_by_decision)
        with api.installation.transaction(DORDRECHT) as session:
            mails = session.scalars(
                select(MailMessage).where(MailMessage.template == ANNOUNCED)
            ).all()
            assert [mail.about_id for mail in mails] == [session.scalars(select(Report.id)).one()]
