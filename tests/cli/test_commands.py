"""The command, as an operator types it: what it prints, its exit code, and what it did."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.cli.commands import cli
from stopintimidatie.core.accounts.models import IdentityProvider, LoginSession, User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, OutboxJob, enqueue
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.areas.models import AreaOutline
from stopintimidatie.reports.api.models import AppKey
from stopintimidatie.settings import PROGRAM
from tests.support.areas import features
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import DATA, PASSWORD, ROOT, Installation
from tests.support.keyboard import Keyboard
from tests.support.mailboxes import PASSWORD as NEW_PASSWORD
from tests.support.mailboxes import last_mail
from tests.support.pdok_stand_in import StandIn, serving
from tests.support.source import nodes_of

TOWN = DATA / "voorbeeldstad"


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


@pytest.mark.alles
def test_messages_name_our_commands_as_they_are_called_here() -> None:
    on_path = shutil.which("stopintimidatie")
    assert ("stopintimidatie" if on_path else ".venv/bin/stopintimidatie") == PROGRAM
    said = subprocess.run([on_path or ROOT / PROGRAM, "--help"], capture_output=True, text=True)
    assert f"Gebruik: {PROGRAM} " in said.stdout
    bare = re.compile(rf"stopintimidatie ({'|'.join({*cli.commands} - {'bewaartermijnen'})})\b")
    guilty = [
        (path.name, text)
        for path in (ROOT / "stopintimidatie").rglob("*.py")
        for text in texts_of(path)
        if bare.search(text)
    ]
    assert guilty == []


def texts_of(path: Path) -> Iterator[str]:
    """Every text in the code of a module that is no docstring."""
    docstrings = {id(node.value) for node in nodes_of(path) if isinstance(node, ast.Expr)}
    for node in nodes_of(path):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield str(node.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bestaatniet"], "bestaat niet"),
        (["gebruiker", "maken"], "ontbreekt"),
        (["gebruiker", "maken", "a@b.example", "--naam", "A", "--gemeente", "dordrecht",
          "--rol", "baas"], "Kies uit: oov"),
        (["gebieden", "laden", "--jaar", "vroeger", "--bestand", "x"], "--jaar klopt niet"),
        (["gebieden", "laden", "--jaar", "vroeger", "--bestand", "x"],
         "Schrijf een heel getal van 2000 tot en met 2099. Bijvoorbeeld: 2000."),
        (["web", "--hard"], "--hard"),
        (["gemeente", "niveau", "dordrecht", "--naar", "programma", "--vanaf", "morgen"],
         "Schrijf het zoals 2026-11-24 of 2026-11-24T09:30."),
        (["gemeente", "niveau", "dordrecht", "--vanaf", "2026-11-24"], "Gebruik --vanaf bij"),
        (["gemeente", "handtekening", "dordrecht", "--bestand", "weg.p12"], "bestand dat bestaat"),
        (["wachtrij", "weg", "abc"], "Schrijf een heel getal van 1 of meer. Bijvoorbeeld: 1."),
        (["wachtrij", "weg"], "Geef het nummer van één taak, zoals 12, of --alle."),
        (["wachtrij", "weg", "1", "2"], "Haal weg wat te veel is: 2."),
        (["gebruiker", "maken", "a@b.example", "--naam"], "Zet een waarde achter --naam."),
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
    link = out.strip().rsplit("\n", 1)[1]
    form = installation.visitor().get(link).forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = "paarse fiets zingt zacht"
    form.submit("instellen", status=200)
    assert "werkt niet meer" in installation.visitor().get(link), "once"
    browser = installation.browser("an@dordrecht.test", "paarse fiets zingt zacht")
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


def test_users_are_listed_and_a_block_is_lifted(
    keyboard: Keyboard, installation: Installation
) -> None:
    assert "nog geen gebruikers" in keyboard.type("gebruiker", "lijst")[1]
    username = make_user(installation, (DORDRECHT, Role.OFFICER), name="An de Wit")
    make_user(installation, (NATIONAL, Role.NATIONAL_DESK), name="Mia Meldpunt")
    make_user(installation, name="Nora Niets")
    installation.browser(username)
    keyboard.type("gebruiker", "blokkeren", username)
    listed = keyboard.type("gebruiker", "lijst", "--gemeente", "dordrecht")[1]
    assert "An de Wit\tOOV-medewerker\taangemeld: " in listed
    assert "aangemeld: nooit" not in listed
    assert "account geblokkeerd" in listed
    assert "Mia Meldpunt" not in listed
    everybody = keyboard.type("gebruiker", "lijst")[1]
    assert "Mia Meldpunt" in everybody
    assert "Nora Niets\tgeen rol" in everybody
    assert keyboard.type("gebruiker", "deblokkeren", username)[0] == 0
    installation.browser(username).get("/gemeenten/dordrecht", status=200)
    code, _, err = keyboard.type("gebruiker", "deblokkeren", username)
    assert (code, "is niet geblokkeerd" in err) == (1, True)
    for holder in (DORDRECHT, NATIONAL):
        with installation.transaction(holder) as session:
            actions = session.scalars(select(AuditEvent.action)).all()
        assert "gebruiker.geblokkeerd" in actions, holder
        assert "gebruiker.gedeblokkeerd" in actions, holder


def test_a_new_password_is_chosen_by_the_person_alone_and_ends_all_sessions(
    keyboard: Keyboard, installation: Installation
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    stolen = installation.browser(username)
    code, out, _ = keyboard.type("gebruiker", "wachtwoord", username)
    assert code == 0
    assert "sleutel" not in out
    stolen.get("/gemeenten/dordrecht", status=303)
    assert "klopt niet" in sign_in_page(installation, username).submit("aanmelden", status=422)
    mail = last_mail(installation)
    link = next(word for word in mail.split() if "/uitnodiging?sleutel=" in word)
    form = installation.visitor().get(link.partition("6543")[2]).forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = NEW_PASSWORD
    form.submit(status=200)
    installation.browser(username, NEW_PASSWORD).get("/gemeenten/dordrecht", status=200)
    keyboard.type("gebruiker", "blokkeren", username)
    code, _, err = keyboard.type("gebruiker", "wachtwoord", username)
    assert (code, "is geblokkeerd" in err) == (1, True)


def test_a_lost_factor_is_taken_away(keyboard: Keyboard, installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER), demo=False)
    code, _, err = keyboard.type("gebruiker", "factor", username)
    assert (code, "geen tweede" in err) == (1, True)
    stolen = installation.browser(username)
    assert "app" in keyboard.type("gebruiker", "lijst")[1]
    assert keyboard.type("gebruiker", "factor", username)[0] == 0
    stolen.get("/gemeenten/dordrecht", status=303)
    for holder in (DORDRECHT, NATIONAL):
        with installation.transaction(holder) as session:
            actions = session.scalars(select(AuditEvent.action)).all()
        assert "factor.hersteld" in actions, holder


def sign_in_page(installation: Installation, username: str) -> Any:
    form = installation.visitor().get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    return form


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


def test_areas_come_from_pdok_and_what_ended_is_told(
    keyboard: Keyboard, installation: Installation
) -> None:
    known = {"gemeenten": features(TOWN / "gemeenten_2024.geojson")}
    known["wijken"] = features(TOWN / "wijken_2024.geojson")
    words = ("gebieden", "laden", "--soort", "gemeenten", "--soort", "wijken")
    with serving(StandIn(known, page_size=3)) as server:
        known["wijken"][-1]["geometry"] = None
        code, out, err = keyboard.type(*words, "--jaar", "2024", "--adres", server.address)
        assert (code, "2 gemeenten van 2024 geladen" in out) == (1, True)
        assert "wijken: 2 bladzijden opgehaald" in err
        assert "heeft geen vlak" in err
    code, _, err = keyboard.type(*words, "--adres", server.address, "--binnen", "5")
    assert (code, "niet te bereiken" in err) == (1, True)
    assert "al grenzen" in keyboard.type(*words, "--als-leeg")[1]
    assert "gemeenten\t2024\t2" in keyboard.type("gebieden", "stand")[1]
    assert keyboard.type(*words, "--bron", "PDOK", "--bestand", "x")[0] == 2


@pytest.mark.both_databases
def test_the_index_is_checked_and_rebuilt(keyboard: Keyboard) -> None:
    assert keyboard.type("zoekindex", "herbouwen", "--houder", DORDRECHT)[:2] == (
        0,
        "GM0505: 0 documenten.\n",
    )
    assert "in orde" in keyboard.type("zoekindex", "controleren", "--houder", DORDRECHT)[1]
    assert keyboard.type("zoekindex", "herbouwen", "--houder", "GM9999")[0] == 1


LAW = "archive.law: schrijf de dag waarop de wet ingaat"


def test_wrong_settings_are_all_told_at_once(keyboard: Keyboard) -> None:
    keyboard.ini.write_text(
        "[app:main]\ndemo = misschien\nkleur = rood\narchive.law = straks\n", encoding="utf-8"
    )
    code, _, err = keyboard.type("appsleutel", "lijst")
    assert code == 1
    for told in (
        "demo: schrijf true of false",
        "kleur: deze instelling bestaat niet",
        "data_dir",
        LAW,
    ):
        assert told in err


def test_an_index_in_files_is_rebuilt_by_one_process(keyboard: Keyboard) -> None:
    code, _, err = keyboard.type("zoekindex", "herbouwen", "--processen", "2")
    assert (code, "één schrijver" in err) == (1, True)


def test_jobs_that_were_given_up_are_shown_tried_again_and_thrown_away(
    installation: Installation, keyboard: Keyboard
) -> None:
    assert "geen opgegeven taken" in keyboard.type("wachtrij", "lijst")[1]
    assert "geen opgegeven taken" in keyboard.type("wachtrij", "opnieuw", "--alle")[1]
    with installation.transaction() as session:
        made = [enqueue(session, Job("proef"), DORDRECHT, {"n": "geheim"}) for _ in range(3)]
        for job in made:
            job.dead, job.attempts, job.last_error = True, 12, "RuntimeError"
        session.flush()
        first, second, _ = [job.id for job in made]
    code, out, _ = keyboard.type("wachtrij", "lijst")
    assert code == 0
    assert f"{first}  proef  {DORDRECHT}  12 pogingen  RuntimeError" in out
    assert "geheim" not in out
    assert keyboard.type("wachtrij", "opnieuw", str(first))[0] == 0
    assert keyboard.type("wachtrij", "weg", str(second))[0] == 0
    code, _, err = keyboard.type("wachtrij", "weg", str(second))
    assert (code, "wachtrij lijst" in err) == (1, True)
    assert keyboard.type("wachtrij", "weg")[0] == 2
    assert keyboard.type("wachtrij", "weg", "--alle", str(first))[0] == 2
    assert keyboard.type("wachtrij", "weg", "--alle")[0] == 0
    with installation.transaction(DORDRECHT) as session:
        left = session.scalars(select(OutboxJob)).all()
        assert [(job.id, job.dead) for job in left] == [(first, False)]
        told = session.scalars(select(AuditEvent.action).order_by(AuditEvent.action)).all()
        assert [word for word in told if word.startswith("taak.")] == [
            "taak.opnieuw", "taak.weg", "taak.weg",
        ]  # fmt: skip


@pytest.mark.alles
def test_the_level_of_a_municipality_is_shown_and_changed(keyboard: Keyboard) -> None:
    assert keyboard.type("gemeente", "niveau", "dordrecht")[1] == "Dordrecht\tzonder afspraak\n"
    code, out, _ = keyboard.type("gemeente", "niveau", DORDRECHT, "--naar", "doorgifte")
    assert (code, "doorgifte" in out) == (0, True)
    code, _, err = keyboard.type("gemeente", "niveau", DORDRECHT, "--naar", "doorgifte")
    assert (code, "al mee" in err) == (1, True)
    assert keyboard.type("gemeente", "niveau", "nergens")[0] == 1
    later = (utc_now() + timedelta(days=40)).strftime("%Y-%m-%d")
    typed = ("gemeente", "niveau", "dordrecht")
    assert "gepland" in keyboard.type(*typed, "--naar", "zonder_afspraak", "--vanaf", later)[1]
    assert keyboard.type(*typed, "--vanaf", later)[0] == 2
    assert "gepland" not in keyboard.type(*typed, "--intrekken")[1]
    assert keyboard.type(*typed, "--intrekken")[0] == 1


@pytest.mark.alles
def test_the_operator_lets_people_in_with_a_password_when_the_provider_is_down(
    keyboard: Keyboard, installation: Installation
) -> None:
    typed = ("gemeente", "aanmelden", "dordrecht")
    assert keyboard.type(*typed)[1] == "Dordrecht\tmet een wachtwoord\n"
    code, _, err = keyboard.type(*typed, "--niet-verplicht")
    assert code == 1
    assert "kon al" in err
    with installation.transaction() as session:
        row = IdentityProvider(holder=DORDRECHT, issuer="https://x.example", client_id="a")
        row.client_secret, row.enabled, row.required = "1:x", True, True
        row.confirmed_at = utc_now()
        session.add(row)
    assert keyboard.type(*typed)[1] == "Dordrecht\talleen via de gemeente\n"
    code, out, _ = keyboard.type(*typed, "--niet-verplicht")
    assert code == 0
    assert out == "Dordrecht\tvia de gemeente, of met een wachtwoord\n"
    with installation.transaction(DORDRECHT) as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "gemeente.aanmelden")
        ).one()
    assert (event.actor_kind, event.fields) == ("beheerder", ["ook_met_wachtwoord"])


@pytest.mark.alles
@pytest.mark.parametrize(
    "typed",
    [
        ["-m", "stopintimidatie.cli", "--help"],
        pytest.param(
            ["-c", "import stopintimidatie.core.search.services"], marks=pytest.mark.alles
        ),
    ],
    ids=["command", "helper"],
)
def test_who_types_a_command_is_told_nothing_about_our_libraries(typed: list[str]) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run([sys.executable, *typed], env=env, capture_output=True, check=True)
    assert done.stderr == b""
