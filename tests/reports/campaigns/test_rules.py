"""A code is plain, and names no building; a count outside the inbox is in fives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.reports.campaigns.rules import BUILDINGS, SHORT, in_fives, problem_with
from stopintimidatie.reports.public.services import campaign_of

SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789-"
STREETS = ("dorpsstraat", "kerklaan", "molenweg", "coolsingel", "blaak", "stationsplein", "hoflaan")


@pytest.mark.parametrize(
    "code", ["zomer-2026", "zomer26", "zomer-26", "kermis", "16dagen", "veilig-uit", "8maart"]
)
def test_a_season_a_year_or_a_subject_is_a_code(code: str) -> None:
    assert problem_with(code) is None


@pytest.mark.parametrize("word", [*BUILDINGS, *sorted(SHORT)])
@pytest.mark.parametrize("around", ["{}", "{}-2026", "bij-{}", "{}26"])
def test_no_code_names_a_building(word: str, around: str) -> None:
    code = around.format(word)
    problem = problem_with(code)
    assert problem is not None
    if len(code) <= 20:
        assert "gebouw of instelling" in problem


@pytest.mark.parametrize(
    "code", ["hogeschool-x", "sporthal2026", "de-zwem-bad-actie", "moskeeplein"]
)
def test_a_building_is_seen_inside_a_word_and_through_hyphens(code: str) -> None:
    assert "gebouw" in (problem_with(code) or "")


@pytest.mark.parametrize("code", ["barbecue-2026", "halloween", "publiek", "rockt", "huiswerk"])
def test_a_short_word_counts_only_on_its_own(code: str) -> None:
    assert problem_with(code) is None


@pytest.mark.parametrize(
    "code",
    [
        *("dorpsstraat-12", "dorpsstraat12", "dorpsstraat-26", "molenweg-3a", "blaak-40"),
        *("blaak12b", "coolsingel-40-bis", "dorpsstraat-12-uit", "zomer26b"),
    ],
)
def test_a_house_number_is_refused(code: str) -> None:
    assert "huisnummer" in (problem_with(code) or "")


@pytest.mark.parametrize(
    "code", ["", "a", "-a", "a-", "Zomer", "zomer 26", "zómer", "a" * 21, "a_b"]
)
def test_a_code_has_plain_signs_alone(code: str) -> None:
    assert "kleine letters" in (problem_with(code) or "")


@given(st.text(SIGNS, min_size=0, max_size=24))
def test_what_is_accepted_is_what_the_address_reads(code: str) -> None:
    if problem_with(code) is None:
        assert campaign_of(code) == code
        assert 2 <= len(code) <= 20


@given(st.text(SIGNS, max_size=8), st.sampled_from(BUILDINGS), st.text(SIGNS, max_size=8))
def test_no_code_with_a_building_anywhere_is_accepted(
    before: str, building: str, after: str
) -> None:
    assert problem_with(before + building + after) is not None


@given(st.sampled_from(STREETS), st.sampled_from(["", "-"]), st.integers(1, 399))
def test_no_street_with_a_house_number_is_accepted(street: str, between: str, number: int) -> None:
    # A street that isn't called one, with what may be a year of this age.
    if street == "blaak" and 20 <= number <= 39:
        return
    assert problem_with(f"{street}{between}{number}") is not None


@given(st.sampled_from(["zomer", "winter", "actie"]), st.integers(2000, 2099))
def test_a_year_is_no_house_number(word: str, year: int) -> None:
    assert problem_with(f"{word}-{year}") is None
    assert problem_with(f"{word}{year}") is None


@given(st.integers(0, 100_000))
def test_a_count_is_told_in_fives_and_nothing_below_five(number: int) -> None:
    shown = in_fives(number)
    if number < 5:
        assert shown == "minder dan 5"
    else:
        assert int(shown) % 5 == 0
        assert abs(int(shown) - number) <= 2
        assert int(shown) >= 5
