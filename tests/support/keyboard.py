"""An operator at the keyboard, who answers what a command asks."""

from __future__ import annotations

import pytest

from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.words import run
from tests.support.installation import Installation

INI = """[app:main]
demo = true
sqlalchemy.url = {settings.database_url}
database.owner_url = {settings.database_owner_url}
data_dir = {settings.data_dir}
key_file = {settings.key_file}
migrations = {settings.migrations}
public_address = http://localhost:6543
"""


class Keyboard:
    """Types commands for an installation."""

    def __init__(self, installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.ini = installation.settings.data_dir / "proef.ini"
        self.ini.write_text(INI.format(settings=installation.settings), encoding="utf-8")

    def type(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output and errors of a command."""
        self.capsys.readouterr()
        code = run(cli, args=["--ini", str(self.ini), *words], prog_name="stopintimidatie")
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err
