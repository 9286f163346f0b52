"""A double whose reporter waits for contact: nothing that was promised gets lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.submission import Routing
from stopintimidatie.reports.conversation.queries import follow
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.rules import random_follow_code
from stopintimidatie.reports.vocabulary import ContactWish, Source
from tests.support.factories import DORDRECHT, connect, make_submission, make_user
from tests.support.installation import Installation
from tests.support.moments import explained
from tests.support.officers import officer, stored

pytestmark = pytest.mark.usefixtures("at_once")

on_sqlite = pytest.mark.sqlite
ASKS: dict[str, Any] = {
    "anonymous": False,
    "contact": Contact(phone="+31612345678"),
    "wants_contact": ContactWish.CALL,
}


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def report_of(installation: Installation, address: str) -> Report:
    with installation.transaction(DORDRECHT) as session:
        reference = address.rpartition("/")[2]
        found = session.scalars(select(Report).where(Report.reference == reference)).one()
        session.expunge_all()
    return found


def pressed(browser: Any, address: str) -> Any:
    """The one button of the page with similar reports, and where it leads."""
    page = browser.get(f"{address}/vergelijkbaar")
    form = next(form for form in page.forms.values() if form.action.endswith("/dubbel"))
    return form.submit(status=303).follow()


def close(page: Any) -> Any:
    form = next(form for form in page.forms.values() if form.action.endswith("/dubbel"))
    return form.submit(status=303).follow()


def contact_noted(browser: Any, address: str) -> None:
    form = browser.get(f"{address}/contact").forms["formulier"]
    form["uitkomst"] = "gesproken"
    form.submit("opslaan", status=303)


def test_who_waits_for_contact_is_asked_about_first(installation: Installation) -> None:
    other, address = stored(installation), stored(installation, **ASKS)
    browser = officer(installation)
    page = pressed(browser, address)
    assert report_of(installation, address).state == "nieuw"
    assert "wacht op contact" in page.text
    assert "bellen" in page.text
    assert "Dat contact blijft nodig" in page.text
    close(page)
    double, goes_on = report_of(installation, address), report_of(installation, other)
    assert (double.state, double.ended_reason) == ("niet_in_behandeling", "dubbel")
    assert double.contact_deadline == goes_on.contact_deadline is not None
    # Where work goes on it is seen, and why.
    for path in ("", "/triage", "/contact"):
        shown = browser.get(f"{other}{path}")
        assert f"/m/{double.reference}" in shown.html.select_one(".utrecht-alert--warning").decode()
    assert "Nog een melder wacht op contact" in browser.get(other).text
    with installation.transaction(DORDRECHT) as session:
        assert "melding.contact_erbij" in session.scalars(select(AuditEvent.action)).all()
    # And it ends where it was kept.
    contact_noted(browser, address)
    assert report_of(installation, address).contact_deadline is None
    assert report_of(installation, other).contact_deadline is None
    assert "wacht op contact" not in browser.get(f"{other}/triage").text


def test_contact_with_the_one_reporter_is_none_with_the_other(installation: Installation) -> None:
    other, address = stored(installation, **ASKS), stored(installation, **ASKS)
    browser = officer(installation)
    close(pressed(browser, address))
    double, own = report_of(installation, address), report_of(installation, other).contact_deadline
    assert own != double.contact_deadline
    contact_noted(browser, other)
    assert report_of(installation, other).contact_deadline == double.contact_deadline
    contact_noted(browser, address)
    # Its own reporter was spoken to, but rather once too often asked than not at all.
    contact_noted(browser, other)
    assert report_of(installation, other).contact_deadline is None


def test_opened_again_it_is_waited_for_here_alone(installation: Installation) -> None:
    other, address = stored(installation), stored(installation, **ASKS)
    browser = officer(installation)
    before = report_of(installation, address).contact_deadline
    close(pressed(browser, address))
    form = browser.get(f"{address}/heropenen").forms["formulier"]
    form["reden"] = "Toch iets anders."
    form.submit(status=303)
    assert report_of(installation, address).contact_deadline == before
    assert report_of(installation, other).contact_deadline is None


def test_nobody_is_left_waiting_at_a_report_that_is_done(installation: Installation) -> None:
    other, address = stored(installation), stored(installation, **ASKS)
    browser = officer(installation)
    with installation.transaction(DORDRECHT) as session:
        for report in session.scalars(select(Report)):
            report.state = "afgehandeld" if report.reference in other else "in_behandeling"
    page = pressed(browser, address)
    assert "Neem eerst contact op" in page.text
    assert not [form for form in page.forms.values() if form.action.endswith("/dubbel")]
    form = browser.get(f"{address}/niet-in-behandeling").forms["formulier"]
    form["reden_code"] = "dubbel"
    form["dubbel_van"] = other.rpartition("/")[2]
    assert "wacht nog op contact" in form.submit(status=422).text
    contact_noted(browser, address)
    form = browser.get(f"{address}/niet-in-behandeling").forms["formulier"]
    form["reden_code"] = "dubbel"
    form["dubbel_van"] = other.rpartition("/")[2]
    form.submit(status=303)
    assert report_of(installation, address).state == "niet_in_behandeling"


def test_the_other_report_is_not_done_while_somebody_waits(installation: Installation) -> None:
    other, address = stored(installation), stored(installation, **ASKS)
    browser = officer(installation)
    close(pressed(browser, address))
    with installation.transaction(DORDRECHT) as session:
        for report in session.scalars(select(Report).where(Report.state == "nieuw")):
            report.state = "in_behandeling"

    def finished(status: int) -> Any:
        form = browser.get(f"{other}/niet-in-behandeling").forms["formulier"]
        form["reden_code"] = "te_weinig_informatie"
        return form.submit(status=status)

    refused = finished(422)
    assert f"Leg bij {address.rpartition('/')[2]} vast" in refused.text
    assert refused.forms["formulier"]["reden_code"].value == "te_weinig_informatie"
    contact_noted(browser, address)
    finished(303)
    assert report_of(installation, other).state == "niet_in_behandeling"


def test_the_reporter_reads_that_it_goes_on_and_that_contact_comes(
    installation: Installation,
) -> None:
    stored(installation)
    code, keys = random_follow_code(), installation.registry.key_ring
    arrival = Arrival(Source.WEB_FORM, SYSTEM, code, utc_now(), quarantine=False)
    place = Place(DORDRECHT, "WK050501", None, Method.OUTLINE)
    with installation.transaction() as session:
        given = make_submission(**ASKS)
        reference = receive(
            session, keys, given, Routing(DORDRECHT, place, None), arrival
        ).reference
    address = f"/gemeenten/dordrecht/binnenstad/{reference}"
    browser = officer(installation)
    close(pressed(browser, address))

    def told() -> str:
        standing = follow(installation.engine, keys, reference, code)
        assert standing is not None
        assert (standing.status, standing.double) == ("afgerond", True)
        assert standing.status_text == "Uw melding hoort bij een melding die er al was."
        return explained("afgerond", double=True, contact_due=standing.contact_due)

    assert "gaat met die melding verder" in told()
    assert "Dat krijgt u nog" in told()
    contact_noted(browser, address)
    assert "Dat krijgt u nog" not in told()


def test_the_page_asks_nothing_about_what_is_not_there(installation: Installation) -> None:
    stored(installation)
    address = stored(installation, **ASKS)
    browser = officer(installation)
    browser.get(f"{address}/dubbel", status=303)
    for nonsense in ("M-9999-9999", "onzin", address.rpartition("/")[2]):
        browser.get(f"{address}/dubbel?van={nonsense}", status=404)
    reader = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    reader.get(f"{address}/dubbel?van=M-9999-9999", status=403)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ReportMove.name)).all() == ["ontvangen"] * 2


@on_sqlite
def test_of_reports_that_are_doubles_one_stays_open(installation: Installation) -> None:
    first, second, third = (stored(installation) for _ in range(3))
    names = {address: address.rpartition("/")[2] for address in (first, second, third)}
    browser = officer(installation)
    closed_as_double(browser, first, names[second], 303)
    # The other way round the incident would be in no open report.
    refused = closed_as_double(browser, second, names[first], 422)
    told = refused.html.find(attrs={"data-veld": "besluit.dubbel_van"}).text
    assert f"{names[first]} is zelf gesloten als dubbel. Laat deze melding open" in told
    # The page shows what is stored, not what was refused.
    assert "Niet in behandeling" not in refused.html.select_one(".si-heading").text
    told = closed_as_double(browser, second, names[second], 422).text
    assert "Dat is deze melding zelf. Vul het kenmerk van de andere in." in told
    # A double of a double: the report where the work goes on is named.
    told = closed_as_double(browser, third, names[first], 422).text
    assert f"Het werk gaat verder bij {names[second]}. Vul dat kenmerk in." in told
    closed_as_double(browser, second, names[third], 303)
    assert report_of(installation, third).state == "nieuw"


@on_sqlite
def test_the_one_button_refuses_in_the_same_words(installation: Installation) -> None:
    first, second = stored(installation), stored(installation)
    names = [address.rpartition("/")[2] for address in (first, second)]
    browser = officer(installation)
    closed_as_double(browser, first, names[1], 303)
    sent = {
        "csrf_token": browser.cookies["csrf"],
        "versie": str(report_of(installation, second).version),
        "dubbel_van": names[0],
    }
    assert "is zelf gesloten als dubbel" in browser.post(f"{second}/dubbel", sent, status=400).text
    assert report_of(installation, second).state == "nieuw"


@on_sqlite
def test_no_contact_with_the_one_reporter_leaves_the_promise_to_the_other(
    installation: Installation,
) -> None:
    other, address = stored(installation), stored(installation, **ASKS)
    browser = officer(installation)
    close(pressed(browser, address))
    form = browser.get(f"{other}/triage").forms["formulier"]
    form["beoordeling.gevaar"], form["contact.hoe"] = "nee", "geen"
    form.submit("opslaan", status=303)
    due = report_of(installation, address).contact_deadline
    assert report_of(installation, other).contact_deadline == due is not None


@on_sqlite
def test_a_report_that_was_handled_may_have_doubles(installation: Installation) -> None:
    handled, again = stored(installation), stored(installation)
    with installation.transaction(DORDRECHT) as session:
        reference = handled.rpartition("/")[2]
        session.scalars(
            select(Report).where(Report.reference == reference)
        ).one().state = "afgehandeld"
    closed_as_double(officer(installation), again, reference, 303)


def closed_as_double(browser: Any, address: str, other: str, status: int) -> Any:
    form = browser.get(f"{address}/triage").forms["formulier"]
    form["beoordeling.gevaar"], form["besluit.wat"] = "nee", "dubbel"
    form["besluit.dubbel_van"] = other
    return form.submit("opslaan", status=status)
