"""From true counts to tables that may leave the house: in fives, and no small number narrowed.

A number below five reads "minder dan 5". With all that is known of a town together it must still
be possible that it is 0 and that it is 4. Tables of a year know of each other by their total alone:
each says between which numbers that lies. So it is enough to compare them two by two. What is
merged or withheld is chosen by rounded numbers and the order of the list, never by true ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Any, Final

from stopintimidatie.core.text import Term
from stopintimidatie.reports.vocabulary import FollowUp, FormGroup, PartOfDay, PlaceType

# A multiple of five, or None: "minder dan 5".
Value = int | None
# The most that "minder dan 5" stands for.
MOST: Final = 4


class ContactKept(Term):
    """The way in which contact that was promised ended, so far."""

    SPOKEN = "gesproken", "gesproken of gemaild", "spoken to or mailed"
    WAITS = "wacht", "nog niet: de melder wacht", "not yet: the reporter waits"
    MISSED = "niet_gesproken", "niet bereikt, of niet meer nodig", "not reached or not needed"
    UNASKED = "niet_gevraagd", "niet gevraagd", "not asked for"


TOTAL, AREAS, UNKNOWN = "totaal", "wijk", ""
# The tables of a year but for that of wijken, each with its rows.
LISTS: Final[Mapping[str, type[Term]]] = {
    "vormgroep": FormGroup,
    "plek": PlaceType,
    "dagdeel": PartOfDay,
    "opvolging": FollowUp,
    "contact": ContactKept,
}
# The tables with a row for what isn't known.
OPEN: Final = {"dagdeel", AREAS}
# The tables in which a report may stand in several rows; of follow-ups, also in no row.
SEVERAL: Final = {
    "vormgroep": {"exact": False},
    "opvolging": {"exact": False, "covers": False},
}


def in_fives(count: int) -> Value:
    """Round a count to the nearest multiple of five; None for one below five."""
    return None if count <= MOST else (count + 2) // 5 * 5


@dataclass(frozen=True)
class Row:
    """Row of a table: one code with its count, or several that were merged.

    `small`: each of the codes has a small count, which the reader may guess of a merged row.
    `known`: False for a count that was never released.
    """

    codes: tuple[str, ...]
    count: int
    small: bool
    known: bool = True

    @property
    def value(self) -> Value:
        """The count as it is released."""
        return in_fives(self.count)

    @property
    def low(self) -> int:
        """The least that the count can be."""
        return 0 if self.value is None or not self.known else max(MOST + 1, self.value - 2)

    @property
    def high(self) -> float:
        """The most that the count can be."""
        if not self.known:
            return inf
        top = MOST if self.value is None else self.value + 2
        return min(top, MOST * len(self.codes)) if self.small else top


@dataclass(frozen=True)
class Table:
    """Rows that hang on a total: their sum, or they count a report more than once.

    `covers`: each report stands in one row at least.
    """

    rows: tuple[Row, ...]
    exact: bool = True
    covers: bool = True

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that the total can be, as far as this table says."""
        most = sum(row.high for row in self.rows) if self.covers else inf
        if self.exact:
            return sum(row.low for row in self.rows), most
        return max(ceil(row.low / len(row.codes)) for row in self.rows), most

    def is_safe(self, low: float, high: float) -> bool:
        """Tell whether each small count can be 0 and 4 if the total lies between these."""
        return all(self._leaves_open(row, low, high) for row in self.rows if row.small)

    def _leaves_open(self, row: Row, low: float, high: float) -> bool:
        # The most that the row can be while one of the counts in it is 0.
        rest = 0 if row.value is None else MOST * (len(row.codes) - 1)
        if rest < row.low:
            return False
        others = [other for other in self.rows if other is not row]
        most = sum(other.high for other in others) + min(row.high, rest)
        least = sum(other.low for other in others) + max(row.low, MOST) if self.exact else MOST
        return (most >= low or not self.covers) and least <= high

    def merged(self, number: int) -> Table:
        """Merge the row *Overig* and the lowest others, so many in all; a last row goes."""
        if len(self.rows) < 2:
            return replace(self, rows=())
        order = sorted(self.rows, key=lambda row: (len(row.codes) == 1, row.value or 0))
        some = order[:number]
        codes = tuple(code for row in some for code in row.codes)
        other = Row(codes, sum(row.count for row in some), all(row.small for row in some))
        return replace(self, rows=(*(row for row in self.rows if row not in some), other))


def make_table(counts: Mapping[str, int], **kind: bool) -> Table:
    """Make a table of counts by code; where most of them are small, those are one row."""
    rows = tuple(Row((code,), count, in_fives(count) is None) for code, count in counts.items())
    table, small = Table(rows, **kind), sum(row.small for row in rows)
    return table.merged(small) if small > 1 and len(rows) < 2 * small else table


def quarters_of(values: Iterable[Value]) -> Table:
    """Make the table of quarters as they were released; those that weren't can be anything."""
    rows = [Row((str(place),), value or 0, value is None) for place, value in enumerate(values)]
    unknown = [Row(("",), 0, small=False, known=False)] * (len(rows) < 4)
    return Table((*rows, *unknown))


def release_year(quarters: Table, tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return the tables of a year that can be released beside its quarters and each other.

    Whichever comes first goes first: what doesn't go with it is merged row by row, or withheld.
    """
    released: dict[str, Table] = {}
    for name, table in tables.items():
        beside = (quarters, *released.values())
        while table.rows and not all(_agree(table, other) for other in (*beside, table)):
            table = table.merged(2)
        if len(table.rows) > (name != TOTAL):
            released[name] = table
    return released


def _agree(table: Table, other: Table) -> bool:
    """Tell whether two tables can be released together; they can't if they contradict."""
    (low, high), (least, most) = table.bounds, other.bounds
    in_reach = low <= most and least <= high
    return in_reach and table.is_safe(least, most) and other.is_safe(low, high)


def tables_of_year(
    quarters: Sequence[Value], counts: Mapping[str, Mapping[str, int]], areas: Sequence[str]
) -> dict[str, Any]:
    """Return the rows of the tables of a year that are released, by table.

    Args:
        quarters: The quarters of that year that were released before, and the last.
        counts: True counts by table and code.
        areas: Codes of the wijken of the municipality.
    """
    tables = {TOTAL: make_table({UNKNOWN: counts[TOTAL].get(UNKNOWN, 0)})}
    for name in (*LISTS, AREAS):
        codes = areas if name == AREAS else list(LISTS[name])
        # Rows don't depend on the counts: a row that isn't there would say that it is 0.
        rows = {str(code): counts[name].get(code, 0) for code in codes}
        if name in OPEN:
            rows[UNKNOWN] = sum(counts[name].values()) - sum(rows.values())
        tables[name] = make_table(rows, **SEVERAL.get(name, {}))
    released = release_year(quarters_of(quarters), tables)
    return {
        name: [{"rijen": row.codes, "aantal": row.value} for row in table.rows]
        for name, table in released.items()
    }
