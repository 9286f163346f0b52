"""The one step of building that setup.cfg can't say: what the wheel holds besides the package."""

import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
STYLES = ROOT / "stopintimidatie" / "core" / "web" / "static" / "vendor"


class Build(build_py):
    """The package with migrations, manual and commit, for a place without the repository."""

    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        if not STYLES.is_dir():
            raise SystemExit("De stijlen ontbreken. Maak ze eerst: scripts/assets")
        # An earlier build leaves files behind that may be gone by now.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        package = Path(self.build_lib) / "stopintimidatie"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "alembic", package / "migrations", ignore=ignored)
        shutil.copytree(ROOT / "docs" / "gebruikers", package / "handbook")
        if commit := _commit():
            (package / "COMMIT").write_text(f"{commit}\n", encoding="utf-8")


def _commit() -> str:
    """Return the commit of this repository; nothing where there is none, as in an image."""
    command = ["git", "-C", ROOT, "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


setup(cmdclass={"build_py": Build})
