"""A person whose traces stand everywhere in a municipality, and a request of that person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of, new_code
from stopintimidatie.disclosures.pickup import offer
from stopintimidatie.disclosures.resources import KIND as EXPORT
from stopintimidatie.disclosures.resources import new_export_id
from stopintimidatie.dossiers.actions.services import attach
from stopintimidatie.dossiers.case.services import make_agreement
from stopintimidatie.dossiers.consultations.services import plan_consultation
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table
from stopintimidatie.dossiers.services import add_note as add_dossier_note
from stopintimidatie.exports.models import VAULT, BlobKind
from stopintimidatie.exports.release.services import Answer, give_answer
from stopintimidatie.exports.request.services import draft
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.partners.services import (
    Person,
    add_contact,
    add_partner,
    owner_of_contact,
)
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.subjects.queries import search
from stopintimidatie.privacy.subjects.rules import Wanted
from stopintimidatie.privacy.subjects.services import keep_traces
from stopintimidatie.reports.attachments.cleaner import Cleaned, MediaKind
from stopintimidatie.reports.attachments.services import keep_content
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.fields import Contact, Offenders
from stopintimidatie.reports.handling.services import add_note
from stopintimidatie.reports.models import ReportAttachment
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, make_dossier, make_report, make_user, user_id
from tests.support.installation import Installation

PERSON: Final = "Noémie van der Berg"
MAIL: Final = "noemie@voorbeeld.example"
ANSWER: Final = "antwoord"
PHONE: Final = "06-12345678"
# People who are in the same documents, and in no copy of hers.
OTHERS: Final = ("Xaviera Vreemd", "Youssef Morgenster", "Zeger Buitenstaander", "Wilma Kruisbes")
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Planted:
    """The documents of the seeded person, by name."""

    ids: dict[str, UUID]
    # Each as (kind of document, id, place).
    traces: set[tuple[str, UUID, str]]


def a_request(session: Any, **changes: Any) -> SubjectRequest:
    """A request of the seeded person, in the state in which one searches."""
    today = day_of(utc_now())
    plain = {
        "holder": DORDRECHT,
        "reference": new_code("V"),
        "right": "inzage",
        "capacity": "melder",
        "asked_by": "zelf",
        "channel": "post",
        "state": "zoeken",
        "received_on": today,
        "due_on": today + 30 * DAY,
        "changed_by": "Pri Vacy",
    }
    row = SubjectRequest(**{**plain, **changes})
    session.add(row)
    session.flush()
    return row


def search_for(
    registry: Any, session: Session, request: SubjectRequest, wanted: Wanted, actor: Actor
) -> int:
    """Search and keep, as the page does, in the transaction at hand; how many are new."""
    traces = search(registry, session, request.holder, wanted, request.id)
    return keep_traces(registry, session, request, wanted, traces, actor)


def photo() -> Cleaned:
    """A photo of three bytes."""
    return Cleaned(MediaKind.PHOTO, "image/jpeg", BytesIO(b"\xff\xd8\xff"), 3)


def plant(installation: Installation) -> Planted:
    """Plant the person in every place where a name can stand."""
    keys = installation.registry.key_ring
    account = user_id(
        installation, make_user(installation, (DORDRECHT, Role.OFFICER), name="N. van der Berg")
    )
    with installation.transaction(DORDRECHT) as session:
        own = make_report(
            session,
            installation,
            description=f"Mijn vriendin {OTHERS[0]} liep naast me. Een man riep naar ons.",
            anonymous=False,
            contact=Contact(name=PERSON.upper(), phone="+31 6 12345678", email=MAIL),
            wants_contact=ContactWish.CALL,
        )
        content = keep_content(session, keys, DORDRECHT, photo())
        session.add(ReportAttachment(report_id=own.id, number=1, at=utc_now(), **content))
        tell(session, own, ANSWER, f"Ik ben nog gebeld door {OTHERS[1]}.", SYSTEM)
        other = make_report(
            session,
            installation,
            description=f"Het regende. Naast mij zat Berg, Noemie van der. {OTHERS[2]} riep iets.",
            offenders=Offenders(appearance="lang, heet volgens mij N. van der Berg"),
        )
        tell(session, other, ANSWER, f"Vraag het aan {PERSON}, die zag het ook.", SYSTEM)
        noted = make_report(session, installation, description="Er werd gefloten.")
        add_note(session, noted, f"Gebeld met Noemie van der Berg. {OTHERS[1]} zag niets.", SYSTEM)
        strange = make_report(session, installation, description="Vandenberg of Noemie Bergen?")
        ids = {"own": own.id, "other": other.id, "noted": noted.id, "strange": strange.id}
        places = {
            ("melding", own.id, "report_contact.name"),
            ("melding", other.id, "report.description"),
            ("melding", other.id, "report.offender_appearance"),
            ("melding", other.id, "reporter_message.text"),
            ("melding", noted.id, "report_note.text"),
        }
        places |= _in_dossier(session, keys, ids)
        partner = add_partner(
            session,
            DORDRECHT,
            {
                "name": "Jongerenwerk",
                "kind": "overig",
                "legal_bases": ["avg_6_1_e_openbare_orde"],
                "profile": "partner",
                "covenant_name": None,
                "covenant_from": None,
                "covenant_until": None,
            },
            SYSTEM,
        )
        who = Person("jongerenwerker", PERSON, "n.berg@partner.example", "078 1234567")
        contact = add_contact(session, keys, partner, who, SYSTEM)
        address = find_address(session, owner_of_contact(contact.id))
        assert address is not None
        ids |= {"contact": contact.id, "account": account, "address": address.id}
    places |= {
        ("contactpersoon", ids["contact"], "partner_contact.name"),
        ("postadres", ids["address"], "mail_address.address"),
        ("gebruiker", account, "user_account.name"),
    }
    return Planted(ids, places)


def _in_dossier(session: Any, keys: Any, ids: dict[str, UUID]) -> set[tuple[str, UUID, str]]:
    """A dossier with her in its texts, its papers, its export and a partner's answer."""
    dossier = make_dossier(
        session,
        assessment=f"{PERSON} is getuige. {OTHERS[3]} woont verderop.",
        summary="Overlast.",
    )
    add_dossier_note(
        session, dossier, f"Afgesproken met {OTHERS[3]}: N. van der Berg bellen.", SYSTEM
    )
    make_agreement(
        session, dossier, "Nabellen", "noemie van der berg", day_of(utc_now()) + 9 * DAY, SYSTEM
    )
    attach(session, keys, dossier, f"Tekening van {PERSON}", photo(), SYSTEM)
    talk = plan_consultation(session, dossier, utc_now() + DAY, SYSTEM)
    put_on_table(session, keys, dossier, talk, Tabled(()), SYSTEM)
    today = day_of(utc_now())
    wish = ExportRequest(
        profile="politie",
        recipient="Politie, basisteam Drechtsteden",
        question="Wilt u meekijken?",
        answer_by=today + 7 * DAY,
        purpose="Samen toezicht houden.",
        legal_basis="avg_6_1_e_openbare_orde",
        destroy_by=today + 60 * DAY,
    )
    export = draft(dossier, wish, SYSTEM, new_export_id())
    session.add(export)
    session.flush()
    frozen = {"duiding": f"{PERSON} is getuige.", "meldingen": [{"relaas": OTHERS[2]}]}
    VAULT.keep(session, keys, export, BlobKind.CONTENT.value, json.dumps(frozen).encode())
    pickup = offer(session, DORDRECHT, EXPORT, export.id, "Politie", SYSTEM)
    given = Answer(
        ("toezicht",), None, f"Gesproken met mevrouw N.v.d. Berg en {OTHERS[0]}.", True, ""
    )
    answer = give_answer(
        session, keys, pickup, export, given, {"naam": OTHERS[1], "functie": "wijkagent"}, None
    )
    ids |= {"dossier": dossier.id, "talk": talk.id, "export": export.id, "answer": answer.id}
    return {
        ("dossier", dossier.id, "dossier.assessment"),
        ("dossier", dossier.id, "dossier_note.text"),
        ("dossier", dossier.id, "dossier_agreement.who"),
        ("dossier", dossier.id, "dossier_attachment.about"),
        ("overleg", talk.id, "overleg.bevroren"),
        ("uitvoer", export.id, "uitvoer.bevroren"),
        ("partner_antwoord", answer.id, "partner_answer.text"),
    }
