"""The attack on released figures: what a reader with a linear programme can know of a small number.

Written from the definitions that the public page gives, over the finest counts that there are; it
knows nothing of the rules that made the tables. Tables hang together by the total of a year alone,
so that a count for each code is as fine as one for each combination: `test_attack` shows that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from highspy import Highs, kHighsInf

ONCE = ("plek", "dagdeel", "contact", "wijk")
# Releases as they are stored, by quarter.
Releases = Mapping[str, Mapping[str, Any]]
NOBODY_KNOWS = (0.0, kHighsInf)


def span(value: int | None) -> tuple[float, float]:
    """What a number in fives stands for; one below five that is told is what it is."""
    if value is not None and value < 5:
        return (value, value)
    return (0, 4) if value is None else (max(5, value - 2), value + 2)


def exactly(value: int | None) -> tuple[float, float]:
    """What it stands for when somebody forgot to round."""
    return (0, 4) if value is None else (value, value)


def is_small(value: int | None) -> bool:
    """Tell whether it is one of the numbers that may not be told."""
    return value is None or value < 5


@dataclass
class Attack:
    """All that is released of a town as equations; `cells` are the small numbers among it."""

    releases: Releases
    # How totals and rows are read; a rule that was left out makes one of them exact.
    totals: Any = span
    rows: Any = span
    # Codes of which the reader guesses that each counts less than five, in a merged row.
    guessed: Mapping[tuple[str, str], set[str]] = field(default_factory=dict)
    cells: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model: Any = Highs()  # type: ignore[no-untyped-call]
        self.model.silent()
        for year in sorted({quarter[:4] for quarter in self.releases}):
            self._add_year(year)

    def _number(self, least_and_most: tuple[float, float] = NOBODY_KNOWS) -> Any:
        return self.model.addVariable(*least_and_most)

    def _say(self, cells: Sequence[Any], least_and_most: tuple[float, float]) -> None:
        least, most = least_and_most
        self.model.addConstr(sum(cells[1:], cells[0]) >= least)
        if most < kHighsInf:
            self.model.addConstr(sum(cells[1:], cells[0]) <= most)

    def _add_year(self, year: str) -> None:
        total, quarters = self._number(), []
        for number in range(1, 5):
            released = self.releases.get(f"{year}-{number}")
            if released is None:
                quarters.append(self._number())
                continue
            value = released["totaal"]
            quarters.append(self._number(self.totals(value)))
            if is_small(value):
                self.cells[f"{year}-{number}",] = quarters[-1]
        self.model.addConstr(sum(quarters[1:], quarters[0]) == total)
        tables = self.releases.get(f"{year}-4", {}).get("jaar", {})
        for name, rows in tables.items():
            if name == "totaal":
                self._say([total], self.totals(rows[0]["aantal"]))
                if is_small(rows[0]["aantal"]):
                    self.cells[year, name] = total
            else:
                self._add_table(year, name, rows, total)

    def _add_table(self, year: str, name: str, rows: Sequence[Any], total: Any) -> None:
        every = []
        for row in rows:
            cells = [self._number() for _ in row["rijen"]]
            self._say(cells, self.rows(row["aantal"]))
            if is_small(row["aantal"]):
                self.cells[year, name, *row["rijen"]] = sum(cells[1:], cells[0])
            for code, cell in zip(row["rijen"], cells, strict=True):
                if code in self.guessed.get((year, name), ()):
                    self.model.addConstr(cell <= 4)
                    self.cells[year, name, code] = cell
            every += cells
        if name in ONCE:
            self.model.addConstr(sum(every[1:], every[0]) == total)
            return
        for cell in every:
            self.model.addConstr(cell <= total)
        if name == "vormgroep":
            self.model.addConstr(sum(every[1:], every[0]) >= total)

    def is_possible(self) -> bool:
        """Tell whether the tables don't contradict each other."""
        self.model.minimize(0 * self._any)
        status: str = self.model.modelStatusToString(self.model.getModelStatus())
        return status == "Optimal"

    @property
    def _any(self) -> Any:
        return self.model.getVariables()[0]

    def reach(self, cell: Any) -> tuple[int, int]:
        """The least and the most that a cell can be; more than ten is ten."""
        ends = []
        for solve in (self.model.minimize, self.model.maximize):
            solve(cell)
            status = self.model.modelStatusToString(self.model.getModelStatus())
            assert status in ("Optimal", "Unbounded"), status
            ends.append(10 if status == "Unbounded" else round(min(10, self.model.val(cell)), 6))
        return int(-(-ends[0] // 1)), int(ends[1] // 1)

    def narrowed(self) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
        """Yield the small cells that can't be 0 or can't be 4, with what they can be."""
        for name, cell in self.cells.items():
            reach = self.reach(cell)
            if reach[0] > 0 or reach[1] < 4:
                yield name, reach


def subsets(codes: Sequence[str], least: int) -> list[tuple[str, ...]]:
    """All choices of some of these codes, of so many at least."""
    return [some for size in range(least, len(codes) + 1) for some in combinations(codes, size)]


class CrossedAttack(Attack):
    """The same with a number for each combination of quarter, place, forms, follow-ups …

    For a town of which all codes stand in its tables, and one year.
    """

    def _add_year(self, year: str) -> None:
        tables = self.releases[f"{year}-4"]["jaar"]
        codes = {
            name: [code for row in rows for code in row["rijen"]] for name, rows in tables.items()
        }
        names = [name for name in codes if name != "totaal"]
        choices: list[Sequence[Any]] = [[f"{year}-{number}" for number in range(1, 5)]]
        for name in names:
            least = {"vormgroep": 1, "opvolging": 0}.get(name)
            once = [(code,) for code in codes[name]]
            choices.append(once if least is None else subsets(codes[name], least))
        crossed = {choice: self._number() for choice in product(*choices)}

        def say(key: tuple[str, ...], some: Sequence[Any], value: int | None, read: Any) -> None:
            self._say(some, read(value))
            if is_small(value):
                self.cells[key] = sum(some[1:], some[0])

        for quarter in choices[0]:
            some = [cell for choice, cell in crossed.items() if choice[0] == quarter]
            say((quarter,), some, self.releases[quarter]["totaal"], self.totals)
        for name, rows in tables.items():
            for row in rows:
                if name == "totaal":
                    say((year, name), list(crossed.values()), row["aantal"], self.totals)
                    continue
                place = names.index(name) + 1
                some = [
                    cell
                    for choice, cell in crossed.items()
                    for code in row["rijen"]
                    if code in choice[place]
                ]
                say((year, name, *row["rijen"]), some, row["aantal"], self.rows)
