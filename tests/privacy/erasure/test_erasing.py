"""Erasing at the request of who it is about: what goes, what stays, who is told, what stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pyramid_jinja2 import IJinja2Environment
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.ledger import read_ledger
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.storage.personal import Treatment, personal_data_holders
from stopintimidatie.dossiers.models import Dossier, DossierMembership, DossierMove
from stopintimidatie.exports.models import CopyCorrection, Export
from stopintimidatie.privacy.erasure.views import FIELDS
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage, ReportMove
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from tests.support.deliveries import mails, ready
from tests.support.erasing import decision, erased, first_report, page_of, proposed
from tests.support.exporting import (
    SECRET_MAIL,
    Case,
    approved,
    contents,
    handed_over,
    make_case,
    quick,
    requested,
)
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.personal import anywhere

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("postgresql")]

WORD = "kwikstaart"


def seeded(session: Any, report: Report) -> None:
    """The word in each text of a report, and in what a dossier wrote about it."""
    report.description = f"Ik zag een {WORD} en toen riep hij."
    report.location_text = f"naast de {WORD}"
    report.offender_appearance = f"jas met een {WORD}"
    report.suspected_offence_reason = f"hij raakte de {WORD} aan"
    session.add(
        ReporterMessage(holder=DORDRECHT, report_id=report.id, kind="vraag", text=f"Welke {WORD}?")
    )
    move = session.scalars(select(ReportMove).where(ReportMove.report_id == report.id)).first()
    move.reason, move.values = f"om de {WORD}", {"toelichting": f"de {WORD}"}
    member = session.scalars(
        select(DossierMembership).where(DossierMembership.report_id == report.id)
    ).one()
    member.joined_reason = f"weer een {WORD}"
    for line in session.scalars(select(DossierMove)):
        if line.values.get("melding") == report.reference:
            line.reason = f"weer een {WORD}"


def test_a_report_is_erased_everywhere_and_who_has_a_copy_and_the_reporter_hear_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    handed_over(case, reference)
    export_id = case.export(reference).id
    with installation.transaction(DORDRECHT) as session:
        seeded(session, session.get_one(Report, case.reports[0]))
        session.get_one(Export, export_id).deviations = [
            {"nummer": 1, "grondslag": "avg_6_1_d_vitaal_belang", "reden": f"om de {WORD}"}
        ]
    installation.run_jobs()
    address, number = first_report(case)
    page = case.browser("privacy").get(address).click("Gegevens wissen")
    assert WORD not in page.text, "what goes is told without showing it"
    goes = page.html.find("table").text
    for told in ("verhaal", "signalement", "telefoonnummer", "Gesprek met de melder"):
        assert told in goes
    assert reference in page.text
    assert "reden om toch te delen" in goes

    # Nothing without a ground, and by the second person not without the number.
    assert page.forms["formulier"].submit("voorstellen", status=422)
    waiting = proposed(case, address)
    assert WORD not in waiting.text
    assert "wissen" not in waiting.forms["formulier"].fields["besluit"][0].options
    seen = case.browser("beslisser").get(f"{address}/wissen-nakijken")
    assert WORD not in seen.text
    assert seen.html.find("table").text == goes
    form = decision(case, address)
    form["besluit"] = "wissen"
    for typed in ("", "M-0000-0000"):
        form["nummer"] = typed
        form.submit("beslissen", status=422)
    assert anywhere(installation, WORD) != []
    form["nummer"] = number
    page = form.submit("beslissen", status=303).follow()
    # It left the dossier, and its address with it.
    page = page.follow() if page.status_int in (301, 302, 303) else page
    assert "gewist (art. 17 AVG)" in page.text
    installation.run_jobs()

    assert anywhere(installation, WORD) == []
    assert anywhere(installation, "Jasmijn") == []
    found = case.browser("aanvrager").get("/zoeken", {"q": WORD})
    assert number not in found.text
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        assert (report.state, report.lat, report.description) == ("vernietigd", None, None)
        assert session.scalars(select(ReportContact).where(_of(report))).all() == []
        (message,) = session.scalars(
            select(ReporterMessage).where(ReporterMessage.report_id == report.id)
        )
        assert "De inhoud van uw melding is gewist." in message.text
        lines = session.scalars(select(ReportMove).where(ReportMove.report_id == report.id))
        (last,) = [line for line in lines if line.name == "wissen"]
        assert last.reason == "Voorgesteld door Pri Vacy."
        assert last.actor_name == "Bea Slist"
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "melding.gewist"))
        assert event.one().fields == ["bezwaar"]
        # The partner has a copy: told which report, by its name there, and what to do.
        (correction,) = session.scalars(select(CopyCorrection))
        assert (correction.label, correction.change) == ("M-01", "gewist")
        assert correction.told_at is not None
        assert session.scalars(select(Export)).one().state == "ingetrokken"
        assert session.scalars(select(MailAddress).where(OF_ERASED)).all() == []
    assert len(mails(installation, "uitvoer_correctie")) == 1
    (mail,) = mails(installation, "bericht_na_wissen")
    assert (mail.state, SECRET_MAIL in (mail.kept or "")) == ("verstuurd", True)
    ledger = read_ledger(installation.settings.ledger, installation.registry.key_ring)
    assert [(entry.id, entry.did) for entry in ledger] == [(case.reports[0], "gewist")]

    # A new document knows nothing of it.
    given = contents(monkeypatch)
    approved(case, soort_ontvanger="intern", grondslag="intern")
    installation.run_jobs()
    assert [one.pseudonym for one in given[-1].reports] == ["M-02", "M-03"]
    assert WORD not in str(given[-1])
    again = case.browser("privacy").get(f"{report_path(case)}/gegevens-wissen", status=303)
    assert "niets meer om te wissen" in again.follow().text


OF_ERASED = MailAddress.owner_kind == "gewiste_melder"


def _of(report: Report) -> Any:
    return ReportContact.report_id == report.id


def report_path(case: Case) -> str:
    return first_report(case)[0]


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_a_dossier_is_erased_and_its_reports_go_on(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(
        installation, monkeypatch, vraag=f"Wie zag de {WORD}?", feiten=f"Een {WORD}."
    )
    handed_over(case, reference)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        dossier.title, dossier.assessment = f"De {WORD}", f"Het gaat om een {WORD}."
        number = dossier.number
    installation.run_jobs()
    history = case.browser("privacy").get(f"{case.path}?deel=geschiedenis")
    page = history.click("Gegevens wissen")
    assert "duiding" in page.html.find("table").text
    page = erased(case, case.path, number).follow()
    assert "Gewist op verzoek" in page.html.h1.text
    installation.run_jobs()
    assert anywhere(installation, WORD) == []
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        assert (dossier.state, dossier.looked_at) == ("vernietigd", None)
        states = {session.get_one(Report, one).state for one in case.reports}
        assert states == {"in_behandeling"}
        export = session.scalars(select(Export)).one()
        assert (export.state, export.recipient) == ("ingetrokken", "Politie Drechtsteden")
        assert export.question == ""
        (correction,) = session.scalars(select(CopyCorrection))
        assert correction.change == "gewist"
        event = select(AuditEvent).where(AuditEvent.action == "dossier.gewist")
        assert session.scalars(event).one().fields == ["bezwaar"]
    text = case.browser("aanvrager").get(f"{case.path}/{reference}").text
    assert "Het dossier is gewist. Vernietig uw kopie" in text
    assert "duiding" not in case.browser("aanvrager").get("/zoeken", {"q": WORD}).text


def _frozen(case: Case, **changes: Any) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).frozen = True
        session.get_one(Dossier, case.dossier_id).frozen = True


def _waiting(case: Case) -> None:
    requested(case)


def _making(case: Case) -> None:
    approved(case)


def _demanded(case: Case) -> None:
    today = utc_now().date().isoformat()
    approved(
        case,
        grondslag="avg_6_1_c_vordering",
        vordering_artikel="art. 126nd Sv",
        vordering_nummer="2026-17",
        vordering_functionaris="officier van justitie",
        vordering_datum=today,
    )
    case.installation.run_jobs()


@pytest.mark.short_on("sqlite")
@pytest.mark.parametrize(
    ("hinder", "words"),
    [
        (_frozen, "is bevroren"),
        pytest.param(_waiting, "nog niet beslist", marks=pytest.mark.alles),
        pytest.param(_making, "wordt nu gemaakt", marks=pytest.mark.alles),
        (_demanded, "loopt een vordering"),
    ],
    ids=["bevroren", "aangevraagd", "wordt gemaakt", "vordering"],
)
def test_what_stands_in_the_way_is_told_with_what_to_do_and_nothing_goes(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, hinder: Any, words: str
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    address, number = first_report(case)
    proposed(case, address)
    last = decision(case, address)
    last["besluit"], last["nummer"] = "wissen", number
    first = page_of(case, case.path).forms["formulier"]
    first["grond"] = "doel"
    hinder(case)
    page = page_of(case, case.path)
    assert words in page.text
    assert "formulier" not in page.forms
    again = decision(case, address)
    assert [option[0] for option in again.fields["besluit"][0].options] == ["weigeren"]
    # Also for who was looking already.
    assert words in first.submit("voorstellen", status=409).text
    assert words in last.submit("beslissen", status=409).text
    with installation.transaction(DORDRECHT) as session:
        assert session.get_one(Report, case.reports[0]).description is not None


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_a_demand_that_was_given_stands_in_nobodys_way(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    _demanded(case)
    with installation.transaction(DORDRECHT) as session:
        reference = session.scalars(select(Export)).one().reference
    handed_over(case, reference)
    assert "formulier" in page_of(case, first_report(case)[0]).forms


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_what_changed_since_somebody_looked_is_looked_at_again(installation: Installation) -> None:
    case = make_case(installation, number=1)
    address, number = first_report(case)
    first = page_of(case, address).forms["formulier"]
    first["grond"] = "bezwaar"
    change(case, "Nieuw.")
    again = first.submit("voorstellen", status=409)
    assert "Er is iets gewijzigd" in again.text
    again.forms["formulier"].submit("voorstellen", status=303)

    form = decision(case, address)
    form["besluit"], form["nummer"] = "wissen", number
    change(case, "Nog nieuwer.")
    again = form.submit("beslissen", status=409)
    assert "Er is iets gewijzigd" in again.text
    assert "strafbaar feit" in again.html.find("table").text
    assert "Sinds het voorstel is hier iets veranderd" in again.text
    again.forms["formulier"].submit("beslissen", status=303)


def change(case: Case, words: str) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).suspected_offence_reason = words


def test_only_the_privacy_officer_proposes(installation: Installation) -> None:
    case = make_case(installation, number=1)
    address, _ = first_report(case)
    for who in ("aanvrager", "beslisser", "fg"):
        assert "Gegevens wissen" not in case.browser(who).get(address).text
        case.browser(who).get(f"{address}/gegevens-wissen", status=403)
        case.browser(who).get(f"{case.path}/gegevens-wissen", status=403)


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_an_address_that_no_mail_reaches_goes_all_the_same(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(installation, number=1)
    address, number = first_report(case)
    kinds = installation.registry.job_kinds
    monkeypatch.setitem(kinds, "mail.versturen", replace(kinds["mail.versturen"], handler=_down))
    erased(case, address, number)
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(MailAddress).where(OF_ERASED)).all()) == 1
    with clock_at(utc_now() + timedelta(days=4)):
        installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(MailAddress).where(OF_ERASED)).all() == []


def _down(context: Any, payloads: Any) -> None:
    raise ConnectionError("the mail server is away")


def test_every_column_with_something_of_a_person_has_a_word(installation: Installation) -> None:
    """Also of a table that is made tomorrow: the page would fail on it."""
    holders = personal_data_holders(installation.registry)
    templates = installation.registry.queryUtility(IJinja2Environment, name=".jinja2")
    page = "stopintimidatie.privacy.erasure:templates/words.jinja2"
    words = templates.get_template(page).make_module().WORDS
    words["report"][1].update({name: word for name, word in FIELDS.items() if word})
    own = {*holders["melding"].columns, *holders["dossier"].columns}
    missing = [
        f"{table}.{column}"
        for holder in holders.values()
        for table, columns in holder.columns.items()
        for column, how in columns.items()
        if table in own | words.keys()
        and how in (Treatment.TEXT, Treatment.SEALED)
        and column not in words.get(table, ("", {}))[1]
    ]
    assert missing == []


def test_each_state_of_a_report_with_content_can_be_erased() -> None:
    """What was handed over has no content here; what was offered must be taken back first."""
    (step,) = [one for one in REPORT_WORKFLOW.transitions if one.name == "wissen"]
    left = set(REPORT_WORKFLOW.states) - step.sources
    assert left == {"vernietigd", "overgedragen", "overdracht_aangeboden"}
