"""The course: lessons that anybody reads, tests that keep nothing, and the day of passing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.desk.onboarding.practice import cases
from stopintimidatie.exports.document.services import NotDrawnError
from stopintimidatie.programme.course import views
from stopintimidatie.programme.course.views import lessons
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.installation import Installation

ALL = "123456"


def answered(browser: Any, address: str, *, wrong: int = 0) -> Any:
    """The page after the test of a lesson, with so many wrong answers."""
    form = browser.get(address).forms["formulier"]
    number = re.search(r"/cursus/(\d)", address).group(1)  # type: ignore[union-attr]
    for place, question in enumerate(lessons()[number].more["questions"], 1):
        form[f"vraag-{place}"] = str((question["right"] + (place <= wrong)) % 4)
    return form.submit("nakijken")


def onward(page: Any, words: str) -> str:
    """Where the link with these words leads."""
    link = page.html.select_one("main").find("a", string=words)
    return str(link["href"])


def passed(browser: Any, numbers: str = ALL, state: str = "") -> Any:
    """The page after the tests of these lessons, one after another."""
    page = None
    for number in numbers:
        page = answered(browser, f"/cursus/{number}{state}")
        _, sign, query = onward(page, "Alle lessen").partition("?")
        state = sign + query
    return page


def trained(installation: Installation, username: str) -> Any:
    with installation.transaction() as session:
        return session.scalars(select(User.trained_on).where(User.username == username)).one()


def lines(installation: Installation) -> list[Any]:
    with installation.transaction(NATIONAL) as session:
        wanted = AuditEvent.action == "gebruiker.opgeleid"
        return [
            (row.actor_name, row.fields)
            for row in session.scalars(select(AuditEvent).where(wanted))
        ]


def test_a_stranger_reads_the_lessons_with_their_cases_and_folded_answers(
    installation: Installation,
) -> None:
    visitor = installation.visitor()
    page = visitor.get("/cursus")
    links = [link["href"] for link in page.html.select("main ol a")]
    assert links == [f"/cursus/{number}" for number in ALL]
    by_reference = {case["kenmerk"]: case for case in cases()}
    for number, lesson in lessons().items():
        page = visitor.get(f"/cursus/{number}")
        assert page.html.h1.text == lesson.title
        assert lesson.title in page.html.title.text
        for reference in lesson.more["cases"]:
            assert by_reference[reference]["verhaal"] in page.text
        folded = page.html.select("main details:not([open])")
        assert len(folded) == len(lesson.more["cases"])


def test_a_number_without_a_lesson_is_no_page(installation: Installation) -> None:
    for name in ("0", "7", "12", "x", "1-ontvangen-en-beslissen", "1/2", "7/pdf"):
        installation.visitor().get(f"/cursus/{name}", status=404)


@pytest.mark.parametrize("number", ALL)
def test_a_test_is_fair(number: str) -> None:
    lesson = lessons()[number]
    questions = lesson.more["questions"]
    assert len(questions) == 4
    assert lesson.more["cases"]
    for question in questions:
        assert 3 <= len(set(question["answers"])) == len(question["answers"]) <= 4
        assert question["text"].endswith("?")
        assert question["why"]
    assert len({question["right"] for question in questions}) > 2


def test_the_right_answer_stands_in_each_place_as_often() -> None:
    rights = Counter(q["right"] for lesson in lessons().values() for q in lesson.more["questions"])
    assert sorted(rights) == [0, 1, 2, 3]
    assert max(rights.values()) - min(rights.values()) <= 2


def test_each_practice_case_belongs_to_a_lesson() -> None:
    used = {reference for lesson in lessons().values() for reference in lesson.more["cases"]}
    assert used == {case["kenmerk"] for case in cases()}


def test_a_lesson_says_concept_until_somebody_checked_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = installation.visitor()
    for number in ALL:
        page = visitor.get(f"/cursus/{number}")
        assert page.html.find("h2", string="Concept"), number
        assert page.html.select_one("main > .si-meta").text.endswith("concept")
    checked = replace(lessons()["1"], checked="de FG van Dordrecht op 1 december 2026")
    monkeypatch.setattr(views, "lessons", lambda: {"1": checked})
    page = visitor.get("/cursus/1")
    assert not page.html.find("h2", string="Concept")
    assert "nagekeken door de FG van Dordrecht" in page.text


def test_a_missing_answer_is_asked_for_at_its_question_and_nothing_is_lost(
    installation: Installation,
) -> None:
    visitor = installation.visitor()
    form = visitor.get("/cursus/1").forms["formulier"]
    form["vraag-1"], form["vraag-3"] = "2", "1"
    page = form.submit("nakijken", status=422)
    kept = page.forms["formulier"]
    assert (kept["vraag-1"].value, kept["vraag-3"].value) == ("2", "1")
    summary = [link["href"] for link in page.html.select(".si-error-summary a, [role=alert] a")]
    assert len(summary) == 2
    assert all(page.html.select_one(target) for target in summary)
    assert page.html.title.text.startswith("Fout:")


@pytest.mark.parametrize("sent", ["9", "-1", "x", "", "\x00", "0" * 5000])
def test_an_answer_that_is_not_offered_is_refused(installation: Installation, sent: str) -> None:
    visitor = installation.visitor()
    fields = visitor.get("/cursus/1").forms["formulier"].submit_fields()
    answers = [("vraag-1", sent), *((f"vraag-{place}", "0") for place in (2, 3, 4))]
    page = visitor.post("/cursus/1", [*fields, *answers], status=422)
    assert "U koos" not in page.text


def test_one_wrong_answer_passes_and_two_do_not(installation: Installation) -> None:
    visitor = installation.visitor()
    page = answered(visitor, "/cursus/2", wrong=1)
    assert page.html.find("h2", string="Gehaald")
    assert "3 van de 4" in page.text
    question = lessons()["2"].more["questions"][0]
    shown = page.html.select_one("main ol li")
    assert question["why"] in shown.text
    assert question["answers"][question["right"]] in shown.text
    overview = visitor.get(onward(page, "Alle lessen"))
    assert "Gehaald: 1 van 6" in overview.text
    page = answered(visitor, "/cursus/2", wrong=2)
    assert page.html.find("h2", string="Nog niet gehaald")
    assert onward(page, "Alle lessen") == "/cursus"
    # An anchor on the page at hand would ask for nothing.
    assert onward(page, "Toets nog eens doen") == "/cursus/2"


def test_a_later_mistake_takes_no_lesson_back(installation: Installation) -> None:
    visitor = installation.visitor()
    state = onward(answered(visitor, "/cursus/1"), "Alle lessen").removeprefix("/cursus")
    again = answered(visitor, f"/cursus/1{state}", wrong=3)
    assert "Gehaald: 1 van 6" in visitor.get(onward(again, "Alle lessen")).text


@pytest.mark.parametrize("made_up", ["123456", "1:MTIz", "1:", "é", "9:" + "A" * 60])
def test_a_made_up_state_counts_as_none(installation: Installation, made_up: str) -> None:
    page = installation.visitor().get("/cursus", {"gehaald": made_up})
    assert "Gehaald: 0 van 6" in page.text


def test_of_a_stranger_who_passes_all_nothing_is_kept(installation: Installation) -> None:
    visitor = installation.visitor()
    visitor.get("/cursus/1")
    before = dict(visitor.cookies)
    page = passed(visitor)
    assert "U hebt alle lessen gehaald." in page.text
    assert "wij leggen niets vast" in page.text
    assert not page.html.select_one("main").find("a", string="Volgende les")
    assert dict(visitor.cookies) == before
    assert lines(installation) == []


def test_passing_the_last_lesson_sets_the_day_once_and_says_so(installation: Installation) -> None:
    roles = (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.ADMIN)
    username = make_user(installation, *roles, name="Olga Officier")
    browser = installation.browser(username)
    page = passed(browser, "12345")
    assert trained(installation, username) is None
    state = onward(page, "Alle lessen").removeprefix("/cursus")
    page = answered(browser, f"/cursus/6{state}")
    assert "opgeleid op" in page.text
    assert trained(installation, username) == local_date(utc_now())
    answered(browser, f"/cursus/6{state}")
    answered(browser, "/cursus/2" + onward(page, "Alle lessen").removeprefix("/cursus"))
    assert lines(installation) == [("Olga Officier", sorted([DORDRECHT, EINDHOVEN]))]


def test_what_a_stranger_or_a_colleague_passed_counts_for_no_account(
    installation: Installation,
) -> None:
    role = DORDRECHT, Role.OFFICER
    colleague = installation.browser(make_user(installation, role))
    username = make_user(installation, role)
    browser = installation.browser(username)
    for other in (installation.visitor(), colleague):
        state = onward(passed(other), "Alle lessen").removeprefix("/cursus")
        assert "Gehaald: 0 van 6" in browser.get(f"/cursus{state}").text
        answered(browser, f"/cursus/3{state}")
        assert trained(installation, username) is None


def test_the_desk_sees_the_day_in_the_list_of_each_municipality(installation: Installation) -> None:
    roles = (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER)
    passed(installation.browser(make_user(installation, *roles, name="Olga Officier")))
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    for town in ("dordrecht", "eindhoven"):
        page = desk.get(f"/landelijk/aansluiting?gemeente={town}")
        days = [field["value"] for field in page.html.select("input[name=opgeleid_op]")]
        assert days == [local_date(utc_now()).isoformat()], town


def test_the_words_around_a_lesson_are_english_where_that_was_chosen(
    installation: Installation,
) -> None:
    visitor = installation.visitor()
    page = visitor.get("/cursus?taal=en", headers={"Accept-Language": "nl"})
    assert page.html.html["lang"] == "en"
    assert page.html.h1.text == "Course on street harassment"
    assert page.html.select_one("main ol")["lang"] == "nl"
    assert onward(visitor.get("/cursus/1?taal=en"), "All lessons") == "/cursus?taal=en"
    assert visitor.get("/cursus", headers={"Accept-Language": "en"}).html.html["lang"] == "nl"


def test_the_lessons_are_handed_out_as_pdf(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []

    def draw(request: Any, texts: Any, title: str) -> bytes:
        drawn.append((title, [text.title for text in texts], texts[0].markdown))
        return b"%PDF-1.7"

    monkeypatch.setattr(views, "pdf_of", draw)
    visitor = installation.visitor()
    answer = visitor.get("/cursus/pdf")
    assert answer.content_type == "application/pdf"
    assert "cursus.pdf" in answer.headers["Content-Disposition"]
    visitor.get("/cursus/6/pdf")
    titles = [lesson.title for lesson in lessons().values()]
    assert [row[:2] for row in drawn] == [(views.TITLE, titles), (titles[5], titles[5:])]
    on_paper = drawn[1][2]
    assert on_paper.index("## Oefenmeldingen") < on_paper.index("## Uitwerking")
    assert "Dit is geen straatintimidatie" in on_paper


def test_a_pdf_that_can_not_be_drawn_now_says_when_to_come_back(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> bytes:
        raise NotDrawnError

    monkeypatch.setattr(views, "pdf_of", busy)
    page = installation.visitor().get("/cursus/pdf", status=503)
    assert "Probeer het over een paar minuten nog eens" in page.text


def test_a_pdf_is_drawn_of_all_lessons_and_says_concept_on_each_page(
    installation: Installation,
) -> None:
    answer = installation.visitor().get("/cursus/pdf")
    pages = [page.extract_text() for page in PdfReader(BytesIO(answer.body)).pages]
    assert len(pages) >= 6
    assert all("concept" in page for page in pages)
