"""What of `data_dir` and of the settings goes into a copy, and what never does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stopintimidatie.backup.manifest import (
    FORM,
    BackupError,
    Manifest,
    Snapshot,
    TableState,
    kept_files,
    kept_settings,
    left_out,
    read_manifest,
)
from stopintimidatie.backup.restore import RestoreResult
from stopintimidatie.cli import backup
from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.words import run
from stopintimidatie.settings import SettingsError, parse_settings
from tests.support.installation import ROOT, make_settings

SNAPSHOT = Snapshot("postgresql", "0001", {"report": TableState(3, "123")}, 15)
MANIFEST = Manifest("1", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), SNAPSHOT, {1: "ab"}, {"a": "b"})


def test_only_what_cannot_be_made_again_is_kept(tmp_path: Path) -> None:
    kept = ("foto.bin", "bijlagen/2026/a.bin", "bijlagen/zoekindex/b.bin")
    left = (
        *("data.sqlite", "data.sqlite-wal", "data.sqlite-shm", "sleutels.json", "productie.ini"),
        *("zoekindex/GM0505/_MAIN_1.toc", ".reservekopie.lock", ".werk/x", ".half"),
        *("stopintimidatie-20260101T000000Z.tar.gz", "kopieen/stopintimidatie-x.tar.gz.age"),
    )
    for name in (*kept, *left):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "wijzer").symlink_to("/etc/passwd")
    (tmp_path / "map").symlink_to("/etc")
    settings = make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path)
    assert {name for name, _ in kept_files(settings)} == set(kept)


def test_no_address_of_a_database_and_no_path_goes_along(tmp_path: Path) -> None:
    secret = "postgresql://kopie:geheim@db.example/punt"
    settings = make_settings(secret, tmp_path)
    kept = kept_settings(settings)
    assert kept["public_address"] == "http://localhost:6543"
    assert "geheim" not in str(kept)
    assert str(tmp_path) not in str(kept)


def test_sessions_stay_behind_and_every_exception_has_a_reason() -> None:
    assert "login_session" in left_out()
    assert not left_out() & {"report", "audit_event", "export", "idempotency_key", "outbox_job"}


def test_a_manifest_is_read_back_as_it_was() -> None:
    assert read_manifest(MANIFEST.to_json()) == MANIFEST


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "onleesbaar"),
        (b"[]", "onleesbaar"),
        (b"{}", "onleesbaar"),
        (MANIFEST.to_json().replace(b'"rijen": 3', b'"rijen": null'), "onleesbaar"),
        (MANIFEST.to_json().replace(b"stopintimidatie-reserve", b"iets-anders"), "geen reserve"),
        (MANIFEST.to_json().replace(b'"vorm": 1', b'"vorm": 2'), "nieuwere versie"),
    ],
)
def test_another_manifest_is_refused_with_a_reason(raw: bytes, told: str) -> None:
    assert FORM == 1
    with pytest.raises(BackupError, match=told):
        read_manifest(raw)


@pytest.mark.parametrize(
    ("text", "number"), [("", 0), ("age1" + "q" * 58, 1), (f"age1{'q' * 58}  age1{'p' * 58}", 2)]
)
def test_recipients_are_public_keys_with_spaces_between(text: str, number: int) -> None:
    assert len(parse_settings(_raw(text)).backup_recipients) == number


@pytest.mark.parametrize("text", ["age1kort", "AGE-SECRET-KEY-1" + "Q" * 58, "a@b.example"])
def test_what_is_no_public_key_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match=r"backup\.recipient"):
        parse_settings(_raw(text))


def _raw(recipient: str) -> dict[str, str]:
    return {
        "sqlalchemy.url": "sqlite:///x.sqlite",
        "data_dir": "var",
        "key_file": "var/sleutels.json",
        "migrations": "alembic",
        "public_address": "http://localhost:6543",
        "backup.recipient": recipient,
    }


def test_a_restore_that_stops_before_its_end_says_that_it_must_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stops(settings: Any) -> None:
        raise BackupError("Het bijwerken lukte niet.")

    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(backup, "restore", lambda *given: RestoreResult(MANIFEST, 0, ()))
    monkeypatch.setattr(backup, "install", stops)
    words = ["--ini", str(ROOT / "development.ini"), "reservekopie", "terugzetten", "kopie"]
    assert run(cli, args=words, prog_name="stopintimidatie") == 1
    said = capsys.readouterr().err
    assert "niet afgemaakt" in said
    assert "bijwerken lukte niet" in said
