"""Secure mail: the mail says that something waits, a code that was read out shows it, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs7
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import after_working_days, clock_at, utc_now
from stopintimidatie.core.ledger import read_ledger
from stopintimidatie.core.mail.services import note_bounce
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.desk.forwarding import services as forwarding_services
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.municipalities.agreements import services as agreements_services
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import has_contact
from tests.support.factories import make_user
from tests.support.installation import Installation
from tests.support.mailboxes import mails, put_desk_postbox
from tests.support.sittings import (
    ZWIJNDRECHT,
    agree,
    arrive,
    code_for,
    enter,
    open_in,
    pickup_of,
    read,
    sit,
)

SECRETS = ("Geheimwoord", "Petra", "petra@melder.example")


def test_without_an_agreement_nothing_goes_and_with_one_what_waited_goes_at_once(
    installation: Installation,
) -> None:
    number = arrive(installation)
    installation.run_jobs()
    assert read(installation, number).delivery == "wacht_op_afspraak"
    assert mails(installation, "melding_klaar") == []
    agree(installation)
    installation.run_jobs()
    assert read(installation, number).delivery == "aangeboden"
    (mail,) = mails(installation, "melding_klaar")
    assert f"/ophalen/{pickup_of(installation, number).reference}" in (mail.kept or "")
    for secret in (*SECRETS, read(installation, number).reference):
        assert secret not in (mail.kept or "")
    # A next one goes as it comes; nothing is offered twice.
    other = arrive(installation)
    installation.run_jobs()
    assert read(installation, other).delivery == "aangeboden"
    assert len(mails(installation, "melding_klaar")) == 2


def test_the_code_opens_the_report_and_that_is_recorded(installation: Installation) -> None:
    agree(installation)
    number = arrive(installation)
    installation.run_jobs()
    reference = pickup_of(installation, number).reference
    code = code_for(installation, number)
    assert "klopt niet" in enter(installation, reference, "00000000", 422)[1]
    # A town isn't asked for whom, and gets no code by mail.
    asked = installation.visitor().get(f"/ophalen/{reference}")
    asked.mustcontain("Uw functie", no=["Voor mijzelf", "Code per e-mail"])
    # A person who comes for their own copy after that is asked for no function.
    form = installation.visitor().get("/ophalen/O-0000-0000").forms["formulier"]
    form["naam"], form["voor"], form["code"] = "Petra", "mij", "00000000"
    form.submit(status=422).mustcontain("klopt niet", no=["Vul ‘Uw functie’ in"])
    # Without a function nothing is shown; the code stays right.
    assert "Vul ‘Uw functie’ in" in enter(installation, reference, code, 422, functie="")[1]
    browser, answer = enter(installation, reference, code)
    page = answer.follow()
    assert not any(secret in page for secret in SECRETS)
    assert read(installation, number).delivery == "aangeboden"
    page = open_in(page, reference)
    for secret in SECRETS:
        assert secret in page
    assert page.headers["Cache-Control"] == "no-store"
    assert "klopt niet" in enter(installation, reference, code, 422)[1]
    report = read(installation, number)
    assert report.delivery == "opgehaald"
    # Reading it again in the sitting is logged, and changes nothing.
    before = pickup_of(installation, number)
    browser.get(f"/ophalen/{reference}/melding").mustcontain("Geheimwoord")
    assert pickup_of(installation, number).read_at == before.read_at
    with installation.transaction(NATIONAL) as session:
        entry = session.scalars(select(Disclosure)).one()
        assert (entry.reference, entry.source_id) == (reference, number)
        assert entry.recipient == "Gemeente Zwijndrecht"
        assert entry.approved_by != "Stopintimidatie"
        about = session.scalars(select(DisclosureSubject)).one()
        assert "contactgegevens" in about.categories
        done = list(session.scalars(select(AuditEvent.action)))
    assert {"ophalen.code", "ophalen.geopend", "ophalen.verkeerde_code"} <= set(done)
    assert done.count("ophalen.gelezen") == 3
    stored = pickup_of(installation, number)
    assert "Anneke" not in str(stored.picked_up_by)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "Anneke de Boer" in desk.get(f"/landelijk/{report.reference}")
    assert "opgehaald" in desk.get("/landelijk/zwijndrecht")


def test_a_code_ends_after_five_tries_and_after_half_an_hour(installation: Installation) -> None:
    agree(installation)
    number = arrive(installation)
    other = arrive(installation)
    installation.run_jobs()
    reference = pickup_of(installation, number).reference
    code = code_for(installation, number)
    # The tries are of the code, at whichever page of the town they are made.
    for place in (number, other, number, other, number):
        enter(installation, pickup_of(installation, place).reference, "12345678", 422)
    enter(installation, reference, code, 422)
    late = code_for(installation, number)
    with clock_at(utc_now() + timedelta(minutes=31)):
        enter(installation, reference, late, 422)
    assert read(installation, number).delivery == "aangeboden"
    # What doesn't exist says the same as what does.
    unknown = enter(installation, "O-4F7K-2QXJ", code, 422, voor="organisatie")[1]
    assert "klopt niet" in unknown
    assert "landelijk meldpunt" in unknown
    installation.visitor().get("/ophalen/geheim", status=404)
    installation.visitor().get("/ophalen", status=404)


def test_not_picked_up_the_deputy_is_told_then_the_desk_and_then_it_ends(
    installation: Installation,
) -> None:
    agree(installation)
    number = arrive(installation)
    installation.run_jobs()
    start = pickup_of(installation, number).offered_at
    assert start is not None
    for days, told in ((1, 1), (2, 2), (3, 2)):
        with clock_at(after_working_days(start, days) + timedelta(minutes=2)):
            installation.run_jobs()
        assert len(mails(installation, "melding_klaar")) == told, days
    told_to = [str(mail.kept) for mail in mails(installation, "melding_klaar")]
    assert any("veiligheid@zwijndrecht.example" in letter for letter in told_to)
    assert pickup_of(installation, number).escalated_at is not None
    with clock_at(after_working_days(start, 11)):
        installation.run_jobs()
    assert read(installation, number).delivery == "verlopen"
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    page = desk.get(f"/landelijk/{read(installation, number).reference}")
    form = next(f for f in page.forms.values() if f.action.endswith("aanbieden"))
    form.submit(status=303)
    installation.run_jobs()
    assert read(installation, number).delivery == "aangeboden"


def test_an_offer_that_is_taken_back_shows_nobody_anything(installation: Installation) -> None:
    agree(installation)
    number = arrive(installation)
    installation.run_jobs()
    pickup, code = pickup_of(installation, number), code_for(installation, number)
    with installation.transaction(NATIONAL) as session:
        report = session.get_one(Report, number)
        forwarding_services.take_back_offer(session, report, "Het was in Tilburg.", SYSTEM)
    assert read(installation, number).delivery == "verlopen"
    refused = enter(installation, pickup.reference, code, status=422)[1]
    assert not any(secret in refused for secret in SECRETS)


@pytest.mark.alles
def test_so_many_days_after_pick_up_the_content_at_the_desk_is_gone(
    installation: Installation,
) -> None:
    agree(installation)
    number = arrive(installation)
    installation.run_jobs()
    reference = pickup_of(installation, number).reference
    open_in(sit(installation, number)[1], reference)
    days = installation.settings.desk_keep_days
    with clock_at(utc_now() + timedelta(days=days - 1)):
        installation.run_jobs()
    assert read(installation, number).description == "Geheimwoord"
    with clock_at(utc_now() + timedelta(days=days, minutes=1)):
        installation.run_jobs()
    report = read(installation, number)
    assert (report.description, report.lat) == (None, None)
    with installation.transaction(NATIONAL) as session:
        assert not has_contact(session, report)
    assert pickup_of(installation, number).destroyed_at is not None
    assert report.delivery == "opgehaald"
    (gone,) = read_ledger(installation.settings.ledger, installation.registry.key_ring)
    assert (gone.holder, gone.id, gone.did) == (NATIONAL, report.id, "inhoud_weg")


def test_with_a_certificate_the_report_itself_goes_readable_for_its_owner_alone(
    installation: Installation,
) -> None:
    leaf = trustme.CA().issue_cert("oov@zwijndrecht.example", key_type=trustme.KeyType.RSA)
    pem = leaf.cert_chain_pems[0].bytes()
    agree(installation, certificate=pem.decode())
    number = arrive(installation)
    installation.run_jobs()
    (mail,) = mails(installation, "melding_versleuteld")
    kept = (mail.kept or "").encode()
    for secret in SECRETS:
        assert secret.encode() not in kept
    key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    certificate = x509.load_pem_x509_certificate(pem)
    text = pkcs7.pkcs7_decrypt_smime(kept, certificate, key, [])
    assert b"Geheimwoord" in text
    assert read(installation, number).delivery == "opgehaald"


def test_an_agreement_that_ends_before_the_mail_goes_out_stops_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(installation)
    number = arrive(installation)
    registry = installation.registry
    with installation.transaction(NATIONAL) as session:
        report = session.get_one(Report, number)
        assert forwarding_services.try_offer(session, registry.key_ring, report, SYSTEM) == []
        keys, rules = registry.key_ring, registry.level_rules
        agreements_services.end(session, keys, rules, ZWIJNDRECHT, SYSTEM)
    installation.run_jobs()
    assert read(installation, number).delivery == "wacht_op_afspraak"
    assert [m.state for m in mails(installation, "melding_klaar")] == ["niet_nodig"]


@pytest.mark.alles
def test_a_message_that_comes_back_after_acceptance_is_told_to_the_desk_and_not_sent_again(
    installation: Installation,
) -> None:
    agree(installation)
    put_desk_postbox(installation)
    first = arrive(installation)
    installation.run_jobs()
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "kwam terug" not in desk.get("/landelijk").text
    (mail,) = mails(installation, "melding_klaar")
    for _ in range(2):
        with installation.transaction(NATIONAL) as session:
            note_bounce(installation.registry, session, mail.id)
        installation.run_jobs()
    assert read(installation, first).delivery == "verlopen"
    assert len(mails(installation, "melding_klaar")) == 1
    (told,) = mails(installation, "bericht_terug")
    reference = read(installation, first).reference
    assert f"/landelijk/{reference}" in (told.kept or "")
    assert "1 bericht aan een gemeente kwam terug" in desk.get("/landelijk").text
    page = desk.get("/landelijk/bellijst")
    assert "1 bericht kwam terug" in page
    page = page.click("Zwijndrecht").click(reference)
    assert "Zwijndrecht" in page.html.select_one("main").text
    # The code that went with it shows nothing any more; a good address and a new offer do.
    enter(installation, pickup_of(installation, first).reference, "1234 5678", status=422)
    agree(installation)
    with installation.transaction(NATIONAL) as session:
        report = session.get_one(Report, first)
        assert not forwarding_services.try_offer(
            session, installation.registry.key_ring, report, SYSTEM
        )
    installation.run_jobs()
    assert read(installation, first).delivery == "aangeboden"
    assert "kwam terug" not in desk.get("/landelijk/bellijst").text


def test_encrypted_mail_that_comes_back_was_received_by_nobody_and_is_not_destroyed(
    installation: Installation,
) -> None:
    leaf = trustme.CA().issue_cert("oov@zwijndrecht.example", key_type=trustme.KeyType.RSA)
    agree(installation, certificate=leaf.cert_chain_pems[0].bytes().decode())
    number = arrive(installation)
    installation.run_jobs()
    assert read(installation, number).delivery == "opgehaald"
    (mail,) = mails(installation, "melding_versleuteld")
    with installation.transaction(NATIONAL) as session:
        note_bounce(installation.registry, session, mail.id)
    assert read(installation, number).delivery == "verlopen"
    with clock_at(utc_now() + timedelta(days=400)):
        installation.run_jobs()
    assert read(installation, number).description == "Geheimwoord"
