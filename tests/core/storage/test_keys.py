"""Changing keys while everything stays readable: `stopintimidatie sleutels …`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import KeyRing, load_key_ring
from stopintimidatie.core.storage.personal import Subject
from stopintimidatie.exports import models as exports_models
from stopintimidatie.exports.models import ExportKey
from stopintimidatie.reports import personal as reports_personal
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReportContact, ReportTransfer
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.exporting import SECRET_MAIL, SECRET_NAME, Case, approved, make_case
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import ROOT, Installation
from tests.support.keyboard import Keyboard

pytestmark = pytest.mark.both_databases


@pytest.fixture
def keyboard(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    return Keyboard(installation, capsys)


def restarted(installation: Installation) -> KeyRing:
    """The key ring as a process that starts now reads it."""
    ring = load_key_ring(installation.settings.key_file)
    installation.registry.key_ring = ring
    return ring


def send_on(installation: Installation) -> None:
    """A report with a contact is on its way from the desk to a municipality."""
    with installation.transaction(NATIONAL) as session:
        report = make_report(
            session,
            installation,
            holder=NATIONAL,
            anonymous=False,
            contact=Contact(name="Sanne", email="sanne@example.org"),
            wants_contact=ContactWish.MAIL,
        )
        values = {"gemeente": DORDRECHT, "reden": "De plek ligt daar."}
        move_report(
            session, installation.registry.workflow_effects, report, "doorgeven", values, SYSTEM
        )


def sealed_texts(installation: Installation) -> list[str]:
    """Everything that is encrypted with the key ring, in every table."""
    with installation.transaction(DORDRECHT) as session:
        rows = session.execute(select(ReportContact.name, ReportContact.email)).all()
        keys = session.scalars(select(ExportKey.sealed)).all()
    with installation.transaction(NATIONAL) as session:
        moving = session.scalars(select(ReportTransfer.content)).all()
    return [text for text in [*(t for row in rows for t in row), *keys, *moving] if text]


def readable(installation: Installation, case: Case, reference: str, keys: KeyRing) -> None:
    export = case.export(reference)
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        contact = read_contact(session, keys, report)
        assert contact is not None
        assert (contact.name, contact.email) == (SECRET_NAME, SECRET_MAIL)
        found = reports_personal.find(session, keys, Subject(email=SECRET_MAIL))
        assert set(found) == set(case.reports)
        assert exports_models.read(session, keys, export, exports_models.BlobKind.CONTENT)


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_the_keys_are_changed_while_all_stays_readable(
    installation: Installation, keyboard: Keyboard
) -> None:
    case = make_case(installation, number=2)
    reference = approved(case)
    send_on(installation)
    before = sealed_texts(installation)
    assert before
    assert all(text.startswith("1:") for text in before)

    assert "staat klaar" in keyboard.type("sleutels", "nieuw")[1]
    assert restarted(installation).current == 1
    readable(installation, case, reference, restarted(installation))
    assert "in gebruik" in keyboard.type("sleutels", "gebruiken", "2")[1]
    ring = restarted(installation)
    assert ring.current == 2
    readable(installation, case, reference, ring)

    listed = keyboard.type("sleutels", "lijst")[1]
    assert re.search(r"versie 1\tniet voor nieuwe gegevens\t[1-9]\d* rijen", listed)
    assert re.search(r"versie 2\tin gebruik\t0 rijen", listed)
    code, out, _ = keyboard.type("sleutels", "herversleutelen")
    assert code == 0
    assert re.match(r"[1-9]\d* rijen", out)
    after = sealed_texts(installation)
    assert len(after) == len(before)
    assert all(text.startswith("2:") for text in after)
    assert keyboard.type("sleutels", "herversleutelen")[1].startswith("0 rijen")

    without_the_old = KeyRing(2, {2: ring.masters[2]})
    readable(installation, case, reference, without_the_old)
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        found = reports_personal.find(session, without_the_old, Subject(email="sanne@example.org"))
        assert len(found) == 1


def test_a_key_that_is_missing_is_told_and_nothing_is_lost(
    installation: Installation, keyboard: Keyboard
) -> None:
    with installation.transaction(DORDRECHT) as session:
        contact = Contact(name="Sanne", email="sanne@example.org")
        make_report(
            session, installation, contact=contact, anonymous=False, wants_contact=ContactWish.MAIL
        )
    before = sealed_texts(installation)
    assert keyboard.type("sleutels", "gebruiken", "7")[0] == 1
    path = installation.settings.key_file
    content: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    path.write_text(json.dumps({"versie": 2, "sleutels": {"2": "ab" * 32}}), encoding="ascii")
    code, _, err = keyboard.type("sleutels", "herversleutelen")
    assert code == 1
    assert "Zet het bestand terug" in err
    path.write_text(json.dumps(content), encoding="ascii")
    assert sealed_texts(installation) == before


def test_the_key_file_stays_for_the_service_alone(
    installation: Installation, keyboard: Keyboard
) -> None:
    path: Path = installation.settings.key_file
    keyboard.type("sleutels", "nieuw")
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(load_key_ring(path).masters) == [1, 2]
    assert [p.name for p in path.parent.glob("*leutels*")] == [path.name]


def test_every_room_that_encrypts_tells_which_columns(installation: Installation) -> None:
    """Otherwise a change of keys would leave its rows behind with the old one."""
    encrypting = {
        path.parent.relative_to(ROOT / "stopintimidatie").as_posix()
        for path in (ROOT / "stopintimidatie").rglob("*.py")
        if re.search(r"\bkeys\.encrypt\(PURPOSE|= Vault\(", path.read_text(encoding="utf-8"))
    }
    told = {
        (entry.purpose, entry.entity.__tablename__)
        for entry in installation.registry.sealed_tables.values()
    }
    # Files of a dossier are encrypted by `reports/attachments`.
    # A reporter who is told last stands in the table of mail; `/volgen` and signing in through a
    # municipality encrypt a cookie.
    assert encrypting - {"privacy/erasure", "reports/follow", "municipalities/sso"} == {
        "core/mail",
        "disclosures",
        "dossiers/consultations",
        "exports",
        "exports/document",
        "exports/release",
        "municipalities/agreements",
        "municipalities/partners",
        "privacy/police",
        "privacy/requests",
        "privacy/subjects",
        "reports",
        "reports/attachments",
        "reports/handover",
    }
    assert told == {
        ("bijlage-sleutel", "dossier_attachment"),
        ("bijlage-sleutel", "report_attachment"),
        ("contact", "report_contact"),
        ("export-key", "export_key"),
        ("signing-key", "signing_certificate"),
        ("forwarding-agreement", "forwarding_agreement"),
        ("identity-provider", "identity_provider"),
        ("mail-address", "mail_address"),
        ("one-time-code", "one_time_code"),
        ("overleg-sleutel", "consultation_key"),
        ("partner-answer", "partner_answer"),
        ("partner-contact", "partner_contact"),
        ("pickup", "pickup"),
        ("police-data", "police_access"),
        ("police-data", "police_item"),
        ("subject-copy", "subject_copy_key"),
        ("subject-request", "request_letter"),
        ("subject-request", "subject_request"),
        ("transfer", "report_transfer"),
    }
