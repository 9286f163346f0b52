"""The presentation and letters of the programme: twelve slides, and true numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stopintimidatie.municipalities.settings.standard import HELP_LINES
from stopintimidatie.programme.rules import (
    Filled,
    chart,
    fill_in,
    runs_of,
    slides_of,
    table,
    texts_in,
)
from stopintimidatie.settings import Settings
from tests.support.installation import ROOT

FIGURES = {"whose": "de gemeente Dordrecht", "period": "2026", "total": 125, "known": True}
EFFORT = dict.fromkeys(("lessons", "lesson_minutes", "join_steps", "roles", "reports_month"), 6)
DECK = texts_in("support")["draagvlakpresentatie"]


def filled(name: str, audience: str, **figures: Any) -> Filled:
    values = dict.fromkeys(("owner", "contact", "price", "address", "today"), "x")
    drawn = {
        "table": lambda _: table(("Wat", "Meldingen"), [("roepen", 20)], 1),
        "chart": lambda _: chart("Kwartaal", [("2026-1", 20)], over_time=True),
    }
    about: dict[str, Any] = {
        "town": "Dordrecht",
        "product": "1.0",
        "audience": audience,
        "effort": EFFORT,
    }
    about["settings"] = Settings
    return fill_in(
        texts_in("support")[name], {**values, **drawn, **about, "figures": FIGURES | figures}
    )


def words(node: Any) -> list[str]:
    return "".join(run[0] for run in runs_of(node)).split()


@pytest.mark.parametrize("audience", DECK.audiences)
@pytest.mark.parametrize("known", [True, False])
def test_each_version_has_twelve_slides_that_can_be_read_and_told(
    audience: str, known: bool
) -> None:
    slides = slides_of(filled(DECK.name, audience, known=known))

    assert len(slides) == 12
    assert words(slides[-1][0]) == ["Gevraagd", "besluit"]
    for title, blocks, said in slides:
        assert 60 <= len(said.split()) <= 120, words(title)
        lists = [block for block in blocks if "list" in block.type]
        lines = [words(item) for block in lists for item in block.children]
        assert len(lines) <= 5, words(title)
        assert all(len(line) <= 12 for line in lines), words(title)


def test_what_the_ciso_reads_of_bio2_and_asvs_is_what_is_counted_there() -> None:
    page = filled("ciso", "ciso").markdown
    bio2 = re.search(r"^\| samen \| 93 \|(.*)\|$", (ROOT / "docs/bio2.md").read_text(), re.M)
    asvs = re.search(r"^\| \| samen \| 253 \|(.*)\|$", (ROOT / "docs/asvs.md").read_text(), re.M)
    assert bio2
    assert asvs
    for row, said in ((bio2, "BIO2"), (asvs, "ASVS")):
        line = next(line for line in page.splitlines() if line.startswith(f"| {said}"))
        numbers = [int(number) for number in row.group(1).split("|")]
        assert [
            int(number) for number in re.findall(r"(?<![\w.])\d\d+|\b2(?= niet)", line)
        ] == numbers


def test_the_kcc_sends_people_to_the_help_that_reporters_read() -> None:
    page = filled("kcc", "kcc").markdown
    for line in HELP_LINES:
        assert line["telefoon"] in page
