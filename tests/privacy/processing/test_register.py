"""The register of processing says all that the house declares, once, and what is missing."""

from __future__ import annotations

from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.factors import confirmation
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import personal_data_holders
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import publish
from stopintimidatie.privacy.breaches.vocabulary import Group
from stopintimidatie.privacy.processing.queries import DECLARED, processings, tables_of
from stopintimidatie.privacy.processing.views import STATED
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation, Variant
from tests.support.policing import switch_on
from tests.support.processing import lines, reader, section
from tests.support.retaining import approve, proposed_schedule
from tests.support.verapdf import validate_pdf

EMPTY = "Nog niet ingevuld. Dat kan bij Beheer, Verantwoording."
PARTS = ("data", "purpose", "ground", "desk_ground", "safety")
HERE = "/gemeenten/dordrecht/verwerkingen"
THERE = "/landelijk/verwerkingen"


def test_every_table_and_every_class_is_in_the_register_and_in_a_processing_once(
    installation: Installation,
) -> None:
    registry = installation.registry
    every = RETENTION_CLASSES.of(registry)
    in_register: list[dict[str, Any]] = DECLARED["processings"]
    for entry in in_register:
        assert len(set(entry["classes"])) == len(entry["classes"]), entry["title"]
        assert not set(entry["groups"]) - {group.value for group in Group}, entry["title"]
    assert set(chain(*(entry["classes"] for entry in in_register))) == set(every)
    shown: set[str] = set()
    for desk in (True, False):
        for _, kept in processings(registry, desk=desk, police=True):
            shown.update(tables_of(registry, kept))
    personal = chain(*(holder.columns for holder in personal_data_holders(registry).values()))
    assert shown == set(personal) | set(chain(*(row.tables for row in every.values())))


@pytest.mark.parametrize("desk", [True, False])
def test_a_holder_has_the_classes_of_its_own_and_no_others(
    installation: Installation, desk: bool
) -> None:
    kept = list(processings(installation.registry, desk=desk, police=True))
    codes = {row.code for _, rows in kept for row in rows}
    every = RETENTION_CLASSES.of(installation.registry)
    assert codes == {code for code, row in every.items() if row.desk in (None, desk)}


def test_what_is_not_filled_in_says_where_to_and_what_is_stands_there(
    installation: Installation,
) -> None:
    connect(installation)
    browser = reader(installation)
    before = section(browser.get(HERE), "Wie verantwoordelijk is")
    assert before.count(EMPTY) == 10
    filled = {
        "verantwoordelijke": "college",
        "fg": "FG, Juridische Zaken",
        "dpia_op": "2026-03-02",
        "verwerker": "Beheer BV",
        "opmerkingen": "Regel een.\nRegel twee.",
    }
    with installation.transaction(DORDRECHT) as session:
        publish(session, Actor("gebruiker", None, "B"), DORDRECHT, Part.ACCOUNTABILITY, filled)
    after = section(browser.get(HERE), "Wie verantwoordelijk is")
    for words in ("het college van burgemeester en wethouders", "2 maart 2026", "Beheer BV"):
        assert words in after
    assert "Regel een. Regel twee." in after
    assert after.count(EMPTY) == 6


def test_purposes_data_and_measures_are_those_of_the_privacy_statement(
    installation: Installation,
) -> None:
    connect(installation)
    browser, statement = reader(installation), installation.visitor().get("/privacy/dordrecht")
    public = " ".join(statement.html.main.get_text(" ").split())
    reports = section(browser.get(HERE), "Meldingen behandelen")
    stated = {part: render(STATED, {"part": part}).strip() for part in PARTS}
    for words in (*map(str.strip, stated["data"].split(" |")), stated["purpose"], stated["ground"]):
        assert words in public
        assert words in reports
    assert stated["safety"] in section(browser.get(HERE), "Maatregelen")
    assert stated["desk_ground"] in section(browser.get(THERE), "Meldingen behandelen")


def test_terms_are_a_proposal_until_the_archivist_approved_them(
    installation: Installation,
) -> None:
    connect(installation)
    browser = reader(installation)
    assert "voorstel: 1 jaar" in section(browser.get(HERE), "Dossiers, overleg en patronen")
    terms = approve(installation)
    page = browser.get(HERE)
    assert "voorstel:" not in page.html.main.text
    kept = terms.choices["patroon"]
    words = f"{kept.term}, vernietigen (categorie {kept.category})"
    assert words in section(page, "Dossiers, overleg en patronen")
    assert proposed_schedule(installation).choices["patroon"].term == kept.term


def test_the_desk_says_per_stage_who_is_controller_and_that_a_jurist_must_confirm_it(
    installation: Installation,
) -> None:
    browser = reader(installation)
    stages = section(browser.get(THERE), "Verantwoordelijk per stap")
    assert stages.count("een jurist moet dit nog bevestigen") == 4
    page = browser.get(HERE).html.main.text
    assert "Verantwoordelijk per stap" not in page
    assert "[J]" not in page


def test_without_police_data_the_register_has_no_trace_of_it(installation: Installation) -> None:
    connect(installation)
    browser = reader(installation)
    names = [table.name for table in Base.metadata.sorted_tables if table.info.get("apart")]
    traces = (*names, "Gegevens van de politie", "politiegegevens")
    page = browser.get(HERE).html.main.text
    assert not [words for words in traces if words in page]
    switch_on(installation)
    page = browser.get(HERE).html.main.text
    assert not [words for words in traces if words not in page]


def test_only_services_that_are_on_are_receivers(
    installation: Installation, variant: Variant
) -> None:
    connect(installation)
    assert "sms-dienst" not in section(reader(installation).get(HERE), "Ontvangers")
    texting = variant(sms_url="https://sms.example")
    assert "sms-dienst" in section(reader(texting).get(HERE), "Ontvangers")


def test_the_files_say_what_the_page_says_and_the_log_who_fetched_them(
    installation: Installation,
) -> None:
    connect(installation)
    browser = reader(installation)
    page, rows = browser.get(HERE), lines(browser.get(f"{HERE}/bestand"))
    shown = " ".join(page.html.main.get_text(" ").split())
    assert len(rows) > 100
    # A cell that a spreadsheet would reckon with has a mark before it.
    assert not [row for row in rows if row[3].lstrip("'") not in shown]
    answer = browser.get(f"{HERE}/pdf")
    assert answer.content_disposition.startswith('attachment; filename="verwerkingen-gm0505-')
    words = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(answer.body)).pages)
    titles = {card.h2.text.strip() for card in page.html.select(".si-card")}
    assert not [title for title in titles if title not in words]
    assert "Dordrecht" in words
    with installation.transaction(DORDRECHT) as session:
        fetched = AuditEvent.action == "verwerkingen.gedownload"
        assert len(session.scalars(select(AuditEvent).where(fetched)).all()) == 2


def test_the_pages_of_terms_and_of_accountability_lead_to_the_register(
    installation: Installation,
) -> None:
    connect(installation)
    browser = reader(installation, Role.ADMIN)
    for address in ("bewaartermijnen", "beheer/verantwoording"):
        browser.get(f"/gemeenten/dordrecht/{address}").click("Register van verwerkingen")
    assert "Jaarverslag privacy" not in browser.get(HERE)
    officer = reader(installation)
    officer.get(HERE).click("Jaarverslag privacy")


def test_each_table_and_each_class_stands_once_in_its_section(installation: Installation) -> None:
    connect(installation)
    switch_on(installation)
    page = reader(installation).get(HERE)
    for entry, kept in processings(installation.registry, desk=False, police=True):
        words = section(page, entry["title"])
        named = [
            part.split()[0]
            for part in words.split("Tabellen ")[1].split(" Gegevens ")[0].split("; ")
        ]
        assert named == list(tables_of(installation.registry, kept))
        card = next(c for c in page.html.select(".si-card") if c.h2.text.strip() == entry["title"])
        shown = [head.text.strip() for head in card.select("tbody th")]
        assert shown == [row.label for row in kept]


@pytest.mark.parametrize("end", ["bestand", "pdf"])
def test_a_file_asks_who_it_is_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    browser = reader(installation)
    monkeypatch.setattr(confirmation, "must_confirm", lambda request: True)
    for page in (HERE, "/gemeenten/dordrecht/jaarverslag"):
        answer = browser.get(f"{page}/{end}", status=303)
        assert "/account-bevestigen" in answer.location


@pytest.mark.alles
def test_both_files_keep_to_pdf_a_and_pdf_ua(installation: Installation, tmp_path: Path) -> None:
    connect(installation)
    browser, path = reader(installation), tmp_path / "stuk.pdf"
    for page in (HERE, THERE, "/gemeenten/dordrecht/jaarverslag"):
        path.write_bytes(browser.get(f"{page}/pdf").body)
        assert validate_pdf(path) == []
