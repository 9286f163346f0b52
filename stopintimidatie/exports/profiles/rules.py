"""Redaction profiles: each section and field is shown, coarsened (how) or left out.

Pure. A profile decides on everything there is to decide; what it forgets is a mistake found when
it is made. On top of it lie overlays: stricter rules for reports of a certain kind. What the law
asks of every profile of a kind is an overlay too (`minimum`): the stricter of two rules holds, so
nothing laid over a profile ever opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Treatment(IntEnum):
    """The treatment that a rule gives; a higher number is stricter."""

    SHOWN = 0
    COARSENED = 1
    LEFT_OUT = 2


# In words, by treatment.
WORDS: Final = ("zichtbaar", "grover", "weggelaten")


class Field(StrEnum):
    """The fields that a profile decides on, with the words the annex uses for them."""

    REFERENCE = "kenmerk van de melding"
    TIME = "tijdstip"
    PLACE = "precieze plek"
    PLACE_NOTE = "beschrijving van de plek in eigen woorden"
    PLACE_TYPE = "soort plek"
    FORMS = "vormen"
    ROLE = "wie het meldde"
    RECURRENCE = "of het vaker gebeurde"
    FEELING = "gevoel"
    CONSEQUENCES = "gevolgen voor gedrag"
    REPORTER_AGE = "leeftijdsgroep van de melder"
    OFFENDERS = "kenmerken van de pleger in vaste keuzes"
    APPEARANCE = "signalement in eigen woorden"
    BYSTANDERS = "omstanders"
    POLICE = "contact van de melder met de politie"
    WILLING = "of de melder wil praten"
    ACCOUNT = "verhaal van de melder"
    NOTES = "interne notities"
    POLICE_SOURCED = "gegevens die van de politie komen"
    CONTACT = "naam en contactgegevens van melders"
    RECIPIENTS = "andere ontvangers van dit dossier"


class Section(StrEnum):
    """A part of the document, by its title. Page one and the account of it are always there."""

    PICTURE = "beeld"
    MAP = "kaart"
    CHRONOLOGY = "chronologie"
    REPORTS = "meldingen"
    OFFENDERS = "signalementen"
    ACTIONS = "eerdere acties en effect"
    CONSULTATIONS = "overleggen"
    AGREEMENTS = "besluiten en afspraken"
    FEEDBACK = "terugkoppeling aan melders"
    ATTACHMENTS = "bijlagen"


class Coarse(StrEnum):
    """The ways to make something coarser, in words that follow on 'grover:'."""

    REVIEWED = "alleen wat is nagekeken"
    PART_OF_DAY = "datum en dagdeel"
    DAY = "alleen de datum"
    STREET = "straat of halte"
    NEIGHBOURHOOD = "alleen de wijk"
    NUMBER = "alleen aantal en groep"
    KIND = "alleen het soort ontvanger"


# Free text goes to others only after somebody looked at it and marked what must stay out.
FREE_TEXT: Final = (Field.PLACE_NOTE, Field.APPEARANCE, Field.ACCOUNT)
# The fields that can be made coarser, each with its steps from loose to strict.
COARSENINGS: Final[Mapping[Field, tuple[Coarse, ...]]] = MappingProxyType(
    {
        Field.TIME: (Coarse.PART_OF_DAY, Coarse.DAY),
        Field.PLACE: (Coarse.STREET, Coarse.NEIGHBOURHOOD),
        Field.OFFENDERS: (Coarse.NUMBER,),
        Field.RECIPIENTS: (Coarse.KIND,),
        **dict.fromkeys(FREE_TEXT, (Coarse.REVIEWED,)),
    }
)
# The document is made of these: the figures, the order, what it is about.
ALWAYS_SHOWN: Final = frozenset({Field.FORMS, Field.PLACE_TYPE})
NEVER_WHOLLY_OUT: Final = frozenset({Field.TIME, Field.PLACE})


class Sharing(StrEnum):
    """The sharing preference of a reporter that counts for this recipient."""

    NONE = "geen"
    POLICE = "politie"
    PARTNERS = "ketenpartners"


@dataclass(frozen=True, slots=True)
class Rule:
    """A treatment and, unless the thing is simply shown, why; and how it is made coarser."""

    treatment: Treatment
    why: str = ""
    how: Coarse | None = None

    @property
    def label(self) -> str:
        """Put it in words, as the annex and the preview say it."""
        return WORDS[self.treatment] + (f": {self.how.value}" if self.how else "")

    def category(self, field: Field) -> str:
        """Name a field that goes along for the register, with how much coarser it went."""
        return field.value if self.how is None else f"{field.value}, {self.label}"


SHOWN: Final = Rule(Treatment.SHOWN)
Subject = Field | Section


def left_out(why: str) -> Rule:
    """Make a rule that leaves something out."""
    return Rule(Treatment.LEFT_OUT, why)


def coarse(how: Coarse, why: str) -> Rule:
    """Make a rule that shows something coarser."""
    return Rule(Treatment.COARSENED, why, how)


def steps(subject: Subject) -> tuple[tuple[Treatment, Coarse | None], ...]:
    """Return all that a rule about this can do, from loose to strict."""
    if isinstance(subject, Section):
        return (Treatment.SHOWN, None), (Treatment.LEFT_OUT, None)
    coarser = tuple((Treatment.COARSENED, how) for how in COARSENINGS.get(subject, ()))
    out = () if subject in ALWAYS_SHOWN | NEVER_WHOLLY_OUT else ((Treatment.LEFT_OUT, None),)
    return ((Treatment.SHOWN, None), *coarser, *out)


def strictness(subject: Subject, rule: Rule) -> int:
    """Return how strict a rule is, counted in the steps of this subject."""
    return steps(subject).index((rule.treatment, rule.how))


def stricter(subject: Subject, rule: Rule, other: Rule | None) -> Rule:
    """Return the stricter of two rules; of equals the first."""
    if other is None or strictness(subject, other) <= strictness(subject, rule):
        return rule
    return other


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules that redact a dossier for one kind of recipient."""

    name: str
    version: int
    label: str
    rules: Mapping[Field, Rule]
    sections: Mapping[Section, Rule]
    sharing: Sharing
    not_allowed: str
    destroy_note: str
    # Only for who may enforce here: where and when boas are empowered (art. 429ter Sr).
    empowered_only: bool = False
    # Within the municipality itself: no partner, and its own use is ground enough.
    own_house: bool = False
    # With the assessment of officers, and what reporters felt or thought by their account of it.
    assessed: bool = True

    def __post_init__(self) -> None:
        for every, given in ((Field, self.rules), (Section, self.sections)):
            if missing := set(every) - set(given):
                raise ValueError(f"profile {self.name} doesn't decide on {sorted(missing)}")
            _check(self.name, given)

    @property
    def lists_reports(self) -> bool:
        """True if the document tells of each report, under its number."""
        return self.has(Section.REPORTS)

    def has(self, section: Section) -> bool:
        """Tell whether a section is in the document."""
        return self.sections[section].treatment is Treatment.SHOWN

    def rule(self, subject: Subject) -> Rule:
        """Return the rule about a field or a section."""
        if isinstance(subject, Section):
            return self.sections[subject]
        return self.rules[subject]


@dataclass(frozen=True, slots=True)
class Overlay:
    """Stricter rules on top of a profile, for reports of a certain kind."""

    name: str
    version: int
    rules: Mapping[Field, Rule]

    def __post_init__(self) -> None:
        _check(self.name, self.rules)


def _check(name: str, rules: Mapping[Field, Rule] | Mapping[Section, Rule]) -> None:
    for subject, rule in rules.items():
        if (rule.treatment, rule.how) not in steps(subject):
            raise ValueError(f"{name}: {subject} can't be {rule.label}")
        if rule.treatment is not Treatment.SHOWN and not rule.why:
            raise ValueError(f"{name}: {subject} is hidden without a reason")


def rules_under(profile: Profile, overlay: Overlay | None) -> dict[Field, Rule]:
    """Give for each field the rule that holds: the stricter of profile and overlay."""
    rules = {field: profile.rules[field] for field in Field}
    for field, rule in overlay.rules.items() if overlay else ():
        rules[field] = stricter(field, rules[field], rule)
    return rules


# The minimum that no municipality can open: each profile hides this, by law or by promise.
#
# Data, laid over every version of a profile when it is saved and again when it is used. So a
# version that was kept before a rule came in here follows the rule all the same.


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
        **dict.fromkeys(FREE_TEXT, coarse(Coarse.REVIEWED, _TEXT)),
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
        **dict.fromkeys((*FREE_TEXT, Field.OFFENDERS), left_out(_NO_REPORTS)),
    }
)
# People who know everybody around a place: one number or day tells them whose report it was.
_RECOGNISED: Final = "leraren herkennen leerlingen"
NO_SINGLE_REPORT: Final[Rules] = MappingProxyType(
    {
        **{
            part: left_out(_RECOGNISED)
            for part in Section
            if part not in (Section.PICTURE, Section.MAP)
        },
        **{
            field: left_out(_RECOGNISED)
            for field in Field
            if field not in ALWAYS_SHOWN | NEVER_WHOLLY_OUT
        },
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
        "school": (EVERYBODY, OUTSIDE, NOT_POLICE, NO_SINGLE_REPORT),
        "bestuur": (EVERYBODY, OUTSIDE, NOT_POLICE, FIGURES_ONLY),
    }
)


def minimum_for(name: str, subject: Subject) -> Rule | None:
    """Return the least strict rule that this recipient may have about this; None: no least."""
    least: Rule | None = None
    for rules in MINIMUM[name]:
        rule = rules.get(subject)
        least = rule if least is None else stricter(subject, least, rule)
    return least


def at_least(profile: Profile) -> Profile:
    """Return this profile with nothing of the minimum open."""
    name = profile.name
    rules = {f: stricter(f, rule, minimum_for(name, f)) for f, rule in profile.rules.items()}
    parts = {s: stricter(s, rule, minimum_for(name, s)) for s, rule in profile.sections.items()}
    return replace(profile, rules=MappingProxyType(rules), sections=MappingProxyType(parts))
