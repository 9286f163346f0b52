"""scripts/audit never takes silence for good news; scripts/sbom gives licences and no addresses."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from bootstrap import audit
from bootstrap.common import SetupError

CLEAN = {"name": "pyramid", "version": "2.1", "vulns": []}
LEAK = {"id": "PYSEC-2026-1", "fix_versions": ["2.2"], "aliases": [], "description": "…"}
SKIPPED = {"name": "pyramid", "skip_reason": "Dependency not found on PyPI"}
PYTHON_CLEAN = {"dependencies": [CLEAN], "fixes": []}
PYTHON_LEAKS = {"dependencies": [CLEAN | {"vulns": [LEAK]}], "fixes": []}
# As pip-audit ends with 0 when the list is out of reach.
PYTHON_SKIPPED = {"dependencies": [CLEAN, SKIPPED], "fixes": []}
NPM_CLEAN: dict[str, Any] = {"auditReportVersion": 2, "vulnerabilities": {}}
NPM_LEAKS = {
    "auditReportVersion": 2,
    "vulnerabilities": {"koa": {"range": "<3", "severity": "high"}},
}
NPM_AWAY = {"message": "405 Method Not Allowed", "method": "POST"}


@contextmanager
def nothing(lock: str = "") -> Iterator[Path]:
    yield Path()


@contextmanager
def no_npm() -> Iterator[tuple[list[str], dict[str, str]]]:
    yield ["npm"], {}


@pytest.mark.parametrize(
    ("python", "node", "code", "says"),
    [
        (PYTHON_CLEAN, NPM_CLEAN, 0, "Python: geen bekende lekken.\nnpm: geen bekende lekken.\n"),
        (PYTHON_LEAKS, NPM_CLEAN, 1, "pyramid 2.1: PYSEC-2026-1 (hersteld in 2.2)"),
        (PYTHON_CLEAN, NPM_LEAKS, 1, "npm: 1 bekende lekken.\n  koa <3: high"),
        (PYTHON_SKIPPED, NPM_CLEAN, 2, "Python: er is NIET gekeken"),
        (None, NPM_CLEAN, 2, "Python: er is NIET gekeken"),
        ({"dependencies": []}, NPM_CLEAN, 2, "Python: er is NIET gekeken"),
        (PYTHON_CLEAN, NPM_AWAY, 2, "npm: er is NIET gekeken"),
        (PYTHON_LEAKS, NPM_AWAY, 1, "npm: er is NIET gekeken"),
    ],
)
def test_the_exit_code_tells_leaks_from_a_source_that_is_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    python: Any,
    node: Any,
    code: int,
    says: str,
) -> None:
    answers = {"npm": node}
    monkeypatch.setattr(audit, "fetched", nothing)
    monkeypatch.setattr(audit, "npm", no_npm)
    monkeypatch.setattr(audit, "_answer", lambda command, env: answers.get(command[0], python))
    assert audit.audit() == code
    assert says in capsys.readouterr().out


def test_without_the_tools_nothing_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(lock: str) -> Any:
        raise SetupError("Geen verbinding.")

    monkeypatch.setattr(audit, "fetched", away)
    assert audit.audit() == 2
    assert "NIET gekeken" in capsys.readouterr().out


def test_what_isnt_json_is_no_answer() -> None:
    assert audit._answer([sys.executable, "-c", "print('storing')"], {}) is None
    assert audit._answer([sys.executable, "-c", "print('{}'); raise SystemExit(1)"], {}) == {}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder as pip fills it."""
    (tmp_path / "pyramid-2.1.dist-info").mkdir()
    about = "Name: Pyramid\nVersion: 2.1\nLicense-Expression: BSD-2-Clause\n"
    (tmp_path / "pyramid-2.1.dist-info" / "METADATA").write_text(about, encoding="utf-8")
    return tmp_path


def test_licences_are_fetched_where_no_packages_are_installed(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def fetch(lock: str) -> Iterator[Path]:
        asked.append(lock)
        yield packages

    asked: list[str] = []
    monkeypatch.setattr(audit, "fetched", fetch)
    monkeypatch.setattr(audit, "VENV", packages / "weg")
    licence = {"pyramid": {"expression": "BSD-2-Clause"}}
    assert audit.python_licences() == licence
    (packages / "lib").mkdir()
    (packages / "pyramid-2.1.dist-info").rename(packages / "lib" / "pyramid-2.1.dist-info")
    monkeypatch.setattr(audit, "VENV", packages)
    assert audit.python_licences() == licence
    assert asked == ["runtime"]


def test_packages_without_a_licence_are_named(
    packages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = [{"name": "pyramid", "version": "2.1"}, {"name": "weg", "version": "3.0"}]
    made = {"components": listed, "metadata": {}, "specVersion": "1.6"}
    monkeypatch.setattr(audit, "fetched", lambda lock: nullcontext(packages))
    monkeypatch.setattr(audit, "npm", no_npm)
    monkeypatch.setattr(audit, "BUILD", packages / "build")
    monkeypatch.setattr(audit, "VALIDATE", "")
    monkeypatch.setattr(audit, "run_quietly", lambda *args, **more: json.dumps(made))
    audit.write_lists()
    said = capsys.readouterr().out
    assert "sbom-python.json: 2 pakketten, zonder licentie: weg." in said
    assert "sbom-npm.json: 2 pakketten, zonder licentie: pyramid, weg." in said


def test_the_list_has_hashes_and_licences_and_no_address() -> None:
    reference = {
        "url": "https://pakketten.example/",
        "hashes": [{"alg": "SHA-256", "content": "0"}],
    }
    package: Any = {
        "name": "pyramid",
        "version": "2.1",
        "description": "line 1",
        "externalReferences": [reference],
    }
    made: Any = {
        "components": [package],
        "metadata": {"tools": {"url": "https://pakketten.example/"}},
    }
    licences = {"pyramid": {"expression": "BSD-2-Clause"}}
    (listed,) = audit.python_list(made, licences)["components"]
    assert listed["hashes"] == reference["hashes"]
    assert "BSD" in json.dumps(listed["licenses"])
    assert made["metadata"]["component"]["licenses"] == [{"license": {"id": "EUPL-1.2"}}]
    assert "pakketten.example" not in json.dumps(made)
    left: Any = {
        "components": [{"name": "htmx.org"}],
        "metadata": {"component": {"name": "de-map"}},
    }
    assert audit.npm_list(left)["components"][0]["licenses"] == [
        {"license": {"name": "BSD-0-Clause"}}
    ]
    assert left["metadata"]["component"]["name"] == "stopintimidatie-voorkant"
