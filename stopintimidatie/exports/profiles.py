"""Redaction profiles: per kind of recipient and per field, shown, coarsened or left out.

Data with a version: the annex and the register name the version a document was made with, so a
change of a rule is a new version, never a silent one. Every profile decides on every field; a
field it forgets is a mistake found when this module is read. When a minor is involved in a
report the overlay `MINORS` is laid over the profile, and the stricter of the two rules holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType


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


COARSENABLE = frozenset({Field.TIME, Field.PLACE})


class Sharing(StrEnum):
    """Which sharing preference of a reporter counts for this recipient."""

    NONE = "geen"
    POLICE = "politie"
    PARTNERS = "ketenpartners"


@dataclass(frozen=True, slots=True)
class Rule:
    """A treatment and, unless the field is simply shown, why."""

    treatment: Treatment
    why: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a dossier is redacted for one kind of recipient."""

    name: str
    version: int
    label: str
    rules: Mapping[Field, Rule]
    sharing: Sharing
    lists_reports: bool
    not_allowed: str
    destroy_note: str

    def __post_init__(self) -> None:
        if missing := set(Field) - set(self.rules):
            raise ValueError(f"profile {self.name} doesn't decide on {sorted(missing)}")
        _check(self.name, self.rules)


@dataclass(frozen=True, slots=True)
class Overlay:
    """Stricter rules on top of a profile, for reports of a certain kind."""

    name: str
    version: int
    rules: Mapping[Field, Rule]

    def __post_init__(self) -> None:
        _check(self.name, self.rules)


def _check(name: str, rules: Mapping[Field, Rule]) -> None:
    for field, rule in rules.items():
        if rule.treatment is Treatment.COARSENED and field not in COARSENABLE:
            raise ValueError(f"{name}: {field} can't be coarsened, only shown or left out")
        if rule.treatment is not Treatment.SHOWN and not rule.why:
            raise ValueError(f"{name}: {field} is hidden without a reason")


def rule_for(profile: Profile, field: Field, overlay: Overlay | None = None) -> Rule:
    """The rule that holds: the stricter of profile and overlay."""
    rule = profile.rules[field]
    over = overlay.rules.get(field) if overlay else None
    return over if over is not None and over.treatment > rule.treatment else rule


def _rules(**hidden: Rule) -> Mapping[Field, Rule]:
    """Every field shown, except what is named here."""
    rules = dict.fromkeys(Field, Rule(Treatment.SHOWN))
    rules |= {Field[name]: rule for name, rule in hidden.items()}
    return MappingProxyType(rules)


def _out(why: str) -> Rule:
    return Rule(Treatment.LEFT_OUT, why)


_NEVER_CONTACT = _out("contactgegevens gaan nooit mee; ze worden apart vrijgegeven")
_NO_POLICE_DATA = _out("politiegegevens geven we niet door (Wpg)")

INTERNAL = Profile(
    name="intern",
    version=1,
    label="Intern (eigen afdeling OOV)",
    rules=_rules(CONTACT=_NEVER_CONTACT, POLICE_SOURCED=_NO_POLICE_DATA),
    sharing=Sharing.NONE,
    lists_reports=True,
    not_allowed="Geef dit dossier niet door buiten de eigen afdeling. Voor een partner wordt een "
    "eigen versie gemaakt.",
    destroy_note="Het dossier zelf blijft in het systeem zolang de bewaartermijn loopt.",
)

POLICE = Profile(
    name="politie",
    version=1,
    label="Politie",
    rules=_rules(
        CONTACT=_NEVER_CONTACT,
        POLICE_SOURCED=_NO_POLICE_DATA,
        REFERENCE=_out("de meldingen staan onder een nummer dat alleen in dit dossier geldt"),
        PLACE_NOTE=_out("vrije tekst gaat pas mee als die is nagekeken en zwartgemaakt"),
        ACCOUNT=_out("vrije tekst gaat pas mee als die is nagekeken en zwartgemaakt"),
        APPEARANCE=_out("signalementen gaan alleen mee in vaste keuzes"),
        REPORTER_AGE=_out("niet nodig voor het doel; alleen of er minderjarigen bij zijn"),
        NOTES=_out("notities zijn voor intern gebruik"),
    ),
    sharing=Sharing.POLICE,
    lists_reports=True,
    not_allowed="Geef dit dossier niet door aan anderen. Wilt u dat toch, vraag het dan eerst aan "
    "de dossierhouder.",
    destroy_note="Neemt u gegevens op in een politiesysteem? Vanaf dat moment gelden daar de "
    "termijnen van de Wet politiegegevens. Vernietig dit document dan toch uiterlijk op deze "
    "datum.",
)

MINORS = Overlay(
    name="minderjarigen",
    version=1,
    rules=MappingProxyType(
        {
            Field.TIME: Rule(
                Treatment.COARSENED, "bij minderjarigen alleen de datum en het dagdeel"
            ),
            Field.PLACE_NOTE: _out("bij minderjarigen geen vrije tekst"),
            Field.ACCOUNT: _out("bij minderjarigen geen vrije tekst"),
            Field.APPEARANCE: _out("bij minderjarigen geen vrije tekst"),
            Field.REPORTER_AGE: _out("bij minderjarigen alleen dat de melder minderjarig is"),
            Field.CONSEQUENCES: _out("bij minderjarigen geen gegevens over hun gedrag"),
            Field.WILLING: _out("contact met minderjarigen loopt alleen via de dossierhouder"),
        }
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (INTERNAL, POLICE)}
)
