"""Made-up dossiers for the tests and benchmarks of the export: whole, seeded, believable."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import shapely

from stopintimidatie.exports.profiles.rules import SHOWN, Profile, Section, at_least
from stopintimidatie.exports.redaction import rules
from stopintimidatie.exports.redaction.content import DossierContent
from stopintimidatie.exports.redaction.selection import select
from stopintimidatie.exports.redaction.source import (
    DossierSource,
    Edition,
    EventKind,
    Offenders,
    PreviousVersion,
    Reliability,
    SourceAction,
    SourceAgreement,
    SourceArea,
    SourceAttachment,
    SourceConsultation,
    SourceEvent,
    SourceHouse,
    SourceMeasure,
    SourceReport,
    Term,
)
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.reports.vocabulary import TimePrecision

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
FORMS = (
    Term("naroepen", "naroepen"),
    Term("nafluiten", "nafluiten"),
    Term("seksuele_opmerking", "seksuele opmerking"),
    Term("hinderlijk_volgen", "hinderlijk volgen"),
    Term("beledigen_schelden", "beledigen of schelden"),
    Term("in_het_nauw_drijven", "in het nauw drijven"),
    Term("betasten", "betasten"),
    Term("nastaren", "nastaren"),
)
PLACE_TYPES = (
    Term("straat_plein", "straat of plein"),
    Term("station_halte", "station of halte"),
    Term("uitgaansgebied", "uitgaansgebied"),
    Term("parkeergelegenheid_tunnel", "parkeerplaats, garage of tunnel"),
)
PLACES = ("Statenplein", "Vrieseplein", "Bagijnhof, bij de bushalte", "Spuiboulevard")
POINTS = ((51.8133, 4.6690), (51.8108, 4.6717), (51.8121, 4.6731), (51.8096, 4.6698))
# Made up: squares that lie against each other as neighbourhoods do.
AREAS = (
    ("Binnenstad", (4.6600, 51.8080, 4.6760, 51.8200)),
    ("Noordflank", (4.6600, 51.8200, 4.6900, 51.8300)),
    ("Reeland", (4.6760, 51.8000, 4.6950, 51.8200)),
    ("Krispijn", (4.6450, 51.7950, 4.6760, 51.8080)),
)
ACCOUNTS = (
    "Ik liep van de bioscoop naar mijn fiets. Een groepje begon te roepen en te fluiten. Toen ik "
    "niets zei, liepen ze mee tot aan de stalling.",
    "Twee jongens op een fatbike reden langzaam naast me en maakten opmerkingen over mijn lichaam.",
    "Bij de halte kwam een man steeds dichterbij staan. Ik ben een halte verder gelopen.",
    "Er werd van achteren tegen me geroepen. Ik ben een winkel ingegaan tot ze weg waren. Mijn "
    "vriendin maakte vorige week precies hetzelfde mee.",
)
ROLES = (Term("slachtoffer", "slachtoffer"), Term("getuige", "getuige"))
ON_BEHALF = Term("namens_ander", "namens een ander")


def a_report(serial: int = 1, **changes: Any) -> SourceReport:
    """One report with something in every field."""
    report = SourceReport(
        serial=serial,
        reference=f"M-{serial:04d}-{(serial * 7919) % 10000:04d}",
        happened_at=datetime(2026, 9, 18, 20, 40, tzinfo=UTC),
        precision=TimePrecision.EXACT,
        part_of_day=None,
        place="Statenplein",
        point=POINTS[0],
        place_note="naast de ingang van de supermarkt",
        neighbourhood="Binnenstad",
        place_type=PLACE_TYPES[0],
        forms=(FORMS[0], FORMS[3]),
        role=ROLES[0],
        feeling=Term("onveilig_bang", "onveilig of bang"),
        consequences=(Term("mijdt_plek", "mijdt de plek"),),
        recurrence=Term("vaker_zelfde_plek", "vaker, zelfde plek"),
        reporter_age=Term("18_24", "18 tot en met 24 jaar"),
        offenders=Offenders(
            number=Term("3_5", "3 tot 5"),
            in_group=True,
            known=Term("onbekend", "onbekende"),
            age=Term("18_24", "18 tot en met 24 jaar"),
            gender=Term("man", "man"),
            transport=Term("fatbike_scooter", "fatbike of scooter"),
            appearance="zwarte jas met capuchon",
        ),
        bystanders=Term("grepen_niet_in", "grepen niet in"),
        police=Term("nee", "niet gemeld bij de politie"),
        willing_to_talk=True,
        account=ACCOUNTS[0],
    )
    return replace(report, **changes)


def some_reports(number: int, seed: int = 1) -> tuple[SourceReport, ...]:
    """Reports over a year and a half, more of them lately and on weekend evenings."""
    chance = random.Random(seed)
    return tuple(_random_report(serial, chance) for serial in range(1, number + 1))


def _random_report(serial: int, chance: random.Random) -> SourceReport:
    age = int(540 * chance.random() ** 1.7)
    on = NOW - timedelta(days=age)
    on += timedelta(days=chance.choice((0, 0, (4 - on.weekday()) % 7 - 7)))
    hour = chance.choice((9, 13, 16, 18, 19, 20, 20, 21, 22, 22))
    minor = chance.random() < 0.12
    where = chance.randrange(len(PLACES))
    lat, lon = POINTS[where]
    return a_report(
        serial,
        point=(lat + chance.randrange(9) / 10_000, lon + chance.randrange(9) / 10_000),
        place=PLACES[where],
        happened_at=on.replace(hour=hour, minute=chance.randrange(0, 60, 5)),
        precision=chance.choice(
            (TimePrecision.EXACT,) * 4 + (TimePrecision.HOUR, TimePrecision.DAY)
        ),
        place_note=chance.choice(("", "", "naast de ingang van de supermarkt")),
        place_type=chance.choice(PLACE_TYPES),
        forms=tuple(chance.sample(FORMS, chance.choice((1, 1, 2, 3)))),
        role=chance.choice((*ROLES, *ROLES, ON_BEHALF)),
        recurrence=chance.choice((None, Term("eerste_keer", "eerste keer"))),
        bystanders=chance.choice((None, Term("geen", "geen omstanders"))),
        offenders=_random_offenders(chance),
        minor=minor,
        reporter_age=Term("16_17", "16 of 17 jaar") if minor else Term("25_34", "25 tot 35 jaar"),
        willing_to_talk=chance.random() < 0.3,
        account=chance.choice((*ACCOUNTS, "")),
        share_police=chance.random() < 0.9,
    )


def _random_offenders(chance: random.Random) -> Offenders:
    if chance.random() < 0.3:
        return Offenders(number=Term("1", "1"), gender=Term("man", "man"))
    return a_report().offenders


def a_request(**changes: Any) -> ExportRequest:
    request = ExportRequest(
        profile="politie",
        recipient="Politie, basisteam Drechtsteden Binnen",
        question="Wilt u op vrijdag- en zaterdagavond tussen 19 en 23 uur extra toezicht houden "
        "rond het Statenplein? En wilt u aangeven of u deze groep kent?",
        answer_by=date(2026, 12, 8),
        purpose="Samen bepalen welk toezicht nodig is rond het Statenplein, zodat "
        "straatintimidatie daar afneemt.",
        legal_basis="avg_6_1_e_openbare_orde",
        covenant="Convenant Veilige Binnenstad Dordrecht (2025)",
        destroy_by=date(2027, 5, 24),
        owner_phone="078 000 00 07",
        facts="Er zijn sinds mei 2025 meldingen van verschillende mensen over dezelfde plek. De "
        "verlichting bij de fietsenstalling was in september twee weken stuk.",
        perceptions="Melders zijn vooral bang als ze alleen lopen. Een deel mijdt het plein na "
        "acht uur 's avonds.",
        assumptions="Mogelijk gaat het om een groep die na de training bij elkaar blijft. Dat is "
        "nog niet nagegaan.",
    )
    return replace(request, **changes)


def an_edition(**changes: Any) -> Edition:
    edition = Edition(
        export_id="E-2026-7K4Q-0M3X",
        version=2,
        frozen_at=NOW,
        verification_url="https://meldpunt.example/verificatie?uitgave=E-2026-7K4Q-0M3X",
        legal_basis="AVG art. 6 lid 1 e, taak van algemeen belang: openbare orde (Gemeentewet)",
        previous=PreviousVersion(date(2026, 10, 13), frozenset(range(1, 16))),
    )
    return replace(edition, **changes)


def a_house(**changes: Any) -> SourceHouse:
    house = SourceHouse(
        name="Gemeente Dordrecht",
        department="Openbare Orde en Veiligheid",
        colour="#154273",
        logo=None,
        data_leak_contact="datalek@dordrecht.example of 078 000 00 00 (dag en nacht)",
    )
    return replace(house, **changes)


def a_dossier(reports: Sequence[SourceReport] | int = 18, **changes: Any) -> DossierSource:
    """A hot spot in the middle of being dealt with."""
    if isinstance(reports, int):
        reports = some_reports(reports)
    dossier = DossierSource(
        house=a_house(),
        request=a_request(),
        edition=an_edition(),
        number="2026-0007",
        title="Straatintimidatie rond het Statenplein",
        kind=Term("hotspot", "hotspot"),
        state=Term("in_aanpak", "in aanpak"),
        neighbourhood="Binnenstad",
        place="Statenplein en omgeving",
        owner="Dossierhouder OOV",
        assessment="Sinds het voorjaar komen er meer meldingen van het Statenplein en de straten "
        "eromheen. Het gaat vooral om naroepen en volgen door een wisselende groep jonge mannen."
        "\n\nDe meldingen vallen samen met de sluitingstijd van de bioscoop. Extra toezicht in "
        "oktober hielp zolang het duurde.",
        feedback_by="De dossierhouder belt of mailt de melders die dat wilden, na het overleg.",
        feedback_text="Dat de gemeente en de politie samen kijken naar toezicht op het plein. "
        "Nog niets over personen.",
        reports=tuple(reports),
        events=some_events(),
        actions=some_actions(),
        agreements=some_agreements(),
        measures=some_measures(),
        consultations=some_consultations(),
        attachments=some_attachments(),
        areas=some_areas(),
        areas_source="Grenzen van de wijken: CBS en Kadaster, 2024.",
    )
    return replace(dossier, **changes)


def redact(source: DossierSource, profile: Profile) -> DossierContent:
    """Redact it for this kind of recipient."""
    return rules.redact(source, select(source.reports, profile))


def opened(profile: Profile) -> Profile:
    """As an admin makes it who opens the files, as far as the minimum lets them."""
    sections = {**profile.sections, Section.ATTACHMENTS: SHOWN}
    return at_least(replace(profile, sections=MappingProxyType(sections)))


def frozen(content: DossierContent, files: Mapping[str, bytes]) -> DossierContent:
    """As it is kept at the approval: with the hash of each file that goes along."""
    told = tuple(
        replace(file, sha256=sha256(files[file.file_name]).hexdigest()) if file.file_name else file
        for file in content.attachments.files
    )
    return replace(content, attachments=replace(content.attachments, files=told))


def some_areas() -> tuple[SourceArea, ...]:
    return tuple(
        SourceArea(name, name == "Binnenstad", shapely.to_wkb(shapely.box(*box)))
        for name, box in AREAS
    )


def some_measures() -> tuple[SourceMeasure, ...]:
    return (
        SourceMeasure(
            date(2026, 10, 9),
            "Cameratoezicht op het plein in het weekend",
            "teamleider toezicht",
            "Nog aan het begin; de camera's staan sinds half oktober goed.",
            rest=(31, 62),
        ),
    )


def some_consultations() -> tuple[SourceConsultation, ...]:
    return (
        SourceConsultation(
            date(2026, 9, 30),
            "overleg",
            ("Politie (wijkagent)", "Jongerenwerk (coördinator)", "Ondernemers (voorzitter)"),
            "Jongerenwerk gaat in gesprek met de groep. De bioscoop kijkt naar de uitloop.",
            date(2026, 12, 1),
        ),
    )


def some_attachments() -> tuple[SourceAttachment, ...]:
    return (
        SourceAttachment(
            1,
            "foto",
            "Fietsenstalling in het donker",
            date(2026, 9, 8),
            240_000,
            "image/jpeg",
            "2026-0007-bijlage-1.jpg",
        ),
    )


def some_events() -> tuple[SourceEvent, ...]:
    own = Reliability.ESTABLISHED
    return (
        SourceEvent(date(2026, 6, 2), "Dossier geopend", "gemeente", own, EventKind.STATE),
        SourceEvent(
            date(2026, 9, 8),
            "Verlichting bij de fietsenstalling stuk; gemeld bij beheer",
            "gemeente",
            own,
            EventKind.ACTION,
        ),
        SourceEvent(
            date(2026, 9, 30),
            "Overleg met politie, jongerenwerk en de ondernemersvereniging",
            "gemeente",
            own,
            EventKind.CONSULTATION,
        ),
        SourceEvent(
            date(2026, 10, 5),
            "Eigenaar van de bioscoop wil meedenken over de uitloop",
            "gesprek",
            Reliability.FROM_OTHERS,
            EventKind.NOTE,
        ),
        SourceEvent(
            date(2026, 10, 20),
            "Politie noemt twee bekende jongeren",
            "politie",
            own,
            EventKind.CONSULTATION,
            police_sourced=True,
        ),
    )


def some_actions() -> tuple[SourceAction, ...]:
    return (
        SourceAction(
            date(2026, 9, 22), "Verlichting hersteld", "beheerder openbare ruimte", "Plek is licht"
        ),
        SourceAction(
            date(2026, 10, 9),
            "Vier weekenden extra toezicht van boa's tussen 19 en 23 uur",
            "teamleider handhaving",
            "Twee meldingen in die weken, tegen zeven in de vier weken daarvoor. Daarna liep het "
            "weer op.",
        ),
    )


def some_agreements() -> tuple[SourceAgreement, ...]:
    open_, done = Term("open", "loopt"), Term("klaar", "klaar")
    return (
        SourceAgreement(
            date(2026, 9, 30),
            "Jongerenwerk gaat op vrijdagavond langs het plein",
            "coördinator jongerenwerk",
            date(2026, 12, 18),
            open_,
            True,
            date(2026, 12, 1),
        ),
        SourceAgreement(
            date(2026, 10, 28),
            "Bioscoop opent de tweede uitgang bij late films",
            "ondernemersvereniging",
            date(2026, 12, 11),
            open_,
            True,
        ),
        SourceAgreement(
            date(2026, 9, 30),
            "Verlichting nalopen op de hele route",
            "beheerder openbare ruimte",
            date(2026, 10, 15),
            done,
            False,
        ),
    )
