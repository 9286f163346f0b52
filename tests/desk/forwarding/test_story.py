"""From a report in Zwijndrecht to its pick-up: over the API, a real mail server, and the pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.mail.delivery import Courier
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.disclosures.models import Disclosure
from tests.support.agreeing import fill
from tests.support.api import Api, report
from tests.support.factories import make_user
from tests.support.installation import Installation
from tests.support.mail_server import Mailbox, mail_server
from tests.support.sittings import press

STATION = {"lat": 51.8165, "lon": 4.6400, "omschrijving": "zaaiwoordplek"}
SEEDED = ("zaaiwoordrelaas", "zaaiwoordplek", "zaaiwoordnaam", "zaaiwoord@melder.example")
WHO = {"naam": "zaaiwoordnaam", "email": "zaaiwoord@melder.example"}


def last_text(mailbox: Mailbox) -> str:
    return str(mailbox.received[-1].message.get_content())


def open_and_ring(browser: Any, reference: str) -> str:
    """The desk makes a code on the page of the report, and reads it out."""
    page = browser.get(f"/landelijk/{reference}")
    form = next(f for f in page.forms.values() if f.action.endswith("ophaalcode"))
    found = re.search(r"<dd>(\d{4} \d{4})</dd>", form.submit(status=200).text)
    assert found
    return found[1]


def test_a_report_reaches_a_municipality_that_nobody_had_spoken_with(
    installation: Installation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    api = Api(installation)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    with mail_server(tmp_path) as server:
        settings = server.settings(installation.settings)
        installation.registry.app_settings = settings
        installation.registry.courier = Courier(settings)
        given = report(locatie=STATION, omschrijving="zaaiwoordrelaas", anoniem=False, melder=WHO)
        receipt = api.post(given).json
        assert receipt["gemeente"]["naam"] == "Zwijndrecht"
        assert "LET OP" in receipt["letOp"] or "let op" in receipt["letOp"].lower()
        installation.run_jobs()
        assert server.mailbox.received == []

        # The desk rings; the official reads the code out that came by mail.
        fill(desk).submit("vastleggen", status=303)
        installation.run_jobs()
        code = re.search(r"\d{4} \d{4}", last_text(server.mailbox))
        assert code
        page = desk.get("/landelijk/zwijndrecht")
        form = next(f for f in page.forms.values() if "code" in f.fields)
        form["code"] = code[0]
        form.submit(status=303)
        installation.run_jobs()
        link = re.search(r"/ophalen/O-\S+", last_text(server.mailbox))
        assert link
        mails = list(server.mailbox.received)

    visitor = installation.visitor()
    form = visitor.get(link[0]).forms["formulier"]
    form["naam"], form["functie"] = "Anneke", "OOV"
    form["code"] = open_and_ring(desk, receipt["kenmerk"])
    listed = form.submit("ophalen", status=303).follow()
    assert not any(word in listed for word in SEEDED)
    content = press(listed, "/openen", status=303).follow()
    assert all(word in content for word in SEEDED)

    assert len(mails) == 2
    for mail in mails:
        assert mail.encrypted
        assert mail.message["To"] == "oov@zwijndrecht.example"
        words = mail.content.decode() + str(mail.message.get_content())
        assert not [word for word in (*SEEDED, receipt["kenmerk"], "Anneke") if word in words]
    assert not [word for word in SEEDED if word in caplog.text]
    with installation.transaction(NATIONAL) as session:
        entry = session.scalars(select(Disclosure)).one()
    assert (entry.source_reference, entry.recipient) == (receipt["kenmerk"], "Gemeente Zwijndrecht")
    followed = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert followed["status"] == "doorgegeven"
