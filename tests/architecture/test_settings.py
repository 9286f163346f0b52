"""Every setting stands in both ini files and in the docs; nothing else stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stopintimidatie.settings import load_settings, setting_keys

ROOT = Path(__file__).parent.parent.parent


def keys_in(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z_.]+) =(?: |$)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_an_ini_file_has_every_setting_and_no_other(name: str) -> None:
    assert keys_in(name) == set(setting_keys())


def test_the_docs_explain_every_setting() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", text, flags=re.MULTILINE)) == set(setting_keys())


def test_both_ini_files_can_be_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", "7000")
    assert load_settings(ROOT / "development.ini").demo
    production = load_settings(ROOT / "production.ini")
    assert not production.demo
    assert production.https
    assert production.web_port == 7000
    assert production.migrations == ROOT / "alembic"
