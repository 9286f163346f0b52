"""R3: mail, over a real server in every mood. Nothing lost, nothing in clear, repeats known."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from stopintimidatie.cli import content as commands
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health.services import inspect_installation
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.mail import Letter, MailRecipient, MailTemplate, Recipient, queue_mail
from stopintimidatie.core.mail.delivery import Courier
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.settings import Settings
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation
from tests.support.keyboard import Keyboard
from tests.support.mail_server import BOUNCE, mail_server, rude_server

ADDRESS = "meldingen@dordrecht.example"
WORDS = "tests:data/proef.txt.jinja2"


@pytest.fixture
def posting(installation: Installation) -> Installation:
    """An installation that knows one template and one recipient."""
    registry = installation.registry
    registry.bounced = []
    registry.mail_recipients["proef"] = MailRecipient(
        "proef",
        lambda session, keys, number: ADDRESS if number == "1" else None,
        lambda session, number: registry.bounced.append(number),
    )
    registry.mail_templates["proef"] = MailTemplate("proef", "Er wacht iets", WORDS)
    return installation


def use(installation: Installation, settings: Settings) -> None:
    """Let the worker of this test send with these settings, and not pause after a fault."""
    installation.registry.app_settings = settings
    installation.registry.courier = Courier(settings)
    installation.registry.courier.pause = 0.0


def ask(installation: Installation, **changes: Any) -> UUID:
    values: dict[str, Any] = {"values": {"pad": "/postvak"}, **changes}
    to = values.pop("to", "1")
    with installation.transaction(DORDRECHT) as session:
        return queue_mail(session, DORDRECHT, "proef", Recipient("proef", to), **values)


def job(installation: Installation) -> OutboxJob | None:
    with installation.transaction() as session:
        return session.scalars(select(OutboxJob)).one_or_none()


def message(installation: Installation, number: UUID) -> MailMessage:
    with installation.transaction(DORDRECHT) as session:
        return session.get_one(MailMessage, number)


def later(installation: Installation) -> None:
    """The time of the next attempt has come."""
    with installation.transaction() as session:
        session.execute(update(OutboxJob).values(run_after=utc_now() - timedelta(seconds=1)))
    installation.run_jobs()


def test_a_message_arrives_over_tls_without_a_name_and_without_content(
    posting: Installation, tmp_path: Path
) -> None:
    with mail_server(tmp_path) as server:
        use(posting, server.settings(posting.settings))
        number = ask(posting)
        posting.run_jobs()
    (received,) = server.mailbox.received
    assert received.encrypted
    assert (received.sender, received.recipients) == ("post@meldpunt.example", [ADDRESS])
    assert received.message["To"] == ADDRESS
    assert received.message["From"] == "Meldpunt <post@meldpunt.example>"
    assert received.message["Message-ID"] == f"<{number}@meldpunt.example>"
    assert "http://localhost:6543/postvak" in received.message.get_content()
    assert message(posting, number).state == "verstuurd"
    assert message(posting, number).kept is None
    assert job(posting) is None


def test_without_tls_the_message_waits_and_says_why_until_there_is_tls(
    posting: Installation, tmp_path: Path
) -> None:
    kind = "geen_tls"
    with mail_server(tmp_path) as good:
        well = good.settings(posting.settings)
        with mail_server(tmp_path, tls=False) as bare:
            use(posting, good.settings(posting.settings, mail_port=bare.port))
            number = ask(posting)
            posting.run_jobs()
        waiting = job(posting)
        assert waiting is not None
        assert (waiting.dead, waiting.last_error) == (False, f"mail: {kind}")
        assert message(posting, number).problem == kind
        (check,) = [c for c in inspect_installation(posting.settings) if c.name == "post"]
        assert (check.state, check.numbers) == ("let op", {"mail_waiting": 1.0})
        use(posting, well)
        later(posting)
    assert [r.message["Message-ID"] for r in good.mailbox.received] == [
        f"<{number}@meldpunt.example>"
    ]
    assert job(posting) is None


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_later_please_means_later_and_never_means_a_dead_letter(
    posting: Installation, tmp_path: Path, where: str
) -> None:
    with mail_server(tmp_path) as server:
        use(posting, server.settings(posting.settings))
        setattr(server.mailbox, f"{where}_answer", "451 4.3.0 later")
        number = ask(posting)
        posting.run_jobs()
        waiting = job(posting)
        assert waiting is not None
        assert (waiting.dead, waiting.last_error) == (False, "mail: tijdelijk")
        setattr(server.mailbox, f"{where}_answer", "550 5.1.1 onbekend")
        later(posting)
        given_up = job(posting)
        assert given_up is not None
        assert (given_up.dead, given_up.last_error) == (True, "mail: geweigerd")
        assert message(posting, number).state == "geweigerd"
        assert posting.registry.bounced == ["1"]
        # Given up isn't lost: the operator has it tried again.
        setattr(server.mailbox, f"{where}_answer", None)
        with posting.transaction() as session:
            session.execute(update(OutboxJob).values(dead=False))
        later(posting)
    assert len(server.mailbox.received) == 1


def test_a_server_that_hangs_up_after_the_message_gets_it_again_under_the_same_number(
    posting: Installation, tmp_path: Path
) -> None:
    with mail_server(tmp_path) as server:
        use(posting, server.settings(posting.settings))
        server.mailbox.drop_after_data = True
        ask(posting)
        posting.run_jobs()
        waiting = job(posting)
        assert waiting is not None
        assert waiting.last_error == "mail: verbroken"
        server.mailbox.drop_after_data = False
        later(posting)
    first, second = server.mailbox.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.content == second.content
    assert job(posting) is None


@pytest.mark.alles
def test_after_a_fault_other_messages_do_not_wait_for_the_same_server(
    posting: Installation, tmp_path: Path
) -> None:
    with rude_server(hangs_up=False) as port:
        changes: dict[str, Any] = {"mail_host": "localhost", "mail_timeout_seconds": 1}
        use(posting, replace(posting.settings, **changes, mail_port=port))
        posting.registry.courier.pause = 60.0
        for _ in range(20):
            ask(posting)
        started = utc_now()
        posting.run_jobs()
    assert utc_now() - started < timedelta(seconds=10)


def test_without_a_server_production_keeps_its_messages_waiting(
    posting: Installation, tmp_path: Path
) -> None:
    with mail_server(tmp_path) as server:
        use(posting, server.settings(posting.settings, demo=False, mail_host=""))
        ask(posting)
        posting.run_jobs()
    waiting = job(posting)
    assert waiting is not None
    assert waiting.last_error == "mail: niet_ingesteld"


def test_what_is_no_longer_needed_is_not_sent(posting: Installation, tmp_path: Path) -> None:
    opened: list[bool] = [True]
    posting.registry.mail_templates["proef"] = MailTemplate(
        "proef", "x", WORDS, lambda writing: None if opened else Letter({"pad": "/"})
    )
    with mail_server(tmp_path) as server:
        use(posting, server.settings(posting.settings))
        numbers = [ask(posting), ask(posting, to="2")]
        posting.run_jobs()
    assert [message(posting, number).state for number in numbers] == ["niet_nodig"] * 2
    assert not server.mailbox.received


def test_what_an_earlier_release_queued_and_this_one_does_not_know_is_not_sent(
    posting: Installation, tmp_path: Path
) -> None:
    del posting.registry.mail_templates["proef"]
    with mail_server(tmp_path) as server:
        use(posting, server.settings(posting.settings))
        number = ask(posting)
        posting.run_jobs()
    assert message(posting, number).state == "niet_nodig"
    assert not server.mailbox.received


def test_asked_twice_with_one_key_there_is_one_message_and_text_is_refused(
    posting: Installation,
) -> None:
    assert ask(posting, key="spoed:1") == ask(posting, key="spoed:1")
    for text in ("Jan de Vries", "x\r\nBcc: ander@example.org"):
        with pytest.raises(ValueError, match="codes"):
            ask(posting, values={"pad": text})


def test_in_the_demo_messages_are_kept_and_shown_to_their_own_holder(
    posting: Installation,
) -> None:
    ask(posting)
    posting.run_jobs()
    own = posting.browser(make_user(posting, (DORDRECHT, Role.OFFICER)))
    page = own.get("/post")
    assert "Er wacht iets" in page
    assert "http://localhost:6543/postvak" in page
    assert ADDRESS not in page
    other = posting.browser(make_user(posting, ("GM0772", Role.OFFICER)))
    assert "Nog geen berichten" in other.get("/post?houder=GM0505")


def test_what_comes_back_is_noted_and_its_room_is_told(
    posting: Installation, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(posting)
    posting.run_jobs()
    monkeypatch.setattr(commands, "registry_of", lambda settings: nullcontext(posting.registry))
    keyboard = Keyboard(posting, capsys)
    for action, state in (("delayed", "verstuurd"), ("failed", "teruggekomen")):
        content = BOUNCE.format(action=action, number=number).encode()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(content)))
        code, _, _ = keyboard.type("post", "terug")
        assert code == 0
        assert message(posting, number).state == state
    assert posting.registry.bounced == ["1"]


def test_the_commands_tell_an_operator_what_is_wrong(
    posting: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard = Keyboard(posting, capsys)
    code, _, errors = keyboard.type("post", "proef", "iemand@example.org")
    assert (code, "mail.host" in errors) == (1, True)
    assert keyboard.type("post", "proef", "geen adres")[0] == 1
    with rude_server(hangs_up=True) as port:
        changes: dict[str, Any] = {"mail_host": "localhost", "mail_port": port}
        use(posting, replace(posting.settings, **changes))
        ask(posting)
        posting.run_jobs()
    _, out, _ = keyboard.type("post", "lijst")
    assert "verbrak de verbinding" in out
