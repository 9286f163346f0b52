"""A made-up town to crawl: documents of every kind in two municipalities and at the desk.

Every text and every contact field of a place holds a word of its own that occurs nowhere else, so
that a test can tell whose data stands on a page. The town is made once per worker and database;
whoever crawls it changes nothing: requests of `rehearse` are rolled back.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session
from webtest import TestApp

from stopintimidatie.audit import Actor
from stopintimidatie.dossiers.filing import file_report
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.paths import path_of_dossier
from stopintimidatie.dossiers.services import add_note, make_agreement, move_dossier
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.exports import making
from stopintimidatie.exports.freezing import prepare
from stopintimidatie.exports.services import approve, request_export
from stopintimidatie.exports.wish import ExportWish
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.reports.services import move
from stopintimidatie.reports.submission import Address, Contact, Location, Offenders, Transit
from stopintimidatie.reports.vocabulary import AgeGroup, ContactWish
from stopintimidatie.security import Role
from stopintimidatie.storage import NATIONAL
from stopintimidatie.storage.encryption import create_key_file
from stopintimidatie.storage.types import utc_now
from tests import factories
from tests.factories import DORDRECHT, EINDHOVEN
from tests.installation import Installation, make_settings

OWN: Final = "eigen"
OTHER: Final = "andere"
DESK: Final = "meldpunt"
HOST: Final = "localhost:6543"
REHEARSAL: Final = "tests.rehearsal"
MUNICIPAL_ROLES: Final = (
    Role.OFFICER,
    Role.DOSSIER_OWNER,
    Role.ADMIN,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
)
DESK_ROLES: Final = (Role.NATIONAL_DESK, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER)


@dataclass
class Place:
    """A holder with its documents: their addresses by name, and the words that are theirs alone."""

    name: str
    holder: str
    neighbourhood: str | None
    addresses: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    owner: Any = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def text(self, about: str) -> str:
        """A sentence for a text field, with a word found nowhere else."""
        word = self._word()
        self.texts[word] = about
        return f"Iets over {word} hier."

    def contact(self) -> Contact:
        """Contact data found nowhere else."""
        name, mail, phone = self._word(), self._word(), self._phone()
        self.contacts |= {name: "naam", f"{mail}@melder.example": "mail", phone: "telefoon"}
        return Contact(name=name, email=f"{mail}@melder.example", phone=phone)

    def contact_when(self) -> str:
        word = self._word()
        self.contacts[word] = "wanneer bereikbaar"
        return f"Na {word} graag."

    def _word(self) -> str:
        return f"merk{self.name}{next(self._numbers):03d}x"

    def _phone(self) -> str:
        prefix = {OWN: "612", OTHER: "613", DESK: "614"}[self.name]
        return f"+31{prefix}{next(self._numbers):06d}"


@dataclass(frozen=True)
class Person:
    """Somebody with one role at one place; None is a visitor."""

    place: str | None
    role: Role | None

    def __str__(self) -> str:
        return "bezoeker" if self.role is None else f"{self.role}@{self.place}"


VISITOR: Final = Person(None, None)
PEOPLE: Final = (
    *(Person(OWN, role) for role in MUNICIPAL_ROLES),
    *(Person(DESK, role) for role in DESK_ROLES),
    VISITOR,
)


class Town:
    """The installation, its places, and the browsers of everybody in it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.places = {
            OWN: Place(OWN, DORDRECHT, factories.CENTRE),
            OTHER: Place(OTHER, EINDHOVEN, "WK077211"),
            DESK: Place(DESK, NATIONAL, None),
        }
        self._cookies: dict[Person, dict[str, str]] = {}
        self.usernames: dict[Person, str] = {}

    def cookies(self, person: Person) -> dict[str, str]:
        """The cookies of somebody who signed in once (and whose session stays)."""
        if person not in self._cookies:
            made = self.installation
            browser = made.visitor() if person is VISITOR else made.browser(self.usernames[person])
            browser.get("/aanmelden")
            self._cookies[person] = dict(browser.cookies)
        return self._cookies[person]

    def ask(
        self,
        person: Person,
        path: str,
        method: str = "GET",
        fields: dict[str, str] | None = None,
        environ: dict[str, str] | None = None,
    ) -> Any:
        """A request that leaves nothing behind, whatever it does; redirects aren't followed.

        :param environ: more of the WSGI environment, such as HTTP_X_FORWARDED_HOST.
        """
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies(person).items())
        known = {"HTTP_HOST": HOST, "HTTP_COOKIE": cookie, REHEARSAL: "ja", **(environ or {})}
        body: dict[str, Any] = {} if fields is None else {"POST": fields}
        browser = TestApp(self.installation.app)
        return browser.request(path, method=method, environ=known, status="*", **body)

    def token(self, person: Person) -> str:
        """The CSRF token of a person's browser."""
        return self.cookies(person)["csrf"]

    def fill(self, path: str, place: str) -> str | None:
        """An address with the names of documents filled in; None when the place has no such."""
        wanted = re.findall(r"{(\w+)}", path)
        addresses = self.places[place].addresses
        return path.format(**addresses) if all(name in addresses for name in wanted) else None


def rolls_back(request: Any, response: Any) -> bool:
    """A rehearsal, or what went wrong (as pyramid_tm does by itself)."""
    return REHEARSAL in request.environ or getattr(request, "exc_info", None) is not None


def make_town(installation: Installation) -> Town:
    """Fill an empty installation."""
    town = Town(installation)
    for code in (DORDRECHT, EINDHOVEN):
        factories.connect(installation, code)
    _make_people(town)
    for place in town.places.values():
        with installation.transaction(place.holder) as session:
            _Builder(town, place, session).build()
    with pytest.MonkeyPatch.context() as patched:
        # The town's documents needn't be laid out to be asked for.
        patched.setattr(making, "render_in_process", lambda content, **kw: b"%PDF-1.7 stad")
        installation.run_jobs()
    return town


def _make_people(town: Town) -> None:
    for person in PEOPLE:
        if person.place and person.role:
            holder = town.places[person.place].holder
            town.usernames[person] = factories.make_user(
                town.installation, (holder, person.role), name=f"De {person.role.value}"
            )
    for place in (OWN, OTHER):
        holder = town.places[place].holder
        name = factories.make_user(
            town.installation, (holder, Role.DOSSIER_OWNER), name=f"Collega {place}"
        )
        town.places[place].owner = factories.user_id(town.installation, name)


class _Builder:
    """Makes the documents of one place in one transaction."""

    def __init__(self, town: Town, place: Place, session: Session) -> None:
        self.town = town
        self.place = place
        self.session = session
        self.effects = town.installation.registry.workflow_effects
        self.actor = Actor("gebruiker", str(place.owner), f"Collega {place.name}")

    def build(self) -> None:
        addresses = self.place.addresses
        addresses["melding"] = self.path(self.report())
        addresses["quarantaine"] = self.path(self.report(quarantine=True))
        gone = self.report()
        gone.state = "overgedragen"
        addresses["weg"] = self.path(gone)
        addresses["kort"] = "/m/" + addresses["melding"].rpartition("/")[2]
        if self.place.holder == NATIONAL:
            self.place.addresses = {f"{name}_meldpunt": path for name, path in addresses.items()}
            addresses = self.place.addresses
            addresses["meldpunt"] = f"/{NATIONAL}"
            return
        addresses["wijk"] = addresses["melding"].rpartition("/")[0]
        addresses["gemeente"] = addresses["wijk"].rpartition("/")[0]
        addresses["behandeling"] = self.path(self.taken_on())
        hotspot = self.dossier(DossierKind.HOTSPOT, "ingediend")
        person = self.dossier(DossierKind.PERSON, "ook_ingediend")
        addresses["dossier"] = self.dossier_path(hotspot)
        addresses["persoon"] = self.dossier_path(person)
        register = f"{addresses['gemeente']}/verstrekkingen"
        addresses["uitvoer"] = f"{addresses['dossier']}/{self.export(hotspot)}"
        ready = self.export(hotspot, approved=True)
        addresses["uitvoer_klaar"] = f"{addresses['dossier']}/{ready}"
        addresses["verstrekking"] = f"{register}/{ready}"
        addresses["uitvoer_persoon"] = f"{addresses['persoon']}/{self.export(person)}"
        strict = self.export(person, approved=True)
        addresses["verstrekking_persoon"] = f"{register}/{strict}"

    def report(self, **changes: Any) -> Report:
        """A report with every field filled that can hold somebody's data."""
        place = self.place
        return factories.make_report(
            self.session,
            self.town.installation,
            holder=place.holder,
            neighbourhood=place.neighbourhood,
            anonymous=False,
            contact=place.contact(),
            contact_when=place.contact_when(),
            wants_contact=ContactWish.MAIL,
            reporter_age_group=AgeGroup.UNDER_16,
            description=place.text("relaas"),
            offenders=Offenders(appearance=place.text("signalement")),
            location=Location(
                lat=51.8133,
                lon=4.6690,
                description=place.text("plek"),
                address=Address(street=place.text("straat"), town=place.text("plaats")),
                transit=Transit(operator=place.text("vervoerder"), stop=place.text("halte")),
            ),
            **changes,
        )

    def taken_on(self) -> Report:
        report = self.report()
        answers = {"behandelaar": str(self.place.owner)}
        move(self.session, self.effects, report, "in_behandeling_nemen", answers, self.actor)
        report.suspected_offence_reason = self.place.text("vermoeden")
        self.session.flush()
        return report

    def dossier(self, kind: DossierKind, inside: str) -> Dossier:
        """A dossier in aanpak with texts, a note, an agreement and a report in it."""
        text = self.place.text
        dossier = factories.make_dossier(
            self.session,
            holder=self.place.holder,
            title=text("titel"),
            kind=kind.value,
            neighbourhood_code=self.place.neighbourhood,
            summary=text("samenvatting"),
            assessment=text("duiding"),
            goal=text("doel"),
        )
        answers = {
            "doel": text("doel van verwerking"),
            "grondslag": "avg_6_1_e_openbare_orde",
            "verantwoordelijke": text("verantwoordelijke"),
            "dossierhouder": str(self.place.owner),
        }
        if kind is DossierKind.PERSON:
            answers |= {
                "advies_privacy": text("advies"),
                "advies_datum": (date.today() - timedelta(days=3)).isoformat(),
            }
        move_dossier(self.session, self.effects, dossier, "starten", answers, self.actor)
        add_note(self.session, dossier, text("notitie"), self.actor)
        due = utc_now().date() + timedelta(days=7)
        make_agreement(self.session, dossier, text("afspraak"), text("wie"), due, self.actor)
        report = self.taken_on()
        reason = text("reden van indienen")
        file_report(self.session, self.effects, dossier, report, reason, self.actor)
        self.place.addresses[inside] = self.path(report)
        self.place.addresses[f"kenmerk_{inside}"] = report.reference
        return dossier

    def export(self, dossier: Dossier, *, approved: bool = False) -> str:
        """An export that waits for a decision, or for the worker; its id."""
        text, made = self.place.text, self.town.installation
        today = utc_now().date()
        wish = ExportWish(
            profile="politie",
            recipient=text("ontvanger"),
            question=text("vraag"),
            answer_by=today + timedelta(days=7),
            purpose=text("doel van uitvoer"),
            legal_basis="avg_6_1_e_openbare_orde",
            destroy_by=today + timedelta(days=60),
            covenant=text("convenant"),
            minors_ground=text("grond voor minderjarigen"),
            facts=text("feiten"),
        )
        session, settings = self.session, made.settings
        export = request_export(session, settings, dossier, wish, self.actor)
        if approved:
            second = Actor("gebruiker", str(uuid4()), f"Tweede {self.place.name}")
            seen = prepare(session, settings, dossier, export, utc_now()).fingerprint
            keys = made.registry.key_ring
            approve(session, keys, settings, dossier, export, second, seen=seen)
        return export.reference

    def path(self, report: Report) -> str:
        self.session.flush()
        found = path_of_report(self.session, report.id)
        assert found
        return found

    def dossier_path(self, dossier: Dossier) -> str:
        self.session.flush()
        found = path_of_dossier(self.session, dossier.id)
        assert found
        return found


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """The town, on each kind of database. Don't change it: ask with `town.ask`."""
    with own_town(request, tmp_path_factory.mktemp("stad")) as made:
        yield made


@contextmanager
def own_town(request: pytest.FixtureRequest, folder: Path) -> Iterator[Town]:
    """A town in a folder, on the kind of database that the fixture's parameter names."""
    with _database(request, folder) as url:
        create_key_file(folder / "sleutels.json")
        installation = Installation(make_settings(url, folder), veto=rolls_back)
        yield make_town(installation)
        installation.close()


def _database(request: pytest.FixtureRequest, folder: Path) -> Any:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "data.sqlite")
        return nullcontext(f"sqlite:///{folder}/data.sqlite")
    template = request.getfixturevalue("postgres_template")
    return request.getfixturevalue("postgres").database(template=template)
