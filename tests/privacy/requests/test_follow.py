"""A reporter asks for the own data on the follow page, and reads there when the answer comes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.privacy.requests.documents import add_trace, hear_child, hold_traces
from stopintimidatie.privacy.requests.models import ChildOutcome, RequestTrace, SubjectRequest
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request
from stopintimidatie.privacy.subjects.models import SEARCHED, CopyBlob
from stopintimidatie.reports.models import Report, ReportContact
from tests.support.api import Api
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.following import follow_in_browser
from tests.support.installation import Installation

pytestmark = pytest.mark.usefixtures("at_once")
PLACE = "/gemeenten/dordrecht/verzoeken"
LINK = "Vraag een kopie van uw gegevens, of laat ze verbeteren, wissen of niet gebruiken"


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


def ask(browser: TestApp, right: str = "inzage", *, status: int = 303) -> Any:
    form = browser.get("/volgen/melding").click(LINK).forms["formulier"]
    form["recht"], form["vraag"] = right, "Mag ik zien wat er staat?"
    return form.submit("vragen", status=status)


def test_a_reporter_asks_with_the_follow_code_and_reads_when_the_answer_comes(api: Api) -> None:
    reporter = follow_in_browser(api, api.post().json)
    page = ask(reporter).follow()
    with api.installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(SubjectRequest)).one()
        trace = session.scalars(select(RequestTrace)).one()
        report = session.scalars(select(Report)).one()
        assert (row.state, row.channel, row.identity_how) == ("zoeken", "volgpagina", "volgcode")
        assert (trace.document_id, trace.included) == (report.id, True)
        assert report.frozen
        case = f"{PLACE}/{row.reference}"
    page.mustcontain("Uw melding blijft bewaard")
    page.mustcontain(row.reference, date_text(row.due_on), "kopie van wat u over mij bewaart")
    officer = api.installation.browser(
        make_user(api.installation, (DORDRECHT, Role.PRIVACY_OFFICER))
    )
    officer.get(case).mustcontain("Mag ik zien wat er staat?", "volgcode van de melding")
    ask(reporter, status=422).mustcontain("Dit hebt u al gevraagd")
    ask(reporter, "rectificatie")
    english = reporter.get("/volgen/melding?taal=en")
    english.mustcontain("Your data", "You get an answer by")


@pytest.mark.alles
def test_what_was_asked_on_the_follow_page_needs_no_other_search(api: Api) -> None:
    receipt = api.post().json
    ask(follow_in_browser(api, receipt))
    town = api.installation
    officer = town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER)))
    with town.transaction(DORDRECHT) as session:
        case = f"{PLACE}/{session.scalars(select(SubjectRequest.reference)).one()}"
    search = officer.get(f"{case}/zoeken").forms["formulier"]
    typed = [search[name].value for name in ("namen", "email", "kenmerken")]
    assert typed == ["", "iemand@example.org", receipt["kenmerk"]]
    search["namen"] = search["email"] = search["telefoon"] = ""
    search.submit("zoeken", status=303)
    with town.transaction(DORDRECHT) as session:
        trace = session.scalars(select(RequestTrace)).one()
        # Its own reference tells nothing new: the report stays judged as the reporter's.
        assert ("kenmerk" in trace.places, trace.included) == (True, True)
        blobs = delete(CopyBlob).where(CopyBlob.kind == SEARCHED)
        session.execute(blobs)
    done = officer.get(case).click("Zoeken is klaar", index=0).forms["vondst"]
    done.submit("afronden", status=303).follow().mustcontain("De gegevens zijn bijeengebracht")
    officer.get(f"{case}/kopie").mustcontain("Drie jongens", "iemand@example.org")


def test_what_others_ask_about_a_report_is_not_told_to_its_reporter(api: Api) -> None:
    reporter = follow_in_browser(api, api.post().json)
    ask(reporter)
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(SubjectRequest)).one().channel = "brief"
        reference = session.scalars(select(SubjectRequest.reference)).one()
    reporter.get("/volgen/melding").mustcontain(LINK, no=[reference])


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        (
            "toewijzen",
            {"reden": "De dag is nu goed."},
            "Wij hebben besloten om uw verzoek toe te wijzen.",
        ),
        ("weigeren", {"grond": "avg_12_5", "reden": "Te vaak."}, "artikel 12 lid 5 AVG"),
    ],
)
def test_who_has_no_address_reads_the_answer_on_the_follow_page(
    api: Api, name: str, typed: dict[str, str], words: str
) -> None:
    reporter, town = follow_in_browser(api, api.post().json), api.installation
    ask(reporter, "rectificatie").follow().mustcontain("Wij hebben uw verzoek")
    officer = town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER)))
    with town.transaction(DORDRECHT) as session:
        case = f"{PLACE}/{session.scalars(select(SubjectRequest.reference)).one()}"
    form = officer.get(f"{case}/stap?naam={name}").forms["formulier"]
    for field, value in typed.items():
        form[field] = value
    done = form.submit(name, status=303).follow()
    done.mustcontain("leest de brief op de volgpagina", no=["Print"])
    assert "op de volgpagina" in str(done.html.find(id="brieven"))
    page = reporter.get("/volgen/melding")
    page.mustcontain("Hierop is geantwoord", words, typed["reden"], "U kunt bezwaar maken")
    with town.transaction(DORDRECHT) as session:
        session.scalars(select(RequestTrace)).one().places = ["report.description"]
        assert session.scalars(select(SubjectRequest)).one().ended_at is not None
    reporter.get("/volgen/melding").mustcontain(no=[words])


def shown(reporter: TestApp) -> list[str]:
    """All words on the pages of a report."""
    pages = ("/volgen/melding", "/volgen/intrekken", "/volgen/gegevens")
    return [str(reporter.get(page).html.find("main").get_text(" ", strip=True)) for page in pages]


@pytest.mark.parametrize("for_child", [False, True])
def test_the_follow_page_stays_as_it_is_when_another_asks(api: Api, for_child: bool) -> None:
    reporter, today = follow_in_browser(api, api.post().json), day_of(utc_now())
    keys, who = api.installation.registry.key_ring, "ouder_of_voogd" if for_child else "zelf"
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        report.reporter_age_group = "onder_16" if for_child else "18_24"
    before = shown(reporter)
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        entry = Entry(
            "inzage", "genoemde", who, "brief", today, Person("Rietje"), "Wat?", for_child
        )
        row = enter_request(session, keys, DORDRECHT, entry, SYSTEM)
        if for_child:
            hear_child(session, row, today, ChildOutcome.AGREES, SYSTEM)
        document = ("melding", report.id, report.reference)
        add_trace(session, row, document, ["kenmerk"], SYSTEM, included=True)
        assert hold_traces(session, row, SYSTEM) == 1
    assert shown(reporter) == before
    # Nor does a withdrawal: the contact data that no copy for another has, go at once.
    form = reporter.get("/volgen/intrekken").forms
    next(item for item in form.values() if item.action == "/volgen/intrekken").submit(status=303)
    reporter.get("/volgen/melding").mustcontain("zijn gewist", no=["verzegeld", "blijft bewaard"])
    with api.installation.transaction(DORDRECHT) as session:
        assert not session.scalars(select(ReportContact)).all()
        assert session.scalars(select(Report)).one().frozen


def test_a_child_under_16_is_told_who_asks(api: Api) -> None:
    reporter = follow_in_browser(api, api.post().json)
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().reporter_age_group = "onder_16"
    reporter.get("/volgen/melding").mustcontain("jonger dan 16", no=[LINK])
    reporter.get("/volgen/gegevens").mustcontain("ouder of voogd", no=["Vraag versturen"])
