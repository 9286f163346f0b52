"""scripts/run: from a fresh clone to a running Stopintimidatie with demo data, in one command."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
from pathlib import Path

from . import assets, environment, system
from .common import (
    ROOT,
    SHARED,
    VENV_PYTHON,
    SetupError,
    fingerprint,
    only_one,
    read_stamp,
    refuse_kindly,
    say,
)
from .folder import alone_in
from .processes import AskedToStop, Group, killed_with_parent, process_group, wait_until

INI = ROOT / "development.ini"
# A busy or small machine needs long the first time, and giving up helps nobody.
SECONDS_TO_START = 300
SECONDS_BETWEEN_WORDS = 30
SECONDS_FOR_AREAS = 60
DATABASE = "stopintimidatie.sqlite"
HELP = """scripts/run zet alles klaar en start Stopintimidatie met voorbeeldgegevens.

  PORT       poort van de website (standaard 6543)
  DATA_DIR   map voor database, zoekindex, bestanden en sleutels (standaard var/)

Ctrl-C stopt alles. De gegevens blijven bewaard; een volgende start gaat er mee verder."""
READY = """
Stopintimidatie draait op {address}

  Aanmelden   {address}/aanmelden
  Wachtwoord  demo-wachtwoord, voor elk van deze accounts:

    oov@dordrecht.example            OOV-medewerker
    dossierhouder@dordrecht.example  dossierhouder
    beheer@dordrecht.example         beheerder
    privacy@dordrecht.example        privacyfunctionaris
    fg@dordrecht.example             functionaris gegevensbescherming
    (dezelfde vijf bij eindhoven.example)
    meldpunt@landelijk.example       landelijk meldpunt
    oov@oefen.example                OOV-medewerker van de oefengemeente

  Sleutel voor de app (API)          demo-app

Stoppen: Ctrl-C"""


def prepare() -> None:
    """Everything the product stands on; quick when all of it is there."""
    with only_one():
        system.ensure(system.TO_RUN)
        environment.ensure("runtime")
        assets.build()


def data_dir() -> Path:
    """Where the product keeps everything."""
    return (ROOT / (os.environ.get("DATA_DIR") or "var")).absolute()


def fill() -> None:
    """Migrations and demo; at a next start there is nothing to do unless the code changed."""
    stamp = data_dir() / "klaar.stempel"
    wanted = fingerprint([*sorted((ROOT / "alembic" / "versions").glob("*.py")), INI])
    if (data_dir() / DATABASE).exists() and read_stamp(stamp) == wanted:
        return
    _do("database", "migreren")
    _do("demo", "laden", "--als-leeg")
    load_areas()
    stamp.write_text(wanted + "\n", encoding="utf-8")


def load_areas() -> None:
    """The outlines of municipalities and of wijken around the demo's towns, if PDOK is there.

    Everything works without them too, by the middles of the wijken; so this never stops a start.
    """
    say(f"De grenzen ophalen bij PDOK (duurt hoogstens {SECONDS_FOR_AREAS} seconden).")
    words = ("--soort", "gemeenten", "--soort", "wijken", "--omgeving-demo", "--als-leeg")
    if _step("gebieden", "laden", *words, "--binnen", str(SECONDS_FOR_AREAS)):
        say(
            "Dat lukt nu niet. Plekken worden gevonden met het midden van de wijk; dat is een"
            " schatting.\nLater ophalen: stopintimidatie gebieden laden"
        )


def port() -> int:
    """The port asked for, if it can be had."""
    asked = os.environ.get("PORT") or "6543"
    if not (asked.isascii() and asked.isdecimal()) or not 1 <= int(asked) <= 65535:
        raise SetupError(f"PORT is {asked!r}; kies een getal van 1 tot en met 65535.")
    number = int(asked)
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            raise SetupError(
                f"Poort {number} is niet vrij ({error.strerror}). Draait Stopintimidatie al?\n"
                f"Stop dat, of kies een andere poort: PORT={_another(number)} scripts/run"
            ) from None
    return number


def _another(number: int) -> int:
    return number + 1 if number < 65535 else 6543


def command(*arguments: str) -> list[str]:
    """The product's own command line, from the virtual environment."""
    return [str(VENV_PYTHON), "-m", "stopintimidatie.cli", "--ini", str(INI), *arguments]


def _do(*arguments: str) -> None:
    """A step of the product itself; it speaks for itself."""
    if _step(*arguments):
        raise SetupError(f"De stap ‘{' '.join(arguments)}’ lukte niet; zie hierboven waarom.")


def _step(*arguments: str) -> int:
    """Run a command of the product, which dies when we are killed; return its exit code."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment.environment(),
        stdin=subprocess.DEVNULL,
        check=False,
        preexec_fn=killed_with_parent(),
        pass_fds=SHARED,
    ).returncode


def answers(number: int) -> bool:
    """Whether the website is up and has all it needs."""
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def serve(group: Group, number: int) -> None:
    """Website and worker, until somebody stops us or one of them fails."""
    env = {**environment.environment(), "PORT": str(number)}
    group.start("de website", command("web"), env)
    group.start("de worker", command("worker"), env)
    _wait_for_website(group, number)
    if not group.ended():
        say(READY.format(address=f"http://localhost:{number}"))
    told = group.wait_for_one()
    raise SetupError(f"{told[:1].upper()}{told[1:]}. Hierboven staat wat eraan voorafging.")


def _wait_for_website(group: Group, number: int) -> None:
    for waited in range(0, SECONDS_TO_START, SECONDS_BETWEEN_WORDS):
        if waited:
            say(f"  Nog even: de website is na {waited} seconden nog bezig met starten…")
        if wait_until(
            lambda: bool(group.ended()) or answers(number), seconds=SECONDS_BETWEEN_WORDS
        ):
            return
    raise SetupError(
        f"De website geeft na {SECONDS_TO_START} seconden nog niet aan dat alles werkt.\n"
        f"Kijk wat http://localhost:{number}/health/ready zegt, en hierboven."
    )


def main() -> int:
    """Never asks anything; says what it does; ends cleanly on Ctrl-C and SIGTERM."""
    if sys.argv[1:]:
        say(HELP)
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else 2
    try:
        with process_group() as group, alone_in(data_dir()):
            number = port()
            prepare()
            fill()
            serve(group, number)
    except SetupError as error:
        return refuse_kindly(error)
    except AskedToStop:
        say("\nGestopt. De gegevens zijn bewaard.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
