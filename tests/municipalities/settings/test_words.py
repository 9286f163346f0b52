"""What a reporter reads about a municipality says what happens and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import holidays
import pytest

from stopintimidatie.core.clock import AMSTERDAM, is_holiday, is_working_day, working_days_after
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings import standard
from stopintimidatie.municipalities.settings.rules import (
    Contents,
    Part,
    Published,
    let_op,
    reaction,
    read_from,
    unknown_blanks,
)

Parts = Mapping[Part, Mapping[str, Any]]
CONNECTED = ParticipationLevel.PROGRAMME


def published(
    own: Parts | None = None,
    national: Parts | None = None,
    level: ParticipationLevel = ParticipationLevel.NO_AGREEMENT,
) -> Published:
    profile = MunicipalityProfile(code="GM0000", level=level)
    own_parts, desk_parts = ({str(k): v for k, v in (p or {}).items()} for p in (own, national))
    return Published(profile, Contents(own_parts), Contents(desk_parts))


def answer(text: str) -> dict[str, str]:
    return {"titel": "Titel", "tekst": text}


def test_a_connected_municipality_has_no_let_op() -> None:
    assert let_op(published(level=CONNECTED), "Voorbeeld") is None


def test_let_op_names_the_term_its_last_day_the_number_and_the_reference() -> None:
    received = datetime(2026, 12, 18, 23, 30, tzinfo=UTC)
    own = published({Part.CONTACT: {"dagen": 3, "telefoon": "14 000"}})
    text = let_op(own, "Voorbeeld", reference="M-4F7K-2QXJ", received_at=received)
    assert text is not None
    # It was Saturday in Amsterdam; Christmas, Boxing Day and New Year don't count.
    for part in (
        "LET OP",
        "Voorbeeld",
        "10 werkdagen",
        "dinsdag 5 januari 2027",
        "14 000",
        "M-4F7K-2QXJ",
    ):
        assert part in text


def test_before_there_is_a_report_let_op_names_no_reference_and_no_day() -> None:
    text = let_op(published(), "Voorbeeld") or ""
    assert "kenmerk" not in text
    assert "{" not in text


def test_let_op_of_the_municipality_goes_before_the_desks() -> None:
    own = {Part.LET_OP: {"teksten": {"nl": "Wij van {gemeente}."}, "werkdagen": 5}}
    desk = {Part.LET_OP: {"teksten": {"nl": "Het meldpunt.", "en": "The desk."}, "werkdagen": 7}}
    assert let_op(published(own, desk), "Voorbeeld") == "Wij van Voorbeeld."
    assert let_op(published(own, desk), "Voorbeeld", "en") == "The desk."
    assert published(own, desk).let_op_working_days == 5
    assert published(None, desk).let_op_working_days == 7


def test_the_municipality_answers_in_its_own_words_or_the_houses() -> None:
    words = {"standaard": {"titel": "Bedankt", "tekst": "Wij lezen dit vandaag."}}
    own = published({Part.ANSWERS: {"nl": words}}, level=CONNECTED)
    assert reaction(own, "Voorbeeld") == ("Bedankt", "Wij lezen dit vandaag.")
    _, text = reaction(published(level=CONNECTED), "Voorbeeld")
    assert "Voorbeeld" in text
    assert "binnen 3 dagen" in text


def test_the_gravest_form_with_an_answer_of_its_own_decides() -> None:
    own = {
        Part.ANSWERS: {"nl": {"standaard": answer("Altijd."), "betasten": answer("Na betasten.")}}
    }
    place = published(own, level=CONNECTED)
    assert reaction(place, "X", "nl", ["aanranding", "betasten"])[1] == "Na betasten."
    assert reaction(place, "X", "nl", ["nafluiten"])[1] == "Altijd."


def test_a_language_counts_once_the_municipality_wrote_in_it() -> None:
    own = {Part.ANSWERS: {"tr": {"standaard": answer("Teşekkürler.")}}}
    place = published(own, level=CONNECTED)
    assert place.languages == ("nl", "en", "tr")
    assert reaction(place, "X", "tr")[1] == "Teşekkürler."
    # Polish nobody wrote: English, as for all but Papiamentu.
    assert reaction(place, "X", "pl") == reaction(place, "X", "en")
    assert reaction(place, "X", "pap") == reaction(place, "X", "nl")


def test_where_the_municipality_isnt_connected_the_desk_answers() -> None:
    own = {Part.ANSWERS: {"nl": {"standaard": answer("Van de gemeente.")}}}
    _, text = reaction(published(own), "Voorbeeld")
    assert "landelijk meldpunt" in text
    desk = {Part.ANSWERS: {"nl": {"niet_aangesloten": answer("Van het meldpunt.")}}}
    assert reaction(published(own, desk), "Voorbeeld")[1] == "Van het meldpunt."


def test_who_cant_be_placed_hears_that_it_is_being_found_out() -> None:
    _, text = reaction(Published(None), None)
    assert "bij welke gemeente" in text


@pytest.mark.parametrize("language", ["nl", "nl_JE", "en"])
@pytest.mark.parametrize("kind", standard.KINDS)
def test_every_default_answer_says_what_a_frightened_person_must_know(
    language: str, kind: str
) -> None:
    text = standard.TEXTS["antwoorden"][language][kind]["tekst"]
    wanted = {
        "nl": ("niet uw schuld", "112", "Wie leest dit?", "Wij beloven niet", "ouders", "volgcode"),
        "nl_JE": (
            "niet jouw schuld",
            "112",
            "Wie leest dit?",
            "beloven niet",
            "ouders",
            "volgcode",
        ),
        "en": ("not your fault", "112", "Who reads this?", "cannot promise", "parents", "code"),
    }
    for words in wanted[language]:
        assert words in text
    assert unknown_blanks(text) == []


def test_a_blank_that_cant_be_filled_is_found() -> None:
    assert unknown_blanks("Beste {naam}, {gemeente} {}") == ["naam", ""]


def test_boas_are_empowered_within_their_dates() -> None:
    periods = [{"van": "2024-07-01", "tot": "2025-06-30"}, {"van": "2026-01-01", "tot": None}]
    place = published({Part.OFFICERS: {"perioden": periods}})
    days = [date(2024, 6, 30), date(2024, 7, 1), date(2025, 6, 30), date(2025, 7, 1)]
    assert [place.officers_empowered(day) for day in days] == [False, True, True, False]
    assert place.officers_empowered(date(2030, 1, 1))
    assert not published().officers_empowered(date(2026, 1, 1))


def test_a_term_in_working_days_skips_weekends_and_dutch_holidays() -> None:
    assert working_days_after(date(2026, 11, 20), 1) == date(2026, 11, 23)
    # From Maundy Thursday: Good Friday and Easter Monday are no working days.
    assert working_days_after(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert not is_working_day(date(2026, 4, 27))


def test_dutch_holidays_are_those_that_a_library_knows() -> None:
    begin, end = date(2014, 1, 1), date(2101, 1, 1)
    known = holidays.country_holidays("NL", years=range(begin.year, end.year))
    days = [begin + timedelta(number) for number in range((end - begin).days)]
    assert [day for day in days if is_holiday(day)] == sorted(known)


def test_one_own_text_makes_a_language_and_the_rest_is_said_in_english() -> None:
    own: Parts = {
        Part.LET_OP: {"teksten": {"tr": "Dikkat: {gemeente}.", "en": "Mind you."}},
        Part.ANSWERS: {"en": {"standaard": answer("Own English.")}},
    }
    assert "tr" in published(own).languages
    assert let_op(published(own), "X", "tr") == "Dikkat: X."
    assert let_op(published(own), "X", "pl") == "Mind you."
    assert let_op(published(own), "X", "pap") == let_op(published(own), "X", "nl")
    connected = published(own, level=CONNECTED)
    assert reaction(connected, "X", "tr")[1] == "Own English."
    desk = {Part.ANSWERS: {"uk": {"niet_aangesloten": answer("Дякуємо.")}}}
    assert reaction(published(None, desk), "X", "uk")[1] == "Дякуємо."
    assert "uk" not in published(None, desk, level=CONNECTED).languages


@pytest.mark.parametrize(
    ("received", "opens"),
    [
        ("2026-11-27T12:00", None),
        ("2026-11-27T18:00", "maandag 30 november"),
        ("2026-11-29T03:00", "maandag 30 november"),
        ("2026-11-30T07:59", "maandag 30 november"),
        ("2026-12-24T23:00", "maandag 28 december"),
    ],
)
def test_outside_office_hours_one_reads_when_somebody_reads_it(
    received: str, opens: str | None
) -> None:
    at = datetime.fromisoformat(received).replace(tzinfo=AMSTERDAM)
    place = published(level=CONNECTED)
    words = read_from(place, at, at)
    assert (words is None) is (opens is None)
    assert opens is None or f"{opens} vanaf 8.00 uur" in str(words)
    assert read_from(place, at, at + timedelta(days=5)) is None
    assert read_from(published(), at, at) is None


def test_it_is_said_in_english_too() -> None:
    at = datetime(2026, 11, 28, 23, tzinfo=AMSTERDAM)
    words = read_from(published(level=CONNECTED), at, at, "en")
    assert words is not None
    assert words.startswith("Your report will be read on Monday 30 November, from 8:00.")
