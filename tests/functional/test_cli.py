"""The command, as an operator types it: what it prints, its exit code, and what it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from stopintimidatie.accounts.models import LoginSession, User
from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.dutch import run
from stopintimidatie.intake.models import AppKey
from stopintimidatie.register.models import AreaOutline
from stopintimidatie.security import Role
from stopintimidatie.storage import NATIONAL
from tests.factories import DORDRECHT, make_user
from tests.installation import Installation

TOWN = Path(__file__).parent.parent / "data" / "voorbeeldstad"
INI = """[app:main]
demo = true
sqlalchemy.url = {settings.database_url}
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


@pytest.fixture
def keyboard(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    return Keyboard(installation, capsys)


def test_help_is_in_dutch_at_every_level(keyboard: Keyboard) -> None:
    for words in ([], ["gebruiker"], ["gebruiker", "maken"], ["zoekindex", "controleren"]):
        code, out, _ = keyboard.type(*words, "--help")
        assert code == 0
        assert "Gebruik: stopintimidatie" in out
        assert "Usage" not in out
        assert "Show this" not in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bestaatniet"], "bestaat niet"),
        (["gebruiker", "maken"], "ontbreekt"),
        (["gebruiker", "maken", "a@b.example", "--naam", "A", "--gemeente", "dordrecht",
          "--rol", "baas"], "Kies uit: oov"),
        (["gebieden", "laden", "--jaar", "vroeger", "--bestand", "x"], "--jaar klopt niet"),
        (["web", "--hard"], "--hard"),
    ],
)  # fmt: skip
def test_a_wrongly_written_command_says_what_is_wrong(
    keyboard: Keyboard, words: list[str], told: str
) -> None:
    code, _, err = keyboard.type(*words)
    assert code == 2
    assert told in err
    assert "Traceback" not in err


def test_a_user_is_made_and_can_sign_in(keyboard: Keyboard, installation: Installation) -> None:
    words = ("--naam", "An de Wit", "--gemeente", "dordrecht", "--rol", "oov")
    code, out, _ = keyboard.type("gebruiker", "maken", "an@dordrecht.test", *words)
    assert code == 0
    password = out.strip().rsplit(": ", 1)[1]
    browser = installation.browser("an@dordrecht.test", password)
    assert browser.get("/", status=303).location.endswith("/gemeenten/dordrecht")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["an@x.test", "--gemeente", "atlantis", "--rol", "oov"], "‘atlantis’ is niet gevonden"),
        (["geen-adres", "--gemeente", "GM0505", "--rol", "oov"], "e-mailadres"),
        (["an@x.test", "--gemeente", "landelijk", "--rol", "oov"], "landelijk"),
        (["an@x.test", "--gemeente", "GM0505", "--rol", "meldpunt"], "landelijk"),
    ],
)
def test_a_user_that_cannot_be_made_leaves_nothing(
    keyboard: Keyboard, installation: Installation, words: list[str], told: str
) -> None:
    code, _, err = keyboard.type("gebruiker", "maken", *words, "--naam", "An")
    assert code == 1
    assert told in err
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0


def test_a_second_role_and_blocking(keyboard: Keyboard, installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    code, _, _ = keyboard.type(
        "gebruiker", "rol", username, "--gemeente", "GM0505", "--rol", "beheer"
    )
    assert code == 0
    assert keyboard.type("gebruiker", "blokkeren", username)[0] == 0
    browser.get("/gemeenten/dordrecht", status=303)
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 0
    code, _, err = keyboard.type("gebruiker", "blokkeren", "niemand@x.test")
    assert (code, "geen gebruiker" in err) == (1, True)


def test_app_keys_are_shown_once_listed_and_revoked(
    keyboard: Keyboard, installation: Installation
) -> None:
    assert "nog geen sleutels" in keyboard.type("appsleutel", "lijst")[1]
    code, out, _ = keyboard.type("appsleutel", "maken", "Landelijke app", "--soort", "ios")
    assert code == 0
    token = out.strip().rsplit(": ", 1)[1]
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(AppKey.token_hash)).one() != token
    listed = keyboard.type("appsleutel", "lijst")[1]
    assert "Landelijke app" in listed
    assert token not in listed
    assert keyboard.type("appsleutel", "intrekken", "Landelijke app")[0] == 0
    assert "ingetrokken" in keyboard.type("appsleutel", "lijst")[1]
    assert keyboard.type("appsleutel", "intrekken", "Onbekende app")[0] == 1


def test_areas_are_loaded_and_a_bad_file_changes_nothing(
    keyboard: Keyboard, installation: Installation, tmp_path: Path
) -> None:
    code, out, _ = keyboard.type(
        "gebieden", "laden", "--bestand", str(TOWN / "gemeenten_2024.geojson")
    )
    assert code == 0
    assert "geladen" in out
    broken = tmp_path / "wijken_2024.geojson"
    broken.write_text('{"type": "FeatureCollection", "features": [', encoding="utf-8")
    for name in (str(broken), str(tmp_path / "er-is-geen-bestand.geojson")):
        code, _, err = keyboard.type("gebieden", "laden", "--bestand", name)
        assert code == 1
        assert name in err
    with installation.transaction() as session:
        assert session.scalars(select(AreaOutline.kind).distinct()).all() == ["gemeente"]


def test_the_index_is_checked_and_rebuilt(keyboard: Keyboard) -> None:
    assert keyboard.type("zoekindex", "herbouwen", "--houder", DORDRECHT)[:2] == (
        0,
        "GM0505: 0 documenten.\n",
    )
    assert "in orde" in keyboard.type("zoekindex", "controleren", "--houder", DORDRECHT)[1]
    assert keyboard.type("zoekindex", "herbouwen", "--houder", "GM9999")[0] == 1


def test_wrong_settings_are_all_told_at_once(keyboard: Keyboard) -> None:
    keyboard.ini.write_text("[app:main]\ndemo = misschien\nkleur = rood\n", encoding="utf-8")
    code, _, err = keyboard.type("appsleutel", "lijst")
    assert code == 1
    for told in ("demo: schrijf true of false", "kleur: deze instelling bestaat niet", "data_dir"):
        assert told in err
