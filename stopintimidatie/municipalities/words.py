"""What a reporter reads about a municipality: the answer on the spot, and LET OP. Pure."""

from __future__ import annotations

from typing import Final

from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel

DEFAULT_TITLE: Final = "Dank u wel voor uw melding"
UNPLACED_TEXT: Final = (
    "Uw melding is goed ontvangen. Wij zoeken uit bij welke gemeente zij hoort. Met de volgcode "
    "ziet u hoe het ermee staat. Bent u nu in gevaar? Bel 112."
)


def reaction(name: str | None, profile: MunicipalityProfile | None) -> tuple[str, str]:
    """Title and text of the answer on the spot: the municipality's own words where it has them."""
    if name is None or profile is None:
        return DEFAULT_TITLE, UNPLACED_TEXT
    title = profile.answer_title or DEFAULT_TITLE
    text = profile.answer_text or (
        f"Uw melding is goed ontvangen. Zij gaat over een plek in {name}. Met de volgcode ziet u "
        "hoe het ermee staat. Bent u nu in gevaar? Bel 112."
    )
    return title, text


def let_op(name: str, profile: MunicipalityProfile, reference: str | None = None) -> str | None:
    """The LET OP text of a municipality that isn't connected; None for one that is."""
    if profile.level == ParticipationLevel.PROGRAMME:
        return None
    telephone = f" Telefoon: {profile.telephone}." if profile.telephone else ""
    kenmerk = f" Noem daarbij uw kenmerk {reference}." if reference else ""
    return (
        f"LET OP: de gemeente {name} is nog niet aangesloten. Wij geven uw melding zo goed mogelijk"
        " door, maar het is niet zeker dat u antwoord krijgt. Hoort u binnen"
        f" {profile.let_op_working_days} werkdagen niets? Neem dan zelf contact op met de gemeente"
        f" {name}.{telephone}{kenmerk}"
    )
