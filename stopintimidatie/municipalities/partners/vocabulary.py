"""Closed lists of partners, legal bases, and when a covenant counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from stopintimidatie.core.text import Term


class LegalBasis(Term):
    """Legal basis on which data may be disclosed; a municipality's lawyer confirms its list."""

    PUBLIC_ORDER = (
        "avg_6_1_e_openbare_orde",
        "AVG art. 6 lid 1 e, taak van algemeen belang: openbare orde (Gemeentewet)",
        "GDPR art. 6(1)(e), public interest: public order (Municipalities Act)",
    )
    VITAL_INTEREST = (
        "avg_6_1_d_vitaal_belang",
        "AVG art. 6 lid 1 d, vitaal belang",
        "GDPR art. 6(1)(d), vital interest",
    )
    ORDER = (
        "avg_6_1_c_vordering",
        "AVG art. 6 lid 1 c, wettelijke verplichting: vordering (artikel, nummer, functionaris)",
        "GDPR art. 6(1)(c), legal obligation: order (article, number, official)",
    )
    PUBLIC_ACCESS = (
        "avg_6_1_c_woo",
        "AVG art. 6 lid 1 c, wettelijke verplichting: openbaar maken (Woo)",
        "GDPR art. 6(1)(c), legal obligation: disclosure to the public (Open Government Act)",
    )
    REPORTER_CONSENT = (
        "avg_6_1_a_toestemming_melder",
        "AVG art. 6 lid 1 a, toestemming van de melder voor de eigen gegevens",
        "GDPR art. 6(1)(a), consent of the reporter for their own data",
    )
    POLICE_DATA = (
        "wpg_16_18",
        "Wpg, verstrekking van politiegegevens",
        "Police Data Act, disclosure of police data",
    )
    COOPERATION_ACT = (
        "wgs",
        "Wgs, alleen voor de daarin genoemde samenwerkingsverbanden",
        "Data Processing by Partnerships Act, only for the partnerships it names",
    )
    INTERNAL = (
        "intern",
        "Intern gebruik binnen dezelfde taak",
        "Internal use within the same task",
    )


class RestrictedUse(Term):
    """Ground on which restricted data may be given all the same (art. 18(2) AVG)."""

    CLAIM = "avg_18_2_rechtsvordering", "AVG art. 18 lid 2, rechtsvordering", "legal claim"
    PROTECTION = (
        "avg_18_2_bescherming",
        "AVG art. 18 lid 2, bescherming van de rechten van iemand anders",
        "protection of the rights of another person",
    )


class PartnerKind(Term):
    """Kind of organisation."""

    POLICE = "politie", "politieteam", "police team"
    ENFORCEMENT = "handhaving", "handhaving (boa's)", "enforcement"
    YOUTH_WORK = "jongerenwerk", "jongerenwerk", "youth work"
    HOUSING = "woningcorporatie", "woningcorporatie", "housing corporation"
    TRANSPORT = "openbaar_vervoer", "openbaar vervoer", "public transport"
    SCHOOL = "school", "school", "school"
    OTHER = "anders", "andere organisatie", "other"


# Police data has a compartment of its own (`privacy/police`), and never leaves by these documents.
# And nothing is made any more for everybody to read. These stand in older rows, offered nowhere.
_FORMER: Final = (LegalBasis.POLICE_DATA, LegalBasis.PUBLIC_ACCESS)
OFFERED: Final = tuple(basis for basis in LegalBasis if basis not in _FORMER)
# Internal use is no basis to tell an organisation outside.
BASES: Final = tuple(basis for basis in OFFERED if basis is not LegalBasis.INTERNAL)


def offered_bases(present: str | None = None) -> list[tuple[str, str]]:
    """Return the bases to choose from, with the one that a row has already, as it is then kept."""
    return [(basis.value, basis.nl) for basis in LegalBasis if basis in OFFERED or basis == present]


# Codes for the register of disclosures; the words of officers stay in the export.


class Purpose(Term):
    """Purpose of a disclosure."""

    PUBLIC_ORDER = "openbare_orde", "de openbare orde handhaven", "keeping public order"
    SUPERVISION = "toezicht", "toezicht houden", "supervising"
    INVESTIGATION = "onderzoek", "een strafbaar feit onderzoeken", "investigating an offence"
    HELP = "hulp", "iemand helpen of begeleiden", "helping somebody"
    PLACE = "plek", "een plek veiliger maken", "making a place safer"
    OWN_WORK = "eigen_werk", "het werk van de gemeente zelf", "the municipality's own work"
    PUBLIC = "openbaar", "een Woo-verzoek beantwoorden", "answering a request for openness"
    FORWARDED = "doorgifte", "een melding bij haar gemeente brengen", "forwarding a report"


class CovenantKind(Term):
    """Covenant that was named beside the legal ground of a disclosure."""

    PARTNER = "met_partner", "het convenant met deze partner", "that with this partner"
    NAMED = "genoemd", "een convenant dat in de uitvoer is genoemd", "one that the export names"


class MinorsGround(Term):
    """Reason that a recipient got data of minors."""

    TASK = "taak", "nodig voor de taak van de ontvanger", "needed for the recipient's task"
    PROTECTION = "bescherming", "om een minderjarige te beschermen", "protecting a minor"
    HELP = "hulp", "om een minderjarige te helpen", "helping a minor"
    INVESTIGATION = "onderzoek", "om een strafbaar feit te onderzoeken", "investigating an offence"


# A covenant is no legal basis: it is named beside one.

ENDS_SOON: Final = timedelta(days=60)


@dataclass(frozen=True)
class Covenant:
    """Written agreement with a partner, and its first and last day (both included).

    Without a last day it counts until it is ended.
    """

    name: str
    since: date
    until: date | None

    def counts_on(self, day: date) -> bool:
        """Tell whether it counts on this day."""
        return self.since <= day and (self.until is None or day <= self.until)

    def ends_soon(self, day: date) -> bool:
        """Tell whether it counts on this day, but ends so soon that a new one is needed."""
        return self.counts_on(day) and self.until is not None and self.until - day < ENDS_SOON

    def over(self, day: date) -> bool:
        """Tell whether its last day has passed."""
        return self.until is not None and day > self.until


def covenant_problem(
    name: str | None, since: date | None, until: date | None
) -> tuple[str, str] | None:
    """Return what is wrong with the answers about a covenant, and with which; None: nothing."""
    if not name:
        if since or until:
            return "Schrijf op hoe het convenant heet, of haal de datums weg.", "convenant"
        return None
    if since is None:
        return "Kies vanaf welke dag het convenant geldt.", "convenant_van"
    if until is not None and until < since:
        return "Het convenant eindigt voordat het begint. Kies een latere dag.", "convenant_tot"
    return None
