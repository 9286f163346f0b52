"""The papers tabled at a consultation: frozen under a key of their own, redacted, destroyed.

The blob is JSON with texts alone. A report stands in it by its number in the dossier, without
contact data and without the signalement.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing, Vault
from stopintimidatie.core.storage.personal import Fragment
from stopintimidatie.core.text import date_text
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.dossiers.models import (
    Consultation,
    ConsultationBlob,
    ConsultationKey,
    Dossier,
    DossierAgreement,
    DossierMembership,
)
from stopintimidatie.dossiers.queries import Member
from stopintimidatie.dossiers.services import DossierError, append, lock, log
from stopintimidatie.dossiers.workflow import (
    AgreementState,
    ConsultationState,
    DossierKind,
    TabledState,
)
from stopintimidatie.municipalities.partners.vocabulary import RestrictedUse
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import AgeGroup, Form, PlaceType
from stopintimidatie.reports.words import when_short
from stopintimidatie.reports.workflow import ReportState

VAULT: Final = Vault(ConsultationKey, ConsultationBlob, "consultation_id", "overleg-sleutel")
KIND: Final = "stuk"


@dataclass(frozen=True)
class Tabled:
    """The choice of what goes on the table."""

    members: Sequence[Member]
    with_assessment: bool = True
    with_agreements: bool = True
    # The reason to table a report whose reporter didn't want it shared.
    reason: str | None = None
    # The use of the dossier itself is restricted.
    restricted: bool = False
    # A code of `RestrictedUse` and a reason, to table what is restricted.
    ground: str | None = None
    because: str | None = None


def unwilling(report: Report) -> bool:
    """Tell whether the reporter doesn't want to share the report with everybody at a table."""
    wishes = report.share_with_police and report.share_with_partners
    return not (wishes and AgeGroup.may_consent(report.reporter_age_group))


def put_on_table(
    session: Session,
    keys: KeyRing,
    dossier: Dossier,
    consultation: Consultation,
    tabled: Tabled,
    actor: Actor,
) -> None:
    """Freeze the papers as they stand now; until the consultation is held this may be done again.

    Raises:
        DossierError: It was dropped or held, a reporter's wish is passed over in silence, or
            something of which the use is restricted has no ground.
    """
    lock(session, consultation)
    if consultation.state == ConsultationState.DROPPED:
        raise DossierError("Dit overleg is vervallen. Plan een nieuw overleg.")
    if consultation.state == ConsultationState.HELD and consultation.tabled_at is not None:
        raise DossierError("Dit overleg is geweest. Wat toen voorlag, blijft zoals het was.")
    against = [m for m in tabled.members if unwilling(m.report)]
    if against and not tabled.reason:
        raise DossierError(
            f"De melder van {label(against[0].membership.serial)} wil de melding niet met iedereen"
            " delen. Haal het vinkje weg, of schrijf op waarom de melding toch op tafel komt.",
            "reden",
        )
    check_restricted(tabled)
    data = json.dumps(content_of(session, dossier, consultation, tabled), ensure_ascii=False)
    VAULT.destroy(session, consultation)
    VAULT.keep(session, keys, consultation, KIND, data.encode())
    consultation.tabled_at, consultation.tabled_by = utc_now(), actor.name
    consultation.tabled_sha256 = hashlib.sha256(data.encode()).hexdigest()
    consultation.tabled_state = TabledState.KEPT.value
    values: dict[str, Any] = {"overleg": consultation.serial, "aantal": len(tabled.members)}
    reasons = [tabled.reason or ""]
    if tabled.ground:
        ground = RestrictedUse.word(tabled.ground)
        reasons.append(f"Gebruik beperkt, toch op tafel: {ground}. {tabled.because}")
    reason = "\n".join(filter(None, reasons)) or None
    append(session, dossier, actor, "voorgelegd", values={**values, "reden": reason})
    log(session, dossier, actor, "voorgelegd")


def check_restricted(tabled: Tabled) -> None:
    """Check that what may not be used now is tabled only on a ground of art. 18(2) AVG.

    Raises:
        DossierError: Ground or reason is missing, or nothing on the table needs them.
    """
    bound = [label(m.membership.serial) for m in tabled.members if m.restricted]
    if tabled.restricted:
        bound.insert(0, "het dossier")
    given = bool(tabled.ground or tabled.because)
    if not bound:
        if given:
            raise DossierError(
                "Niets van wat op tafel komt, is beperkt. Maak grond en reden leeg.", "grond"
            )
        return
    if not tabled.ground:
        way = "Leg niets op tafel" if tabled.restricted else "Haal het vinkje weg"
        raise DossierError(
            f"Het gebruik is beperkt van: {', '.join(bound)}. {way}, of kies een grond en schrijf"
            " op waarom het toch moet.",
            "grond",
        )
    if not tabled.because:
        raise DossierError("Schrijf op waarom dit toch op tafel komt.", "grond_reden")


def restricted_now(
    session: Session, registry: Any, dossier: Dossier, papers: Mapping[str, Any]
) -> list[str]:
    """Return what of tabled papers may not be used now, by the names that it has there."""
    bound = select(DossierMembership.serial).where(
        DossierMembership.dossier_id == dossier.id,
        is_restricted(registry, DossierMembership.report_id),
    )
    whole = select(literal(0)).where(Dossier.id == dossier.id, is_restricted(registry, Dossier.id))
    serials = sorted(session.scalars(union_all(bound, whole)))
    inside = {row["nummer"] for row in papers["meldingen"]}
    names = ["het dossier"] if 0 in serials else []
    return names + [label(serial) for serial in serials if label(serial) in inside]


def content_of(
    session: Session, dossier: Dossier, consultation: Consultation, tabled: Tabled
) -> dict[str, Any]:
    """Return the papers as texts under Dutch headings, as the page shows them from then on."""
    content: dict[str, Any] = {
        "dossier": f"{dossier.number} {dossier.title}",
        "soort": DossierKind.word(dossier.kind),
        "agenda": consultation.agenda or "",
        "samenvatting": dossier.summary or "",
        "meldingen": [_report(member) for member in tabled.members],
    }
    if tabled.with_assessment:
        content["duiding"] = dossier.assessment or ""
    if tabled.with_agreements:
        content["afspraken"] = [_agreement(row) for row in _open(session, dossier)]
    return content


def _report(member: Member) -> dict[str, str]:
    report = member.report
    return {
        "nummer": label(member.membership.serial),
        "moment": when_short(report),
        "plek": f"{PlaceType.word(report.place_type)}, {member.neighbourhood}",
        "vormen": ", ".join(Form.word(code) for code in report.forms),
        "relaas": report.description or "",
    }


def label(serial: int) -> str:
    """Return the name of a report in the papers of its dossier."""
    return f"M-{serial:02d}"


def _open(session: Session, dossier: Dossier) -> Iterable[DossierAgreement]:
    return session.scalars(
        select(DossierAgreement)
        .where(
            DossierAgreement.dossier_id == dossier.id,
            DossierAgreement.state == AgreementState.OPEN.value,
        )
        .order_by(DossierAgreement.due_on)
    )


def _agreement(row: DossierAgreement) -> dict[str, str]:
    return {"wat": row.what, "wie": row.who, "uiterlijk": date_text(row.due_on)}


def read_tabled(
    session: Session, keys: KeyRing, consultation: Consultation
) -> Mapping[str, Any] | None:
    """Return the tabled papers; None when there are none, or none any more.

    Of a report that was withdrawn since they only say that: nobody reads its content.
    """
    papers = frozen(session, keys, consultation)
    if papers is None:
        return None
    rows, locked = papers["meldingen"], _withdrawn(session, consultation)
    shown = [_bare(row) if row["nummer"] in locked else row for row in rows]
    return {**papers, "meldingen": shown}


def _withdrawn(session: Session, consultation: Consultation) -> set[str]:
    """Return the numbers in the dossier of reports that their reporter withdrew."""
    serials = session.scalars(
        select(DossierMembership.serial)
        .join(Report, Report.id == DossierMembership.report_id)
        .where(DossierMembership.dossier_id == consultation.dossier_id)
        .where(Report.state == ReportState.WITHDRAWN)
    )
    return {label(serial) for serial in serials}


def _bare(row: Mapping[str, str]) -> dict[str, str]:
    """Return what is left of a report on the table once it was withdrawn."""
    words = {"nummer": row["nummer"], "vormen": "ingetrokken door de melder"}
    return dict.fromkeys(row, "") | words


def frozen(session: Session, keys: KeyRing, consultation: Consultation) -> Mapping[str, Any] | None:
    """Return the papers as they were frozen."""
    if consultation.tabled_state not in (TabledState.KEPT, TabledState.REDACTED):
        return None
    try:
        content: dict[str, Any] = json.loads(VAULT.read(session, keys, consultation, KIND))
    except DecryptionError:
        return None
    return content


def redact_tabled(
    session: Session, keys: KeyRing, consultation: Consultation, fragment: Fragment
) -> int:
    """Replace the papers by ones without the words, under a new key; return the number changed.

    Papers that can't be read are destroyed.
    """
    if consultation.tabled_state not in (TabledState.KEPT, TabledState.REDACTED):
        return 0
    papers = frozen(session, keys, consultation)
    if papers is None:
        destroy_tabled(session, consultation)
        return 1
    clean = fragment.taken_out_of(papers)
    if clean == papers:
        return 0
    VAULT.destroy(session, consultation)
    VAULT.keep(session, keys, consultation, KIND, json.dumps(clean, ensure_ascii=False).encode())
    consultation.tabled_state = TabledState.REDACTED.value
    return 1


def holds(session: Session, keys: KeyRing, consultation: Consultation, serials: set[int]) -> bool:
    """Tell whether one of these reports (numbers in the dossier) was tabled, or may have been."""
    if consultation.tabled_state not in (TabledState.KEPT, TabledState.REDACTED):
        return False
    papers = frozen(session, keys, consultation)
    names = {label(serial) for serial in serials}
    return papers is None or any(row.get("nummer") in names for row in papers["meldingen"])


def destroy_tabled(session: Session, consultation: Consultation) -> None:
    """Delete the key and the papers; their hash stays, and the line that they were tabled."""
    VAULT.destroy(session, consultation)
    if consultation.tabled_at is not None and consultation.tabled_state != TabledState.DESTROYED:
        consultation.tabled_state = TabledState.DESTROYED.value
        dossier = session.get(Dossier, consultation.dossier_id)
        if dossier is not None:
            log(session, dossier, SYSTEM, "voorgelegd_vernietigd")
    session.flush()
