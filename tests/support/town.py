"""A made-up town to crawl: documents of every kind in two municipalities and at the desk.

Every text and every contact field of a place holds a word of its own that occurs nowhere else, so
that a test can tell whose data stands on a page. The town is made once per run and database, and
then copied; whoever crawls it changes nothing: requests of `rehearse` are rolled back.
"""

from __future__ import annotations

import pickle
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from webtest import TestApp

from stopintimidatie import install
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import SYSTEM, Actor, event_rows
from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.health import services as health_services
from stopintimidatie.core.mail.models import MailAddress, MailMessage
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage import NATIONAL, database
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.core.text import local, new_code
from stopintimidatie.desk.models import JoiningRequest, Onboarding
from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.disclosures.pickup import offer
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.dossiers.actions.services import add_measure, attach
from stopintimidatie.dossiers.case.services import make_agreement, move_dossier
from stopintimidatie.dossiers.consultations.services import (
    add_participant,
    plan_consultation,
    springs_from,
)
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import (
    ConsultationSeat,
    Dossier,
    DossierAgreement,
    DossierNoteReader,
)
from stopintimidatie.dossiers.patterns.models import Choice, Pattern, PatternReport, PatternState
from stopintimidatie.dossiers.patterns.services import note_searched
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.dossiers.services import add_note, name_people
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.exports.document import services as drawing
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.models import CopyCorrection, Export
from stopintimidatie.exports.release.services import Answer, give_answer
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.exports.request.second import Looked, decide, fingerprints
from stopintimidatie.exports.request.services import request_export
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.agreements.services import Official, Plan, make
from stopintimidatie.municipalities.partners.models import PartnerCovenant
from stopintimidatie.municipalities.partners.services import Person as Partner
from stopintimidatie.municipalities.partners.services import add_contact, add_partner
from stopintimidatie.municipalities.people.proposals import propose
from stopintimidatie.privacy.breaches import services as breaches
from stopintimidatie.privacy.copies import services as copies
from stopintimidatie.privacy.destruction.models import (
    ArchivePart,
    ArchiveTransfer,
    TransferState,
)
from stopintimidatie.privacy.erasure.models import ErasureProposal
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.log.models import ReadQuestion
from stopintimidatie.privacy.police.marking import mark
from stopintimidatie.privacy.police.models import Article, Origin
from stopintimidatie.privacy.police.pieces import pieces_of
from stopintimidatie.privacy.police.services import (
    KEEPER,
    Content,
    Received,
    give_reason,
    keep_item,
    keep_report,
)
from stopintimidatie.privacy.requests.documents import restrict
from stopintimidatie.privacy.requests.letters import letters_of
from stopintimidatie.privacy.requests.models import RestrictionGround
from stopintimidatie.privacy.requests.resources import traces_of
from stopintimidatie.privacy.requests.services import Entry as RequestEntry
from stopintimidatie.privacy.requests.services import Person as RequestPerson
from stopintimidatie.privacy.requests.services import enter_request, move_request
from stopintimidatie.privacy.retention.rules import proposal
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from stopintimidatie.privacy.subjects.rules import Wanted
from stopintimidatie.privacy.subjects.services import judge
from stopintimidatie.reports.attachments.cleaner import Cleaned, MediaKind
from stopintimidatie.reports.attachments.services import PURPOSE, keep_parts
from stopintimidatie.reports.conversation.services import REPORTER, tell
from stopintimidatie.reports.fields import Address, Contact, Location, Offenders, Transit
from stopintimidatie.reports.models import Report, ReportAttachment, ReporterMessage
from stopintimidatie.reports.personal import delete_contact
from stopintimidatie.reports.services import move_report, path_of_report
from stopintimidatie.reports.vocabulary import AgeGroup, ContactWish
from tests.support import factories
from tests.support.destruction import a_line, a_list, a_statement, a_tombstone, an_extension
from tests.support.factories import DORDRECHT, EINDHOVEN
from tests.support.identity_providers import connect_provider
from tests.support.installation import Installation, make_settings
from tests.support.policing import SWITCHED_ON
from tests.support.shared import locked, run_folder
from tests.support.subjects import search_for

if TYPE_CHECKING:
    # At run time pytest loads it as a plugin, with its rewriting of assertions.
    from tests.support.services import Postgres

OWN: Final = "eigen"
OTHER: Final = "andere"
DESK: Final = "meldpunt"
ZWIJNDRECHT: Final = "GM0642"
PHOTO: Final = b"\xff\xd8\xff een foto"
HOST: Final = "localhost:6543"
# What a copy of the town must know of it besides its rows and files.
_KNOWN: Final = "town.pickle"
REHEARSAL: Final = "tests.rehearsal"
MUNICIPAL_ROLES: Final = (
    Role.OFFICER,
    Role.DOSSIER_OWNER,
    Role.ADMIN,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
    Role.DEPUTY,
    Role.PROCESS_OWNER,
    Role.ARCHIVIST,
    Role.POLICE_DATA,
)
DESK_ROLES: Final = (
    Role.NATIONAL_DESK,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
    Role.ARCHIVIST,
)


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
    # Texts that only who never signs in may read.
    secrets: list[str] = field(default_factory=list)
    # Words that the police told: for who is named for them, and for nobody else.
    police: dict[str, str] = field(default_factory=dict)
    _given_out: int = 0

    def text(self, about: str) -> str:
        """A sentence for a text field, with a word found nowhere else."""
        word = self._word()
        self.texts[word] = about
        return f"Iets over {word} hier."

    def from_police(self, about: str) -> str:
        """A sentence of the police, with a word found nowhere else."""
        word = self._word()
        self.texts[word] = self.police[word] = about
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

    def _number(self) -> int:
        self._given_out += 1
        return self._given_out

    def _word(self) -> str:
        return f"merk{self.name}{self._number():03d}x"

    def _phone(self) -> str:
        prefix = {OWN: "612", OTHER: "613", DESK: "614"}[self.name]
        return f"+31{prefix}{self._number():06d}"


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

    def __init__(
        self, installation: Installation, places: dict[str, Place], usernames: dict[Person, str]
    ) -> None:
        self.installation = installation
        self.places = places
        self.usernames = usernames
        self._cookies: dict[Person, dict[str, str]] = {}

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


def _no_pdf(content: Any, **how: Any) -> bytes:
    return b"%PDF-1.7 stad"


def make_town(installation: Installation) -> Town:
    """Fill an empty installation."""
    places = {
        OWN: Place(OWN, DORDRECHT, factories.CENTRE),
        OTHER: Place(OTHER, EINDHOVEN, "WK077211"),
        DESK: Place(DESK, NATIONAL, None),
    }
    town = Town(installation, places, {})
    for code in (DORDRECHT, EINDHOVEN):
        factories.connect(installation, code, politie=SWITCHED_ON)
    # A provider that doesn't answer: its door is there, and lets nobody in.
    connect_provider(installation, ZWIJNDRECHT, "https://localhost:9")
    _make_people(town)
    for place in town.places.values():
        with installation.transaction(place.holder) as session:
            _Builder(town, place, session).build()
    with pytest.MonkeyPatch.context() as patched:
        # The town's documents needn't be laid out to be asked for.
        for module in (request_jobs, copies):
            patched.setattr(module, "render_in_process", _no_pdf)
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
        town.places[place].addresses["collega"] = str(town.places[place].owner)


class _Builder:
    """Makes the documents of one place in one transaction."""

    def __init__(self, town: Town, place: Place, session: Session) -> None:
        self.town = town
        self.place = place
        self.session = session
        self.effects = town.installation.registry.workflow_effects
        owner = str(place.owner) if place.owner else None
        self.actor = Actor("gebruiker", owner, f"Collega {place.name}")

    def build(self) -> None:
        addresses = self.place.addresses
        addresses["melding"] = self.path(self.report())
        addresses["quarantaine"] = self.path(self.report(quarantine=True))
        gone = self.report()
        gone.state = "overgedragen"
        addresses["weg"] = self.path(gone)
        addresses["ingetrokken"] = self.path(self.withdrawn())
        addresses["bevroren"], addresses["bevriezing"] = self.frozen()
        addresses["te_wissen"] = self.path(self.to_erase())
        addresses["zaak"] = f"W-{self.place.name}"
        breach = self.breach()
        self.message()
        addresses["kort"] = "/m/" + addresses["melding"].rpartition("/")[2]
        self.terms()
        addresses["logregel"] = self.line_of_log()
        self.asked_read(addresses["logregel"])
        if self.place.holder == NATIONAL:
            self.place.addresses = {f"{name}_meldpunt": path for name, path in addresses.items()}
            addresses = self.place.addresses
            addresses["meldpunt"] = f"/{NATIONAL}"
            addresses["datalek_meldpunt"] = f"/{NATIONAL}/datalekken/{breach}"
            privacy = self.town.usernames[Person(DESK, Role.PRIVACY_OFFICER)]
            colleague = select(User.id).where(User.username == privacy)
            addresses["collega"] = str(self.session.scalars(colleague).one())
            addresses["afspraak_meldpunt"] = self.forwarding_agreement()
            self.destruction(addresses["meldpunt"], "_meldpunt")
            self.requests(addresses["meldpunt"], "_meldpunt")
            self.copies(addresses["meldpunt"], "_meldpunt")
            self.joining()
            return
        self.session.add(
            ForwardingAgreement(
                holder=self.place.holder,
                municipality_code=self.place.holder,
                agreed_on=local_date(utc_now()),
                agreed_by="Niemand",
            )
        )
        addresses["wijk"] = addresses["melding"].rpartition("/")[0]
        addresses["gemeente"] = addresses["wijk"].rpartition("/")[0]
        addresses["datalek"] = f"{addresses['gemeente']}/datalekken/{breach}"
        addresses["behandeling"] = self.path(self.taken_on())
        self.destruction(addresses["gemeente"])
        self.requests(addresses["gemeente"])
        self.copies(addresses["gemeente"])
        self.offer()
        self.proposal()
        addresses["patroon"] = f"{addresses['gemeente']}/{self.pattern()}"
        addresses["patroon_besloten"] = f"{addresses['gemeente']}/{self.pattern(decided=True)}"
        addresses["partner"] = f"{addresses['gemeente']}/partners/{self.partner()}"
        hotspot = self.dossier(DossierKind.HOTSPOT, "ingediend")
        person = self.dossier(DossierKind.PERSON, "ook_ingediend")
        addresses["dossier"] = self.dossier_path(hotspot)
        addresses["ingetrokken_in_dossier"] = self.path(self.withdrawn(hotspot))
        addresses["persoon"] = self.dossier_path(person)
        asking = factories.make_dossier(
            self.session,
            holder=self.place.holder,
            title=self.place.text("titel van vraag"),
            kind=DossierKind.PERSON.value,
            neighbourhood_code=self.place.neighbourhood,
        )
        words = ("evenredigheid van vraag", "uitstel van vraag", "nog een vraag om advies")
        factories.make_ready(self.session, asking, [self.place.text(word) for word in words])
        addresses["persoon_vraagt"] = self.dossier_path(asking)
        register = f"{addresses['gemeente']}/verstrekkingen"
        addresses["uitvoer"] = f"{addresses['dossier']}/{self.export(hotspot)}"
        ready = self.export(hotspot, approved=True)
        addresses["uitvoer_klaar"] = f"{addresses['dossier']}/{ready}"
        addresses["verstrekking"] = f"{register}/{ready}"
        self.transfer(hotspot)
        addresses["uitvoer_persoon"] = f"{addresses['persoon']}/{self.export(person)}"
        strict = self.export(person, approved=True)
        addresses["verstrekking_persoon"] = f"{register}/{strict}"
        self.answer(hotspot, ready)
        addresses["politie"], addresses["politiemelding"] = self.police(hotspot)
        addresses["politiemerk"] = self.marked(hotspot)

    def police(self, dossier: Dossier) -> tuple[str, str]:
        """What the police disclosed about a dossier, and a report of theirs; their numbers."""
        session, keys, holder = (
            self.session,
            self.town.installation.registry.key_ring,
            dossier.holder,
        )
        today, told = local(utc_now()).date(), self.place.from_police
        made = []
        for about in (dossier, None):
            words = Content(told("verstrekker"), told("doel"), told("voorwaarde"), told("politie"))
            given = Received(today, today + timedelta(days=9), Article.SIXTEEN, words)
            if about is not None:
                made.append(keep_item(session, keys, holder, given, self.actor, about=about))
            else:
                made.append(keep_report(session, keys, holder, given, self.actor))
        fact = Received(today, today + timedelta(days=90), None, None, Origin.ACTION)
        keep_item(session, keys, holder, fact, self.actor, about=dossier)
        session.flush()
        named = self.town.usernames.get(Person(self.place.name, Role.POLICE_DATA))
        person = session.scalars(select(User).where(User.username == named)).one_or_none()
        for days in (0, 1) if person else ():
            assert person is not None
            who = Identity(person.id, "", "De gemachtigde", frozenset())
            # The town may be asked after midnight.
            with clock_at(utc_now() + timedelta(days=days)):
                give_reason(session, keys, made[0], who, told("reden van lezen"))
        return str(made[0].id), str(made[1].id)

    def marked(self, dossier: Dossier) -> str:
        """A file that somebody marked as the police's, and that waits; its number."""
        registry, marker = self.town.installation.registry, Actor("gebruiker", str(uuid4()), "Mark")
        photo = Cleaned(MediaKind.PHOTO, "image/jpeg", BytesIO(PHOTO), len(PHOTO))
        about = self.place.from_police("gemarkeerde bijlage")
        attach(self.session, registry.key_ring, dossier, about, photo, marker)
        pieces = pieces_of(self.session, dossier, None)
        piece = next(piece for piece in pieces if piece.texts == (about,))
        item = mark(registry, self.session, dossier, piece, marker)
        self.session.flush()
        return str(item.id)

    def asked_read(self, line: str) -> None:
        """A question about a read, with its answer, as 1.0.0 left it."""
        row = ReadQuestion(
            holder=self.place.holder,
            event_id=UUID(line),
            event_at=utc_now(),
            task="melding bekijken",
            reader_id=str(self.place.owner),
            reader="De lezer",
            asked_at=utc_now(),
            asked_by="De FG",
            question=self.place.text("vraag over inzage"),
            answered_at=utc_now(),
            answer=self.place.text("antwoord over inzage"),
        )
        self.session.add(row)
        self.session.flush()

    def line_of_log(self) -> str:
        """A line of the log, of somebody who read a report; its id."""
        report = self.report()
        rows = event_rows(
            self.actor,
            "gelezen",
            self.place.holder,
            "melding",
            [report.id],
            task="melding bekijken",
        )
        insert_rows(self.session, rows)
        return str(rows[0][1]["id"])

    def to_erase(self) -> Report:
        """A report that a colleague proposes to erase, after somebody refused it once."""
        report, now = self.report(), utc_now()
        for reason in (self.place.text("reden van niet wissen"), None):
            self.session.add(
                ErasureProposal(
                    holder=self.place.holder,
                    document_kind="melding",
                    document_id=report.id,
                    reference=report.reference,
                    ground="doel",
                    seen="",
                    proposed_at=now - timedelta(days=bool(reason)),
                    proposed_by_id=str(self.actor.id),
                    proposed_by=self.actor.name,
                    expires_at=now + timedelta(days=30),
                    answered_at=now if reason else None,
                    answered_by="De tweede" if reason else None,
                    outcome="geweigerd" if reason else None,
                    reason=reason,
                )
            )
        return report

    def destruction(self, home: str, suffix: str = "") -> None:
        """A list with a line to decide on and one that is authorised, a statement, a tombstone."""
        told = {"holder": self.place.holder}
        row = a_list(self.session, **told)
        asked = a_line(self.session, row, new_code("M"), reason=self.place.text("reden van lijst"))
        now = {"assessed_at": utc_now(), "checked_at": utc_now(), "authorised_at": utc_now()}
        ready = a_line(self.session, row, new_code("M"), decision="mee", **now)
        latest = a_line(self.session, row, new_code("M"), at_maximum=True)
        extension = self.kept_longer(row)
        stone = a_tombstone(self.session, new_code("M"), list_number=row.number, **told)
        statement = a_statement(self.session, **told)
        register = f"{home}/vernietiging"
        made = {
            "vernietiging": register,
            "lijst": f"{register}/{row.number}",
            "regel": asked.reference,
            "regel_gemachtigd": ready.reference,
            "regel_uiterste": latest.reference,
            "langer": extension,
            "verklaring": f"{register}/{statement.number}",
            "grafsteen": f"{register}/{stone.reference}",
        }
        self.place.addresses |= {f"{name}{suffix}": address for name, address in made.items()}

    def requests(self, home: str, suffix: str = "") -> None:
        """A request of a data subject of which the identity isn't settled yet."""
        text = self.place.text
        person = RequestPerson(text("wie vraagt"), address=text("adres van wie vraagt"))
        today = local_date(utc_now())
        entry = RequestEntry(
            "inzage", "melder", "zelf", "brief", today, person, text("verzoek van een betrokkene")
        )
        keys = self.town.installation.registry.key_ring
        row = enter_request(self.session, keys, self.place.holder, entry, self.actor)
        bound = restrict(
            self.session,
            keys,
            row,
            self.report(),
            RestrictionGround.CONTESTED,
            text("betwiste gegevens"),
            self.actor,
        )
        asked = replace(entry, asked_by="ouder_of_voogd", child=True, right="wissen")
        month = today - timedelta(days=25)
        child = enter_request(
            self.session, keys, self.place.holder, replace(asked, received_on=month), self.actor
        )
        values = {"grond": "uavg_41", "reden": text("waarom geweigerd")}
        registry = self.town.installation.registry
        move_request(registry, self.session, child, "weigeren", values, self.actor)
        self.session.flush()
        made = {
            "verzoeken": f"{home}/verzoeken",
            "verzoek": f"{home}/verzoeken/{row.reference}",
            "verzoek_kind": f"{home}/verzoeken/{child.reference}",
            "brief": str(letters_of(self.session, row)[0].id),
            "beperking": str(bound.id),
        }
        self.place.addresses |= {f"{name}{suffix}": address for name, address in made.items()}

    def copies(self, home: str, suffix: str = "") -> None:
        """Requests for access that are searched for, whose copy is marked, and is checked."""
        session, registry = self.session, self.town.installation.registry
        keys, text, today = registry.key_ring, self.place.text, local_date(utc_now())
        first = select(Report.reference).where(Report.holder == self.place.holder)
        reference = session.scalars(first.order_by(Report.received_at, Report.id).limit(1)).one()
        steps, made = ("identiteit", "redigeren", "tweede_persoon"), {}
        for number, name in enumerate(("zoekverzoek", "kopieverzoek", "kopie"), start=1):
            person = RequestPerson(text("wie vraagt"), address=text("adres van wie vraagt"))
            question = text("verzoek om inzage")
            entry = RequestEntry("inzage", "melder", "zelf", "brief", today, person, question)
            row = enter_request(session, keys, self.place.holder, entry, self.actor)
            for step in steps[:number]:
                if step == "redigeren":
                    self.found(row, reference)
                values = {"hoe": "gezien"} if step == "identiteit" else {}
                move_request(registry, session, row, step, values, self.actor)
            if name == "zoekverzoek":
                self.found(row, reference)
            made[name] = f"{home}/verzoeken/{row.reference}"
        self.place.addresses |= {f"{name}{suffix}": address for name, address in made.items()}

    def found(self, row: Any, reference: str) -> None:
        """A search for a request by the reference of a report, and all of it is about them."""
        session, registry = self.session, self.town.installation.registry
        search_for(registry, session, row, Wanted(references=(reference,)), self.actor)
        judge(session, row, {trace.id: True for trace in traces_of(session, row)}, self.actor)

    def kept_longer(self, row: Any) -> str:
        """A line at its maximum, and a decision to keep it that doesn't work yet; its id."""
        line = a_line(self.session, row, new_code("M"), at_maximum=True)
        self.session.flush()
        about = {"document_id": line.document_id, "holder": row.holder}
        reason = {"reason": self.place.text("reden van langer")}
        return str(an_extension(self.session, line.reference, **about, **reason).id)

    def pattern(self, *, decided: bool = False) -> str:
        """A pattern that is proposed, or that was rejected with a reason; its name."""
        number = 2 if decided else 1
        found: dict[str, Any] = {"lat": 51.81, "lon": 4.67, "radius_m": 90, "expected": 1.2}
        if decided:
            found |= {"reason": self.place.text("reden van afwijzen"), "decided_by": "Collega"}
            found["decided_at"] = utc_now()
        row = Pattern(
            holder=self.place.holder,
            number=number,
            state=PatternState.REJECTED if decided else PatternState.PROPOSED,
            neighbourhood_code=self.place.neighbourhood,
            window_days=180,
            certainty=95,
            strength=1.5,
            **found,
        )
        report = self.report()
        self.session.add(row)
        self.session.flush()
        link = {"holder": self.place.holder, "pattern_id": row.id, "report_id": report.id}
        self.session.add(PatternReport(**link))
        if decided:
            note_searched(self.session, self.place.holder, Choice())
        return f"P-{number}"

    def partner(self) -> str:
        """An organisation with a covenant and somebody to ask there; its number."""
        text, keys = self.place.text, self.town.installation.registry.key_ring
        today = local(utc_now()).date()
        made = add_partner(
            self.session,
            self.place.holder,
            {
                "name": text("partner"),
                "kind": "politie",
                "legal_bases": ["avg_6_1_e_openbare_orde"],
                "profile": "politie",
                "covenant_name": text("convenant van partner"),
                "covenant_from": today,
                "covenant_until": None,
            },
            self.actor,
        )
        before = {"name": text("eerder convenant"), "replaced_by": "Collega", "valid_from": today}
        self.session.add(
            PartnerCovenant(holder=self.place.holder, organisation_id=made.id, **before)
        )
        who = Partner(text("functie van contact"), text("naam van contact"), "w@partner.example")
        add_contact(self.session, keys, made, who, self.actor)
        return made.reference

    def message(self) -> None:
        """A message that went out."""
        values = {"template": "proef", "recipient_kind": "proef", "recipient_id": "1"}
        self.session.add(MailMessage(holder=self.place.holder, state="verstuurd", **values))
        pickup = {"reference": f"O-{self.place.name[:4].upper()}", "recipient": "Een gemeente"}
        about = {"document_kind": "proef", "document_id": uuid4()}
        self.session.add(Pickup(holder=self.place.holder, **pickup, **about))
        self.session.add(MailAddress(holder=self.place.holder, owner_kind="proef", owner_id="1"))

    def forwarding_agreement(self) -> str:
        """What the desk agreed with a municipality that isn't connected; the page about it."""
        official = Official(
            self.place.text("naam"), self.place.text("functie"), "oov@zwijndrecht.example", "112"
        )
        today, text = local_date(utc_now()), self.place.text
        until = today + timedelta(days=200)
        plan = Plan(official, official, True, text("akkoord"), today, "ophalen", None, today, until)
        made = self.town.installation.registry
        make(self.session, made.key_ring, made.level_rules, "GM0642", plan, self.actor)
        return f"/{NATIONAL}/zwijndrecht"

    def terms(self) -> None:
        """Terms that count, and a proposal that waits."""
        desk = self.place.holder == NATIONAL
        schedule = proposal(RETENTION_CLASSES.of(self.town.installation.registry), desk=desk)
        chosen = {
            code: replace(choice, category="8.1") for code, choice in schedule.choices.items()
        }
        archivist = Actor("gebruiker", str(uuid4()), "De archivaris")
        schedule, holder = replace(schedule, choices=chosen), self.place.holder
        for number in range(2):
            note = self.place.text("toelichting op termijnen")
            row = propose_terms(self.session, holder, schedule, utc_now(), note, self.actor)
            if number == 0:
                approve_terms(self.session, row, archivist)

    def joining(self) -> None:
        """A municipality that asked to join, and its checklist."""
        text = self.place.text
        given = {"holder": NATIONAL, "municipality_code": ZWIJNDRECHT}
        self.session.add(
            JoiningRequest(
                function=text("functie"), telephone="+31780000000", domain_fits=True, **given
            )
        )
        self.session.add(
            Onboarding(
                agreement_with=text("afgesproken met"),
                data_protection_officer=text("fg"),
                **given,
            )
        )

    def proposal(self) -> None:
        """Propose a role for somebody, which a colleague is to confirm."""
        propose(
            self.session,
            SYSTEM,
            self.place.holder,
            at=self.place.holder,
            username="nieuw@gemeente.example",
            name=self.place.text("genodigde"),
            role=Role.OFFICER,
        )

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
            own_answers=(("vraag000001", place.text("eigen antwoord")),),
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

    def withdrawn(self, dossier: Dossier | None = None) -> Report:
        """A report that its reporter withdrew: nobody reads anything of it any more."""
        before = set(self.place.texts)
        report = self.report() if self.place.holder == NATIONAL else self.taken_on()
        if dossier is not None:
            reason = "Hoort bij dezelfde plek."
            file_report(self.session, self.effects, dossier, report, reason, self.actor)
        move_report(self.session, self.effects, report, "intrekken", {}, REPORTER)
        delete_contact(self.session, report)
        self.place.secrets += [word for word in self.place.texts if word not in before]
        return report

    def frozen(self) -> tuple[str, str]:
        """A report that may not be destroyed, and the number of the hold on it."""
        report, text = self.report(), self.place.text
        day = local(utc_now()).date() + timedelta(days=30)
        hold = place_hold(
            self.session,
            report,
            HoldReason.WOO,
            day,
            self.actor,
            case_reference=f"W-{self.place.name}",
            note=text("toelichting bij bevriezing"),
        )
        self.session.flush()
        return self.path(report), str(hold.id)

    def breach(self) -> str:
        """A breach with all that is written about it; its reference."""
        text = self.place.text
        entry = breaches.Entry(text("wat er lekte"), utc_now() - timedelta(hours=1), "kwijt")
        breach, _ = breaches.enter_breach(self.session, self.place.holder, entry, self.actor)
        known = {
            "consequences": text("gevolgen van lek"),
            "measures": text("maatregelen na lek"),
            "risk": "risico",
            "risk_reason": text("risico van lek"),
        }
        breaches.save(self.session, breach, known, self.actor)
        sent = {"op": utc_now(), "nummer": "AP-1", "toelichting": text("melding bij de AP")}
        breaches.notify_ap(self.session, breach, sent, self.actor)
        breaches.add_reports(self.session, breach, [self.report()], self.actor)
        return breach.reference

    def offer(self) -> None:
        """A report that the other municipality may take; its story is not theirs to read yet."""
        other = self.town.places[OTHER if self.place.name == OWN else OWN]
        report = factories.make_report(
            self.session,
            self.town.installation,
            holder=self.place.holder,
            neighbourhood=self.place.neighbourhood,
            description=self.place.text("relaas van wat is aangeboden"),
        )
        answers: dict[str, Any] = {"behandelaar": str(self.place.owner)}
        move_report(self.session, self.effects, report, "in_behandeling_nemen", answers, self.actor)
        answers = {"gemeente": other.holder, "reden": "De plek ligt bij u."}
        # Long enough ago to have reached the other municipality.
        with clock_at(utc_now() - timedelta(hours=1)):
            move_report(
                self.session, self.effects, report, "overdracht_aanbieden", answers, self.actor
            )
        slug = {OWN: "dordrecht", OTHER: "eindhoven"}[other.name]
        other.addresses["overdracht"] = f"/gemeenten/{slug}/overdracht-{report.reference}"

    def taken_on(self) -> Report:
        report = self.report()
        answers = {"behandelaar": str(self.place.owner)}
        move_report(self.session, self.effects, report, "in_behandeling_nemen", answers, self.actor)
        report.suspected_offence_reason = self.place.text("vermoeden")
        tell(self.session, report, "bericht", self.place.text("bericht aan melder"), self.actor)
        self.attach(report)
        told = {"holder": report.holder, "report_id": report.id, "kind": "aanvulling"}
        self.session.add(ReporterMessage(**told, text=self.place.text("aanvulling van melder")))
        self.session.flush()
        return report

    def transfer(self, dossier: Dossier) -> str:
        """A package for the archive, which waits for the receipt; the number of its dossier."""
        ready = {"assessed_at": utc_now(), "checked_at": utc_now(), "authorised_at": utc_now()}
        about = {"document_kind": "dossier", "document_id": dossier.id, "outcome": "overbrengen"}
        owner = a_list(self.session, "2032-1", holder=dossier.holder)
        a_line(self.session, owner, dossier.number, decision="mee", **about, **ready)
        row = ArchiveTransfer(
            holder=dossier.holder,
            dossier_id=dossier.id,
            reference=dossier.number,
            state=TransferState.WAITS.value,
            requested_by=self.actor.name,
            recipient="age1",
            made_at=utc_now(),
            size=3,
            sha256="0" * 64,
        )
        self.session.add(row)
        self.session.flush()
        part = ArchivePart(holder=row.holder, transfer_id=row.id, number=1, data=b"age")
        self.session.add(part)
        return row.reference

    def attach(self, report: Report) -> None:
        """A photo, as it is after cleaning."""
        number, key, ring = (
            uuid4(),
            secrets.token_bytes(32),
            self.town.installation.registry.key_ring,
        )
        photo = Cleaned(MediaKind.PHOTO, "image/jpeg", BytesIO(PHOTO), len(PHOTO))
        parts = keep_parts(self.session, report.holder, number, key, photo.content)
        told = {"holder": report.holder, "report_id": report.id, "number": 1, "kind": "foto"}
        sealed = ring.encrypt(PURPOSE, key.hex(), str(number))
        more = {"media_type": "image/jpeg", "size": len(PHOTO), "parts": parts, "key": sealed}
        self.session.add(ReportAttachment(id=number, **told, **more))

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
            words = ("evenredigheid", "uitstel", "vraag om advies", "advies", "niet gevolgd")
            factories.make_ready(self.session, dossier, [text(word) for word in words])
        move_dossier(self.session, self.effects, dossier, "starten", answers, self.actor)
        add_note(self.session, dossier, text("notitie"), self.actor)
        due = local(utc_now()).date() + timedelta(days=7)
        make_agreement(self.session, dossier, text("afspraak"), text("wie"), due, self.actor)
        self.consultation(dossier)
        report = self.taken_on()
        reason = text("reden van indienen")
        file_report(self.session, self.effects, dossier, report, reason, self.actor)
        self.place.addresses[inside] = self.path(report)
        self.place.addresses[f"kenmerk_{inside}"] = report.reference
        return dossier

    def consultation(self, dossier: Dossier) -> None:
        """A consultation that was prepared, a participant, and a note for one person alone."""
        text, session, actor = self.place.text, self.session, self.actor
        when = utc_now() + timedelta(days=2)
        talk = plan_consultation(
            session, dossier, when, actor, place=text("plek van overleg"), agenda=text("agenda")
        )
        add_participant(session, dossier, text("functie"), text("organisatie"), text("taak"), actor)
        seat = ConsultationSeat(
            holder=dossier.holder,
            consultation_id=talk.id,
            function=text("functie aan tafel"),
            organisation=text("organisatie aan tafel"),
        )
        session.add(seat)
        keys = self.town.installation.registry.key_ring
        put_on_table(session, keys, dossier, talk, Tabled(()), actor)
        agreement = session.scalars(
            select(DossierAgreement).where(DossierAgreement.dossier_id == dossier.id)
        ).first()
        assert agreement is not None
        springs_from(session, talk, agreement)
        today = local(utc_now()).date()
        told = {"kind": "extra_toezicht", "started_on": today - timedelta(days=9)}
        texts = {"what": text("maatregel"), "who": text("wie doet"), "effect": text("effect")}
        add_measure(session, dossier, {**told, **texts}, actor)
        photo = Cleaned(MediaKind.PHOTO, "image/jpeg", BytesIO(PHOTO), len(PHOTO))
        attach(session, keys, dossier, text("bijlage"), photo, actor)
        names = self.town.usernames
        owners = names.get(Person(self.place.name, Role.DOSSIER_OWNER))
        people = list(session.scalars(select(User.id).where(User.username == owners)))
        if dossier.kind == DossierKind.PERSON:
            name_people(session, dossier, people or [self.place.owner], actor)
        # Written by who owns the dossier, who never signs in here: nobody else may read it.
        secret = add_note(session, dossier, text("besloten notitie"), actor, restricted=True)
        self.place.secrets.append(secret.text)
        session.add(
            DossierNoteReader(holder=dossier.holder, note_id=secret.id, user_id=self.place.owner)
        )

    def export(self, dossier: Dossier, *, approved: bool = False) -> str:
        """An export that waits for a decision, or for the worker; its id."""
        text, made = self.place.text, self.town.installation
        today = local(utc_now()).date()
        wish = ExportRequest(
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
        asked = request_export(
            session, settings, load_dossier(session, dossier, None), wish, self.actor
        )
        if approved:
            second = Actor("gebruiker", str(uuid4()), f"Tweede {self.place.name}")
            keys = made.registry.key_ring
            several = [Looked(asked.export, asked)]
            decide(session, keys, several, second, seen=fingerprints(several))
        return asked.export.reference

    def answer(self, dossier: Dossier, reference: str) -> None:
        """What a partner answered to an export."""
        session, text = self.session, self.place.text
        export = session.scalars(select(Export).where(Export.reference == reference)).one()
        recipient = "Een partner"
        pickup = offer(session, export.holder, KIND, export.id, recipient, self.actor)
        given = Answer(("toezicht",), None, text("antwoord van partner"), True, text("over wie"))
        keys = self.town.installation.registry.key_ring
        who = {"naam": text("naam van wie antwoordde"), "functie": "wijkagent"}
        give_answer(session, keys, pickup, export, given, who, None)
        said = self.place.from_police("antwoord van politie")
        given = Answer(("toezicht",), None, said, True, self.place.from_police("over wie, politie"))
        give_answer(session, keys, pickup, export, given, who, KEEPER)
        wrong = {"label": "M-01", "change": "gecorrigeerd", "made_by": "Collega"}
        told = CopyCorrection(holder=export.holder, export_id=export.id, **wrong)
        told.note = text("correctie voor ontvanger")
        export.withdrawn_reason = text("reden van intrekken")
        session.add(told)

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


@pytest.fixture(scope="session")
def town(
    request: pytest.FixtureRequest,
    town_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """The town. Don't change it: ask with `town.ask`."""
    with own_town(request, town_database, tmp_path_factory.mktemp("stad")) as made:
        yield made


@contextmanager
def own_town(request: pytest.FixtureRequest, database_kind: str, folder: Path) -> Iterator[Town]:
    """A town in a folder."""
    with _copied(request, database_kind, folder) as url:
        known = pickle.loads((folder / _KNOWN).read_bytes())  # noqa: S301 (of our own)
        installation = Installation(make_settings(url, folder), veto=rolls_back)
        with pytest.MonkeyPatch.context() as patch:
            # On a busy machine a look at the installation may take longer than three seconds.
            patch.setattr(health_services, "LONGEST_SECONDS", 60)
            # Letters and forms needn't be laid out either: nobody reads a word in a PDF here.
            patch.setattr(drawing, "render_in_process", _no_pdf)
            yield Town(installation, *known)
        installation.close()


@contextmanager
def _copied(request: pytest.FixtureRequest, database_kind: str, folder: Path) -> Iterator[str]:
    """The address of a copy of the run's one town, of which the files now stand in this folder."""
    if database_kind == "sqlite":
        shutil.copytree(_on_sqlite(request), folder, dirs_exist_ok=True)
        yield f"sqlite:///{folder}/data.sqlite"
        return
    server: Postgres = request.getfixturevalue("postgres")
    shutil.copytree(_on_postgres(server), folder, dirs_exist_ok=True)
    with server.database("town", database.APP) as url:
        yield url


def _on_sqlite(request: pytest.FixtureRequest) -> Path:
    folder = run_folder() / "town-sqlite"
    with locked(folder.with_name("town-sqlite.lock")):
        if not (folder / _KNOWN).exists():
            folder.mkdir()
            shutil.copy(request.getfixturevalue("sqlite_template"), folder / "data.sqlite")
            create_key_file(folder / "sleutels.json")
            _build(f"sqlite:///{folder}/data.sqlite", folder)
    return folder


def _on_postgres(server: Postgres) -> Path:
    folder = run_folder() / "town-postgres"

    def build(url: str) -> None:
        folder.mkdir()
        install(make_settings(url, folder))
        _build(url, folder)

    server.template("town", build, database.APP)
    return folder


def _build(url: str, folder: Path) -> None:
    installation = Installation(make_settings(url, folder), veto=rolls_back)
    made = make_town(installation)
    installation.close()
    (folder / _KNOWN).write_bytes(pickle.dumps((made.places, made.usernames)))
