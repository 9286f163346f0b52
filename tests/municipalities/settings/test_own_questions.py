"""Own questions go out with the form, come back checked, and stay with the report as asked."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report
from stopintimidatie.reports.vocabulary import Form, Language
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.installation import Installation

HERE = "/gemeenten/dordrecht/beheer"
FORM = "/api/v1/formulier"


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@pytest.fixture
def admin(api: Api) -> TestApp:
    return api.installation.browser(make_user(api.installation, (DORDRECHT, Role.ADMIN)))


def ask(admin: TestApp, number: str = "nieuw", button: str = "opslaan", **values: str) -> Any:
    form = admin.get(f"{HERE}/vraag?nummer={number}").forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form.submit(button, status="*")


def asked(api: Api, **query: str) -> list[dict[str, Any]]:
    words = "&".join(f"{name}={value}" for name, value in {"gemeente": DORDRECHT, **query}.items())
    found: list[dict[str, Any]] = api.get(f"{FORM}?{words}").json["vragen"]
    return found


def where(admin: TestApp, **values: str) -> None:
    given = {
        "gebruik": "app",
        "vraag": "Waar op het plein?",
        "vraag_en": "Where in the square?",
        "soort": "keuze",
        "keuzes": "Fietspad | Cycle path\nStoep",
    }
    assert ask(admin, **{**given, **values}).status_int == 303


def page_of(api: Api, reference: str, role: Role = Role.OFFICER, name: str = "") -> Any:
    with api.installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report).where(Report.reference == reference)).one()
        path = path_of_report(session, row.id)
    browser = api.installation.browser(make_user(api.installation, (DORDRECHT, role)))
    return browser.get(f"{path}/{name}".rstrip("/"))


def test_an_answer_stays_with_the_question_as_it_was_asked(api: Api, admin: TestApp) -> None:
    where(admin)
    (first,) = asked(api)
    assert (first["vraag"], first["keuzes"][0]["label"]) == ("Waar op het plein?", "Fietspad")
    assert asked(api, taal="en")[0]["keuzes"][0]["label"] == "Cycle path"
    sent = report(antwoorden={first["id"]: "stoep"})
    key = str(uuid4())
    answered = api.post(sent, Idempotency_Key=key).json
    where_id = first["id"]
    assert ask(admin, where_id, vraag="Waar precies?", keuzes="Gras\nStoep").status_int == 303
    (second,) = asked(api)
    assert second["id"] != where_id
    # An app that still has the old form is understood; the same request again is the same report.
    late = api.post(report(antwoorden={where_id: "fietspad"})).json
    assert api.post(sent, Idempotency_Key=key).json == answered
    for reference, said in ((answered["kenmerk"], "Stoep"), (late["kenmerk"], "Fietspad")):
        page = page_of(api, reference)
        assert "Waar op het plein?" in page
        assert said in page.html.find(id="eigen-vragen").text


def test_a_question_is_asked_in_each_language_it_was_written_in(api: Api, admin: TestApp) -> None:
    where(admin)
    (first,) = asked(api)
    page = admin.get(f"{HERE}/vraag?nummer={first['id']}")
    form = page.click("Turks").forms["formulier"]
    assert form["vraag_en"].value == "Where in the square?"
    form["vraag_tr"] = "Meydanın neresinde?"
    seen = form.submit("voorbeeld").html.find(class_="si-phone")
    assert (seen["lang"], "Meydanın neresinde?" in seen.text) == ("tr", True)
    form["keuzes"] = "Fietspad | Cycle path | tr: Bisiklet yolu\nStoep"
    assert form.submit("opslaan").status_int == 303
    (turkish,) = asked(api, taal="tr")
    assert turkish["vraag"] == "Meydanın neresinde?"
    assert [choice["label"] for choice in turkish["keuzes"]] == ["Bisiklet yolu", "Stoep"]
    path = f"{FORM}?gemeente={DORDRECHT}"
    phone = api.get(path, Accept_Language="tr-TR,tr;q=0.9,en;q=0.8").json
    assert (phone["taal"], phone["vragen"]) == ("tr", [turkish])
    assert {"code": "tr", "naam": "Türkçe"} in phone["talen"]
    for said, spoken in (("pl", "en"), ("pap", "nl"), ("xx;q=,", "nl"), ("*", "nl")):
        found = api.get(path, Accept_Language=said).json
        assert found["taal"] == spoken, said
    assert api.get(f"{path}&taal=nl", Accept_Language="tr").json["taal"] == "nl"
    again = admin.get(f"{HERE}/vraag?nummer={turkish['id']}").forms["formulier"]
    assert again["keuzes"].value.splitlines()[0] == "Fietspad | Cycle path | tr: Bisiklet yolu"


def test_answers_that_dont_fit_are_named_and_no_report_is_made(api: Api, admin: TestApp) -> None:
    where(admin)
    (question,) = asked(api)
    name = question["id"]
    for answers, message in (
        ({name: "gras"}, "Kies een van: fietspad, stoep."),
        ({name: True}, "Kies een van"),
        ({"vraag000000": "x"}, "Deze vraag hoort niet bij de gemeente"),
        ({"naamDader": "x"}, "Deze vraag bestaat niet"),
        ({name: "\ud800"}, "teken dat niet bestaat"),
        ({name: "x" * 501}, "langer dan 500"),
        ({name: {"a": 1}}, "tekst"),
    ):
        refused = api.post(report(antwoorden=answers), status=400).json
        (fault,) = refused["fouten"]
        assert fault["veld"].startswith("antwoorden.")
        assert message in fault["melding"]
    assert api.count() == 0
    elsewhere = report(locatie={"omschrijving": "ergens op een plein"}, antwoorden={name: "stoep"})
    assert api.post(elsewhere).json["gemeente"] is None
    api.post(report(antwoorden={name: None}))


def test_triage_asks_and_keeps_the_municipalitys_own_questions(api: Api, admin: TestApp) -> None:
    assert (
        ask(admin, gebruik="triage", vraag="Past de jongerenwerker?", soort="ja_nee").status_int
        == 303
    )
    assert asked(api) == []
    reference = api.post().json["kenmerk"]
    form = page_of(api, reference, name="triage").forms["formulier"]
    (name,) = [name for name in form.fields if name and name.startswith("eigen.")]
    form["beoordeling.gevaar"], form["contact.hoe"], form[name] = "nee", "geen", "ja"
    form.submit("opslaan", status=303)
    page = page_of(api, reference)
    assert "Past de jongerenwerker?" in page
    again = page_of(api, reference, name="triage").forms["formulier"]
    assert again[name].value == "ja"


def test_a_question_is_seen_first_and_a_wrong_one_loses_nothing(admin: TestApp) -> None:
    good = {"vraag": "Was het druk?", "soort": "ja_nee"}
    seen = ask(admin, button="voorbeeld", **good)
    assert "Was het druk?" in seen.html.find(class_="si-phone").text
    for choices in ("Alleen één", "Zelfde\nzelfde", "\n".join(f"Keuze {n}" for n in range(21))):
        refused = ask(admin, vraag="Waar?", soort="keuze", keuzes=choices)
        assert refused.status_int == 422
        assert refused.forms["formulier"]["keuzes"].value.splitlines() == choices.splitlines()
    assert ask(admin, vraag="Waar?", soort="tekst", keuzes="a\nb").status_int == 422
    admin.get(f"{HERE}/vraag?nummer=vraag999999", status=404)


def test_a_removed_question_is_asked_no_more(api: Api, admin: TestApp) -> None:
    where(admin)
    where(admin, vraag="Tweede?", plaats="1")
    assert [question["vraag"] for question in asked(api)] == ["Tweede?", "Waar op het plein?"]
    first = asked(api)[0]["id"]
    assert ask(admin, first, "weghalen").status_int == 303
    assert [question["vraag"] for question in asked(api)] == ["Waar op het plein?"]


def test_the_form_has_every_choice_of_the_message_in_the_asked_language(api: Api) -> None:
    form = api.get(f"{FORM}?gemeente={DORDRECHT}").json
    assert form["spoedvraag"]["telefoon"] == "112"
    assert form["hulp"][0]["telefoon"] == "112"
    assert [language["code"] for language in form["talen"]] == ["nl", "en"]
    lists = {each["veld"]: each for each in form["woordenlijsten"]}
    assert {"vormen", "plegers.aantal", "melder.leeftijdsgroep", "locatie.bron"} <= lists.keys()
    assert [term["code"] for term in lists["vormen"]["waarden"]] == [form.value for form in Form]
    assert lists["vormen"]["meer"] is True
    assert {term["groep"] for term in lists["vormen"]["waarden"]} == {
        "verbaal",
        "non_verbaal",
        "fysiek",
        "overig",
    }
    assert lists["hoedanigheid"]["waarden"][0]["label"] == "het overkwam mij"
    english = api.get(f"{FORM}?gemeente={DORDRECHT}&taal=en").json
    labels = {each["veld"]: each["waarden"][0]["label"] for each in english["woordenlijsten"]}
    assert labels["hoedanigheid"] == "it happened to me"
    for language in Language:
        served = api.get(f"{FORM}?taal={language}").json
        assert served["taal"] == {"nl": "nl", "pap": "nl"}.get(language, "en")
        assert (served["gemeente"], served["letOp"], served["vragen"]) == (None, None, [])


def test_the_form_says_what_isnt_connected_and_refuses_what_isnt_there(api: Api) -> None:
    assert "LET OP" in api.get(f"{FORM}?gemeente={EINDHOVEN}").json["letOp"]
    api.get(f"{FORM}?gemeente=GM9999", status=404)
    wrong = api.get(f"{FORM}?gemeente=Dordrecht&taal=xx&meer=1", status=400).json
    assert [fault["veld"] for fault in wrong["fouten"]] == ["meer", "gemeente", "taal"]
    api.get(FORM, Authorization=None, status=401)
