"""A reporter asks for the own data on the follow page, and reads there when the answer comes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select
from webtest import TestApp

from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text
from stopintimidatie.privacy.requests.models import RequestTrace, SubjectRequest
from stopintimidatie.privacy.subjects.models import SEARCHED, CopyBlob
from stopintimidatie.reports.models import Report
from tests.support.api import Api
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.following import follow_in_browser
from tests.support.installation import Installation

pytestmark = pytest.mark.usefixtures("at_once")
PLACE = "/gemeenten/dordrecht/verzoeken"
LINK = "Vraag een kopie of correctie van uw gegevens"


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
    page.mustcontain(row.reference, date_text(row.due_on), "kopie van wat u over mij bewaart")
    officer = api.installation.browser(
        make_user(api.installation, (DORDRECHT, Role.PRIVACY_OFFICER))
    )
    officer.get(case).mustcontain("Mag ik zien wat er staat?", "volgcode van de melding")
    ask(reporter, status=422).mustcontain("Dit hebt u al gevraagd")
    ask(reporter, "rectificatie")
    english = reporter.get("/volgen/melding?taal=en")
    english.mustcontain("Your data", "You get an answer by")


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
    done = officer.get(case).click("Zoeken is klaar", index=0).forms["formulier"]
    done.submit("afronden", status=303).follow().mustcontain("Het zoeken is klaar")
    officer.get(f"{case}/kopie").mustcontain("Drie jongens", "iemand@example.org")


def test_what_others_ask_about_a_report_is_not_told_to_its_reporter(api: Api) -> None:
    reporter = follow_in_browser(api, api.post().json)
    ask(reporter)
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(SubjectRequest)).one().channel = "brief"
        reference = session.scalars(select(SubjectRequest.reference)).one()
    reporter.get("/volgen/melding").mustcontain(LINK, no=[reference])


def test_a_child_under_16_is_told_who_asks(api: Api) -> None:
    reporter = follow_in_browser(api, api.post().json)
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().reporter_age_group = "onder_16"
    reporter.get("/volgen/melding").mustcontain("jonger dan 16", no=[LINK])
    reporter.get("/volgen/gegevens").mustcontain("ouder of voogd", no=["Vraag versturen"])
