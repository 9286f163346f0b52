"""The right numbers for this reporter, the most urgent first."""

from __future__ import annotations

from stopintimidatie.municipalities.settings import standard
from stopintimidatie.municipalities.settings.rules import HelpLine, Published
from stopintimidatie.reports.vocabulary import AgeGroup, Form, gravest_first

CHILDREN, SEXUAL_VIOLENCE, VICTIM_SUPPORT = "0800-0432", "0800-0188", "0900-0101"


def help_lines(
    age: AgeGroup | None, forms: list[Form], language: str = "nl"
) -> tuple[HelpLine, ...]:
    """The lines where no municipality is at hand."""
    everywhere = Published(None)
    return everywhere.help_for(everywhere.language(language), age, gravest_first(forms))


def numbers(age: AgeGroup | None, *forms: Form) -> list[str]:
    return [line.phone for line in help_lines(age, list(forms))]


def test_112_is_always_first() -> None:
    for age in (None, *AgeGroup):
        assert help_lines(age, [Form.CATCALLING])[0].phone == "112"


def test_minors_hear_of_the_kindertelefoon_and_others_do_not() -> None:
    assert CHILDREN in numbers(AgeGroup.UNDER_16, Form.STARING)
    assert CHILDREN in numbers(AgeGroup.AGE_16_17, Form.STARING)
    assert CHILDREN not in numbers(AgeGroup.AGE_18_24, Form.STARING)
    assert CHILDREN not in numbers(None, Form.STARING)


def test_after_touching_the_centrum_seksueel_geweld_comes_before_the_general_lines() -> None:
    lines = numbers(None, Form.WHISTLING, Form.ASSAULT)
    assert lines.index(SEXUAL_VIOLENCE) < lines.index(VICTIM_SUPPORT)
    assert SEXUAL_VIOLENCE not in numbers(None, Form.WHISTLING)


def test_who_asks_in_english_reads_what_a_line_is_for_in_english() -> None:
    assert "emergency" in help_lines(None, [Form.STARING], "en")[0].name
    assert help_lines(None, [], "tr") == help_lines(None, [], "en")


def test_every_code_of_the_default_lines_is_one_of_the_vocabulary() -> None:
    for line in standard.HELP_LINES:
        assert set(line.get("leeftijden", ())) <= set(AgeGroup)
        assert set(line.get("vormen", ())) <= set(Form)


def test_the_gravest_form_comes_first_and_other_last() -> None:
    forms = [Form.OTHER, Form.WHISTLING, Form.GROPING, Form.ASSAULT]
    assert gravest_first(forms) == [Form.ASSAULT, Form.GROPING, Form.WHISTLING, Form.OTHER]
