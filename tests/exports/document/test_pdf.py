"""The PDF itself: what it says, what it is, that it keeps to the standard and reads nothing."""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader
from weasyprint import CSS, HTML

from stopintimidatie.core.sandbox.process import MEGABYTE, Limits
from stopintimidatie.exports.document.assets import (
    OTHER_SCRIPT,
    displayable,
    load_assets,
    written_from_the_right,
)
from stopintimidatie.exports.document.html import html, stylesheet
from stopintimidatie.exports.document.process import render_in_process
from stopintimidatie.exports.document.rendering import PackageFetcher, RefusedAddressError
from stopintimidatie.exports.document.services import new_password
from stopintimidatie.exports.document.signature import with_password
from stopintimidatie.exports.profiles.defaults import INTERNAL, POLICE
from stopintimidatie.exports.redaction.content import DossierContent, Logo, content_hash
from stopintimidatie.exports.redaction.source import DossierSource, Term
from stopintimidatie.exports.vocabulary import clean
from tests.support.drawing import render
from tests.support.exports_factory import (
    ACCOUNTS,
    a_dossier,
    a_house,
    a_report,
    a_request,
    an_edition,
    redact,
    some_reports,
)
from tests.support.verapdf import validate_pdf, validate_pdfs

RED_DOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">'
    '<rect width="120" height="40" fill="#e30613"/></svg>'
)


def svg_logo(svg: str = RED_DOT) -> Logo:
    return Logo("image/svg+xml", b64encode(svg.encode()).decode(), "Gemeente Eindhoven")


def words(pdf: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    return re.sub(r"\s+", " ", " ".join(pages))


def drawn(content: DossierContent) -> bytes:
    """Rendered in this process: quicker, and behind the same fetcher."""
    return render(content, load_assets())


@pytest.fixture(scope="module")
def content() -> DossierContent:
    return redact(a_dossier(18), POLICE)


@pytest.fixture(scope="module")
def pdf(content: DossierContent) -> bytes:
    return render_in_process(content)


LONG = " ".join(ACCOUNTS) + " " + "langwoordzonderspaties" * 12
SOURCES: Mapping[str, DossierSource] = {
    "empty": a_dossier(
        0,
        events=(),
        actions=(),
        agreements=(),
        assessment="",
        feedback_by="",
        feedback_text="",
        request=a_request(
            covenant=None, owner_phone=None, facts=None, perceptions=None, assumptions=None
        ),
        edition=an_edition(previous=None),
    ),
    "long_and_foreign": a_dossier(
        (
            a_report(1, account=LONG * 12),
            a_report(2, account=LONG, place_note=LONG[:500]),
            a_report(3, account="Łukasz zei “hé” 😀😀 привіт مرحبا → €5 ﬁjn ½ Ǆ 漢字 ẞ"),
        ),
        assessment=LONG * 3,
        feedback_text=LONG,
        request=a_request(facts=LONG, perceptions=LONG, assumptions=LONG),
    ),
    "minors_in_another_house": a_dossier(
        tuple(replace(report, minor=True) for report in some_reports(4)),
        kind=Term("groep", "groep"),
        house=a_house(name="Gemeente Eindhoven", colour="#ffd200", logo=svg_logo()),
    ),
}


def test_a_dossier_keeps_to_pdf_a_and_pdf_ua(pdf: bytes, tmp_path: Path) -> None:
    path = tmp_path / "police.pdf"
    path.write_bytes(pdf)
    assert validate_pdfs([path]) == [[]]


@pytest.mark.alles
def test_every_kind_of_dossier_keeps_to_pdf_a_and_pdf_ua(tmp_path: Path) -> None:
    paths = []
    for name, source in SOURCES.items():
        made = drawn(redact(source, INTERNAL))
        paths.append(tmp_path / f"{name}.pdf")
        paths[-1].write_bytes(made)
    broken = validate_pdfs(paths)
    assert {path.stem: rules for path, rules in zip(paths, broken, strict=True) if rules} == {}


@pytest.mark.alles
def test_the_same_content_gives_the_same_bytes_in_another_process_and_here(
    content: DossierContent, pdf: bytes
) -> None:
    assert drawn(content) == pdf


@pytest.mark.alles
def test_other_content_gives_other_bytes_and_another_identifier(pdf: bytes) -> None:
    other = drawn(redact(SOURCES["minors_in_another_house"], INTERNAL))
    identifiers = [PdfReader(BytesIO(made)).trailer["/ID"] for made in (pdf, other)]
    assert identifiers[0] != identifiers[1]


def test_it_is_a_dutch_titled_tagged_document_with_bookmarks(pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "nl"
    assert catalogue["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Dossier 2026-0007: Straatintimidatie rond het Statenplein"
    marks = [str(mark["/Title"]) for mark in reader.outline if not isinstance(mark, list)]
    assert marks[:3] == ["Voorblad", "1 Beeld", "2 Kaart"]
    assert marks[-1] == "10 Verantwoording"


def test_all_fonts_are_embedded(pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    fonts: dict[str, Any] = {}
    for page in reader.pages:
        resources: Any = page["/Resources"]
        fonts |= dict(resources["/Font"])
    assert fonts
    for font in fonts.values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor.get_object())


def test_every_page_says_confidential_for_whom_which_export_and_which_page(pdf: bytes) -> None:
    pages = PdfReader(BytesIO(pdf)).pages
    for number, page in enumerate(pages, start=1):
        text = re.sub(r"\s+", " ", page.extract_text())
        assert "VERTROUWELIJK" in text
        assert "Bestemd voor: Politie, basisteam Drechtsteden Binnen" in text
        assert "Uitgave E-2026-7K4Q-0M3X" in text
        assert f"Pagina {number} van {len(pages)}" in text


def test_page_one_says_what_is_asked_before_when_and_what_may_be_done(pdf: bytes) -> None:
    first = re.sub(r"\s+", " ", PdfReader(BytesIO(pdf)).pages[0].extract_text())
    for part in (
        "Gevraagd van u", "extra toezicht houden", "dinsdag 8 december 2026", "078 000 00 07",
        "Statenplein en omgeving (Binnenstad)", "Feiten", "Beleving", "Vermoedens",
        "Lopende afspraken", "Minderjarigen", "Wat u hiermee mag", "AVG art. 6 lid 1 e",
    ):  # fmt: skip
        assert part in first


def test_what_has_no_words_is_not_printed_as_empty() -> None:
    empty = drawn(redact(SOURCES["empty"], INTERNAL))
    first = PdfReader(BytesIO(empty)).pages[0].extract_text()
    assert "Gevraagd van u" in first
    for title in ("Niet opgeschreven", "Feiten", "Beleving", "Vermoedens"):
        assert title not in first


def test_page_one_says_what_the_assessment_keeps_apart() -> None:
    told = "Feit: drie avonden. Beleving: het voelt donker. Vermoeden: steeds dezelfde groep."
    source = a_dossier(
        3, assessment=told, request=a_request(facts="", perceptions=None, assumptions=None)
    )
    page = redact(source, POLICE).page_one
    assert (page.facts, page.perceptions) == ("Drie avonden.", "Het voelt donker.")
    assert page.assumptions == "Steeds dezelfde groep."
    asked = replace(source, request=a_request(facts="Twee avonden."))
    assert redact(asked, POLICE).page_one.facts == "Twee avonden."


@pytest.mark.alles
def test_a_page_never_holds_one_last_row_of_a_table() -> None:
    style = CSS(string=stylesheet("#154273", "sans-serif"))
    for number in range(40, 60):
        rows = "<tr><td>rij</td></tr>" * number
        page = f'<table class="rows"><tbody>{rows}</tbody></table>'
        pdf = HTML(string=page).write_pdf(stylesheets=[style])
        last = PdfReader(BytesIO(pdf)).pages[-1].extract_text()
        assert last.count("rij") >= 3, number


def test_the_annex_accounts_for_everything(content: DossierContent, pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    parts = [mark for mark in reader.outline if not isinstance(mark, list)]
    first = reader.get_destination_page_number(parts[-1])
    assert first is not None
    annex = re.sub(r"\s+", " ", " ".join(p.extract_text() for p in reader.pages[first:]))
    for part in (
        "Grondslag", "Convenant Veilige Binnenstad", "Uiterlijk 24 mei 2027",
        "datalek@dordrecht.example", f"Politie: politie versie {POLICE.version}",
        "Verhaal van de melder",
        "E-2026-7K4Q-0M3X", "https://meldpunt.example/verificatie",
    ):  # fmt: skip
        assert part in annex
    assert content_hash(content) in annex.replace(" ", "")


@pytest.mark.alles
def test_page_one_is_one_page_even_when_all_its_texts_are_long() -> None:
    long = a_dossier(
        8, title=("Straatintimidatie rond het Statenplein en de Spuiboulevard " * 3)[:120],
        request=a_request(
            facts=LONG, perceptions=LONG, assumptions=LONG,
            question=("Wilt u dit doen? " * 50)[:600], purpose="Een lang doel. " * 40,
            recipient=("Recherche en " * 9)[:80],
        ),
    )  # fmt: skip
    reader = PdfReader(BytesIO(drawn(redact(long, POLICE))))
    assert "Wat u hiermee mag" in reader.pages[0].extract_text()
    assert "Inhoud" in reader.pages[1].extract_text()


def test_the_table_of_contents_gives_the_page_of_each_part(pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    contents = re.sub(r"\s+", " ", reader.pages[1].extract_text())
    for mark in reader.outline:
        if isinstance(mark, list) or str(mark["/Title"]) == "Voorblad":
            continue
        page = reader.get_destination_page_number(mark)
        assert page is not None
        assert f"{mark['/Title']} {page + 1}" in contents


def test_what_is_left_out_leaves_no_trace_in_the_file() -> None:
    secret = a_report(
        1, account="geheimverhaal", place_note="geheimplek", reference="M-GEHE-IM01",
        reporter_age=a_report(1).feeling,
    )  # fmt: skip
    refused = a_report(47, share_police=False, place="geheimplein", account="geheimweigering")
    content = redact(a_dossier((secret, refused)), POLICE)
    pdf = drawn(content)
    reader = PdfReader(BytesIO(pdf))
    whole = (
        words(pdf) + str(reader.metadata) + str(reader.xmp_metadata and reader.xmp_metadata.stream)
    )
    whole += html(content, load_assets())
    for part in ("geheimverhaal", "geheimplek", "M-GEHE", "geheimplein", "geheimweigering", "M-47"):
        assert part not in whole
    assert reader.attachments == {}


def test_letters_the_fonts_dont_have_are_said_in_words() -> None:
    known = load_assets().characters
    assert displayable("Łukasz zei “hé” — €5", known) == "Łukasz zei “hé” — €5"
    assert displayable("kijk 😀😀 hier", known) == "kijk [emoji] hier"
    assert displayable("漢字!", known) == "[ander schrift]!"
    assert displayable("a\u2009b", known) in ("a b", "a\u2009b")


OTHER_SCRIPTS = {
    "arabic": "كان هناك ثلاثة شبان يقفون عند الباب وبدأوا ينادونني.",
    "persian": "گفتند چرا می‌ترسی؟ سپس چند پسر دنبالم آمدند.",
    "ukrainian": "Троє хлопців почали кричати мені вслід; їхній ґанок «тут».",
    "greek": "Τρεις νεαροί με ακολούθησαν μέχρι τη γωνία. Ένιωσα φόβο!",
    "turkish": "Üç genç peşimden geldi; İstasyonda ışık yoktu.",
}


@pytest.mark.alles
def test_a_report_in_another_script_can_be_read_and_copied_and_keeps_to_the_standards(
    tmp_path: Path,
) -> None:
    reports = (
        a_report(number, account=text)
        for number, text in enumerate(OTHER_SCRIPTS.values(), start=1)
    )
    pdf = drawn(redact(a_dossier(tuple(reports)), INTERNAL))
    text = words(pdf)
    for script, account in OTHER_SCRIPTS.items():
        parts = clean(account).split() if written_from_the_right(account) else [clean(account)]
        lost = [part for part in parts if part.strip(".؟") not in text]
        assert not lost, script
    assert OTHER_SCRIPT not in text
    (tmp_path / "scripts.pdf").write_bytes(pdf)
    assert validate_pdf(tmp_path / "scripts.pdf") == []


def test_fonts_of_another_script_are_only_taken_where_it_is_used() -> None:
    assets = load_assets()
    assert assets.for_text("Łukasz zei “hé”: 漢字").families == assets.families
    wider = assets.for_text("привіт")
    assert wider.families == (*assets.families, "dossier-cyrillic")
    assert len(wider.files) == len(assets.files) + 4
    assert displayable("привіт мир!", wider.characters) == "привіт мир!"


@pytest.mark.parametrize(
    ("text", "from_the_right"),
    [
        ("مرحبا Ans", True),
        ("14:30 שלום", True),
        ("Ans: مرحبا", False),
        ("14:30", False),
        ("", False),
    ],
)
def test_a_text_is_written_from_the_side_of_its_first_letter(
    text: str, from_the_right: bool
) -> None:
    assert written_from_the_right(text) is from_the_right


@pytest.mark.alles
@pytest.mark.parametrize(
    "recipient",
    [
        pytest.param("W" * 80, marks=pytest.mark.alles),
        "a😀" * 40,
        pytest.param("é漢 " * 26, marks=pytest.mark.alles),
    ],
)
def test_a_recipient_with_a_strange_name_fits_below_the_page(recipient: str) -> None:
    content = redact(a_dossier(0, request=a_request(recipient=recipient)), POLICE)
    pages = PdfReader(BytesIO(drawn(content))).pages
    for number, page in enumerate(pages, start=1):
        text = re.sub(r"\s+", " ", page.extract_text())
        assert "Bestemd voor:" in text
        assert f"Pagina {number} van {len(pages)}" in text


# The copy with a password


@pytest.mark.alles
def test_a_copy_with_a_password_is_aes_256_open_to_reading_aids_and_claims_no_pdf_a(
    tmp_path: Path,
) -> None:
    plain = render(redact(a_dossier(1), POLICE), load_assets(), archive=False)
    password = new_password()
    sealed = with_password(plain, password)
    for part in (b"Statenplein", b"Stopintimidatie", b"Dordrecht", b"pdfaid", b"<?xpacket"):
        assert part not in sealed
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(BytesIO(sealed), password=password.lower())
    with pikepdf.open(BytesIO(sealed), password=password) as opened:
        assert (opened.encryption.R, opened.encryption.bits) == (6, 256)
        assert opened.allow.accessibility
        assert not opened.allow.extract
        assert not opened.allow.modify_other
        metadata = bytes(opened.Root.Metadata.read_bytes())
        assert b"pdfaid" not in metadata
        assert b"pdfuaid" in metadata
        opened.save(tmp_path / "open.pdf", encryption=False)
    assert validate_pdf(tmp_path / "open.pdf", "ua1") == []
    assert len({new_password() for _ in range(50)}) == 50


# S8: rendering reads no file and opens no socket


@pytest.mark.alles
def test_a_logo_with_an_entity_bomb_or_no_picture_at_all_leaves_the_dossier_whole() -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "' + "&a;" * 10 + '">]>'
    for svg in (bomb + RED_DOT.replace("</svg>", "<text>&b;</text></svg>"), "geen plaatje"):
        logo = svg_logo(svg)
        pdf = drawn(redact(a_dossier(0, house=a_house(logo=logo)), POLICE))
        assert "Gevraagd van u" in words(pdf)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "http://169.254.169.254/",
        "https://example.com/x.css",
        "ftp://example.com/",
        "pakket:/../../etc/passwd",
        "pakket:/fonts/andere.woff",
        "data:text/css,p{}",
        "data:text/html;base64,PGI+",
        "data:image/svg+xml,<svg/>",
        "data:application/pdf;base64,AAAA",
        "",
    ],
)
def test_only_the_packages_fonts_and_pictures_in_the_document_are_answered(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(RefusedAddressError):
        PackageFetcher(load_assets()).fetch(url)


# Bounded


@pytest.mark.alles
def test_sixty_reports_stand_in_full_and_the_others_in_a_table() -> None:
    content = redact(a_dossier(75), INTERNAL)
    assert (len(content.reports), len(content.report_rows)) == (60, 15)
    text = words(drawn(content))
    assert "Dit document gaat over 75 meldingen. Hieronder staan er 60 volledig" in text
    assert "Alle andere meldingen" in text
    names = [report.pseudonym for report in content.reports]
    names += [row.pseudonym for row in content.report_rows]
    assert [name for name in names if name not in text] == []


@pytest.mark.alles
def test_1930_reports_are_one_valid_file_within_600_megabytes(tmp_path: Path) -> None:
    content = redact(a_dossier(1930), INTERNAL)
    bounds = Limits(cpu_seconds=120, memory_bytes=600 * MEGABYTE, file_bytes=20 * MEGABYTE)
    pdf = render_in_process(content, limits=bounds)
    assert 60 < len(PdfReader(BytesIO(pdf)).pages) < 110
    (tmp_path / "many.pdf").write_bytes(pdf)
    assert validate_pdf(tmp_path / "many.pdf") == []
