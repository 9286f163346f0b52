"""Sentences for somebody whose sign-in through the municipality was refused. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from stopintimidatie.municipalities.sso.openid import Refusal

_TELL_ADMIN: Final = "Blijft het zo, geef dit dan door aan uw functioneel beheerder."
_ADMIN_MENDS: Final = (
    "Uw functioneel beheerder kan dit herstellen, met de uitleg in de beheerhandleiding."
)
_ASK_ROLE: Final = "Vraag uw functioneel beheerder om een rol, en probeer het daarna opnieuw."


class Words(NamedTuple):
    """Text that says what happened and what to do next."""

    text: str
    # Trying again may help.
    again: bool


WORDS: Final[dict[Refusal, Words]] = {
    Refusal.STATE: Words(
        "Deze aanmelding is verlopen, of in een ander venster begonnen. Begin opnieuw.", True
    ),
    Refusal.USED: Words("Deze aanmelding is al gebruikt. Begin opnieuw.", True),
    Refusal.CANCELLED: Words("U hebt het aanmelden bij uw gemeente niet afgemaakt.", True),
    Refusal.CROWDED: Words(
        "Er melden zich nu veel mensen tegelijk aan. Wacht tien seconden en probeer het opnieuw.",
        True,
    ),
    Refusal.CHANGED: Words(
        "Terwijl u zich aanmeldde, heeft uw gemeente het aanmelden gewijzigd of uitgezet. Ga naar"
        " de aanmeldpagina en begin opnieuw. Lukt dat niet, vraag dan uw functioneel beheerder om"
        " hulp.",
        False,
    ),
    Refusal.UNREACHABLE: Words(
        f"De inlogdienst van uw gemeente antwoordt niet. Probeer het over een paar minuten opnieuw."
        f" {_TELL_ADMIN}",
        True,
    ),
    Refusal.METADATA: Words(
        f"De inlogdienst van uw gemeente geeft niet de gegevens die nodig zijn. {_ADMIN_MENDS}",
        False,
    ),
    Refusal.ERROR: Words(
        f"De inlogdienst van uw gemeente gaf een fout. Probeer het opnieuw. {_TELL_ADMIN}", True
    ),
    Refusal.CLIENT: Words(
        "De inlogdienst van uw gemeente kent deze website niet, of het geheim klopt niet meer."
        f" {_ADMIN_MENDS}",
        False,
    ),
    Refusal.CODE: Words(
        "De inlogdienst van uw gemeente nam de aanmelding niet meer aan: het duurde te lang, of ze"
        " is al gebruikt. Begin opnieuw.",
        True,
    ),
    Refusal.TOKEN: Words(
        f"Het bewijs van de inlogdienst van uw gemeente klopt niet. {_ADMIN_MENDS}", False
    ),
    Refusal.SIGNATURE: Words(
        "Het bewijs van de inlogdienst van uw gemeente is niet of niet goed ondertekend."
        f" {_ADMIN_MENDS}",
        False,
    ),
    Refusal.KEY: Words(
        "Het bewijs is ondertekend met een sleutel die de inlogdienst van uw gemeente niet kent."
        f" Probeer het over een minuut opnieuw. {_TELL_ADMIN}",
        True,
    ),
    Refusal.ISSUER: Words(
        "Het antwoord kwam van een andere inlogdienst dan die van uw gemeente. Ga niet verder, en"
        " geef dit door aan uw functioneel beheerder.",
        False,
    ),
    Refusal.AUDIENCE: Words(
        "Het bewijs van de inlogdienst was voor een andere website. Ga niet verder, en geef dit"
        " door aan uw functioneel beheerder.",
        False,
    ),
    Refusal.CLOCK: Words(
        "Het bewijs van de inlogdienst van uw gemeente is verlopen, of van later dan nu. Probeer"
        f" het opnieuw. Blijft het zo, dan loopt een klok niet gelijk. {_TELL_ADMIN}",
        True,
    ),
    Refusal.NONCE: Words("Het bewijs hoort niet bij deze aanmelding. Begin opnieuw.", True),
    Refusal.NOT_AGAIN: Words(
        "De inlogdienst van uw gemeente vroeg niet opnieuw wie u bent. Dat is hier wel nodig."
        f" Probeer het opnieuw. {_TELL_ADMIN}",
        True,
    ),
    Refusal.OTHER_PERSON: Words(
        "U bent bij uw gemeente aangemeld als iemand anders dan hier. Meld u hier en bij uw"
        f" gemeente af, en begin opnieuw. {_TELL_ADMIN}",
        True,
    ),
    Refusal.BLOCKED: Words(
        "Uw account is geblokkeerd. Vraag uw functioneel beheerder waarom.", False
    ),
    Refusal.NO_ROLE: Words(f"U hebt geen rol in dit werkportaal. {_ASK_ROLE}", True),
    Refusal.NO_MAIL: Words(
        f"De inlogdienst van uw gemeente gaf uw e-mailadres niet door. {_ADMIN_MENDS}", False
    ),
    Refusal.UNPROVED_MAIL: Words(
        "Uw e-mailadres is bij de inlogdienst van uw gemeente niet bevestigd. Bevestig het daar, en"
        " probeer het opnieuw.",
        True,
    ),
    Refusal.STRANGER: Words(
        "Met het e-mailadres dat uw gemeente doorgaf, kunt u hier niet aanmelden via deze gemeente."
        " Vraag uw functioneel beheerder om een uitnodiging.",
        False,
    ),
}
