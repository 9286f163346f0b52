"""Pages of the demo by each role on a desktop: accessible, and nothing that the policy blocks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SignIn
from tests.support.answering import answering, plain
from tests.support.axe import complaints_of, problems_on

TOWN = "/gemeenten/dordrecht"
# The address of `live_dossier` comes in its place.
DOSSIER = "DOSSIER"
WORK = (
    TOWN,
    f"{TOWN}/dossiers",
    DOSSIER,
    f"{DOSSIER}?deel=chronologie",
    f"{DOSSIER}/uitvoer-aanvragen",
    "/zoeken?q=station",
    f"{TOWN}/postvak",
    f"{TOWN}/melding-invoeren",
    "/bestaat-niet",
)
OFFICER = "oov@dordrecht.example"
BY_ROLE = {
    OFFICER: WORK,
    # The others see much of the same; test_matrix_pages opens all that each of them may see.
    "dossierhouder@dordrecht.example": (DOSSIER, f"{DOSSIER}/bewerken", f"{TOWN}/uitvoer"),
    "beheer@dordrecht.example": (TOWN, f"{TOWN}/beheer"),
    "privacy@dordrecht.example": (f"{TOWN}/verstrekkingen", f"{DOSSIER}/logboek"),
    "fg@dordrecht.example": (TOWN, f"{TOWN}/logboek"),
    "meldpunt@landelijk.example": ("/landelijk", "/zoeken?q=station"),
}


@pytest.mark.alles
@pytest.mark.parametrize("username", BY_ROLE)
def test_pages_of_a_role_are_accessible(sign_in: SignIn, live_dossier: str, username: str) -> None:
    page = sign_in(username)
    complaints = complaints_of(page)
    wrong: dict[str, list[str]] = {}
    for path in BY_ROLE[username]:
        page.goto(path.replace(DOSSIER, live_dossier))
        if found := problems_on(page):
            wrong[path] = found
    assert not wrong
    assert not complaints


@pytest.mark.alles
@pytest.mark.parametrize("width", [1280, 320])
def test_report_and_triage_are_accessible(sign_in: SignIn, width: int) -> None:
    page = sign_in("oov@dordrecht.example", width=width)
    page.goto(f"{TOWN}/postvak")
    page.goto(page.locator("[data-rij] a").first.get_attribute("href") or "")
    assert problems_on(page) == []
    page.get_by_role("link", name="Meer vastleggen").first.click()
    assert problems_on(page) == []


@pytest.mark.alles
def test_on_a_phone_with_letters_of_twice_the_size_the_desk_reads_whole_words(
    sign_in: SignIn,
) -> None:
    page = sign_in("meldpunt@landelijk.example", width=320)
    page.goto("/landelijk")
    # A link of one word is one line; in three columns it was three.
    double(page)
    for name in ("Bellijst", "Cijfers"):
        assert len(page.get_by_role("link", name=name).last.evaluate(LINES)) == 1
    page.goto(page.locator("[data-rij] a").first.get_attribute("href") or "")
    double(page)
    widths = page.locator(".wb-pane dd").evaluate_all("all => all.map(one => one.clientWidth)")
    assert min(width for width in widths if width) > 150


LINES = "link => [...link.getClientRects()].map(line => line.width)"


def double(page: Page) -> None:
    page.evaluate("document.documentElement.style.fontSize = '200%'")


@pytest.mark.alles
def test_a_printed_page_says_of_when_it_is_and_offers_nothing_to_do(
    sign_in: SignIn, live_dossier: str
) -> None:
    page = sign_in(OFFICER)
    for path in (live_dossier, f"{TOWN}/postvak"):
        page.goto(path)
        assert not page.get_by_text("Vertrouwelijk. Stand van").is_visible()
        page.emulate_media(media="print")
        assert page.get_by_text("Vertrouwelijk. Stand van").is_visible()
        shown = [
            one.inner_text()
            for one in page.locator("main a, main button").all()
            if one.is_visible()
        ]
        actions = ("Bijwerken", "Markeer het", "Eerdere versies", "Wijzigen", "Bekijk")
        assert not [text for text in shown if text.startswith(actions)]
        page.emulate_media(media="screen")


@pytest.mark.alles
def test_pages_of_who_is_locked_out_are_accessible(sign_in: SignIn) -> None:
    page = sign_in("fg@dordrecht.example", width=390)
    page.context.clear_cookies()
    page.goto("/aanmelden")
    while not page.get_by_role("button", name="Stuur mij een mail").count():
        page.fill("[name=gebruikersnaam]", "vreemd@test.example")
        page.fill("[name=wachtwoord]", "een verkeerd wachtwoord")
        page.click("button[name=aanmelden]")
    assert problems_on(page) == []
    page.get_by_role("button", name="Stuur mij een mail").click()
    assert "er een mail onderweg" in page.content()
    assert problems_on(page) == []
    for path in ("/aanmelden-link", "/aanmelden-openen?sleutel=x"):
        page.goto(path)
        assert problems_on(page) == []


@pytest.mark.alles
@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.alles)])
def test_enter_in_any_field_of_triage_does_what_was_chosen(sign_in: SignIn, scripts: bool) -> None:
    page = sign_in("oov@dordrecht.example", width=390, scripts=scripts)
    # Both of a form that asks for a second look, so that this double needs none.
    page.goto(f"{TOWN}/postvak?toestand=nieuw&vorm=hinderlijk_volgen")
    rows = page.locator("[data-rij] a").all()
    found = [(row.get_attribute("href") or "").rpartition("=")[2] for row in rows]
    # Each half has reports of its own: whoever has a double that waits for contact isn't closed.
    first, other = (found[0], found[-1]) if scripts else found[1:3]
    page.goto(f"/m/{first}")
    page.goto(f"{page.url}/triage")
    page.get_by_role("link", name="Lees eerst wat de melder zegt").click()
    page.wait_for_url("**/triage#melder-zegt")
    page.check("[name='beoordeling.gevaar'][value=nee]")
    page.check("[name='contact.hoe'][value=geen]")
    double = page.locator("[name='besluit.dubbel_van']")
    assert not double.is_visible()
    page.keyboard.press("3") if scripts else page.check("[name='besluit.wat'][value=dubbel]")
    assert page.is_checked("[name='besluit.wat'][value=dubbel]")
    assert not page.locator("[name='besluit.dossier']").is_visible()
    double.fill(other)
    assert not scripts or problems_on(page) == []
    double.press("Enter")
    page.get_by_text("Toestand: Niet in behandeling").wait_for()


def test_another_site_signs_nobody_out_and_the_own_page_does(
    sign_in: SignIn, demo_address: str
) -> None:
    page = sign_in(OFFICER)
    token = page.locator("[name=csrf_token]").first.input_value()
    for policy in ("same-origin", "no-referrer"):
        form = (
            f'<meta name="referrer" content="{policy}">'
            f'<form action="{demo_address}/afmelden" method="post">'
            f'<input name="csrf_token" value="{token}"><button>Win een taart</button></form>'
        )
        with answering(plain(form.encode(), "text/html")) as port:
            # Another port is another origin of the same site: the cookies go along.
            page.goto(f"http://127.0.0.1:{port}/")
            page.click("button")
        assert "andere website" in page.inner_text("main")
    page.goto("/")
    assert "/aanmelden" not in page.url
    page.locator("[action='/afmelden'] button").first.evaluate("button => button.click()")
    page.wait_for_url("**/aanmelden?*")


@pytest.mark.parametrize("path", ["/aanmelden", "/verificatie", "/cursus", "/cursus/1"])
def test_public_pages_are_accessible(sign_in: SignIn, path: str) -> None:
    page = sign_in("fg@dordrecht.example", width=390)
    page.context.clear_cookies()
    page.goto(path)
    assert problems_on(page) == []


@pytest.mark.alles
@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("oov@dordrecht.example", TOWN),
        ("oov@dordrecht.example", f"{TOWN}/postvak"),
        ("oov@dordrecht.example", DOSSIER),
        ("meldpunt@landelijk.example", "/landelijk"),
        (None, "/melden/dordrecht"),
        (None, "/cursus/1"),
    ],
)
def test_a_first_visit_transfers_at_most_a_hundred_kilobytes(
    sign_in: SignIn, live_dossier: str, username: str | None, path: str
) -> None:
    path = path.replace(DOSSIER, live_dossier)
    page = sign_in(username or "fg@dordrecht.example")
    page.goto("/aanmelden" if username is None else path, wait_until="networkidle")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    sizes: dict[str, float] = {}
    session.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    page.goto(path, wait_until="networkidle")
    # The page, its sheets and its scripts were counted at all.
    assert len(sizes) > 5
    assert sum(sizes.values()) <= 100_000
