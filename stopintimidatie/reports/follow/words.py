"""Texts for a reporter on /volgen: each status explained, and what was just done. Pure."""

from __future__ import annotations

from typing import Final

from stopintimidatie.reports.conversation.queries import Keeping

NOT_KEPT: Final = Keeping()
EXPLAINED: Final[dict[str, str]] = {
    "ontvangen": "Uw melding is veilig aangekomen. Zij wacht tot een medewerker haar leest.",
    "wordt_bekeken": "Een medewerker van de gemeente leest uw melding en zoekt uit wat er kan.",
    "vraag": "De gemeente wil iets van u weten. Lees de vraag hieronder. Antwoorden hoeft niet,"
    " maar het helpt.",
    "in_aanpak": "Er zijn meer meldingen over deze plek of over hetzelfde. De gemeente pakt ze"
    " samen aan, met haar partners. Dat kan langer duren.",
    "doorgegeven": "Een andere gemeente gaat over deze plek en heeft uw melding gekregen.",
    "afgerond": "De gemeente is klaar met uw melding. Wat er is gedaan, leest u hieronder.",
    "ingetrokken": "Uw naam, telefoonnummer en e-mailadres zijn gewist. Niemand kan de rest van uw"
    " melding nog lezen. Die wordt vernietigd na de termijn die daarvoor is vastgesteld."
    " Is die er nog niet, dan wordt niets vanzelf gewist.",
    "verwijderd": "De inhoud van uw melding is gewist.",
}
# A withdrawn report that may not be destroyed for now; the second, with contact data still there.
KEPT: Final = (
    "Uw naam, telefoonnummer en e-mailadres zijn gewist. Niemand kan de rest van uw melding nog"
    " lezen. Die mag nu niet worden vernietigd."
)
KEPT_WITH_CONTACT: Final = (
    "Niemand kan uw melding nog lezen. Maar zij mag nu niet worden vernietigd, ook uw naam,"
    " telefoonnummer en e-mailadres niet. Die blijven verzegeld: niemand ziet ze. Zodra het mag,"
    " worden ze gewist."
)
DOUBLE: Final = (
    "Over wat er gebeurde, was al een melding binnen: van u, of van iemand anders. De gemeente gaat"
    " met die melding verder, en weet dat ook u het meldde. Wat u schreef, blijft daarbij bewaard."
)
CONTACT_DUE: Final = "U vroeg om contact. Dat krijgt u nog, ook nu uw melding bij een andere hoort."
# The same while the national desk has the report.
AT_DESK: Final[dict[str, str]] = {
    "vraag": "Het landelijk meldpunt wil iets van u weten, zodat uw melding bij de juiste gemeente"
    " komt. Lees de vraag hieronder. Antwoorden hoeft niet, maar het helpt.",
    "afgerond": "Het landelijk meldpunt is klaar met uw melding. Staat er hieronder een bericht,"
    " dan leest u daar waarom. Klopt het niet? Schrijf het hieronder: een medewerker leest dat en"
    " kan uw melding weer openen.",
}
DOUBLE_AT_DESK: Final = (
    "Over wat er gebeurde, was al een melding binnen: van u, of van iemand anders. Het landelijk"
    " meldpunt gaat met die melding verder. Wat u schreef, blijft bewaard."
)
DONE: Final[dict[str, str]] = {
    "bericht": "Uw bericht is verstuurd. De gemeente leest het.",
    "mening": "Dank u wel. De gemeente leest wat u vond.",
    "bijlage_wacht": "Uw bestand is verstuurd. Wij kijken het nog na. Daarna kan de gemeente het"
    " bekijken.",
    "bijlage": "Uw bestand is verstuurd. De gemeente kan het bekijken.",
    "ingetrokken": "Uw melding is ingetrokken. Uw contactgegevens zijn gewist.",
    "ingetrokken_bewaard": "Uw melding is ingetrokken.",
    "bewaren": "Uw melding blijft bewaard. De gemeente weet dat u aangifte wilt doen.",
}
BACK: Final = "Uw melding is terug. De gemeente kan weer verder."
BACK_WITHOUT_CONTACT: Final = (
    "Uw melding is terug. De gemeente kan weer verder. Uw contactgegevens zijn weg. Wilt u"
    " contact? Schrijf dat dan hieronder."
)
NOT_FOUND: Final = (
    "Bij dit kenmerk en deze volgcode vinden wij geen melding. Kijk allebei goed na. Is het lang"
    " geleden? Als de bewaartermijn voorbij is, vernietigen wij een melding. Bent u de volgcode"
    " kwijt? Wij kunnen haar niet opzoeken: bel dan uw gemeente, of doe een nieuwe melding."
)
TOO_OFTEN: Final = (
    "Er is vanaf deze plek te vaak een verkeerde code ingevuld. Wacht een kwartier en probeer het"
    " dan nog eens."
)
MESSAGE_TITLES: Final[dict[str, str]] = {
    "vraag": "Vraag aan u",
    "bericht": "Bericht aan u",
    "terugkoppeling": "Wat er met uw melding is gedaan",
    "antwoord": "Uw antwoord",
    "aanvulling": "Uw aanvulling",
}


def explained(
    status: str,
    *,
    double: bool = False,
    contact_due: bool = False,
    desk: bool = False,
    keeping: Keeping = NOT_KEPT,
) -> list[str]:
    """Return the sentences under the status; of a double: that it goes on elsewhere.

    `desk`: the national desk has the report. `keeping`: how long it is kept.
    """
    if double:
        goes_on = DOUBLE_AT_DESK if desk else DOUBLE
        return [goes_on, CONTACT_DUE] if contact_due else [goes_on]
    if status == "ingetrokken" and keeping.kept:
        return [KEPT_WITH_CONTACT if keeping.contact_kept else KEPT]
    return [(AT_DESK.get(status) if desk else None) or EXPLAINED.get(status, "")]


def back(*, contact: bool) -> str:
    """Return the words after a withdrawal was taken back. `contact`: its contact data is there."""
    return BACK if contact else BACK_WITHOUT_CONTACT


def message_title(kind: str) -> str:
    """Return the heading above a message of this kind."""
    return MESSAGE_TITLES.get(kind, "Bericht aan u")


def sender_words(sender: str | None, language: str) -> str:
    """Return the organisation that speaks, in the language of the reader; empty for the holder."""
    words = sender or ""
    if language == "en":
        words = words.replace("gemeente ", "municipality of ", 1)
        words = words.replace("via het landelijk meldpunt", "through the national desk")
    return words
