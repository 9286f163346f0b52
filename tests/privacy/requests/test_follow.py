"""A reporter asks for the own data on the follow page, and reads there when the answer comes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text
from stopintimidatie.privacy.requests.models import RequestTrace, SubjectRequest
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
