"""The demo's partners: made-up organisations, each with somebody to ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.demo.forwarding import confirmed
from stopintimidatie.partners.contacts import Person, add_contact, owner_of
from stopintimidatie.partners.services import add_partner, end_partner
from stopintimidatie.web.filters import day_of

ORDER: Final = "avg_6_1_e_openbare_orde"
VITAL: Final = "avg_6_1_d_vitaal_belang"
DEMAND: Final = "avg_6_1_c_vordering"
CONSENT: Final = "avg_6_1_a_toestemming_melder"
# Name, kind, grounds, profile, days that its covenant still counts, function, name, address.
_Row = tuple[str, str, list[str], str | None, int | None, str, str, str]
ROWS: Final[dict[str, tuple[_Row, ...]]] = {
    "GM0505": (
        ("Politieteam Merwekade (demo)", "politie", [ORDER, VITAL, DEMAND], "politie", 400,
         "operationeel expert wijk", "Noor Demo", "wijkteam@politie-merwekade.example"),
        ("Toezicht en Handhaving Waterstad (demo)", "handhaving", [ORDER], "handhaving", None,
         "teamleider boa's", "Sam Demo", "team@handhaving-waterstad.example"),
        ("Jongerenwerk De Brug (demo)", "jongerenwerk", [ORDER, CONSENT], None, -20,
         "jongerenwerker", "Robin Demo", "team@jongerenwerk-debrug.example"),
        ("Woonstichting Hofrand (demo)", "woningcorporatie", [ORDER], None, 30,
         "medewerker leefbaarheid", "Kim Demo", "leefbaarheid@hofrand.example"),
    ),
    "GM0772": (
        ("Politieteam Dommeloever (demo)", "politie", [ORDER, VITAL, DEMAND], "politie", 300,
         "wijkagent", "Jip Demo", "wijkteam@politie-dommeloever.example"),
        ("Vervoerbedrijf Lichtlijn (demo)", "openbaar_vervoer", [ORDER], None, None,
         "coördinator sociale veiligheid", "Alex Demo", "veiligheid@lichtlijn.example"),
        ("Scholengroep De Singel (demo)", "school", [ORDER, CONSENT], None, None,
         "veiligheidscoördinator", "Bo Demo", "veiligheid@desingel.example"),
    ),
}  # fmt: skip
ENDED: Final = "Buurtpreventie Oude Haven (demo)"


def set_up_partners(session: Session, registry: Any, holder: str, actor: Actor) -> None:
    """Those of this municipality; one of before stays in the list."""
    keys, today = registry.key_ring, day_of(utc_now())
    for name, kind, bases, profile, days, function, person, address in ROWS[holder]:
        made = add_partner(
            session,
            holder,
            {
                "name": name,
                "kind": kind,
                "legal_bases": bases,
                "profile": profile,
                "covenant_name": None if days is None else "Convenant Samen Veilig (demo)",
                "covenant_from": None if days is None else today - timedelta(days=300),
                "covenant_until": None if days is None else today + timedelta(days=days),
            },
            actor,
        )
        who = Person(function, person, address, "+31880000000")
        contact = add_contact(session, keys, made, who, actor)
        if kind != "jongerenwerk":
            confirmed(session, owner_of(contact.id))
    values = {"name": ENDED, "kind": "anders", "legal_bases": [ORDER], "profile": None}
    values |= {"covenant_name": None, "covenant_from": None, "covenant_until": None}
    ended = add_partner(session, holder, values, actor)
    end_partner(session, ended, "De groep is gestopt.", actor)
