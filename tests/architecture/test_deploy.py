"""The files in deploy/ stay true: commands and settings that exist, paths agree, doors shut."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from bootstrap.system import TO_RUN

from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.server import GRACE_SECONDS
from stopintimidatie.core.storage.database import APP
from stopintimidatie.settings import Settings, load_settings, setting_keys

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
CONTAINER = DEPLOY / "container"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAM = "/opt/stopintimidatie/.venv/bin/stopintimidatie"
STATE = "/var/lib/stopintimidatie"
APP_PASSWORD = "/etc/stopintimidatie/pgpass"
OTHER_PASSWORDS = "/etc/stopintimidatie/pgpass-beheer"
FILE_FOR_LEAKS = "security.txt"
INI = "/etc/stopintimidatie/productie.ini"


def command_of(words: list[str]) -> click.Command:
    """The command these words name, checked with its arguments."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_parser(click.Context(command)).parse_args(list(words))
    return command


def unit(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, mark, value = line.partition("=")
        if mark and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def compose() -> dict[str, Any]:
    text = (CONTAINER / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def stages() -> list[str]:
    text = (CONTAINER / "Containerfile").read_text(encoding="utf-8")
    return re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists(path: Path) -> None:
    (start,) = unit(path)["ExecStart"]
    program, *words = shlex.split(start)
    assert program == PROGRAM
    assert command_of(words).callback


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_shut_in_and_finds_its_files(path: Path) -> None:
    found = unit(path)
    assert found["User"] == found["Group"] == ["stopintimidatie"]
    environment = dict(value.split("=", 1) for value in found["Environment"])
    assert environment["DATA_DIR"] == STATE == f"/var/lib/{found['StateDirectory'][0]}"
    assert environment["STOPINTIMIDATIE_INI"] == INI
    serves = "-web" in path.name or "-worker" in path.name
    assert environment["PGPASSFILE"] == (APP_PASSWORD if serves else OTHER_PASSWORDS)
    assert (found.get("InaccessiblePaths") == [f"-{OTHER_PASSWORDS}"]) is serves
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome"):
        assert found[name] == ["yes"], name
    assert found["ProtectSystem"] == ["strict"]
    assert found["CapabilityBoundingSet"] == [""]
    assert found["MemoryMax"]


def test_a_service_that_is_stopped_gets_the_time_it_takes() -> None:
    web = unit(DEPLOY / "systemd" / "stopintimidatie-web.service")
    worker = unit(DEPLOY / "systemd" / "stopintimidatie-worker@.service")
    assert web["Restart"] == worker["Restart"] == ["on-failure"]
    assert int(web["TimeoutStopSec"][0]) > GRACE_SECONDS
    assert int(worker["TimeoutStopSec"][0]) > Settings.pdf_timeout_seconds
    services = compose()["services"]
    assert services["web"]["stop_grace_period"] == f"{web['TimeoutStopSec'][0]}s"
    assert services["worker"]["stop_grace_period"] == f"{worker['TimeoutStopSec'][0]}s"


def test_no_line_of_a_service_is_left_out_of_the_journal() -> None:
    for name in ("stopintimidatie-web.service", "stopintimidatie-worker@.service"):
        unit = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
        assert "\nLogRateLimitIntervalSec=0\n" in unit


def test_what_a_wheel_lacks_goes_along_with_it() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    made = text.partition("### Met het wheel")[2].partition("\n## ")[0]
    assert re.search(r"^cp -r requirements/runtime.txt production.ini deploy dist/", made, re.M)
    assert "cp -r dist/deploy dist/production.ini /opt/stopintimidatie/" in made
    # Its last five lines use nothing of the source but deploy/.
    [first] = re.findall(r"^### 1\..*?```sh\n(.*?)```", text, re.M | re.S)
    lines = first.splitlines()[-5:]
    assert lines[0].startswith("cp deploy/")
    assert not [line for line in lines if re.search(r"scripts/|pip |\bgit\b", line)]


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """Where systemd's tools are; elsewhere the units are only read by the tests above."""
    program = shutil.which("systemd-analyze")
    for path in [*UNITS, DEPLOY / "systemd" / "stopintimidatie-backup.timer"]:
        text = path.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
        assert "[Unit]" in text
    if program:
        units = sorted(map(str, tmp_path.iterdir()))
        done = subprocess.run(
            [program, "verify", "--man=no", *units], capture_output=True, text=True, check=False
        )
        complaints = [line for line in done.stderr.splitlines() if "stopintimidatie" in line]
        assert complaints == []


OTHERS = ("db", "proxy")


def services() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, service in compose()["services"].items():
        if name not in OTHERS:
            yield name, service


def test_a_container_starts_a_command_that_exists() -> None:
    assert [name for name, _ in services()] == ["migrate", "web", "worker", "backup"]
    secrets = {name: service["secrets"] for name, service in services()}
    assert secrets["web"] == secrets["worker"] == ["pgpass"]
    assert secrets["migrate"] == ["pgpass_migratie"]
    assert secrets["backup"] == ["pgpass_beheer"]
    for name, service in services():
        words = [service["command"]]
        if name == "migrate":
            words = [line.split()[1:] for line in service["command"][0].splitlines()]
        assert all(command_of(list(line)).callback for line in words), name
        assert service["image"].startswith("${STOPINTIMIDATIE_IMAGE:-")
        # Services share one image; each `build` would make it again.
        assert ("build" in service) is (name == "migrate")
    build = compose()["services"]["migrate"]["build"]
    assert (CONTAINER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()


def test_a_container_can_write_nowhere_but_its_data() -> None:
    found = compose()
    for name, service in found["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        for volume in service["volumes"]:
            source, *_ = volume.rsplit(":/", 1)
            assert volume.endswith(":ro") or source in found["volumes"], volume
            if source.startswith("."):
                made = source.startswith(("./geheimen/", "./productie.ini"))
                assert made or (CONTAINER / source).is_file(), volume
    ports = {n: s["ports"] for n, s in found["services"].items() if "ports" in s}
    assert ports.pop("web") == ["127.0.0.1:6543:6543"]
    assert [port.rsplit(":", 1)[1] for port in ports.pop("proxy")] == ["80", "443"]
    assert not ports


def test_the_database_is_shut_off_and_what_calls_out_is_not() -> None:
    found = compose()
    assert found["networks"] == {"binnen": {"internal": True}, "buiten": {}}
    networks = {name: service["networks"] for name, service in found["services"].items()}
    shut = {name for name, names in networks.items() if names == ["binnen"]}
    assert shut == {"db", "migrate", "backup"}
    # An identity provider; mail, text messages and addresses.
    assert networks["web"] == networks["worker"] == ["binnen", "buiten"]
    assert networks["proxy"] == ["buiten"]


def test_what_serves_comes_back_after_a_reboot_and_says_how_it_is() -> None:
    found = compose()["services"]
    # podman-restart.service looks for this word alone; docker for more.
    back = {name for name, service in found.items() if service["restart"] == "always"}
    assert back == {"db", "web", "worker", "proxy"}
    assert {found[name]["restart"] for name in set(found) - back} == {"no"}
    # podman-compose starts nothing that waits for a container that ended.
    waits = {name: list(service.get("depends_on", ())) for name, service in found.items()}
    assert {name for names in waits.values() for name in names} == {"db"}
    # podman-compose 1.3 quotes the words of CMD wrongly.
    tests = {name: found[name]["healthcheck"]["test"] for name in ("db", "web", "worker")}
    assert {how for how, _ in tests.values()} == {"CMD-SHELL"}
    assert tests["db"][1].startswith("pg_isready -q -h 127.0.0.1 ")
    # An image in OCI's form has no health check of its own.
    assert "127.0.0.1:6543/health/live" in tests["web"][1]
    ini = (ROOT / "production.ini").read_text(encoding="utf-8")
    (port,) = re.findall(r"^metrics.worker_port = (\d+)$", ini, flags=re.MULTILINE)
    assert f"127.0.0.1:{port}/metrics" in tests["worker"][1]


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A copy of deploy/container in which nothing is prepared, with a certificate and its key.

    Programs in `programs` do as if root asks.
    """
    folder = tmp_path / "deploy" / "container"
    shutil.copytree(CONTAINER, folder, ignore=shutil.ignore_patterns("geheimen", "*.ini", ".env"))
    shutil.copy(ROOT / "production.ini", tmp_path)
    (tmp_path / "programs").mkdir()
    for name, does in (("chown", ":"), ("id", "echo 0")):
        program = tmp_path / "programs" / name
        program.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        program.chmod(0o755)
    for name in ("keten.pem", "sleutel.pem"):
        (tmp_path / name).write_text("PEM", encoding="utf-8")
    return folder


def prepare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run klaarzetten.sh from the folder that holds the certificate."""
    place = folder.parents[1]
    env = {"PATH": f"{place / 'programs'}:/usr/bin:/bin"}
    command = [str(folder / "klaarzetten.sh"), *arguments]
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("https://meldpunt.example/", "keten.pem", "sleutel.pem"), "zonder https://"),
        (("meldpunt", "keten.pem", "sleutel.pem"), "geen naam van een machine"),
        (("a.example\nb", "keten.pem", "sleutel.pem"), "geen naam van een machine"),
        (("meldpunt.example", "weg.pem", "sleutel.pem"), "weg.pem is er niet"),
        (("meldpunt.example", "keten.pem", "."), ". is er niet"),
        (("meldpunt.example",), "Gebruik:"),
    ],
)
def test_preparing_leaves_nothing_behind_when_it_cannot_be_right(
    container: Path, arguments: tuple[str, ...], says: str
) -> None:
    before = sorted(container.rglob("*"))
    done = prepare(container, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert sorted(container.rglob("*")) == before


def test_preparing_is_for_root_and_goes_on_where_it_stopped(container: Path) -> None:
    arguments = ("meldpunt.example", "keten.pem", "sleutel.pem")
    programs = container.parents[1] / "programs"
    before = sorted(container.rglob("*"))
    (programs / "id").write_text("#!/bin/sh\necho 1000\n", encoding="utf-8")
    assert "root" in prepare(container, *arguments).stderr
    assert sorted(container.rglob("*")) == before
    (programs / "id").write_text("#!/bin/sh\necho 0\n", encoding="utf-8")
    (programs / "chown").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert prepare(container, *arguments).returncode
    assert not (container / "productie.ini").exists()
    (programs / "chown").write_text("#!/bin/sh\n", encoding="utf-8")
    assert not prepare(container, *arguments).returncode
    assert (container / "productie.ini").stat().st_mode & 0o777 == 0o640
    written = (container / ".env").read_text(encoding="utf-8")
    assert f"CERTIFICAAT={container.parents[1]}/keten.pem\n" in written


def test_preparing_makes_settings_and_secrets_that_fit_the_containers(container: Path) -> None:
    folder, name = container, "meldpunt.dordrecht.example"
    for _ in range(2):
        assert not prepare(folder, name, "keten.pem", "sleutel.pem").returncode
    settings = load_settings(folder / "productie.ini")
    assert settings.public_address == f"https://{name}"
    assert settings.web_host == settings.metrics_host == "0.0.0.0"  # noqa: S104
    assert settings.owner_url == "postgresql://stopintimidatie_owner@db/stopintimidatie"
    mounted = [v for v in compose()["services"]["worker"]["volumes"] if v.startswith("kopieen:")]
    assert mounted == [f"kopieen:{settings.backup_folder}"] == [f"kopieen:{settings.ledger.parent}"]
    asked = re.findall(r"\$\{(\w+):\?", (folder / "compose.yaml").read_text(encoding="utf-8"))
    written = (folder / ".env").read_text(encoding="utf-8")
    assert set(asked) == set(re.findall(r"^(\w+)=", written, flags=re.MULTILINE))
    secrets = folder / "geheimen"
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {f"./geheimen/{path.name}" for path in secrets.iterdir()} == {
        *(secret["file"] for secret in compose()["secrets"].values()),
        "./geheimen/rollen.sql",
    }
    for path in secrets.glob("pgpass*"):
        assert path.stat().st_mode & 0o777 == 0o600, path
    own = (secrets / "pgpass").read_text(encoding="utf-8")
    assert own.count("\n") == 1
    word = own.strip().rpartition(":")[2]
    assert f"CREATE ROLE {APP} LOGIN PASSWORD '{word}';" in (secrets / "rollen.sql").read_text()


def test_the_image_runs_as_nobody_in_particular_from_what_was_hashed() -> None:
    head, build, last = (CONTAINER / "Containerfile").read_text(), *stages()
    assert re.search(r"^ARG BASE=\S+:trixie-slim$", head, flags=re.MULTILINE)
    assert "pip install --require-hashes" in build
    assert re.findall(r"^USER (.+)$", last, flags=re.MULTILINE) == ["10001:10001"]
    assert "groupadd --gid 10001 " in last
    assert "useradd --uid 10001 --gid 10001 " in last
    assert f"STOPINTIMIDATIE_INI={INI}" in last
    assert f"DATA_DIR={STATE}" in last
    assert "/health/live" in last
    assert "pip install" not in last


def test_the_image_has_the_packages_that_running_takes() -> None:
    command = r"apt-get install -y --no-install-recommends((?:.|\\\n)+?)&&"
    (installed,) = re.findall(command, stages()[1])
    packages = set(installed.replace("\\", " ").split())
    venv = {need.package for need in TO_RUN if need.package.endswith("-venv")}
    # The environment is made while building; pg_dump is for the backup. Addresses outside are
    # called over https. ffmpeg comes with the packages of Python.
    more = {"python3", "postgresql-client", "ca-certificates"}
    assert packages == {need.package for need in TO_RUN} - venv | more
    assert len(venv) == 1


IGNORED = ROOT / ".containerignore"


@cache
def rules() -> list[tuple[bool, re.Pattern[str], int]]:
    """The lines of the ignore file: lets in, pattern and number of folders in it."""
    words = {"**/": "(?:.*/)?", "*": "[^/]*"}
    found = []
    for line in IGNORED.read_text(encoding="utf-8").splitlines():
        if line[:1] != "#":
            rule = line.removeprefix("!")
            parts = re.split(r"(\*\*/|\*)", rule)
            text = "".join(words.get(part, re.escape(part)) for part in parts)
            found.append((rule != line, re.compile(text), rule.count("/") + 1))
    return found


def within(path: str) -> list[str]:
    """A file and all folders that contain it, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def docker_leaves_out(path: str) -> bool:
    """As moby's patternmatcher: the last line that fits the file or a folder of it decides."""
    out = False
    for lets_in, pattern, _ in rules():
        if any(map(pattern.fullmatch, within(path))):
            out = not lets_in
    return out


def podman_leaves_out(path: str) -> bool:
    """As buildah: it goes through folders, and compares each with as much as a line is deep."""

    def left_out(place: str) -> bool:
        out = False
        for lets_in, pattern, depth in rules():
            above = within(place)[:-1]
            near = [place, *above[depth - 1 : depth]]
            if any(map(pattern.fullmatch, near)):
                out = not lets_in
        return out

    return any(map(left_out, within(path)))


def stays_out(path: str) -> bool:
    answers = {docker_leaves_out(path), podman_leaves_out(path)}
    assert len(answers) == 1, path
    return answers.pop()


@pytest.mark.parametrize(
    "path",
    [
        "var/sleutels.json",
        "var/stopintimidatie.sqlite",
        "sleutels.json",
        "deploy/sleutels-oud.json",
        "proef.sqlite-wal",
        "proef/var/bijlage",
        "kopie.tar.gz",
        "kopieen/stopintimidatie-2026.tar.gz.age",
        "deploy/dkim.pem",
        "tls.key",
        "pgpass",
        "deploy/container/pgpass-beheer",
        "deploy/productie.ini",
        ".git/config",
        ".venv/bin/python",
        "node_modules/htmx.org/package.json",
        "tests/conftest.py",
        "deploy/container/geheimen/postgres",
        "deploy/container/productie.ini",
        "grootboek.jsonl",
        "stopintimidatie/var/sleutels.json",
        "stopintimidatie/core/portaal.sqlite",
        "stopintimidatie/core/web/static/vendor/nlds.css",
        "stopintimidatie/COMMIT",
        "stopintimidatie/core/__pycache__/clock.cpython-313.pyc",
        "scripts/.venv/bin/python",
        "scripts/geheimen/pgpass",
        "requirements/.git/config",
        "alembic/versions/ondertekening.p12",
        "iets-nieuws.txt",
    ],
)
def test_no_secret_and_nobodys_data_goes_into_the_image(path: str) -> None:
    assert stays_out(path)


def test_docker_and_podman_leave_out_the_same_and_nothing_that_the_product_is() -> None:
    docker = ROOT / ".dockerignore"
    assert not docker.is_symlink()
    assert docker.read_bytes() == IGNORED.read_bytes()
    made = ("__pycache__", "vendor", "vendor.new", "COMMIT")
    package = [
        path
        for folder in ("stopintimidatie", "alembic", "requirements", "scripts")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not set(made) & set(path.parts)
    ]
    assert len(package) > 500
    assert [path for path in package if stays_out(str(path.relative_to(ROOT)))] == []
    needed = ("setup.cfg", "setup.py", "pyproject.toml", "package.json", "package-lock.json")
    assert not any(map(stays_out, (*needed, ".npmrc")))


def test_what_operators_read_names_settings_that_exist() -> None:
    keys = {key for key in setting_keys() if "." in key}
    prefixes = {key.partition(".")[0] for key in keys}
    for path in [*DEPLOY.rglob("*"), *(ROOT / "docs").glob("operations.md")]:
        if path.is_file():
            pattern = r"(?<![\w/.-])([a-z]+\.[a-z_]+)\b(?![/.])"
            named = {*re.findall(pattern, path.read_text(encoding="utf-8"))} - {FILE_FOR_LEAKS}
            wrong = {n for n in named if n.partition(".")[0] in prefixes and n not in keys}
            assert not wrong, path


def test_what_operators_read_names_commands_that_exist() -> None:
    """Two words at most: the group and the command; the rest is for the tests of the command."""
    groups = "|".join(map(re.escape, cli.commands))
    named = re.compile(rf"\bstopintimidatie ((?:{groups})(?: [a-z]+)?)\b")
    readme = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    found = named.findall(readme)
    assert len(found) > 12
    for words in found:
        group = cli.commands[words.split()[0]]
        if isinstance(group, click.Group):
            assert words.split()[-1] in group.commands, words
