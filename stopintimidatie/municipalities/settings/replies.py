"""Replies that an officer begins with, and the standard ones: Dutch and English, B1. Pure.

Titles are for officers; texts are for the reporter, with blanks that are filled in for one report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

QUESTION: Final = "vraag"
MESSAGE: Final = "bericht"
FEEDBACK: Final = "terugkoppeling"
NOT_HANDLED: Final = "niet_in_behandeling"
REPLY_KINDS: Final = {
    QUESTION: "Vraag aan de melder",
    MESSAGE: "Bericht aan de melder",
    FEEDBACK: "Terugkoppeling bij het afhandelen",
    NOT_HANDLED: "Bericht bij ‘niet in behandeling’",
}
REPLY_BLANKS: Final = {
    "kenmerk": "het kenmerk van de melding",
    "gemeente": "de naam van de gemeente",
    "datum": "de dag van de melding",
    "plek": "de wijk, of anders de gemeente",
}
# Blanks that only a reply of one kind can fill in.
MORE_BLANKS: Final = {
    QUESTION: {"uiterlijk": "de laatste dag voor een antwoord"},
    NOT_HANDLED: {"hulplijnen": "de hulplijnen die bij deze melder passen"},
}


def reply_blanks(kind: str) -> dict[str, str]:
    """Return the blanks that a reply of this kind may have, with their meaning."""
    return {**REPLY_BLANKS, **MORE_BLANKS.get(kind, {})}


@dataclass(frozen=True, slots=True)
class Reply:
    """A text to begin an answer with: its title for officers, its words by language."""

    id: str
    kind: str
    title: str
    texts: Mapping[str, str]

    @property
    def text(self) -> str:
        """The words in Dutch, with their blanks."""
        return self.texts["nl"]


def reply_of(row: Mapping[str, Any]) -> Reply:
    """Return a reply from its stored content."""
    return Reply(row["id"], row["soort"], row["titel"], row["teksten"])


def _reply(code: str, kind: str, title: str, dutch: str, english: str) -> dict[str, Any]:
    texts = {"nl": dutch, "en": english}
    return {"id": code, "soort": kind, "titel": title, "teksten": texts}


REPLIES: Final[list[dict[str, Any]]] = [
    _reply(
        "plek",
        QUESTION,
        "Waar was het precies?",
        """\
Dank u wel voor uw melding {kenmerk}.

Wij willen graag weten waar het precies was. Bij welke winkel, halte of straathoek? Dan kunnen wij \
daar gerichter kijken.

Wilt u dit uiterlijk {uiterlijk} laten weten? Weet u het niet meer? Dat is niet erg. Schrijf dat \
dan.""",
        """\
Thank you for your report {kenmerk}.

We would like to know where exactly it was. Near which shop, stop or street corner? Then we know \
better where to look.

Will you let us know by {uiterlijk}? Don't you remember? That is fine. Just tell us so.""",
    ),
    _reply(
        "tijd",
        QUESTION,
        "Wanneer was het precies?",
        """\
Dank u wel voor uw melding {kenmerk}.

Wij willen graag weten wanneer het was. Weet u nog welke dag het was, en hoe laat ongeveer?

Wilt u dit uiterlijk {uiterlijk} laten weten? Weet u het niet meer? Dat is niet erg. Schrijf dat \
dan.""",
        """\
Thank you for your report {kenmerk}.

We would like to know when it was. Do you remember which day, and about what time?

Will you let us know by {uiterlijk}? Don't you remember? That is fine. Just tell us so.""",
    ),
    _reply(
        "vaker",
        QUESTION,
        "Is het vaker gebeurd?",
        """\
Dank u wel voor uw melding {kenmerk}.

Wij willen graag weten of het vaker is gebeurd. Was het op dezelfde plek? En was het dezelfde \
persoon of groep? Schrijf geen namen op.

Wilt u dit uiterlijk {uiterlijk} laten weten? Bent u in gevaar? Bel 112.""",
        """\
Thank you for your report {kenmerk}.

We would like to know whether it has happened more often. Was it in the same place? And was it the \
same person or group? Please write no names.

Will you let us know by {uiterlijk}? Are you in danger? Call 112.""",
    ),
    _reply(
        "gelezen",
        MESSAGE,
        "Wij hebben uw melding gelezen",
        """\
Wij hebben uw melding van {datum} gelezen. Goed dat u dit laat weten. Het is niet uw schuld.

Wij bekijken nu of er op deze plek vaker iets gebeurt, en wat wij kunnen doen. Op deze pagina \
leest u hoe het verdergaat. Wilt u nog iets vertellen? Dat kan hier ook.""",
        """\
We have read your report of {datum}. Thank you for telling us. It is not your fault.

We are now looking at whether things happen more often in this place, and what we can do. On this \
page you can read how things go on. Do you want to tell us more? You can do that here too.""",
    ),
    _reply(
        "langer",
        MESSAGE,
        "Het duurt langer dan wij dachten",
        """\
Het antwoord op uw melding van {datum} duurt langer dan wij dachten. Dat spijt ons. Uw melding is \
niet vergeten.

Zodra er iets te vertellen is, leest u het op deze pagina.""",
        """\
The answer to your report of {datum} takes longer than we thought. We are sorry. Your report has \
not been forgotten.

As soon as there is something to tell, you can read it on this page.""",
    ),
    _reply(
        "aangifte",
        MESSAGE,
        "Zo kunt u aangifte doen",
        """\
Uw melding bij de gemeente is geen aangifte. Wat u beschrijft, kan strafbaar zijn. Alleen de \
politie kan dat onderzoeken. U beslist zelf of u aangifte doet.

Bel de politie op 0900-8844 voor een afspraak. U mag iemand meenemen. Wilt u er eerst over praten? \
Slachtofferhulp Nederland helpt u gratis: 0900-0101.""",
        """\
Your report to the municipality is not a report to the police. What you describe may be an \
offence. Only the police can look into that. You decide whether to report it to them.

Call the police on 0900-8844 for an appointment. You may bring somebody. Do you want to talk about \
it first? Victim Support Netherlands helps you for free: 0900-0101.""",
    ),
    _reply(
        "toezicht",
        FEEDBACK,
        "Er is meer toezicht op deze plek",
        """\
Dank u wel voor uw melding van {datum} in {plek}.

Naar aanleiding van deze en andere meldingen is er op deze plek nu vaker toezicht. Wij kijken of \
dat helpt.

Gebeurt het nog een keer? Meld het dan weer. Bent u in gevaar? Bel 112.""",
        """\
Thank you for your report of {datum} in {plek}.

Because of this report and others there is now more supervision in this place. We are watching \
whether that helps.

Does it happen again? Then please report it again. Are you in danger? Call 112.""",
    ),
    _reply(
        "beeld",
        FEEDBACK,
        "Uw melding telt mee in het beeld van de plek",
        """\
Dank u wel voor uw melding van {datum} in {plek}.

Wij hebben nu niets op straat veranderd. Uw melding telt wel mee: wij houden bij waar en wanneer \
er iets gebeurt. Zien wij op een plek meer meldingen, dan doen wij daar iets aan.

Gebeurt het nog een keer? Meld het dan weer. Bent u in gevaar? Bel 112.""",
        """\
Thank you for your report of {datum} in {plek}.

We have not changed anything in the street now. Your report does count: we keep track of where and \
when things happen. When we see more reports about a place, we act there.

Does it happen again? Then please report it again. Are you in danger? Call 112.""",
    ),
    _reply(
        "ingericht",
        FEEDBACK,
        "De plek wordt aangepast",
        """\
Dank u wel voor uw melding van {datum} in {plek}.

De gemeente {gemeente} past deze plek aan, zodat het er prettiger en veiliger is. Denk aan beter \
licht of meer overzicht.

Gebeurt het nog een keer? Meld het dan weer. Bent u in gevaar? Bel 112.""",
        """\
Thank you for your report of {datum} in {plek}.

The municipality of {gemeente} is changing this place, so that it is more pleasant and safer. \
Think of better light or a clearer view.

Does it happen again? Then please report it again. Are you in danger? Call 112.""",
    ),
    _reply(
        "andere_hulp",
        NOT_HANDLED,
        "Hier kan de gemeente niets mee, anderen wel",
        """\
Dank u wel voor uw melding van {datum}. Wat er gebeurde, is niet uw schuld.

Dit meldpunt gaat over straatintimidatie. Wat u beschrijft, hoort daar niet bij. Daarom nemen wij \
uw melding niet in behandeling. Dat betekent niet dat het niet erg is. Deze mensen helpen u verder:

{hulplijnen}""",
        """\
Thank you for your report of {datum}. What happened is not your fault.

This reporting point is about street harassment. What you describe is something else. That is why \
we do not take up your report. It does not mean that it isn't serious. These people can help you:

{hulplijnen}""",
    ),
    _reply(
        "te_weinig",
        NOT_HANDLED,
        "Wij weten te weinig om iets te doen",
        """\
Dank u wel voor uw melding van {datum}. Goed dat u iets liet weten.

Wij weten te weinig om er iets mee te doen. Daarom sluiten wij uw melding. Wilt u er toch meer \
over vertellen? Schrijf het op deze pagina, dan lezen wij het.

Wilt u met iemand praten? Deze mensen helpen u:

{hulplijnen}""",
        """\
Thank you for your report of {datum}. It is good that you told us something.

We know too little to act on it. That is why we close your report. Do you want to tell us more \
after all? Write it on this page and we will read it.

Do you want to talk to somebody? These people can help you:

{hulplijnen}""",
    ),
    _reply(
        "al_bekend",
        NOT_HANDLED,
        "Dit was al gemeld",
        """\
Dank u wel voor uw melding van {datum}. Wij kregen hierover al een melding. Wij gaan daarmee \
verder, en uw melding telt daarbij mee.

Wilt u met iemand praten? Deze mensen helpen u:

{hulplijnen}""",
        """\
Thank you for your report of {datum}. We already had a report about this. We go on with that one, \
and yours counts with it.

Do you want to talk to somebody? These people can help you:

{hulplijnen}""",
    ),
]
