"""The closed lists of partners. Pure."""

from __future__ import annotations

from typing import Final

from stopintimidatie.reports.vocabulary import LegalBasis, Term


class PartnerKind(Term):
    """What kind of organisation it is."""

    POLICE = "politie", "politieteam", "police team"
    ENFORCEMENT = "handhaving", "handhaving (boa's)", "enforcement"
    YOUTH_WORK = "jongerenwerk", "jongerenwerk", "youth work"
    HOUSING = "woningcorporatie", "woningcorporatie", "housing corporation"
    TRANSPORT = "openbaar_vervoer", "openbaar vervoer", "public transport"
    SCHOOL = "school", "school", "school"
    OTHER = "anders", "andere organisatie", "other"


# Who stands outside is never told on the ground of one's own use.
BASES: Final = tuple(basis for basis in LegalBasis if basis is not LegalBasis.INTERNAL)
