"""What no municipality can open: the least that each profile hides, by law or by promise.

Data, laid over every version of a profile when it is saved and again when it is used. So a version
that was kept before a rule came in here follows the rule all the same.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from stopintimidatie.exports.profile_rules import (
    Coarse,
    Field,
    Profile,
    Rule,
    Section,
    Subject,
    coarse,
    left_out,
    stricter,
)

Rules = Mapping[Subject, Rule]

EVERYBODY: Final[Rules] = MappingProxyType(
    {
        Field.CONTACT: left_out("contactgegevens gaan nooit mee; ze worden apart vrijgegeven"),
        Field.POLICE_SOURCED: left_out("politiegegevens geven we niet door (Wpg)"),
    }
)
_TEXT: Final = "vrije tekst gaat pas mee als die is nagekeken en zwartgemaakt"
OUTSIDE: Final[Rules] = MappingProxyType(
    {
        Field.NOTES: left_out("notities zijn voor intern gebruik"),
        Field.REFERENCE: left_out(
            "de meldingen staan onder een nummer dat alleen in dit dossier geldt"
        ),
        Field.PLACE_NOTE: coarse(Coarse.REVIEWED, _TEXT),
        Field.APPEARANCE: coarse(Coarse.REVIEWED, _TEXT),
        Field.ACCOUNT: coarse(Coarse.REVIEWED, _TEXT),
    }
)
NOT_POLICE: Final[Rules] = MappingProxyType(
    {
        Field.PLACE: coarse(Coarse.STREET, "alleen politie en handhaving krijgen de precieze plek"),
        Field.APPEARANCE: left_out("signalementen gaan alleen mee in vaste keuzes"),
        Section.ATTACHMENTS: left_out("foto's en geluid gaan alleen naar politie en handhaving"),
    }
)
_NO_REPORTS: Final = "het bestuur krijgt cijfers en duiding, geen meldingen"
FIGURES_ONLY: Final[Rules] = MappingProxyType(
    {
        Section.REPORTS: left_out(_NO_REPORTS),
        Section.OFFENDERS: left_out(_NO_REPORTS),
        Field.PLACE: coarse(Coarse.NEIGHBOURHOOD, _NO_REPORTS),
        Field.PLACE_NOTE: left_out(_NO_REPORTS),
        Field.APPEARANCE: left_out(_NO_REPORTS),
        Field.ACCOUNT: left_out(_NO_REPORTS),
        Field.OFFENDERS: left_out(_NO_REPORTS),
    }
)

MINIMUM: Final[Mapping[str, tuple[Rules, ...]]] = MappingProxyType(
    {
        "intern": (EVERYBODY,),
        "politie": (EVERYBODY, OUTSIDE),
        "handhaving": (EVERYBODY, OUTSIDE),
        "zorg_welzijn": (EVERYBODY, OUTSIDE, NOT_POLICE),
        "woningcorporatie": (EVERYBODY, OUTSIDE, NOT_POLICE),
        "openbaar_vervoer": (EVERYBODY, OUTSIDE, NOT_POLICE),
        "bestuur": (EVERYBODY, OUTSIDE, NOT_POLICE, FIGURES_ONLY),
    }
)


def minimum_for(name: str, subject: Subject) -> Rule | None:
    """The least strict rule that this kind of recipient may have about this; None: no least."""
    least: Rule | None = None
    for rules in MINIMUM[name]:
        found = rules.get(subject)
        least = found if least is None else stricter(subject, least, found)
    return least


def at_least(profile: Profile) -> Profile:
    """This profile with nothing of the minimum open."""
    return replace(
        profile,
        rules=MappingProxyType(
            {
                field: stricter(field, rule, minimum_for(profile.name, field))
                for field, rule in profile.rules.items()
            }
        ),
        sections=MappingProxyType(
            {
                section: stricter(section, rule, minimum_for(profile.name, section))
                for section, rule in profile.sections.items()
            }
        ),
    )
