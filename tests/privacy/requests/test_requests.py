"""Requests of data subjects: entered, clocked, stepped through, answered or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, text
from webtest import TestApp

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.privacy.copies import services as copies
from stopintimidatie.privacy.requests.models import RequestLetter, SubjectRequest
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation

PLACE = "/gemeenten/dordrecht/verzoeken"
NOW = datetime(2027, 1, 31, 10, tzinfo=UTC)
LOG = "/gemeenten/dordrecht/logboek"
NAME, WORDS = "Rietje Zwaluwstaart", "Wat staat er over mij in de kwartelkast?"
TYPED = {
    "kanaal": "brief",
    "recht": "inzage",
    "hoedanigheid": "melder",
    "vraagt": "zelf",
    "naam": NAME,
    "adres": "Kade 1\n3311 AB Dordrecht",
    "vraag": WORDS,
}


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def officer(town: Installation) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"))


def enter(browser: TestApp, *, place: str = PLACE, status: int = 303, **typed: Any) -> Any:
    form = browser.get(f"{place}/nieuw").forms["formulier"]
    for name, value in {**TYPED, **typed}.items():
        form[name] = value
    answer = form.submit("opslaan", status=status)
    return urlsplit(answer.location).path if status == 303 else answer


def step(browser: TestApp, case: str, name: str, *, status: int = 303, **typed: str) -> Any:
    page = browser.get(f"{case}/stap?naam={name}")
    form = page.forms["formulier"]
    for field, value in typed.items():
        form[field] = value
    answer = form.submit(name, status=status)
    return answer.follow() if status == 303 else answer


def only(town: Installation, holder: str = DORDRECHT) -> SubjectRequest:
    with town.transaction(holder) as session:
        return session.scalars(select(SubjectRequest)).one()


def test_a_request_is_entered_sealed_and_due_in_a_month(
    town: Installation,
) -> None:
    user = make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER))
    with clock_at(NOW):
        officer = town.browser(user)
        officer.get(PLACE).mustcontain("Nog geen verzoeken")
        case = enter(officer)
        officer.get(case).mustcontain(NAME, WORDS, "28 februari 2027", "over 28 dagen", "Kade 1")
        officer.get(PLACE).mustcontain(case.rpartition("/")[2], "uiterlijk 28 februari 2027")
    row = only(town)
    assert row.due_on == date(2027, 2, 28)
    with town.transaction(DORDRECHT) as session:
        kept = [*session.scalars(text("SELECT person || question FROM subject_request"))]
        kept += session.scalars(select(RequestLetter.content)).all()
        actions = set(session.scalars(select(AuditEvent.action)))
    assert not [value for value in kept if "Zwaluw" in value or "kwartelkast" in value]
    assert {"verzoek.ontvangen", "verzoek.brief", "gelezen"} <= actions


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"ontvangen_op": "2099-01-01"}, "toekomst"),
        ({"ontvangen_op": "2021-11-02"}, "Klopt deze dag?"),
        ({"naam": ""}, "naam"),
        ({"adres": ""}, "u moet kunnen antwoorden"),
        ({"vraag": ""}, "vraag"),
        ({"email": "geen adres"}, "naam@voorbeeld.nl"),
    ],
)
def test_what_is_missing_is_named(
    town: Installation, officer: TestApp, typed: dict[str, str], words: str
) -> None:
    enter(officer, status=422, **typed).mustcontain(words)
    with town.transaction(DORDRECHT) as session:
        assert not session.scalars(select(SubjectRequest)).all()


def press(
    browser: TestApp, address: str, button: str, *, form: str = "formulier", **typed: str
) -> Any:
    sent = browser.get(address).forms[form]
    for field, value in typed.items():
        sent[field] = value
    return sent.submit(button, status=303)


def send(browser: TestApp, case: str) -> Any:
    """Note that the decision went today."""
    form = browser.get(case).click("Verstuurd vastleggen").forms["formulier"]
    form["op"], form["hoe"] = str(day_of(utc_now())), "post"
    return form.submit("vastleggen", status=303).follow()


def forward(page: Any) -> list[str]:
    """The steps that stand out on a case."""
    return [link.text.strip() for link in page.html.select(".si-toolbar a[class*=primary-action]")]


def test_access_goes_by_its_steps_and_a_second_person(
    town: Installation, officer: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "render_in_process", lambda content, **kw: b"%PDF-1.7")
    second = town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Twee De"))
    case = enter(officer)
    # Nothing else before it is known who asks.
    early = officer.get(f"{case}/stap?naam=redigeren", status=303).follow(status=303)
    early.follow().mustcontain("kan nu niet")
    step(officer, case, "identiteit", status=422).mustcontain("Hoe weet u wie dit is?")
    step(officer, case, "identiteit", hoe="gezien").mustcontain(
        "Zoeken", "identiteitsbewijs gezien"
    )
    officer.get(f"{case}/stap?naam=toewijzen", status=404)
    officer.get(case).mustcontain("Zoek eerst naar de gegevens")
    press(officer, f"{case}/zoeken", "zoeken")
    press(officer, f"{case}/zoeken", "afronden", form="vondst")
    press(officer, f"{case}/kopie", "nakijken")
    copy = f"{case}/nakijken"
    officer.get(copy, status=303).follow().mustcontain("u werkte eraan mee")
    officer.get(case).mustcontain("Kopie is nagekeken</strong> kan nu niet. Een ander dan u")
    assert forward(officer.get(case)) == []
    assert forward(second.get(case)) == ["Kopie is nagekeken"]
    press(second, copy, "klaar", ziet="nee")
    step(second, case, "terug", reden="Pagina 3 nog.").mustcontain("Pagina 3 nog.")
    press(officer, f"{case}/kopie", "nakijken")
    press(second, copy, "klaar", ziet="nee")
    town.run_jobs()
    assert forward(officer.get(case)) == ["Kopie versturen"]
    press(officer, f"{case}/kopie", "versturen")
    page = officer.get(case)
    until = date_text(day_of(utc_now()) + timedelta(weeks=6))
    page.mustcontain("Beantwoord", f"{until}", "De gegevens die wij over u hebben")
    row = only(town)
    assert row.objection_until == day_of(utc_now()) + timedelta(weeks=6)
    assert row.ended_at is not None
    officer.get(PLACE).mustcontain("Geen lopende verzoeken", "afgerond op")


def test_how_it_is_known_who_asks_is_told_with_the_letter(
    town: Installation, officer: TestApp
) -> None:
    # Access goes on to the search; other rights, and what a child must be asked, to the case.
    assert enter(officer, identiteit="gezien").endswith("/zoeken")
    case = enter(officer, identiteit="digid", recht="wissen")
    assert case.rpartition("/")[2].startswith("V-")
    officer.get(case).mustcontain("DigiD", "Verzoek toewijzen")
    child: dict[str, Any] = {"vraagt": "ouder_of_voogd", "jong": True}
    case = enter(officer, identiteit="gezien", **child)
    officer.get(case).mustcontain("bewijs van gezag gezien", "Vastleggen wat het kind vindt")
    # A parent isn't known by a number that only the child's report can have: nothing is kept.
    known = len(officer.get(PLACE).html.select("tbody tr"))
    wrong = enter(officer, status=422, identiteit="teruggebeld", vraag="Nog een", **child)
    wrong.mustcontain("Voor een kind tellen alleen de balie en DigiD")
    assert len(officer.get(PLACE).html.select("tbody tr")) == known > 0


def test_other_rights_are_granted_or_refused_in_words(town: Installation, officer: TestApp) -> None:
    case = enter(officer, recht="wissen")
    step(officer, case, "identiteit", hoe="teruggebeld")
    officer.get(f"{case}/stap?naam=redigeren", status=404)
    step(officer, case, "toewijzen", reden="Uw telefoonnummer is gewist.").mustcontain(
        "Besluit nog niet verstuurd", "Wij wijzen uw verzoek toe"
    )
    send(officer, case).mustcontain("Beantwoord", no=["Besluit nog niet verstuurd"])
    other = enter(officer, recht="bezwaar")
    step(officer, other, "weigeren", status=422).mustcontain("Grond")
    page = step(officer, other, "weigeren", grond="avg_21", reden="Er loopt een onderzoek.")
    page.mustcontain("Besluit nog niet verstuurd", "art. 21 AVG", "Er loopt een onderzoek.")
    stale = officer.get(f"{case}/stap?naam=weigeren", status=303).follow()
    stale.mustcontain("kan nu niet: de stand is ‘Beantwoord’")


@pytest.mark.alles
def test_an_age_that_was_entered_wrong_is_mended_until_the_decision(officer: TestApp) -> None:
    case = enter(officer, vraagt="ouder_of_voogd", jong=True)
    mend = officer.get(case)
    mend.mustcontain("Iemand vraagt voor een kind")
    (form,) = [item for item in mend.forms.values() if item.action.endswith("/vastleggen")]
    page = form.submit(status=303).follow()
    page.mustcontain("Een ouder vraagt voor iemand van 16", "Leeftijd gewijzigd")
    # A second click on the same button changes nothing.
    form.submit(status=303).follow().mustcontain("al vastgelegd", "voor iemand van 16")
    (back,) = [item for item in page.forms.values() if item.action.endswith("/vastleggen")]
    back.submit(status=303).follow().mustcontain("Iemand vraagt voor een kind")
    step(officer, case, "intrekken", reden="Op verzoek.").mustcontain(no=["toch niet jonger"])
    form.submit(status=303).follow().mustcontain("al besloten")


@pytest.mark.alles
def test_who_asks_for_a_child_after_all_is_identified_anew(officer: TestApp) -> None:
    case = enter(officer, vraagt="gemachtigde")
    step(officer, case, "identiteit", hoe="volgcode").mustcontain("Zoeken")
    (mend,) = [
        item for item in officer.get(case).forms.values() if item.action.endswith("/vastleggen")
    ]
    mend.submit(status=303).follow().mustcontain("Identiteit vaststellen", "Ontvangen")
    ways = officer.get(f"{case}/stap?naam=identiteit").forms["formulier"]["hoe"].options
    assert [code for code, _, _ in ways if code] == ["gezien", "digid"]


def test_nothing_is_given_to_a_parent_before_the_child_was_heard(officer: TestApp) -> None:
    long_ago = day_of(utc_now()) - timedelta(days=20)
    case = enter(officer, vraagt="ouder_of_voogd", jong=True, ontvangen_op=str(long_ago))
    step(officer, case, "identiteit", hoe="gezien").mustcontain(
        "Bevestig niets", "Zoeken is klaar</strong> kan nu niet", "Weigeren</strong> kan nu niet"
    )
    officer.get(case).mustcontain("geen bezwaar")


@pytest.mark.alles
def test_who_asks_for_a_child_is_known_by_no_number_that_we_had(
    town: Installation, officer: TestApp
) -> None:
    case = enter(officer, vraagt="ouder_of_voogd", jong=True)
    page = officer.get(f"{case}/stap?naam=identiteit")
    page.mustcontain("bewijs van gezag gezien", no=["olgcode", "teruggebeld", "adres dat wij al"])
    form = page.forms["formulier"]
    assert {option for option, *_ in form["hoe"].options} - {""} == {"gezien", "digid"}
    form["hoe"].force_value("teruggebeld")
    form.submit("identiteit", status=422)
    step(officer, case, "identiteit", hoe="digid").mustcontain("DigiD, en bewijs van gezag")
    form = officer.get(case).click("Een andere brief maken").forms["formulier"]
    form["soort"] = "identiteit"
    page = form.submit("maken", status=303).follow().click("Wij willen weten wie u bent")
    (letter,) = page.html.select(".si-card")
    assert "uittreksel uit het gezagsregister" in letter.text
    assert not [
        telling
        for telling in ("melding", "volgpagina", "volgcode", "u te bellen")
        if telling in letter.text
    ]
    received = officer.get(case).click("Wij hebben uw verzoek")
    received.mustcontain("of wij gegevens hebben, en om die te zien", no=["meer tijd nodig"])


@pytest.mark.parametrize(
    ("asked_by", "young", "words"),
    [
        ("ouder_of_voogd", False, "Een ouder vraagt voor iemand van 16 jaar of ouder"),
        ("zelf", True, "Iemand jonger dan 16 vraagt het zelf"),
        ("ouder_of_voogd", True, "Iemand vraagt voor een kind"),
    ],
)
def test_the_case_says_what_the_law_says_of_who_asks(
    officer: TestApp, asked_by: str, young: bool, words: str
) -> None:
    page = officer.get(enter(officer, vraagt=asked_by, jong=young))
    page.mustcontain(words)
    heard = page.html.find("a", string="Vastleggen wat het kind vindt")
    assert (heard is not None) is (young and asked_by != "zelf")


def test_each_time_that_a_child_was_heard_stays_in_the_history(officer: TestApp) -> None:
    today = day_of(utc_now())
    received = today - timedelta(days=5)
    case = enter(officer, vraagt="ouder_of_voogd", jong=True, ontvangen_op=str(received))
    form = officer.get(f"{case}/kind-gehoord").forms["formulier"]
    form["op"], form["uitkomst"] = str(received - timedelta(days=1)), "wil_niet"
    form.submit("vastleggen", status=422).mustcontain(f"kwam binnen op {date_text(received)}")
    form["op"] = str(received)
    form.submit("vastleggen", status=303)
    page = officer.get(f"{case}/kind-gehoord")
    page.mustcontain("Eerder vastgelegd", "het kind wil het niet")
    form = page.forms["formulier"]
    form["op"], form["uitkomst"] = str(today), "geen_bezwaar"
    history = form.submit("vastleggen", status=303).follow().html.find(id="geschiedenis")
    assert history is not None
    assert f"op {date_text(received)}: het kind wil het niet" in history.text
    assert f"op {date_text(today)}: het kind heeft geen bezwaar" in history.text


def test_the_log_names_a_request_and_is_asked_for_it(town: Installation, officer: TestApp) -> None:
    reference = enter(officer).rpartition("/")[2]
    page = officer.get(f"{LOG}?stuk={reference.lower()}&wat=verzoek.ontvangen")
    assert page.click(reference, index=0).request.path == f"{PLACE}/{reference}"
    assert reference in page.click(r"Als bestand \(CSV\)").text


def test_the_list_shows_who_is_late_and_counts_in_the_menu(
    town: Installation, officer: TestApp
) -> None:
    enter(officer)
    enter(officer, ontvangen_op=str(day_of(utc_now()) - timedelta(days=40)))
    page = officer.get(PLACE)
    page.mustcontain("1 verzoek is te laat", "Lopend (2)")
    late, running = page.html.select("tbody tr")
    assert "te laat" in late.text
    start = officer.get("/gemeenten/dordrecht").html.select(".si-task")
    first, second = (row.text for row in start if "Verzoek V-" in row.text)
    assert late.th.text.strip() in first
    assert ("Te laat" in first, "Te laat" in second) == (True, False)
    assert "over " in running.text


def test_the_desk_has_requests_of_its_own_and_the_fg_only_looks(town: Installation) -> None:
    desk = town.browser(make_user(town, (NATIONAL, Role.PRIVACY_OFFICER), name="Lan Delijk"))
    case = enter(desk, place="/landelijk/verzoeken")
    desk.get(case).mustcontain(NAME)
    watcher = town.browser(make_user(town, (NATIONAL, Role.DATA_PROTECTION_OFFICER), name="F G"))
    watcher.get(case).mustcontain(NAME, no=["Weigeren"])
    watcher.get(f"{case}/stap?naam=weigeren", status=403)
    head = town.browser(make_user(town, (DORDRECHT, Role.OFFICER)))
    head.get(PLACE, status=404)
    with town.transaction(DORDRECHT) as session:
        assert not session.scalars(select(SubjectRequest)).all()
