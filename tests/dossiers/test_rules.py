"""The rules of a dossier that need no database: numbers, filters, workflow, words."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from stopintimidatie.dossiers.case.queries import Filters
from stopintimidatie.dossiers.models import DossierMove
from stopintimidatie.dossiers.resources import NUMBER
from stopintimidatie.dossiers.services import write_number
from stopintimidatie.dossiers.words import excerpt, history_entry, link
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


def test_an_excerpt_is_cut_between_words() -> None:
    assert excerpt(None) == ""
    assert excerpt("kort\n verhaal") == "kort verhaal"
    assert excerpt("woord " * 100).endswith("woord …")


def test_a_link_escapes_what_it_is_given() -> None:
    assert "<script>" not in link("/x", "<script>")
    assert "&lt;script&gt;" in link('/"', "<script>")


def test_the_history_tells_what_was_answered() -> None:
    move = DossierMove(
        at=datetime(2026, 11, 24, tzinfo=UTC),
        actor_name="Dita",
        name="afsluiten",
        to_state="afgesloten",
        reason="Klaar.",
        values={"reden_code": "doel_bereikt", "effect": "Rustig."},
    )
    entry = history_entry(move)
    assert (entry.title, entry.state) == ("Afsluiten", "afgesloten")
    assert entry.text == "Reden: het doel is bereikt\nEffect: Rustig.\nToelichting: Klaar."
