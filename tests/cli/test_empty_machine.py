"""docs/operations.md, from an empty machine to a service: its commands, given to the letter."""

from __future__ import annotations

import json
import re
import shlex
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest

from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.words import run
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.settings import Settings, load_settings
from tests.support.curl import read
from tests.support.installation import ROOT, Installation
from tests.support.mail_server import MailServer, mail_server
from tests.support.mailboxes import PASSWORD
from tests.support.pdok_stand_in import StandIn, serving

pytestmark = pytest.mark.sqlite

TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
STEPS = re.search(r"^## Van lege machine tot dienst\n(.*?)^### In containers", TEXT, re.M | re.S)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
STEP_2 = re.search(r"^### 2\..*?^### 3\.", TEXT, re.M | re.S)
STOPS = "stop_id,stop_name,stop_lat,stop_lon\n1,Station,51.807,4.668\n"
LISTS = "/landelijk/aansluiting?gemeente=dordrecht"
TODAY = local_date(utc_now())


def square(west: float, south: float, **properties: Any) -> dict[str, Any]:
    """A feature of the map around the middle of Dordrecht."""
    east, north = west + 0.1, south + 0.1
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    properties = {
        "gemeentecode": "GM0505",
        "gemeentenaam": "Dordrecht",
        "water": "NEE",
    } | properties
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


MAP = {
    "gemeenten": [square(4.6, 51.75)],
    "wijken": [square(4.6, 51.75, wijkcode="WK050501", wijknaam="Wijk 01 Binnenstad")],
    "buurten": [square(4.6, 51.75, buurtcode="BU05050101", buurtnaam="Kade", wijkcode="WK050501")],
}


def given_settings(folder: Path, mail: MailServer) -> Settings:
    """Return the settings of step 2 in production.ini, with values of a trial on SQLite."""
    database = f"sqlite:///{folder}/portaal.sqlite"
    trial = {
        "sqlalchemy.url": database,
        "search.backend": "whoosh",
        "mail.port": mail.port,
        "mail.ca_file": mail.ca_file,
        **dict.fromkeys(
            ("database.owner_url", "database.backup_url", "database.maintenance_url"), database
        ),
    }
    told = {
        "public_address": "http://localhost:6543",
        "mail.host": "localhost",
        "contact.email": "meldpunt@example.nl",
        "security.contact": "mailto:veiligheid@example.nl",
        "security.expires": TODAY + timedelta(days=200),
        "scanner.socket": "",
        "backup.ledger": folder / "kopie" / "grootboek.jsonl",
        "backup.folder": folder / "kopie",
    }
    assert STEP_2
    assert set(told) == set(re.findall(r"`([\w.]+) = ", STEP_2[0]))
    lines = (ROOT / "production.ini").read_text(encoding="utf-8").splitlines()
    changed = {**trial, **told}
    ini = folder / "productie.ini"
    kept = [line for line in lines if line.partition(" = ")[0].removesuffix(" =") not in changed]
    ini.write_text("\n".join([*kept, *(f"{k} = {v}" for k, v in changed.items())]), "utf-8")
    (folder / "kopie").mkdir()
    return load_settings(ini)


class Operator:
    """Reader of the page, who gives its commands one after the other."""

    def __init__(self, folder: Path, mail: MailServer, capsys: Any) -> None:
        self.folder, self.capsys = folder, capsys
        self.settings = given_settings(folder, mail)
        self.app_key = ""
        # The link of each person who was made, by address.
        self.links: dict[str, str] = {}
        assert STEPS
        self.blocks = BLOCK.findall(STEPS[1])

    def give_until(self, wanted: str) -> str:
        """Give all commands of the product up to a block in which this stands; that block."""
        while wanted not in (block := self.blocks.pop(0)):
            for line in block.splitlines():
                # A command with a pipe is for PostgreSQL.
                if line.startswith("stopintimidatie ") and " | " not in line:
                    self.give(line)
        return str(block)

    def give(self, line: str) -> str:
        words = shlex.split(line, comments=True)[1:]
        self.capsys.readouterr()
        code = run(cli, args=["--ini", str(self.folder / "productie.ini"), *words])
        said, failed = self.capsys.readouterr()
        assert code == 0, (line, failed)
        if words[0] == "appsleutel":
            self.app_key = next(word for word in said.split() if len(word) > 30)
        if words[:2] == ["gebruiker", "maken"]:
            self.links[words[2].partition("@")[0]] = said.split()[-1]
        return str(said)


@contextmanager
def map_of(server: StandIn) -> Iterator[None]:
    """Let `gebieden laden` ask this server where it would ask PDOK."""
    group = cli.commands["gebieden"]
    assert isinstance(group, click.Group)
    [option] = [each for each in group.commands["laden"].params if each.name == "adres"]
    before, option.default = option.default, server.address
    try:
        yield
    finally:
        option.default = before


def signed_in(installation: Installation, link: str, username: str) -> Any:
    """The browser of somebody who followed a link, chose a password, and set up a second step."""
    parts = urlsplit(link)
    form = installation.visitor().get(f"{parts.path}?{parts.query}").forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = PASSWORD
    form.submit(status=200)
    return installation.browser(username, PASSWORD)


def saved(browser: Any, page: str, values: dict[str, Any], button: str = "opslaan") -> None:
    form = browser.get(page).forms["formulier"]
    for name, value in values.items():
        form[name] = str(value)
    form.submit(button, status=303)


def fill_in_the_list(desk: Any) -> None:
    domains = "/landelijk/aansluiting-domeinen?gemeente=dordrecht"
    saved(desk, domains, {"domeinen": "dordrecht.nl"})
    dates = dict.fromkeys(("afspraak_op", "teksten_op", "logo_op", "opleiding_op"), TODAY)
    told = {"afspraak_met": "hoofd OOV", "grondslag": "avg_6_1_e_openbare_orde"}
    saved(desk, LISTS, {**dates, **told})
    forms = desk.get(LISTS).forms
    for name in [name for name in forms if str(name).startswith("opgeleid-")]:
        forms[name]["opgeleid_op"] = str(TODAY)
        forms[name].submit("opslaan", status=303)


def open_the_gate(admin: Any, archivist: Any) -> None:
    dates = dict.fromkeys(("besluit_op", "fg_op", "dpia_op", "overeenkomst_op"), TODAY)
    told = {"fg": "FG", "fg_adres": "fg@dordrecht.nl", "verwerker": "Platform OOV"}
    page = "/gemeenten/dordrecht/beheer/verantwoording"
    saved(admin, page, {**dates, **told, "verantwoordelijke": "burgemeester"})
    terms = "/gemeenten/dordrecht/bewaartermijnen"
    form = admin.get(f"{terms}/voorstellen").forms["formulier"]
    categories = {n: "18.1.2" for n in form.fields if str(n).endswith(".categorie")}
    saved(admin, f"{terms}/voorstellen", categories, "voorstellen")
    saved(archivist, f"{terms}/beslissen?nr=1", {"besluit": "goedkeuren"}, "beslissen")


@pytest.mark.alles
def test_the_commands_lead_from_an_empty_folder_to_a_report_in_an_officers_inbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("gtfs-nl.zip", "w") as archive:
        archive.writestr("stops.txt", STOPS)
    street = {"type": "LineString", "coordinates": [[4.668, 51.814], [4.67, 51.814]]}
    for file, column in (("straten", "stt_naam"), ("groen", "naamnl")):
        named = {"type": "Feature", "properties": {column: file}, "geometry": street}
        collection = {"type": "FeatureCollection", "features": [named]}
        Path(f"{file}.geojson").write_text(json.dumps(collection), "utf-8")
    with mail_server(tmp_path) as mail, serving(StandIn(MAP)) as server, map_of(server):
        operator = Operator(tmp_path, mail, capsys)
        level = operator.give_until("gemeente niveau")
        assert [letter.recipients for letter in mail.mailbox.received] == [["beheer@dordrecht.nl"]]
        installation = Installation(operator.settings)
        assert installation.visitor().get("/health/ready").json["status"] == "ok"
        addresses = {"mina": "mina@meldpunt.example.nl"}
        people = {
            name: signed_in(installation, link, addresses.get(name, f"{name}@dordrecht.nl"))
            for name, link in operator.links.items()
        }
        fill_in_the_list(people["mina"])
        open_the_gate(people["beheer"], people["anna"])
        operator.give(level)
        sent = read(operator.give_until("curl -X POST").replace("APPSLEUTEL", operator.app_key))
        answer = installation.visitor().request(
            urlsplit(sent.url).path, method=sent.method, headers=sent.headers, body=sent.body
        )
        assert (answer.status_int, answer.json["gemeente"]["naam"]) == (201, "Dordrecht")
        installation.run_jobs()
        inbox = people["olga"].get("/gemeenten/dordrecht/postvak", status=200)
        assert answer.json["kenmerk"] in inbox
        installation.visitor().get("/melden/dordrecht", status=200)
        installation.close()
