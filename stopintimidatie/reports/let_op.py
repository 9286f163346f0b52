"""The LET OP text as it stands today: before its term is over, and after. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from stopintimidatie.municipalities.published import Published
from stopintimidatie.municipalities.words import let_op, let_op_until

# When it has come this far the reporter needn't be warned any more.
OVER: Final = frozenset({"afgerond", "ingetrokken", "verwijderd", "vraag", "in_aanpak"})


@dataclass(frozen=True)
class LetOp:
    """What to tell a reporter whose municipality isn't connected."""

    text: str
    passed: bool


_PASSED: Final = {
    "nl": "Er zijn {days} werkdagen voorbij en wij hoorden niets van de gemeente {name}. Wilt u"
    " weten wat er gebeurt? Neem dan zelf contact op met de gemeente {name}.{phone}"
    " Noem uw kenmerk {reference}. Het ligt niet aan u.",
    "en": "{days} working days have passed and we heard nothing from the municipality of {name}. Do"
    " you want to know what happens? Then contact the municipality of {name} yourself.{phone}"
    " Give your reference {reference}. It isn't because of you.",
}
_PHONE: Final = {
    "nl": " Het telefoonnummer is {phone}.",
    "en": " The telephone number is {phone}.",
}


def let_op_today(
    published: Published,
    name: str,
    status: str,
    reference: str,
    received_at: datetime,
    today: date,
    language: str = "nl",
) -> LetOp | None:
    """The text; when the term has passed it says by itself what the reporter can do now."""
    text = let_op(published, name, language, reference=reference, received_at=received_at)
    if text is None or status in OVER:
        return None
    if today <= let_op_until(published, received_at):
        return LetOp(text, passed=False)
    spoken = language if language in _PASSED else "nl"
    phone = _PHONE[spoken].format(phone=published.telephone) if published.telephone else ""
    days = published.let_op_working_days
    told = _PASSED[spoken].format(days=days, name=name, phone=phone, reference=reference)
    return LetOp(told, passed=True)
