"""The network of the demo: partners, mailboxes, agreements, joining, what goes on just now."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.addresses import Owner, find_address, set_address
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.demo.acts import Stage, say
from stopintimidatie.demo.scenario import DESK, TOWNS, Json
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.desk.onboarding.services import save_checklist
from stopintimidatie.desk.onboarding.signup import ask_to_join, owner_of_request
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.partners import services as partners
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.municipalities.people.proposals import propose
from stopintimidatie.municipalities.people.services import postbox_of, set_domains
from stopintimidatie.reports.conversation.services import REPORTER, spoke
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import append_move, move_report


def _newest(session: Session, moment: datetime, count: int) -> list[Report]:
    """Return the reports in hand that came in last."""
    in_hand = select(Report).where(Report.state == "in_behandeling", Report.received_at < moment)
    newest = in_hand.order_by(Report.received_at.desc(), Report.reference)
    return list(session.scalars(newest.limit(count)))


def offer_one(stage: Stage, receiver: str) -> None:
    """Offer the newest report in hand to another municipality."""
    session, effects, officer = stage.session, stage.registry.workflow_effects, stage.actor("oov")
    values = {"gemeente": receiver, "reden": DESK["aanbod"]}
    with clock_at(stage.timeline.moment):
        for report in _newest(session, stage.timeline.moment, 1):
            move_report(session, effects, report, "overdracht_aanbieden", values, officer)
            session.flush()


def add_to_reports(session: Session, moment: datetime) -> None:
    """Let a few reporters add something just before now: it stands in the inbox as unread."""
    texts = DESK["aanvullingen"]
    reports = _newest(session, moment, 1 + len(texts))[1:]
    for hours, (report, text) in enumerate(zip(reports, texts, strict=False), start=1):
        with clock_at(max(moment - timedelta(hours=hours), report.received_at)):
            say(session, report, "aanvulling", text)
            append_move(session, report, REPORTER, "aanvulling", report.state, {})
            spoke(session, report, "melding.aanvulling")
            session.flush()


def set_up_mailbox(session: Session, registry: Any, holder: str, actor: Actor) -> None:
    """Set up the holder's mailbox for new reports; the code was typed back long ago."""
    owner = postbox_of(holder)
    if find_address(session, owner) is None:
        address = TOWNS.get(holder, DESK)["postbus"]
        set_address(session, registry.key_ring, holder, owner, address, actor)
        _confirm(session, owner)


def _confirm(session: Session, owner: Owner) -> None:
    row = find_address(session, owner)
    assert row is not None  # noqa: S101 - it was set just now
    row.verified_at, row.code_nonce = utc_now(), None


def set_up_agreements(session: Session, registry: Any, actor: Actor) -> None:
    """Agree with a municipality, so that what waits goes out; others said no, or do a campaign."""
    keys, rules, today = registry.key_ring, registry.level_rules, agreements.today()
    row, refusal, campaign = DESK["doorstuurafspraak"], DESK["afgewezen"], DESK["campagne"]
    code = row["gemeente"]
    plan = agreements.Plan(
        official=agreements.Official(*row["functionaris"]),
        deputy=agreements.Official(*row["plaatsvervanger"]),
        wants=True,
        authorised_by=row["gemachtigd_door"],
        authorised_on=today + timedelta(days=row["gemachtigd"]),
        channel="ophalen",
        certificate=None,
        agreed_on=today + timedelta(days=row["afgesproken"]),
        valid_until=today + timedelta(days=row["tot"]),
    )
    agreements.make(session, keys, rules, code, plan, actor)
    for owner in (agreements.official_of(code), agreements.deputy_of(code)):
        _confirm(session, owner)
    agreements.settle(session, keys, rules, code, actor)
    refused = (refusal["gemeente"], refusal["reden"], today + timedelta(days=refusal["op"]))
    agreements.decline(session, keys, rules, *refused, actor)
    code, name = campaign["gemeente"], campaign["naam"]
    session.add(LocalPolicy(code=code, kind=PolicyKind.CAMPAIGN, name=name))


def begin_onboarding(session: Session, registry: Any, actor: Actor) -> None:
    """Ask to join and confirm; half of the list is done, and the first admin has a link."""
    row, today = DESK["aanmelding"], agreements.today()
    code, (username, name) = row["gemeente"], row["beheerder"]
    municipality = session.get_one(Municipality, code)
    how = {"function": row["functie"], "address": row["adres"], "telephone": row["telefoon"]}
    request = ask_to_join(session, registry.key_ring, municipality, **how)
    _confirm(session, owner_of_request(request.id))
    request.confirmed_at = utc_now()
    done = {
        "agreement_on": today + timedelta(days=row["overeenkomst"]),
        "agreement_with": row["overeengekomen_met"],
        "legal_basis": LegalBasis.PUBLIC_ORDER.value,
        "dpia_on": today + timedelta(days=row["dpia"]),
    }
    save_checklist(session, code, done, actor)
    set_domains(session, actor, code, [row["domein"]])
    person = {"username": username, "name": name, "role": Role.ADMIN}
    propose(session, actor, code, at=NATIONAL, **person)


def set_up_partners(session: Session, registry: Any, holder: str, actor: Actor) -> None:
    """Set up the partners of this municipality; one of before stays in the list."""
    for row in TOWNS[holder]["partners"]:
        values = _partner_values(row, day_of(utc_now()))
        partner = partners.add_partner(session, holder, values, actor)
        if "gestopt" in row:
            partners.end_partner(session, partner, row["gestopt"], actor)
            continue
        who = partners.Person(row["functie"], row["contact"], row["adres"], "+31880000000")
        contact = partners.add_contact(session, registry.key_ring, partner, who, actor)
        if row["bewezen"]:
            _confirm(session, partners.owner_of_contact(contact.id))


def _partner_values(row: Json, today: date) -> dict[str, Any]:
    days = row["convenant_nog_dagen"]
    return {
        "name": row["naam"],
        "kind": row["soort"],
        "legal_bases": row["grondslagen"],
        "profile": row["profiel"],
        "covenant_name": None if days is None else "Convenant Samen Veilig (demo)",
        "covenant_from": None if days is None else today - timedelta(days=300),
        "covenant_until": None if days is None else today + timedelta(days=days),
    }
