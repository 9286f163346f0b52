"""Nothing that was typed in the rail is lost, whatever a colleague did meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import ReportDecision
from stopintimidatie.reports.vocabulary import Form
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_dossier, make_user, user_id
from tests.support.installation import Installation
from tests.support.officers import officer, state_of, stored
from tests.support.pressing import (
    INBOX,
    PARTIAL,
    choose,
    key,
    number_of,
    opened,
    panel,
    press,
)

pytestmark = pytest.mark.sqlite
QUESTION = "Hoe laat was het, en bij welke halte stond u?"


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def typed_question(installation: Installation, address: str) -> Any:
    """The form of a question with what an officer typed."""
    form = panel(opened(officer(installation), address), "5").forms["besluit"]
    form["vraag"] = QUESTION
    return form


@pytest.mark.parametrize("headers", [{}, PARTIAL])
def test_a_question_that_can_not_be_asked_any_more_can_be_copied(
    installation: Installation, headers: dict[str, str]
) -> None:
    address = stored(installation)
    form = typed_question(installation, address)
    choose(panel(opened(officer(installation, "Anna Bakker"), address), "4"), "1")
    page = form.submit("vastleggen", status=409, headers=headers)
    assert page.forms["besluit"]["vraag"].value == QUESTION
    assert "door Anna Bakker" in page.text
    assert not page.html.select("#besluit button[name=vastleggen]")
    assert page.headers.get("HX-Retarget") == ("#werkbank-paneel" if headers else None)


@pytest.mark.alles
def test_a_question_about_a_report_that_moved_to_a_dossier_is_kept(
    installation: Installation,
) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        number = make_dossier(session).number
    form = typed_question(installation, address)
    filing = panel(opened(officer(installation, "Anna Bakker"), address), "2").forms["besluit"]
    filing["dossier"], filing["reden"] = number, "Zelfde plek."
    filing.submit("vastleggen", status=303)
    # The browser sends the same once more to the new address.
    moved = form.submit("vastleggen", status=307).location
    sent = form.submit_fields("vastleggen")
    page = form.response.test_app.post(moved, sent, status=409)
    assert page.forms["besluit"]["vraag"].value == QUESTION


def test_a_reason_for_handing_over_comes_back_and_is_sent_the_next_time(
    installation: Installation,
) -> None:
    connect(installation, EINDHOVEN)
    address = stored(installation)
    form = panel(opened(officer(installation), address), "6").forms["besluit"]
    form["gemeente"], form["reden"] = "Eindhoven", "Het was bij het station daar."
    press(opened(officer(installation, "Anna Bakker"), address), "1")
    page = form.submit("vastleggen", status=409)
    assert "door Anna Bakker" in page.text
    form = page.forms["besluit"]
    assert form["reden"].value == "Het was bij het station daar."
    form.submit("vastleggen", status=303)
    assert state_of(installation, address) == "overdracht_aangeboden"


@pytest.mark.alles
def test_an_answer_to_a_proposal_that_was_answered_can_be_copied(
    installation: Installation,
) -> None:
    address = stored(installation, forms=(Form.GROPING,))
    choose(choose(panel(opened(officer(installation), address), "4"), "1"), "n")
    # Two who may answer: the second comes too late.
    first, second = (opened(officer(installation, name), address) for name in ("Bram", "Anna"))
    refusal = next(form for form in second.forms.values() if "antwoord" in form.fields)
    refusal["antwoord"] = "De melder wil aangifte doen."
    next(form for form in first.forms.values() if form.action.endswith("voorstel")).submit()
    page = refusal.submit(status=409)
    assert page.forms["antwoord"]["antwoord"].value == "De melder wil aangifte doen."
    assert "door Bram" in page.text


@pytest.mark.parametrize("wanted", ["1", "4", "5", "s"])
def test_a_second_press_says_that_it_was_done_already(
    installation: Installation, wanted: str
) -> None:
    address = stored(installation)
    page = opened(officer(installation), address)
    if wanted == "5":
        form = panel(page, "5").forms["besluit"]
        form["vraag"] = QUESTION
        both = [form.submit("vastleggen", status=303) for _ in "ab"]
    elif wanted == "4":
        listed = panel(page, "4")
        both = [choose(listed, "1") for _ in "ab"]
    else:
        both = [press(page, wanted) for _ in "ab"]
    assert both[0].location == both[1].location
    shown = both[1].follow()
    assert "dit had u al gedaan" in shown.text
    assert "intussen gewijzigd" not in shown.text
    assert number_of(installation, ReportDecision) == 1


@pytest.mark.alles
def test_another_decision_on_an_old_page_is_no_second_press(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    form = panel(opened(browser, address), "5").forms["besluit"]
    form["vraag"] = QUESTION
    choose(panel(opened(browser, address), "4"), "1")
    assert form.submit("vastleggen", status=409).forms["besluit"]["vraag"].value == QUESTION


def test_after_the_answer_about_danger_one_stays_in_the_inbox(installation: Installation) -> None:
    address = stored(installation, forms=(Form.FOLLOWING,))
    page = opened(officer(installation), address)
    here = page.request.path_qs
    shown = choose(press(page, "1"), "g").follow()
    assert shown.request.path_qs == here
    assert "Bel eerst 112" in shown.text


def test_a_choice_that_does_not_exist_says_so(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    link = key(opened(browser, address), "4")["href"].replace("keuze=niet", "keuze=onzin")
    shown = browser.get(link).follow()
    assert shown.request.path == INBOX
    assert "Deze keuze bestaat niet. Kies bij de melding wat nu moet." in shown.text
    form = panel(opened(browser, address), "5").forms["besluit"]
    form["keuze"].force_value("onzin")
    assert "Deze keuze bestaat niet" in form.submit("vastleggen", status=303).follow().text


def test_handing_out_twice_says_so(
    installation: Installation,
) -> None:
    address = stored(installation)
    anna = make_user(installation, (DORDRECHT, Role.OFFICER), name="Anna Bakker")
    form = officer(installation).get(f"{address}/uitdelen").forms["formulier"]
    form["behandelaar"] = str(user_id(installation, anna))
    form["reden"] = "Zij kent de buurt."
    form.submit("opslaan", status=303)
    assert "dit had u al gedaan" in form.submit("opslaan", status=303).follow().text


def test_a_dossier_is_chosen_by_its_number_or_by_its_title(installation: Installation) -> None:
    first, second = stored(installation), stored(installation)
    with installation.transaction() as session:
        dossier = make_dossier(session)
        number, label = dossier.number, f"{dossier.number} {dossier.title} (binnenstad)"
    olga = officer(installation)
    form = panel(opened(olga, first), "2").forms["besluit"]
    assert label.casefold() in form.text.casefold()
    assert form["reden"].value == "Gekozen door de behandelaar."
    form["dossier"] = "bestaat niet"
    again = form.submit("vastleggen", status=422).forms["besluit"]
    assert again["dossier"].value == "bestaat niet"
    again["dossier"] = f" {label} "
    again.submit("vastleggen", status=303)
    assert state_of(installation, first) == "in_dossier"
    reference = second.rpartition("/")[2]
    page = olga.get(f"/gemeenten/dordrecht/in-dossier?melding={reference}")
    chosen = next(form for form in page.forms.values() if "dossier" in form.fields)
    chosen["dossier"], chosen["reden"] = number, "Zelfde plek."
    chosen.submit("toevoegen", status=303)
    assert state_of(installation, second) == "in_dossier"
