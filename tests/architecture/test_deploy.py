"""The files in deploy/ stay true: commands and settings that exist, paths agree, doors shut."""

from __future__ import annotations

import re
import shlex
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from bootstrap.system import TO_RUN

from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.gateway import _SAFE_HEADERS
from stopintimidatie.cli.server import GRACE_SECONDS
from stopintimidatie.core.web.responses import HSTS
from stopintimidatie.settings import Settings, setting_keys
from tests.support.matrix import MATRIX

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
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
    text = (DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def stages() -> list[str]:
    text = (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8")
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


def services() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, service in compose()["services"].items():
        if name != "db":
            yield name, service


def test_a_container_starts_a_command_that_exists() -> None:
    assert [name for name, _ in services()] == ["migrate", "web", "worker", "backup"]
    secrets = {name: service["secrets"] for name, service in services()}
    assert secrets["web"] == secrets["worker"] == ["pgpass"]
    assert secrets["migrate"] == secrets["backup"] == ["pgpass_beheer"]
    for _, service in services():
        assert command_of(list(service["command"])).callback


def test_a_container_can_write_nowhere_but_its_data() -> None:
    found = compose()
    for name, service in found["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        for volume in service["volumes"]:
            source, target, *mode = volume.split(":")
            assert mode == ["ro"] or source in found["volumes"], volume
            assert target.startswith(("/var/", INI)), volume
    ports = {n: s["ports"] for n, s in found["services"].items() if "ports" in s}
    assert ports == {"web": ["127.0.0.1:6543:6543"]}
    assert found["networks"]["binnen"]["internal"] is True


def test_the_image_runs_as_nobody_in_particular_from_what_was_hashed() -> None:
    head, build, last = (DEPLOY / "container" / "Containerfile").read_text(), *stages()
    assert re.search(r"^ARG BASE=\S+:trixie-slim$", head, flags=re.MULTILINE)
    assert "pip install --require-hashes" in build
    assert re.findall(r"^USER (.+)$", last, flags=re.MULTILINE) == ["10001:10001"]
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


def stays_out(path: str) -> bool:
    """Tell whether a file, or a folder that contains it, is kept out of the image."""
    rules = (line for line in IGNORED.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    within = [path, *(str(folder) for folder in Path(path).parents)]
    return any(re.fullmatch(_pattern(rule), each) for rule in rules for each in within)


def _pattern(rule: str) -> str:
    words = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return "".join(words.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*)", rule))


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
    ],
)
def test_no_secret_and_nobodys_data_goes_into_the_image(path: str) -> None:
    assert stays_out(path)


def test_docker_and_podman_leave_out_the_same_and_nothing_that_the_product_is() -> None:
    docker = ROOT / ".dockerignore"
    assert not docker.is_symlink()
    assert docker.read_bytes() == IGNORED.read_bytes()
    made = ("__pycache__", "vendor", "vendor.new")
    package = [
        path
        for folder in ("stopintimidatie", "alembic", "requirements", "scripts")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not set(made) & set(path.parts)
    ]
    assert len(package) > 500
    assert [path for path in package if stays_out(str(path.relative_to(ROOT)))] == []
    assert not any(map(stays_out, ("setup.cfg", "production.ini", "package.json", "README.md")))


def test_the_proxy_pins_the_host_and_keeps_the_health_to_itself() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    passed = re.findall(r"proxy_set_header (\S+) (\S+);", text)
    host = dict(passed)["Host"]
    assert f"server_name {host};" in text
    assert "$" not in host
    for header in ("X-Forwarded-Host", "X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert (header, '""') in passed
    assert "access_log off;" in text
    for closed in ("/health/ready", "/version"):
        assert f"location = {closed} {{ return 404; }}" in text


def test_the_proxy_bounds_every_page_on_which_a_visitor_shows_who_they_are() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (bounded,) = re.findall(r"location ~ (\S+) \{\s+limit_req ", text)
    asking = re.compile("aanmelden|uitnodiging|wachtwoord")
    public = [view.key for view in MATRIX if view.permission is None]
    pages = {
        name
        for context, name, method in public
        if (context, method) == ("Root", "POST") and asking.match(name)
    }
    assert len(pages) > 5
    assert not [name for name in pages if not re.match(bounded, f"/{name}")]
    # A provider's server tells here, from one address, that somebody signed out.
    assert not re.match(bounded, "/aanmelden-gemeente/dordrecht/uitloggen")


def test_what_the_proxy_answers_itself_has_the_headers_of_the_product_and_never_twice() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    added = re.findall(r"add_header (\S+) (\$\w+) always;", text)
    safe = dict(_SAFE_HEADERS) | {"Strict-Transport-Security": HSTS}
    assert {name for name, _ in added} == safe.keys() - {"Content-Type"}
    for name, variable in added:
        upstream = f"$upstream_http_{name.lower().replace('-', '_')}"
        (body,) = re.findall(
            rf"map {re.escape(upstream)} {re.escape(variable)} {{(.+?)}}", text, re.S
        )
        assert re.search(rf'""\s+"{re.escape(safe[name])}";\s+default "";', body), name
    # nginx: a location with an add_header of its own inherits none of these.
    assert text.count("add_header") == len(added)
    assert "limit_conn verzenders" in text


def test_what_the_proxy_answers_itself_names_its_charset_and_no_version() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    everywhere, _, _ = text.partition("\nserver {")
    assert "\ncharset utf-8;" in everywhere
    assert "\nserver_tokens off;" in everywhere


def test_the_proxy_speaks_tls_with_forward_secrecy_alone() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert re.findall(r"ssl_protocols (.+);", text) == ["TLSv1.2 TLSv1.3"]
    (names,) = re.findall(r"ssl_ciphers (\S+);", text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(names)
    older = [c for c in context.get_ciphers() if c["protocol"] != "TLSv1.3"]
    assert [cipher["name"] for cipher in older] == names.split(":")
    assert all(c["aead"] and c["kea"] == "kx-ecdhe" for c in older)
    assert older[0]["strength_bits"] == 256


def test_pages_go_on_to_https_and_an_app_that_forgets_it_is_refused() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (server,) = re.findall(r"listen 80;.+?^}", text, re.S | re.M)
    assert "location /api/ { return 403; }" in server
    assert re.search(r"location / { return 301 https://\S+\$request_uri; }", server)


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
