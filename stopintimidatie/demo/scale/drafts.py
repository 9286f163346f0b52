"""One batch of reports as people send them: drawn over the years and places, told in Dutch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from stopintimidatie.demo import weights as w
from stopintimidatie.demo.dice import Dice, local
from stopintimidatie.demo.drawing import Incident, Told, at_hour, report_of
from stopintimidatie.demo.generator import PERSONAL
from stopintimidatie.demo.language import shapes
from stopintimidatie.demo.scale.grounds import Site

# How much busier the last fortnight is than its season: people report more than they used to.
FRESH: Final = 1.5
FRESH_DAYS: Final = 14
# What isn't an ordinary report. No figure is published: ours.
KINDS: Final = {
    "gewoon": 93.0,
    "te_weinig": 2.0,
    "geen_intimidatie": 2.0,
    "spam": 1.5,
    "test": 1.0,
    "persoonsgegevens": 0.5,
}
_TEXTS: Final = {
    "te_weinig": shapes.TOO_LITTLE,
    "geen_intimidatie": shapes.NOT_HARASSMENT,
    "spam": shapes.SPAM,
    "test": shapes.SPAM,
    "persoonsgegevens": PERSONAL,
}
QUARANTINED: Final = frozenset({"spam", "test"})


@dataclass(frozen=True)
class Draft:
    """A report as it came in, and where it lies."""

    told: Told
    site: Site
    kind: str

    @property
    def quarantined(self) -> bool:
        return self.kind in QUARANTINED


class Calendar:
    """How likely each day of the past is: by month and weekday, growing towards today."""

    def __init__(self, moment: datetime, years: int) -> None:
        self.moment = moment
        today = local(moment).date()
        span = 365 * years
        self.days = range(1, span)
        chances = (self._weight(today - timedelta(days=ago), ago, span) for ago in self.days)
        self.cumulative = list(accumulate(chances))

    @staticmethod
    def _weight(day: Any, ago: int, span: int) -> float:
        growth = 1.35 - 0.7 * ago / span
        fresh = FRESH if ago <= FRESH_DAYS else 1.0
        return w.MONTH[day.month] * w.WEEKDAY[day.weekday()] * growth * fresh


def drafts(
    dice: Dice, sites: Sequence[Site], count: int, moment: datetime, calendar: Calendar
) -> Iterator[Draft]:
    """So many reports of one municipality, each told in its own words."""
    busy = list(accumulate(site.spot.weight for site in sites))
    days = dice.choices(calendar.days, cum_weights=calendar.cumulative, k=count)
    for ago, site in zip(days, dice.choices(sites, cum_weights=busy, k=count), strict=True):
        at = at_hour(dice, moment, ago, dice.weighted(w.HOURS[site.spot.kind]))
        forms = tuple(dice.several(w.FORMS, dice.weighted(w.FORM_COUNT)))
        incident = Incident(site.spot, at, forms, unplaced=site.unplaced)
        yield _draft(dice, report_of(dice, incident, moment), site)


def _draft(dice: Dice, told: Told, site: Site) -> Draft:
    kind = dice.weighted(KINDS)
    body = dict(told.body)
    if kind != "gewoon":
        text = dice.choice(_TEXTS[kind]).replace("{Tijd}", "Vorige week")
        body["omschrijving"] = text.format(plek=site.spot.phrase, tijd="vorige week")
    _keep_inside(body["locatie"], site)
    return Draft(replace(told, body=body), site, kind)


def _keep_inside(location: dict[str, Any], site: Site) -> None:
    """A phone's error mustn't carry a report over the border of its area."""
    ground = site.ground
    if ground is not None and not ground.holds(location["lat"], location["lon"]):
        location["lat"], location["lon"] = site.spot.lat, site.spot.lon
