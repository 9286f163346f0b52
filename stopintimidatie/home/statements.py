"""Public statements: `/privacy`, that of a municipality, for the young, `/toegankelijkheid`.

What they say is what the product does. The controller is what the holder filled in, the terms are
those that its archivist approved, and the data are the fields of a report. Tests hold the lists
here against the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from pyramid.authorization import DENY_ALL
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.core.tree import Container, Resource, Root
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.municipalities.accountability.rules import STATEMENT_OF, controller_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    municipalities_by_name,
    municipality_by_slug,
)
from stopintimidatie.municipalities.partners.vocabulary import BASES
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import Part, Published
from stopintimidatie.privacy.retention.outlook import paused_until
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import LISTED, Outcome, Schedule
from stopintimidatie.reports.conversation.words import THINK_AGAIN
from stopintimidatie.reports.public.pages import ELSEWHERE, NATIONAL_LOOK, look_of, spoken
from stopintimidatie.reports.vocabulary import AgeGroup

NAME: Final = "privacy"
YOUNG: Final = "jongeren"
# The day of the last change of the accessibility statement. Change it with the text.
ACCESSIBILITY_OF: Final = date(2026, 11, 28)

# The data of a report in words; a test says which fields of `reports/fields.py` each tells of.
DATA: Final = (
    "Wat er gebeurde: uw verhaal, welke vorm het had, of het vaker gebeurde en of er mensen bij"
    " waren.",
    "Waar en wanneer het was: een adres, een punt op de kaart, een halte of uw eigen woorden.",
    "Wie het deed, voor zover u dat zag: met hoeveel zij waren, hun leeftijd en gender ongeveer,"
    " kleding, vervoer, en of u hen kende.",
    "Iets over u, als u dat wilt: of het u overkwam of dat u het zag, uw leeftijdsgroep, gender en"
    " taal, hoe het voelde en wat u nu anders doet.",
    "Wat u wilt: contact, hulp, of wij mogen delen, en of de politie het al weet.",
    "Uw naam, telefoonnummer en e-mailadres, en wanneer wij mogen bellen. Alleen als u die geeft."
    " Zij staan apart van de melding, en versleuteld.",
    "Uw antwoorden op vragen die de gemeente zelf stelt.",
    "Welke app of pagina u gebruikte, en door welke campagne u daar kwam.",
)

# Each class of which a holder chooses the term, in words for who reads the statement, and the
# event from which the term runs.
_KEPT: Final = {
    "contactgegevens": (
        "Uw naam, telefoonnummer en e-mailadres",
        "het laatste contact, uiterlijk het einde van de behandeling",
    ),
    "melding_afgehandeld": (
        "Een melding die is afgehandeld",
        "de dag waarop dat gebeurde; zit zij in een dossier: de dag waarop het dossier sluit",
    ),
    "melding_niet_in_behandeling": (
        "Een melding die niet in behandeling is genomen",
        "de dag waarop dat is besloten",
    ),
    "melding_ingetrokken": ("Een melding die de melder introk", "de dag van intrekken"),
    "melding_overgedragen": (
        "Wat hier blijft van een melding die naar een andere gemeente ging",
        "de dag van de overdracht",
    ),
    "melding_gewist": (
        "Wat blijft van een melding die op verzoek is gewist: kenmerk en dagen",
        "de dag van wissen",
    ),
    "dossier_afgesloten": (
        "Een dossier, met notities, afspraken en overleggen",
        "de dag waarop het dossier sluit",
    ),
    "uitvoer_inhoud": (
        "Ons eigen exemplaar van wat wij aan een partner gaven",
        "de dag waarop de partner het moet vernietigen",
    ),
    "patroon": (
        "Dat er op een plek en op bepaalde uren vaker iets gebeurt",
        "de laatste keer dat dat is gezien",
    ),
    "bericht": ("Dat wij een e-mail of sms stuurden, en wanneer", "de dag van versturen"),
    "meldpunt_blijft_liggen": (
        "Een melding die geen gemeente ophaalt, of die het meldpunt zelf afsluit",
        "de dag van ontvangst",
    ),
    "meldpunt_opgehaald": (
        "Wat blijft van een melding die de gemeente ophaalde: kenmerk en dagen",
        "de dag van ophalen",
    ),
    "meldpunt_doorgegeven": (
        "Wat blijft van een melding die het meldpunt doorgaf of op verzoek wiste: kenmerk en dagen",
        "de dag van doorgeven of wissen",
    ),
    "doorgifteafspraak": (
        "Bij welke ambtenaar een gemeente meldingen laat aankomen",
        "de dag waarop de afspraak eindigt",
    ),
    "gesprek_met_gemeente": ("Hoe een gesprek met een gemeente afliep", "de dag van het gesprek"),
    "aanmelding_gemeente": ("Wie een gemeente aanmeldde op ‘Aansluiten’", "de dag van aanmelden"),
    "grafsteen": (
        "Wat blijft van iets dat is vernietigd: kenmerk, soort en dagen",
        "de dag van vernietigen",
    ),
}
# Classes of which the product itself sets the term, whatever a holder chooses.
_FIXED: Final = {
    "bestand_tegengehouden": (
        "Een bestand dat de virusscanner tegenhield: verzegeld",
        "de dag waarop het is tegengehouden",
    ),
    "verzoek": (
        "Een vraag over uw gegevens, met onze brieven",
        "de dag waarop de vraag is afgerond",
    ),
    "verstrekking": (
        "Welke organisatie wat van ons kreeg: nummers en soorten gegevens, nooit uw woorden",
        "de dag waarop wij het gaven",
    ),
}
TO_ARCHIVE: Final = "daarna naar het archief"
NOT_NOW: Final = "maar gaat nu niet vanzelf weg"


class Statements(Container):
    """Node of `/privacy`, which is open to everybody."""

    label = "Privacy"

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        municipality = municipality_by_slug(self.__parent__.request.db, name)
        if municipality is None:
            raise KeyError(name)
        return MunicipalityStatement(name, self, municipality)


class MunicipalityStatement(Resource):
    """Node of `/privacy/dordrecht`."""

    def __init__(self, name: str, parent: Any, municipality: Municipality) -> None:
        super().__init__(name, parent)
        self.municipality = municipality

    @property
    def title(self) -> str:
        """The name of the municipality."""
        return self.municipality.name

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


@page_view(Statements, "", NO_PERMISSION_REQUIRED, "templates/privacy.jinja2")
def national_statement(context: Statements, request: Request) -> dict[str, Any]:
    """Show the statement of the national desk, and the way to that of each municipality."""
    published = published_for(request.db, None)
    rows = municipalities_by_name(all_municipalities(request.db))
    return {**_statement(request, None, published), "municipalities": rows}


@page_view(MunicipalityStatement, "", NO_PERMISSION_REQUIRED, "templates/privacy.jinja2")
def municipality_statement(context: MunicipalityStatement, request: Request) -> dict[str, Any]:
    """Show the statement of a municipality; while it takes no part, the desk's about its reports.

    The desk holds the reports of such a municipality, and is their controller until they are
    picked up.
    """
    published = published_for(request.db, context.municipality.code)
    return {**_statement(request, context.municipality, published), "municipalities": []}


def _statement(
    request: Request, municipality: Municipality | None, published: Published
) -> dict[str, Any]:
    """Return what both pages show."""
    own = municipality is not None and published.connected
    contents = published.own if own else published.national
    holder = municipality.code if municipality is not None and own else NATIONAL
    enter(request.db, holder)
    settings, schedule = request.registry.app_settings, present_schedule(request.db)
    pause = paused_until(request.db, holder) if schedule is not None else None
    return {
        **_around(request),
        "branding": look_of(municipality, published),
        "municipality": municipality,
        "own": own,
        "police": own and published.keeps_police_data,
        "controller": controller_of(contents.part(Part.ACCOUNTABILITY)),
        "data": DATA,
        "bases": BASES,
        "terms": kept_terms(schedule, pause),
        "pause": pause,
        "listed": pause is not None and pause < date.max,
        "fixed": fixed_terms(RETENTION_CLASSES.of(request.registry)),
        "geocoder": settings.geocoder != "geen",
        "log_years": settings.log_keep_years,
        "desk_days": settings.desk_keep_days,
        "backup_days": settings.backup_keep_days,
        "think_again": THINK_AGAIN.days,
        "changed_on": STATEMENT_OF,
    }


def _around(request: Request) -> dict[str, Any]:
    return {**spoken(request), "branding": NATIONAL_LOOK, "elsewhere": ELSEWHERE}


@dataclass(frozen=True)
class KeptTerm:
    """A line of the table of terms: what is kept, how long, from when, and what comes after."""

    subject: str
    term: str
    start: str
    after: str


@dataclass(frozen=True)
class KeptTerms:
    """The terms that count now for a holder; `maximum` holds for every document."""

    lines: Sequence[KeptTerm]
    maximum: str


def kept_terms(schedule: Schedule | None, pause: date | None = None) -> KeptTerms | None:
    """Return the terms of a holder in words; None until its archivist approved some.

    Those of short classes promise nothing during a pause.
    """
    if schedule is None:
        return None
    return KeptTerms(list(_lines(schedule, pause)), str(schedule.maximum))


def _lines(schedule: Schedule, pause: date | None) -> Iterable[KeptTerm]:
    for code, (subject, start) in _KEPT.items():
        choice = schedule.choices.get(code)
        if choice is not None:
            term = str(choice.term) if choice.term.number else "tot die dag"
            after = TO_ARCHIVE if choice.outcome is Outcome.TRANSFER else ""
            if pause is not None and code not in LISTED:
                after = NOT_NOW
            yield KeptTerm(subject, term, start, after)


def fixed_terms(classes: Mapping[str, RetentionClass]) -> list[KeptTerm]:
    """Return the terms that hold for everybody, also before an archivist approved any."""
    rows = ((classes[code], words) for code, words in _FIXED.items())
    return [
        KeptTerm(subject, str(row.term or row.until), start, "") for row, (subject, start) in rows
    ]


@page_view(Statements, YOUNG, NO_PERMISSION_REQUIRED, "templates/privacy_young.jinja2")
def young_statement(context: Statements, request: Request) -> dict[str, Any]:
    """Tell somebody young what happens with a report, with the help lines for their age."""
    around = _around(request)
    lines = published_for(request.db, None).help_for(around["language"], AgeGroup.UNDER_16, [])
    return {**around, "help_lines": lines, "think_again": THINK_AGAIN.days}


@dataclass(frozen=True)
class Shortcoming:
    """Known shortcoming in accessibility, with the parts that the model asks for."""

    title: str
    cause: str
    effect: str
    instead: str
    measure: str


PROBLEMS: Final = (
    Shortcoming(
        "Een punt kiezen op de kaart van /melden (WCAG 2.1.1)",
        "De kaart is een plaatje waarop u met muis of vinger een punt aanwijst.",
        "Met alleen het toetsenbord of een schermlezer kunt u geen punt aanwijzen.",
        "Kies de wijk uit de lijst en schrijf erbij waar het was. Dat is genoeg om te melden.",
        "Nog geen.",
    ),
    Shortcoming(
        "Foto’s, geluid en video van melders (WCAG 1.1.1 en 1.2)",
        "Melders sturen ze op; er is geen beschrijving, ondertiteling of uitgeschreven tekst bij.",
        "Medewerkers die niet zien of horen, missen wat erin zit.",
        "Het verhaal van de melder is tekst; een collega kan een notitie schrijven.",
        "Nog geen.",
    ),
    Shortcoming(
        "Bestanden die een ander maakte (WCAG 1.1.1 en 1.3.1)",
        "Medewerkers en partners voegen documenten toe aan dossiers; die wijzigen wij niet.",
        "Zo’n document kan voor een schermlezer niet te lezen zijn.",
        "Vraag wie het toevoegde om een toegankelijk document.",
        "Nog geen.",
    ),
    Shortcoming(
        "Teksten en kleuren die een gemeente zelf instelt",
        "Een gemeente schrijft eigen antwoorden en vragen, en vult niet elke taal in.",
        "Een tekst kan moeilijk zijn, of Nederlands op een Engelse pagina.",
        "De standaardteksten zijn er in het Nederlands en het Engels.",
        "Van een kleur controleert het programma het contrast; van een tekst niets.",
    ),
)
# Research must be planned within this time, or an untested site counts as one that doesn't comply.
_SOON: Final = relativedelta(months=6)


@page_view(Root, "toegankelijkheid", NO_PERMISSION_REQUIRED, "templates/accessibility.jinja2")
def accessibility_statement(context: Root, request: Request) -> dict[str, Any]:
    """Show the accessibility statement, in the form of the Dutch model."""
    content = published_for(request.db, None).national.part(Part.ACCOUNTABILITY)
    settings, controller = request.registry.app_settings, controller_of(content)
    planned = content.get("onderzoek_op")
    return {
        **spoken(request),
        "branding": NATIONAL_LOOK,
        "controller": controller,
        # Without an address of the desk, the one that the operator gave for everybody.
        "contact": controller.accessibility or (settings.contact_email and settings.contact),
        "address": settings.public_address,
        "planned": date.fromisoformat(planned) if planned else None,
        "status": status_of(planned, local_date(utc_now())),
        "problems": PROBLEMS,
        "changed_on": ACCESSIBILITY_OF,
    }


def status_of(planned: str | None, today: date) -> tuple[str, str]:
    """Return the status of the model, letter and words, of a site that nobody independent tested.

    `planned`: the day of the research, as it is stored.
    """
    if planned and today <= date.fromisoformat(planned) <= today + _SOON:
        return "C", "eerste maatregelen genomen"
    return "D", "voldoet niet"
