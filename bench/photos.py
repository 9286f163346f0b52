"""Measure what photos cost others: `python -m bench.photos [--scans 1000] [--database sqlite]`.

Sends four photos that are made to cost time at once, while a client asks for `/health/live` and for
a page. Then measures how long an honest photo of twelve megapixels takes, from sending to answer.

`--attack` measures what one person's other acts cost who sends reports meanwhile: `provider`
(fourteen presses on *Verbinding testen*, at a provider that is slow), `verification` (eight files
of 24 MB at `/verificatie`, four at a time; `lines`: of line ends alone), `guessers` (twelve try
passwords; `upgraded`: of accounts whose hash has four lanes).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from argon2 import PasswordHasher
from sqlalchemy import insert

from bench import machine
from bench.intake import _prepare
from stopintimidatie.core.accounts.models import IdentityProvider, User
from stopintimidatie.core.accounts.passwords import hash_password
from stopintimidatie.core.security import Role
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.api.queries import DEMO_TOKEN
from tests.support.answering import answering, plain
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation, make_settings
from tests.support.photos import layered_jpeg, telephone_photo

AT_ONCE: Final = 4
SCANS: Final = 1_000
HONEST: Final = 10
LONGEST: Final = 300.0
PAGES: Final = ("/health/live", "/aanmelden", "/api/v1/openapi.json")
HEAD: Final = (
    "| database | aanval: antwoorden | duur s | "
    + " | ".join(f"langste wachttijd {page} ms" for page in PAGES)
    + " | foto van 12 megapixel p50 ms | vier tegelijk: antwoorden | duur ms |\n"
    + "|---|---|--:|"
    + "--:|" * len(PAGES)
    + "--:|---|--:|"
)
_BOUNDARY: Final = "grens"


class Site:
    """The server that is measured, as an app calls it."""

    def __init__(self, port: int, sender: str = "") -> None:
        self.port, self.sender = port, sender

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Return the status and the body of an answer, asked for on a new connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Host": "localhost:6543", "Authorization": f"Bearer {DEMO_TOKEN}"}
        if self.sender:
            sent["X-Afzender"] = self.sender
        with contextlib.closing(connection):
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def read(self, path: str) -> None:
        assert self.ask("GET", path)[0] == 200

    def post(self) -> tuple[int, dict[str, str]]:
        """Post a report; return the status and the answer."""
        key = {"Content_Type": "application/json", "Idempotency_Key": str(uuid4())}
        body = json.dumps(FULL_REPORT).encode()
        status, answer = self.ask("POST", "/api/v1/meldingen", body, **key)
        return status, json.loads(answer)

    def report(self) -> dict[str, str]:
        status, receipt = self.post()
        assert status == 201, receipt
        return receipt

    def submit(self, path: str, cookies: dict[str, str], **fields: str) -> int:
        """Send a form of the portal."""
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        body = urlencode({**fields, "csrf_token": cookies["csrf"]}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", path, body, Content_Type=kind, Cookie=cookie)[0]

    def verify(self, content: bytes) -> int:
        """Ask whether a file is genuine."""
        part = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
        texts = {"csrf_token": TOKEN, "uitvoer": "U-4F7K-2QXJ"}
        head = "".join(f'{part}"{name}"\r\n\r\n{text}\r\n' for name, text in texts.items())
        head += f'{part}"bestand"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
        body = head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        cookie = f"csrf={TOKEN}"
        return self.ask("POST", "/verificatie", body, Content_Type=kind, Cookie=cookie)[0]

    def attach(self, receipt: dict[str, str], content: bytes) -> int:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="bestand"; filename="a"\r\n'
        body = f"{head}\r\n".encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
        path = f"/api/v1/meldingen/{receipt['kenmerk']}/bijlagen"
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        code = receipt["volgcode"]
        return self.ask("POST", path, body, Content_Type=kind, Volgcode=code)[0]


def at_once(site: Site, content: bytes) -> tuple[str, float]:
    """Send a photo four times at once; return the statuses and the seconds until the last one."""
    receipts = [site.report() for _ in range(AT_ONCE)]
    heard: list[int] = []
    senders = [
        threading.Thread(target=lambda mine=receipt: heard.append(site.attach(mine, content)))
        for receipt in receipts
    ]
    begin = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return " ".join(map(str, sorted(heard))), time.perf_counter() - begin


@contextlib.contextmanager
def watching(ask: Callable[[], object]) -> Iterator[list[float]]:
    """Do something again and again during the block; yield the list of times in milliseconds."""
    times: list[float] = []
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(0.05):
            begin = time.perf_counter()
            ask()
            times.append((time.perf_counter() - begin) * 1000)

    asker = threading.Thread(target=repeat)
    asker.start()
    try:
        yield times
    finally:
        over.set()
        asker.join()


def honest(site: Site, content: bytes) -> list[float]:
    """Return the milliseconds each photo takes, sent one by one, each with a new report."""
    times = []
    for _ in range(HONEST):
        receipt = site.report()
        begin = time.perf_counter()
        assert site.attach(receipt, content) == 201
        times.append((time.perf_counter() - begin) * 1000)
    return times


def row(name: str, url: str, folder: Path, scans: int) -> str:
    """Measure one database and return its row of the table."""
    url = machine.as_application(url)
    _prepare(url, folder)
    port = machine.free_port()
    with machine.process("bench.servers", ("app", url, str(folder), "1"), port):
        site = Site(port)
        site.report()
        for path in PAGES:
            site.ask("GET", path)
        photo = telephone_photo()
        usual = machine.percentile(honest(site, photo), 0.5)
        together, milliseconds = at_once(site, photo)
        with contextlib.ExitStack() as stack:
            watched = [stack.enter_context(watching(partial(site.read, path))) for path in PAGES]
            answers, seconds = at_once(site, layered_jpeg(scans))
            time.sleep(0.2)
        waits = " | ".join(f"{max(times):.0f}" for times in watched)
    return (
        f"| {name} | {answers} | {seconds:.1f} | {waits} | {usual:.0f}"
        f" | {together} | {milliseconds * 1000:.0f} |"
    )


# One person's other acts, while somebody else sends reports

PRESSES: Final = 14
SLOW_SECONDS: Final = 4.0
UPLOADS: Final = 8
UPLOAD_BYTES: Final = 24_000_000
GUESSERS: Final = 12
GUESSES: Final = 120
SENTENCE: Final = "paarse fiets zingt zacht"
TOKEN: Final = "0" * 32
ATTACK_HEAD: Final = (
    "| database | aanval | antwoorden | duur s | processor van de server s | meldingen van anderen"
    " | mediaan ms | langste ms |\n|---|---|---|--:|--:|--:|--:|--:|"
)
# An attack, and the answers to it.
Attack = Callable[[Site], list[int]]


@contextlib.contextmanager
def pressing(installation: Installation) -> Iterator[Attack]:
    """Give an admin whose provider is slow, and who tests it again and again."""
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))

    def answer_late(handler: Any) -> None:
        time.sleep(SLOW_SECONDS)
        plain(b"{}")(handler)

    with answering(answer_late) as port:
        kept = {"client_id": "x", "client_secret": "", "given_by": []}
        with installation.transaction() as session:
            issuer = f"http://127.0.0.1:{port}"
            session.add(IdentityProvider(holder=DORDRECHT, issuer=issuer, **kept))
        cookies = dict(browser.cookies)

        def attack(site: Site) -> list[int]:
            path = "/gemeenten/dordrecht/aanmelden-testen"
            with ThreadPoolExecutor(PRESSES) as pool:
                return list(pool.map(lambda _: site.submit(path, cookies), range(PRESSES)))

        yield attack


def uploading(content: bytes) -> Attack:
    """Return who sends a file to be verified, some at a time."""

    def attack(site: Site) -> list[int]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda _: site.verify(content), range(UPLOADS)))

    return attack


def guessing(installation: Installation, hashed: str) -> Attack:
    """Return those who try passwords, of names with this hash and of names that don't exist."""
    names = [f"naam{number}@bench.example" for number in range(GUESSES)]
    with installation.transaction() as session:
        known = [{"username": name, "name": "x", "password_hash": hashed} for name in names[::2]]
        session.execute(insert(User), known)

    def attack(site: Site) -> list[int]:
        def guess(name: str) -> int:
            fields = {"gebruikersnaam": name, "wachtwoord": "een verkeerd wachtwoord"}
            return site.submit("/aanmelden", {"csrf": TOKEN}, **fields, aanmelden="")

        with ThreadPoolExecutor(GUESSERS) as pool:
            return list(pool.map(guess, names))

    return attack


@contextlib.contextmanager
def attacks(installation: Installation, name: str) -> Iterator[Attack]:
    if name == "provider":
        with pressing(installation) as attack:
            yield attack
    elif name == "guessers":
        yield guessing(installation, hash_password(SENTENCE))
    elif name == "upgraded":
        yield guessing(installation, PasswordHasher().hash(SENTENCE))
    else:
        yield uploading(b"\n" * UPLOAD_BYTES if name == "lines" else os.urandom(UPLOAD_BYTES))


def attack_row(database: str, name: str, url: str, folder: Path) -> str:
    """Attack one database while somebody else sends reports; return the row of the table."""
    url = machine.as_application(url)
    _prepare(url, folder)
    installation, port = Installation(make_settings(url, folder)), machine.free_port()
    with (
        attacks(installation, name) as attack,
        machine.process("bench.servers", ("app", url, str(folder), "1"), port) as server,
    ):
        site = Site(port)
        for _ in range(5):
            site.report()
        before, begin = machine.cpu_seconds(server), time.perf_counter()
        with watching(site.report) as times:
            answers = attack(site)
        seconds, used = time.perf_counter() - begin, machine.cpu_seconds(server) - before
    installation.close()
    counted = ", ".join(f"{n} × {code}" for code, n in sorted(Counter(answers).items()))
    return (
        f"| {database} | {name} | {counted} | {seconds:.1f} | {used:.2f} | {len(times)}"
        f" | {machine.percentile(times, 0.5):.0f} | {max(times):.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=SCANS)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument(
        "--attack", choices=("provider", "verification", "lines", "guessers", "upgraded")
    )
    options = parser.parse_args()
    wanted = options.database or ["sqlite", "postgresql"]
    print(ATTACK_HEAD if options.attack else HEAD, flush=True)

    def measure(database: str, url: str, folder: Path) -> None:
        if options.attack:
            print(attack_row(database, options.attack, url, folder), flush=True)
        else:
            print(row(database, url, folder, options.scans), flush=True)

    with tempfile.TemporaryDirectory(prefix="si-photos-", dir="/tmp") as name:
        folder = Path(name)
        if "sqlite" in wanted:
            measure("SQLite", f"sqlite:///{folder}/d.sqlite", folder)
        if "postgresql" in wanted:
            with machine.postgres() as server:
                other = folder / "postgresql"
                other.mkdir()
                measure("PostgreSQL", machine.new_database(server, "photos"), other)


if __name__ == "__main__":
    main()
