"""Every setting stands in both ini files and in the docs; nothing else stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stopintimidatie.settings import SettingsError, load_settings, setting_keys

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


@pytest.mark.parametrize(
    ("address", "mistake"),
    [("http://meldpunt.example.nl", "zonder https"), ("https://www.example.nl/melden", "pad")],
)
def test_production_starts_at_an_https_address_of_its_own_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, mistake: str
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    text = (ROOT / "production.ini").read_text(encoding="utf-8")
    ini = tmp_path / "productie.ini"
    changed = re.sub(r"^public_address = .+$", f"public_address = {address}", text, flags=re.M)
    ini.write_text(changed, encoding="utf-8")
    with pytest.raises(SettingsError, match=f"public_address: .*{mistake}"):
        load_settings(ini)
