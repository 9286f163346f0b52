"""The part of a dossier's page that says why it may be about one person, and what was advised."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission
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


def dossier_panel(context: DossierResource, request: Any) -> Panel | None:
    """Show ground and advice of a person-directed dossier, and what there is to do about them."""
    dossier = context.dossier
    if not is_strict(dossier.kind):
        return None
    ground, advices = ground_of(request.db, dossier), advices_of(request.db, dossier)
    values = {
        "dossier": dossier,
        "ground": ground,
        "advices": advices,
        "see": see(),
        "links": _links(context, request, ground, advices),
        "runs": dossier.state not in GONE and dossier.shown_state == dossier.state,
        "lives": dossier.state in LIVE,
        "stop": must_stop(dossier, advices[0] if advices else None),
        "outdated": OUTDATED,
        # The first button is what comes next; of a dossier that runs nothing need be done.
        "pressing": dossier.state == "in_voorbereiding" or waits_for_decision(advices),
    }
    return Panel("Persoonsgericht", PANEL, values)


def see() -> dict[str, Any]:
    """Return what the words of ground and advice depend on, for `facts.jinja2`."""
    now = utc_now()
    known = {"grounds": CrimeGround, "advice": Advice, "is_outdated": is_outdated}
    return {"now": now, "today": local_date(now), **known}


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
