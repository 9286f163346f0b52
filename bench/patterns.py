"""How well patterns are found: precision and recall on planted hot spots, and on none.

`python -m bench.patterns [--seeds 101 … 120] [--tuned 3]`. Each town is drawn from a seed. The
reports go to one file, the truth to another; the detector runs in a process of its own and is
given the first file alone. A plain count per wijk, as an officer would make it, stands beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.planted import town

TUNED: Final = 3
SEEDS: Final = tuple(range(101, 121))
EMPTY: Final = tuple(range(201, 221))
HEAD: Final = (
    "| steden | geplant | voorgesteld | precisie | recall | recall van meldingen"
    " | wijktelling: precisie | recall | rekentijd: mediaan s |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True)
class Outcome:
    """What came of one town."""

    planted: int
    proposed: int
    right: int
    found: int
    reports: int
    reports_found: int
    wijken: int
    wijken_right: int
    spots_by_wijk: int
    seconds: float


def detect(reports: Path, found: Path, certainty: int) -> None:
    """What runs in its own process: reads the reports, writes what it finds."""
    from stopintimidatie.dossiers.patterns.rules import Point, Tuning, find_groups

    rows = json.loads(reports.read_text(encoding="utf-8"))
    points = [Point(row["id"], row["x"], row["y"], row["hour"]) for row in rows]
    start = time.process_time()
    groups = find_groups(points, Tuning(certainty=certainty))
    seconds = time.process_time() - start
    made = {"groups": [list(group.ids) for group in groups], "seconds": seconds}
    found.write_text(json.dumps(made), encoding="utf-8")


def run(seed: int, folder: Path, certainty: int, *, empty: bool = False) -> Outcome:
    """Draw the town, have it searched, and only then read the truth."""
    given, hidden = folder / f"{seed}-detector", folder / f"{seed}-evaluator"
    given.mkdir()
    hidden.mkdir()
    made = town(seed, empty=empty)
    (given / "reports.json").write_text(json.dumps(made.reports), encoding="utf-8")
    (hidden / "truth.json").write_text(json.dumps(made.truth), encoding="utf-8")
    files = [str(given / "reports.json"), str(given / "found.json"), str(certainty)]
    command = [sys.executable, "-W", "ignore", "-m", "bench.patterns", "--detect", *files]
    subprocess.run(command, check=True)
    found = json.loads((given / "found.json").read_text(encoding="utf-8"))
    truth = json.loads((hidden / "truth.json").read_text(encoding="utf-8"))
    return evaluate(made.reports, truth, found)


def evaluate(reports: list[dict[str, Any]], truth: Any, found: Any) -> Outcome:
    """A proposal is right when at least half of its reports are of one planted spot."""
    members = {number: set(ids) for number, ids in truth["members"].items()}
    owner = [_owner(set(group), members) for group in found["groups"]]
    together = set().union(*members.values()) if members else set()
    in_groups = {report for group in found["groups"] for report in group}
    busy, spotted, wijken_right = _by_wijk(reports, members)
    return Outcome(
        planted=len(members),
        proposed=len(owner),
        right=sum(one is not None for one in owner),
        found=len({one for one in owner if one is not None}),
        reports=len(together),
        reports_found=len(together & in_groups),
        wijken=len(busy),
        wijken_right=wijken_right,
        spots_by_wijk=spotted,
        seconds=found["seconds"],
    )


def _owner(group: set[str], members: dict[str, set[str]]) -> str | None:
    shares = {number: len(group & ids) / len(group) for number, ids in members.items()}
    best = max(shares, key=lambda number: shares[number], default=None)
    return best if best is not None and shares[best] >= 0.5 else None


def _by_wijk(
    reports: list[dict[str, Any]], members: dict[str, set[str]]
) -> tuple[set[str], int, int]:
    """The plain count: wijken with more than the mean and one and a half deviations.

    Right when a planted spot lies in it; a spot is found when its wijk stands out.
    """
    counts = Counter(row["wijk"] for row in reports)
    bar = statistics.mean(counts.values()) + 1.5 * statistics.pstdev(counts.values())
    busy = {wijk for wijk, number in counts.items() if number > bar}
    where = {row["id"]: row["wijk"] for row in reports}
    homes = [Counter(where[one] for one in ids).most_common(1)[0][0] for ids in members.values()]
    return busy, sum(home in busy for home in homes), len(busy & set(homes))


def line(name: str, outcomes: list[Outcome]) -> str:
    """A row of the table, over all these towns together."""

    def share(part: str, whole: str) -> str:
        of = sum(getattr(outcome, whole) for outcome in outcomes)
        number = sum(getattr(outcome, part) for outcome in outcomes)
        return f"{number / of:.2f}".replace(".", ",") if of else "–"

    planted = sum(outcome.planted for outcome in outcomes)
    proposed = sum(outcome.proposed for outcome in outcomes)
    seconds = statistics.median(outcome.seconds for outcome in outcomes)
    return (
        f"| {name} | {planted} | {proposed} | {share('right', 'proposed')}"
        f" | {share('found', 'planted')} | {share('reports_found', 'reports')}"
        f" | {share('wijken_right', 'wijken')} | {share('spots_by_wijk', 'planted')}"
        f" | {seconds:.1f} |"
    )


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--empty", type=int, nargs="+", default=list(EMPTY))
    parser.add_argument("--certainty", type=int, nargs="+", default=[95, 99])
    parser.add_argument("--detect", nargs=3, metavar=("MELDINGEN", "GEVONDEN", "ZEKERHEID"))
    asked = parser.parse_args()
    if asked.detect:
        detect(Path(asked.detect[0]), Path(asked.detect[1]), int(asked.detect[2]))
        return
    sys.stdout.write(f"{HEAD}\n")
    for certainty in asked.certainty:
        groups = (
            (f"zaad {TUNED}, waarop is afgesteld", [TUNED], False),
            (f"{len(asked.seeds)} ongeziene", asked.seeds, False),
            (f"{len(asked.empty)} zonder plek", asked.empty, True),
        )
        for name, seeds, empty in groups:
            with tempfile.TemporaryDirectory() as folder:
                made = [run(seed, Path(folder), certainty, empty=empty) for seed in seeds]
            sys.stdout.write(f"{line(f'{name}, {certainty}%', made)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
