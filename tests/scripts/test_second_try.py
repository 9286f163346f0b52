"""Tests of the second try that `scripts/test` gives failed tests, and of when it gives none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import suite as script

SUITE = """
import pathlib, pytest
here = pathlib.Path(__file__).with_name("been")

def test_wavers():
    been = here.exists()
    here.touch()
    assert been

def test_fails():
    assert False

@pytest.mark.judged_once
def test_loses_a_report_now_and_then():
    been = here.exists()
    here.touch()
    assert been

@pytest.mark.alles
def test_takes_long():
    assert False

@pytest.mark.parametrize("number", range(4))
def test_is_broken(number):
    assert False
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a small test suite for `scripts/test` to run, without lint and type checks."""
    (tmp_path / "test_it.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n  alles: long\n  judged_once: once\n", encoding="utf-8"
    )
    plugin = ("-p", "xdist", "-p", "tests.support.failures", "-p", "no:cacheprovider")
    monkeypatch.setattr(script, "PYTEST", (sys.executable, "-m", "pytest", "-q", *plugin))
    monkeypatch.setattr(script, "CHECKS", {})
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return tmp_path


def run(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    chosen: str,
    *,
    crossings: bool = False,
) -> tuple[int, str]:
    monkeypatch.setattr(script, "PARALLEL", ("-n", "0", "-k", chosen))
    code = script.check_everything(crossings=crossings)
    return code, capfd.readouterr().out


def test_what_passes_at_the_second_try_is_named_and_does_not_fail_the_run(
    suite: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = run(monkeypatch, capfd, "wavers")
    assert code == 0
    assert "WANKEL: test_it.py::test_wavers" in said
    assert said.splitlines()[-1].startswith("1 passed")


@pytest.mark.alles
@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ("fails or wavers", "it fails again"),
        ("loses", "it is of a kind that is judged once"),
        ("broken", "more than three failed"),
    ],
)
def test_the_run_fails_when(
    chosen: str,
    reason: str,
    suite: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, said = run(monkeypatch, capfd, chosen)
    assert code == 1, reason
    assert ("Nog één keer" in said) == (reason == "it fails again")
    assert "test_fails faalde en slaagde" not in said


def test_crossings_run_only_when_asked_for(
    suite: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, capfd, "takes_long")[0] == 5  # no test to run again
    code, said = run(monkeypatch, capfd, "takes_long", crossings=True)
    assert (code, "1 failed" in said) == (1, True)
