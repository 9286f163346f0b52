"""The report for the council: figures that may leave alone, with words of the municipality."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.statistics.release.services import freeze_quarters, publish_quarter
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.officers import officer
from tests.support.verapdf import validate_pdf

PAGE = "/gemeenten/dordrecht/cijfers-raad"
JANUARY = datetime(2026, 1, 20, 12, tzinfo=UTC)
WORDS = "De gemeente plaatste in mei lampen in het park."


def fill(installation: Installation, code: str = DORDRECHT, area: str = "WK050501") -> None:
    """A town with the figures of 2025 frozen: 31 reports in its third quarter."""
    with clock_at(datetime(2025, 1, 5, 12, tzinfo=UTC)):
        connect(installation, code)
    with clock_at(JANUARY), installation.transaction(code) as session:
        for _ in range(31):
            row = make_report(session, installation, holder=code, neighbourhood=area)
            row.received_at = datetime(2025, 8, 20, 12, tzinfo=UTC)
        session.flush()
        freeze_quarters(session, code, datetime(2025, 1, 5).date())


def make(browser: Any, page: str = PAGE, **words: str) -> Any:
    shown = browser.get(page)
    form = next(form for form in shown.forms.values() if "gezien" in form.fields)
    for name, text in words.items():
        form[name] = text
    return form.submit("maken", expect_errors=True)


def text_of(answer: Any) -> str:
    assert answer.content_type == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.body)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_report_has_the_words_and_rounded_figures_and_the_log_says_so(
    installation: Installation,
) -> None:
    fill(installation)
    answer = make(officer(installation), gedaan=WORDS)
    text = text_of(answer)
    assert "Straatintimidatie in 2025" in text
    assert WORDS in text
    assert "2025, kwartaal 3 30" in text
    assert "31" not in text
    assert "Hoe we verdergaan" not in text
    with installation.transaction(DORDRECHT) as session:
        made = select(AuditEvent.fields).where(AuditEvent.action == "cijfers.rapport")
        assert session.scalars(made).all() == [["2025"]]


def test_a_text_with_a_number_of_a_person_is_refused_and_kept(
    installation: Installation,
) -> None:
    fill(installation)
    answer = make(officer(installation), gezien="Bel mij op 06-12345678.", gedaan=WORDS)
    assert answer.status_int == 422
    assert "Noem geen mensen" in answer.text
    assert WORDS in answer.text


def test_without_frozen_figures_there_is_nothing_to_make(installation: Installation) -> None:
    connect(installation)
    page = officer(installation).get(PAGE)
    assert "Nog geen cijfers" in page.text
    assert not [form for form in page.forms.values() if "gezien" in form.fields]


@pytest.mark.both_databases
def test_the_report_on_the_country_adds_up_what_towns_published(
    installation: Installation,
) -> None:
    fill(installation)
    fill(installation, EINDHOVEN, "WK077211")
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "Nog geen cijfers" in desk.get("/landelijk/cijfers-raad").text
    for code in (DORDRECHT, EINDHOVEN):
        with installation.transaction(code) as session:
            publish_quarter(session, code, "2025-3", SYSTEM)
    with installation.transaction(DORDRECHT) as session:
        publish_quarter(session, DORDRECHT, "2025-4", SYSTEM)
    text = text_of(make(desk, "/landelijk/cijfers-raad"))
    assert "van 2 gemeenten samen" in text
    assert "2025, kwartaal 3 60" in text
    assert "Binnenstad" not in text


@pytest.mark.alles
def test_the_report_keeps_to_pdf_a_and_pdf_ua(installation: Installation, tmp_path: Path) -> None:
    fill(installation)
    path = tmp_path / "rapport.pdf"
    path.write_bytes(make(officer(installation), gezien=WORDS, gedaan=WORDS).body)
    assert validate_pdf(path) == []
