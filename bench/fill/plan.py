"""Plan how many reports each municipality gets, in which batches, by which references. Pure.

The same for one order and register.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stopintimidatie.core.storage.tenancy import NATIONAL

BATCH: Final = 500
# Told without a place on the map, or at sea: these always reach the desk.
UNPLACED_SHARE: Final = 0.005


@dataclass(frozen=True)
class Share:
    """The part of one municipality (None: nowhere), and the serial number of its first report."""

    municipality: str | None
    holder: str
    count: int
    first: int


@dataclass(frozen=True)
class Batch:
    """Some reports of one share, made and stored together."""

    share: Share
    number: int
    count: int
    first: int

    @property
    def name(self) -> str:
        """Return the text that its seed is made of."""
        return f"{self.share.municipality or 'nergens'}/{self.number}"


def divide(
    total: int, weights: Mapping[str, float], connected: int, fixed: Mapping[str, int]
) -> list[Share]:
    """Spread reports over municipalities by weight.

    :param connected: so many municipalities hold their own reports: those with a fixed number,
        then the heaviest. The desk holds those of all others.
    :param fixed: municipalities with a number of their own, taken from the total first.
    """
    unplaced = min(round(total * UNPLACED_SHARE), total - sum(fixed.values()))
    loose = {code: weight for code, weight in weights.items() if code not in fixed}
    counts = dict(fixed) | _largest_remainder(total - unplaced - sum(fixed.values()), loose)
    heaviest = sorted(weights, key=lambda code: (code not in fixed, -weights[code], code))
    holders = set(heaviest[:connected])
    shares: list[Share] = []
    first = 0
    for code in sorted(counts):
        holder = code if code in holders else NATIONAL
        shares.append(Share(code, holder, counts[code], first))
        first += counts[code]
    return [share for share in (*shares, Share(None, NATIONAL, unplaced, first)) if share.count]


def _largest_remainder(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Return whole numbers that follow the weights and add up."""
    whole = sum(weights.values())
    exact = {code: total * weight / whole for code, weight in weights.items()}
    counts = {code: int(number) for code, number in exact.items()}
    left = total - sum(counts.values())
    for code in sorted(exact, key=lambda code: (counts[code] - exact[code], code))[:left]:
        counts[code] += 1
    return counts


def batches(share: Share) -> Iterator[Batch]:
    """Yield the share in pieces of at most `BATCH` reports."""
    for number, start in enumerate(range(0, share.count, BATCH)):
        yield Batch(share, number, min(BATCH, share.count - start), share.first + start)


def heaviest_first(shares: Sequence[Share]) -> list[Share]:
    """Sort shares in the order that keeps several processes busy to the end."""
    return sorted(shares, key=lambda share: (-share.count, share.first))


@dataclass(frozen=True)
class Numbering:
    """The references of one order: different for each report by construction."""

    multiplier: int
    offset: int

    @classmethod
    def of(cls, name: str) -> Numbering:
        """Return the numbering that belongs to the name of an order."""
        digest = hashlib.sha256(name.encode()).digest()
        odd = int.from_bytes(digest[:8], "big") | 1
        return cls(odd, int.from_bytes(digest[8:16], "big"))

    def scattered(self, serial: int, space: int) -> int:
        """Return a number below `space` (a power of two): every serial gets another one."""
        return (serial * self.multiplier + self.offset) % space
