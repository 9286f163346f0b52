"""The search box: what is understood, what is left out and said, and that nothing raises."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.search.query import (
    MAX_FILTER_VALUES,
    MAX_LENGTH,
    MAX_PHRASE,
    MAX_TERMS,
    AnyOf,
    Field,
    Filter,
    Phrase,
    SearchQuery,
    Vocabulary,
    Word,
    parse,
)

VOCABULARY = Vocabulary(
    {
        Field.NEIGHBOURHOOD: {
            "WK050501": "Binnenstad",
            "WK050502": "Oud-Krispijn",
            "WK050503": "Nieuw-Krispijn",
        },
        Field.FORM: {"nafluiten": "nafluiten", "hinderlijk_volgen": "hinderlijk volgen"},
        Field.STATE: {"nieuw": "nieuw", "in_behandeling": "in behandeling"},
    }
)


def read(text: str) -> SearchQuery:
    """A query with the vocabulary of these tests."""
    return parse(text, VOCABULARY)


def words(query: SearchQuery) -> list[str]:
    """The single words that are asked for."""
    return [term.word for term in query.terms if isinstance(term, Word)]


def test_words_are_terms_and_stop_words_are_dropped() -> None:
    query = read("jongens op het Station")
    assert words(query) == ["jongens", "station"]
    assert query.remarks == ()


def test_short_words_are_no_beginning_of_a_word() -> None:
    bus, ov = read("bus ov").terms
    assert isinstance(bus, Word)
    assert isinstance(ov, Word)
    assert (bus.prefix, ov.prefix) == ("bus", None)


def test_a_phrase_keeps_the_distances_of_its_words() -> None:
    assert read('"rode jas en de hoed"').terms[0] == Phrase(
        ((0, "rood"), (1, "jas"), (4, "hoed")), 1, 20
    )
    assert words(read('"station"')) == ["station"]
    assert isinstance(read("“rode jas”").terms[0], Phrase)
    assert isinstance(read('"rode jas').terms[0], Phrase)


def test_minus_excludes_words_phrases_and_fields() -> None:
    query = read('-tram -"rode jas" −bus -vorm:nafluiten')
    assert [type(term) for term in query.excluded] == [Word, Phrase, Word]
    assert query.excluded_filters == (Filter(Field.FORM, frozenset({"nafluiten"})),)
    assert query.terms == ()


@pytest.mark.parametrize(
    ("text", "field", "codes"),
    [
        ("wijk:binnenstad", Field.NEIGHBOURHOOD, {"WK050501"}),
        ("WIJK:Binnenstad", Field.NEIGHBOURHOOD, {"WK050501"}),
        ("wijk: binnenstad", Field.NEIGHBOURHOOD, {"WK050501"}),
        ("wijk:WK050501", Field.NEIGHBOURHOOD, {"WK050501"}),
        ('wijk:"oud krispijn"', Field.NEIGHBOURHOOD, {"WK050502"}),
        ("wijk:krispijn", Field.NEIGHBOURHOOD, {"WK050502", "WK050503"}),
        ("wijk:binnenstad wijk:oud", Field.NEIGHBOURHOOD, {"WK050501", "WK050502"}),
        ("vorm:hinderlijk", Field.FORM, {"hinderlijk_volgen"}),
        ("vorm:hinderlijk_volgen", Field.FORM, {"hinderlijk_volgen"}),
        ('status:"in behandeling"', Field.STATE, {"in_behandeling"}),
        ("jaar:2026", Field.YEAR, {"2026"}),
        ("dossier:2026-0007", Field.DOSSIER, {"2026-0007"}),
        ("dossier:2026-7", Field.DOSSIER, {"2026-0007"}),
        ("dossier:2026/123456", Field.DOSSIER, {"2026-123456"}),
    ],
)
def test_fields_lead_to_codes(text: str, field: Field, codes: set[str]) -> None:
    query = read(text)
    assert query.filters == (Filter(field, frozenset(codes)),)
    assert query.remarks == ()
    assert query.terms == ()


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("van:31-12-2026", date(2026, 12, 31), None),
        ("van:1-2-2026", date(2026, 2, 1), None),
        ("van:1/2/2026", date(2026, 2, 1), None),
        ("van:1.2.2026", date(2026, 2, 1), None),
        ("van:2026-02-01", date(2026, 2, 1), None),
        ("tot:2026", None, date(2026, 12, 31)),
        ("van:2026 tot:2-2026", date(2026, 1, 1), date(2026, 2, 28)),
        ("tot:02-2028", None, date(2028, 2, 29)),
        ("van: 1-2-2026 tot: 3-2-2026", date(2026, 2, 1), date(2026, 2, 3)),
    ],
)
def test_dates_as_people_write_them(text: str, since: date | None, until: date | None) -> None:
    query = read(text)
    assert (query.since, query.until) == (since, until)
    assert query.remarks == ()


@pytest.mark.parametrize(
    "text",
    ["van:morgen", "van:31-2-2026", "van:1-1-26", "van:", "van:٢٠٢٦", "van:9999"],
)
def test_what_is_no_date_is_left_out_and_said(text: str) -> None:
    query = read(text)
    assert query.since is None
    assert query.remarks == ("'van:' verwacht een datum, zoals van:31-12-2026.",)


@pytest.mark.parametrize("text", ["-van:2026", "-tot:1-6-2026"])
def test_a_period_to_leave_out_is_not_used_and_said(text: str) -> None:
    query = read(text)
    assert (query.since, query.until) == (None, None)
    assert "kunnen we geen tijd weglaten" in query.remarks[0]
    assert "-jaar:2026" in query.remarks[0]


def test_dates_the_wrong_way_round_are_swapped_and_said() -> None:
    query = read("van:2-2-2026 tot:1-1-2026")
    assert (query.since, query.until) == (date(2026, 1, 1), date(2026, 2, 2))
    assert "omgewisseld" in query.remarks[0]


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("wijk:mars", "Kies bijvoorbeeld: Binnenstad, Nieuw-Krispijn, Oud-Krispijn."),
        ("vorm:dansen", "'vorm:dansen' kennen we niet"),
        ("status:", "'status:' kennen we niet"),
        ("dossier:zeven", "verwacht een dossiernummer, zoals dossier:2026-0007"),
        ("jaar:eeuw", "Kies bijvoorbeeld: 2026."),
        ("de", "'de' komt te vaak voor om op te zoeken"),
        ("de het", "'de', 'het' komen te vaak voor om op te zoeken"),
        ('"op de"', "'op', 'de' komen te vaak voor om op te zoeken"),
        ("x" * (MAX_LENGTH + 1), "te lang"),
        (" ".join(f"woord{n}" for n in range(MAX_TERMS + 1)), "hoogstens"),
        ('"' + " ".join(f"w{n}" for n in range(MAX_PHRASE + 1)) + '"', "mag 12 woorden hebben"),
    ],
)
def test_what_is_not_used_is_said_and_how_to_do_better(text: str, remark: str) -> None:
    (said,) = read(text).remarks
    assert remark in said
    assert said.endswith(".")


def test_an_unknown_field_is_just_words() -> None:
    assert isinstance(read("kleur:rood").terms[0], Phrase)
    assert read("http://voorbeeld.nl 12:30").filters == ()


@pytest.mark.parametrize("text", ["kenmerk:M-4F7K-2QX9", "-Kenmerk:x", 'kenmerk:"rode jas"'])
def test_an_unknown_field_is_named_with_those_that_exist(text: str) -> None:
    (remark,) = read(text).remarks
    assert remark.startswith("'kenmerk:' kennen we niet")
    for known in ("wijk:", "vorm:", "status:", "soort:", "jaar:", "dossier:", "van:", "tot:"):
        assert known in remark


@pytest.mark.parametrize(
    "text", ["hij riep: hoer", "22:30", "http://voorbeeld.nl", '"riep:hoer"', "a:b", ":x", "a12:3"]
)
def test_a_colon_elsewhere_is_no_field(text: str) -> None:
    assert read(text).remarks == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"riepen me na"', "'me', 'na': die woorden komen"),
        ('"op de fiets"', "'op', 'de': die woorden komen"),
        ('-"de fiets"', "'de': dat woord komt"),
        ('fiets "op de"', "'op', 'de': die woorden komen"),
        ('"de fiets de"', "'de': dat woord komt"),
    ],
)
def test_stop_words_in_a_phrase_are_said(text: str, words: str) -> None:
    (remark,) = read(text).remarks
    assert remark == f"Tussen aanhalingstekens zoeken we niet op {words} te vaak voor."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wijk:oud krispijn", 'wijk:"oud krispijn"'),
        ("floot vorm:hinderlijk volgen station", 'vorm:"hinderlijk volgen"'),
    ],
)
def test_a_name_of_more_words_without_quotes_gets_a_hint(text: str, name: str) -> None:
    (remark,) = read(text).remarks
    assert remark == f"Een naam van meer woorden zet u tussen aanhalingstekens: {name}."


@pytest.mark.parametrize(
    "text",
    [
        "wijk:oud station",
        'wijk:oud "krispijn"',
        "wijk:oud -krispijn",
        "wijk:oud wijk:nieuw",
        "wijk:oud !",
    ],
)
def test_other_words_after_a_name_get_no_hint(text: str) -> None:
    assert read(text).remarks == ()


def test_a_vocabulary_that_fits_too_many_names_is_bounded() -> None:
    many = Vocabulary({Field.NEIGHBOURHOOD: {f"WK{n:06d}": f"Wijk {n}" for n in range(1_000)}})
    query = parse("wijk:wijk", many)
    assert len(query.filters[0].values) == MAX_FILTER_VALUES
    assert "te veel namen" in query.remarks[0]


_PIECES = st.sampled_from(
    ["wijk:", "van:", "tot:", "dossier:", '"', "-", " ", "(", ")", "*", "\x00", "\ud800", "2026",
     "1-1-2026", "fluiten", "de", ":", "\u202e", "é", "\u0301", "“", "\n", "vorm:nafluiten", "OR"]
)  # fmt: skip


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=60).map("".join)))
def test_nothing_that_is_typed_raises_and_everything_is_bounded(text: str) -> None:
    query = read(text)
    assert len(query.text) <= MAX_LENGTH
    assert len(query.terms) + len(query.excluded) <= MAX_TERMS
    for found in (*query.filters, *query.excluded_filters):
        assert 1 <= len(found.values) <= MAX_FILTER_VALUES
    for term in (*query.terms, *query.excluded):
        assert not isinstance(term, AnyOf)
        assert 0 <= term.start < term.end <= len(query.text)
        if isinstance(term, Phrase):
            assert 2 <= len(term.steps) <= MAX_PHRASE
            assert term.steps[0][0] == 0
        else:
            assert term.word
    query.text.encode()
    assert all(remark.endswith(".") for remark in query.remarks)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_a_query_read_again_is_the_same(text: str) -> None:
    once = read(text)
    again = read(once.text)
    assert (again.terms, again.excluded, again.filters) == (
        once.terms,
        once.excluded,
        once.filters,
    )
