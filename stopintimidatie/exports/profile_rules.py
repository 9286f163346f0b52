"""What a redaction profile is: per section and per field, shown, coarsened (how) or left out.

Pure. A profile decides on everything there is to decide; what it forgets is a mistake found when
it is made. On top of it lie overlays: stricter rules for reports of a certain kind. What the law
asks of every profile of a kind is an overlay too (`minimum`): the stricter of two rules holds, so
nothing laid over a profile ever opens it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Treatment(IntEnum):
    """What a rule does; a higher number is stricter."""

    SHOWN = 0
    COARSENED = 1
    LEFT_OUT = 2

    @property
    def label(self) -> str:
        return ("zichtbaar", "grover", "weggelaten")[self]


class Field(StrEnum):
    """What a profile decides on, with the words the annex uses for it."""

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
    """How something is made coarser, in words that follow on 'grover:'."""

    REVIEWED = "alleen wat is nagekeken"
    PART_OF_DAY = "datum en dagdeel"
    DAY = "alleen de datum"
    STREET = "straat of halte"
    NEIGHBOURHOOD = "alleen de wijk"
    NUMBER = "alleen aantal en groep"
    KIND = "alleen het soort ontvanger"


# Free text goes to others only after somebody looked at it and marked what must stay out.
FREE_TEXT: Final = (Field.PLACE_NOTE, Field.APPEARANCE, Field.ACCOUNT)
# What can be made coarser, from loose to strict.
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
    """Which sharing preference of a reporter counts for this recipient."""

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
        """In words, as the annex and the preview say it."""
        return self.treatment.label + (f": {self.how.value}" if self.how else "")


SHOWN: Final = Rule(Treatment.SHOWN)
Subject = Field | Section


def left_out(why: str) -> Rule:
    return Rule(Treatment.LEFT_OUT, why)


def coarse(how: Coarse, why: str) -> Rule:
    return Rule(Treatment.COARSENED, why, how)


def steps(subject: Subject) -> tuple[tuple[Treatment, Coarse | None], ...]:
    """All that a rule about this can do, from loose to strict."""
    if isinstance(subject, Section):
        return (Treatment.SHOWN, None), (Treatment.LEFT_OUT, None)
    coarser = tuple((Treatment.COARSENED, how) for how in COARSENINGS.get(subject, ()))
    out = () if subject in ALWAYS_SHOWN | NEVER_WHOLLY_OUT else ((Treatment.LEFT_OUT, None),)
    return ((Treatment.SHOWN, None), *coarser, *out)


def strictness(subject: Subject, rule: Rule) -> int:
    return steps(subject).index((rule.treatment, rule.how))


def stricter(subject: Subject, one: Rule, other: Rule | None) -> Rule:
    """The stricter of two rules; of equals the first."""
    if other is None or strictness(subject, other) <= strictness(subject, one):
        return one
    return other


@dataclass(frozen=True, slots=True)
class Profile:
    """How a dossier is redacted for one kind of recipient."""

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

    def __post_init__(self) -> None:
        for every, given in ((Field, self.rules), (Section, self.sections)):
            if missing := set(every) - set(given):
                raise ValueError(f"profile {self.name} doesn't decide on {sorted(missing)}")
            _check(self.name, given)

    @property
    def lists_reports(self) -> bool:
        """Whether each report is told of, under its number."""
        return self.has(Section.REPORTS)

    def has(self, section: Section) -> bool:
        return self.sections[section].treatment is Treatment.SHOWN

    def rule(self, subject: Subject) -> Rule:
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


def rule_for(profile: Profile, field: Field, overlay: Overlay | None = None) -> Rule:
    """The rule that holds: the stricter of profile and overlay."""
    return stricter(field, profile.rules[field], overlay.rules.get(field) if overlay else None)
