"""A database of before the first release is refused everywhere, with a sentence that says what to
do: the 39 migrations of then were replaced by one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import click
import pytest
from sqlalchemy import text

from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.words import run
from stopintimidatie.core.health import services as health_services
from stopintimidatie.core.storage import database, make_engine
from stopintimidatie.core.storage.database import OLD_VERSIONS, known_versions
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.settings import Settings
from tests.support.empty_databases import empty_database
from tests.support.mail_server import BOUNCE

INI = """[app:main]
demo = {demo}
sqlalchemy.url = {settings.database_url}
database.owner_url = {settings.database_owner_url}
data_dir = {settings.data_dir}
key_file = {settings.key_file}
migrations = {settings.migrations}
public_address = http://localhost:6543
search.backend = {settings.search_backend}
"""
COMMANDS = {
    ("database", "migreren"): (),
    ("gebruiker", "maken"): (
        *("a@b.example", "--naam", "A", "--gemeente", "GM0505", "--rol", "oov"),
    ),
    ("gebruiker", "rol"): ("a@b.example", "--gemeente", "GM0505", "--rol", "oov"),
    ("gebruiker", "lijst"): ("--gemeente", "GM0505"),
    ("gebruiker", "blokkeren"): ("a@b.example",),
    ("gebruiker", "deblokkeren"): ("a@b.example",),
    ("gebruiker", "wachtwoord"): ("a@b.example",),
    ("gebruiker", "factor"): ("a@b.example",),
    ("gemeente", "aanmelden"): ("GM0505", "--niet-verplicht"),
    ("appsleutel", "maken"): ("app", "--soort", "ios"),
    ("appsleutel", "intrekken"): ("app",),
    ("appsleutel", "lijst"): (),
    ("gebieden", "laden"): ("--als-leeg",),
    ("gebieden", "haltes"): ("--bestand", "stops.txt"),
    ("gebieden", "namen"): ("--bestand", "straten.geojson"),
    ("gebieden", "stand"): (),
    ("demo", "laden"): ("--als-leeg",),
    ("demo", "oefenen"): ("2030-01-01",),
    ("zoekindex", "herbouwen"): (),
    ("zoekindex", "controleren"): (),
    ("wachtrij", "lijst"): (),
    ("wachtrij", "opnieuw"): ("--alle",),
    ("wachtrij", "weg"): ("--alle",),
    ("post", "lijst"): (),
    ("post", "terug"): (),
    ("sleutels", "lijst"): (),
    ("sleutels", "herversleutelen"): (),
    ("gemeente", "niveau"): ("GM0505",),
    ("gemeente", "handtekening"): ("GM0505",),
    ("gemeente", "samenvoegen"): ("GM0505",),
    ("gemeente", "oefen"): (),
    ("bewaartermijnen",): (),
    ("reservekopie", "maken"): (".",),
    ("gemeente", "uitvoeren"): ("GM0505", "vertrek"),
    ("dossier", "overbrengen"): ("GM0505", "2026-0001", "."),
    ("reservekopie", "opruimen"): (".",),
    ("logboek", "opschonen"): (),
    ("programma", "juridisch"): (".",),
    ("bijlage", "uitpakken"): ("M-4F7K-2QXJ", "1", "monster", "--reden", "x"),
}
# The two servers have a test of their own below; copies are tested with the other copies.
NO_DATABASE = {
    ("database", "rollen"),
    ("web",),
    ("worker",),
    ("post", "proef"),
    ("sleutels", "nieuw"),
    ("sleutels", "gebruiken"),
    ("reservekopie", "controleren"),
    ("reservekopie", "terugzetten"),
    ("reservekopie", "sleutel"),
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.alles)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of an installation whose database says that it is of before."""
    with empty_database(request, tmp_path) as settings:
        create_key_file(settings.key_file)
        engine = make_engine(settings, settings.owner_url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('0039')"))
            if not settings.sqlite:
                connection.execute(text(f"GRANT SELECT ON alembic_version TO {database.APP}"))
        engine.dispose()
        yield settings


def ini_of(settings: Settings, demo: bool = True) -> str:
    path = settings.data_dir / "oud.ini"
    path.write_text(INI.format(settings=settings, demo=demo), encoding="utf-8")
    return str(path)


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    for name, below in command.commands.items():
        yield from leaves(below, (*path, name))


def test_every_command_is_looked_at() -> None:
    assert set(leaves(cli)) == set(COMMANDS) | NO_DATABASE


@pytest.mark.alles
def test_every_command_that_opens_the_database_refuses_one_of_before(
    old: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ini = ini_of(old)
    more = "" if old.sqlite else " en de database"
    told = f"(migratie 0039), en dit programma kan ze niet lezen: gooi de map {old.data_dir}{more}"
    commands = dict(COMMANDS)
    bounce = BOUNCE.format(action="failed", number=uuid4()).encode()
    if not old.sqlite:
        commands["database", "rollen"] = ("--toepassen",)
    for command, words in commands.items():
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(bounce), readline=str))
        code = run(cli, args=["--ini", ini, *command, *words], prog_name="stopintimidatie")
        out, said = capsys.readouterr()
        assert (code, out, said.count("\n"), told in said) == (1, "", 1, True), (command, said)


def test_an_installation_keeps_the_old_version_for_its_database(
    old: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    ini = ini_of(old, demo=False)
    assert run(cli, args=["--ini", ini, "database", "migreren"], prog_name="stopintimidatie") == 1
    said = capsys.readouterr().err
    assert "laat haar bij de oude versie" in said
    assert "gooi" not in said


@pytest.mark.alles
def test_a_server_does_not_start_on_a_database_of_before(old: Settings) -> None:
    server = "web" if old.sqlite else "worker"
    done = subprocess.run(
        [sys.executable, "-m", "stopintimidatie.cli", "--ini", ini_of(old), server],
        env=os.environ | {"PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not start" in done.stderr
    assert "gooi de map" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_running_server_is_not_ready_when_its_database_turns_out_to_be_of_before(
    old: Settings,
) -> None:
    checks = {check.name: check for check in health_services.inspect_installation(old)}
    assert (checks["migraties"].state, checks["wachtrij"].state) == ("fout", "niet bekeken")
    assert "gooi de map" in checks["migraties"].message
    kept = health_services.inspect_installation(replace(old, demo=False))[1]
    assert "laat haar bij de oude versie" in kept.message


def test_no_version_of_now_is_taken_for_one_of_before(old: Settings) -> None:
    assert not OLD_VERSIONS & known_versions(old.migrations)
