"""R10: a new report tells its municipality, without a word of it; spoed until it is opened."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import AMSTERDAM, after_working_days, in_office_hours
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.security import Role
from stopintimidatie.reports.arrival.services import announce
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.triage.services import set_urgent
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.noticing import TUESDAY, at, confirm, messages, report, told_of_reports

NIGHT = datetime(2026, 11, 24, 23, 40, tzinfo=AMSTERDAM)


@pytest.fixture
def town(installation: Installation) -> Installation:
    """Dordrecht, which is told of its reports."""
    return told_of_reports(installation)


def test_a_new_report_is_told_to_the_role_without_a_word_of_it(town: Installation) -> None:
    with at(town, TUESDAY):
        report(town)
    (message,) = messages(town)
    assert (message.template, message.state) == ("nieuwe_melding", "verstuurd")
    assert "/gemeenten/dordrecht/postvak" in (message.kept or "")
    assert "oov@dordrecht.example" in (message.kept or "")
    assert "Geheimwoord" not in (message.kept or "")


def test_a_flood_is_told_once_in_a_while_and_the_last_one_is_told_too(town: Installation) -> None:
    with at(town, TUESDAY):
        for _ in range(5):
            report(town)
    # Both have the same time, because the clock is stopped, so their order is undefined.
    assert sorted(m.state for m in messages(town)) == ["verstuurd", "wacht"]
    with at(town, TUESDAY + timedelta(minutes=16)):
        pass
    assert [m.state for m in messages(town)] == ["verstuurd", "verstuurd"]


def test_spoed_is_repeated_until_somebody_opens_it(town: Installation) -> None:
    with at(town, TUESDAY):
        number = report(town, urgent=True)
    for quarter in (1, 2):
        with at(town, TUESDAY + timedelta(minutes=15 * quarter, seconds=1)):
            pass
    assert [m.template for m in messages(town)] == ["spoed"] * 3
    officer = town.browser(make_user(town, (DORDRECHT, Role.OFFICER)))
    with town.transaction(DORDRECHT) as session:
        reference = session.get_one(Report, number).reference
    # The list shows it; that is no look at it.
    officer.get("/gemeenten/dordrecht/postvak")
    with at(town, TUESDAY + timedelta(minutes=46)):
        pass
    assert len(messages(town)) == 4
    officer.get(f"/gemeenten/dordrecht/postvak?melding={reference}")
    with at(town, TUESDAY + timedelta(days=3)):
        pass
    assert len(messages(town)) == 4
    with town.transaction() as session:
        waiting = select(OutboxJob.kind).where(OutboxJob.kind == "melding.spoed")
        assert session.scalars(waiting).all() == []


def test_outside_office_hours_spoed_also_goes_to_the_number_that_was_named(
    town: Installation,
) -> None:
    with at(town, NIGHT):
        report(town, urgent=True)
    assert {m.template: m.state for m in messages(town)} == {
        "spoed": "verstuurd",
        "spoed_sms": "verstuurd",
    }
    assert "Geheimwoord" not in "".join(m.kept or "" for m in messages(town))


def test_spoed_that_a_colleague_marks_at_night_goes_to_the_number_too_and_once(
    town: Installation,
) -> None:
    """Also when it was opened: who marked it isn't who is on duty."""
    officer = Actor("gebruiker", None, "Test")
    for moment, texts in ((TUESDAY, 0), (NIGHT, 1)):
        with at(town, moment):
            number = report(town)
        with at(town, moment), town.transaction(DORDRECHT) as session:
            marked = session.get_one(Report, number)
            set_urgent(session, marked, True, officer)
            marked.state = "in_behandeling"
        with at(town, moment + timedelta(hours=1)):
            pass
        templates = [message.template for message in messages(town)]
        assert templates.count("spoed_sms") == texts


def test_an_old_report_that_is_handed_over_with_spoed_is_told_at_once(town: Installation) -> None:
    with at(town, NIGHT), town.transaction(DORDRECHT) as session:
        made = make_report(session, town)
        made.urgent, made.received_at = True, NIGHT - timedelta(days=30)
    assert {message.template for message in messages(town)} == {"spoed", "spoed_sms"}


def test_no_message_goes_to_who_has_not_typed_the_code_back(installation: Installation) -> None:
    connect(installation)
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    form = admin.get("/gemeenten/dordrecht/berichten").forms["formulier"]
    form["adres"] = "jan.jansen@dordrecht.example"
    assert "adres van een functie" in form.submit("opslaan", status=422)
    form["adres"] = "meldpunt-oov@dordrecht.example"
    form.submit("opslaan", status=303)
    for _ in range(5):
        assert "klopt niet" in confirm(installation, admin, "adres", "00000000")
    assert "te vaak" in confirm(installation, admin, "adres")
    report(installation)
    installation.run_jobs()
    assert messages(installation) == []


def test_a_report_that_is_handed_over_is_told_as_well_and_a_mailbox_that_bounces_shows(
    town: Installation,
) -> None:
    with at(town, TUESDAY):
        number = report(town)
    with at(town, TUESDAY + timedelta(hours=1)), town.transaction(DORDRECHT) as session:
        announce(session, session.get_one(Report, number))
    assert len(messages(town)) == 2
    with town.transaction(DORDRECHT) as session:
        town.registry.mail_recipients["adres"].bounced(session, messages(town)[0].recipient_id)
    admin = town.browser(make_user(town, (DORDRECHT, Role.ADMIN)))
    assert "kwamen terug" in admin.get("/gemeenten/dordrecht/berichten")


def test_office_hours_know_weekends_and_holidays() -> None:
    def hours(day: int, month: int, year: int = 2026, hour: int = 11) -> bool:
        return in_office_hours(datetime(year, month, day, hour, tzinfo=AMSTERDAM))

    assert hours(24, 11)
    assert not hours(24, 11, hour=18)
    # Saturday; Easter Monday, Ascension and Whit Monday of 2026; King's Day on a Sunday moves.
    assert not any([hours(28, 11), hours(6, 4), hours(14, 5), hours(25, 5), hours(25, 12)])
    assert hours(27, 4, 2025, 11) is False
    assert hours(5, 5, 2026)
    assert not hours(5, 5, 2025)
    friday = datetime(2026, 11, 27, 16, 0, tzinfo=AMSTERDAM)
    assert after_working_days(friday, 2) == datetime(2026, 12, 1, 16, 0, tzinfo=AMSTERDAM)
