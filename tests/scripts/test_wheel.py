"""The wheel holds all that the checkout has of the product, and works without the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = "stopintimidatie/core/web/static/vendor"
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
INI = """[app:main]
sqlalchemy.url = sqlite:///%(DATA_DIR)s/portaal.sqlite
data_dir = %(DATA_DIR)s
key_file = %(DATA_DIR)s/sleutels.json
public_address = http://localhost:6543
"""

pytestmark = pytest.mark.alles


def tracked(*folders: str) -> list[str]:
    done = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", *folders], capture_output=True, check=True, text=True
    )
    return [path for path in done.stdout.split("\0") if path and (ROOT / path).is_file()]


def copy(target: Path, *, styles: bool) -> Path:
    """Copy a clone without its history, for building leaves files behind."""
    for path in tracked():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target / path)
    if styles:
        shutil.copytree(ROOT / VENDOR, target / VENDOR)
    return target


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BUILD, str(target)]
    return subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    done = build(copy(tmp_path_factory.mktemp("bron"), styles=True), target)
    assert not done.returncode, done.stderr
    (path,) = target.glob("stopintimidatie-*.whl")
    return path


def test_the_wheel_holds_the_product_with_its_migrations_and_styles(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("stopintimidatie/")}
    styles = [path for path in (ROOT / VENDOR).rglob("*") if path.is_file()]
    assert held == {
        *tracked("stopintimidatie"),
        *(f"stopintimidatie/migrations/{path[8:]}" for path in tracked("alembic")),
        # The manual, which the portal shows.
        *(f"stopintimidatie/handbook/{Path(path).name}" for path in tracked("docs/gebruikers")),
        *(str(path.relative_to(ROOT)) for path in styles if path.name != ".stamp"),
    }


def test_the_wheel_migrates_without_the_clone(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "pakket")
    (tmp_path / "portaal.ini").write_text(INI, encoding="utf-8")
    (tmp_path / "var").mkdir()
    env = {"PYTHONPATH": str(tmp_path / "pakket"), "DATA_DIR": str(tmp_path / "var")}
    program = [sys.executable, "-m", "stopintimidatie.cli", "--ini", "portaal.ini"]
    for words in (["database", "migreren"], ["appsleutel", "lijst"]):
        done = subprocess.run(
            [*program, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert not done.returncode, done.stderr
    assert "nog geen sleutels" in done.stdout


def test_a_wheel_without_styles_is_not_built(tmp_path: Path) -> None:
    (tmp_path / "uit").mkdir()
    done = build(copy(tmp_path / "bron", styles=False), tmp_path / "uit")
    assert done.returncode
    assert "scripts/assets" in done.stderr
    assert not list((tmp_path / "uit").iterdir())
