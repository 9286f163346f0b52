"""Tests of the random draw from the log, and of the FG's question why something was read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import Actor, AuditEvent, event_rows
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import publish
from stopintimidatie.privacy.log.models import ReadQuestion
from stopintimidatie.privacy.log.questions import forget_questions
from tests.support.factories import DORDRECHT, connect, make_user, user_id
from tests.support.installation import Installation

HOME = "/gemeenten/dordrecht"
LOG = f"{HOME}/logboek"
MARCH = datetime(2026, 3, 10, 9, tzinfo=AMSTERDAM)


def read(
    installation: Installation, actor: Actor, number: int = 1, holder: str = DORDRECHT, **more: Any
) -> None:
    """Have somebody read something, now and then in March 2026."""
    with installation.transaction(holder) as session:
        for place in range(number):
            at = more.get("at", MARCH + timedelta(minutes=place))
            rows = event_rows(
                actor, "gelezen", holder, "melding", [uuid4()], task=f"lijst {place}", at=at
            )
            insert_rows(session, rows)


def person(
    installation: Installation, role: Role, name: str, holder: str = DORDRECHT
) -> tuple[str, Actor]:
    username = make_user(installation, (holder, role), name=name)
    return username, Actor("gebruiker", str(user_id(installation, username)), name)


def tasks(page: Any) -> list[str]:
    """The tasks of the lines that a page of the log shows."""
    return [cell.text.strip() for cell in page.html.select("td[data-label='Taak of reden']")]


def line_of(installation: Installation, holder: str = DORDRECHT) -> UUID:
    with installation.transaction(holder) as session:
        wanted = select(AuditEvent.id).where(AuditEvent.action == "gelezen")
        return session.scalars(wanted.order_by(AuditEvent.at, AuditEvent.id).limit(1)).one()


def mails(installation: Installation, holder: str = DORDRECHT) -> list[MailMessage]:
    with installation.transaction(holder) as session:
        wanted = select(MailMessage).where(MailMessage.template == "inzagevraag")
        return list(session.scalars(wanted.order_by(MailMessage.created_at, MailMessage.id)))


@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_the_same_number_draws_the_same_lines_of_the_same_choice(
    installation: Installation,
) -> None:
    olga, pia = (person(installation, Role.OFFICER, name)[1] for name in ("Olga", "Pia"))
    fg, _ = person(installation, Role.DATA_PROTECTION_OFFICER, "Frits Gee")
    read(installation, olga, 60)
    read(installation, pia, 5)
    browser = installation.browser(fg)
    chosen = f"{LOG}?wie={olga.id}&wat=gelezen&van=2026-03-01&tot=2026-03-31"
    page = browser.get(chosen).click("Steekproef van tien regels")
    page.mustcontain("10 regels, bij toeval getrokken uit 60 regels", no=["Als bestand"])
    drawn = tasks(page)
    assert len(set(drawn)) == 10
    # What comes in later isn't drawn: the days of the draw are over.
    read(installation, olga, 3, at=utc_now())
    assert tasks(browser.get(page.request.url)) == drawn
    assert tasks(page.click("Een andere steekproef")) != drawn
    assert len(tasks(page.click("Alle regels van deze keuze"))) == 50
    few = browser.get(f"{LOG}?wie={pia.id}&wat=gelezen&steekproef=7")
    assert sorted(tasks(few)) == [f"lijst {number}" for number in range(5)]
    today = browser.get(f"{LOG}?wie={olga.id}&van={utc_now():%Y-%m-%d}&steekproef=7")
    today.mustcontain("Geen regels met deze keuze")


def test_the_fg_asks_the_reader_or_the_head_by_mail_without_content(
    installation: Installation,
) -> None:
    connect(installation)
    reader, actor = person(installation, Role.OFFICER, "Olga Officier")
    head, _ = person(installation, Role.PROCESS_OWNER, "Hanna Hoofd")
    other, _ = person(installation, Role.OFFICER, "Cor Collega")
    fg, _ = person(installation, Role.DATA_PROTECTION_OFFICER, "Frits Gee")
    read(installation, actor)
    line = line_of(installation)
    watcher, page = installation.browser(fg), f"{HOME}/logboek-regel?nr={line}"
    own = f"/account-inzage?nr={line}&waar={DORDRECHT}"

    def ask(name: str) -> Any:
        forms = watcher.get(page).html.find_all("form", action=f"{HOME}/inzage-vragen?nr={line}")
        button = next(form for form in forms if name in form.text)
        fields = {field["name"]: field["value"] for field in button.select("input")}
        return watcher.post(button["action"], fields).follow()

    # The reader sees the own line, unasked too; the head does when asked.
    installation.browser(reader).get(own).mustcontain("lijst 0", no=["De FG vroeg"])
    installation.browser(head).get(own, status=404)
    ask("Olga Officier").mustcontain("De vraag gaat per mail naar Olga Officier", "Gevraagd waarom")
    ask("Hanna Hoofd").mustcontain("De vraag gaat per mail naar Hanna Hoofd")
    ask("Olga Officier").mustcontain("Dit is al aan Olga Officier gevraagd")
    installation.run_jobs()
    first, second = mails(installation)
    for mail in (first, second):
        kept = mail.kept or ""
        assert "/account-inzage?nr=" in kept
        assert not [word for word in ("Olga", "lijst 0", "melding") if word in kept]
    with installation.transaction(DORDRECHT) as session:
        content = {"fg": "FG van de regio", "fg_adres": "fg@dordrecht.example"}
        publish(session, actor, DORDRECHT, Part.ACCOUNTABILITY, content)
    for username in (reader, head):
        shown = installation.browser(username).get(own)
        shown.mustcontain("De FG vroeg waarom", "FG van de regio, fg@dordrecht.example", "lijst 0")
    # Nobody else: not a colleague, and not by the page of the log.
    installation.browser(other).get(own, status=404)
    installation.browser(head).get(page, status=403)
    watcher.get(f"{LOG}?wat=inzagevraag.gesteld").mustcontain("regel van Olga Officier")


def test_nobody_is_asked_about_what_is_no_read_and_who_left_is_not_offered(
    installation: Installation,
) -> None:
    _, left = person(installation, Role.OFFICER, "Olga")
    fg, own = person(installation, Role.DATA_PROTECTION_OFFICER, "Frits")
    for actor in (left, own):
        read(installation, actor)
    with installation.transaction() as session:
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == UUID(str(left.id))))
    watcher = installation.browser(fg)
    with installation.transaction(DORDRECHT) as session:
        events = session.scalars(select(AuditEvent.id).where(AuditEvent.action == "gelezen")).all()
    for event in events:
        assert "Vraag het" not in watcher.get(f"{HOME}/logboek-regel?nr={event}")
    form = watcher.get(LOG).forms
    token = next(f["csrf_token"].value for f in form.values() if "csrf_token" in f.fields)
    sent = {"wie": str(left.id), "csrf_token": token}
    answer = watcher.post(f"{HOME}/inzage-vragen?nr={events[0]}", sent).follow()
    answer.mustcontain("Aan die persoon kunt u dit niet vragen")
    assert mails(installation) == []


@pytest.mark.alles
def test_a_question_of_1_0_0_is_read_on_its_line_and_goes_with_its_term(
    installation: Installation,
) -> None:
    _, actor = person(installation, Role.OFFICER, "Olga")
    fg, _ = person(installation, Role.DATA_PROTECTION_OFFICER, "Frits")
    officer, _ = person(installation, Role.PRIVACY_OFFICER, "Pri Vacy")
    read(installation, actor)
    line = line_of(installation)
    with installation.transaction(DORDRECHT) as session:
        row = ReadQuestion(
            holder=DORDRECHT,
            event_id=line,
            event_at=MARCH,
            reader_id=str(actor.id),
            reader="Olga",
            asked_at=MARCH,
            asked_by="Frits",
            question="Waarvoor had u dit nodig?",
        )
        session.add(row)
    page = f"{HOME}/logboek-regel?nr={line}"
    installation.browser(fg).get(page).mustcontain("Waarvoor had u dit nodig?")
    assert "Waarvoor" not in installation.browser(officer).get(page)
    # The link of its mail leads somewhere.
    moved = installation.browser(officer).get("/account-inzagevragen", status=303).follow()
    moved.mustcontain("krijgt u nu per mail")

    def left(days: int) -> int:
        with clock_at(MARCH + timedelta(days=days)):
            made = installation.registry
            forget_questions(JobContext(made.engine, made.app_settings, made, DORDRECHT), [{}])
        with installation.transaction(DORDRECHT) as session:
            return session.scalar(select(func.count(ReadQuestion.id))) or 0

    assert (left(366 * 4), left(366 * 6)) == (1, 0)


def test_the_desk_asks_as_well(installation: Installation) -> None:
    fg, _ = person(installation, Role.DATA_PROTECTION_OFFICER, "Fee", NATIONAL)
    reader, actor = person(installation, Role.NATIONAL_DESK, "Dina", NATIONAL)
    read(installation, actor, holder=NATIONAL)
    line = line_of(installation, NATIONAL)
    watcher = installation.browser(fg)
    page = watcher.get(f"/landelijk/logboek-regel?nr={line}")
    form = next(form for form in page.forms.values() if "inzage-vragen" in form.action)
    form.submit().follow().mustcontain("De vraag gaat per mail naar Dina")
    own = installation.browser(reader).get(f"/account-inzage?nr={line}&waar={NATIONAL}")
    own.mustcontain("Landelijk meldpunt", "De FG vroeg waarom")
