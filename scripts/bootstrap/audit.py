"""Known leaks in the packages that the product brings along, and the list of those packages.

pip-audit and npm know the leaks, CycloneDX is the form of the list. A source of leaks that doesn't
answer is never taken for good news: pip-audit itself ends well when it could look nothing up.
"""

from __future__ import annotations

import configparser
import email
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .common import ROOT, SetupError, refuse_kindly, run_quietly, say
from .environment import (
    CHECK_THE_NETWORK,
    LOCKS,
    MACHINE_CERTIFICATES,
    VENV,
    environment,
    fetched,
    npm,
)

BUILD = ROOT / "build"
NOT_LOOKED = f"er is NIET gekeken: de lijst met lekken was niet te bereiken. {CHECK_THE_NETWORK}"
GOOD, LEAKS, UNKNOWN = 0, 1, 2
PYTHON_AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--format", "json"),
    *("--progress-spinner", "off", "-r", str(LOCKS / "runtime.txt")),
)
PYTHON_LIST = (
    *(sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", "--sv", "1.6"),
    str(LOCKS / "runtime.txt"),
)
NPM_AUDIT = ("audit", "--json", "--package-lock-only")
NPM_LIST = ("sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only")
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
version, text = SchemaVersion.from_version(sys.argv[1]), sys.stdin.read()
sys.exit(str(JsonStrictValidator(version).validate_str(text) or "") or 0)
"""
Json = dict[str, Any]


def audit() -> int:
    """Say which known leaks there are; return 0 for none, 1 for some, 2 when not all was looked at.

    Python's packages are those of production; of npm also what only the tests use.
    """
    try:
        with fetched("audit") as folder:
            python = python_leaks(_answer(PYTHON_AUDIT, _with(folder)))
        with npm() as (command, env):
            node = npm_leaks(_answer([*command, *NPM_AUDIT], env))
    except SetupError as error:
        refuse_kindly(error)
        say(f"Python en npm: {NOT_LOOKED}")
        return UNKNOWN
    for name, leaks in (("Python", python), ("npm", node)):
        if leaks is None:
            say(f"{name}: {NOT_LOOKED}")
        else:
            say(f"{name}: {len(leaks) or 'geen'} bekende lekken.")
            for leak in leaks:
                say(f"  {leak}")
    if python or node:
        return LEAKS
    return UNKNOWN if python is None or node is None else GOOD


def python_leaks(told: Json | None) -> list[str] | None:
    """Return the leaks that pip-audit tells of; None when it couldn't look up every package."""
    packages = (told or {}).get("dependencies")
    if not packages or any("skip_reason" in package for package in packages):
        return None
    return [
        f"{package['name']} {package['version']}: {leak['id']}"
        f" (hersteld in {', '.join(leak['fix_versions']) or 'nog geen versie'})"
        for package in packages
        for leak in package["vulns"]
    ]


def npm_leaks(told: Json | None) -> list[str] | None:
    """Return the packages in which npm knows a leak; None when its list didn't answer."""
    if not told or "auditReportVersion" not in told:
        return None
    return [
        f"{name} {package['range']}: {package['severity']}"
        for name, package in sorted(told["vulnerabilities"].items())
    ]


def _with(folder: Path) -> dict[str, str]:
    """Return the environment of a Python that has these packages and the machine's certificates."""
    env = {**environment(), "PYTHONPATH": str(folder)}
    if MACHINE_CERTIFICATES.exists():
        env.setdefault("REQUESTS_CA_BUNDLE", str(MACHINE_CERTIFICATES))
    return env


def _answer(command: Sequence[str], env: Mapping[str, str]) -> Json | None:
    """Return the JSON that a program prints, whatever its exit code; None when it is none."""
    done = subprocess.run(list(command), cwd=ROOT, env=env, capture_output=True, text=True)
    try:
        told: Json = json.loads(done.stdout)
    except ValueError:
        return None
    return told


def write_lists() -> None:
    """Write build/sbom-python.json and build/sbom-npm.json, held against the schema of CycloneDX.

    Says by name which packages have no licence.
    """
    BUILD.mkdir(exist_ok=True)
    with fetched("audit") as folder:
        env = _with(folder)
        python = json.loads(run_quietly(PYTHON_LIST, failure="De lijst lukte niet.", env=env))
        with npm() as (command, own):
            failure = "npm kon geen lijst maken."
            said = run_quietly([*command, *NPM_LIST], failure=failure, env=own)
        lists = {"python": python_list(python, python_licences()), "npm": json.loads(said)}
        lists["npm"] = npm_list(lists["npm"])
        for name, made in lists.items():
            text = json.dumps(made, indent=2, sort_keys=True) + "\n"
            check = [sys.executable, "-c", VALIDATE, made["specVersion"]]
            done = subprocess.run(check, env=env, input=text, capture_output=True, text=True)
            if done.returncode:
                raise SetupError(f"De lijst van {name} klopt niet.\n{done.stderr[-2000:]}")
            (BUILD / f"sbom-{name}.json").write_text(text, encoding="utf-8")
            without = [c["name"] for c in made["components"] if not c.get("licenses")]
            packages = f"build/sbom-{name}.json: {len(made['components'])} pakketten"
            say(f"{packages}, zonder licentie: {', '.join(without) or 'geen'}.")


def python_licences() -> dict[str, Json]:
    """Return the licences of Python's packages, by name as a lock writes it.

    They are in what is installed here, or else in the packages themselves: those are fetched, since
    the .venv of a machine in service isn't ours to change.
    """
    if known := _licences(VENV / "lib"):
        return known
    say("De licenties staan in de pakketten: die worden nu opgehaald…")
    with fetched("runtime") as folder:
        return _licences(folder)


def python_list(made: Json, licences: Mapping[str, Json]) -> Json:
    """Give each package its hashes and licence, without the address that it came from."""
    for package in made["components"]:
        package.pop("description", None)
        references = package.pop("externalReferences", [])
        package["hashes"] = [found for reference in references for found in reference["hashes"]]
        if licence := licences.get(package["name"].lower()):
            package["licenses"] = [licence]
    own = configparser.ConfigParser(interpolation=None)
    own.read(ROOT / "setup.cfg", encoding="utf-8")
    about = own["metadata"]
    return _headed(made, about["name"], about["version"], about["license"])


def npm_list(made: Json) -> Json:
    """Give each package its licence, from the lock or else from what is installed."""
    for package in made["components"]:
        place = ROOT / "node_modules" / package["name"] / "package.json"
        if not package.get("licenses") and place.exists():
            licence = json.loads(place.read_text(encoding="utf-8")).get("license")
            package["licenses"] = [{"license": {"name": licence}}] if licence else []
    own = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    return _headed(made, own["name"], own["version"], own["license"])


def _headed(made: Json, name: str, version: str, licence: str) -> Json:
    """Say whose list it is; npm would name the folder, CycloneDX the addresses of its tools."""
    about = made["metadata"]
    old = about.get("component", {})
    about.pop("tools", None)
    about["component"] = {
        "bom-ref": old.get("bom-ref", name),
        "type": "application",
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": licence}}],
    }
    return made


def _licences(place: Path) -> dict[str, Json]:
    """Return what the packages in a folder say of their licence."""
    known: dict[str, Json] = {}
    for path in place.rglob("*.dist-info/METADATA"):
        about = email.message_from_bytes(path.read_bytes())
        name = str(about["Name"]).lower().replace("_", "-").replace(".", "-")
        kinds = [kind for kind in about.get_all("Classifier", []) if kind.startswith("License")]
        classes = [kind.rpartition(" :: ")[2] for kind in kinds]
        if expression := about["License-Expression"]:
            known[name] = {"expression": str(expression)}
        elif words := " / ".join(classes) or str(about["License"] or "").partition("\n")[0]:
            known[name] = {"license": {"name": words[:200]}}
    return known
