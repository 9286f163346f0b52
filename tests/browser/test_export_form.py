"""The form for an export in a browser without scripts: short; what belongs to a choice opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.axe import problems_on
from tests.support.exporting import Case, answers, make_case
from tests.support.installation import PASSWORD, Installation
from tests.support.served import in_thread

DEMAND = ("vordering_artikel", "vordering_nummer", "vordering_functionaris", "vordering_datum")


@pytest.fixture
def case(installation: Installation) -> Case:
    return make_case(installation)


@pytest.fixture(
    params=[pytest.param(False, marks=pytest.mark.alles), True],
    ids=["zonder scripts", "met scripts"],
)
def phone(request: pytest.FixtureRequest, chromium_browser: Browser, case: Case) -> Iterator[Page]:
    """Somebody who asks for exports, on a phone; once with scripts switched off."""
    with in_thread(case.installation.app) as address:
        context = chromium_browser.new_context(
            viewport={"width": 390, "height": 844},
            java_script_enabled=request.param,
            base_url=address,
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        sign_in(page, case, "aanvrager")
        yield page
        context.close()


def sign_in(page: Page, case: Case, who: str) -> None:
    page.context.clear_cookies()
    page.goto("/aanmelden")
    page.fill("[name=gebruikersnaam]", case.people[who])
    page.fill("[name=wachtwoord]", PASSWORD)
    page.click("button[name=aanmelden]")


def looked_at(page: Page, name: str, *, scripts: bool) -> list[str]:
    """What axe says, which takes scripts; a picture where somebody wants to look."""
    folder = os.environ.get("KIJK_MAP")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    return problems_on(page) if scripts else []


def in_sight(page: Page, prefix: str = "") -> list[str]:
    return [one for one in DEMAND if page.locator(f"[name='{prefix}{one}']").is_visible()]


@pytest.mark.alles
def test_what_belongs_to_a_choice_opens_with_it_and_after_a_mistake(
    phone: Page, case: Case, request: pytest.FixtureRequest
) -> None:
    page, scripts = phone, "met scripts" in request.node.name
    page.goto(f"{case.path}/uitvoer-aanvragen")
    reason, why = page.locator("[name=spoed_reden]"), page.locator("[name='toch.melding_3.reden']")
    assert in_sight(page) == []
    assert not reason.is_visible()
    assert not why.is_visible()
    assert looked_at(page, "aanvragen", scripts=scripts) == []

    page.select_option("[name=grondslag]", "avg_6_1_c_vordering")
    assert in_sight(page) == list(DEMAND)
    page.check("[name=spoed]")
    assert reason.is_visible()
    assert looked_at(page, "aanvragen-open", scripts=scripts) == []
    page.select_option("[name=grondslag]", "avg_6_1_e_openbare_orde")
    assert in_sight(page) == []

    # A mistake behind a door that is closed: it is open on the next page.
    page.locator("summary", has_text="Niet zonder grond te delen").click()
    page.locator("summary", has_text="M-03").click()
    why.fill("Er is gevaar.")
    page.fill("[name=spoed_reden]", "Er is vanavond gevaar.")
    page.fill("[name=ontvanger]", "Basisteam")
    page.fill("[name=vraag]", "Wilt u meekijken?")
    page.check("[name=soort_ontvanger][value=politie]")
    page.click("button[name=aanvragen]")
    assert page.locator("[data-veld='toch.melding_3.grondslag'] .si-error").is_visible()
    assert why.is_visible()
    assert looked_at(page, "aanvragen-fout", scripts=scripts) == []


@pytest.mark.alles
def test_the_form_for_several_is_as_short(
    phone: Page, case: Case, request: pytest.FixtureRequest
) -> None:
    page, scripts = phone, "met scripts" in request.node.name
    page.goto(f"{case.path}/uitvoer-samen?voor=politie&voor=zorg_welzijn")
    assert in_sight(page, "ontvanger_1.") == []
    page.select_option("[name='ontvanger_2.grondslag']", "avg_6_1_c_vordering")
    assert in_sight(page, "ontvanger_2.") == list(DEMAND)
    assert in_sight(page, "ontvanger_1.") == []
    assert looked_at(page, "samen", scripts=scripts) == []


@pytest.mark.alles
def test_the_box_of_a_preview_can_be_ticked_once_that_was_opened(
    phone: Page, case: Case, request: pytest.FixtureRequest
) -> None:
    scripts = "met scripts" in request.node.name
    asked = asked_together(case, "politie", "zorg_welzijn", "woningcorporatie")
    sign_in(phone, case, "beslisser")
    phone.goto(f"{asked}/beoordelen?samen=ja")
    boxes = phone.get_by_role("checkbox", name="Ik heb het voorbeeld")
    assert [box.is_enabled() for box in boxes.all()] == [not scripts] * 3
    phone.locator("summary", has_text="Voorbeeld voor Zorg en welzijn").click()
    phone.get_by_label("Ik heb het voorbeeld voor Zorg en welzijn bekeken").check()
    assert [box.is_enabled() for box in boxes.all()] == [not scripts, True, not scripts]


@pytest.mark.alles
def test_two_previews_stand_beside_each_other_and_on_a_phone_below(
    phone: Page, case: Case, request: pytest.FixtureRequest
) -> None:
    scripts = "met scripts" in request.node.name
    asked = asked_together(case, "politie", "zorg_welzijn")
    sign_in(phone, case, "beslisser")
    phone.goto(f"{asked}/beoordelen?samen=ja")
    assert beside(phone) == {1280: True, 390: False}
    # They are open already, so both boxes are free.
    for box in phone.get_by_role("checkbox", name="Ik heb het voorbeeld").all():
        box.check()
    assert looked_at(phone, "samen-beoordelen", scripts=scripts) == []


def beside(page: Page) -> dict[int, bool]:
    """Tell by width whether the second preview stands beside the first."""
    found = {}
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        boxes = page.locator(".si-columns > *").all()[:2]
        left, right = (box.bounding_box() for box in boxes)
        assert left
        assert right
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found[width] = right["x"] >= left["x"] + left["width"] and right["y"] == left["y"]
    return found


def asked_together(case: Case, *codes: str) -> str:
    """The address of the first of the exports that were asked for."""
    asking = f"{case.path}/uitvoer-samen?voor=" + "&voor=".join(codes)
    form = case.browser("aanvrager").get(asking).forms["formulier"]
    for name, value in answers().items():
        for control in (name, *(f"ontvanger_{place}.{name}" for place in range(1, 4))):
            if control in form.fields and name != "ontvanger":
                form[control] = value
    asked = form.submit("aanvragen", status=303).location
    return str(asked[asked.index("/gemeenten") :])
