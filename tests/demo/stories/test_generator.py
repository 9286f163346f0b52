"""The demo as a whole: deterministic, believable, spread as published, and allowed."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from stopintimidatie.demo.stories.generator import SEED, generate
from stopintimidatie.demo.stories.histories import FILED, HANDLED, HELD, NEW
from stopintimidatie.demo.stories.model import Demo, DemoReport, local
from stopintimidatie.demo.stories.weights import DORDRECHT, EINDHOVEN, TILBURG
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW
from stopintimidatie.municipalities.areas.facts import neighbourhood_facts
from stopintimidatie.municipalities.areas.locator import Locator
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.arrival.submission import validate
from stopintimidatie.reports.vocabulary import FollowUp, Source
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from tests.support.areas import outlines

DAY = date(2026, 11, 24)
RUNS = [(SEED, DAY), (1, date(2027, 3, 29)), (2, date(2026, 7, 5)), (3, date(2027, 1, 1))]
WORKED_ON = (DORDRECHT, EINDHOVEN)
WAITING = "wacht_op_melder"
# Handing over to another municipality isn't part of the demo, and nothing is destroyed in it.
# What goes between holders is put in by demo/between.py, over what is drawn here.
STATES = {state.code for state in REPORT_WORKFLOW.states} - {
    "overdracht_aangeboden",
    "overgedragen",
    "vernietigd",
}
PERSONAL = {
    "bsn": re.compile(r"(?<!\d)\d{8,9}(?!\d)"),
    "plate": re.compile(r"\b[A-Z0-9]{1,3}-[A-Z0-9]{2,3}-[A-Z0-9]{1,2}\b"),
    "phone": re.compile(r"(?<!\d)(\+31|0)[\s-]?\d([\s-]?\d){8}"),
    "e-mail": re.compile(r"\S+@\S+"),
}


@cache
def demo(seed: int = SEED, day: date = DAY) -> Demo:
    return generate(seed, day)


@pytest.fixture(params=RUNS, ids=lambda run: f"{run[0]} {run[1]}")
def run(request: pytest.FixtureRequest) -> Demo:
    return demo(*request.param)


def texts(found: Demo) -> list[str]:
    return [text for report in found.reports if (text := report.body.get("omschrijving"))]


def worked_on(found: Demo) -> Iterator[DemoReport]:
    return (report for report in found.reports if report.municipality in WORKED_ON)


def share(found: Demo, key: str) -> Counter[str]:
    return Counter(report.body["melder"][key] for report in found.reports)


def test_the_same_seed_and_day_give_the_same_demo() -> None:
    assert generate(SEED, DAY) == demo()


def test_another_seed_gives_another_demo() -> None:
    assert set(texts(generate(SEED + 1, DAY))) != set(texts(demo()))


def test_another_day_moves_everything_along() -> None:
    later = generate(SEED, DAY + timedelta(days=30))
    assert later.moment - demo().moment == timedelta(days=30)
    assert max(r.received_at for r in later.reports) > max(r.received_at for r in demo().reports)


def test_there_are_some_six_hundred_reports_spread_as_promised(run: Demo) -> None:
    per_municipality = Counter(report.municipality for report in run.reports)
    assert 580 <= len(run.reports) <= 620
    assert 255 <= per_municipality[DORDRECHT] <= 285
    assert 235 <= per_municipality[EINDHOVEN] <= 265
    assert per_municipality[TILBURG] == 50
    elsewhere = len(run.reports) - sum(per_municipality[m] for m in (*WORKED_ON, TILBURG))
    assert elsewhere == 30
    assert per_municipality[None] == 10


def test_every_message_passes_the_intake(run: Demo) -> None:
    sources = {str(source) for source in Source}
    for report in run.reports:
        found = validate(dict(report.body), report.received_at)
        assert found.incident_start <= report.received_at
        assert report.source in sources
    assert len({report.idempotency_key for report in run.reports}) == len(run.reports)


def test_nothing_lies_in_the_future_or_before_its_cause(run: Demo) -> None:
    for report in run.reports:
        moments = [report.received_at, *(step.at for step in report.steps)]
        assert moments == sorted(moments)
        assert moments[-1] < run.moment
        assert all(moment.tzinfo is not None for moment in moments)
    for dossier in run.dossiers:
        moments = [dossier.created_at, *(move.at for move in dossier.moves)]
        assert moments == sorted(moments)
        later = [note.at for note in dossier.notes]
        later += [agreement.made_at for agreement in dossier.agreements]
        later += [agreement.closed_at for agreement in dossier.agreements if agreement.closed_at]
        assert all(dossier.created_at <= at < run.moment for at in [*moments, *later])


def test_two_years_are_covered(run: Demo) -> None:
    first = min(report.received_at for report in run.reports)
    assert timedelta(days=640) < run.moment - first < timedelta(days=735)


def test_nobody_wrote_the_same_text(run: Demo) -> None:
    found = texts(run)
    assert len(set(found)) > 0.95 * len(found)
    assert len(found) > 0.9 * len(run.reports)


def test_at_least_eighty_shapes_are_used(run: Demo) -> None:
    assert len({shape for report in run.reports for shape in report.shapes}) >= 200


def test_texts_are_short_and_long() -> None:
    lengths = sorted(len(text) for text in texts(demo()))
    assert lengths[len(lengths) // 10] < 100
    assert lengths[-len(lengths) // 10] > 350


def test_free_text_holds_no_personal_data_but_where_it_is_meant_to(run: Demo) -> None:
    meant = [report for report in run.reports if report.kind == "persoonsgegevens"]
    assert len(meant) == 3
    for report in run.reports:
        text = report.body.get("omschrijving", "") + report.body["locatie"].get("omschrijving", "")
        found = {name for name, shape in PERSONAL.items() if shape.search(text)}
        assert bool(found) == (report.kind == "persoonsgegevens"), text


def test_the_four_measured_forms_stand_in_the_published_proportion(run: Demo) -> None:
    """CBS: 50 % whistled at, 40 % hissed at, 40 % called after or insulted, 25 % walked after."""
    forms = [set(report.body["vormen"]) for report in run.reports]
    whistled = sum("nafluiten" in found for found in forms)
    for group, published in (
        ({"nasissen_naklakken"}, 40),
        ({"naroepen", "beledigen_schelden"}, 40),
        ({"hinderlijk_volgen"}, 25),
    ):
        seen = 50 * sum(bool(found & group) for found in forms) / whistled
        assert published * 0.75 <= seen <= published * 1.25, (group, seen)


def test_three_in_four_reporters_are_women(run: Demo) -> None:
    assert 0.68 <= share(run, "gender")["vrouw"] / len(run.reports) <= 0.80


def test_reporters_are_young(run: Demo) -> None:
    ages = share(run, "leeftijdsgroep")
    young = ages["onder_16"] + ages["16_17"] + ages["18_24"]
    assert 0.50 <= young / len(run.reports) <= 0.72
    assert ages["18_24"] > ages["25_34"] > ages["50_64"] > ages["65_plus"] > 0


def test_who_was_followed_was_mostly_afraid(run: Demo) -> None:
    followed = [r for r in run.reports if "hinderlijk_volgen" in r.body["vormen"]]
    afraid = sum(report.body["ernstGevoel"] == "onveilig_bang" for report in followed)
    assert 0.75 <= afraid / len(followed) <= 0.93


def test_nine_in_ten_change_their_behaviour(run: Demo) -> None:
    changed = sum(report.body["gevolgGedrag"] != ["geen"] for report in run.reports)
    assert 0.86 <= changed / len(run.reports) <= 0.94


def test_few_went_to_the_police(run: Demo) -> None:
    went = {"gebeld_112", "gebeld_0900", "melding_gedaan", "aangifte_gedaan"}
    assert sum(report.body["politie"] in went for report in run.reports) <= 0.09 * len(run.reports)


def test_high_summer_is_busier_than_early_summer() -> None:
    """Utrecht 2024: 9 and 14 reports in May and June, 35 and 30 in July and August."""
    months: Counter[int] = Counter()
    for seed in range(4):
        months.update(local(r.received_at).month for r in generate(seed, DAY).reports)
    assert months[7] + months[8] > 1.2 * (months[5] + months[6])


def test_every_step_is_one_the_workflow_lets_through(run: Demo) -> None:
    for report in run.reports:
        state = HELD if report.quarantined else NEW
        for step in report.steps:
            assert step.source == state
            assert REPORT_WORKFLOW.check(state, step.name, step.values).target == step.target
            assert (step.name == "intrekken") == (step.by == "melder" and step.source != WAITING)
            state = step.target
        assert report.state == state


def test_every_step_of_a_dossier_is_one_the_workflow_lets_through(run: Demo) -> None:
    for dossier in run.dossiers:
        state = "in_voorbereiding"
        for move in dossier.moves:
            assert move.source == state
            values = {**move.values, "soort": dossier.type}
            assert DOSSIER_WORKFLOW.check(state, move.name, values).target == move.target
            state = move.target


def test_closing_gives_feedback_or_says_why_not(run: Demo) -> None:
    known = {str(code) for code in FollowUp}
    closings = [s for r in run.reports for s in r.steps if s.target == "afgehandeld"]
    assert closings
    for step in closings:
        assert set(step.values["opvolging"]) <= known
        told = step.values["terugkoppeling"] == "gegeven"
        assert ("bericht" in step.values) == told
        assert bool(step.reason) != told


def test_every_state_can_be_seen(run: Demo) -> None:
    seen = Counter(report.state for report in worked_on(run))
    assert seen.keys() == STATES
    assert seen["nieuw"] >= 10
    assert min(seen["wacht_op_melder"], seen["wacht_op_partner"], seen["quarantaine"]) >= 2


def test_the_national_desk_has_touched_nothing(run: Demo) -> None:
    assert all(not r.steps for r in run.reports if r.municipality not in WORKED_ON)


def test_doubles_name_the_first(run: Demo) -> None:
    kinds = {report.key: report for report in run.reports}
    doubles = [report for report in run.reports if report.kind == "dubbel"]
    assert len(doubles) == 8
    for report in doubles:
        for step in report.steps:
            if "dubbel_van" in step.values:
                first = kinds[step.values["dubbel_van"]]
                assert first.received_at <= report.received_at
                assert first.body["locatie"] == report.body["locatie"]


def test_contact_terms_live_round_the_day_of_the_demo(run: Demo) -> None:
    today = local(run.moment).date()
    terms = [r.triage.contact_by for r in run.reports if r.triage and r.triage.contact_by]
    assert [term for term in terms if today - timedelta(7) <= term <= today + timedelta(7)]


def test_a_suspicion_always_has_a_reason(run: Demo) -> None:
    marked = [r.triage for r in run.reports if r.triage and r.triage.suspicion]
    assert marked
    assert all(r.triage is None or r.triage.at < run.moment for r in run.reports)


def test_there_are_thirty_dossiers_of_every_state_and_type(run: Demo) -> None:
    assert len(run.dossiers) == 30
    assert {d.state for d in run.dossiers} == {
        "in_voorbereiding",
        "in_aanpak",
        "monitoring",
        "afgesloten",
    }
    types = Counter(dossier.type for dossier in run.dossiers)
    assert types.keys() == {"hotspot", "groep", "thema", "persoonsgericht"}
    assert types["persoonsgericht"] == 1
    reopened = [d for d in run.dossiers if any(m.source == "afgesloten" for m in d.moves)]
    assert len(reopened) == 2
    assert {dossier.legal_basis for dossier in run.dossiers} <= {str(code) for code in LegalBasis}
    assert all(d.advice for d in run.dossiers if d.type == "persoonsgericht")


def test_only_running_dossiers_have_open_agreements(run: Demo) -> None:
    today = local(run.moment).date()
    due = []
    for dossier in run.dossiers:
        opened = [agreement for agreement in dossier.agreements if agreement.state == "open"]
        if opened:
            assert dossier.state in {"in_voorbereiding", "in_aanpak"}
        if any(move.source == "afgesloten" for move in dossier.moves):
            assert all(agreement.made_at >= dossier.moves[-1].at for agreement in opened)
        due += [agreement.due for agreement in opened]
    assert min(due) < today < max(due) <= today + timedelta(days=25)


def test_members_and_reports_tell_the_same_story(run: Demo) -> None:
    reports = {report.key: report for report in run.reports}
    states = {dossier.key: dossier for dossier in run.dossiers}
    filed = Counter(member.report for d in run.dossiers for member in d.members)
    assert max(filed.values()) == 1
    for dossier in run.dossiers:
        for member in dossier.members:
            report = reports[member.report]
            step = next(step for step in report.steps if step.target == FILED)
            assert (step.at, step.values["dossier"]) == (member.joined_at, dossier.key)
            assert report.municipality == dossier.municipality
            assert step.source == HANDLED
    for report in run.reports:
        if report.state == FILED:
            assert states[report.steps[-1].values["dossier"]].state != "afgesloten"


def test_most_dossiers_hold_reports(run: Demo) -> None:
    assert sum(bool(dossier.members) for dossier in run.dossiers) >= 26
    assert sum(len(dossier.members) for dossier in run.dossiers) >= 150


def test_no_dossier_is_named_after_somebody() -> None:
    neighbourhoods = {fact.code for fact in neighbourhood_facts()}
    for dossier in demo().dossiers:
        assert dossier.neighbourhood in {*neighbourhoods, "GM0505-GB", "GM0772-GB"}
        assert dossier.summary.endswith(".")


def test_the_truth_is_kept_apart_and_is_true(run: Demo) -> None:
    reports = {report.key: report for report in run.reports}
    names = {planted.name for planted in run.truth}
    assert {"station_vrijdagnacht", "loopgroep_wantij", "schoolbus_leerpark"} <= names
    for planted in run.truth:
        assert {reports[key].municipality for key in planted.reports} == {planted.municipality}
    for report in run.reports:
        assert not names & {str(value) for value in report.body.values()}
    friday = next(planted for planted in run.truth if planted.name == "station_vrijdagnacht")
    nights = [datetime.fromisoformat(reports[k].body["incidentVan"]) for k in friday.reports]
    assert {(night - timedelta(hours=6)).weekday() for night in nights} == {4}


def test_without_outlines_places_are_guessed_in_the_right_town(run: Demo) -> None:
    locator = Locator({}, neighbourhood_facts())
    for report in worked_on(run):
        place = report.body["locatie"]
        assert locator.locate(place["lat"], place["lon"]).municipality_code == report.municipality


@pytest.mark.echte_gebieden
def test_with_real_outlines_every_place_lies_where_it_says(echte_gebieden: Path) -> None:
    paths = [echte_gebieden / f"{kind}_2024.geojson" for kind in ("gemeenten", "wijken")]
    locator = Locator(outlines(*paths))
    for report in demo().reports:
        place = report.body["locatie"]
        if "lat" in place:
            found = locator.locate(place["lat"], place["lon"])
            assert found.municipality_code == report.municipality, report.body
            assert bool(found.neighbourhood_code) == bool(report.municipality)


def test_moves_go_forward_in_time_by_at_least_a_minute(run: Demo) -> None:
    for report in run.reports:
        for one, two in pairwise(report.steps):
            assert two.at - one.at >= timedelta(minutes=1)


def test_today_is_the_day_when_none_is_given() -> None:
    before = datetime.now(UTC)
    assert before - timedelta(days=1, hours=3) < generate(1).moment <= datetime.now(UTC)


def test_officers_act_in_working_hours(run: Demo) -> None:
    acts = [s.at for r in run.reports for s in r.steps if s.by in {"oov", "dossierhouder"}]
    acts += [note.at for dossier in run.dossiers for note in dossier.notes]
    acts += [agreement.made_at for d in run.dossiers for agreement in d.agreements]
    outside = [at for at in acts if not 7 <= local(at).hour < 19 or local(at).weekday() > 4]
    assert len(outside) <= 0.03 * len(acts)


def test_nothing_is_noted_in_a_closed_dossier(run: Demo) -> None:
    for dossier in run.dossiers:
        closed = [move.at for move in dossier.moves if move.target == "afgesloten"]
        opened = [move.at for move in dossier.moves if move.source == "afgesloten"]
        for start, end in zip(closed, opened or [run.moment] * len(closed), strict=True):
            assert not [note for note in dossier.notes if start <= note.at < end]
            assert not [a for a in dossier.agreements if start <= a.made_at < end]
