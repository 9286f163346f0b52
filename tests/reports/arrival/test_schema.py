"""The message of a report: what passes, what doesn't, and that every wrong field is named."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import enum
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.reports.api.openapi import FULL_REPORT, SMALL_REPORT
from stopintimidatie.reports.arrival.schema import message_schema, rules_schema
from stopintimidatie.reports.arrival.submission import InvalidMessageError, validate
from stopintimidatie.reports.fields import Address, Contact, Submission
from stopintimidatie.reports.vocabulary import Form, Language, Role

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ABSENT = object()
SCHEMA = jsonschema_rs.validator_for({**message_schema(), **rules_schema()})


def report(**changes: Any) -> dict[str, Any]:
    """A good message with changes; `locatie__lat=…` reaches inside, ABSENT takes away."""
    message = copy.deepcopy(FULL_REPORT)
    for name, value in changes.items():
        *way, last = name.split("__")
        target = message
        for step in way:
            target = target.setdefault(step, {})
        if value is ABSENT:
            target.pop(last, None)
        else:
            target[last] = value
    return message


def faults(message: Any) -> dict[str, str]:
    try:
        validate(message, NOW)
    except InvalidMessageError as e:
        return {error.field: error.message for error in e.errors}
    return {}


def test_the_example_of_the_contract_becomes_a_submission() -> None:
    found = validate(FULL_REPORT, NOW)
    assert found.role is Role.VICTIM
    assert found.incident_start == datetime(2026, 11, 20, 21, 40, tzinfo=UTC)
    assert found.forms == (Form.CATCALLING, Form.FOLLOWING)
    assert found.location.lat == 51.8133
    assert found.contact == Contact(email="iemand@example.org")
    assert (found.share_with_police, found.share_with_partners) == (True, False)
    assert found.client.app_version == "3.2.0"


def test_the_smallest_message_needs_only_what_is_required() -> None:
    found = validate(SMALL_REPORT, NOW)
    assert found.contact is None
    assert found.language is Language.NL
    for name in SMALL_REPORT:
        without = {k: v for k, v in SMALL_REPORT.items() if k != name}
        assert list(faults(without)) == [name]
        assert not SCHEMA.is_valid(without)


def test_every_property_of_the_message_reaches_the_submission() -> None:
    """A field that is declared but not carried over would be lost without a word."""
    filled = report(
        incidentTot="2026-11-20T22:45:00+01:00",
        dagdeel="avond",
        herhaling="eerste_keer",
        locatie__adres={"straat": "a", "huisnummer": "1", "postcode": "3311 GN", "woonplaats": "b"},
        locatie__ov={"vervoerder": "a", "lijn": "1", "richting": "b", "halte": "c"},
        gevolgGedrag=["mijdt_plek"],
        plegers__bekend="van_gezicht",
        plegers__genderWaargenomen="man",
        plegers__signalement="grijze jas",
        omstanders="geen",
        melder__naam="A. Nonny",
        melder__telefoon="06 12345678",
        contactWanneer="na zessen",
        hulpGewenst=True,
        antwoorden={"vraag000001": "Ja."},
    )
    assert SCHEMA.is_valid(filled)
    # A campaign comes with the address of the public page, never in a message.
    assert set(_unset(validate(filled, NOW))) <= {".client.campaign"}


def _unset(value: Any, name: str = "") -> Any:
    if value is None or value == ():
        yield name
    if dataclasses.is_dataclass(value):
        for part in dataclasses.fields(value):
            yield from _unset(getattr(value, part.name), f"{name}.{part.name}")


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"naamDader": "x"}, {"naamDader"}),
        ({"bron": "app_ios"}, {"bron"}),
        ({"bijlagen": []}, {"bijlagen"}),
        ({"plegers__afkomst": "x"}, {"plegers.afkomst"}),
        ({"melder__bsn": "123456782"}, {"melder.bsn"}),
        ({"locatie__adres": {"land": "x"}}, {"locatie.adres.land"}),
        ({"locatie__ov": {"soort": "x"}}, {"locatie.ov.soort"}),
        ({"deelvoorkeur__pers": True}, {"deelvoorkeur.pers"}),
        ({"antwoorden__v1": "x"}, {"antwoorden.v1"}),
        ({"client__toestelId": "x"}, {"client.toestelId"}),
        ({"hoedanigheid": "dader"}, {"hoedanigheid"}),
        ({"hoedanigheid": None}, {"hoedanigheid"}),
        ({"hoedanigheid": ["getuige"]}, {"hoedanigheid"}),
        ({"anoniem": "false"}, {"anoniem"}),
        ({"anoniem": 0}, {"anoniem"}),
        ({"taal": "NL"}, {"taal"}),
        ({"locatie": "Dordrecht"}, {"locatie"}),
        ({"locatie": []}, {"locatie"}),
        ({"locatie": {}}, {"locatie"}),
        ({"locatie": {"omschrijving": " \n"}}, {"locatie"}),
        ({"locatie": {"adres": {}}}, {"locatie.adres"}),
        ({"locatie": {"adres": {"straat": ""}}}, {"locatie"}),
        ({"locatie": {"bron": "gps"}}, {"locatie"}),
        ({"locatie__lat": "51.8"}, {"locatie.lat"}),
        ({"locatie__lat": True}, {"locatie.lat"}),
        ({"locatie__lat": "1_000"}, {"locatie.lat"}),
        ({"locatie__lat": 91}, {"locatie.lat"}),
        ({"locatie__lat": ABSENT}, {"locatie.lat"}),
        ({"locatie__lon": ABSENT}, {"locatie.lon"}),
        ({"locatie__lat": 0, "locatie__lon": 0}, {"locatie.lat", "locatie.lon"}),
        ({"locatie__lat": 4.669, "locatie__lon": 51.8}, {"locatie.lat", "locatie.lon"}),
        ({"locatie__nauwkeurigheidM": -1}, {"locatie.nauwkeurigheidM"}),
        ({"locatie__nauwkeurigheidM": 2.5}, {"locatie.nauwkeurigheidM"}),
        ({"locatie__nauwkeurigheidM": 10**98}, {"locatie.nauwkeurigheidM"}),
        ({"locatie__adres": {"huisnummer": 12}}, {"locatie.adres.huisnummer"}),
        ({"vormen": []}, {"vormen"}),
        ({"vormen": "naroepen"}, {"vormen"}),
        ({"vormen": ["naroepen", "naroepen"]}, {"vormen"}),
        ({"vormen": ["naroepen", "x", 1]}, {"vormen[1]", "vormen[2]"}),
        ({"vormen": ["naroepen"] * 10_000}, {"vormen"}),
        ({"plegers__aantal": 1}, {"plegers.aantal"}),
        ({"plegers__groep": "ja"}, {"plegers.groep"}),
        ({"omschrijving": "x" * 5001}, {"omschrijving"}),
        ({"omschrijving": "a\x00b"}, {"omschrijving"}),
        ({"omschrijving": "a\ud800b"}, {"omschrijving"}),
        ({"omschrijving": 5}, {"omschrijving"}),
        ({"omschrijving": None}, {"omschrijving"}),
        ({"melder__email": "iemand"}, {"melder.email"}),
        ({"melder__email": "a@b"}, {"melder.email"}),
        ({"melder__email": "jos\u00e9@example.org"}, {"melder.email"}),
        ({"melder__email": "a@b.nl\nBcc: c@d.nl"}, {"melder.email"}),
        ({"melder__telefoon": "123"}, {"melder.telefoon"}),
        ({"melder__telefoon": "bel me"}, {"melder.telefoon"}),
        ({"melder__telefoon": "+316123456789"}, {"melder.telefoon"}),
        ({"contactGewenst": "bellen"}, {"melder.telefoon"}),
        ({"melder__email": ABSENT}, {"melder.email"}),
        ({"melder__email": " "}, {"melder.email"}),
        ({"melder": ABSENT}, {"melder.email"}),
        ({"anoniem": True}, {"melder.email", "contactGewenst"}),
        ({"anoniem": True, "contactGewenst": "via_app"}, {"melder.email"}),
        ({"deelvoorkeur": {"politie": True}}, {"deelvoorkeur.ketenpartners"}),
        ({"deelvoorkeur": {}}, {"deelvoorkeur.politie", "deelvoorkeur.ketenpartners"}),
        ({"deelvoorkeur__politie": None}, {"deelvoorkeur.politie"}),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], fields: set[str]) -> None:
    assert set(faults(report(**changes))) == fields


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-20T22:40:00",
        "2026-11-20",
        "2026-11-20 22:40:00+01:00",
        "20261120T224000Z",
        "2026-11-20T22:40Z",
        "2026-11-20T22:40:00+0100",
        "2026-11-20T22:40:00+01:00[Europe/Amsterdam]",
        "2026-13-20T22:40:00Z",
        "2026-02-30T22:40:00Z",
        "2026-11-20T24:40:00Z",
        "2026-11-20T22:40:60Z",
        "2026-11-20T22:40:00+25:00",
        "٢٠٢٦-11-20T22:40:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "1999-12-31T23:59:59Z",
        "2000-01-01T00:30:00+01:00",
        "9999-12-31T23:59:59-23:59",
        "2026-11-24T12:05:01Z",
        " 2026-11-20T22:40:00Z",
        "",
        1763674800,
        True,
        None,
    ],
)
def test_a_moment_is_a_strict_date_time_with_zone_between_2000_and_now(moment: Any) -> None:
    assert set(faults(report(incidentVan=moment))) == {"incidentVan"}


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-20T22:40:00+01:00", datetime(2026, 11, 20, 21, 40, tzinfo=UTC)),
        ("2026-11-20t22:40:00z", datetime(2026, 11, 20, 22, 40, tzinfo=UTC)),
        ("2026-11-20T22:40:00.5Z", datetime(2026, 11, 20, 22, 40, 0, 500_000, tzinfo=UTC)),
        ("2026-11-20T22:40:00.123456789Z", datetime(2026, 11, 20, 22, 40, 0, 123_456, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2026-11-24T12:04:59Z", NOW + timedelta(minutes=4, seconds=59)),
    ],
)
def test_good_moments_are_kept_in_utc(text: str, utc: datetime) -> None:
    found = validate(report(incidentVan=text), NOW).incident_start
    assert found == utc
    assert found.tzinfo is UTC


def test_the_end_is_not_before_the_start_and_not_in_the_future() -> None:
    assert set(faults(report(incidentTot="2026-11-20T22:39:59+01:00"))) == {"incidentTot"}
    assert set(faults(report(incidentTot="2026-12-20T22:39:59+01:00"))) == {"incidentTot"}
    assert not faults(report(incidentTot="2026-11-20T21:40:00Z"))


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(51.81, 4.67), (53.5, 6.9), (50.75, 5.9), (54.5, 3.5), (12.15, -68.27), (17.49, -62.97)],
)
def test_points_in_and_round_the_netherlands_are_taken(lat: float, lon: float) -> None:
    message = report(locatie={"lat": lat, "lon": lon})
    assert validate(message, NOW).location.lat == lat
    assert SCHEMA.is_valid(message)


@pytest.mark.parametrize(
    ("lat", "lon"), [(48.85, 2.35), (51.5, -0.12), (52.5, 13.4), (12.15, 4.67), (-51.8, 4.67)]
)
def test_points_elsewhere_are_refused_by_schema_and_check_alike(lat: float, lon: float) -> None:
    message = report(locatie={"lat": lat, "lon": lon})
    assert set(faults(message)) == {"locatie.lat", "locatie.lon"}
    assert not SCHEMA.is_valid(message)


def test_all_wrong_fields_are_named_at_once_in_reading_order() -> None:
    wrong = {"vormen": ["x"], "locatie": {"lat": "1", "zz": 1}, "anoniem": 1, "naam": "y"}
    with pytest.raises(InvalidMessageError) as caught:
        validate({**SMALL_REPORT, **wrong, "contactGewenst": "bellen"}, NOW)
    assert [e.field for e in caught.value.errors] == [
        "anoniem",
        "locatie.lat",
        "locatie.zz",
        "vormen[0]",
        "melder.telefoon",
        "naam",
    ]


def test_errors_carry_a_json_pointer_and_never_half_a_character() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        validate({**SMALL_REPORT, "a/b~c": 1, "é" * 500: 1}, NOW)
    first, second = caught.value.errors
    assert first.pointer == "/a~1b~0c"
    assert len(second.pointer) < 70


def test_thousands_of_unknown_properties_give_a_bounded_answer() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        validate({f"x{i}": i for i in range(5000)}, NOW)
    assert len(caught.value.errors) == 100


def test_texts_lose_control_characters_and_outer_blanks_only() -> None:
    found = validate(report(omschrijving="  ‘Hé’\r\n\x07schat… 😀\t "), NOW)
    assert found.description == "‘Hé’\nschat… 😀"
    assert validate(report(omschrijving=""), NOW).description is None


def test_five_thousand_characters_are_counted_as_people_count() -> None:
    assert not faults(report(omschrijving="😀" * 5000))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("06-12345678", "+31612345678"),
        ("(078) 770 0000", "+31787700000"),
        ("+32 470 12 34 56", "+32470123456"),
        ("+599 717 1234", "+5997171234"),
    ],
)
def test_telephone_numbers_are_kept_in_one_way_of_writing(typed: str, kept: str) -> None:
    contact = validate(report(melder__telefoon=typed), NOW).contact
    assert contact is not None
    assert contact.phone == kept


def test_an_address_alone_is_a_place() -> None:
    found = validate(report(locatie={"adres": {"straat": "Spui", "huisnummer": "99a"}}), NOW)
    assert found.location.address == Address(street="Spui", house_number="99a")


def test_contact_data_and_free_text_stay_out_of_the_representation() -> None:
    found = validate(report(melder__naam="Zeer Geheim", omschrijving="ook geheim"), NOW)
    assert "eheim" not in repr(found)
    assert "iemand@" not in repr(found)


SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@pytest.mark.alles
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(list(message_schema()["properties"])), SCRAPS), SCRAPS)
def test_no_message_whatever_raises_anything_else(changes: dict[str, Any], other: Any) -> None:
    for message in (other, {**FULL_REPORT, **changes}):
        with contextlib.suppress(InvalidMessageError):
            _storable(validate(message, NOW))


def _storable(submission: Submission) -> None:
    """PostgreSQL refuses NUL, and half a surrogate pair can't be written as UTF-8."""

    def texts(value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            yield value
        elif isinstance(value, dict):
            for part in value.values():
                yield from texts(part)

    for text in texts(dataclasses.asdict(submission)):
        assert "\x00" not in text
        text.encode()
