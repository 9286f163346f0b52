"""What a reporter reads about a municipality says what happens and what to do next."""

from __future__ import annotations

from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.words import let_op, reaction


def profile(**changes: object) -> MunicipalityProfile:
    values = {"level": ParticipationLevel.NO_AGREEMENT, "let_op_working_days": 10}
    return MunicipalityProfile(code="GM0000", **{**values, **changes})


def test_a_connected_municipality_has_no_let_op() -> None:
    assert let_op("Voorbeeld", profile(level=ParticipationLevel.PROGRAMME)) is None


def test_let_op_names_the_term_the_number_and_the_reference() -> None:
    text = let_op("Voorbeeld", profile(telephone="14 000"), "M-4F7K-2QXJ")
    assert text is not None
    for part in ("LET OP", "Voorbeeld", "10 werkdagen", "14 000", "M-4F7K-2QXJ"):
        assert part in text


def test_before_there_is_a_report_let_op_names_no_reference() -> None:
    assert "kenmerk" not in (let_op("Voorbeeld", profile()) or "")


def test_the_municipality_answers_in_its_own_words_or_the_houses() -> None:
    own = profile(answer_title="Bedankt", answer_text="Wij lezen dit vandaag.")
    assert reaction("Voorbeeld", own) == ("Bedankt", "Wij lezen dit vandaag.")
    _, text = reaction("Voorbeeld", profile())
    assert "Voorbeeld" in text
    assert "112" in text


def test_who_cant_be_placed_hears_that_it_is_being_found_out() -> None:
    _, text = reaction(None, None)
    assert "bij welke gemeente" in text
    assert "112" in text
