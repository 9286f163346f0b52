"""The plan and the drafts of `python -m bench.fill`: no database, and nothing held in vain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from bench.fill import plan
from bench.fill.places import Calendar, Draft, Site, drafts, nowhere
from bench.stories import weights
from bench.stories.model import Dice, start_of
from bench.stories.weights import Spot
from stopintimidatie.core.storage.tenancy import NATIONAL

PLACES = (
    ("bij het station", "station_halte"),
    ("op het Statenplein", "winkelgebied"),
    ("in het Wantijpark", "park_groen"),
    ("op de Noordendijk", "straat_plein"),
)
MOMENT = start_of(date(2026, 11, 24))
WEIGHTS = {"GM0505": 13.0, "GM0772": 20.0, "GM0855": 7.0, "GM0363": 99.0}


def drawn(seed: str, count: int) -> Iterator[Draft]:
    spots = [Spot("GM0505", phrase, 51.81, 4.67, kind) for phrase, kind in PLACES]
    sites = [Site(spot, None) for spot in spots]
    return drafts(Dice(seed), sites, count, MOMENT, Calendar(MOMENT, 5))


def test_the_shares_add_up_and_follow_the_weights() -> None:
    shares = plan.divide(1_000_000, WEIGHTS, 2, {"GM0505": 500})
    assert sum(share.count for share in shares) == 1_000_000
    counts = {share.municipality: share.count for share in shares}
    assert counts["GM0505"] == 500
    assert counts["GM0363"] > 4 * counts["GM0772"]
    holders = {share.municipality: share.holder for share in shares}
    # The one with a number of its own, then the heaviest; the desk holds the rest.
    assert holders["GM0505"] == "GM0505"
    assert holders["GM0363"] == "GM0363"
    assert holders["GM0772"] == holders[None] == NATIONAL


def test_the_batches_cover_every_serial_once() -> None:
    shares = plan.divide(12_345, WEIGHTS, 3, {})
    serials = [
        serial
        for share in shares
        for batch in plan.batches(share)
        for serial in range(batch.first, batch.first + batch.count)
    ]
    assert sorted(serials) == list(range(12_345))
    names = [batch.name for share in shares for batch in plan.batches(share)]
    assert len(names) == len(set(names))


def test_no_two_reports_of_an_order_get_one_reference() -> None:
    numbering = plan.Numbering.of("7/1000000")
    numbers = {numbering.scattered(serial, 2**35) for serial in range(50_000)}
    assert len(numbers) == 50_000
    assert numbers.isdisjoint(
        {plan.Numbering.of("8/1000000").scattered(serial, 2**35) for serial in range(100)}
    )


def test_a_seed_tells_the_same_reports_every_time() -> None:
    first = [draft.told.body for draft in drawn("7", 40)]
    assert first == [draft.told.body for draft in drawn("7", 40)]
    assert first != [draft.told.body for draft in drawn("8", 40)]


def test_drafts_are_made_one_by_one() -> None:
    # Ten million of them: whoever made them all first would not be back today.
    assert len(list(islice(drawn("7", 200_000), 3))) == 3


def test_the_drafts_are_distributed_like_the_published_figures() -> None:
    made = list(drawn("7", 1500))
    first = Counter(form for draft in made for form in draft.told.incident.forms)
    share = first["nafluiten"] / sum(first.values())
    expected = weights.FORMS["nafluiten"] / sum(weights.FORMS.values())
    assert abs(share - expected) < 0.05
    women = sum(draft.told.body["melder"]["gender"] == "vrouw" for draft in made)
    assert abs(women / len(made) - 0.74) < 0.05
    received = [draft.told.received_at for draft in made]
    assert max(received) < MOMENT
    assert 1500 < (MOMENT - min(received)).days < 1830
    texts = Counter(d.told.body.get("omschrijving") for d in made if d.kind == "gewoon")
    assert len(texts) > 0.85 * sum(texts.values())
    assert {draft.kind for draft in made} >= {"gewoon", "spam", "te_weinig"}


def test_nothing_is_reported_before_it_was_over() -> None:
    for draft in drawn("7", 4000):
        end = draft.told.body.get("incidentTot")
        assert end is None or datetime.fromisoformat(end) <= draft.told.received_at


def test_what_has_no_place_says_where_it_was_in_words() -> None:
    made = list(drafts(Dice("7"), nowhere(), 20, MOMENT, Calendar(MOMENT, 2)))
    assert all("lat" not in draft.told.body["locatie"] for draft in made)
    assert all(draft.told.body["locatie"]["omschrijving"] for draft in made)
