"""The material of a campaign: its page and files, and the link for who has no account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pikepdf
import pytest
import zxingcpp
from docx import Document
from PIL import Image
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.limits import Meter
from stopintimidatie.core.security import Role
from stopintimidatie.core.web.limits import NoPlaceError
from stopintimidatie.exports.document.process import RenderingError
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.programme.kit import services, views
from stopintimidatie.programme.kit.services import ENDINGS, FORMATS, TEXT
from stopintimidatie.reports.campaigns.models import Campaign
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite
HERE = "/gemeenten/dordrecht"
PAGE = f"{HERE}/campagnemateriaal?code=zomer-2026"
FILE = f"{HERE}/campagnemateriaal-bestand?code=zomer-2026&bestand="
SITE = "http://localhost:6543"
LINK = f"{SITE}/melden/dordrecht?c=zomer-2026"
# Points of a page for each millimetre.
POINTS = 72 / 25.4


@pytest.fixture(autouse=True)
def campaign(installation: Installation) -> None:
    logo = BytesIO()
    Image.new("RGB", (64, 32), "#9b1c31").save(logo, "PNG")
    connect(installation, logo=logo.getvalue(), contact={"telefoon": "14 078"})
    connect(installation, EINDHOVEN)
    with installation.transaction(DORDRECHT) as session:
        row = {"code": "zomer-2026", "name": "Zomer 2026", "since": date(2026, 6, 1)}
        session.add(Campaign(holder=DORDRECHT, **row))


def browser_of(installation: Installation, role: Role, holder: str = DORDRECHT) -> Any:
    return installation.browser(make_user(installation, (holder, role)))


def share(browser: Any, status: int = 303, **fields: str) -> Any:
    token = browser.get("/account").html.select_one("[name=csrf_token]")["value"]
    sent = {"csrf_token": token, "code": "zomer-2026", **fields}
    return browser.post(f"{HERE}/campagnemateriaal-delen", sent, status=status)


def link_on(page: Any) -> str:
    links = [link["href"] for link in page.html.select("main a")]
    (shared,) = (link for link in links if "/campagnemateriaal/" in link)
    return str(shared).removeprefix(SITE)


def logged(installation: Installation) -> list[str]:
    with installation.transaction(DORDRECHT) as session:
        rows = select(AuditEvent.action).where(AuditEvent.action.like("campagne.%"))
        return list(session.scalars(rows.order_by(AuditEvent.at)))


def test_the_zip_holds_every_picture_in_its_size_with_a_code_that_leads_to_the_campaign(
    installation: Installation,
) -> None:
    answer = browser_of(installation, Role.OFFICER).get(f"{FILE}alles.zip")
    assert answer.headers["Content-Disposition"].endswith('="dordrecht-zomer-2026-alles.zip"')
    with ZipFile(BytesIO(answer.body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    pictures = {f"{name}/{name}.{ending}" for name in FORMATS for ending in ENDINGS}
    assert files.keys() == {*pictures, "teksten/teksten.docx", "LEESMIJ.txt"}
    edition = files["LEESMIJ.txt"].decode()
    assert edition.startswith("Teksten bij de campagne Zomer 2026: Versie ")
    assert edition.endswith("concept")
    for name, form in FORMATS.items():
        picture = Image.open(BytesIO(files[f"{name}/{name}.png"]))
        height = round(form["pixels"] * form["height"] / form["width"])
        assert picture.width == form["pixels"]
        assert abs(picture.height - height) <= 1
        (code,) = zxingcpp.read_barcodes(picture)
        assert code.text == LINK
        assert code.ec_level in ("M", "Q", "H")
        _assert_accessible(files[f"{name}/{name}.pdf"], form)
    words = "\n".join(
        row.text for row in Document(BytesIO(files["teksten/teksten.docx"])).paragraphs
    )
    assert LINK in words
    assert "14 078" in words
    assert "{" not in words
    installation.visitor().get(LINK.removeprefix(SITE))


def _assert_accessible(file: bytes, form: dict[str, Any]) -> None:
    with pikepdf.open(BytesIO(file)) as pdf:
        (page,) = pdf.pages
        sizes = [float(side) / POINTS for side in page.mediabox[2:]]
        assert sizes == pytest.approx([form["width"], form["height"]], abs=0.1)
        figures = [row for row in pdf.objects if _is_figure(row)]
        (words,) = (str(figure.Alt) for figure in figures)
        assert words.startswith(f"{form['title']} van Gemeente Dordrecht: ")
        assert TEXT.more["danger"] in words


def _is_figure(row: Any) -> bool:
    return isinstance(row, pikepdf.Dictionary) and row.get("/S") == "/Figure"


def test_the_page_shows_each_picture_with_words_for_who_cannot_see_it(
    installation: Installation,
) -> None:
    browser = browser_of(installation, Role.DATA_PROTECTION_OFFICER)
    row = browser.get(f"{HERE}/campagnes").html.select_one("[data-label=Materiaal] a")
    page = browser.get(row["href"])
    shown = page.html.select("main img")
    assert len(shown) == len(FORMATS)
    for picture in shown:
        assert "Bel 112" in picture["alt"]
        drawn = browser.get(picture["src"])
        assert drawn.content_type == "image/svg+xml"
        assert "Gemeente Dordrecht" in drawn
        assert "14 078" in drawn
        assert "data:image/png;base64," in drawn
    assert "Link maken" not in page


def test_another_headline_stands_in_every_picture(installation: Installation) -> None:
    browser = browser_of(installation, Role.ADMIN)
    second = TEXT.more["headlines"][1]
    page = browser.get(PAGE).click(href="kop=2")
    assert f"{second} (gekozen)" in page
    for picture in page.html.select("main img"):
        assert second in picture["alt"]
    for number in ("0", "4", "%C2%B2", "x&bestand=1"):
        assert f"{TEXT.more['headlines'][0]} (gekozen)" in browser.get(f"{PAGE}&kop={number}")


def test_what_is_not_there_is_not_found(installation: Installation) -> None:
    browser = browser_of(installation, Role.ADMIN)
    for address in (f"{FILE}poster-a9.svg", FILE, FILE.replace("zomer", "winter") + "banner.svg"):
        browser.get(address, status=404)
    browser.get(f"{HERE}/campagnemateriaal", status=404)
    share(browser, 404, code="winter-2026")
    browser_of(installation, Role.ADMIN, EINDHOVEN).get(PAGE, status=404)


def test_the_admin_shares_the_material_and_ends_it_and_both_are_in_the_log(
    installation: Installation,
) -> None:
    browser = browser_of(installation, Role.ADMIN)
    address = link_on(share(browser, delen="ja").follow())
    assert len(address) > len("/campagnemateriaal/GM0505") + 32
    # Nothing of the portal is needed, nor in the way.
    for visitor in (installation.visitor(), browser_of(installation, Role.OFFICER, EINDHOVEN)):
        page = visitor.get(address)
        assert "Gemeente Dordrecht" in page.html.title.text
        assert "Delen zonder account" not in page
        for picture in page.html.select("main img"):
            visitor.get(picture["src"], status=200)
        assert visitor.get(f"{address}/bestand?bestand=teksten.docx").body[:2] == b"PK"
        visitor.get(f"{address}/bestand?bestand=anders", status=404)
    drawn = installation.visitor().get(f"{address}/bestand?bestand=banner.png")
    assert zxingcpp.read_barcodes(Image.open(BytesIO(drawn.body)))[0].text == LINK
    assert "De link werkt niet meer" in share(browser).follow()
    installation.visitor().get(address, status=404)
    installation.visitor().get(f"{address}/bestand?bestand=banner.svg", status=404)
    assert link_on(share(browser, delen="ja").follow()) != address
    assert logged(installation) == [
        "campagne.gedeeld",
        "campagne.delen_gestopt",
        "campagne.gedeeld",
    ]


@pytest.mark.parametrize(
    "token", ["", "x", "GM0505", f"GM0505{'x' * 36}", f"GM0772{'x' * 36}", "%C3%A9" * 42, "%09"]
)
def test_an_unknown_link_is_not_found(installation: Installation, token: str) -> None:
    answer = installation.visitor().get(f"/campagnemateriaal/{token}", status=404)
    assert "Deze pagina is er niet" in answer


def test_a_link_opens_nothing_of_another_campaign(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = {"code": "herfst-2026", "name": "Herfst", "since": date(2026, 9, 1)}
        session.add(Campaign(holder=DORDRECHT, **row))
    address = link_on(share(browser_of(installation, Role.ADMIN), delen="ja").follow())
    page = installation.visitor().get(f"{address}?code=herfst-2026")
    assert "Herfst" not in page
    assert "zomer-2026" in page


def test_only_the_admin_shares(installation: Installation) -> None:
    share(browser_of(installation, Role.OFFICER), 403, delen="ja")
    assert logged(installation) == []


def test_a_stranger_gets_no_more_drawings_than_the_limit(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = link_on(share(browser_of(installation, Role.ADMIN), delen="ja").follow())
    few = Meter("materiaal", 1, timedelta(minutes=15))
    monkeypatch.setattr(views, "DRAWN", few)
    monkeypatch.setattr(services, "draw_now", lambda request, content: b"%PDF")
    file, visitor = f"{address}/bestand?bestand=", installation.visitor()
    assert visitor.get(f"{file}banner.pdf").body == b"%PDF"
    assert "Wacht een kwartier" in visitor.get(f"{file}banner.pdf", status=429)
    visitor.get(f"{file}banner.svg")
    # Who signs in works on.
    browser_of(installation, Role.OFFICER).get(f"{FILE}banner.pdf")


def _no_place(*given: Any) -> None:
    raise NoPlaceError


def _broken(*content: Any, **limits: Any) -> bytes:
    raise RenderingError("te veel")


@pytest.mark.parametrize(
    ("where", "instead"),
    [
        ("stopintimidatie.exports.document.services.heavy_work", _no_place),
        ("stopintimidatie.exports.document.services.render_in_process", _broken),
        ("stopintimidatie.programme.kit.services.heavy_work", _no_place),
    ],
)
def test_what_cannot_be_drawn_now_says_so(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    instead: Callable[..., Any],
) -> None:
    monkeypatch.setattr(where, instead)
    answer = browser_of(installation, Role.OFFICER).get(f"{FILE}banner.png", status=503)
    assert "Dit bestand kan nu niet worden gemaakt" in answer


def test_without_a_number_of_the_town_the_privacy_address_and_then_the_desk_answers(
    installation: Installation,
) -> None:
    town = f"{HERE.replace('dordrecht', 'eindhoven')}/campagnemateriaal-bestand"
    with installation.transaction(EINDHOVEN) as session:
        row = {"code": "zomer-2026", "name": "Zomer", "since": date(2026, 6, 1)}
        session.add(Campaign(holder=EINDHOVEN, **row))
    browser = browser_of(installation, Role.OFFICER, EINDHOVEN)
    drawn = browser.get(f"{town}?code=zomer-2026&bestand=poster-a4.svg")
    assert installation.settings.contact in drawn
    assert "<image" not in drawn
    with installation.transaction() as session:
        content = {"privacyadres": "privacy@eindhoven.example"}
        part = Part.ACCOUNTABILITY
        session.add(MunicipalitySetting(owner=EINDHOVEN, part=part, number=1, content=content))
    drawn = browser.get(f"{town}?code=zomer-2026&bestand=poster-a4.svg")
    assert "privacy@eindhoven.example" in drawn
