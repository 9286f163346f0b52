"""The right numbers for this reporter, the most urgent first."""

from __future__ import annotations

from stopintimidatie.reports.help_lines import (
    CHILDREN,
    EMERGENCY,
    SEXUAL_VIOLENCE,
    VICTIM_SUPPORT,
    help_lines,
)
from stopintimidatie.reports.vocabulary import AgeGroup, Form


def test_112_is_always_first() -> None:
    for age in (None, *AgeGroup):
        assert help_lines(age, [Form.CATCALLING])[0] == EMERGENCY


def test_minors_hear_of_the_kindertelefoon_and_others_do_not() -> None:
    assert CHILDREN in help_lines(AgeGroup.UNDER_16, [Form.STARING])
    assert CHILDREN in help_lines(AgeGroup.AGE_16_17, [Form.STARING])
    assert CHILDREN not in help_lines(AgeGroup.AGE_18_24, [Form.STARING])
    assert CHILDREN not in help_lines(None, [Form.STARING])


def test_after_touching_the_centrum_seksueel_geweld_comes_before_the_general_lines() -> None:
    lines = help_lines(None, [Form.WHISTLING, Form.ASSAULT])
    assert lines.index(SEXUAL_VIOLENCE) < lines.index(VICTIM_SUPPORT)
    assert SEXUAL_VIOLENCE not in help_lines(None, [Form.WHISTLING])
