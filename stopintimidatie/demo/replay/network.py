"""The network of the demo: offers between holders, mailboxes, agreements, joining, partners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.addresses import Owner, find_address, set_address
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.desk.onboarding.services import checklist_of, save_checklist
from stopintimidatie.desk.onboarding.signup import ask_to_join, owner_of_request
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.municipalities.agreements.services import Official, Plan
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.partners.services import (
    Person,
    add_contact,
    add_partner,
    end_partner,
    owner_of_contact,
)
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.municipalities.people.proposals import propose
from stopintimidatie.municipalities.people.services import postbox_of, set_domains
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move_report

TILBURG: Final = "GM0855"
REASON: Final = (
    "De melder noemt een halte die bij u in de gemeente ligt. Wij hoorden dat pas later."
)


def offer_one(
    session: Session, effects: Mapping[str, Any], receiver: str, actor: Actor, moment: datetime
) -> None:
    """Offer the report that came in last of those in hand: the same one every time."""
    report = session.scalars(
        select(Report)
        .where(Report.state == "in_behandeling", Report.received_at < moment)
        .order_by(Report.received_at.desc(), Report.reference)
        .limit(1)
    ).first()
    if report is not None:
        with clock_at(moment):
            values = {"gemeente": receiver, "reden": REASON}
            move_report(session, effects, report, "overdracht_aanbieden", values, actor)
            session.flush()


def note_campaign(session: Session) -> None:
    """Note a municipality without the programme that does something of its own."""
    if session.get(LocalPolicy, TILBURG) is None:
        session.add(LocalPolicy(code=TILBURG, kind=PolicyKind.CAMPAIGN, name="Voorbeeldcampagne"))


# Mailboxes that are confirmed, an agreement with Tilburg, a refusal elsewhere

MAILBOXES: Final = {
    NATIONAL: "meldpunt@landelijk.example",
    "GM0505": "oov@dordrecht.example",
    "GM0772": "oov@eindhoven.example",
}


def set_up_mailbox(session: Session, registry: Any, holder: str, actor: Actor) -> None:
    """Set up the holder's mailbox for new reports; the code was typed back long ago."""
    if find_address(session, postbox_of(holder)) is None:
        set_address(
            session, registry.key_ring, holder, postbox_of(holder), MAILBOXES[holder], actor
        )
        confirmed(session, postbox_of(holder))


def set_up_agreements(session: Session, registry: Any, actor: Actor) -> None:
    """Agree with Tilburg, so that what waits goes out; Breda said no."""
    if agreements.running_agreement(session, TILBURG) is not None:
        return
    keys, rules, today = registry.key_ring, registry.level_rules, agreements.today()
    plan = Plan(
        official=Official(
            "Noor de Wit", "coördinator Veiligheid", "veiligheid@tilburg.example", "+31135429000"
        ),
        deputy=Official(
            "Sem Bakker", "adviseur OOV", "meldpunt-oov@tilburg.example", "+31135429001"
        ),
        wants=True,
        authorised_by="Hoofd afdeling Veiligheid",
        authorised_on=today - timedelta(days=35),
        channel="ophalen",
        certificate=None,
        agreed_on=today - timedelta(days=30),
        valid_until=today + timedelta(days=335),
    )
    agreements.make(session, keys, rules, TILBURG, plan, actor)
    for owner in (agreements.official_of(TILBURG), agreements.deputy_of(TILBURG)):
        confirmed(session, owner)
    agreements.settle(session, keys, rules, TILBURG, actor)
    reason = "De gemeente wil eerst een eigen werkwijze maken. In maart opnieuw bellen."
    agreements.decline(session, keys, rules, "GM0758", reason, today - timedelta(days=12), actor)


def confirmed(session: Session, owner: Owner) -> None:
    row = find_address(session, owner)
    assert row is not None  # noqa: S101 - it was set just now
    row.verified_at, row.code_nonce = utc_now(), None


# Zwijndrecht asked to join, and the desk is halfway down the list.

ZWIJNDRECHT: Final = "GM0642"


def begin_onboarding(session: Session, registry: Any, actor: Actor) -> None:
    """Ask and confirm; half of the list is done, and the first admin has a link."""
    if checklist_of(session, ZWIJNDRECHT) is not None:
        return
    keys, today = registry.key_ring, agreements.today()
    asked = ask_to_join(
        session,
        keys,
        session.get_one(Municipality, ZWIJNDRECHT),
        function="adviseur openbare orde en veiligheid",
        address="oov@zwijndrecht.example",
        telephone="+31786200000",
    )
    row = find_address(session, owner_of_request(asked.id))
    assert row is not None  # noqa: S101 - it was set just now
    row.verified_at = asked.confirmed_at = utc_now()
    row.code_nonce = None
    done = {
        "agreement_on": today - timedelta(days=9),
        "agreement_with": "hoofd Veiligheid, namens de burgemeester",
        "legal_basis": LegalBasis.choices()[0][0],
        "dpia_on": today - timedelta(days=3),
    }
    save_checklist(session, ZWIJNDRECHT, done, actor)
    address = "beheer@zwijndrecht.example"
    set_domains(session, actor, ZWIJNDRECHT, ["zwijndrecht.example"])
    propose(
        session,
        actor,
        ZWIJNDRECHT,
        at=NATIONAL,
        username=address,
        name="Mila Groen",
        role=Role.ADMIN,
    )


# Partners: made-up organisations, each with somebody to ask

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
    """Set up the partners of this municipality; one of before stays in the list."""
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
            confirmed(session, owner_of_contact(contact.id))
    values = {"name": ENDED, "kind": "anders", "legal_bases": [ORDER], "profile": None}
    values |= {"covenant_name": None, "covenant_from": None, "covenant_until": None}
    ended = add_partner(session, holder, values, actor)
    end_partner(session, ended, "De groep is gestopt.", actor)
