"""scripts/schermafbeeldingen: what the pictures need, then the pictures themselves."""

from __future__ import annotations

import subprocess
import sys

from . import assets, environment, system
from .common import ROOT, VENV_PYTHON, SetupError, only_one, refuse_kindly

PICTURES = (str(VENV_PYTHON), "-m", "tests.support.screenshots")


def main() -> int:
    """Everything the tests stand on, and what turns a page of a PDF into a picture."""
    try:
        with only_one():
            system.ensure(system.TO_PICTURE)
            environment.ensure("test")
            assets.build()
    except SetupError as error:
        return refuse_kindly(error)
    command = [*PICTURES, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env=environment.environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
