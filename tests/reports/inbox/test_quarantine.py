"""Many reports in quarantine are decided about at once, each on its own."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove, ReportProposal
from stopintimidatie.reports.vocabulary import AgeGroup, Form
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

PAGE = "/gemeenten/dordrecht/quarantaine"


@pytest.fixture
def officer(installation: Installation) -> TestApp:
    connect(installation)
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))


def put_aside(
    installation: Installation, number: int, holder: str = DORDRECHT, **changes: Any
) -> list[str]:
    """So many in quarantine; their references, oldest first."""
    with installation.transaction() as session:
        made = [
            make_report(session, installation, holder=holder, quarantine=True, **changes)
            for _ in range(number)
        ]
        return [report.reference for report in made]


def states(installation: Installation, holder: str = DORDRECHT) -> dict[str, str]:
    with installation.transaction(holder) as session:
        rows = session.execute(select(Report.reference, Report.state))
        return {row.reference: row.state for row in rows}


def tick(form: Any, references: list[str]) -> None:
    for box in form.fields["meldingen"]:
        value = box._value
        box.checked = value.partition(".")[0] in references


def test_what_is_ticked_is_released_and_the_rest_stays(
    installation: Installation, officer: TestApp
) -> None:
    one, two, three = put_aside(installation, 3)
    form = officer.get(PAGE).forms["formulier"]
    tick(form, [one, three])
    form["besluit"], form["reden"] = "vrijgeven", "Een schoolklas deed een les over de app."
    page = form.submit("vastleggen", status=303).follow()
    page.mustcontain("2 meldingen uit quarantaine gehaald", two, no=one)
    assert states(installation) == {one: "nieuw", two: "quarantaine", three: "nieuw"}
    with installation.transaction(DORDRECHT) as session:
        reasons = session.scalars(select(ReportMove.reason).where(ReportMove.name == "vrijgeven"))
        assert set(reasons) == {"Een schoolklas deed een les over de app."}


def test_the_whole_page_is_turned_down_with_one_reason(
    installation: Installation, officer: TestApp
) -> None:
    references = put_aside(installation, 4)
    form = officer.get(PAGE).forms["formulier"]
    form["alle"] = True
    form["reden"], form["besluit"] = "Allemaal dezelfde tekst.", "test"
    form.submit("vastleggen", status=303).follow().mustcontain("Er staat niets in quarantaine")
    assert states(installation) == dict.fromkeys(references, "niet_in_behandeling")


def test_what_failed_is_listed_with_why_and_the_rest_is_done(
    installation: Installation, officer: TestApp
) -> None:
    one, two = put_aside(installation, 2)
    form = officer.get(PAGE).forms["formulier"]
    with installation.transaction(DORDRECHT) as session:
        other = session.scalars(select(Report).where(Report.reference == one)).one()
        other.state = "nieuw"
    tick(form, [one, two])
    form["besluit"], form["reden"] = "vrijgeven", "Gewone meldingen."
    page = form.submit("vastleggen", status=200)
    page.mustcontain("Niet alles is gelukt", one, "de toestand is nu ‘nieuw’")
    assert states(installation) == {one: "nieuw", two: "nieuw"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reden": "Omdat.", "besluit": "vrijgeven"}, "Kies ten minste één melding."),
        ({"alle": True, "besluit": "test"}, "Vul ‘Reden’ in"),
        ({"alle": True, "reden": "Omdat."}, "Maak een keuze bij ‘Wat besluit u?’"),
    ],
)
def test_what_is_missing_is_asked_and_nothing_is_decided(
    installation: Installation,
    officer: TestApp,
    fields: dict[str, Any],
    message: str,
) -> None:
    (one,) = put_aside(installation, 1)
    form = officer.get(PAGE).forms["formulier"]
    for name, value in fields.items():
        form[name] = value
    form.submit("vastleggen", status=422).mustcontain(message)
    assert states(installation) == {one: "quarantaine"}


def test_a_report_of_another_holder_is_not_touched(
    installation: Installation, officer: TestApp
) -> None:
    (theirs,) = put_aside(installation, 1, NATIONAL)
    put_aside(installation, 1)
    form = officer.get(PAGE).forms["formulier"]
    form["besluit"], form["reden"] = "vrijgeven", "Proef."
    sent = [*form.submit_fields("vastleggen"), ("meldingen", f"{theirs}.1")]
    officer.post(PAGE, sent, status=200).mustcontain("Deze melding is hier niet.")
    assert states(installation, NATIONAL) == {theirs: "quarantaine"}


def test_the_desk_has_the_same_page(installation: Installation) -> None:
    (one,) = put_aside(installation, 1, NATIONAL)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    form = desk.get("/landelijk/quarantaine").forms["formulier"]
    form["alle"], form["besluit"], form["reden"] = True, "vrijgeven", "Gewone melding."
    form.submit("vastleggen", status=303)
    assert states(installation, NATIONAL) == {one: "nieuw"}


INBOX = "/gemeenten/dordrecht/postvak?toestand=quarantaine"


def turn_down(browser: TestApp, reference: str, danger: str) -> Any:
    """Press `4` in the inbox, choose that it is a test, and answer about danger."""
    page = browser.get(f"{INBOX}&melding={reference}")
    page = page.click(href=r"keuze=niet")
    reason = next(f for f in page.forms.values() if "reden_code" in f.fields)
    asked = reason.submit()
    asked.mustcontain("Is er nu iemand in gevaar?")
    return next(
        f for f in asked.forms.values() if "gevaar" in f.fields and f["gevaar"].value == danger
    ).submit()


def test_many_are_not_turned_down_past_a_signal_or_a_second_look(
    installation: Installation, officer: TestApp
) -> None:
    (touched,) = put_aside(installation, 1, forms=(Form.GROPING,))
    (young,) = put_aside(installation, 1, reporter_age_group=AgeGroup.UNDER_16)
    (plain,) = put_aside(installation, 1)
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report).where(Report.reference == young)).one()
        row.danger_now = False
    form = officer.get(PAGE).forms["formulier"]
    form["alle"], form["reden"], form["besluit"] = True, "Allemaal dezelfde tekst.", "test"
    page = form.submit("vastleggen", status=200)
    page.mustcontain("Er is een signaal", "Een collega moet meekijken")
    assert states(installation) == {
        touched: "quarantaine",
        young: "quarantaine",
        plain: "niet_in_behandeling",
    }


def test_two_people_turn_down_what_was_physical_and_it_can_be_undone(
    installation: Installation, officer: TestApp
) -> None:
    (one,) = put_aside(installation, 1, forms=(Form.GROPING,))
    turn_down(officer, one, "nee").follow().mustcontain("vraagt een tweede blik")
    assert states(installation) == {one: "quarantaine"}
    second = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER), name="Bram"))
    # The colleague finds it where all second looks are, and bulk leaves it alone.
    page = second.get("/gemeenten/dordrecht/postvak?voorstel=ja")
    page.mustcontain(one, "stelt voor")
    page = next(f for f in page.forms.values() if "akkoord" in f.fields).submit().follow()
    assert states(installation) == {one: "niet_in_behandeling"}
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ReporterMessage.text)).one()
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit().follow()
    assert states(installation) == {one: "quarantaine"}
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ReportProposal.answered_at)).one() is None


def test_somebody_in_danger_comes_out_of_quarantine(
    installation: Installation, officer: TestApp
) -> None:
    (one,) = put_aside(installation, 1, forms=(Form.GROPING,))
    turn_down(officer, one, "ja").follow().mustcontain("Bel eerst 112")
    assert states(installation) == {one: "in_behandeling"}


def test_at_the_desk_a_colleague_looks_too(installation: Installation) -> None:
    (one,) = put_aside(installation, 1, NATIONAL, forms=(Form.GROPING,))
    first, second = (
        installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK), name=name))
        for name in ("Mila", "Noor")
    )
    form = first.get(f"/landelijk/{one}/afwijzen").forms["formulier"]
    form["reden_code"] = "onjuist_gebleken"
    form.submit("afwijzen", status=422).mustcontain("iemand in gevaar")
    form["gevaar"] = "nee"
    form.submit("afwijzen", status=303).follow().mustcontain("een collega beslist mee")
    page = second.get("/landelijk?bezorging=tweede_blik")
    page.mustcontain(one, "onjuist gebleken")
    next(f for f in page.forms.values() if "akkoord" in f.fields).submit(status=303)
    assert states(installation, NATIONAL) == {one: "niet_in_behandeling"}
