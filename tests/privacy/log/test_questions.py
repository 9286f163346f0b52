"""Tests of the sample of reads: drawn at random, asked about, answered, judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import Actor, AuditEvent, event_rows
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.privacy.log.models import ReadQuestion
from stopintimidatie.privacy.log.questions import (
    LATELY,
    PATIENCE,
    SAMPLE,
    draw,
    draw_month,
    run_every_day,
)
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user, user_id
from tests.support.installation import Installation

HOME = "/gemeenten/dordrecht"
SAMPLE_PAGE = f"{HOME}/inzage"
OWN = "/account-inzagevragen"
MARCH = datetime(2026, 3, 10, 9, tzinfo=AMSTERDAM)


def read(
    installation: Installation, actor: Actor, number: int = 1, holder: str = DORDRECHT, **more: Any
) -> None:
    """Have somebody read something, now and then in March 2026."""
    with installation.transaction(holder) as session:
        for place in range(number):
            at = more.get("at", MARCH + timedelta(minutes=place))
            kind, about = more.get("kind", "melding"), more.get("about") or uuid4()
            fields = more.get("fields", ())
            rows = event_rows(
                actor, "gelezen", holder, kind, [about], task="lijst", at=at, fields=fields
            )
            insert_rows(session, rows)


def person(installation: Installation, role: Role, name: str) -> tuple[str, Actor]:
    username = make_user(installation, (DORDRECHT, role), name=name)
    return username, Actor("gebruiker", str(user_id(installation, username)), name)


def form_to(page: Any, name: str) -> Any:
    return next(form for form in page.forms.values() if name in form.action)


def asked(installation: Installation) -> tuple[Any, Any, ReadQuestion]:
    """Have the FG ask an officer about the one read that there is; both browsers and the row."""
    connect(installation)
    officer, actor = person(installation, Role.OFFICER, "Olga Officier")
    fg, _ = person(installation, Role.DATA_PROTECTION_OFFICER, "Frits Gee")
    read(installation, actor, at=utc_now() - timedelta(days=2))
    watcher = installation.browser(fg)
    page = form_to(watcher.get(SAMPLE_PAGE), "inzage-trekken").submit().follow()
    assert "De vraag is gesteld aan Olga Officier" in (
        form_to(page, "inzage-vragen").submit().follow()
    )
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(ReadQuestion)).one()
    return watcher, installation.browser(officer), row


@pytest.mark.both_databases
def test_each_reader_is_drawn_and_the_same_chance_draws_the_same(
    installation: Installation,
) -> None:
    people = [person(installation, Role.OFFICER, f"Lezer {n}")[1] for n in range(4)]
    watcher = person(installation, Role.DATA_PROTECTION_OFFICER, "Frits Gee")[1]
    for number, actor in enumerate(people):
        read(installation, actor, 1 + 10 * number)
    read(installation, watcher, 40)
    read(installation, Actor("app", str(uuid4()), "App"), 40)
    read(installation, people[0], 5, at=MARCH - timedelta(days=60))
    since, before = MARCH - timedelta(days=1), MARCH + timedelta(days=1)
    with installation.transaction(DORDRECHT) as session:
        first, again, other = (
            [e.id for e in draw(session, DORDRECHT, since, before, SAMPLE, Random(seed))]
            for seed in (1, 1, 2)
        )
        events = draw(session, DORDRECHT, since, before, SAMPLE, Random(3))
        few = draw(session, DORDRECHT, since, before, 2, Random(3))
    assert len(set(first)) == SAMPLE
    assert first == again != other
    assert {event.actor_name for event in events} == {actor.name for actor in people}
    assert len({event.actor_id for event in few}) == 2


@pytest.mark.both_databases
def test_half_of_the_sample_is_about_contact_data_and_persons(installation: Installation) -> None:
    olga, pia = (person(installation, Role.OFFICER, name)[1] for name in ("Olga", "Pia"))
    person(installation, Role.DATA_PROTECTION_OFFICER, "Frits")
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, kind="persoonsgericht", title="Aanpak P-01").id
    read(installation, olga, 60)
    read(installation, pia, 60)
    read(installation, olga, 3, fields=["contactgegevens"], at=MARCH)
    read(installation, olga, 1, kind="dossier", about=dossier, at=MARCH)

    def drawn(seed: int) -> int:
        with installation.transaction(DORDRECHT) as session:
            events = draw(session, DORDRECHT, MARCH, MARCH + LATELY, SAMPLE, Random(seed))
        assert len(events) == SAMPLE
        assert {event.actor_name for event in events} == {"Olga", "Pia"}
        return sum(bool(event.fields) or event.subject_kind == "dossier" for event in events)

    assert {drawn(seed) for seed in range(3)} == {4}, "all, for there are fewer than five"
    read(installation, pia, 30, fields=["contactgegevens"], at=MARCH)
    assert all(drawn(seed) in (5, 6) for seed in range(3)), "five; by chance one more"


def test_last_month_is_drawn_once_and_no_read_twice(installation: Installation) -> None:
    actor = person(installation, Role.OFFICER, "Olga")[1]
    person(installation, Role.DATA_PROTECTION_OFFICER, "Frits")
    read(installation, actor, 14)
    with clock_at(datetime(2026, 4, 1, 7, tzinfo=AMSTERDAM)):
        with installation.transaction(DORDRECHT) as session:
            assert draw_month(session, DORDRECHT, Random(1)) == SAMPLE
        with installation.transaction(DORDRECHT) as session:
            assert draw_month(session, DORDRECHT, Random(1)) == 0
    with installation.transaction(DORDRECHT) as session:
        left = draw(session, DORDRECHT, MARCH, MARCH + timedelta(days=1), SAMPLE, Random(1))
        assert len(left) == 4


@pytest.mark.alles
def test_the_fg_asks_the_reader_answers_and_the_fg_asks_on_and_judges(
    installation: Installation,
) -> None:
    watcher, officer, row = asked(installation)
    assert "inzage door Olga Officier" in watcher.get(f"{HOME}/logboek")
    assert "Er is een vraag over inzage" in officer.get(HOME)
    page = officer.get(HOME).click("Vragen over inzage", index=0).click("Inzage van")
    assert "Waarom las u dit?" in page
    refused = page.forms["formulier"].submit(status=422)
    assert "antwoord" in refused
    refused.forms["formulier"]["antwoord"] = "Ik zocht een dubbele melding."
    assert "De FG leest uw antwoord" in refused.forms["formulier"].submit().follow()
    assert "vraag over inzage" not in officer.get(HOME)
    # Colleagues of the officer and the privacy officer can't read the question.
    other, _ = person(installation, Role.PRIVACY_OFFICER, "Pim")
    installation.browser(other).get(f"{HOME}/inzage-regel?nr={row.id}", status=403)
    installation.browser(other).get(
        f"/account-inzagevraag?nr={row.id}&waar={DORDRECHT}", status=404
    )

    def judged(judgement: str, text: str = "", status: int = 303) -> Any:
        form = watcher.get(f"{HOME}/inzage-regel?nr={row.id}").forms["formulier"]
        form["oordeel"], form["tekst"] = judgement, text
        return form.submit(status=status)

    assert "dubbele melding" in watcher.get(f"{HOME}/inzage-regel?nr={row.id}")
    assert "Schrijf hier uw vraag" in judged("navragen", status=422)
    opened = watcher.get(f"{HOME}/inzage-regel?nr={row.id}").forms["formulier"]
    judged("navragen", "Welke lijst was dat?")
    page = officer.get(OWN).click("Inzage van")
    assert "Welke lijst was dat?" in page
    page.forms["formulier"]["antwoord"] = "De lijst van de wijk."
    page.forms["formulier"].submit()
    # Judge on the page that was opened before the second answer: it is refused, and shows that.
    opened["oordeel"] = "duidelijk"
    again = opened.submit(status=409)
    again.mustcontain("De lezer antwoordde opnieuw", "De lijst van de wijk.")
    again.forms["formulier"].submit(status=303)
    done = watcher.get(f"{HOME}/inzage-regel?nr={row.id}")
    assert "formulier" not in done.forms
    assert "De lijst van de wijk." in done
    with installation.transaction(DORDRECHT) as session:
        log = select(AuditEvent.action).where(AuditEvent.action.startswith("inzagevraag."))
        actions = session.scalars(log.order_by(AuditEvent.at)).all()
    assert [action.partition(".")[2] for action in actions] == [
        *("getrokken", "gesteld", "beantwoord", "gesteld"),
        *("beoordeeld", "beantwoord", "beoordeeld"),
    ]


def test_a_question_to_oneself_or_to_who_left_reaches_nobody_and_says_so(
    installation: Installation,
) -> None:
    connect(installation)
    fg, own = person(installation, Role.DATA_PROTECTION_OFFICER, "Frits")
    person(installation, Role.DATA_PROTECTION_OFFICER, "Greet")
    _, left = person(installation, Role.OFFICER, "Olga")
    for actor in (own, left):
        read(installation, actor, at=utc_now() - timedelta(days=1))
    with installation.transaction() as session:
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == UUID(str(left.id))))
    watcher = installation.browser(fg)
    form_to(watcher.get(SAMPLE_PAGE), "inzage-trekken").submit()
    with installation.transaction(DORDRECHT) as session:
        rows = {row.reader: row for row in session.scalars(select(ReadQuestion))}
    page = watcher.get(SAMPLE_PAGE)
    asks = [form for form in page.forms.values() if "inzage-vragen" in form.action]
    assert len(asks) == 1, "no button beside the own read"
    assert "werkt hier niet meer" in asks[0].submit().follow()
    gone = watcher.get(f"{HOME}/inzage-regel?nr={rows['Olga'].id}")
    assert "een vraag komt bij niemand aan" in gone
    form = gone.forms["formulier"]
    form["oordeel"], form["tekst"] = "niet_in_orde", "Daar was geen taak voor."
    page = form.submit().follow()
    page.mustcontain("Uw oordeel is vastgelegd", "Niet in orde. Daar was geen taak voor.")
    assert page.click("Datalek melden", index=-1).request.path == f"{HOME}/datalek-melden"
    mine = watcher.get(f"{HOME}/inzage-regel?nr={rows['Frits'].id}")
    assert "U las dit zelf" in mine
    assert "formulier" not in mine.forms


def test_who_is_silent_for_five_working_days_is_reminded_once_without_content(
    installation: Installation,
) -> None:
    _, _, row = asked(installation)

    def reminders(days: int) -> int:
        with clock_at(utc_now() + timedelta(days=days)):
            made = installation.registry
            context = JobContext(made.engine, made.app_settings, made, DORDRECHT)
            run_every_day(context, [{}])
        with installation.transaction(DORDRECHT) as session:
            mine = select(MailMessage).where(MailMessage.template == "inzagevraag_herinnering")
            return len(session.scalars(mine).all())

    assert reminders(PATIENCE - 2) == 0
    assert reminders(15) == 1
    assert reminders(20) == 1
    # And it all goes with the line of the log.
    reminders(366 * 6)
    with installation.transaction(DORDRECHT) as session:
        assert session.get(ReadQuestion, row.id) is None


def test_the_desk_has_a_sample_of_its_own(installation: Installation) -> None:
    username = make_user(installation, (NATIONAL, Role.DATA_PROTECTION_OFFICER), name="Fee")
    reader = make_user(installation, (NATIONAL, Role.NATIONAL_DESK), name="Dina")
    actor = Actor("gebruiker", str(user_id(installation, reader)), "Dina")
    read(installation, actor, holder=NATIONAL, at=utc_now() - timedelta(days=1))
    watcher = installation.browser(username)
    page = watcher.get("/landelijk/inzage")
    assert "Nog geen steekproef" in page
    page = form_to(page, "inzage-trekken").submit().follow()
    form_to(page, "inzage-vragen").submit()
    own = installation.browser(reader).get(OWN)
    assert "Landelijk meldpunt" in own
    assert "Waarom las u dit?" in own.click("Inzage van")
