"""The legal documents say what the house declares, and are blank where only a town knows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from pypdf import PdfReader
from sqlalchemy import select

from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.factors import confirmation
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.permissions import GRANTS
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Unit, Way, months, years
from stopintimidatie.dossiers.person import models as person
from stopintimidatie.exports.document.services import NotDrawnError
from stopintimidatie.exports.profiles.defaults import PROFILES, profile_for
from stopintimidatie.exports.profiles.rules import Field, Section
from stopintimidatie.municipalities.partners.vocabulary import BASES, PartnerKind
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import publish
from stopintimidatie.privacy.breaches import clock
from stopintimidatie.privacy.requests import rules as requests
from stopintimidatie.privacy.retention import rules as retention
from stopintimidatie.privacy.retention.rules import MAXIMUM, chosen_classes
from stopintimidatie.programme.legal import queries, views
from stopintimidatie.programme.legal.queries import FOLDER, pages
from stopintimidatie.programme.rules import texts_in
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation, Variant
from tests.support.policing import switch_on
from tests.support.processing import reader
from tests.support.retaining import approve
from tests.support.verapdf import validate_pdf

HERE = "/gemeenten/dordrecht/verantwoording"
DOCS = Path(__file__).parents[2] / "docs" / "juridisch"
TEXTS = texts_in(FOLDER)
FIGURE = re.compile(
    r"\b\d+ (?:werk)?(?:dag(?:en)?|maand(?:en)?|jaar|uur|uren|minu\w+|seconden|we\w*k\w*)\b"
)
NEVER = re.compile(r"avg-proof|gecertificeerd|goedgekeurd|kosteloos|gratis", re.I)


def nobody(installation: Installation) -> dict[str, str]:
    return dict(pages(installation.registry))


def plain(body: str) -> list[str]:
    """The sentences of a text, without headings, tables and what is filled in."""
    body = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{ grid.*?\}\}", "", body, flags=re.S), flags=re.S)
    body = re.sub(r"\{\{.*?\}\}", "waarde", body, flags=re.S)
    body = re.sub(r"(?m)^\|.*\n?", "", body)
    body = re.sub(r"\[\[.*?\]\]|[*]", "", body)
    blocks = (block.strip() for block in re.split(r"\n\s*\n|\n(?=- |\d\. )", body) if block.strip())
    prose = (re.sub(r"^(?:- |\d\. )", "", block) for block in blocks if block[0] != "#")
    return [part for block in prose for part in re.split(r"(?<=[.?!:])\s+", block) if part]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_holds_no_figure_of_ours_and_is_short(name: str) -> None:
    text = TEXTS[name]
    assert not FIGURE.findall(text.body)
    assert not NEVER.findall(text.body)
    assert text.audiences == ("juridisch",)
    lengths = [len(sentence.split()) for sentence in plain(text.body)]
    assert sum(lengths) / len(lengths) <= 15
    assert max(lengths) <= 25


def test_what_nobody_checked_says_so_and_a_jurist_has_the_last_word() -> None:
    assert len(TEXTS) == 10
    for name, text in TEXTS.items():
        assert not text.checked, name
    for name in set(TEXTS) - {"bewaarbesluit", "verwerkersbijlagen", "vrije-tekst"}:
        assert re.search(r"jurist moet [\w ]*\bbevestigen", TEXTS[name].body), name


def test_the_documents_in_docs_are_those_of_the_code(installation: Installation) -> None:
    assert {path.stem for path in DOCS.glob("*.md")} == {"README", *TEXTS}
    for name, page in nobody(installation).items():
        assert (DOCS / f"{name}.md").read_text("utf-8") == page, (
            "programma juridisch docs/juridisch"
        )


def test_the_retention_decision_has_every_class_with_its_term(installation: Installation) -> None:
    page = nobody(installation)["bewaarbesluit"]
    classes = RETENTION_CLASSES.of(installation.registry)
    for row in classes.values():
        if row.desk is not True:
            assert f"| {row.label} |".replace("#", "\\#") in page, row.code
    for row in chosen_classes(classes, desk=False).values():
        assert f"[[voorstel: {row.length}]] |" in page
    assert f"Uiterste voor elk stuk | {MAXIMUM} |" in page
    assert page.count("[[vernietigen of overbrengen]]") == 1


def test_a_term_that_is_declared_otherwise_is_told_otherwise(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = RETENTION_CLASSES.of(installation.registry)
    row = classes["melding_afgehandeld"]
    assert row.way is Way.LIST
    monkeypatch.setitem(classes, row.code, replace(row, term=months(77)))
    fixed = classes["bestand_tegengehouden"]
    monkeypatch.setitem(classes, fixed.code, replace(fixed, term=years(88)))
    told = nobody(installation)
    for name in ("bewaarbesluit", "dpia", "verwerkersbijlagen"):
        assert f"voorstel: 77 {Unit.MONTHS}" in told[name]
    for name in ("bewaarbesluit", "verwerkersbijlagen"):
        assert "| 88 jaar |" in told[name]


# A module, its constant, another value; the document, and what it says then.
DECLARED = [
    (queries, "APPROVE_WITHIN", 97, "dpia", "97 werkdag"),
    (queries, "THINK_AGAIN", timedelta(days=97), "bewaarbesluit", "97 dagen"),
    (person, "ADVISE_WITHIN", 97, "dpia", "97 werkdag"),
    (person, "LONGEST", months(97), "dpia", "hoogstens 97 maanden later"),
    (clock, "TERM", timedelta(hours=97), "convenant", "97 uur"),
    (retention, "WARNED", timedelta(days=97), "bewaarbesluit", "97 dagen eerder"),
    (retention, "MAXIMUM", years(97), "dpia", "dossier is 97 jaar"),
    (requests, "ANSWER", months(97), "dpia", "binnen 97 maanden"),
    (requests, "EXTENSION", months(97), "dpia", "met 97 maanden langer"),
    (requests, "WEEKS_TO_OBJECT", 97, "woo-antwoord", "97 weken"),
]


@pytest.mark.parametrize(("module", "name", "value", "document", "words"), DECLARED)
def test_a_constant_that_changes_changes_the_text(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    value: Any,
    document: str,
    words: str,
) -> None:
    assert words not in nobody(installation)[document]
    monkeypatch.setattr(module, name, value)
    assert words in nobody(installation)[document]


def test_roles_are_those_of_the_table_of_permissions(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Dat mogen: OOV-medewerker, dossierhouder." in nobody(installation)["aangifteplicht"]
    monkeypatch.setitem(GRANTS, Permission.MARK_OFFENCE, frozenset({Role.ADMIN}))
    told = nobody(installation)
    for name in ("aangifteplicht", "bijzondere-gegevens", "dpia"):
        assert "Dat mogen: functioneel beheerder." in told[name]


def test_the_covenant_has_an_annex_for_each_kind_of_partner_as_its_profile_says(
    installation: Installation,
) -> None:
    page = nobody(installation)["convenant"]
    assert "is geen grond om gegevens te geven" in page
    _, *annexes = re.split(r"(?m)^## Bijlage voor ", page)
    assert [annex.partition("\n")[0] for annex in annexes] == [kind.nl for kind in PartnerKind]
    for kind, annex in zip(PartnerKind, annexes, strict=True):
        profile = PROFILES.get(profile_for(kind))
        assert (profile is None) is (kind is PartnerKind.OTHER)
        for subject in (*Field, *Section):
            rule = profile.rule(subject) if profile else None
            assert rule is None or f"| {subject.value} | {rule.label} | {rule.why} |" in annex


def test_each_ground_and_each_kind_of_partner_stands_in_the_note_on_grounds(
    installation: Installation,
) -> None:
    page = nobody(installation)["grondslagen-partners"]
    assert not [basis for basis in BASES if f"- {basis.nl}" not in page]
    heads = [kind.nl.capitalize() for kind in PartnerKind]
    assert re.findall(r"(?m)^### (.*)", page) == heads


# Of a town


def fill(installation: Installation, **values: Any) -> None:
    with installation.transaction(DORDRECHT) as session:
        publish(session, Actor("gebruiker", None, "B"), DORDRECHT, Part.ACCOUNTABILITY, values)


def shown(browser: Any, name: str) -> str:
    return " ".join(browser.get(f"{HERE}/stuk?naam={name}").html.main.get_text(" ").split())


def blanks(page: Any) -> dict[str, int]:
    rows = page.html.select("tbody tr")
    return {row.th.a["href"].partition("=")[2]: int(row.select("td")[1].text) for row in rows}


def test_what_a_town_filled_in_stands_in_its_documents_and_is_no_blank_any_more(
    installation: Installation,
) -> None:
    connect(installation)
    browser = reader(installation)
    before = blanks(browser.get(HERE))
    assert list(before) == list(TEXTS)
    assert all(before.values())
    assert "naam van de gemeente" not in shown(browser, "dpia")
    assert "DPIA voor Dordrecht" in shown(browser, "dpia")
    fill(
        installation,
        verantwoordelijke="college",
        fg="FG, Juridische Zaken",
        fg_adres="fg@dordrecht.example",
        dpia_op="2026-03-02",
        verwerker="Beheer *BV* | [x](y)",
        postadres="Postbus 8\n3300 AA Dordrecht",
    )
    assert "Postbus 8, 3300 AA Dordrecht" in shown(browser, "woo-antwoord")
    after = blanks(browser.get(HERE))
    # The controller stands in three places, the processor in three; with the FG and the day.
    assert after["dpia"] == before["dpia"] - 8
    words = shown(browser, "dpia")
    assert "het college van burgemeester en wethouders" in words
    assert "2 maart 2026" in words
    assert "Beheer *BV* | [x](y)" in words
    assert browser.get(f"{HERE}/stuk?naam=dpia").html.select("mark")


def test_terms_are_blank_until_the_archivist_approved_them(installation: Installation) -> None:
    connect(installation)
    browser = reader(installation, Role.ARCHIVIST)
    assert "voorstel: 5 jaar" in shown(browser, "bewaarbesluit")
    terms = approve(installation)
    words = shown(browser, "bewaarbesluit")
    assert "voorstel:" not in words
    for choice in terms.choices.values():
        assert f"{choice.category} {choice.term} {choice.outcome}" in words
    assert "De archivaris keurde de termijnen goed." in shown(browser, "dpia")


def test_settings_of_the_installation_stand_in_the_annexes(
    installation: Installation, variant: Variant
) -> None:
    connect(installation)
    assert "Sms versturen het nummer en de tekst van de sms nee" in shown(
        reader(installation), "verwerkersbijlagen"
    )
    other = variant(sms_url="https://sms.example", log_keep_years=43, backup_keep_days=44)
    words = shown(reader(other), "verwerkersbijlagen")
    assert "Sms versturen het nummer en de tekst van de sms ja" in words
    assert "staat 43 jaar in een logboek" in words
    assert "hoogstens 44 dagen" in words


def test_without_police_data_the_documents_have_no_trace_of_their_keeping(
    installation: Installation,
) -> None:
    connect(installation)
    browser = reader(installation)
    kept = "Gegevens die de politie verstrekte"
    names = ("politiegegevens", "dpia", "verwerkersbijlagen", "bewaarbesluit")
    assert not [name for name in names if kept in shown(browser, name)]
    switch_on(installation)
    assert kept in shown(browser, "politiegegevens")
    assert kept in shown(browser, "bewaarbesluit")


@pytest.mark.parametrize("role", [Role.OFFICER, Role.DOSSIER_OWNER])
def test_who_may_not_read_the_register_has_no_documents(
    installation: Installation, role: Role
) -> None:
    browser = reader(installation, role)
    for end in ("", "/stuk?naam=dpia", "/bestand?naam=dpia&vorm=pdf", "/zip"):
        browser.get(f"{HERE}{end}", status=[403, 404])


@pytest.mark.parametrize(
    "end",
    ["stuk", "stuk?naam=", "stuk?naam=../dpia", "stuk?naam=dpia.md", "bestand?naam=dpia"]
    + [f"bestand?naam=dpia&vorm={wrong}" for wrong in ("", "pptx", "exe", "PDF")]
    + ["bestand?naam=x&vorm=pdf"],
)
def test_a_document_or_file_that_does_not_exist_is_not_found(
    installation: Installation, end: str
) -> None:
    reader(installation).get(f"{HERE}/{end}", status=404)


def test_files_say_which_edition_they_are_keep_blanks_yellow_and_stand_in_the_log(
    installation: Installation, tmp_path: Path
) -> None:
    connect(installation)
    browser = reader(installation)
    answer = browser.get(f"{HERE}/bestand?naam=aangifteplicht&vorm=docx")
    assert answer.content_disposition == 'attachment; filename="dordrecht-aangifteplicht.docx"'
    document = Document(BytesIO(answer.body))
    runs = [run for paragraph in document.paragraphs for run in paragraph.runs]
    yellow = [run.text for run in runs if run.font.highlight_color]
    assert "oordeel van de jurist" in yellow
    assert "concept" in document.sections[0].footer.paragraphs[0].text
    path = tmp_path / "stuk.pdf"
    path.write_bytes(browser.get(f"{HERE}/bestand?naam=bewaarbesluit&vorm=pdf").body)
    assert validate_pdf(path) == []
    sheets = [sheet.extract_text() for sheet in PdfReader(path).pages]
    assert "Dordrecht" in sheets[0]
    assert all("concept" in sheet for sheet in sheets)
    with installation.transaction(DORDRECHT) as session:
        fetched = AuditEvent.action == "verantwoording.gedownload"
        rows = session.scalars(select(AuditEvent).where(fetched).order_by(AuditEvent.at)).all()
        assert [row.fields for row in rows] == [["aangifteplicht.docx"], ["bewaarbesluit.pdf"]]


def test_the_zip_has_every_document_and_all_in_one_pdf(installation: Installation) -> None:
    connect(installation)
    answer = reader(installation).get(f"{HERE}/zip")
    assert answer.content_disposition == 'attachment; filename="dordrecht-verantwoording.zip"'
    with ZipFile(BytesIO(answer.body)) as archive:
        names = [f"{name}.docx" for name in TEXTS]
        assert archive.namelist() == [*names, "verantwoording.pdf", "LEESMIJ.txt"]
        for name in names:
            assert Document(BytesIO(archive.read(name))).core_properties.title
        told = archive.read("LEESMIJ.txt").decode()
        words = "".join(
            sheet.extract_text()
            for sheet in PdfReader(BytesIO(archive.read("verantwoording.pdf"))).pages
        )
    assert told.count("concept") == len(TEXTS)
    for text in TEXTS.values():
        assert text.title.partition(" {{")[0] in words


def test_where_no_pdf_can_be_drawn_the_page_says_so_and_nothing_is_logged(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> bytes:
        raise NotDrawnError

    monkeypatch.setattr(views, "file_of", refuse)
    browser = reader(installation)
    answer = browser.get(f"{HERE}/bestand?naam=dpia&vorm=pdf", status=503)
    assert "Dit bestand kan nu niet worden gemaakt" in answer
    with installation.transaction(DORDRECHT) as session:
        fetched = AuditEvent.action == "verantwoording.gedownload"
        assert not session.scalars(select(AuditEvent).where(fetched)).all()


@pytest.mark.parametrize("end", ["zip", "bestand?naam=dpia&vorm=docx"])
def test_a_file_asks_who_it_is_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    browser = reader(installation)
    monkeypatch.setattr(confirmation, "must_confirm", lambda request: True)
    assert "/account-bevestigen" in browser.get(f"{HERE}/{end}", status=303).location


def test_the_register_leads_to_the_documents_and_back(installation: Installation) -> None:
    connect(installation)
    browser = reader(installation)
    page = browser.get("/gemeenten/dordrecht/verwerkingen").click("Juridische stukken")
    page.click("Register van verwerkingen")
    page.click("DPIA voor Dordrecht")
    assert "Juridische stukken" not in browser.get("/landelijk/verwerkingen")


@pytest.mark.alles
def test_all_documents_keep_to_pdf_a_and_pdf_ua(installation: Installation, tmp_path: Path) -> None:
    connect(installation)
    archive = ZipFile(BytesIO(reader(installation).get(f"{HERE}/zip").body))
    path = tmp_path / "alles.pdf"
    path.write_bytes(archive.read("verantwoording.pdf"))
    assert validate_pdf(path) == []
