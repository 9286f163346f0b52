"""Partners: who may keep them, whom to ask there, covenants, ending; on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import code_of, readable
from stopintimidatie.core.mail.models import MailAddress, MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.personal import Subject
from stopintimidatie.core.text import day_of
from stopintimidatie.municipalities.partners.models import PartnerContact, PartnerOrganisation
from stopintimidatie.municipalities.partners.personal import PERSONAL_DATA
from stopintimidatie.reports.services import path_of_report
from tests.support import exporting
from tests.support.factories import DORDRECHT, connect, make_report, make_user, take_on
from tests.support.installation import Installation

HERE = "/gemeenten/dordrecht/partners"
MAIL = "wijkteam@politie.example"
BASIS = "avg_6_1_e_openbare_orde"


@pytest.fixture(autouse=True)
def connected(request: pytest.FixtureRequest, installation: Installation) -> None:
    if "export" not in request.node.name:
        connect(installation)


@pytest.fixture
def owner(installation: Installation) -> Any:
    name = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Dita Houder")
    return installation.browser(name)


def filled(page: Any, **values: Any) -> Any:
    form = page.forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form


def added(browser: Any, name: str = "Politie Drechtsteden", **more: Any) -> Any:
    """The page of a new organisation."""
    page = browser.get(f"{HERE}/toevoegen")
    values = {"naam": name, "soort": "politie", "grondslagen": [BASIS], "profiel": "politie"}
    return filled(page, **{**values, **more}).submit().follow()


def with_contact(browser: Any, page: Any) -> Any:
    """The page of the organisation, with somebody to ask."""
    form = filled(
        browser.get(f"{page.request.path}/contact"),
        functie="wijkagent",
        naam="Wil Wijk",
        adres=MAIL,
        telefoon="078 123 45 67",
    )
    return form.submit().follow()


def test_without_partners_the_page_says_what_to_do(installation: Installation, owner: Any) -> None:
    assert "Voeg de organisaties toe" in owner.get(HERE).text
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert "toevoegen" not in officer.get("/partners").follow().html.find("main").text
    officer.get(f"{HERE}/toevoegen", status=403)


def test_bad_answers_are_named_and_nothing_typed_is_lost(owner: Any) -> None:
    today = day_of(utc_now())
    form = filled(owner.get(f"{HERE}/toevoegen"), naam="Woonburg", convenant_van=today.isoformat())
    answer = form.submit(status=422)
    told = answer.html.find(class_="si-error-summary").text
    assert "Soort organisatie" in told
    assert "Grondslagen" in told
    form["soort"], form["grondslagen"] = "woningcorporatie", [BASIS]
    answer = form.submit(status=422)
    assert "Schrijf op hoe het convenant heet" in answer.text
    assert 'value="Woonburg"' in answer.text
    form["convenant"] = "Convenant Veilig Wonen"
    form["convenant_tot"] = (today - timedelta(days=1)).isoformat()
    assert "eindigt voordat het begint" in form.submit(status=422).text
    form["convenant_tot"] = ""
    assert "zonder einddatum" in form.submit().follow().text
    assert "Er is al een partner met deze naam" in form.submit(status=422).text
    owner.post(f"{HERE}/K-0000-0000/contact-weg", status=404)


def test_a_contact_counts_once_the_code_from_the_mail_is_typed_back(
    installation: Installation, owner: Any
) -> None:
    page = with_contact(owner, added(owner))
    assert "adres niet bevestigd" in page.text
    assert "+31781234567" in page.text
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        address = session.scalars(select(MailAddress)).one()
        code = code_of(installation.registry.key_ring, str(address.id), address.code_nonce or "")
        kept = session.scalars(select(MailMessage.kept)).one() or ""
    assert MAIL in kept
    assert readable(code) in kept
    form = next(f for f in page.forms.values() if "code" in f.fields)
    form["code"] = "00000000"
    assert "Deze code klopt niet" in form.submit().follow().text
    form["code"] = code
    assert "adres bevestigd" in form.submit().follow().text


def test_names_numbers_and_addresses_are_encrypted_found_and_forgotten(
    installation: Installation, owner: Any
) -> None:
    page = with_contact(owner, added(owner))
    keys = installation.registry.key_ring
    with installation.owner.connect() as connection:
        rows = repr(connection.execute(select(PartnerContact.__table__)).all())
        rows += repr(connection.execute(select(MailAddress.__table__)).all())
    assert not [words for words in ("Wil Wijk", "781234567", MAIL) if words in rows]
    organisations, people = PERSONAL_DATA
    with installation.transaction(DORDRECHT) as session:
        (found,) = people.find(session, keys, Subject(email=MAIL.upper()))
        assert people.find(session, keys, Subject(phone="+31781234567")) == [found]
        assert people.find(session, keys, Subject(email="ander@politie.example")) == []
        number = page.request.path.rpartition("/")[2].lower()
        assert organisations.find(session, keys, Subject(reference=number))
        people.erase(session, found)
        for entity in (PartnerContact, MailAddress):
            assert session.scalar(select(func.count()).select_from(entity)) == 0


@pytest.mark.alles
def test_earlier_covenants_stay_with_their_days(owner: Any) -> None:
    today = day_of(utc_now())
    page = added(owner, convenant="Samen Veilig 2024", convenant_van=str(today - timedelta(days=9)))
    for name in ("Samen Veilig 2026", "Samen Veilig 2028"):
        form = filled(owner.get(f"{page.request.path}/bewerken"), convenant=name)
        form["convenant_van"] = str(today)
        shown = form.submit().follow()
    earlier = shown.html.find(id="convenant").parent.text
    assert earlier.index("Samen Veilig 2028") < earlier.index("Eerdere convenanten")
    assert earlier.index("Samen Veilig 2026") < earlier.index("Samen Veilig 2024")
    unchanged = filled(owner.get(f"{page.request.path}/bewerken"), naam="Politie Dordrecht")
    assert unchanged.submit().follow().text.count("Gewijzigd op") == 2


def test_an_ended_partner_stays_in_the_list_without_its_people(
    installation: Installation, owner: Any
) -> None:
    page = with_contact(owner, added(owner))
    here = page.request.path
    form = filled(owner.get(f"{here}/beeindigen"), reden="Opgegaan in een ander team")
    ended = form.submit().follow()
    assert "Opgegaan in een ander team" in ended.text
    assert "Wil Wijk" not in ended.text
    assert "Beëindigd" in owner.get(HERE).text
    late = filled(owner.get(f"{here}/bewerken"), naam="Te laat")
    assert "is beëindigd" in late.submit(status=422).text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count()).select_from(MailAddress)) == 0
        told = session.scalars(select(AuditEvent.action)).all()
        assert {"partner.toegevoegd", "partner.beeindigd", "partner.contact_verwijderd"} <= set(
            told
        )
    again = next(f for f in ended.forms.values() if f.action.endswith("hervatten"))
    assert "weer met deze partner" in again.submit().follow().text


def test_who_saves_second_is_told_and_overwrites_nothing(
    installation: Installation, owner: Any
) -> None:
    here = added(owner).request.path
    admin = installation.browser(
        make_user(installation, (DORDRECHT, Role.ADMIN), name="Bob Beheer")
    )
    second = filled(owner.get(f"{here}/bewerken"), naam="Tweede naam")
    filled(admin.get(f"{here}/bewerken"), naam="Eerste naam").submit().follow()
    answer = second.submit(status=409)
    assert "Bob Beheer heeft dit gewijzigd" in answer.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PartnerOrganisation.name)).one() == "Eerste naam"
    answer.forms["formulier"].submit(status=303)


@pytest.mark.alles
def test_an_export_for_a_partner_has_its_name_grounds_and_covenant(
    installation: Installation,
) -> None:
    case = exporting.make_case(installation)
    today = day_of(utc_now())
    page = added(case.browser("beslisser"), convenant="Samen Veilig", convenant_van=str(today))
    number = page.request.path.rpartition("/")[2]
    asking, address = case.browser("aanvrager"), f"{case.path}/uitvoer-aanvragen"
    choice = next(f for f in asking.get(address).forms.values() if "partner" in f.fields)
    choice["partner"] = number
    form = choice.submit().forms["formulier"]
    assert form["soort_ontvanger"].value == "politie"
    assert not {"ontvanger", "convenant"} & set(form.fields)
    assert [code for code, *_ in form["grondslag"].options if code] == [BASIS]
    given = {n: v for n, v in exporting.answers().items() if n in form.fields}
    for name, value in given.items():
        form[name] = value
    answer = form.submit("aanvragen", status=303)
    export = case.export(answer.location.rpartition("/")[2])
    assert (export.recipient, export.covenant) == ("Politie Drechtsteden", "Samen Veilig")
    with installation.transaction(DORDRECHT) as session:
        partner = session.scalars(select(PartnerOrganisation)).one()
        assert export.partner_id == partner.id
        partner.covenant_from = today - timedelta(days=9)
        partner.covenant_until = today - timedelta(days=1)
    refused = exporting.decide(case, export.reference)
    assert "geldt vandaag niet" in refused.text
    assert "is verlopen" in asking.get(f"{address}?partner={number}").text
    filled(case.browser("beslisser").get(f"{HERE}/{number}/beeindigen"), reden="Klaar").submit()
    for gone in (number, "K-0000-0000", "x" * 300):
        asking.get(f"{address}?partner={gone}", status=404)
    assert "nog geen partners" in asking.get(address).text


@pytest.mark.alles
@pytest.mark.sqlite
def test_what_was_typed_for_an_export_stays_when_another_recipient_is_chosen(
    installation: Installation,
) -> None:
    case = exporting.make_case(installation)
    number = added(case.browser("beslisser")).request.path.rpartition("/")[2]
    asking = case.browser("aanvrager")
    form = asking.get(f"{case.path}/uitvoer-aanvragen").forms["formulier"]
    form["vraag"], form["doel"], form["partner"] = "Wilt u vaker langsgaan?", "Rust", number
    page = form.submit("kiezen", status=200)
    form = page.forms["formulier"]
    assert page.html.select(".si-error-summary") == []
    assert (form["soort_ontvanger"].value, form["partner"].value) == ("politie", number)
    assert (form["vraag"].value, form["doel"].value) == ("Wilt u vaker langsgaan?", "Rust")
    # Chosen, and sent without "Kiezen": it isn't sent to the one before.
    form["feiten"], form["partner"] = "Er is een melding.", ""
    form = form.submit("aanvragen", status=200).forms["formulier"]
    assert (form["feiten"].value, form["vraag"].value) == (
        "Er is een melding.",
        "Wilt u vaker langsgaan?",
    )
    assert (form["ontvanger"].value, form.action) == ("", f"{case.path}/uitvoer-aanvragen")


def test_the_step_to_a_partner_suggests_them_and_takes_any_other(
    installation: Installation, owner: Any
) -> None:
    added(owner)
    with installation.transaction() as session:
        report = take_on(session, make_report(session, installation))
        session.flush()
        path = path_of_report(session, report.id)
    page = owner.get(f"{path}/vraag-partner")
    assert page.html.find("datalist").find("option")["value"] == "Politie Drechtsteden"
    day = (day_of(utc_now()) + timedelta(days=5)).isoformat()
    form = filled(page, partner="De beheerder van het park", vraag="Is de lamp stuk?")
    form["uiterlijk"] = day
    assert "De beheerder van het park" in form.submit(status=303).follow().text
