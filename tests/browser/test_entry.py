"""A report by telephone, entered while somebody talks: few clicks, one screen, story first."""

from __future__ import annotations

import pytest
import shapely
from playwright.sync_api import Locator, expect

from stopintimidatie.municipalities.areas.drawing import sketch
from stopintimidatie.municipalities.areas.queries import present_neighbourhoods_of
from tests.browser.conftest import SignIn, look
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.visible import all_problems_on

ENTRY = "/gemeenten/dordrecht/melding-invoeren"
OFFICER = "oov@dordrecht.example"
# Controls that a usual report needs beside what is typed, in the order of Tab.
USUAL = (
    ("hoe.vormen", "naroepen"),
    ("hoe.vormen", "hinderlijk_volgen"),
    ("hoe.typePlek", "straat_plein"),
    ("hoe.contactGewenst", "bellen"),
    ("hoe.leeftijdsgroep", "25_34"),
    ("hoe.delen", "politie"),
)
# Controls that stand open, each wholly above the bar with the button.
HIDDEN_BELOW = """() => {
  const bar = document.querySelector(".si-entry .si-buttons").getBoundingClientRect();
  const seen = [...document.querySelectorAll(".si-entry .si-fieldset :is(input, select, textarea)")]
    .filter((control) => control.type !== "hidden" && control.checkVisibility());
  const under = seen.filter((control) => control.getBoundingClientRect().bottom > bar.top);
  const names = under.map((control) => control.name);
  return [seen.length > 40, scrollY, bar.bottom <= innerHeight, names];
}"""


@pytest.fixture(autouse=True)
def drawn(demo_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of Dordrecht, of which the demo has no outlines: its wijken as strips."""
    with demo_installation.transaction() as session:
        areas = [(a.code, a.name) for a in present_neighbourhoods_of(session, DORDRECHT)]
    strips = [(*area, shapely.box(n, 51, n + 1, 58)) for n, area in enumerate(areas)]
    sketches = demo_installation.registry.sketches
    monkeypatch.setattr(sketches, "sketch_of", lambda session, code: sketch(strips))


def test_a_usual_report_by_telephone_takes_eight_clicks_on_one_screen(sign_in: SignIn) -> None:
    page, clicks = sign_in(OFFICER), 0

    def click(place: Locator) -> None:
        nonlocal clicks
        place.click()
        clicks += 1

    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(ENTRY)
    expect(page.locator("[name='wat.omschrijving']")).to_be_focused()
    page.keyboard.type("Twee mannen riepen haar na en liepen mee tot het station.")
    page.keyboard.press("Tab")
    page.keyboard.type("bij de fietsenstalling")
    page.fill("[name='wat.tijd']", "00:01")
    for name, code in USUAL:
        click(page.locator(f"[name='{name}'][value='{code}']"))
    page.fill("[name='hoe.telefoon']", "0612345678")
    assert page.evaluate(HIDDEN_BELOW) == [True, 0, True, []]
    click(page.get_by_role("button", name="Melding bewaren"))
    expect(page.get_by_text("Lees dit voor aan de melder")).to_be_visible()
    assert clicks <= 8


def test_on_a_phone_the_story_comes_first_and_nothing_is_wider_than_the_page(
    sign_in: SignIn,
) -> None:
    page = sign_in(OFFICER, width=390)
    page.goto(ENTRY)
    first = page.locator("#formulier :is(input, select, textarea):not([type=hidden])").first
    expect(first).to_have_attribute("name", "wat.omschrijving")
    expect(first).to_be_in_viewport(ratio=1)
    look(page, "invoeren", 1280, 390)


def test_names_of_places_are_proposed_and_a_tap_on_the_map_loses_nothing(sign_in: SignIn) -> None:
    page = sign_in(OFFICER)
    page.goto(ENTRY)
    page.keyboard.type("Hij riep mij na.")
    sent = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    page.keyboard.press("Tab")
    page.keyboard.type("station")
    expect(page.locator("#plekken option")).not_to_have_count(0)
    assert not [url for url, _ in sent if "station" in url.lower()]
    # The story stays where it is until the report is kept.
    assert not [data for _, data in sent if "riep" in data]
    page.keyboard.press("Tab")
    expect(page.locator("[name='wat.wijk']")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    picture = page.locator("input[type=image]")
    expect(picture).to_be_visible()
    picture.click(position={"x": 140, "y": 140})
    expect(page.locator("[name='wat.wijk']")).not_to_have_value("")
    expect(page.locator("[name='wat.wijk']")).to_be_in_viewport()
    expect(page.locator("[name='wat.omschrijving']")).to_have_value("Hij riep mij na.")
    expect(page.locator("[name='wat.plek']")).to_have_value("station")


@pytest.mark.alles
def test_entry_and_calls_serve_who_reads_large_in_the_dark_or_by_keyboard(sign_in: SignIn) -> None:
    page = sign_in(OFFICER)
    page.goto(ENTRY)
    page.get_by_text("Kies op de kaart").click()
    look(page, "invoeren-kaart", 1280, 390, 320)
    assert all_problems_on(page) == []
    page.goto("/gemeenten/dordrecht/bellen")
    look(page, "bellen", 1280, 390, 320)
    assert all_problems_on(page) == []
