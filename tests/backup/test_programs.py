"""Which pg_dump is taken, what is said when there is none, and what never is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stopintimidatie.backup import postgresql
from stopintimidatie.backup.manifest import BackupError
from stopintimidatie.backup.postgresql import connection_of, find_program, run_program


def install(folder: Path, version: int, does: str = "exit 0", name: str = "pg_dump") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / name
    script.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "x (PostgreSQL) {version}.4" && exit\n{does}\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return script


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it but what a test puts there."""
    monkeypatch.setattr(postgresql, "FOLDERS", (f"{tmp_path}/postgresql/{{major}}/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_the_servers_own_version_goes_before_a_newer_one(machine: Path) -> None:
    for version in (14, 16, 17, 18):
        install(machine / f"postgresql/{version}/bin", version)
    install(machine / "bin", 17)
    assert find_program("pg_dump", 16, None).path == machine / "postgresql/16/bin/pg_dump"
    assert find_program("pg_dump", 15, None).major == 16


def test_what_is_only_on_the_path_is_found_too(machine: Path) -> None:
    install(machine / "bin", 17)
    assert find_program("pg_dump", 15, None).major == 17


def test_absent_and_too_old_say_what_to_install(machine: Path) -> None:
    with pytest.raises(BackupError, match=r"pg_dump ontbreekt.*postgresql-client-15"):
        find_program("pg_dump", 15, None)
    install(machine / "bin", 13)
    with pytest.raises(BackupError, match=r"te oud: versie 13.*postgresql-client-15"):
        find_program("pg_dump", 15, None)
    with pytest.raises(BackupError, match="ontbreekt in"):
        find_program("pg_dump", 15, machine / "leeg")


def test_something_else_of_that_name_is_passed_over(machine: Path) -> None:
    broken = machine / "bin" / "pg_dump"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho hallo\n", encoding="utf-8")
    broken.chmod(0o755)
    with pytest.raises(BackupError, match="ontbreekt"):
        find_program("pg_dump", 15, None)


def test_a_password_goes_by_the_environment_never_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://kopie:geh%2Fe%20im@db.example:5433/punt?sslmode=require"
    words, secret = connection_of(url)
    assert secret == {"PGPASSWORD": "geh/e im"}
    assert "geh" not in words
    assert {"user=kopie", "host=db.example", "port=5433", "dbname=punt", "sslmode=require"} == set(
        words.split()
    )
    said = tmp_path / "gezegd"
    install(tmp_path, 15, f'echo "$@" > {said}; printenv PGPASSWORD >> {said}')
    program = find_program("pg_dump", 15, tmp_path)
    with run_program(program, [f"--dbname={words}"], secret, stdin=subprocess.DEVNULL):
        pass
    arguments, password = said.read_text(encoding="utf-8").splitlines()
    assert "geh/e im" not in arguments
    assert password == "geh/e im"


def test_what_a_program_says_is_explained_and_never_repeated(tmp_path: Path) -> None:
    row = "CONTEXT: COPY report, line 1: Jasmijn Verzonnen"
    install(tmp_path, 15, f'echo "pg_dump: error: permission denied {row}" >&2; exit 1')
    program = find_program("pg_dump", 15, tmp_path)
    with pytest.raises(BackupError, match="mist rechten") as told, run_program(program, [], {}):
        pass
    assert "Jasmijn" not in str(told.value)
    install(tmp_path, 15, f'echo "iets heel anders {row}" >&2; exit 3')
    with (
        pytest.raises(BackupError, match="logboek van PostgreSQL") as told,
        run_program(program, [], {}),
    ):
        pass
    assert "Jasmijn" not in str(told.value)


def test_a_program_that_stops_reading_is_an_error_also_when_it_says_nothing(
    tmp_path: Path,
) -> None:
    install(tmp_path, 15, "exit 0", "pg_restore")
    program = find_program("pg_restore", 15, tmp_path)

    def write_too_much() -> None:
        with run_program(program, [], {}, stdin=subprocess.PIPE) as process:
            process.wait()
            assert process.stdin
            process.stdin.write(b"x" * 1_000_000)

    with pytest.raises(BrokenPipeError):
        write_too_much()


def test_an_error_on_our_side_ends_the_program(tmp_path: Path) -> None:
    install(tmp_path, 15, "exec sleep 60")
    program = find_program("pg_dump", 15, tmp_path)
    with pytest.raises(ZeroDivisionError), run_program(program, [], {}) as process:
        raise ZeroDivisionError
    assert process.returncode < 0
