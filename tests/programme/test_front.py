"""The front page for strangers, and the files of the programme filled in for a town."""

from __future__ import annotations

from contextlib import ExitStack
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from pptx import Presentation
from pypdf import PdfReader

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.web.limits import IN_LINE
from stopintimidatie.municipalities.areas.queries import find_municipality
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.programme.front.views import AUDIENCES, offers_for
from stopintimidatie.programme.queries import Figures, _effort
from stopintimidatie.statistics.models import FigureRelease
from stopintimidatie.statistics.release.services import ReleasedTable
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.installation import Installation

FILES = sorted(name for code in AUDIENCES for row in offers_for(code) for name, _ in row.files)


def words_of(answer: Any) -> str:
    """All that stands in a DOCX, a PPTX or a PDF."""
    body = BytesIO(answer.body)
    if answer.content_type == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(body).pages)
    if answer.content_disposition.endswith('.docx"'):
        document = Document(body)
        cells = (cell.text for table in document.tables for cell in table._cells)
        return "\n".join([row.text for row in document.paragraphs] + list(cells))
    shapes = [shape for slide in Presentation(body).slides for shape in slide.shapes]
    cells = (cell.text for shape in shapes if shape.has_table for cell in shape.table.iter_cells())
    return "\n".join([s.text_frame.text for s in shapes if s.has_text_frame] + list(cells))


def forward(installation: Installation) -> None:
    with installation.transaction() as session:
        profile = session.get(MunicipalityProfile, EINDHOVEN) or MunicipalityProfile(code=EINDHOVEN)
        profile.noted_level = ParticipationLevel.FORWARDING
        session.add(profile)


def publish(installation: Installation, numbers: dict[str, Any], holder: str = DORDRECHT) -> None:
    with installation.transaction(holder) as session:
        for quarter, number in numbers.items():
            row = FigureRelease(holder=holder, quarter=quarter, tables={"totaal": number})
            row.published_at = utc_now()
            session.add(row)


def test_a_stranger_reads_what_it_is_and_where_to_report_it(installation: Installation) -> None:
    page = installation.visitor().get("/", status=200)

    for words in ("nafluiten", "in het openbaar vervoer", "niet uw schuld", "Bel 112"):
        assert words in page.text
    hrefs = {link.get("href") for link in page.html.select("a")}
    assert {"/melden", "/volgen", "/aansluiten", "/programma", "/cursus", "/aanmelden"} <= hrefs
    assert f"mailto:{installation.settings.contact}" in hrefs


def test_who_is_signed_in_goes_on_to_work(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert browser.get("/", status=303).location.endswith("/gemeenten/dordrecht")


def test_the_front_page_speaks_english_to_who_reads_it(installation: Installation) -> None:
    page = installation.visitor().get("/", headers={"Accept-Language": "en"})
    assert page.html.html["lang"] == "en"
    assert "not your fault" in page.text
    assert "wolf whistling" in page.text
    assert installation.visitor().get("/?taal=en").html.html["lang"] == "en"


def test_each_town_tells_what_happens_with_a_report_and_no_more(installation: Installation) -> None:
    connect(installation)
    forward(installation)
    visitor = installation.visitor()

    def told(name: str) -> str:
        return str(
            visitor.get("/", {"gemeente": name}, status=200)
            .html.select_one("div[role=status] p")
            .text
        )

    assert "Dordrecht doet mee" in told("Dordrecht")
    assert "neemt uw melding aan" in told("Tilburg")
    # With an agreement or without: a stranger can't tell.
    assert told("eindhoven") == told("Tilburg").replace("Tilburg", "Eindhoven")
    for name in ("Dordrecht", "Eindhoven", "Tilburg"):
        page = visitor.get("/", {"gemeente": name}).html
        assert "geweigerd" not in page.main.text
        assert "wacht" not in page.main.text
        assert [image["src"][:16] for image in page.select("img")] == ["/static/logo.svg"]


def test_each_name_in_the_list_is_understood(installation: Installation) -> None:
    page = installation.visitor().get("/")
    names = [option["value"] for option in page.html.select("#gemeenten option")]
    assert {"Den Haag", "'s-Gravenhage", "Dordrecht"} <= set(names)
    with installation.transaction() as session:
        assert [name for name in names if find_municipality(session, name) is None] == []


@pytest.mark.parametrize("path", ["/", "/programma"])
def test_a_name_that_is_no_town_is_refused_with_towns_like_it(
    installation: Installation, path: str
) -> None:
    visitor = installation.visitor()
    page = visitor.get(path, {"gemeente": "dor"}, status=404)
    assert page.html.select_one("#welke")["aria-invalid"] == "true"
    assert page.html.select_one("#welke")["value"] == "dor"
    assert page.click("Dordrecht", index=0).status_int == 200
    assert "Wij kennen geen gemeente" in visitor.get(path, {"gemeente": "Atlantis<"}, status=404)


@pytest.mark.parametrize("name", FILES)
def test_each_file_opens_names_the_town_and_says_which_edition_it_is(
    installation: Installation, name: str
) -> None:
    page = installation.visitor().get("/programma", {"gemeente": "dordrecht"})
    answer = page.click(href=f"/programma/{name}[?]")

    assert answer.content_disposition == f'attachment; filename="dordrecht-{name}"'
    words = words_of(answer)
    assert "Dordrecht" in words
    assert "naam van de gemeente" not in words
    if not name.endswith("docx"):
        assert "concept" in words


@pytest.mark.parametrize("audience", ["driehoek", "college", "raad"])
def test_a_presentation_has_twelve_slides_that_end_with_the_decision(
    installation: Installation, audience: str
) -> None:
    file = installation.visitor().get(f"/programma/draagvlakpresentatie-{audience}.pptx")
    slides = list(Presentation(BytesIO(file.body)).slides)

    assert len(slides) == 12
    assert slides[-1].shapes.title.text == "Gevraagd besluit"
    assert all(len(slide.notes_slide.notes_text_frame.text.split()) > 30 for slide in slides)


def test_a_zip_holds_all_files_of_its_audience(installation: Installation) -> None:
    answer = installation.visitor().get("/programma/raad.zip")
    names = [name for offer in offers_for("raad") for name, _ in offer.files]
    with ZipFile(BytesIO(answer.body)) as archive:
        assert sorted(archive.namelist()) == sorted([*names, "LEESMIJ.txt"])
        assert archive.read("LEESMIJ.txt").decode().count("concept") == len(offers_for("raad"))


def test_figures_are_those_that_the_town_published_else_those_of_the_country(
    installation: Installation,
) -> None:
    connect(installation)
    name = "/programma/draagvlakpresentatie-raad.pdf"

    def chart(town: str) -> str:
        file = installation.visitor().get(name.replace("pdf", "pptx"), {"gemeente": town})
        drawn = list(Presentation(BytesIO(file.body)).slides)[2].placeholders[1]
        if not drawn.has_chart:
            return str(drawn.text_frame.text)
        return str(drawn._element.nvGraphicFramePr.cNvPr.get("descr"))

    assert chart("dordrecht") == "Er zijn nog geen openbare cijfers."
    publish(installation, {"2026-1": 135, "2026-2": None})
    assert chart("dordrecht").endswith("de gemeente Dordrecht, 2026: 2026-1 135, 2026-2 <5.")
    assert chart("tilburg").endswith("samen, 2026: 2026-1 135, 2026-2 0.")


def test_figures_of_others_are_never_shown_as_those_of_the_town() -> None:
    quarters = ReleasedTable("kwartaal", "", [("2026, kwartaal 1", 60), ("2025, kwartaal 4", 30)])
    forms = ReleasedTable("vormgroep", "2025", [("verbaal", 25), ("fysiek", 10)], 30)
    own, others = (Figures("Dordrecht", [quarters, forms], own=own) for own in (True, False))

    assert _effort(own)["reports_month"] == 15
    assert _effort(others)["reports_month"] == "[[aantal meldingen per maand]]"
    # One year in all of a text, and a total that says why the rows add up to more.
    assert (own.period, own.total) == ("2025", 30)
    assert "2026" not in own.chart("kwartaal") + own.table("kwartaal")
    assert "kan in meer rijen staan) | 30 |" in own.table("vormgroep")


def test_notes_of_a_speaker_hold_no_signs_of_markup(installation: Installation) -> None:
    publish(installation, {"2026-1": 135})
    for audience in ("driehoek", "college", "raad"):
        path = f"/programma/draagvlakpresentatie-{audience}.pptx?gemeente=dordrecht"
        file = installation.visitor().get(path)
        for slide in Presentation(BytesIO(file.body)).slides:
            assert ">" not in slide.notes_slide.notes_text_frame.text


def test_what_the_town_did_not_publish_is_in_no_file(installation: Installation) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        session.add(FigureRelease(holder=DORDRECHT, quarter="2026-1", tables={"totaal": 735}))
    answer = installation.visitor().get("/programma/raad.zip?gemeente=dordrecht")
    with ZipFile(BytesIO(answer.body)) as archive:
        deck = archive.read("draagvlakpresentatie-raad.pptx")
    shapes = [shape for slide in Presentation(BytesIO(deck)).slides for shape in slide.shapes]
    assert not any(shape.has_chart for shape in shapes)


def test_a_changed_setting_changes_the_files(installation: Installation, variant: Any) -> None:
    changes = {"price": "€ 0,10 per inwoner", "log_keep_years": 7, "backup_keep_days": 33}
    other = variant(**changes)
    told = {"collegevoorstel": ["€ 0,10 per inwoner"], "ciso": ["toevoegen; 7 jaar", "33 dagen"]}
    for name, words in told.items():
        path = f"/programma/{name}.docx"
        before, after = (words_of(made.visitor().get(path)) for made in (installation, other))
        assert not [word for word in words if word in before]
        assert not [word for word in words if word not in after]


@pytest.mark.parametrize(
    "path",
    [
        "/programma/x.pdf",
        "/programma/x.zip",
        "/programma/.zip",
        "/programma/kcc.pptx",
        "/programma/kcc.docx?gemeente=atlantis",
    ],
)
def test_what_is_not_there_is_not_found(installation: Installation, path: str) -> None:
    installation.visitor().get(path, status=404)


def test_a_pdf_that_can_not_be_drawn_now_says_to_come_back(installation: Installation) -> None:
    with ExitStack() as line:
        for _ in range(IN_LINE):
            line.enter_context(installation.registry.drawing_places.in_line())
        page = installation.visitor().get("/programma/kcc.pdf", status=503)
    assert "Probeer het over een paar minuten nog eens" in page.text
