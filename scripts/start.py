"""scripts/run: from a fresh clone to a running Stopintimidatie with demo data, in one command."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from bootstrap.common import (
    ROOT,
    SECONDS_OF_SILENCE,
    SHARED,
    SetupError,
    alone_in,
    fingerprint,
    read_stamp,
    run_aloud,
    say,
    wait_until,
)
from bootstrap.environment import VENV_PYTHON, environment

INI = ROOT / "development.ini"
# A busy or small machine needs long the first time, and giving up helps nobody.
SECONDS_TO_START = 300
SECONDS_FOR_AREAS = 60
SECONDS_FOR_LEFTOVERS = 10
SECONDS_TO_END = 15
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
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
    collega@dordrecht.example        nog een OOV-medewerker
    dossierhouder@dordrecht.example  dossierhouder
    beheer@dordrecht.example         beheerder
    privacy@dordrecht.example        privacyfunctionaris
    fg@dordrecht.example             functionaris gegevensbescherming
    proceseigenaar@dordrecht.example proceseigenaar (hoofd OOV)
    (dezelfde zeven bij eindhoven.example)
    archivaris@dordrecht.example     archivaris, van Dordrecht en van Eindhoven
    politiegegevens@dordrecht.example  OOV-medewerker, gemachtigd voor politiegegevens
    meldpunt@landelijk.example       landelijk meldpunt
    privacy@landelijk.example        privacyfunctionaris van het meldpunt
    proceseigenaar@landelijk.example proceseigenaar van het meldpunt
    archivaris@landelijk.example     archivaris van het meldpunt
    oov@oefen.example                OOV-medewerker van de oefengemeente

  Sleutel voor de app (API)          demo-app

Stoppen: Ctrl-C"""


def main(prepare: Callable[[], None]) -> int:
    """Set up, fill and serve; end cleanly on Ctrl-C and SIGTERM.

    :param prepare: installs all that the product stands on.
    """
    try:
        with process_group() as group, alone_with_data():
            number = port()
            prepare()
            fill()
            serve(group, number)
    except AskedToStop:
        say("\nGestopt. De gegevens zijn bewaard.")
    return 0


def data_dir() -> Path:
    """Return where the product keeps everything."""
    return (ROOT / (os.environ.get("DATA_DIR") or "var")).absolute()


def alone_with_data() -> contextlib.AbstractContextManager[None]:
    """Hold the lock of the data folder: two starts would fill it together and share one worker."""
    folder = data_dir()
    other = "DATA_DIR=/een/map PORT=6544 scripts/run"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "start.slot").touch()
    except OSError as error:
        raise SetupError(
            f"De map {folder} is niet te gebruiken ({error.strerror}).\n"
            f"Kies een andere map: {other}"
        ) from None
    return alone_in(
        folder,
        wait=f"Met de gegevens in {folder} loopt nog een start; wachten of die stopt…",
        seconds=SECONDS_FOR_LEFTOVERS,
        refusal=f"Stopintimidatie draait of start al met de gegevens in {folder}.\n"
        f"Stop dat (wat het is: fuser -v {folder}), of kies een andere map en poort: {other}",
    )


def fill() -> None:
    """Migrate and load the demo; a next start has nothing to do unless the code changed."""
    stamp = data_dir() / "klaar.stempel"
    wanted = fingerprint([*sorted((ROOT / "alembic" / "versions").glob("*.py")), INI])
    if (data_dir() / DATABASE).exists() and read_stamp(stamp) == wanted:
        return
    _do("database", "migreren")
    say("De voorbeeldgegevens maken…")
    _do("demo", "laden", "--als-leeg")
    load_areas()
    stamp.write_text(wanted + "\n", encoding="utf-8")


def load_areas() -> None:
    """Load the outlines of municipalities and of wijken around the demo's towns, if PDOK is there.

    Everything works without them too, by the middles of the wijken; so this never stops a start.
    """
    say(f"De grenzen ophalen bij PDOK (duurt hoogstens {SECONDS_FOR_AREAS} seconden).")
    words = ("--soort", "gemeenten", "--soort", "wijken", "--omgeving-demo", "--als-leeg")
    if _step("gebieden", "laden", *words, "--binnen", str(SECONDS_FOR_AREAS)):
        say(
            "Dat lukt nu niet. Plekken worden gevonden met het midden van de wijk; dat is een"
            " schatting.\nLater ophalen: .venv/bin/stopintimidatie gebieden laden"
        )


def port() -> int:
    """Return the port asked for, if it can be had."""
    asked = os.environ.get("PORT") or "6543"
    if not (asked.isascii() and asked.isdecimal()) or not 1 <= int(asked) <= 65535:
        raise SetupError(f"PORT is {asked!r}; kies een getal van 1 tot en met 65535.")
    number = int(asked)
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            another = number + 1 if number < 65535 else 6543
            raise SetupError(
                f"Poort {number} is niet vrij ({error.strerror}). Draait Stopintimidatie al?\n"
                f"Stop dat, of kies een andere poort: PORT={another} scripts/run"
            ) from None
    return number


def command(*arguments: str) -> list[str]:
    """Return the product's own command line, from the virtual environment."""
    return [str(VENV_PYTHON), "-m", "stopintimidatie.cli", "--ini", str(INI), *arguments]


def _do(*arguments: str) -> None:
    if _step(*arguments):
        raise SetupError(f"De stap ‘{' '.join(arguments)}’ lukte niet; zie hierboven waarom.")


def _step(*arguments: str) -> int:
    """Run a command of the product, which dies when we are killed; return its exit code."""
    done = run_aloud(command(*arguments), env=environment(), preexec_fn=killed_with_parent())
    return done.returncode


def answers(number: int) -> bool:
    """Tell whether the website is up and has all it needs."""
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def serve(group: Group, number: int) -> None:
    """Run website and worker, until somebody stops us or one of them fails."""
    env = {**environment(), "PORT": str(number)}
    group.start("de website", command("web"), env)
    group.start("de worker", command("worker"), env)
    for waited in range(0, SECONDS_TO_START, SECONDS_OF_SILENCE):
        if waited:
            say(f"  Nog even: de website is na {waited} seconden nog bezig met starten…")
        settled = lambda: bool(group.ended()) or answers(number)  # noqa: E731
        if wait_until(settled, seconds=SECONDS_OF_SILENCE):
            break
    else:
        raise SetupError(
            f"De website geeft na {SECONDS_TO_START} seconden nog niet aan dat alles werkt.\n"
            f"Kijk wat http://localhost:{number}/health/ready zegt, en hierboven."
        )
    if not group.ended():
        say(READY.format(address=f"http://localhost:{number}"))
    ended = group.wait_for_one()
    raise SetupError(f"{ended[:1].upper()}{ended[1:]}. Hierboven staat wat eraan voorafging.")


class AskedToStop(BaseException):
    """Ctrl-C, a service manager's SIGTERM, or the terminal that closed."""


class Group:
    """Processes that live and die together, each in a group of its own: Ctrl-C reaches only us,
    and we pass it on as an orderly end."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a process; if we are killed outright, the kernel kills it too."""
        self._running[name] = subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=killed_with_parent(),
            pass_fds=SHARED,
        )

    def ended(self) -> str | None:
        """Say which process has ended and how (in Dutch); None while all of them run."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                how = f"met code {code}" if code >= 0 else f"door signaal {-code}"
                return f"{name} is gestopt ({how})"
        return None

    def wait_for_one(self) -> str:
        """Wait until a process ends, which none should; say which one and how (in Dutch)."""
        while (sentence := self.ended()) is None:
            time.sleep(0.2)
        return sentence

    def end(self) -> None:
        """Ask all, wait, then insist; also on what they started themselves."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + SECONDS_TO_END
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def killed_with_parent() -> Callable[[], None]:
    """Give a function that a new process calls first: the kernel then kills it when we are killed.

    A kill, not a request to end: the product can be killed at any moment, and a process that first
    finishes its document would keep the next start waiting.
    """
    set_option, parent = ctypes.CDLL(None).prctl, os.getpid()

    def bind() -> None:
        set_option(SET_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # our process ended before prctl was called
            os._exit(1)

    return bind


@contextlib.contextmanager
def process_group() -> Iterator[Group]:
    """Give a group that is ended on the way out, and whose owner hears of being asked to stop."""
    group = Group()
    before = {number: signal.getsignal(number) for number in ENDING}
    if before[signal.SIGHUP] is signal.SIG_IGN:
        del before[signal.SIGHUP]  # who started us with nohup wants us to outlive the terminal
    for number in before:
        signal.signal(number, _stop)
    try:
        yield group
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half behind
        group.end()
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise AskedToStop
