"""Pages of a list: which rows, how many pages, and the numbers to show. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stopintimidatie.web.urls import query_pairs

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list with ``total`` rows; a number beyond the end means the last page.

    ``more``: there are more rows than were counted.
    """

    wanted: int
    total: int
    size: int = PAGE_SIZE
    more: bool = False

    @classmethod
    def counted(cls, wanted: int, found: int, most: int, size: int = PAGE_SIZE) -> Paging:
        """The page of a list that was counted up to ``most``."""
        return cls(wanted, min(found, most), size, found > most)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def page(self) -> int:
        return min(max(1, self.wanted), self.pages)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    @property
    def first(self) -> int:
        """Number of the first row on this page, counted from 1; 0 when there is none."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        return min(self.offset + self.size, self.total)

    @property
    def numbers(self) -> Sequence[int | None]:
        """Page numbers to show; None is a gap."""
        near = {1, self.pages, self.page - 1, self.page, self.page + 1}
        shown = sorted(number for number in near if 1 <= number <= self.pages)
        result: list[int | None] = []
        for number in shown:
            if result and number - (result[-1] or 0) > 1:
                result.append(None)
            result.append(number)
        return result


def worth_counting(wanted: int, least: int, size: int = PAGE_SIZE) -> int:
    """How far to count for this page: always some pages beyond it, never simply all."""
    return least + max(0, wanted - 1) * size


def wanted_page(request: Any) -> int:
    """GET parameter ``pagina``; what isn't a number of at most six digits is page one."""
    text = dict(query_pairs(request)).get("pagina", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 1
