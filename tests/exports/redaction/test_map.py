"""The map: as exact as the recipient may know, the same in picture and table, honest about gaps."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

from stopintimidatie.exports.document.html import small_map, whole_map
from stopintimidatie.exports.profiles.defaults import POLICE, PROFILES, WELFARE
from stopintimidatie.exports.profiles.rules import Profile
from stopintimidatie.exports.redaction.content import MapContent, from_json, to_json
from stopintimidatie.exports.redaction.map import MOST_SPOTS, NO_BORDERS, NO_MAP, NOT_HERE, ROUGH
from stopintimidatie.exports.redaction.source import DossierSource, SourceArea
from tests.support.exports_factory import (
    POINTS,
    a_dossier,
    a_report,
    an_edition,
    redact,
    some_reports,
)


def mapped(source: DossierSource, profile: Profile = POLICE) -> tuple[MapContent, str]:
    content = redact(source, profile)
    assert from_json(to_json(content)) == content
    return content.map, to_json(content).decode()


def test_police_and_enforcement_get_spots_whose_letters_the_table_explains() -> None:
    source = a_dossier(40)
    for profile in (POLICE, PROFILES["handhaving"]):
        content = redact(source, profile).map
        assert [spot.letter for spot in content.spots] == [row.letter for row in content.rows]
        assert [spot.number for spot in content.spots] == [row.number for row in content.rows]
        told = len(redact(source, profile).reports)
        assert sum(spot.number for spot in content.spots) == told
        named = " ".join(row.place for row in content.rows)
        assert "Statenplein (Binnenstad)" in named
        assert all(0 < s.x < content.width_m and 0 < s.y < content.height_m for s in content.spots)
        assert content.source == "Grenzen van de wijken: CBS en Kadaster, 2024."
        assert "Alles staat ook in de tabel" in content.summary
        drawn = whole_map(content, colour="#154273")
        letters = re.findall(r'font-weight="700" fill="#ffffff">([A-Z])<', drawn)
        assert sorted(letters) == sorted(spot.letter for spot in content.spots)


def test_who_may_not_know_the_exact_place_gets_no_point_but_numbers() -> None:
    content, text = mapped(a_dossier(40), WELFARE)
    assert content.spots == ()
    assert {row.place for row in content.rows} == {"Binnenstad"}
    streets = tuple(replace(r, street=r.place) for r in some_reports(40))
    named = redact(a_dossier(streets), WELFARE).map
    assert "Statenplein (Binnenstad)" in {row.place for row in named.rows}
    assert [area.number for area in named.areas if area.home] == [str(len(streets))]
    # The same points a little further on give the same document: they are nowhere in it.
    moved = tuple(replace(r, point=(r.point[0] + 0.0004, r.point[1])) for r in streets if r.point)
    assert redact(a_dossier(moved), WELFARE) == redact(a_dossier(streets), WELFARE)
    assert "51.8" not in text


def test_the_mayor_gets_rounded_numbers_per_neighbourhood_and_no_small_ones() -> None:
    few = (*some_reports(7), a_report(8, neighbourhood="Reeland"))
    content = redact(a_dossier(few), PROFILES["bestuur"]).map
    assert [(row.place, row.number) for row in content.rows] == [
        ("Binnenstad", 5),
        ("Reeland", None),
    ]
    assert {area.name: area.number for area in content.areas}["Reeland"] == "<5"
    assert all(row.reports == "" for row in content.rows)


def test_reports_left_out_or_without_a_point_are_not_on_the_map() -> None:
    reports = (
        a_report(1),
        a_report(2, share_police=False, point=POINTS[1], place="geheimplein"),
        a_report(3, point=None),
    )
    content, text = mapped(a_dossier(reports))
    assert len(content.spots) == 1
    assert "Van 1 melding is geen punt bekend" in " ".join(content.notes)
    assert "geheimplein" not in text
    assert redact(a_dossier(0), POLICE).map == NOT_HERE


def test_without_outlines_the_map_says_so_and_draws_what_is_known() -> None:
    exact = redact(a_dossier(3, areas=(), areas_source=""), POLICE).map
    assert NO_BORDERS in exact.notes
    assert exact.spots
    middle = (SourceArea("Binnenstad", True, None, POINTS[0]),)
    rough = redact(a_dossier(9, areas=middle), PROFILES["bestuur"]).map
    assert rough.notes == (ROUGH,)
    assert "<circle" in whole_map(rough, colour="#154273")
    nothing = redact(a_dossier(9, areas=()), PROFILES["bestuur"]).map
    assert (nothing.width_m, nothing.notes) == (0, (NO_MAP,))
    assert nothing.rows


def test_many_places_become_no_more_spots_than_there_are_letters_in_any_colour() -> None:
    spread = tuple(
        a_report(i + 1, point=(51.80 + (i * 37 % 100) / 2_000, 4.65 + (i * 61 % 97) / 2_000))
        for i in range(300)
    )
    content = redact(a_dossier(spread, title="<b>"), POLICE).map
    assert len(content.spots) <= MOST_SPOTS
    assert sum(spot.number for spot in content.spots) == 300
    for colour in ("#154273", "#ffff00", "#ffffff"):
        for svg in (whole_map(content, colour=colour), small_map(content, colour=colour)):
            ElementTree.fromstring(svg)  # noqa: S314 - our own
            assert svg == svg.replace("href", "").replace("url(", "")


def test_measures_count_the_reports_this_recipient_gets_before_and_after() -> None:
    police = redact(a_dossier(200), POLICE)
    counts = {action.what: action.counts for action in police.actions}
    told = counts["Cameratoezicht op het plein in het weekend"]
    changed = r"\(46 dagen\), (minder dan|meer dan|evenveel als) ervoor; rest van de gemeente:"
    assert re.fullmatch(rf"\d+ voor, \d+ na {changed} 31 voor, 62 na, meer dan ervoor", told)
    assert counts["Verlichting hersteld"] == ""
    mayor = {
        action.what: action.counts for action in redact(a_dossier(200), PROFILES["bestuur"]).actions
    }
    assert re.fullmatch(
        rf"\d*[05] voor, \d*[05] na {changed} 30 voor, 60 na, meer dan ervoor",
        mayor["Cameratoezicht op het plein in het weekend"],
    )


def test_meetings_and_files_are_told_as_the_profile_has_them() -> None:
    police, welfare = redact(a_dossier(3), POLICE), redact(a_dossier(3), WELFARE)
    assert police.consultations[0].seats.startswith("Politie (wijkagent); Jongerenwerk")
    assert welfare.consultations == ()
    assert police.attachments.files == ()
    assert "1 foto" in police.attachments.note
    assert "Fietsenstalling" not in to_json(police).decode()


def test_page_one_says_what_is_new_since_this_recipients_last_version() -> None:
    since = an_edition()
    assert since.previous is not None
    earlier = replace(since.previous, on=date(2026, 9, 1), serials=frozenset({1, 2, 99}))
    source = a_dossier(
        tuple(a_report(i) for i in range(1, 5)), edition=replace(since, previous=earlier)
    )
    news = redact(source, POLICE).page_one.news
    assert "M-03 en M-04" in news[0]
    assert news[1] == "Niet meer in dit document: M-99."
    assert "1 overleg gehouden." in news
    assert "1 nieuwe maatregel." in news
