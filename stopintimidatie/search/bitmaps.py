"""Sets of row numbers as big integers: a count or an intersection of 23,000 rows takes a few µs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_BITS_OF: Final = tuple(tuple(bit for bit in range(8) if byte & (1 << bit)) for byte in range(256))


def bitmap(numbers: Iterable[int], size: int) -> int:
    """The set of these row numbers, each below `size`."""
    cells = bytearray((size + 7) // 8)
    for number in numbers:
        cells[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(cells, "little")


def everything(size: int) -> int:
    """The set of all row numbers below `size`."""
    return (1 << size) - 1


def numbers(rows: int) -> list[int]:
    """The row numbers in a set, in order."""
    found: list[int] = []
    for place, byte in enumerate(rows.to_bytes((rows.bit_length() + 7) // 8, "little")):
        if byte:
            base = place << 3
            found.extend([base + bit for bit in _BITS_OF[byte]])
    return found
