"""Mail as each person chose it: at once, one letter each working morning, or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from stopintimidatie.cli import content as commands
from stopintimidatie.core.accounts.mail import PASSWORD_CHANGED, mail_event
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.health.services import inspect_installation
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.mail import Recipient, queue_mail, services
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.dossiers.services import COLLEAGUE
from stopintimidatie.exports.release.mail import ALARM, ANSWERED
from stopintimidatie.home import services as mornings
from stopintimidatie.municipalities.people.absence import announce_absence
from stopintimidatie.privacy.retention.services import propose_terms
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user, user_id
from tests.support.installation import Installation
from tests.support.mornings import TUESDAY, Morning
from tests.support.retaining import proposed_schedule

MONDAY = datetime.combine(TUESDAY, datetime.min.time(), AMSTERDAM) - timedelta(hours=9)
DAY = timedelta(days=1)
LETTER = mornings.MAIL.name


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def morning(installation: Installation, tmp_path: Path) -> Morning:
    return Morning(installation, tmp_path)


def somebody(installation: Installation, choice: str, role: Role = Role.ARCHIVIST) -> str:
    username = make_user(installation, (DORDRECHT, role))
    choose(installation, username, choice)
    return username


def choose(installation: Installation, username: str, choice: str) -> None:
    with installation.transaction() as session:
        session.execute(update(User).where(User.username == username).values(mail=choice))


def answered(
    installation: Installation, username: str, name: str = ANSWERED.name, at: datetime = MONDAY
) -> UUID:
    """Tell a colleague that a partner answered; the worker has it."""
    with clock_at(at):
        with installation.transaction(DORDRECHT) as session:
            to = Recipient(COLLEAGUE, str(user_id(installation, username)))
            number = queue_mail(session, DORDRECHT, name, to)
        run_now(installation)
    return number


def run_now(installation: Installation) -> None:
    """Let the worker do what waits, also what failed a moment ago."""
    with installation.transaction() as session:
        mail = update(OutboxJob).where(OutboxJob.kind == services.JOB.name)
        session.execute(mail.values(run_after=utc_now() - DAY, lease_until=None))
    installation.run_jobs()


def state_of(installation: Installation, number: UUID) -> str:
    with installation.transaction(DORDRECHT) as session:
        return session.get_one(MailMessage, number).state


def propose(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        propose_terms(session, DORDRECHT, proposed_schedule(installation), MONDAY, None, SYSTEM)


def letters(installation: Installation) -> list[dict[str, Any]]:
    """The numbers in all letters of mornings."""
    with installation.transaction(NATIONAL) as session:
        rows = select(MailMessage.values).where(MailMessage.template == LETTER)
        return list(session.scalars(rows.order_by(MailMessage.created_at)))


def test_who_chose_daily_gets_one_mail_with_a_number_the_next_working_morning(
    installation: Installation, morning: Morning
) -> None:
    daily, at_once = somebody(installation, "dagelijks"), somebody(installation, "meteen")
    sent = [answered(installation, username) for username in (daily, daily, at_once)]
    assert [state_of(installation, number) for number in sent] == [
        "gebundeld",
        "gebundeld",
        "verstuurd",
    ]
    (mail,) = morning.mails()
    assert (mail.recipients, mail.message["Subject"]) == ([daily], "Er wacht iets op u")
    words = mail.message.get_content()
    assert "waren er 2 berichten over uw werk" in words
    assert "http://localhost:6543/" in words.split()
    for telling in ("voorstel", "partner", "Dordrecht", *map(str, sent)):
        assert telling not in words
    assert morning.to(TUESDAY + DAY) == []


def test_the_letter_tells_proposals_and_messages_of_all_municipalities_in_numbers(
    installation: Installation, morning: Morning
) -> None:
    connect(installation, EINDHOVEN)
    daily = make_user(installation, (DORDRECHT, Role.ARCHIVIST), (EINDHOVEN, Role.ARCHIVIST))
    choose(installation, daily, "dagelijks")
    propose(installation)
    answered(installation, daily)
    with installation.transaction(EINDHOVEN) as session, clock_at(MONDAY):
        to = Recipient(COLLEAGUE, str(user_id(installation, daily)))
        queue_mail(session, EINDHOVEN, ANSWERED.name, to)
    with clock_at(MONDAY):
        run_now(installation)
    (mail,) = morning.mails()
    words = " ".join(mail.message.get_content().split())
    assert "wacht 1 voorstel op uw antwoord" in words
    assert "waren er 2 berichten over uw werk" in words


def test_who_chose_none_gets_none_and_still_sees_it_in_the_bell(
    installation: Installation, morning: Morning
) -> None:
    silent = somebody(installation, "geen")
    assert state_of(installation, answered(installation, silent)) == "niet_nodig"
    propose(installation)
    assert morning.to() == []
    bar = installation.browser(silent).get("/account").html.select_one("header")
    assert bar.select_one(".si-bell summary .si-count").text == "1"
    # Who wants it again hears of all that still waits.
    choose(installation, silent, "dagelijks")
    assert morning.to(TUESDAY + DAY) == [silent]
    assert letters(installation) == [{"aantal": 1, "berichten": 0}]


@pytest.mark.parametrize("choice", ["dagelijks", "geen"])
def test_what_may_not_wait_and_what_is_of_the_account_come_at_once(
    installation: Installation, choice: str
) -> None:
    username = somebody(installation, choice)
    assert state_of(installation, answered(installation, username, ALARM.name)) == "verstuurd"
    with installation.transaction(NATIONAL) as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        mail_event(session, user, PASSWORD_CHANGED)
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        told = select(MailMessage.state).where(MailMessage.template == PASSWORD_CHANGED.name)
        assert session.scalars(told).all() == ["verstuurd"]


def test_of_who_is_away_the_choice_of_the_substitute_counts(
    installation: Installation, morning: Morning
) -> None:
    away, substitute = somebody(installation, "geen"), somebody(installation, "dagelijks")
    people = user_id(installation, away), user_id(installation, substitute)
    with installation.transaction(DORDRECHT) as session, clock_at(MONDAY):
        announce_absence(session, DORDRECHT, *people, MONDAY.date(), MONDAY.date(), SYSTEM)
    assert state_of(installation, answered(installation, away)) == "gebundeld"
    assert morning.to() == [substitute]


def test_who_was_blocked_or_wants_no_mail_any_more_is_not_mailed_of_what_was_gathered(
    installation: Installation, morning: Morning
) -> None:
    blocked, silent = (somebody(installation, "dagelijks") for _ in range(2))
    for username in (blocked, silent):
        answered(installation, username)
    choose(installation, silent, "geen")
    with installation.transaction() as session:
        mine = update(User).where(User.username == blocked)
        session.execute(mine.values(blocked_at=utc_now()))
    assert morning.to() == []
    choose(installation, silent, "dagelijks")
    assert morning.to(TUESDAY + DAY) == []


def test_what_is_gathered_is_no_fault_and_the_operator_reads_of_it(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(installation, somebody(installation, "dagelijks"))
    (check,) = [c for c in inspect_installation(installation.settings) if c.name == "post"]
    assert check.numbers == {"mail_waiting": 0.0}
    commands.waiting.main([], obj=installation.settings, standalone_mode=False)
    shown = capsys.readouterr().out
    assert "Alle berichten zijn uitgegaan" in shown
    assert "Gebundeld tot 8 uur op de volgende werkdag, aantal mensen: 1." in shown


# A crash between


def dies(real: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
    """A function that fails once, before or after its work, as if it was killed there."""
    killed: list[bool] = []

    def work(*given: Any) -> Any:
        if before and not killed:
            killed.append(True)
            raise RuntimeError
        result = real(*given)
        if not killed:
            killed.append(True)
            raise RuntimeError
        return result

    return work


@pytest.mark.judged_once
@pytest.mark.parametrize(
    ("before", "chosen"), [(True, "dagelijks"), (False, "meteen"), (True, "geen")]
)
def test_a_message_whose_gathering_was_killed_is_told_once(
    installation: Installation,
    morning: Morning,
    monkeypatch: pytest.MonkeyPatch,
    before: bool,
    chosen: str,
) -> None:
    """Also by who chose otherwise meanwhile; who wants none any more has none of it."""
    daily = somebody(installation, "dagelijks")
    monkeypatch.setattr(services, "_gather", dies(services._gather, before=before))
    number = answered(installation, daily)
    choose(installation, daily, chosen)
    with clock_at(MONDAY):
        run_now(installation)
    assert state_of(installation, number) == "gebundeld"
    wanted = chosen != "geen"
    assert morning.to() == ([daily] if wanted else [])
    assert [letter["berichten"] for letter in letters(installation)] == [1] * wanted
    assert morning.to(TUESDAY + DAY) == []


@pytest.mark.judged_once
def test_a_morning_that_was_killed_tells_nothing_twice_and_what_came_since_the_next_day(
    installation: Installation, morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily = somebody(installation, "dagelijks")
    answered(installation, daily)
    for before, told in ((True, []), (False, [daily])):
        with monkeypatch.context() as patch:
            patch.setattr(mornings, "_mail", dies(mornings._mail, before=before))
            assert morning.to() == told
    answered(installation, daily, at=MONDAY + timedelta(hours=18))
    assert morning.to() == []
    assert morning.to(TUESDAY + DAY) == [daily]
    assert [letter["berichten"] for letter in letters(installation)] == [1, 1]
