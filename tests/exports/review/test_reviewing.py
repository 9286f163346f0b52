"""Free text looked at before it goes to somebody, and words made unreadable for good (P2)."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.search.services import PURGE
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import change_dossier
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.exports.models import ExportState, ReportReview
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.conversation.services import write_to_reporter
from stopintimidatie.reports.models import Report
from tests.support.api import Api
from tests.support.exporting import ACCOUNT, Case, approved, contents, make_case
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.reviewing import address

SECRET = "Quirinus Zwartjens"
TEXT = f"Ik liep naar huis toen hij riep. Het was {SECRET}, zei mijn vriendin Wilhelmientje."


def seeded(installation: Installation) -> Case:
    """A case in which the secret stands wherever words of a report can go."""
    case = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        report.description = TEXT
        report.location_text = f"voor de deur van {SECRET.upper()}"
        report.own_answers = [{"vraag": "q", "door": "melder", "antwoord": f"door {SECRET}"}]
        write_to_reporter(session, report, f"Bedoelt u {SECRET}?", SYSTEM)
        dossier = session.get_one(Dossier, case.dossier_id)
        add_note(session, dossier, f"Bekend: {SECRET}.", SYSTEM)
        for words in (f"Vooral {SECRET}.", "Eén man."):
            changes: dict[str, Any] = {"assessment": words}
            change_dossier(session, dossier, changes, SYSTEM)
    installation.run_jobs()
    return case


def test_a_recipient_reads_the_text_that_was_looked_at_without_what_was_marked(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = contents(monkeypatch)
    case = seeded(installation)
    page = case.browser("aanvrager").get(address(case, installation))
    form = page.forms["formulier"]
    # Proposed: both names, with the reasons beside them.
    assert f"[[{SECRET}]]" in form["verhaal"].value
    assert "vriendin [[Wilhelmientje]]" in form["verhaal"].value
    assert "een naam, na ‘vriendin’" in page.text
    form["verhaal"] = "Iets anders."
    refused = form.submit("opslaan", expect_errors=True)
    assert refused.status_int == 422
    assert "is veranderd" in refused.html.find(attrs={"data-veld": "verhaal"}).text
    form = case.browser("aanvrager").get(address(case, installation)).forms["formulier"]
    told = form.submit("opslaan").follow()
    assert "Nagekeken door An Vrager" in told.text
    approved(case)
    installation.run_jobs()
    first, second = seen[0].reports
    assert first.account == (
        "Ik liep naar huis toen hij riep. Het was [zwartgemaakt], zei mijn vriendin [zwartgemaakt]."
    )
    # The other account nobody looked at: it stays in.
    assert second.account == ""
    assert ACCOUNT not in str(seen[0])
    # Within the department it is whole still, and a text that changes must be looked at again.
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        assert report.description == TEXT
        report.description = TEXT + " En meer."
    approved(case)
    installation.run_jobs()
    assert seen[1].reports[0].account == ""


@pytest.mark.alles
def test_an_old_tab_undoes_no_marks_of_a_colleague(installation: Installation) -> None:
    case = seeded(installation)
    where = address(case, installation)
    old = case.browser("aanvrager").get(where).forms["formulier"]
    theirs = case.browser("privacy").get(where).forms["formulier"]
    theirs["verhaal"] = TEXT.replace("mijn vriendin", "[[mijn vriendin]]")
    theirs.submit("opslaan", status=303)
    old["verhaal"] = TEXT.replace("naar huis", "[[naar huis]]")
    for button in ("onleesbaar", "opslaan"):
        refused = old.submit(button, status=409)
        refused.mustcontain("intussen nagekeken of gewijzigd", "[[mijn vriendin]]")
        assert "[[naar huis]]" in refused.forms["formulier"]["verhaal"].value
    again = refused.forms["formulier"]
    again["verhaal"] = theirs["verhaal"].value.replace("naar huis", "[[naar huis]]")
    again.submit("opslaan", status=303)
    shown = case.browser("privacy").get(where).forms["formulier"]["verhaal"].value
    assert shown == again["verhaal"].value


def test_an_age_in_the_text_asks_whether_it_is_about_a_minor(installation: Installation) -> None:
    case = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        report.description = "Ik ben 14 jaar. Hij riep."
        report.reporter_age_group = report.offender_age = None
    browser = case.browser("aanvrager")
    form = browser.get(address(case, installation)).forms["formulier"]
    assert "[[14 jaar]]" in form["verhaal"].value
    refused = form.submit("opslaan", status=422)
    assert "Kies ‘nee’" in refused.html.find(attrs={"data-veld": "minderjarig"}).text
    with installation.transaction(DORDRECHT) as session:
        assert not session.scalars(select(ReportReview)).all()
    form = refused.forms["formulier"]
    form["minderjarig"] = "melder.onder_16"
    page = form.submit("opslaan", status=303).follow()
    page.mustcontain("Minderjarig", "Leeftijd aangepast", "niet ingevuld")
    page.mustcontain("niet gevraagd: jonger dan 16")
    with installation.transaction(DORDRECHT) as session:
        assert not session.get_one(Report, case.reports[0]).share_with_police
    again = browser.get(address(case, installation))
    again.mustcontain(no=["Gaat dit over een minderjarige"])


def test_words_made_unreadable_are_nowhere_any_more(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents(monkeypatch)
    case = seeded(installation)
    where = address(case, installation)
    case.browser("aanvrager").get(where).forms["formulier"].submit("opslaan")
    reference = approved(case, soort_ontvanger="intern", grondslag="intern")
    installation.run_jobs()
    assert case.export(reference).state == ExportState.READY
    assert {"report", "dossier_note", "dossier_text"} <= set(anywhere(installation, SECRET))

    form = case.browser("privacy").get(where).forms["formulier"]
    for ground, reason, sure in (
        ("", "Een naam.", True),
        ("doel", "", False),
        ("doel", "Een naam.", False),
    ):
        form["grond"], form["reden"], form["zeker"] = ground, reason, sure
        assert form.submit("onleesbaar", expect_errors=True).status_int == 422
    assert SECRET in TEXT
    form["grond"] = "doel"
    form["reden"], form["zeker"] = f"Naam van verdachte {SECRET.lower()}", True
    done = form.submit("onleesbaar")
    assert done.status_int == 303
    assert SECRET.split()[0] not in done.location
    installation.run_jobs()

    for words in (SECRET, "Quirinus", "Zwartjens", "Wilhelmientje"):
        assert anywhere(installation, words) == [], words
    # Nobody finds them from now on; the files of the index forget them the same night.
    with installation.transaction(DORDRECHT) as session:
        purges = session.scalars(select(OutboxJob).where(OutboxJob.kind == PURGE.name)).all()
        assert {job.holder for job in purges} == {DORDRECHT}
    installation.registry.search.backend.purge(DORDRECHT)
    files = [path for path in Path(installation.settings.data_dir).rglob("*") if path.is_file()]
    for path in files:
        # The tables were read above; the database overwrites its own free pages and log in time.
        if not path.name.startswith("data.sqlite"):
            raw = path.read_bytes().lower()
            assert b"quirinus" not in raw, path
            assert b"wilhelmient" not in raw, path
    assert case.export(reference).state == ExportState.WITHDRAWN
    page = done.follow()
    assert "[onleesbaar gemaakt]" in page.text
    assert "Woorden onleesbaar gemaakt" in page.text
    found = case.browser("aanvrager").get("/zoeken?q=quirinus")
    assert "Quirinus" not in found.text.replace("quirinus", "")
    with installation.transaction(DORDRECHT) as session:
        # Of the texts that changed nothing is kept, not even a digest.
        kept = session.scalars(select(ReportReview.field)).all()
        assert kept == ["APPEARANCE"]


@pytest.mark.short_on("sqlite")
def test_nothing_of_a_frozen_report_is_made_unreadable(installation: Installation) -> None:
    case = seeded(installation)
    form = case.browser("privacy").get(address(case, installation)).forms["formulier"]
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).frozen = True
    form["grond"], form["reden"], form["zeker"] = "doel", "Een naam.", True
    form.submit("onleesbaar", status=422).mustcontain("is bevroren", "Hef dat eerst op")
    assert "report" in anywhere(installation, SECRET)
    # For recipients they can still be left out: that takes nothing away.
    page = case.browser("privacy").get(address(case, installation))
    page.mustcontain("Voorgoed onleesbaar maken kan nu niet", no=["Andere woorden"])
    page.forms["formulier"].submit("opslaan", status=303)


@pytest.mark.alles
def test_words_with_accents_typed_apart_are_marked_found_and_made_unreadable(
    installation: Installation,
) -> None:
    """Check text whose letters and accents are separate characters, as some telephones send it."""
    connect(installation)
    api, key = Api(installation), str(uuid4())
    body = {**FULL_REPORT, "omschrijving": apart("Bij café Zoë riep André iets over mijn haar.")}
    receipt = api.post(body, Idempotency_Key=key).json
    assert api.post(body, Idempotency_Key=key).json == receipt
    assert api.count() == 1
    installation.run_jobs()
    roles = (Role.OFFICER, Role.PRIVACY_OFFICER)
    browser = installation.browser(make_user(installation, *((DORDRECHT, role) for role in roles)))
    path = browser.get(f"/m/{receipt['kenmerk']}").location.removeprefix("http://localhost:6543")
    where = f"{path}/tekst-nakijken"
    form = browser.get(where).forms["formulier"]
    form["verhaal"] = "Bij café [[Zoë]] riep [[André]] iets over mijn haar."
    form.submit("opslaan", status=303)
    form = browser.get(where).forms["formulier"]
    assert form["verhaal"].value == "Bij café [[Zoë]] riep [[André]] iets over mijn haar."
    for words in ("andré", apart("zoë")):
        assert receipt["kenmerk"] in browser.get("/zoeken", {"q": words}).text
    form["grond"], form["reden"], form["zeker"] = "onrechtmatig", "Namen van anderen.", True
    # These fields belong to the other button.
    form = form.submit("opslaan", status=422).forms["formulier"]
    form.submit("onleesbaar", status=303)
    with installation.transaction(DORDRECHT) as session:
        left = session.scalars(select(Report.description)).one()
    assert left == "Bij café [onleesbaar gemaakt] riep [onleesbaar gemaakt] iets over mijn haar."


def apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)
