"""R10: a new report tells its municipality, without a word of it; spoed until it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import AMSTERDAM, after_working_days, clock_at, in_office_hours
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.mail.addresses import code_of, find_address
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.people.services import postbox_of, urgent_number_of
from stopintimidatie.reports.arrival.services import announce
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

TUESDAY = datetime(2026, 11, 24, 11, 0, tzinfo=AMSTERDAM)
NIGHT = datetime(2026, 11, 24, 23, 40, tzinfo=AMSTERDAM)


@pytest.fixture
def town(installation: Installation) -> Installation:
    """Dordrecht, with a confirmed mailbox and a number for spoed."""
    connect(installation)
    with clock_at(TUESDAY - timedelta(hours=2)):
        admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
        form = admin.get("/gemeenten/dordrecht/berichten").forms["formulier"]
        form["adres"], form["spoednummer"] = "oov@dordrecht.example", "06 12345678"
        form.submit("opslaan", status=303)
        for which in ("adres", "spoednummer"):
            confirm(installation, admin, which)
        installation.run_jobs()
    return installation


def confirm(installation: Installation, admin: Any, which: str, typed: str = "") -> Any:
    owner = (postbox_of if which == "adres" else urgent_number_of)(DORDRECHT)
    with installation.transaction(DORDRECHT) as session:
        row = find_address(session, owner)
        assert row is not None
        assert "dordrecht" not in (row.address or "")
        code = code_of(installation.registry.key_ring, str(row.id), row.code_nonce or "1:")
    page = admin.get("/gemeenten/dordrecht/berichten")
    form = next(f for f in page.forms.values() if "code" in f.fields and f["welk"].value == which)
    form["code"] = typed or f"{code[:4]} {code[4:]}"
    return form.submit(status=303).follow()


def report(town: Installation, *, urgent: bool = False) -> UUID:
    with town.transaction() as session:
        made = make_report(session, town, description="Geheimwoord")
        made.urgent = urgent
        return made.id


def messages(town: Installation) -> list[MailMessage]:
    with town.transaction(DORDRECHT) as session:
        found = session.scalars(select(MailMessage).order_by(MailMessage.created_at)).all()
    return [m for m in found if "bevestigen" not in m.template]


@contextmanager
def at(town: Installation, moment: datetime) -> Iterator[None]:
    with clock_at(moment):
        yield
        town.run_jobs()


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
