"""No small number is narrowed by all that is released of a town; with a rule less, some are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.statistics.release import rules
from stopintimidatie.statistics.release.rules import LISTS, Table, in_fives, tables_of_year
from tests.statistics.release.attack import Attack, CrossedAttack, Releases, exactly

YEARS = ("2025", "2026")
# Counts at which rounding or being small changes, so that sums come near an edge.
EDGES = (0, 1, 2, 3, 4, 4, 5, 7, 8, 12, 13, 17)

Counts = dict[str, dict[str, int]]


def cut(chance: random.Random, total: int, rows: int) -> list[int]:
    """Share a total over rows: at the edges of rounding, or by weights of which few are heavy."""
    if chance.random() < 0.6:
        parts: list[int] = []
        for _ in range(rows - 1):
            parts.append(min(chance.choice(EDGES), total - sum(parts)))
        parts.append(total - sum(parts))
        chance.shuffle(parts)
        return parts
    weights = [chance.random() ** chance.choice((1, 3, 6)) + 1e-6 for _ in range(rows)]
    counts = Counter(chance.choices(range(rows), weights, k=total))
    return [counts[row] for row in range(rows)]


def some_of(chance: random.Random, total: int, rows: int, *, covers: bool) -> list[int]:
    """Count in several rows: none more than the total, and together no less."""
    counts = [chance.randint(0, min(total, chance.choice((4, 9, 40, total)))) for _ in range(rows)]
    if covers and sum(counts) < total:
        counts[chance.randrange(rows)] = total
    return counts


def make_year(chance: random.Random, total: int, areas: Sequence[str]) -> tuple[list[int], Counts]:
    """The true quarters and the true counts of a year."""
    counts: Counts = {"totaal": {"": total}}
    for name in (*LISTS, "wijk"):
        codes = [str(code) for code in (areas if name == "wijk" else LISTS[name])]
        codes += [""] * (name in ("dagdeel", "wijk"))
        if name in ("vormgroep", "opvolging"):
            numbers = some_of(chance, total, len(codes), covers=name == "vormgroep")
        else:
            numbers = cut(chance, total, len(codes))
        counts[name] = dict(zip(codes, numbers, strict=True))
    return cut(chance, total, 4), counts


def release(
    years: Mapping[str, tuple[list[int], Counts]], areas: Sequence[str], joined: int = 1
) -> Releases:
    """All that is released of these years, of a town that joined in this quarter of the first."""
    releases: dict[str, dict[str, Any]] = {}
    for year, (quarters, counts) in years.items():
        first = joined if year == min(years) else 1
        values = [in_fives(count) for count in quarters][first - 1 :]
        for number, value in enumerate(values, first):
            releases[f"{year}-{number}"] = {"totaal": value}
        releases[f"{year}-4"]["jaar"] = tables_of_year(values, counts, areas)
    return releases


def guesses(
    years: Mapping[str, tuple[list[int], Counts]], releases: Releases
) -> dict[tuple[str, str], set[str]]:
    """The codes in a row that was merged of small counts alone, as a reader may well guess."""
    return {
        (year, name): {
            code
            for row in rows
            if all(counts[name].get(code, 0) < 5 for code in row["rijen"])
            for code in row["rijen"]
        }
        for year, (_, counts) in years.items()
        for name, rows in releases[f"{year}-4"]["jaar"].items()
        if name != "totaal"
    }


def attacked(seed: int, size: int, areas: int, joined: int) -> list[Attack]:
    """Two years of a town that doesn't exist, attacked; also by who guesses what was merged."""
    chance = random.Random(seed)
    codes = [f"WK{number}" for number in range(areas)]
    years = {year: make_year(chance, chance.randint(0, size), codes) for year in YEARS}
    releases = release(years, codes, joined)
    return [Attack(releases), Attack(releases, guessed=guesses(years, releases))]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    size=st.sampled_from((6, 12, 20, 30, 50, 90, 200)),
    areas=st.sampled_from((1, 2, 5, 20)),
    joined=st.integers(1, 4),
)
def test_no_small_number_of_any_town_is_narrowed(
    seed: int, size: int, areas: int, joined: int
) -> None:
    for attack in attacked(seed, size, areas, joined):
        assert list(attack.narrowed()) == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**9), size=st.integers(0, 60), more=st.integers(-20, 20))
def test_a_year_of_which_reports_went_contradicts_no_quarter_and_narrows_none(
    seed: int, size: int, more: int
) -> None:
    chance, areas = random.Random(seed), ["WK1", "WK2", "WK3"]
    quarters = cut(chance, max(0, size + more), 4)
    attack = Attack(release({"2026": (quarters, make_year(chance, size, areas)[1])}, areas))
    assert attack.is_possible()
    assert list(attack.narrowed()) == []


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_counts_of_each_combination_tell_no_more_than_counts_of_each_code(seed: int) -> None:
    chance = random.Random(seed)
    total = chance.randint(4, 30)
    rows = {
        "plek": [["straat"], ["park", "school"]],
        "dagdeel": [["avond"], ["nacht"]],
        "vormgroep": [["verbaal"], ["fysiek"]],
        "opvolging": [["toezicht"], ["gesprek"]],
    }
    year: dict[str, Any] = {"totaal": [{"rijen": [""], "aantal": in_fives(total)}]}
    for name, codes in rows.items():
        once = name in ("plek", "dagdeel")
        counts = cut(chance, total, 2) if once else some_of(chance, total, 2, covers=True)
        year[name] = [
            {"rijen": some, "aantal": in_fives(count)}
            for some, count in zip(codes, counts, strict=True)
        ]
    values = [in_fives(count) for count in cut(chance, total, 4)]
    releases: dict[str, dict[str, Any]] = {
        f"2026-{number}": {"totaal": value} for number, value in enumerate(values, 1)
    }
    releases["2026-4"]["jaar"] = year
    attack, crossed = Attack(releases), CrossedAttack(releases)
    assert attack.cells.keys() == crossed.cells.keys()
    for key, cell in attack.cells.items():
        assert attack.reach(cell) == crossed.reach(crossed.cells[key])


# With one rule less


def town(quarters: Sequence[int], **parts: int) -> Releases:
    """A town where all happened in one street, at these parts of the day."""
    total = sum(quarters)
    assert sum(parts.values()) == total
    counts: Counts = {name: {str(next(iter(codes))): total} for name, codes in LISTS.items()}
    counts |= {"totaal": {"": total}, "wijk": {"WK1": total}, "dagdeel": parts}
    return release({"2026": (list(quarters), counts)}, ["WK1"])


def narrowed(releases: Releases, **reading: Any) -> dict[tuple[str, ...], tuple[int, int]]:
    return dict(Attack(releases, **reading).narrowed())


def test_a_row_of_fifteen_beside_a_total_of_twenty_tells_no_small_number() -> None:
    releases = town((5, 5, 5, 5), avond=17, ochtend=3)
    assert "dagdeel" not in releases["2026-4"]["jaar"]
    assert narrowed(releases) == {}


def test_without_merging_the_attack_knows_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_agree", lambda table, other: True)
    found = narrowed(town((5, 5, 5, 5), avond=17, ochtend=3))
    assert set(found.values()) == {(3, 4), (0, 3)}


def test_tables_that_know_the_total_alone_tell_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"ochtend": 7, "middag": 10, "avond": 3}
    assert narrowed(town((5, 5, 5, 5), **parts)) == {}
    agree = rules._agree

    def blind(table: Table, other: Table) -> bool:
        return agree(table, other) if len(other.rows) == 1 or other is table else True

    monkeypatch.setattr(rules, "_agree", blind)
    assert set(narrowed(town((5, 5, 5, 5), **parts)).values()) == {(1, 4)}


def test_a_quarter_is_narrowed_where_the_year_doesn_t_give_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quarters, parts = (7, 7, 7, 3), {"avond": 12, "nacht": 12}
    releases = town(quarters, **parts)
    assert "totaal" not in releases["2026-4"]["jaar"]
    assert narrowed(releases) == {}
    agree = rules._agree

    def careless(table: Table, other: Table) -> bool:
        return other.rows[0].codes == ("0",) or agree(table, other)

    monkeypatch.setattr(rules, "_agree", careless)
    assert narrowed(town(quarters, **parts))["2026-4",] == (2, 4)


def test_a_total_that_isn_t_rounded_tells_too_much() -> None:
    releases = town((5, 5, 5, 5), ochtend=5, avond=13, middag=2)
    assert narrowed(releases) == {}
    assert (0, 2) in narrowed(releases, totals=exactly).values()


def test_rows_that_aren_t_rounded_tell_too_much() -> None:
    releases = town((5, 5, 5, 5), ochtend=5, avond=15)
    assert narrowed(releases) == {}
    assert (0, 2) in narrowed(releases, rows=exactly).values()


def test_a_small_number_in_exact_form_is_known() -> None:
    releases = town((5, 5, 5, 5), ochtend=5, avond=13, middag=2)
    *_, other = releases["2026-4"]["jaar"]["dagdeel"]
    assert other["aantal"] is None
    other["aantal"] = 2
    assert narrowed(releases)["2026", "dagdeel", *other["rijen"]] == (2, 2)
