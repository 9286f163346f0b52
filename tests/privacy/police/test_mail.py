"""Named persons are mailed that something waits: no word of what, and nobody else knows of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from email import message_from_string
from email.policy import default

import pytest
from sqlalchemy import select, update

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.mail.models import MailMessage, MailState
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.privacy.police.mail import EVERY_MORNING, TEMPLATE, is_day, tell_named
from stopintimidatie.privacy.police.models import PoliceItem
from stopintimidatie.privacy.police.services import destroy_item
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user
from tests.support.installation import Installation
from tests.support.policing import SWITCHED_ON, keep_something

TELLING = ("politie", "police", "gegeven", "Zwartjens", "M-")


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation, politie=SWITCHED_ON)
    return installation


def make_named(town: Installation, *, name: str, role: Role = Role.OFFICER) -> str:
    return make_user(town, (DORDRECHT, role), (DORDRECHT, Role.POLICE_DATA), name=name)


def morning(town: Installation, days: int) -> list[str]:
    """Let the worker do its work at seven in the morning, days from now; who is mailed so far."""
    day = day_of(utc_now()) + timedelta(days=days)
    with clock_at(datetime.combine(day, time(7), AMSTERDAM)):
        town.run_scheduled(EVERY_MORNING.name)
    return mailed(town)


def mailed(town: Installation) -> list[str]:
    with town.transaction(DORDRECHT) as session:
        mine = select(MailMessage).where(MailMessage.template == TEMPLATE)
        rows = session.scalars(mine).all()
    sent = [row.kept or "" for row in rows if row.state == MailState.SENT]
    return sorted(str(message_from_string(text, policy=default)["To"]) for text in sent)


def test_a_day_that_comes_near_is_mailed_without_a_word_of_what(town: Installation) -> None:
    noor, bram = make_named(town, name="Noor Smit"), make_named(town, name="Bram Vos")
    make_user(town, (DORDRECHT, Role.OFFICER), name="Ans Bos")
    with town.transaction(DORDRECHT) as session:
        keep_something(session, town.registry.key_ring, days=20)
    both = sorted([noor, bram])
    assert morning(town, 5) == []
    assert morning(town, 6) == both
    # Once a day, and not again before the day itself.
    assert morning(town, 6) == morning(town, 7) == both
    assert morning(town, 20) == sorted(both * 2)
    assert morning(town, 27) == sorted(both * 3)
    with town.transaction(DORDRECHT) as session:
        rows = session.scalars(select(MailMessage)).all()
        lines = session.execute(select(AuditEvent.action, AuditEvent.fields)).all()
    for row in rows:
        message = message_from_string(row.kept or "", policy=default)
        body = f"{message['Subject']} {message.get_content()}"
        assert "Er wacht iets op u in uw werklijst" in body
        assert not [word for word in TELLING if word in f"{body} {row.key} {row.template}"]
        assert (row.about_id, row.values) == (None, {})
    assert not [line for line in lines if "post." in line.action or TEMPLATE in str(line)]


def test_a_new_item_is_mailed_at_once_and_not_to_who_entered_it(town: Installation) -> None:
    noor, bram = make_named(town, name="Noor Smit"), make_named(town, name="Bram Vos")
    with town.transaction(DORDRECHT) as session:
        item = keep_something(session, town.registry.key_ring, days=7)
        who = session.scalars(select(User.id).where(User.username == noor)).one()
        tell_named(session, item, Actor("gebruiker", str(who), "Noor Smit"))
    town.run_jobs()
    assert mailed(town) == [bram]


def test_what_was_decided_on_meanwhile_is_not_mailed(town: Installation) -> None:
    make_named(town, name="Noor Smit")
    with town.transaction(DORDRECHT) as session:
        item = keep_something(session, town.registry.key_ring, days=7)
        tell_named(session, item, SYSTEM)
        destroy_item(session, item, SYSTEM)
    town.run_jobs()
    assert mailed(town) == []


def test_about_a_person_only_those_are_mailed_who_see_the_dossier(town: Installation) -> None:
    make_named(town, name="Noor Smit")
    owner = make_named(town, name="Ans Bos", role=Role.DOSSIER_OWNER)
    with town.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, kind=DossierKind.PERSON.value)
        item = keep_something(session, town.registry.key_ring, days=7)
        session.execute(
            update(PoliceItem)
            .where(PoliceItem.id == item.id)
            .values(document_kind="dossier", document_id=dossier.id)
        )
        tell_named(session, item, SYSTEM)
    town.run_jobs()
    assert mailed(town) == [owner]


def test_it_reminds_two_weeks_before_on_the_day_and_each_week_after() -> None:
    day = day_of(utc_now())
    when = [n for n in range(-30, 30) if is_day(day, day + timedelta(days=n))]
    assert when == [-14, 0, 7, 14, 21, 28]
