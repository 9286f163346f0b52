"""The difference between two versions of a text, and what strikes in a title. Pure."""

from __future__ import annotations

import pytest

from stopintimidatie.dossiers.rules import concerns
from stopintimidatie.dossiers.services import difference


def test_a_difference_tells_word_by_word_what_came_and_went() -> None:
    old, new = "Drie jongens roepen na.\nElke vrijdag.", "Vier jongens roepen na.\nElke avond laat."
    pieces = difference(old, new)
    assert "".join(p.text for p in pieces if p.kind != "erbij") == old
    assert "".join(p.text for p in pieces if p.kind != "weg") == new
    assert [p.text.strip() for p in pieces if p.kind == "weg"] == ["Drie", "vrijdag."]


def test_equal_and_empty_texts_differ_in_nothing() -> None:
    assert [p.kind for p in difference("Zelfde tekst", "Zelfde tekst")] == ["gelijk"]
    assert difference("", "") == []
    assert [p.kind for p in difference("", "Nieuw")] == ["erbij"]


@pytest.mark.parametrize(
    "title",
    [
        "Overlast door Jan Jansen bij het station",
        "Piet de Vries op het plein",
        "Overlast door mevrouw Bakker",
        "J. Pietersen, herhaald",
        "Witte bus met kenteken 12-ABC-3",
        "Dossier 123456782",
        "Bel 06-12345678",
    ],
)
def test_a_title_that_may_name_somebody_is_told(title: str) -> None:
    assert concerns(title)


@pytest.mark.parametrize(
    "title",
    [
        "Station en omgeving, late avond",
        "Admiraalsplein in de avond",
        "Bushalte bij de school, na schooltijd",
        "Park Weizigt, begin van de avond",
        "Overlast Winkelcentrum Sterrenburg",
        "Groot Oord in de zomer van 2026",
    ],
)
def test_a_neutral_title_passes(title: str) -> None:
    assert concerns(title, ["Groot Oord"]) == []
