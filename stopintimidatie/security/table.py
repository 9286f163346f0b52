"""The permission table as a page: `python -m stopintimidatie.security.table > docs/roles.md`.

Written out of GRANTS, so that the page can't tell anything else than what is enforced.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from stopintimidatie.security.identity import ROLE_LABELS, Role
from stopintimidatie.security.permissions import GRANTS

HEAD: Final = """# Wie mag wat

Een rol geldt voor één gemeente, of voor het landelijk meldpunt. Wie in meer gemeenten werkt, heeft
in elk een eigen rol. Wat hier niet staat, mag niet. Wat iemand niet mag zien, bestaat voor die
persoon niet: het antwoord is 404. Mag iemand iets wel zien maar iets ermee niet doen, dan is het
antwoord 403. De toestand van een document kan een recht nog wegnemen. Een persoonsgericht dossier
zien alleen dossierhouder, privacyfunctionaris en functionaris gegevensbescherming, ieder met wat de
tabel hun geeft.

Deze tabel wordt gemaakt uit `stopintimidatie/security/permissions.py`
(`python -m stopintimidatie.security.table > docs/roles.md`); een test vergelijkt ze.
"""
NOBODY: Final = """
Wat geen enkele rol mag, doet niemand van achter een scherm: *als melder* gaat met de volgcode; *als
de termijn voorbij is* en *als bewaartermijn* doet het programma zelf. Wie uitvoer aanvroeg keurt
haar nooit zelf goed, ook niet met de rol die dat mag. Elke rol behalve *functioneel beheerder*
leest; zo'n rol geeft niemand alleen: een tweede persoon bevestigt ([wie](beheer.md#gebruikers)).
"""


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    yield "| recht | " + " | ".join(ROLE_LABELS[role] for role in Role) + " |"
    yield "|---|" + ":-:|" * len(Role)
    for permission, holders in GRANTS.items():
        marks = ("ja" if role in holders else "" for role in Role)
        yield f"| {permission} | " + " | ".join(marks) + " |"
    yield NOBODY.rstrip()


def page() -> str:
    """The whole page."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
