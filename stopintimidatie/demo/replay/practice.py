# ruff: noqa: E501 - the cases read as prose
"""The practice municipality, its cases, and the model answer beside each of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.services import find_user, give_role, hash_password
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.web.components import Panel
from stopintimidatie.demo.replay.accounts import PASSWORD
from stopintimidatie.municipalities.areas.facts import CODE, NAME, PROVINCE, WIJKEN, is_practice
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.services import (
    add_municipality,
    add_wijk,
    rename_municipalities,
    rename_neighbourhoods,
)
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.submission import Routing
from stopintimidatie.reports.fields import Contact, Location, Offenders, Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import random_follow_code, with_check_character
from stopintimidatie.reports.vocabulary import (
    AgeGroup,
    ContactWish,
    Form,
    OffenderCount,
    PlaceType,
    Police,
    Source,
)
from stopintimidatie.reports.vocabulary import Role as PartyRole

# The cases. Nobody in them exists.


@dataclass(frozen=True)
class Case:
    """Case with what was reported, when, where, and what a good officer does with it."""

    number: int
    hours_ago: int
    wijk: str
    place: str
    place_type: PlaceType
    forms: tuple[Form, ...]
    account: str
    model_answer: str
    role: PartyRole = PartyRole.VICTIM
    age: AgeGroup | None = None
    count: OffenderCount | None = None
    police: Police | None = None
    contact: Contact | None = None
    wish: ContactWish = ContactWish.NONE

    @property
    def reference(self) -> str:
        """The same in every installation, so that a trainer can name it."""
        return with_check_character(f"0EFEN{self.number:02d}")

    def submission(self, incident_start: datetime) -> Submission:
        """Return the report, as if it was made at that moment."""
        return Submission(
            role=self.role,
            anonymous=self.contact is None,
            incident_start=incident_start,
            location=Location(description=self.place),
            place_type=self.place_type,
            forms=self.forms,
            wants_contact=self.wish,
            share_with_police=True,
            share_with_partners=True,
            description=self.account,
            offenders=Offenders(count=self.count),
            reporter_age_group=self.age,
            police=self.police,
            contact=self.contact,
        )


STATION, HARBOUR = "WK990001", "WK990002"
CASES: Final = (
    Case(
        1, 5, STATION, "Bij de fietsenstalling van het station", PlaceType.STATION,
        (Form.CATCALLING, Form.FOLLOWING),
        "Twee jongens riepen mij na en fietsten stapvoets naast mij tot ik een winkel in ging.",
        "Neem de melding in behandeling. Vormen: naroepen en hinderlijk volgen. Geen spoed: het is"
        " voorbij en zij is veilig. Zet haar in de Stationsbuurt. Kijk bij de meldingen die erop"
        " lijken: nummer 2 gaat over dezelfde plek en tijd. Maak van beide een dossier van het type"
        " hotspot.",
        age=AgeGroup.AGE_18_24, count=OffenderCount.TWO,
    ),
    Case(
        2, 29, STATION, "Achter het station, bij de fietsen", PlaceType.STATION,
        (Form.CATCALLING, Form.SEXUAL_REMARK),
        "Een groepje bij de fietsen maakte opmerkingen over mijn lichaam toen ik mijn slot losmaakte.",
        "Zelfde plek en tijdstip als nummer 1. Bundel ze in één dossier en schrijf de reden op. Vraag"
        " op een overleg om extra toezicht rond dat uur. Laat de melder weten dat de melding bij een"
        " grotere aanpak hoort.",
        age=AgeGroup.AGE_25_34, count=OffenderCount.THREE_TO_FIVE,
    ),
    Case(
        3, 2, HARBOUR, "Het steegje naast het café", PlaceType.NIGHTLIFE,
        (Form.GROPING, Form.CORNERING),
        "Een man hield mij tegen de muur en greep mij vast. Ik ben losgekomen en naar huis gerend.",
        "Spoed. Dit kan een misdrijf zijn, maar dat beslist u niet: leg een vermoeden vast met de"
        " reden. Bel vandaag, want daar is om gevraagd. Wijs op het Centrum Seksueel Geweld en op"
        " aangifte bij de politie, zonder te dringen. Beloof niet dat een dader wordt gevonden.",
        age=AgeGroup.AGE_18_24, count=OffenderCount.ONE, police=Police.NO,
        contact=Contact(name="Oefen Melder", phone="+31612345678"), wish=ContactWish.CALL,
    ),
    Case(
        4, 50, STATION, "De bushalte voor de school", PlaceType.SCHOOL,
        (Form.WHISTLING, Form.FILMING),
        "Ik ben 15. Een man in een auto floot en filmde ons toen wij op de bus wachtten.",
        "De melder is minderjarig: dat ziet u aan het teken bij de melding. Deel niets met partners"
        " zonder de extra grond. Ouders worden niet vanzelf ingelicht. Neem contact op met de school"
        " over de halte, zonder de melder te noemen.",
        age=AgeGroup.UNDER_16, count=OffenderCount.ONE,
    ),
    Case(
        5, 75, HARBOUR, "Ergens in de haven", PlaceType.OTHER,
        (Form.OTHER,),
        "Het stinkt bij de containers en niemand doet er wat aan.",
        "Dit is geen straatintimidatie. Kies ‘niet in behandeling’ met die reden, en schrijf de melder"
        " vriendelijk waar zij wel terechtkan.",
    ),
    Case(
        6, 98, STATION, "Perron 2", PlaceType.STATION,
        (Form.DISCRIMINATING, Form.INSULTING),
        "Ik zag hoe iemand een meisje uitschold en bespuugde om haar hoofddoek. Jan de Vries uit de"
        " Kerkstraat deed het.",
        "Een getuige. In de tekst staat de naam van een mogelijke dader: die hoort hier niet. Maak haar"
        " onleesbaar. Vraag de melder via de volgcode of het meisje zelf hulp kreeg.",
        role=PartyRole.WITNESS, age=AgeGroup.AGE_35_49,
    ),
)  # fmt: skip
BY_REFERENCE: Final = {case.reference: case for case in CASES}


COLOUR = "#6b3fa0"
TRAINEE = "oov@oefen.example"


def make_practice(engine: Engine, keys: KeyRing, actor: Actor, reserved: Collection[str]) -> int:
    """Make what isn't there yet; the number of cases that were added."""
    with transaction(engine) as session:
        _municipality(session, reserved)
    with transaction(engine, CODE) as session:
        known = set(session.scalars(select(Report.reference)))
        new = [case for case in CASES if case.reference not in known]
        for case in new:
            _receive(session, keys, actor, case)
    return len(new)


def _municipality(session: Session, reserved: Collection[str]) -> None:
    if session.get(Municipality, CODE) is None:
        add_municipality(session, CODE, NAME, PROVINCE)
        session.flush()
        rename_municipalities(session, reserved)
    missing = [code for code in WIJKEN if session.get(Neighbourhood, code) is None]
    for code in missing:
        add_wijk(session, code, CODE, WIJKEN[code], False)
    if missing:
        rename_neighbourhoods(session, {CODE}, reserved)
    if session.get(MunicipalityProfile, CODE) is None:
        session.add(
            MunicipalityProfile(code=CODE, level=ParticipationLevel.PROGRAMME, colour=COLOUR)
        )


def _receive(session: Session, keys: KeyRing, actor: Actor, case: Case) -> None:
    at = utc_now() - timedelta(hours=case.hours_ago)
    arrival = Arrival(Source.WEB_FORM, actor, random_follow_code(), at, reference=case.reference)
    where = Routing(CODE, Place(CODE, case.wijk, None, Method.CHOSEN), None)
    receive(session, keys, case.submission(at - timedelta(hours=1)), where, arrival)


def add_trainee(engine: Engine) -> None:
    """Add somebody of the demo who practises: an account with a role there and nowhere else."""
    with transaction(engine) as session:
        user = find_user(session, TRAINEE)
        if user is None:
            hashed = hash_password(PASSWORD)
            user = User(username=TRAINEE, name="Olga Oefening", password_hash=hashed, demo=True)
            session.add(user)
            session.flush()
        give_role(session, SYSTEM, user, CODE, Role.OFFICER)


def model_answer(context: Any, request: Any) -> Panel | None:
    """Return what a good officer does with it, on the page of a case, closed at first."""
    case = BY_REFERENCE.get(context.report.reference)
    if case is None or not is_practice(context.holder):
        return None
    return Panel(
        "Voorbeelduitwerking",
        "stopintimidatie.demo.replay:templates/model_answer.jinja2",
        {"answer": case.model_answer},
    )
