"""The profiles a municipality begins with, one per kind of recipient, and the overlay for minors.

A municipality's admin makes its own versions of them (`profile_versions`), never laxer than
`minimum` allows. A change of a rule here is a new version here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from stopintimidatie.exports.profiles.rules import (
    FREE_TEXT,
    NO_SINGLE_REPORT,
    SHOWN,
    Coarse,
    Field,
    Overlay,
    Profile,
    Rule,
    Section,
    Sharing,
    at_least,
    coarse,
    left_out,
)


def _rules(**hidden: Rule) -> Mapping[Field, Rule]:
    """Return rules that show every field, except what is named here."""
    return MappingProxyType(
        dict.fromkeys(Field, SHOWN) | {Field[name]: rule for name, rule in hidden.items()}
    )


def _sections(**hidden: Rule) -> Mapping[Section, Rule]:
    named = {Section[name]: rule for name, rule in hidden.items()}
    return MappingProxyType(
        dict.fromkeys(Section, SHOWN) | {Section.ATTACHMENTS: left_out(_FILES)} | named
    )


_AGE: Final = "niet nodig voor het doel; alleen of er minderjarigen bij zijn"
_FILES: Final = "bijlagen gaan alleen mee als het profiel ze openzet"
_TABLE: Final = "wat aan tafel is besproken, is voor wie aan tafel zat"
_OTHERS: Final = "wie het dossier nog meer kreeg, hoeft deze ontvanger niet te weten"
_VIA_OWNER: Final = "contact met melders loopt via de dossierhouder"
_POLICE_CONTACT: Final = "of de melder bij de politie was, hoeft deze ontvanger niet te weten"


def _outside(**hidden: Rule) -> Mapping[Field, Rule]:
    """Return rules for a recipient outside, who sees less whatever is named here."""
    less = {
        "REPORTER_AGE": left_out(_AGE),
        "APPEARANCE": left_out("signalementen gaan alleen mee in vaste keuzes"),
        "RECIPIENTS": left_out(_OTHERS),
    }
    return _rules(**less | hidden)


def _profile(**parts: Any) -> Profile:
    """Return a profile that opens nothing of the minimum, which needn't be named in it."""
    return at_least(Profile(**parts))


INTERNAL = _profile(
    name="intern",
    version=1,
    label="Intern (eigen afdeling OOV)",
    rules=_rules(),
    sections=_sections(),
    sharing=Sharing.NONE,
    not_allowed="Geef dit dossier niet door buiten de eigen afdeling. Voor een partner wordt een "
    "eigen versie gemaakt.",
    destroy_note="Het dossier zelf blijft in het systeem tot de gemeente het vernietigt of "
    "overbrengt volgens haar bewaartermijnen. Zolang die niet zijn goedgekeurd, verdwijnt het niet "
    "vanzelf.",
    own_house=True,
)

POLICE = _profile(
    name="politie",
    version=2,
    label="Politie",
    rules=_outside(RECIPIENTS=coarse(Coarse.KIND, _OTHERS)),
    sections=_sections(),
    sharing=Sharing.POLICE,
    not_allowed="Geef dit dossier niet door aan anderen. Wilt u dat toch, vraag het dan eerst aan "
    "de dossierhouder.",
    destroy_note="Neemt u gegevens op in een politiesysteem? Vanaf dat moment gelden daar de "
    "termijnen van de Wet politiegegevens. Vernietig dit document dan toch uiterlijk op deze "
    "datum.",
)

ENFORCEMENT = _profile(
    name="handhaving",
    version=2,
    label="Handhaving (boa's)",
    rules=_outside(
        POLICE=left_out(_POLICE_CONTACT),
        CONSEQUENCES=left_out("niet nodig voor toezicht op straat"),
        WILLING=left_out(_VIA_OWNER),
        RECIPIENTS=coarse(Coarse.KIND, _OTHERS),
    ),
    sections=_sections(),
    sharing=Sharing.PARTNERS,
    not_allowed="Gebruik dit dossier alleen voor toezicht en handhaving op deze plek. Geef het niet"
    " door aan anderen, ook niet aan de politie: vraag dat eerst aan de dossierhouder.",
    destroy_note="Zet geen gegevens van melders in een eigen systeem.",
    empowered_only=True,
)

WELFARE = _profile(
    name="zorg_welzijn",
    version=1,
    label="Zorg en welzijn",
    rules=_outside(
        TIME=coarse(Coarse.PART_OF_DAY, "het dagdeel is genoeg om er te zijn"),
        POLICE=left_out(_POLICE_CONTACT),
        WILLING=left_out(_VIA_OWNER),
    ),
    sections=_sections(CONSULTATIONS=left_out(_TABLE)),
    sharing=Sharing.PARTNERS,
    not_allowed="Gebruik dit dossier alleen om hulp te bieden of met jongeren in gesprek te gaan. "
    "Zoek niet uit wie de melders zijn, en geef het dossier niet door.",
    destroy_note="Zet geen gegevens uit dit dossier in het dossier van een cliënt of jongere.",
)

HOUSING = _profile(
    name="woningcorporatie",
    version=1,
    label="Woningcorporatie",
    rules=_outside(
        TIME=coarse(Coarse.PART_OF_DAY, "het dagdeel is genoeg voor maatregelen aan de plek"),
        PLACE_NOTE=left_out("kan een woning aanwijzen"),
        FEELING=left_out("niet nodig voor maatregelen aan de plek"),
        CONSEQUENCES=left_out("niet nodig voor maatregelen aan de plek"),
        ACCOUNT=left_out("niet nodig voor maatregelen aan de plek"),
        OFFENDERS=coarse(Coarse.NUMBER, "een verhuurder zoekt niet naar personen"),
        BYSTANDERS=left_out("niet nodig voor maatregelen aan de plek"),
        POLICE=left_out(_POLICE_CONTACT),
        WILLING=left_out(_VIA_OWNER),
    ),
    sections=_sections(
        OFFENDERS=left_out("een verhuurder zoekt niet naar personen"),
        CONSULTATIONS=left_out(_TABLE),
    ),
    sharing=Sharing.PARTNERS,
    not_allowed="Gebruik dit dossier alleen voor maatregelen aan de plek, zoals licht, toegang en "
    "beheer. Gebruik het niet tegen een huurder, en geef het niet door.",
    destroy_note="Zet geen gegevens uit dit dossier in het dossier van een huurder of woning.",
)

TRANSPORT = _profile(
    name="openbaar_vervoer",
    version=1,
    label="Openbaar vervoer",
    rules=_outside(
        CONSEQUENCES=left_out("niet nodig voor toezicht in het openbaar vervoer"),
        POLICE=left_out(_POLICE_CONTACT),
        WILLING=left_out(_VIA_OWNER),
    ),
    sections=_sections(CONSULTATIONS=left_out(_TABLE)),
    sharing=Sharing.PARTNERS,
    not_allowed="Gebruik dit dossier alleen voor toezicht op haltes en stations en in voertuigen. "
    "Zoek niet uit wie de melders zijn, en geef het dossier niet door.",
    destroy_note="Zet geen gegevens uit dit dossier in een eigen systeem voor incidenten.",
)

SCHOOL = _profile(
    name="school",
    version=1,
    label="School",
    rules=_rules(
        **{field.name: rule for field, rule in NO_SINGLE_REPORT.items() if isinstance(field, Field)}
    ),
    sections=_sections(
        **{part.name: rule for part, rule in NO_SINGLE_REPORT.items() if isinstance(part, Section)}
    ),
    sharing=Sharing.PARTNERS,
    not_allowed="Zoek niet uit wie de melders zijn of wie het deed, en vraag er leerlingen niet"
    " naar. Gebruik dit document alleen voor wat hierboven wordt gevraagd, en geef het niet door.",
    destroy_note="Zet geen gegevens uit dit document in het dossier van een leerling.",
    assessed=False,
)

MAYOR = _profile(
    name="bestuur",
    version=1,
    label="Bestuur (burgemeester)",
    rules=_outside(
        PLACE=coarse(Coarse.NEIGHBOURHOOD, "het bestuur krijgt cijfers en geen meldingen"),
        PLACE_NOTE=left_out("het bestuur krijgt geen meldingen"),
        ACCOUNT=left_out("het bestuur krijgt geen meldingen"),
        OFFENDERS=left_out("het bestuur krijgt geen meldingen"),
        WILLING=left_out(_VIA_OWNER),
        RECIPIENTS=SHOWN,
    ),
    sections=_sections(
        REPORTS=left_out("het bestuur krijgt cijfers en duiding, geen meldingen"),
        OFFENDERS=left_out("het bestuur krijgt geen signalementen"),
    ),
    sharing=Sharing.NONE,
    not_allowed="Leid uit de cijfers geen personen af. Geef dit dossier niet door: voor een ander "
    "wordt een eigen versie gemaakt.",
    destroy_note="Voeg dit document niet toe aan openbare stukken.",
    own_house=True,
)

MINORS = Overlay(
    name="minderjarigen",
    version=1,
    rules=MappingProxyType(
        {
            Field.TIME: coarse(
                Coarse.PART_OF_DAY, "bij minderjarigen alleen de datum en het dagdeel"
            ),
            **dict.fromkeys(FREE_TEXT, left_out("bij minderjarigen geen vrije tekst")),
            Field.REPORTER_AGE: left_out("bij minderjarigen alleen dat de melder minderjarig is"),
            Field.CONSEQUENCES: left_out("bij minderjarigen geen gegevens over hun gedrag"),
            Field.WILLING: left_out("contact met minderjarigen loopt alleen via de dossierhouder"),
        }
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (INTERNAL, POLICE, ENFORCEMENT, WELFARE, HOUSING, TRANSPORT, SCHOOL, MAYOR)
    }
)


# The words for each kind of recipient, also of those that older exports name.
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {"openbaar": "Woo-verzoek: openbaar", **{name: kind.label for name, kind in PROFILES.items()}}
)


def offered(*, empowered: bool) -> tuple[Profile, ...]:
    """Return the profiles of the kinds of recipients that there may be here and today."""
    return tuple(p for p in PROFILES.values() if empowered or not p.empowered_only)


def for_partners(session: object, holder: str) -> list[tuple[str, str]]:
    """Return what can be proposed for a partner; whether boas enforce is asked per export."""
    return [(profile.name, profile.label) for profile in PROFILES.values() if not profile.own_house]
