"""The closed lists of a person-directed dossier: grounds for criminal data, and advice."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.storage.retention import months
from stopintimidatie.core.text import Term


class CrimeGround(Term):
    """Ground in law to keep data about offences of a person."""

    SUPERVISED = (
        "avg_10_overheid",
        "AVG 10: onder toezicht van de overheid, voor een taak die de wet de burgemeester geeft",
        "GDPR 10: under the control of official authority",
    )
    CONSENT = (
        "uavg_32_a_toestemming",
        "UAVG 32, onder a: de betrokkene gaf uitdrukkelijk toestemming",
        "explicit consent",
    )
    VITAL = (
        "uavg_32_b_vitaal",
        "UAVG 32, onder b: iemands leven of gezondheid beschermen, als toestemming niet kan",
        "vital interests",
    )
    MADE_PUBLIC = (
        "uavg_32_c_openbaar",
        "UAVG 32, onder c: de betrokkene maakte de gegevens kennelijk zelf openbaar",
        "made public by the person",
    )
    LEGAL_CLAIM = (
        "uavg_32_d_rechtsvordering",
        "UAVG 32, onder d: nodig voor een rechtsvordering",
        "legal claim",
    )
    FROM_POLICE = (
        "uavg_33_1_a_verkregen",
        "UAVG 33, lid 1, onder a: verkregen op grond van de Wpg of de Wjsg",
        "obtained under the police data act",
    )
    PARTNERSHIP = (
        "uavg_33_1_b_samenwerking",
        "UAVG 33, lid 1, onder b: nodig voor de taak van een publiekrechtelijk"
        " samenwerkingsverband, met waarborgen",
        "public partnership with safeguards",
    )
    OWN_INTEREST = (
        "uavg_33_2_b_eigen_belang",
        "UAVG 33, lid 2, onder b: strafbare feiten tegen de gemeente of haar medewerkers",
        "offences against the municipality",
    )


class Advice(Term):
    """Outcome of the privacy officer's advice."""

    POSITIVE = "positief", "positief", "positive"
    CONDITIONS = "voorwaarden", "positief, met voorwaarden", "positive with conditions"
    NEGATIVE = "negatief", "negatief", "negative"


# The longest time until a person-directed dossier is looked at anew.
LONGEST: Final = months(6)
# Within so many working days after a start with urgency the advice must be there.
ADVISE_WITHIN: Final = 1
