"""The part of a dossier's page that says why it may be about one person, and what was advised."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import date_text, datetime_short
from stopintimidatie.core.web.components import Panel
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import page_of
from stopintimidatie.dossiers.person.models import PersonGround, PrivacyAdvice
from stopintimidatie.dossiers.person.services import (
    OUTDATED,
    advices_of,
    ground_of,
    is_against,
    is_outdated,
    why_not_advise,
)
from stopintimidatie.dossiers.person.vocabulary import Advice, CrimeGround
from stopintimidatie.dossiers.resources import DossierResource, is_strict
from stopintimidatie.dossiers.workflow import GONE, LIVE

PANEL: Final = "stopintimidatie.dossiers.person:templates/panel.jinja2"
Rows = list[tuple[str, str | None]]


def dossier_panel(context: DossierResource, request: Any) -> Panel | None:
    """Show ground and advice of a person-directed dossier, and what there is to do about them."""
    dossier = context.dossier
    if not is_strict(dossier.kind):
        return None
    ground, advices = ground_of(request.db, dossier), advices_of(request.db, dossier)
    values = {
        "ground": ground_rows(ground) if ground is not None else None,
        "advices": [
            (advice_words(dossier, advice, ground), advice_rows(advice)) for advice in advices
        ],
        "former": former_rows(dossier),
        "links": _links(context, request, ground, advices),
        "late": _late(dossier, ground, advices),
        # The first button is what comes next; of a dossier that runs nothing need be done.
        "pressing": dossier.state == "in_voorbereiding" or waits_for_decision(advices),
    }
    return Panel("Persoonsgericht", PANEL, values)


def ground_rows(row: PersonGround) -> Rows:
    """Return the ground in words."""
    rows: Rows = [
        ("Grond voor gegevens over strafbare feiten", CrimeGround.word(row.ground)),
        ("Waarom het nodig is", row.proportionality),
        ("Herzien", review_words(row)),
        ("Informeren van de persoon", informed_words(row)),
    ]
    if row.informed_on is None:
        rows.append(("Waarom later", row.postponed_reason))
    return rows


def review_words(row: PersonGround | None) -> str:
    """Return the review day, and whether it has come."""
    if row is None:
        return "nog geen grond vastgelegd"
    late = " (nu herzien)" if row.review_on <= local_date(utc_now()) else ""
    return f"{date_text(row.review_on)}{late}"


def informed_words(row: PersonGround | None) -> str:
    """Return when the person was informed, or until when that waits."""
    if row is None:
        return ""
    if row.informed_on is not None:
        return f"op {date_text(row.informed_on)}"
    until = row.postponed_until
    late = " (te laat)" if until is not None and until < local_date(utc_now()) else ""
    return f"uitgesteld tot {date_text(until)}{late}"


def advice_words(dossier: Dossier, row: PrivacyAdvice | None, ground: PersonGround | None) -> str:
    """Return how far an advice is, and whether it is about a ground that was changed since."""
    old = ", over een eerdere grond" if is_outdated(ground, row) else ""
    return f"{_advice_words(dossier, row)}{old}"


def _advice_words(dossier: Dossier, row: PrivacyAdvice | None) -> str:
    if row is None:
        return "van vóór deze stap" if dossier.privacy_advice else "nog niet gevraagd"
    if row.outcome is None:
        due = row.due_at
        if due is None:
            return f"gevraagd op {date_text(row.proposed_at)}"
        return "te laat" if due < utc_now() else f"uiterlijk {datetime_short(due)}"
    word = Advice.word(row.outcome)
    if row.followed is None:
        return f"{word}, nog niet besloten" if row.outcome != Advice.POSITIVE else word
    return f"{word}, gevolgd" if row.followed else f"{word}, niet gevolgd"


def advice_rows(row: PrivacyAdvice) -> Rows:
    """Return question, answer and decision of one advice."""
    rows: Rows = [
        ("Vraag", row.question),
        ("Gevraagd door", f"{row.proposed_by}, {datetime_short(row.proposed_at)}"),
    ]
    if row.due_at is not None:
        rows.append(("Gestart voor het advies, omdat", row.urgent_reason))
        rows.append(("Advies uiterlijk", datetime_short(row.due_at)))
    if row.answered_at is not None:
        rows.append(("Advies", row.words))
        rows.append(("Gegeven door", f"{row.answered_by}, {datetime_short(row.answered_at)}"))
    if row.decided_at is not None:
        words = "gevolgd" if row.followed else "niet gevolgd"
        rows.append(("Besluit", f"{words}, {row.decided_by}, {datetime_short(row.decided_at)}"))
    if row.not_followed_reason:
        rows.append(("Waarom niet gevolgd", row.not_followed_reason))
    return rows


def former_rows(dossier: Dossier) -> Rows:
    """Return the advice that a dossier owner typed before it became a step of its own."""
    if not dossier.privacy_advice:
        return []
    return [("Advies", dossier.privacy_advice), ("Datum", date_text(dossier.privacy_advice_on))]


def _links(
    context: DossierResource, request: Any, ground: PersonGround | None, advices: list[Any]
) -> list[tuple[str, str]]:
    """Return what this person can do now about ground and advice, as (label, address)."""
    dossier, here = context.dossier, page_of(context, request)
    if dossier.state in GONE or dossier.shown_state != dossier.state:
        return []
    links = []
    latest = advices[0] if advices else None
    if request.has_permission(Permission.EDIT_DOSSIER, context):
        known = ground is not None
        started = dossier.state != "in_voorbereiding"
        undecided = waits_for_decision(advices)
        waits = latest is not None and latest.outcome is None
        again = is_outdated(ground, latest) or not undecided
        links = [
            (not known, "Grond vastleggen", "grond-vastleggen"),
            (known and not waits and again, "Advies vragen", "advies-vragen"),
            (undecided, "Besluiten over het advies", "advies-volgen"),
            (known and started, "Herzien", "herzien"),
            (known, "Grond wijzigen", "grond-vastleggen"),
        ]
    if request.has_permission(Permission.ADVISE_DOSSIER, context):
        able = not why_not_advise(request.db, dossier, latest, request.actor.id)
        links.append((able, "Advies geven", "advies-geven"))
    return [(label, f"{here}/{name}") for shown, label, name in links if shown]


def waits_for_decision(advices: list[PrivacyAdvice]) -> bool:
    """Tell whether the latest advice was given and nobody said whether it is followed."""
    return bool(advices) and advices[0].outcome is not None and advices[0].followed is None


def _late(dossier: Dossier, ground: PersonGround | None, advices: list[Any]) -> list[str]:
    """Return what is late, in sentences."""
    today, latest = local_date(utc_now()), advices[0] if advices else None
    if dossier.state in GONE or dossier.shown_state != dossier.state:
        return []
    late = []
    if ground is None and dossier.state != "in_voorbereiding":
        late.append("Dit dossier begon voordat een grond nodig was. Leg die alsnog vast.")
    if ground is not None and ground.review_on <= today:
        late.append("De dag van herziening is er. Herzie het dossier.")
    if ground is not None and ground.postponed_until and ground.postponed_until < today:
        late.append("Het uitstel is voorbij. Informeer de persoon, of stel opnieuw uit.")
    stop = must_stop(dossier, latest)
    if stop:
        late.append(stop)
    elif dossier.state in LIVE and is_outdated(ground, latest):
        late.append(OUTDATED)
    due = latest.due_at if latest is not None and latest.outcome is None else None
    if due is not None and due < utc_now():
        late.append("Dit dossier startte met spoed. Het advies is te laat.")
    return late


def must_stop(dossier: Dossier, advice: PrivacyAdvice | None) -> str:
    """Return how to stop a dossier that is still there although a negative advice is followed.

    Either it never began, or it did with urgency, before the advice. Empty: it need not stop.
    """
    if dossier.state not in LIVE or not is_against(advice):
        return ""
    if dossier.state == "in_voorbereiding":
        return (
            "Negatief advies gevolgd: dit dossier start niet. Kies ‘Niet starten’. Is er iets"
            " veranderd? Vraag opnieuw advies."
        )
    way = "Kies ‘Afsluiten’."
    if dossier.state == "in_aanpak":
        way = "Kies ‘Naar monitoring’ en daarna ‘Afsluiten’."
    return (
        f"Negatief advies gevolgd: stop dit dossier. {way} Is er iets veranderd? Vraag opnieuw"
        " advies."
    )
