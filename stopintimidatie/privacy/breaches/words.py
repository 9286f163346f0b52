"""Sentences about a breach that people outside read, and that the pages have in common."""

from __future__ import annotations

from typing import Final

from stopintimidatie.municipalities.accountability.rules import Controller

TELL_INTRO: Final = (
    "Melders lezen dit op de eigen pagina van hun melding, met de volgcode. Wie een mailadres gaf,"
    " krijgt een mail dat er een bericht staat. Terughalen kan niet. Wie geen melding deed, hoort"
    " het met een brief of telefoontje van u: neem dan deze tekst over."
)
SHARE_INTRO: Final = (
    "Elke gemeente die u kiest, krijgt dit datalek in het eigen register: wat er gebeurde, de"
    " gegevens, de gevolgen en de maatregelen. Vanaf dat moment loopt daar een eigen termijn van 72"
    " uur. Wie het al heeft, krijgt het niet nog eens."
)
DUTCH: Final = """\
Er is iets misgegaan met gegevens uit uw melding. Dat spijt ons.

Wat er is gebeurd: [wat er is gebeurd, en wanneer].

Wat dit voor u kan betekenen: [wie nu wat kan weten]. [Stond uw naam of nummer erin? Schrijf dat.]

Wat wij doen: wij zoeken uit hoe dit kon gebeuren. [Wat u nog meer doet.]

Wat u kunt doen: u hoeft niets te doen. Zegt iemand iets tegen u over wat u meldde, of voelt u \
zich niet veilig? Laat het ons weten. Is er gevaar? Bel 112. U kunt hierover ook klagen bij de \
Autoriteit Persoonsgegevens.

Vragen? {call} U kunt ook onze functionaris gegevensbescherming (FG) vragen: {officer}."""
ENGLISH: Final = """\
Something went wrong with data from your report. We are sorry.

What happened: [what happened, and when].

What this may mean for you: [who may know what now]. [Was a name or number in it? Write so.]

What we are doing: we are finding out how this could happen. [What else you do.]

What you can do: you don't have to do anything. Does somebody talk to you about what you reported, \
or do you not feel safe? Let us know. Are you in danger? Call 112. You can also complain to the \
Dutch Data Protection Authority (Autoriteit Persoonsgegevens).

Questions? {call} You can also ask our data protection officer: {officer}."""


def officer(controller: Controller) -> str:
    """Return function and address of the data protection officer; empty when not filled in."""
    return ", ".join(filter(None, (controller.officer, controller.officer_address)))


def proposed(phone: str | None, controller: Controller) -> tuple[str, str]:
    """Return the proposed text for reporters in Dutch and in English (art. 34(2) AVG)."""
    dutch = f"Bel {phone}, of schrijf ons hieronder." if phone else "Schrijf ons hieronder."
    english = f"Call {phone}, or write to us below." if phone else "Write to us below."
    name = officer(controller)
    return (
        DUTCH.format(call=dutch, officer=name or "[naam en adres van de FG]"),
        ENGLISH.format(call=english, officer=name or "[name and address of the officer]"),
    )
