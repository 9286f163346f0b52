"""Rules of before and after: the periods, the exact rate ratio with its interval, a peak. Pure.

Given how many reports there were before and after together, the number after is binomial. The
Clopper-Pearson limits of its chance become those of the ratio of the two rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import dropwhile
from typing import Final

from stopintimidatie.core.text import number
from stopintimidatie.dossiers.rules import ENOUGH

# The most days before and after that are compared.
LONGEST: Final = 180
# Days of a column of the chart, and of what is held against a peak; such pieces before the start.
PIECE: Final = 30
PIECES_BEFORE: Final = 13
# A peak: so many times the mean of the pieces before it, and at least so many reports more.
PEAK_TIMES: Final = 1.5
PEAK_MORE: Final = 5
# The chance outside a 95% interval, on each side.
TAIL: Final = 0.025
HALVINGS: Final = 60
NO_CAUSE: Final = "Dit laat nooit een oorzaak zien."


def rate_ratio(
    before: int, after: int, days_before: float = 1, days_after: float = 1
) -> tuple[float, float, float]:
    """Return the rate after as so many times that before, and the exact limits of its interval.

    At least one of the numbers isn't nought. Infinity is no limit.
    """
    total, times = before + after, days_before / days_after
    shares = after / total, _lowest_share(after, total), 1 - _lowest_share(before, total)
    value, low, high = (math.inf if share >= 1 else times * share / (1 - share) for share in shares)
    return value, low, high


def _lowest_share(number: int, total: int) -> float:
    """Return the lower Clopper-Pearson limit of a share; the upper one is that of the rest."""
    low, high = 0.0, number / total
    for _ in range(HALVINGS if number else 0):
        middle = (low + high) / 2
        if _chance_of_more(number, total, middle) < TAIL:
            low = middle
        else:
            high = middle
    return low


def _chance_of_more(number: int, total: int, share: float) -> float:
    """Return the chance of so many or more out of a total; `share` isn't above `number / total`."""
    ways = math.lgamma(total + 1) - math.lgamma(number + 1) - math.lgamma(total - number + 1)
    term = math.exp(ways + number * math.log(share) + (total - number) * math.log1p(-share))
    chance = 0.0
    # Above the mean each term is smaller than the one before it.
    while term > chance * 1e-17:
        chance += term
        term *= (total - number) / (number + 1) * share / (1 - share)
        number += 1
    return chance


def days_of(start: date, end: date | None, today: date) -> int:
    """Return how many days before and after a start are compared; today doesn't count yet."""
    until = today if end is None else min(today, end + timedelta(days=1))
    return max(0, min(LONGEST, (until - start).days))


def pieces_of(start: date, days: int) -> list[date]:
    """Return the first day of each piece around a start, and the day after the last whole one."""
    whole = range(-PIECES_BEFORE, days // PIECE + 1)
    return [start + timedelta(days=PIECE * number) for number in whole]


def follows_peak(before: Sequence[int]) -> bool:
    """Tell whether the last of these pieces had clearly more than the mean of the others.

    Pieces from before the first report of all don't count: the town took no part yet.
    """
    *others, last = before
    known = list(dropwhile(lambda piece: not piece, others))
    mean = sum(known) / max(len(known), 1)
    return bool(known) and last > PEAK_TIMES * mean and last >= mean + PEAK_MORE


def ratio_in_words(before: int, after: int) -> tuple[str, str]:
    """Say how many times the reports after a start are those before it, and if that can be chance.

    Never that it came by anything. Too few reports give no ratio.
    """
    if before + after < ENOUGH:
        return "te weinig om iets te zeggen", ""
    value, low, high = rate_ratio(before, after)
    chance = "het verschil kan toeval zijn"
    if high < 1 or low > 1:
        chance = "minder dan ervoor" if high < 1 else "meer dan ervoor"
    if not before:
        return f"ervoor geen, dus minstens {number(low, 2)} keer zoveel", chance
    limits = f"tussen {number(low, 2)} en {number(high, 2)}"
    return f"{number(value, 2)} keer zoveel ({limits})", chance


def warnings(is_campaign: bool, ran: Sequence[str], *, peaked: bool) -> Iterator[tuple[str, str]]:
    """Yield the title and text of each reason not to trust a difference.

    `ran`: the names of campaigns in that time; `peaked`: `follows_peak`.
    """
    if is_campaign:
        title = "Door een campagne melden meer mensen"
        yield title, "Meer meldingen betekent dan niet dat er meer gebeurde."
    if ran:
        text = f"In deze tijd liep ook: {', '.join(ran)}. Door een campagne melden meer mensen."
        yield "Er liep een campagne", text
    if peaked:
        many = "In de 30 dagen ervoor waren er veel meer meldingen dan in het jaar daarvoor."
        yield "Het begon na een piek", f"{many} Na een piek worden het er vaak vanzelf minder."
