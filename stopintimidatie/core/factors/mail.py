"""The mail that tells a person that their second factors were changed, or a code was used."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.factors.services import MAIL
from stopintimidatie.core.mail import Letter, MailTemplate, Writing
from stopintimidatie.core.text import datetime_long

CHANGES: Final = {
    "factor.app_ingesteld": "Voor uw account is een app met codes ingesteld.",
    "factor.app_verwijderd": "De app met codes is van uw account gehaald.",
    "factor.passkey_ingesteld": "Aan uw account is een passkey toegevoegd.",
    "factor.passkey_verwijderd": "Van uw account is een passkey verwijderd.",
    "factor.herstelcodes_gemaakt": "Er zijn nieuwe herstelcodes voor uw account gemaakt.",
    "factor.herstelcode_gebruikt": "Er is een herstelcode gebruikt om bij uw account te komen.",
    "factor.hersteld": (
        "Een beheerder heeft uw tweede stap hersteld. U bent overal afgemeld. Bij de volgende keer"
        " aanmelden stelt u een nieuwe passkey of app in."
    ),
}

ADDED: Final = {"factor.passkey_ingesteld": "die passkey", "factor.app_ingesteld": "die app"}


def _write(writing: Writing) -> Letter:
    action = str(writing.message.values["wijziging"])
    return Letter(
        {
            "at": datetime_long(writing.message.created_at),
            "change": CHANGES[action],
            # A new password doesn't remove what somebody else added.
            "added": ADDED.get(action),
            "link": writing.link("/wachtwoord-vergeten"),
            "account": writing.link("/account"),
        }
    )


TEMPLATE: Final = MailTemplate(
    MAIL,
    "De beveiliging van uw account is gewijzigd",
    "stopintimidatie.core.factors:templates/mail/tweede_stap.txt.jinja2",
    _write,
)
