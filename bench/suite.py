"""Measure the short suite, and write the seconds of each test file to docs/dev/suite.md.

    python -m bench.suite [--xml FILE]

Runs `scripts/test` as CI does and takes pytest's JUnit report; `--xml` reads one that is there.
Seconds of a file are the sum over its tests, set-up included, while three workers share the
processors: their sum is larger than the run. Files of less than a second are added up in one row.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Final

from defusedxml.ElementTree import parse

from tests.support.installation import ROOT

PAGE: Final = ROOT / "docs" / "dev" / "suite.md"
# A tenth less than the ten minutes that a developer waits without going away.
MOST_SECONDS: Final = 540
FIGURES: Final = "{seconds} s, {tests} tests, {date}, {cores} cores"
HEAD: Final = """# How long the short suite takes

Written by `python -m bench.suite` on a quiet machine; the limit is {limit} s.

**{figures}**

| file | tests | seconds |
|---|--:|--:|
"""


def run(report: Path) -> float:
    """Run the short suite and return its seconds; exits with its code when it fails."""
    started = time.monotonic()
    environment = os.environ | {"PYTEST_ADDOPTS": f"--junitxml={report}"}
    code = subprocess.call([ROOT / "scripts" / "test"], env=environment)
    if code:
        sys.exit(code)
    return time.monotonic() - started


def table(report: Path, seconds: float | None) -> str:
    """Make the page of a report; without seconds those of the report itself count."""
    suite = parse(report).getroot().find("testsuite")
    spent, tests = defaultdict[str, float](float), Counter[str]()
    for case in suite.iter("testcase"):
        name = _file_of(case.get("classname"))
        spent[name] += float(case.get("time"))
        tests[name] += 1
    figures = FIGURES.format(
        seconds=round(float(suite.get("time")) if seconds is None else seconds),
        tests=tests.total(),
        date=date.today().isoformat(),
        cores=os.cpu_count(),
    )
    dearest = sorted(spent.items(), key=lambda item: -item[1])
    long = [(name, number) for name, number in dearest if number >= 1]
    rows = [f"| {name} | {tests[name]} | {number:.0f} |" for name, number in long]
    short = set(spent) - {name for name, _ in long}
    rest = sum(spent[name] for name in short)
    rows.append(f"| {len(short)} others | {sum(tests[n] for n in short)} | {rest:.0f} |")
    return HEAD.format(limit=MOST_SECONDS, figures=figures) + "\n".join(rows) + "\n"


def _file_of(classname: str) -> str:
    """Return the file of a test from its dotted name, in which classes may stand behind it."""
    parts = classname.split(".")
    while parts and not ROOT.joinpath(*parts).with_suffix(".py").exists():
        parts.pop()
    return "/".join(parts) + ".py" if parts else classname


def seconds() -> int:
    """Read how many seconds the suite took when it was measured last."""
    figures = re.search(r"\*\*(\d+) s, ", PAGE.read_text(encoding="utf-8"))
    assert figures, f"{PAGE} names no seconds"
    return int(figures[1])


def main() -> None:
    """Measure, write the page, and print its first rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.suite")
    parser.add_argument("--xml", type=Path, help="a JUnit report of an earlier run")
    asked = parser.parse_args()
    if asked.xml:
        page = table(asked.xml, None)
    else:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            page = table(report, run(report))
    PAGE.write_text(page, encoding="utf-8")
    print("\n".join(page.splitlines()[:30]))


if __name__ == "__main__":
    main()
