"""Standard texts for reporters, as long as nobody set others: Dutch and English, B1. Pure.

Every answer says: it isn't your fault; in danger: 112; who reads this and when; what happens then
and what isn't promised; parents aren't told; what the follow code is for.
"""

from __future__ import annotations

from typing import Any, Final

# Names of answers beside those of the forms of harassment.
CONNECTED: Final = "standaard"
NOT_CONNECTED: Final = "niet_aangesloten"
NOT_PLACED: Final = "plek_onbekend"
KINDS: Final = {
    CONNECTED: "Standaardantwoord",
    NOT_CONNECTED: "Gemeente is niet aangesloten",
    NOT_PLACED: "Gemeente is nog niet bekend",
}

Texts = dict[str, dict[str, dict[str, str]]]

_NL_BEGIN: Final = """\
Wat er gebeurde is niet uw schuld. Goed dat u het meldt.

Bent u nu in gevaar? Bel 112.
"""
_NL_END: Final = """\
Bent u jonger dan 18? Wij vertellen het niet uit onszelf aan uw ouders of verzorgers.

Met uw volgcode ziet u hoe het ermee staat. U kunt er ook iets mee toevoegen, iets vragen of uw \
melding intrekken. Bewaar de code goed: wij kunnen hem niet nog eens geven."""
_NL_NO_PROMISE: Final = """\
Wij beloven niet dat wij vinden wie het deed. Een melding is ook geen aangifte. Wilt u aangifte \
doen? Bel de politie: 0900-8844."""
_EN_BEGIN: Final = """\
What happened is not your fault. Thank you for telling us.

Are you in danger now? Call 112.
"""
_EN_END: Final = """\
Are you under 18? We will not tell your parents or carers of our own accord.

With your follow code you can see how things stand. You can also use it to add something, ask \
something or withdraw your report. Keep the code safe: we cannot give it to you again."""
_EN_NO_PROMISE: Final = """\
We cannot promise to find out who did it. This report is not a report to the police either. Do \
you want to report it to the police? Call 0900-8844."""

ANSWERS: Final[Texts] = {
    "nl": {
        CONNECTED: {
            "titel": "Dank u wel voor uw melding",
            "tekst": f"""{_NL_BEGIN}
Wie leest dit? Medewerkers van de gemeente {{gemeente}} die werken aan een veilige straat. Zij \
lezen meldingen op werkdagen.

Wat gebeurt er dan? Zij kijken of er op deze plek vaker iets gebeurt, en wat eraan te doen is. \
Wilt u contact? Dan nemen zij binnen {{dagen}} dagen contact op. {_NL_NO_PROMISE}

{_NL_END}""",
        },
        NOT_CONNECTED: {
            "titel": "Dank u wel voor uw melding",
            "tekst": f"""{_NL_BEGIN}
Wie leest dit? Eerst een medewerker van het landelijk meldpunt, op een werkdag. Die vraagt de \
gemeente {{gemeente}} wie daar over veiligheid op straat gaat, en geeft uw melding aan die persoon \
door. Niemand anders krijgt haar te lezen.

Wat gebeurt er dan? Dat besluit de gemeente {{gemeente}}. Wij beloven niet dat u antwoord krijgt. \
{_NL_NO_PROMISE}

{_NL_END}""",
        },
        NOT_PLACED: {
            "titel": "Dank u wel voor uw melding",
            "tekst": f"""{_NL_BEGIN}
Wie leest dit? Een medewerker van het landelijk meldpunt, op een werkdag. Die zoekt uit bij welke \
gemeente uw melding hoort, en geeft haar daar door.

Wat gebeurt er dan? Dat besluit die gemeente. {_NL_NO_PROMISE}

{_NL_END}""",
        },
    },
    "en": {
        CONNECTED: {
            "titel": "Thank you for your report",
            "tekst": f"""{_EN_BEGIN}
Who reads this? Staff of the municipality of {{gemeente}} who work on safety in the street. They \
read reports on working days.

What happens next? They look at whether things happen more often in this place, and what can be \
done about it. Do you want to be contacted? Then they will contact you within {{dagen}} days. \
{_EN_NO_PROMISE}

{_EN_END}""",
        },
        NOT_CONNECTED: {
            "titel": "Thank you for your report",
            "tekst": f"""{_EN_BEGIN}
Who reads this? First somebody at the national reporting point, on a working day. They ask the \
municipality of {{gemeente}} who is responsible for safety in the street, and pass your report on \
to that person. Nobody else gets to read it.

What happens next? That is up to the municipality of {{gemeente}}. We cannot promise that you will \
get an answer. {_EN_NO_PROMISE}

{_EN_END}""",
        },
        NOT_PLACED: {
            "titel": "Thank you for your report",
            "tekst": f"""{_EN_BEGIN}
Who reads this? Somebody at the national reporting point, on a working day. They find out which \
municipality your report belongs to, and pass it on.

What happens next? That is up to that municipality. {_EN_NO_PROMISE}

{_EN_END}""",
        },
    },
}

LET_OP: Final = {
    "nl": (
        "LET OP: de gemeente {gemeente} is nog niet aangesloten. Wij geven uw melding zo goed"
        " mogelijk door, maar het is niet zeker dat u antwoord krijgt. Hoort u binnen {werkdagen}"
        " werkdagen niets? Neem dan zelf contact op met de gemeente {gemeente}."
    ),
    "en": (
        "PLEASE NOTE: the municipality of {gemeente} is not connected yet. We pass your report on"
        " as well as we can, but it is not certain that you will get an answer. Have you heard"
        " nothing within {werkdagen} working days? Then please contact the municipality of"
        " {gemeente} yourself."
    ),
}
# Added to every LET OP once they are known, so that no own text can forget them.
LET_OP_DAY: Final = {
    "nl": "Die termijn loopt tot en met {dag}.",
    "en": "That term ends on {dag}.",
}
# Added to the answer of a connected municipality that gets a report outside office hours.
READ_FROM: Final = {
    "nl": "Uw melding wordt {dag} vanaf 8.00 uur gelezen. Is er nu gevaar? Bel 112.",
    "en": "Your report will be read on {dag}, from 8:00. Is there danger now? Call 112.",
}
LET_OP_PHONE: Final = {"nl": "Telefoon: {telefoon}.", "en": "Telephone: {telefoon}."}
LET_OP_REFERENCE: Final = {
    "nl": "Noem daarbij uw kenmerk {kenmerk}.",
    "en": "Mention your reference {kenmerk}.",
}
LET_OP_WORKING_DAYS: Final = 10
CONTACT_WITHIN_DAYS: Final = 3
READ_WITHIN_WORKING_DAYS: Final = 1

EMERGENCY_QUESTION: Final = {
    "nl": {
        "vraag": "Is het nu bezig, of bent u nu in gevaar?",
        "uitleg": "Bel dan eerst 112. Kunt u niet praten? Met de app 112NL kunt u typen.",
    },
    "en": {
        "vraag": "Is it happening now, or are you in danger?",
        "uitleg": "Then call 112 first. Can't you talk? With the app 112NL you can type.",
    },
}

MINORS: Final = ["onder_16", "16_17"]
# After these the Centrum Seksueel Geweld is the right address, and the sooner the better.
SEXUAL: Final = ["aanranding", "betasten", "exhibitionisme", "masturberen", "seksueel_verzoek"]

EMERGENCY: Final[dict[str, Any]] = {
    "naam": {"nl": "Politie (spoed)", "en": "Police (emergency)"},
    "telefoon": "112",
    "uitleg": {"nl": "Bij gevaar, altijd.", "en": "In danger, always."},
}
HELP_LINES: Final[list[dict[str, Any]]] = [
    {
        "naam": {
            "nl": "Kindertelefoon (tot 18 jaar, gratis en anoniem)",
            "en": "Kindertelefoon (under 18, free and anonymous, in Dutch)",
        },
        "telefoon": "0800-0432",
        "uitleg": {
            "nl": "Praten of chatten over alles, elke dag van 11 tot 21 uur.",
            "en": "Talk or chat about anything, every day from 11 to 21.",
        },
        "leeftijden": MINORS,
    },
    {
        "naam": {
            "nl": "Centrum Seksueel Geweld (dag en nacht, gratis)",
            "en": "Centre for Sexual Violence (day and night, free)",
        },
        "telefoon": "0800-0188",
        "uitleg": {
            "nl": "Hulp van artsen en hulpverleners. Bel liefst binnen zeven dagen.",
            "en": "Help from doctors and counsellors. Preferably call within seven days.",
        },
        "vormen": SEXUAL,
    },
    {
        "naam": {"nl": "Politie (geen spoed)", "en": "Police (no emergency)"},
        "telefoon": "0900-8844",
        "uitleg": {
            "nl": "Aangifte doen, of vragen wat de politie kan doen.",
            "en": "Report a crime, or ask what the police can do.",
        },
    },
    {
        "naam": {"nl": "Slachtofferhulp Nederland", "en": "Victim Support Netherlands"},
        "telefoon": "0900-0101",
        "uitleg": {
            "nl": "Luistert en helpt u verder.",
            "en": "Listens, and helps you find what to do next.",
        },
    },
]
