"""The whole main job in one story: a report in by JSON leaves as a dossier PDF."""

from __future__ import annotations

import re
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import local
from tests.browser.conftest import SignIn, post_from_app
from tests.support.verapdf import validate_pdf

OFFICER = "oov@dordrecht.example"
OWNER = "dossierhouder@dordrecht.example"


def heading(page: Page) -> str:
    return page.inner_text("h1")


def make_dossier(page: Page) -> str:
    """A dossier of the report in hand; its address."""
    page.get_by_role("link", name="Nieuw dossier").first.click()
    page.fill("[name=titel]", "Naroepen bij de knikkerbak")
    page.check("[name=soort][value=hotspot]")
    page.click("button[name=maken]")
    assert "Naroepen bij de knikkerbak" in heading(page)
    return re.sub(r"\?.*", "", page.url)


def ask_export(page: Page, dossier: str) -> str:
    page.goto(f"{dossier}/uitvoer-aanvragen")
    day = local(utc_now()).date()
    page.check("input[name=soort_ontvanger][value=politie]")
    page.fill("[name=ontvanger]", "Wijkteam Binnenstad")
    page.fill("[name=vraag]", "Wilt u hier vrijdagavond langsgaan?")
    page.fill("[name=antwoord_voor]", (day + timedelta(days=14)).isoformat())
    page.fill("[name=doel]", "De openbare orde op het plein herstellen.")
    page.select_option("[name=grondslag]", "avg_6_1_e_openbare_orde")
    page.fill("[name=vernietigen_voor]", (day + timedelta(days=90)).isoformat())
    page.click("button[name=aanvragen]")
    assert "Aangevraagd" in page.inner_text("main")
    return re.sub(r"\?.*", "", page.url)


def wait_for(page: Page, address: str, selector: str) -> None:
    until = time.monotonic() + 60
    while page.locator(selector).count() == 0:
        assert time.monotonic() < until, page.inner_text("main")
        time.sleep(0.3)
        page.goto(address)


# Without scripts and without a browser: tests/contract/database/test_main_job.py.
@pytest.mark.parametrize(
    "scripts",
    [True, pytest.param(False, marks=pytest.mark.alles)],
    ids=["with-scripts", "without-scripts"],
)
def test_a_report_in_by_json_leaves_as_a_dossier_pdf(
    sign_in: SignIn, demo_address: str, tmp_path: Path, scripts: bool
) -> None:
    words = f"Twee mannen riepen me na bij de knikkerbak {uuid.uuid4().hex[:8]}."
    reference = post_from_app(demo_address, words)
    officer = sign_in(OFFICER, scripts=scripts)
    officer.goto("/postvak?toestand=nieuw")
    assert heading(officer) == "Postvak"
    officer.goto(f"/m/{reference}")
    assert words in officer.inner_text("main")
    # Without scripts no key does anything, so none is shown.
    assert officer.locator(".wb-key").first.is_visible() is scripts
    officer.get_by_role("link", name="Meer vastleggen").first.click()
    officer.check("[name='beoordeling.gevaar'][value=nee]")
    officer.click("button[name=opslaan]")
    officer.goto(f"/m/{reference}")
    dossier = make_dossier(officer)
    officer.goto(f"/zoeken?q={words.split()[-1].strip('.')}")
    wait_for(officer, officer.url, f"main a:has-text('{reference}')")
    export = ask_export(officer, dossier)
    owner = sign_in(OWNER, scripts=scripts)
    owner.goto(f"{export}/beoordelen")
    owner.click("button[name=goedkeuren]")
    wait_for(owner, export, "a[href$='/pdf']")
    with owner.expect_download() as download:
        owner.click("a[href$='/pdf']")
    pdf = tmp_path / "dossier.pdf"
    download.value.save_as(pdf)
    text = "\n".join(page.extract_text() for page in PdfReader(pdf).pages)
    assert "Wilt u hier vrijdagavond langsgaan?" in text
    assert words not in text
    assert validate_pdf(pdf) == []
    visitor = sign_in(OFFICER, scripts=scripts)
    visitor.goto(f"/verificatie?uitvoer={export.rsplit('/', 1)[1]}")
    visitor.set_input_files("input[type=file]", pdf)
    visitor.locator("form#formulier button[type=submit]").first.click()
    assert "Echt" in visitor.inner_text("main")
