"""The standing decision: it stays in force without a look, ends with what it rests on, and after a
pause lists for seven days what is overdue before that goes. Also what `/privacy` says meanwhile."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, clock_at, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.text import date_text
from stopintimidatie.privacy.destruction.models import DestructionStatement
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, connect, make_report, make_user, take_on
from tests.support.installation import Installation
from tests.support.retaining import ADMIN, approve, night, on, proposed_schedule

HANDLED_ON = date(2026, 2, 10)
GOES = date(2026, 5, 10)
DAY = timedelta(days=1)
HERE = "/gemeenten/dordrecht"
PAGE = f"{HERE}/bewaartermijnen"
STOPPED = "gaat nu niet vanzelf weg"


def handled(installation: Installation, day: date = HANDLED_ON) -> Any:
    """A report with contact data that was handled on this day; its id."""
    with on(day), installation.transaction(DORDRECHT) as session:
        contact = Contact(name="Jasmijn Verzonnen", email="jas@example.org")
        made = make_report(session, installation, contact=contact, wants_contact=ContactWish.MAIL)
        report = take_on(session, made)
        report.state, report.ended_at, report.contact_deadline = "afgehandeld", utc_now(), None
        return report.id


def contacts(installation: Installation) -> set[Any]:
    with installation.transaction(DORDRECHT) as session:
        return set(session.scalars(select(ReportContact.report_id)))


def as_after_the_upgrade(installation: Installation) -> None:
    """No night of this version has passed yet."""
    with installation.transaction(DORDRECHT) as session:
        holder = session.get_one(Holder, DORDRECHT)
        holder.swept_on = holder.listed_until = None


def as_role(installation: Installation, role: Role) -> Any:
    return installation.browser(make_user(installation, (DORDRECHT, role)))


def titles(browser: Any) -> set[str]:
    return {
        row.select_one(".si-task__title").text.strip()
        for row in browser.get(HERE).html.select(".si-task")
    }


def privacy(installation: Installation, day: date | None = None) -> str:
    with on(day) if day is not None else nullcontext():
        page = installation.visitor().get("/privacy/dordrecht")
    return " ".join(page.html.main.get_text(" ").split())


def test_a_decision_that_nobody_looks_at_stays_in_force_two_years_on(
    installation: Installation,
) -> None:
    with on(HANDLED_ON):
        approve(installation)
    late = handled(installation, HANDLED_ON + timedelta(days=700))
    night(installation, HANDLED_ON + timedelta(days=700 + 90))
    assert contacts(installation) == {late}
    night(installation, HANDLED_ON + timedelta(days=700 + 91))
    assert contacts(installation) == set()


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("said", "goes"),
    [
        (None, date(2027, 6, 1)),
        (date(2027, 2, 20), date(2027, 5, 20)),
        (date(2027, 4, 1), date(2027, 6, 1)),
    ],
)
def test_contact_data_goes_three_months_after_the_last_contact_or_the_end(
    installation: Installation, said: date | None, goes: date
) -> None:
    report = handled(installation, date(2027, 3, 1))
    if said is not None:
        with on(said), installation.transaction(DORDRECHT) as session:
            tell(session, session.get_one(Report, report), "bericht", "Dag.", SYSTEM)
    with on(date(2027, 3, 1)):
        approve(installation)
    night(installation, goes - DAY)
    assert contacts(installation) == {report}
    night(installation, goes)
    assert contacts(installation) == set()


def test_the_look_is_asked_of_archivist_and_privacy_officer_and_then_told_to_the_fg(
    installation: Installation,
) -> None:
    connect(installation)
    asked, late = "Kijk naar het doorlopend besluit", "Niemand keek naar het doorlopend besluit"
    with clock_at(utc_now() - timedelta(days=330)):
        approve(installation)
    archivist, guard, fg = (
        as_role(installation, role)
        for role in (Role.ARCHIVIST, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER)
    )
    assert asked in titles(archivist) & titles(guard)
    assert not {asked, late} & titles(fg)
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(RetentionSchedule)).one()
        row.look_by = local_date(utc_now()) - DAY
    assert late in titles(archivist) & titles(guard) & titles(fg)
    page = archivist.get(PAGE)
    assert "blijft gelden" in page
    form = next(f for f in page.forms.values() if f.action.endswith("/verlengen"))
    assert "Bekeken" in form.submit().follow()
    assert not {asked, late} & (titles(archivist) | titles(guard) | titles(fg))


def test_it_ends_with_what_it_rests_on_and_archivist_and_fg_know_90_days_ahead(
    installation: Installation,
) -> None:
    connect(installation)
    with on(HANDLED_ON):
        rests = replace(proposed_schedule(installation), until=date(2026, 8, 31))
        approve(installation, schedule=rests)
    archivist, fg = Role.ARCHIVIST, Role.DATA_PROTECTION_OFFICER
    soon, ended = "Het doorlopend besluit loopt af", "Het doorlopend besluit is geëindigd"
    for day, known in (
        (date(2026, 6, 1), set()),
        (date(2026, 6, 2), {soon}),
        (date(2026, 8, 31), {soon}),
        (date(2026, 9, 1), {ended}),
    ):
        with on(day):
            for role in (archivist, fg):
                assert {soon, ended} & titles(as_role(installation, role)) == known, day
    report = handled(installation, date(2026, 5, 20))
    night(installation, date(2026, 9, 1))
    assert contacts(installation) == {report}
    assert STOPPED in privacy(installation, date(2026, 9, 1))


def test_the_archivist_ends_it_and_the_public_page_says_so(installation: Installation) -> None:
    connect(installation)
    approve(installation)
    assert STOPPED not in privacy(installation)
    archivist = as_role(installation, Role.ARCHIVIST)
    page = archivist.get(PAGE)
    form = next(f for f in page.forms.values() if f.action.endswith("/beeindigen"))
    assert "gold tot en met" in form.submit().follow()
    assert STOPPED in privacy(installation)


@pytest.mark.both_databases
@pytest.mark.parametrize("step", ["beeindigen", "verlengen"])
def test_a_decision_that_ended_is_neither_ended_nor_looked_at_again(
    installation: Installation, step: str
) -> None:
    connect(installation)
    approve(installation)
    archivist = as_role(installation, Role.ARCHIVIST)
    sent = {"csrf_token": archivist.cookies["csrf"]}
    archivist.post(f"{PAGE}/beeindigen", sent, status=303)
    ended = local_date(utc_now()) - 5 * DAY
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(RetentionSchedule)).one().standing_until = ended - DAY

    def kept() -> tuple[Any, ...]:
        with installation.transaction(DORDRECHT) as session:
            row = session.scalars(select(RetentionSchedule)).one()
            lines = select(func.count()).where(AuditEvent.action.like("termijnen.%"))
            holder = session.get_one(Holder, DORDRECHT)
            return row.standing_until, row.look_by, holder.standing_until, session.scalar(lines)

    before = kept()
    answer = archivist.post(f"{PAGE}/{step}", sent, status=409)
    assert f"Dit besluit is al beëindigd op {date_text(ended)}" in answer.html.main.text
    assert kept() == before


@pytest.mark.short_on("postgresql")
@pytest.mark.both_databases
def test_after_a_pause_what_is_overdue_is_listed_for_seven_days_and_then_goes(
    installation: Installation,
) -> None:
    connect(installation)
    overdue, held, promised = (handled(installation) for _ in range(3))
    with on(HANDLED_ON):
        approve(installation)
    with installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, held)
        place_hold(session, row, HoldReason.COURT, date(2027, 1, 1), ADMIN)
        moment = datetime.combine(date(2026, 3, 1), time(12), AMSTERDAM)
        session.get_one(Report, promised).contact_deadline = moment
    as_after_the_upgrade(installation)
    first = date(2026, 8, 3)
    assert STOPPED in privacy(installation, first)
    for passed in range(7):
        night(installation, first + passed * DAY)
        assert contacts(installation) == {overdue, held, promised}
        assert "10 augustus 2026" in privacy(installation, first + passed * DAY)
    with on(first + DAY):
        for role in (Role.ARCHIVIST, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER):
            browser = as_role(installation, role)
            assert "Korte soorten die te laat zijn" in titles(browser)
            (table,) = [
                table
                for table in browser.get(PAGE).html.select("table")
                if "Te laat" in table.caption.text
            ]
            cells = [cell.text.strip() for cell in table.select("tbody tr")[0].find_all("td")]
            assert cells[-2:] == ["1", "10 mei 2026"]
    night(installation, first + 7 * DAY)
    assert contacts(installation) == {held, promised}
    assert STOPPED not in privacy(installation, first + 7 * DAY)
    night(installation, date(2026, 9, 1))
    with installation.transaction(DORDRECHT) as session:
        statement = session.scalars(select(DestructionStatement)).one()
        (counted,) = statement.content["aantallen"]
        assert (counted["klasse"], counted["aantal"]) == ("contactgegevens", 1)
        assert ["Te laat", "stond van 3 augustus 2026 af op een lijst"] in statement.content[
            "gegevens"
        ]


def test_where_nothing_is_overdue_the_first_night_after_the_upgrade_is_like_any(
    installation: Installation,
) -> None:
    handled(installation)
    with on(HANDLED_ON):
        approve(installation)
    as_after_the_upgrade(installation)
    night(installation, GOES)
    assert contacts(installation) == set()


def test_where_no_night_passed_for_days_the_public_page_promises_nothing(
    installation: Installation,
) -> None:
    connect(installation)
    with on(HANDLED_ON):
        approve(installation)
    night(installation, HANDLED_ON + DAY)
    assert STOPPED not in privacy(installation, HANDLED_ON + 4 * DAY)
    assert STOPPED in privacy(installation, HANDLED_ON + 5 * DAY)
