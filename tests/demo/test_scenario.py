"""The scenario files: believable, allowed by the intake and the workflows, and whole on any day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from stopintimidatie.core.text import AMSTERDAM, day_of
from stopintimidatie.demo import scenario
from stopintimidatie.demo.acts import DOSSIER_ACTS, REPORT_ACTS
from stopintimidatie.demo.loader import HOLDERS, events_of
from stopintimidatie.demo.scenario import Json, Timeline, dossiers_of, message_of, reports_of
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW
from stopintimidatie.municipalities.areas.facts import neighbourhood_facts
from stopintimidatie.municipalities.areas.locator import Locator
from stopintimidatie.reports.arrival.submission import validate
from stopintimidatie.reports.campaigns.rules import problem_with
from stopintimidatie.reports.vocabulary import FollowUp, Source
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from tests.support.areas import outlines
from tests.support.installation import DEMO_DAY

TOWNS = HOLDERS[1:]
# A week, and the days around both changes of the clock.
DAYS = [
    *(DEMO_DAY - timedelta(days=ago) for ago in range(7)),
    *(date(2027, 3, 27) + timedelta(days=days) for days in range(8)),
    *(date(2026, 10, 24) + timedelta(days=days) for days in range(8)),
]
WEEKDAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
# Their text holds personal data on purpose: an officer must redact it.
WITH_PERSONAL_DATA = 3
PERSONAL = {
    "bsn": re.compile(r"(?<!\d)\d{8,9}(?!\d)"),
    "plate": re.compile(r"\b[A-Z0-9]{1,3}-[A-Z0-9]{2,3}-[A-Z0-9]{1,2}\b"),
    "phone": re.compile(r"(?<!\d)(\+31|0)[\s-]?\d([\s-]?\d){8}"),
    "e-mail": re.compile(r"\S+@\S+"),
}


def all_reports() -> Iterator[Json]:
    return (report for holder in HOLDERS for report in reports_of(holder))


def played(document: Json, timeline: Timeline) -> list[Json]:
    """Return the acts about a report or dossier that lie before the moment of the demo."""
    acts = document.get("verloop", ())
    return [act for act in acts if timeline.at(act["op"]) < timeline.moment]


def states_on(day: date) -> Counter[str]:
    """Count the states of the reports of both towns on a day, and check each step to it."""
    timeline, states = Timeline(day), Counter[str]()
    for report in (report for town in TOWNS for report in reports_of(town)):
        if timeline.at(report["gemeld"]) >= timeline.moment:
            continue
        state = "quarantaine" if report.get("quarantaine") else "nieuw"
        for act in played(report, timeline):
            if "stap" in act:
                values = {name: str(value) for name, value in act.items()}
                state = REPORT_WORKFLOW.check(state, act["stap"], values).target
        states[state] += 1
    return states


def test_there_are_some_six_hundred_reports_and_thirty_dossiers() -> None:
    counts = [len(reports_of(holder)) for holder in HOLDERS]
    assert sum(counts) == 596
    assert min(counts) > 70
    references = [report["kenmerk"] for report in all_reports()]
    assert len(set(references)) == len(references)
    dossiers = [dossier for town in TOWNS for dossier in dossiers_of(town)]
    assert len({dossier["dossier"] for dossier in dossiers}) == 30
    kinds = Counter(dossier["soort"] for dossier in dossiers)
    assert kinds.keys() == {"hotspot", "groep", "thema", "persoonsgericht"}
    assert kinds["persoonsgericht"] == 1


def test_a_friday_is_a_friday_whatever_the_day() -> None:
    for day in DAYS:
        timeline = Timeline(day)
        assert timeline.at("-4 22:30").astimezone(AMSTERDAM).weekday() == 4
        assert timedelta(0) <= timeline.reference - day <= timedelta(days=6)
    assert Timeline(DEMO_DAY).reference == DEMO_DAY


def test_a_story_names_the_day_on_which_it_happened() -> None:
    timeline, named = Timeline(DEMO_DAY), 0
    for report in all_reports():
        story = report["verhaal"].lower()
        weekday = timeline.at(report["gebeurd"]).astimezone(AMSTERDAM).weekday()
        if match := re.search(rf"\b({'|'.join(WEEKDAYS)})(ochtend|middag|avond)\b", story):
            named += 1
            assert match[1] == WEEKDAYS[weekday], report["kenmerk"]
    assert named > 10


@pytest.mark.parametrize("day", DAYS)
def test_every_message_passes_the_intake(day: date) -> None:
    timeline = Timeline(day)
    for report in all_reports():
        received = timeline.at(report["gemeld"])
        given = validate(message_of(report, timeline), received)
        assert given.incident_start <= received
        assert report["bron"] in set(Source)


@pytest.mark.parametrize("day", DAYS)
def test_each_day_shows_every_state_by_steps_that_are_allowed(day: date) -> None:
    states = states_on(day)
    # What goes between holders is added while loading, and nothing is destroyed in the demo.
    between = {"overdracht_aangeboden", "overgedragen", "vernietigd"}
    assert states.keys() == set(REPORT_WORKFLOW.states) - between
    assert states["nieuw"] >= 10


@pytest.mark.parametrize("day", DAYS)
def test_acts_follow_their_cause(day: date) -> None:
    timeline = Timeline(day)
    for holder in HOLDERS:
        made = {row["dossier"]: timeline.at(row["gemaakt"]) for row in dossiers_of(holder)}
        for report in reports_of(holder):
            moments = [timeline.at(report["gemeld"])]
            moments += [timeline.at(act["op"]) for act in report.get("verloop", ())]
            # An hour may come twice or not at all in the night that clocks change.
            assert all(two - one > timedelta(hours=-1) for one, two in pairwise(moments))
            for act in report.get("verloop", ()):
                if "dossier" in act:
                    assert made[act["dossier"]] < timeline.at(act["op"])
        events = events_of(holder, timeline, UUID(int=1))
        last = events[-1][0]
        assert last < timeline.moment
        assert timeline.moment - last < timedelta(days=5)


@pytest.mark.parametrize("day", DAYS)
def test_every_step_of_a_dossier_is_allowed(day: date) -> None:
    timeline, states = Timeline(day), Counter[str]()
    for dossier in (dossier for town in TOWNS for dossier in dossiers_of(town)):
        state = "in_voorbereiding"
        for act in played(dossier, timeline):
            if "stap" in act:
                values = {name: str(value) for name, value in act.items()}
                values |= {"soort": dossier["soort"]}
                state = DOSSIER_WORKFLOW.check(state, act["stap"], values).target
        states[state] += 1
    assert states.keys() == {"in_voorbereiding", "in_aanpak", "monitoring", "afgesloten"}


@pytest.mark.parametrize("day", DAYS)
def test_exports_to_partners_are_asked_of_running_dossiers(day: date) -> None:
    timeline, ends = Timeline(day), Counter[str]()
    for town in TOWNS:
        for dossier in dossiers_of(town):
            state = "in_voorbereiding"
            for act in played(dossier, timeline):
                if "stap" in act:
                    state = act["stap"]
                if "uitvoer" in act:
                    assert state == "starten"
                    ends[act["daarna"]] += 1
    assert ends == {"verlopen": 1, "beantwoord": 2, "ingetrokken": 1, "klaargezet": 2}


def test_every_act_is_known() -> None:
    for holder in HOLDERS:
        for documents, acts in ((reports_of, REPORT_ACTS), (dossiers_of, DOSSIER_ACTS)):
            for document in documents(holder):
                for act in document.get("verloop", ()):
                    assert acts.keys() & act.keys(), act
                    assert act["door"]


def test_free_text_holds_no_personal_data_but_where_it_is_meant_to() -> None:
    places = [report["antwoorden"]["locatie"].get("omschrijving", "") for report in all_reports()]
    told = [*places, *(report["verhaal"] for report in all_reports())]
    personal = [text for text in told if any(shape.search(text) for shape in PERSONAL.values())]
    assert len(personal) == WITH_PERSONAL_DATA
    texts = [report["verhaal"] for report in all_reports() if report["verhaal"]]
    assert len(set(texts)) > 0.95 * len(texts)
    lengths = sorted(map(len, texts))
    assert lengths[len(lengths) // 10] < 100
    assert lengths[-len(lengths) // 10] > 350


def share(count: int) -> float:
    return count / sum(1 for _ in all_reports())


def test_reports_are_spread_as_published() -> None:
    """CBS: 50 % whistled at, 40 % hissed at, 40 % called after or insulted, 25 % walked after."""
    answers: list[Any] = [report["antwoorden"] for report in all_reports()]
    forms = [set(answer["vormen"]) for answer in answers]
    whistled = sum("nafluiten" in codes for codes in forms)
    for group, published in (
        ({"nasissen_naklakken"}, 40),
        ({"naroepen", "beledigen_schelden"}, 40),
        ({"hinderlijk_volgen"}, 25),
    ):
        seen = 50 * sum(bool(codes & group) for codes in forms) / whistled
        assert published * 0.75 <= seen <= published * 1.25, (group, seen)
    women = sum(answer["melder"]["gender"] == "vrouw" for answer in answers)
    assert 0.68 <= share(women) <= 0.80
    young = {"onder_16", "16_17", "18_24"}
    assert 0.50 <= share(sum(a["melder"]["leeftijdsgroep"] in young for a in answers)) <= 0.72
    went = {"gebeld_112", "gebeld_0900", "melding_gedaan", "aangifte_gedaan"}
    assert share(sum(answer["politie"] in went for answer in answers)) <= 0.09


def test_closing_gives_feedback_or_says_why_not() -> None:
    steps = [act for r in all_reports() for act in r.get("verloop", ()) if "opvolging" in act]
    assert len(steps) > 200
    for step in steps:
        assert set(step["opvolging"]) <= set(FollowUp)
        assert ("bericht" in step) == (step["terugkoppeling"] == "gegeven")
        assert ("reden" in step) != ("bericht" in step)


def test_a_story_wishes_for_contact_as_its_answers_do() -> None:
    for report in all_reports():
        story, answers = report.get("verhaal") or "", report["antwoorden"]
        wanted = answers["contactGewenst"] != "nee" or answers.get("hulpGewenst")
        contradicting = "geen contact" if wanted else "graag horen"
        assert contradicting not in story, report["kenmerk"]


def test_a_report_is_filed_for_a_likeness_that_it_has() -> None:
    alike: dict[str, list[tuple[str, Any, bool]]] = {}
    for report in (report for town in TOWNS for report in reports_of(town)):
        seen = report["antwoorden"].get("plegers", {})
        group = seen.get("groep"), seen.get("vervoermiddel")
        for act in report.get("verloop", ()):
            if act.get("stap") == "in_dossier":
                compared = act["reden"].startswith("Beschrijving van groep en vervoer")
                alike.setdefault(act["dossier"], []).append((report["kenmerk"], group, compared))
    for members in alike.values():
        numbers = Counter(group for _, group, _ in members)
        for reference, group, compared in members:
            assert not compared or (group[0] and numbers[group] > 1), reference


def test_contact_terms_live_round_the_day_of_the_demo() -> None:
    acts = [act for r in all_reports() for act in r.get("verloop", ()) if "beoordeling" in act]
    assert [act for act in acts if -7 <= act.get("uiterlijk", -99) <= 7]


def test_officers_act_in_working_hours() -> None:
    timeline = Timeline(DEMO_DAY)
    documents = [*all_reports(), *(dossier for town in TOWNS for dossier in dossiers_of(town))]
    acts = [act for document in documents for act in document.get("verloop", ())]
    moments: list[datetime] = [
        timeline.at(act["op"]).astimezone(AMSTERDAM)
        for act in acts
        if act["door"] in {"oov", "dossierhouder"} and "contact" not in act
    ]
    outside = [at for at in moments if not 7 <= at.hour < 19 or at.weekday() > 4]
    assert len(outside) <= 0.03 * len(moments)
    assert all(day_of(at) <= DEMO_DAY for at in moments)


def test_without_outlines_places_are_guessed_in_the_right_town() -> None:
    locator = Locator({}, neighbourhood_facts())
    for town in TOWNS:
        for report in reports_of(town):
            place = report["antwoorden"]["locatie"]
            assert locator.locate(place["lat"], place["lon"]).municipality_code == town


@pytest.mark.echte_gebieden
def test_with_real_outlines_every_place_lies_where_it_says(echte_gebieden: Path) -> None:
    paths = [echte_gebieden / f"{kind}_2024.geojson" for kind in ("gemeenten", "wijken")]
    locator = Locator(outlines(*paths))
    for town in TOWNS:
        for report in reports_of(town):
            place = report["antwoorden"]["locatie"]
            assert locator.locate(place["lat"], place["lon"]).municipality_code == town


@pytest.mark.parametrize("holder", TOWNS)
def test_campaigns_have_codes_that_reports_of_their_days_bring_by_the_form(holder: str) -> None:
    reports = [report for report in reports_of(holder) if "campagne" in report]
    known = {row["velden"]["code"]: row for row in scenario.TOWNS[holder]["campagnes"]}
    assert {report["campagne"] for report in reports} == set(known)
    assert not [code for code in known if problem_with(code)]
    for report in reports:
        row, day = known[report["campagne"]], int(report["gemeld"].split()[0])
        assert row["van"] <= day <= (row["tot"] or 7)
        assert report["bron"] == "webformulier"
