"""The cases of the practice municipality, each with a model answer. Nobody in them exists. Pure."""

# ruff: noqa: E501 - the cases read as prose

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from stopintimidatie.reports.fields import Contact, Location, Offenders, Submission
from stopintimidatie.reports.references import with_check_character
from stopintimidatie.reports.vocabulary import (
    AgeGroup,
    ContactWish,
    Form,
    OffenderCount,
    PlaceType,
    Police,
    Role,
)


@dataclass(frozen=True)
class Case:
    """What was reported, how long ago, in which wijk, and what a good officer does with it."""

    number: int
    hours_ago: int
    wijk: str
    place: str
    place_type: PlaceType
    forms: tuple[Form, ...]
    account: str
    model_answer: str
    role: Role = Role.VICTIM
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
        """The report, as if it was made at that moment."""
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
        role=Role.WITNESS, age=AgeGroup.AGE_35_49,
    ),
)  # fmt: skip
BY_REFERENCE: Final = {case.reference: case for case in CASES}
