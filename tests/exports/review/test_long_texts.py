"""A text that a stranger made to cost time: it holds nobody up, and stays as it was sent."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from sqlalchemy import select, update
from webtest import TestResponse

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.session import transaction, waiting_at_most
from stopintimidatie.exports.models import ReportReview
from stopintimidatie.exports.review import views
from stopintimidatie.exports.review.rules import suggest
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.models import Report
from tests.support.api import Api
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("sqlite")]
# It took twelve seconds of processor to look through.
LONG = "Aa" + "\n" * 2500 + "Aa," * 832
MILLISECONDS = 500


class Page:
    """The page on which an officer looks at the text of a report that an app sent."""

    def __init__(self, installation: Installation, text: str) -> None:
        connect(installation)
        self.installation = installation
        api = Api(installation)
        report = {**FULL_REPORT, "omschrijving": text}
        self.reference = api.post(report).json["kenmerk"]
        officer = make_user(installation, (DORDRECHT, Role.OFFICER))
        self.browser = installation.browser(officer)
        report_page = self.browser.get(f"/m/{self.reference}").follow()
        self.address = f"{report_page.request.path}/tekst-nakijken"

    def send(self, page: TestResponse | None = None) -> TestResponse:
        form = (page or self.browser.get(self.address)).forms["formulier"]
        return form.submit("opslaan", expect_errors=True)

    def change(self, **columns: Any) -> None:
        mine = update(Report).where(Report.reference == self.reference)
        with self.installation.transaction(DORDRECHT) as session:
            session.execute(mine.values(**columns))

    def reviews(self) -> int:
        with self.installation.transaction(DORDRECHT) as session:
            return len(session.scalars(select(ReportReview.id)).all())


def test_it_is_looked_through_at_once_and_stays_as_it_was_sent(
    installation: Installation,
) -> None:
    page = Page(installation, LONG)
    shown = page.browser.get(page.address)
    began = process_time()
    sent = page.send(shown)
    assert process_time() - began < 2
    assert sent.status_int in (303, 422)
    with installation.transaction(DORDRECHT) as session:
        kept = select(Report.description).where(Report.reference == page.reference)
        assert session.scalar(kept) == LONG


def test_others_write_while_a_text_is_looked_through(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(installation, "Ik liep met mijn vriendin Sanne.")
    shown, written = page.browser.get(page.address), []

    def suggest_slowly(*given: Any) -> Any:
        engine = waiting_at_most(installation.engine, MILLISECONDS)
        with transaction(engine, DORDRECHT) as session:
            written.append(make_report(session, installation))
        return suggest(*given)

    monkeypatch.setattr(views, "suggest", suggest_slowly)
    assert page.send(shown).status_int == 303
    assert written
    assert page.reviews()


@pytest.mark.alles
def test_a_text_that_changes_meanwhile_gets_no_marks_of_what_it_was(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(installation, "Ik liep met mijn vriendin Sanne.")
    shown = page.browser.get(page.address)

    def suggest_slowly(*given: Any) -> Any:
        page.change(description="Iets heel anders.")
        return suggest(*given)

    monkeypatch.setattr(views, "suggest", suggest_slowly)
    answer = page.send(shown)
    assert answer.status_int == 409
    assert "intussen nagekeken of gewijzigd" in answer.text
    # What was typed is there still.
    assert "[[Sanne]]" in answer.forms["formulier"]["verhaal"].value
    assert not page.reviews()
    fresh = page.browser.get(page.address)
    assert fresh.forms["formulier"]["verhaal"].value == "Iets heel anders."
