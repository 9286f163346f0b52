"""The rules of a dossier that need no database: numbers, filters, workflow, words."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.dossiers.case.queries import Filters
from stopintimidatie.dossiers.resources import NUMBER
from stopintimidatie.dossiers.rules import ENOUGH, SHORTEST, effect_in_words
from stopintimidatie.dossiers.services import write_number
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW


@pytest.mark.parametrize(
    ("sequence", "number"), [(7, "2026-0007"), (9999, "2026-9999"), (10000, "2026-10000")]
)
def test_a_number_has_its_year_and_grows_beyond_four_digits(sequence: int, number: str) -> None:
    assert write_number(2026, sequence) == number
    assert NUMBER.fullmatch(number)


def test_a_slug_or_a_reference_is_no_dossier_number() -> None:
    for name in ("binnenstad", "2026", "2026-07", "M-4F7K-2QX9", "٢٠٢٦-0007", "2026-0007\n"):
        assert NUMBER.fullmatch(name) is None


def test_only_values_that_can_be_are_filters() -> None:
    person = uuid4()
    pairs = [
        ("toestand", "monitoring"),
        ("toestand", "onzin"),
        ("soort", "groep"),
        ("soort", "thema"),
        ("houder", str(person)),
        ("houder", "x" * 36),
        ("wijk", "WK05050100000"),
        ("kleur", "rood"),
    ]
    assert Filters.read(pairs).chosen == {
        "toestand": ("monitoring",),
        "soort": ("groep", "thema"),
        "houder": (person,),
    }


def test_the_line_of_a_dossier_is_the_one_of_the_domain() -> None:
    steps = {move.name: (set(move.sources), move.target) for move in DOSSIER_WORKFLOW.transitions}
    assert steps == {
        "starten": ({"in_voorbereiding"}, "in_aanpak"),
        "niet_starten": ({"in_voorbereiding"}, "afgesloten"),
        "monitoren": ({"in_aanpak"}, "monitoring"),
        "afsluiten": ({"monitoring"}, "afgesloten"),
        "samenvoegen": ({"in_voorbereiding", "in_aanpak", "monitoring"}, "afgesloten"),
        "heropenen": ({"monitoring", "afgesloten"}, "in_aanpak"),
        "vernietigen": ({"afgesloten"}, "vernietigd"),
        "wissen": ({"in_voorbereiding", "in_aanpak", "monitoring", "afgesloten"}, "vernietigd"),
        "overbrengen": ({"afgesloten"}, "overgebracht"),
    }


COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60))
CHANGES = {"minder": "meer", "meer": "minder", "evenveel": "evenveel"}


@given(st.integers(SHORTEST, 90), COUNTS, COUNTS)
def test_of_few_reports_nothing_is_said_and_of_enough_what_is_so_here_and_elsewhere(
    days: int, own: tuple[int, int], rest: tuple[int, int]
) -> None:
    words = effect_in_words(days, own, rest)
    assert words.startswith(f"{own[0]} voor, {own[1]} na ({days} dagen)")
    if sum(own) < ENOUGH:
        assert "te weinig om iets te zeggen" in words
        assert "ervoor" not in words
        return
    here, elsewhere = words.split("; rest van de gemeente: ")
    assert elsewhere.startswith(f"{rest[0]} voor, {rest[1]} na")
    # Before and after change places, and so does what is said of each on its own.
    turned = effect_in_words(days, own[::-1], rest[::-1]).split("; rest van de gemeente: ")
    for part, other, (before, after) in zip((here, elsewhere), turned, (own, rest), strict=True):
        (said,) = [word for word in CHANGES if f", {word} " in part]
        assert said == ("minder" if after < before else "meer" if after > before else "evenveel")
        assert f", {CHANGES[said]} " in other


@given(st.integers(0, SHORTEST - 1), COUNTS)
def test_of_too_few_days_nothing_is_said(days: int, own: tuple[int, int]) -> None:
    assert effect_in_words(days, own, own) == "nog te kort geleden om iets te zeggen"
