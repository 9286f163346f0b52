"""What becomes of a copy: withdrawn, reminded, corrected, destroyed; and told each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.storage.personal import erase_document, personal_data_holders
from stopintimidatie.dossiers.consultations.services import plan_consultation
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table
from stopintimidatie.dossiers.models import Consultation, ConsultationBlob, Dossier
from stopintimidatie.dossiers.queries import members
from stopintimidatie.exports.models import CopyCorrection, Export, ExportBlob
from stopintimidatie.exports.release.copies import AFTER, BEFORE, LAST, moment_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report, redact_words
from tests.support.deliveries import (
    copy,
    enter,
    events,
    form_of,
    mail_code,
    mails,
    pickup_of,
    put_ready,
    ready,
    spoken_code,
)
from tests.support.exporting import Case, approved, handed_over, make_case, quick
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.queries import count_queries

REGISTER = "/gemeenten/dordrecht/verstrekkingen"
HOME = "/gemeenten/dordrecht"


def picked_up(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> tuple[Case, str]:
    """An export that the partner has."""
    case, reference = ready(installation, monkeypatch, **changes)
    number = put_ready(case, reference)
    _, answer = enter(installation, number, spoken_code(case, reference))
    form_of(answer.follow(), "bestand").submit()
    return case, reference


def partners_page(installation: Installation) -> Any:
    """As the partner sees it, with the code of the latest message."""
    number = pickup_of(installation).reference
    return enter(installation, number, mail_code(installation))[1].follow()


def run_at(installation: Installation, moment: datetime) -> None:
    with clock_at(moment):
        installation.run_jobs()


def test_what_is_withdrawn_is_gone_and_who_has_it_is_told(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = picked_up(installation, monkeypatch)
    browser, address = case.browser("aanvrager"), f"{case.path}/{reference}"
    form = browser.get(address).click("Intrekken").forms["formulier"]
    form["waarom"] = "anders"
    assert "Schrijf op waarom" in form.submit(status=422)
    form["reden"] = "De vraag was niet goed."
    page = form.submit().follow()
    assert "De vraag was niet goed." in page.text
    browser.get(f"{address}/pdf", status=404)
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ExportBlob)).all() == []
    (mail,) = mails(installation, "uitvoer_ingetrokken")
    assert reference not in (mail.kept or "")
    assert "niet goed" not in (mail.kept or "")
    assert events(installation)[-1] == ("ingetrokken", "anders")

    theirs = partners_page(installation)
    assert "heeft dit document ingetrokken" in theirs.text
    assert "niet goed" not in theirs.text
    assert not [f for f in theirs.forms.values() if f.action.endswith("bestand")]
    owner = case.browser("beslisser")
    out = owner.get(f"{REGISTER}?stand=ingetrokken")
    assert "ontvanger bevestigde nog niet" in out.text
    assert reference in out.text
    thanks = form_of(theirs, "vernietigd").submit().follow()
    assert "hebt vernietigd" in thanks.text
    assert copy(installation).state == "vernietigd_gemeld"
    assert events(installation)[-1] == ("vernietigd", None)
    assert "Niets gevonden" in owner.get(f"{REGISTER}?stand=uit").text
    entry = owner.get(REGISTER).click(reference)
    for line in ("Ingetrokken: een andere reden", "Ontvanger meldt: vernietigd", "opgehaald door"):
        assert line in entry.text, line


@pytest.mark.alles
def test_who_has_a_copy_is_reminded_twice_and_then_an_officer_must_call(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = picked_up(installation, monkeypatch)
    until = case.export(reference).destroy_by
    run_at(installation, moment_of(BEFORE, until) - timedelta(hours=1))
    assert mails(installation, "uitvoer_vernietigen") == []
    for step, number in ((BEFORE, 1), (AFTER, 2)):
        run_at(installation, moment_of(step, until) + timedelta(minutes=5))
        assert len(mails(installation, "uitvoer_vernietigen")) == number
    assert copy(installation).reminders == 2
    assert mails(installation, "kopie_alarm") == []
    last = moment_of(LAST, until) + timedelta(minutes=5)
    run_at(installation, last)
    (mail,) = mails(installation, "kopie_alarm")
    assert reference not in (mail.kept or "")
    with clock_at(last):
        owner = installation.browser(case.people["beslisser"])
        assert "Bel Politie Drechtsteden" in owner.get(HOME).text
        page = owner.get(f"{case.path}/{reference}")
        form_of(page, "vernietigd-gehoord").submit().follow()
        assert "Bel Politie Drechtsteden" not in owner.get(HOME).text
        form_of(page, "vernietigd-gehoord").submit().follow()
    assert ("vernietigd", "telefonisch") in events(installation)
    assert len([kind for kind, _ in events(installation) if kind == "vernietigd"]) == 1


def test_nobody_to_write_to_means_calling_at_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation)
    reference = approved(case)
    installation.run_jobs()
    handed_over(case, reference)
    until = case.export(reference).destroy_by
    for step in (BEFORE, AFTER):
        run_at(installation, moment_of(step, until) + timedelta(minutes=5))
    assert copy(installation).alarm_at is not None
    assert mails(installation, "uitvoer_vernietigen") == []


def test_a_corrected_report_is_told_to_who_has_it_until_they_confirm(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = picked_up(installation, monkeypatch)
    with installation.transaction(DORDRECHT) as session:
        inside, outside = (path_of_report(session, case.reports[i]) for i in (0, 2))
    browser = case.browser("aanvrager")
    assert "Correctie melden" not in browser.get(outside).text
    form = browser.get(inside).click("Correctie melden").forms["formulier"]
    form.submit(status=422)
    form["wat"], form["toelichting"] = ["plek"], "Het was de andere kant van het plein."
    assert "gemeld aan iedereen" in form.submit().follow().text
    installation.run_jobs()
    (mail,) = mails(installation, "uitvoer_correctie")
    for secret in (reference, "plein", "M-01"):
        assert secret not in (mail.kept or "")
    theirs = partners_page(installation)
    for words in ("M-01", reference, "Er klopt iets niet", "de andere kant", "plek"):
        assert words in theirs.text, words
    owner = case.browser("beslisser")
    assert reference in owner.get(f"{REGISTER}?stand=correctie").text
    assert "Correctie, nog niet bevestigd" in owner.get(f"{case.path}/{reference}").text
    form = form_of(theirs, "/correctie")
    known = form["nr"].value
    form["nr"].force_value("een andere")
    assert "gedaan=" not in form.submit(status=303).location, "no thanks for what wasn't noted"
    form["nr"].force_value(known)
    assert "gedaan=correctie" in form.submit(status=303).location
    assert events(installation)[-2:] == [("correctie", "M-01"), ("correctie_verwerkt", "M-01")]
    assert reference not in owner.get(f"{REGISTER}?stand=correctie").html.find("main").text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(CopyCorrection)).one().confirmed_by == "Politie Drechtsteden"


@pytest.mark.alles
@pytest.mark.parametrize("way", ["erase", pytest.param("redact", marks=pytest.mark.alles)])
def test_an_erased_report_leaves_no_copy_here_and_those_outside_hear_of_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    # What was tabled has the account; what the police got has the number.
    case, _ = picked_up(installation, monkeypatch)
    registry, document = installation.registry, case.reports[0]
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        for only in (0, 1):
            talk = plan_consultation(session, dossier, utc_now() + timedelta(days=1), SYSTEM)
            inside = [
                one
                for one in members(session, dossier, 0, 25)
                if one.report.id == case.reports[only]
            ]
            put_on_table(session, registry.key_ring, dossier, talk, Tabled(inside), SYSTEM)
    with installation.transaction(DORDRECHT) as session:
        if way == "erase":
            erase_document(registry, session, "melding", document)
        else:
            report = session.get_one(Report, document)
            holders, words = personal_data_holders(registry), ["paarse rugzak", "M-01"]
            keys = registry.key_ring
            assert (
                redact_words(session, keys, holders, report, words, "doel", "Een naam.", SYSTEM)
                >= 3
            )
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Export)).one().state == "ingetrokken"
        tabled = session.scalars(select(Consultation).order_by(Consultation.serial)).all()
        gone = "vernietigd" if way == "erase" else "gewijzigd"
        # Erasing is of one report; words go from all about it, and the other one holds them too.
        assert tabled[1].tabled_state == ("bewaard" if way == "erase" else gone)
        assert tabled[0].tabled_state == gone
        assert len(session.scalars(select(ConsultationBlob)).all()) == (1 if way == "erase" else 2)
        assert (not session.get_one(Report, document).description) == (way == "erase")
    assert len(mails(installation, "uitvoer_correctie")) == 1
    theirs = partners_page(installation)
    assert ("is gewist" if way == "erase" else "onleesbaar gemaakt") in theirs.text
    form_of(theirs, "vernietigd").submit()
    assert copy(installation).corrections == 0


@pytest.mark.alles
def test_a_longer_register_with_copies_costs_no_more_queries(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = picked_up(installation, monkeypatch)
    browser = case.browser("privacy")
    browser.get(REGISTER)
    with count_queries(installation) as few:
        browser.get(f"{REGISTER}?stand=uit")
    for _ in range(3):
        approved(case)
    installation.run_jobs()
    browser.get(REGISTER)
    with count_queries(installation) as many:
        page = browser.get(f"{REGISTER}?stand=uit&ontvanger={reference}")
    assert reference in page.text
    assert many.count == few.count
    for wrong in ("stand=x", "ontvanger=U-0000-0000"):
        assert "Niets gevonden" in browser.get(f"{REGISTER}?{wrong}").text
    browser.get(f"{REGISTER}?stand=onzin&ontvanger=onzin", status=200)
