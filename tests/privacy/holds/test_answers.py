"""A Woo request answered: a dossier that refers to its reports, made from the page of a case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.disclosures.models import DisclosedCopy
from stopintimidatie.disclosures.resources import new_export_id
from stopintimidatie.disclosures.services import Subject, record_disclosure
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.exports.profiles.defaults import PUBLIC
from stopintimidatie.exports.request.services import draft
from stopintimidatie.exports.review.services import save_review, texts_of
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.reports.conversation.services import REPORTER
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move_report
from tests.support.disclosing import an_entry
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation

PLACE, CASE = "/gemeenten/dordrecht", "2026-014"
PAGE, FORM = f"{PLACE}/bevriezingen?zaak={CASE}", f"{PLACE}/woo-dossier?zaak={CASE}"


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def officer(town: Installation) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"))


@pytest.fixture
def owner(town: Installation) -> str:
    """Make somebody who may lead a dossier; return the user name."""
    return make_user(town, (DORDRECHT, Role.DOSSIER_OWNER), name="Ans Bos")


def held(town: Installation, session: Any, row: Any, reason: HoldReason = HoldReason.WOO) -> None:
    day = day_of(utc_now()) + timedelta(days=90)
    place_hold(session, row, reason, day, SYSTEM, case_reference=CASE)


def filed(town: Installation, session: Any, **kind: str) -> tuple[Dossier, Report]:
    dossier = make_dossier(session, **kind)
    report = take_on(session, make_report(session, town))
    file_report(session, town.registry.workflow_effects, dossier, report, "Plek.", SYSTEM)
    return dossier, report


def make(officer: TestApp, town: Installation, owner: str) -> Any:
    form = officer.get(FORM).forms["formulier"]
    form["houder"] = str(user_id(town, owner))
    return form.submit("maken", status=303).follow()


def referred(town: Installation) -> set[str]:
    """The reports that the dossier of the answer refers to now."""
    with town.transaction(DORDRECHT) as session:
        rows = session.scalars(
            select(Report.reference)
            .join(DossierMembership, DossierMembership.report_id == Report.id)
            .join(Hold, Hold.document_id == DossierMembership.dossier_id)
            .where(Hold.answers.is_(True), DossierMembership.left_at.is_(None))
            .where(DossierMembership.reference.is_(True))
        )
        return set(rows)


def test_a_dossier_is_made_of_all_that_may_become_public_and_says_what_may_not(
    town: Installation, officer: TestApp, owner: str
) -> None:
    with town.transaction(DORDRECHT) as session:
        new, gone = make_report(session, town), take_on(session, make_report(session, town))
        place, inside = filed(town, session)
        person, secret = filed(town, session, kind="persoonsgericht")
        move_report(session, town.registry.workflow_effects, gone, "intrekken", {}, REPORTER)
        for row in (new, gone, place, person):
            held(town, session, row)
        names = [row.reference for row in (new, inside, gone, secret)]
    open_, shut = names[:2], names[2:]
    page = officer.get(PAGE)
    page.mustcontain("Antwoord op het Woo-verzoek", "0 van 2", "nog niet gemaakt", "2 meldingen")
    form = officer.get(FORM)
    form.mustcontain(f"Niet: {shut[0]}", "ingetrokken", f"Niet: {shut[1]}", "vraag de privacyf")
    assert form.forms["formulier"].submit("maken", status=422)
    page = make(officer, town, owner)
    page.mustcontain("is gemaakt: 2 meldingen", no=["Dossier maken", "Dossier bijwerken"])
    assert referred(town) == set(open_)
    with town.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier).order_by(Dossier.sequence.desc())).first()
        assert dossier is not None
        assert (dossier.title, dossier.kind) == (f"Woo-verzoek {CASE}", "thema")
        assert (dossier.legal_basis, dossier.frozen) == ("avg_6_1_c_woo", True)
        address = f"{PLACE}/gemeentebreed/{dossier.number}"
        actions = list(session.scalars(select(AuditEvent.action)))
        # The reports stay where they are.
        assert session.get_one(Report, inside.id).dossier_number == place.number
    assert actions.count("dossier.melding_erbij") == 4
    page.mustcontain(address, "nog niet aangevraagd: dat doet de dossierhouder, Ans Bos")
    town.browser(owner).get("/").follow().mustcontain("Vraag een uitvoer aan met het profiel")
    asked = town.browser(owner).get(f"{address}/uitvoer-aanvragen")
    asked.mustcontain("het openbare antwoord op het Woo-verzoek")
    lines = page.click("Lijst als bestand").text.replace('"', "").splitlines()
    last = {line.split(";")[0]: line.rpartition(";")[2] for line in lines}
    assert [last[name] for name in open_] == ["nog niet", "nog niet"]
    assert all(last[name].startswith("nee: ") for name in shut)
    # The dossier of the answer is none of the documents that were asked for.
    assert dossier.number not in last


def test_a_dossier_is_brought_up_to_date_and_leaves_what_was_added_by_hand(
    town: Installation, officer: TestApp, owner: str
) -> None:
    with town.transaction(DORDRECHT) as session:
        first, second = make_report(session, town), make_report(session, town)
        held(town, session, first)
        names = [first.reference, second.reference]
    make(officer, town, owner)
    with town.transaction(DORDRECHT) as session:
        held(town, session, session.get_one(Report, second.id))
    page = officer.get(PAGE)
    page.mustcontain("1 melding nog niet erbij", "Dossier bijwerken")
    form = officer.get(FORM).forms["formulier"]
    assert "houder" not in form.fields
    form.submit("maken", status=303).follow().mustcontain("is bijgewerkt: 2 meldingen")
    assert referred(town) == set(names)
    with town.transaction(DORDRECHT) as session:
        gone = session.scalars(select(Hold).where(Hold.document_id == first.id)).one()
        gone.lifted_at = utc_now()
    page = officer.get(PAGE)
    page.mustcontain("1 melding hoort er niet meer in", "Dossier bijwerken")
    assert f"{names[0]};" in page.click("Lijst als bestand").text.replace('"', "")
    # What isn't the answer to the case as it is now, doesn't become public.
    with town.transaction(DORDRECHT) as session:
        address = f"{PLACE}/gemeentebreed/{session.scalars(select(Dossier)).one().number}"
    asked = town.browser(owner).get(f"{address}/uitvoer-aanvragen").forms["formulier"]
    asked.submit("voorbeeld", status=422).mustcontain(f"loopt niet gelijk met zaak {CASE}")
    officer.get(FORM).forms["formulier"].submit("maken", status=303)
    assert referred(town) == {names[1]}
    asked.submit("voorbeeld", status="*").mustcontain(no="loopt niet gelijk")
    with town.transaction(DORDRECHT) as session:
        row = session.scalars(select(Dossier)).one()
        row.state = "afgesloten"
        held(town, session, session.get_one(Report, first.id))
    refused = officer.get(FORM).forms["formulier"].submit("maken", status=422)
    refused.mustcontain("afgesloten")


def test_the_file_says_what_each_published_document_held_and_why_not(
    town: Installation, officer: TestApp, owner: str
) -> None:
    with town.transaction(DORDRECHT) as session:
        told, unwilling, other = (make_report(session, town) for _ in range(3))
        for row in (told, unwilling, other):
            row.share_with_police = row.share_with_partners = row is not unwilling
        session.flush()
        for row in (told, unwilling, other):
            held(town, session, row)
        names = [row.reference for row in (told, unwilling, other)]
        subject = Subject(told.id, "M-01", ("tijdstip",))
    make(officer, town, owner).mustcontain("1 melding: deelvoorkeur van de melder")
    with town.transaction(DORDRECHT) as session:
        dossier, today = session.scalars(select(Dossier)).one(), day_of(utc_now())
        wish = ExportRequest(
            profile=PUBLIC.name,
            recipient="Ieder",
            question="-",
            answer_by=today,
            purpose="-",
            legal_basis="avg_6_1_c_woo",
            destroy_by=today,
        )
        parts = []
        for days in (9, 2, 0):
            part = draft(dossier, wish, SYSTEM, new_export_id())
            part.requested_at = utc_now() - timedelta(days=days)
            session.add(part)
            parts.append(part.reference)
            if days:
                part.state = "gereed"
                entry = an_entry(reference=part.reference, legal_basis=wish.legal_basis)
                record_disclosure(session, entry, [subject], SYSTEM)
                copy = session.scalars(
                    select(DisclosedCopy).where(DisclosedCopy.disclosure_id == entry.id)
                ).one()
                copy.given_at = part.requested_at
        ends = [date_text(today - timedelta(days=days)) for days in (9, 2)]
        row = session.get_one(Report, told.id)
        # Withdrawn after it was published: the document holds it all the same.
        move_report(session, town.registry.workflow_effects, row, "intrekken", {}, REPORTER)
    page = officer.get(PAGE)
    page.mustcontain(*parts, " tot en met ".join(ends), "gegeven op")
    lines = page.click("Lijst als bestand").text.replace('"', "").splitlines()
    last = {line.split(";")[0]: line.split(";")[-2:] for line in lines}
    documents = f"ja: {parts[0]} (gereed), {parts[1]} (gereed)"
    assert last[names[0]] == ["nee: ingetrokken: niemand leest de inhoud", documents]
    assert last[names[1]] == ["ja", "nee: deelvoorkeur van de melder, of een minderjarige"]
    assert last[names[2]] == ["ja", "nog niet"]


def test_only_a_woo_request_is_answered_so(town: Installation, officer: TestApp) -> None:
    with town.transaction(DORDRECHT) as session:
        held(town, session, make_report(session, town), HoldReason.COURT)
    officer.get(PAGE).mustcontain(CASE, no=["Antwoord op het Woo-verzoek"])
    officer.get(FORM, status=404)
    officer.get(f"{PLACE}/woo-dossier", status=404)
    officer.get(f"{PLACE}/woo-dossier?zaak=onbekend", status=404)
    head = town.browser(make_user(town, (DORDRECHT, Role.OFFICER)))
    head.get(FORM, status=403)


def test_of_what_can_not_be_public_no_dossier_is_made(town: Installation, officer: TestApp) -> None:
    with town.transaction(DORDRECHT) as session:
        held(town, session, make_report(session, town))
        session.scalars(select(Report)).one().state = "quarantaine"
    officer.get(PAGE).mustcontain("0 van 0", no=["Dossier maken"])
    officer.get(FORM, status=303).follow().mustcontain("Geen van deze meldingen")


def test_a_text_looked_at_before_the_request_is_read_again(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        report = make_report(session, town)
        fields = dict.fromkeys(texts_of(report), ())
        with clock_at(utc_now() - timedelta(days=9)):
            save_review(session, report, fields, SYSTEM)
        held(town, session, report)
        names = report.reference
    page = officer.get(PAGE)
    page.mustcontain("nagekeken vóór dit verzoek: lees opnieuw", "0 van 1")
    # From the case one looks at a text, and comes back to the case.
    form = page.click(names, href="tekst-nakijken").forms["formulier"]
    saved = form.submit("opslaan", status=303)
    assert saved.location.endswith(f"{PAGE}#teksten")
    officer.get(PAGE).mustcontain("1 van 1", no=["lees opnieuw"])
