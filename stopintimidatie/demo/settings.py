"""What the demo's municipalities set: own texts, a help line, terms, and a few own questions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.municipalities.answers import OFFICER, REPORTER, stored_answers
from stopintimidatie.municipalities.logos import clean_logo
from stopintimidatie.municipalities.models import MunicipalityProfile, MunicipalityQuestion
from stopintimidatie.municipalities.published import Part
from stopintimidatie.municipalities.publishing import keep_logo, latest_number, publish
from stopintimidatie.reports.models import Report

DORDRECHT, EINDHOVEN = "GM0505", "GM0772"
ANSWERED: Final = 6
Json = dict[str, Any]

_YES_WE_READ: Final = (
    "Wat je meemaakte is niet jouw schuld.\n\nIs er nu gevaar? Bel 112.\n\nEen medewerker van"
    " openbare orde en veiligheid leest je melding op de eerstvolgende werkdag. Wil je contact? Dan"
    " bellen of mailen we binnen {dagen} dagen. We beloven niet dat we een dader vinden, en een"
    " melding is geen aangifte. We vertellen het niet uit onszelf aan je ouders.\n\nMet je volgcode"
    " zie je hoe het ermee staat, en kun je iets toevoegen, vragen of intrekken."
)
_AFTER_TOUCHING: Final = (
    "Wat er gebeurde mag niet, en het is niet jouw schuld.\n\nIs er nu gevaar? Bel 112.\n\nIs het"
    " minder dan zeven dagen geleden? Bel het Centrum Seksueel Geweld, dag en nacht: 0800-0188. Zij"
    " helpen je, ook als je nog niet weet of je aangifte wilt doen.\n\nWij lezen je melding op de"
    " eerstvolgende werkdag."
)
_ENGLISH: Final = (
    "What happened is not your fault.\n\nAre you in danger now? Call 112.\n\nWe read your report on"
    " the next working day. Do you want contact? Then we call or mail you within {dagen} days. We"
    " cannot promise to find out who did it."
)

_GERMAN: Final = (
    "Was dir passiert ist, ist nicht deine Schuld.\n\nBist du jetzt in Gefahr? Ruf 112 an.\n\nWir"
    " lesen deine Meldung am nächsten Werktag. Möchtest du Kontakt? Dann rufen wir dich innerhalb"
    " von {dagen} Tagen an oder schreiben dir. Wir können nicht versprechen, dass wir einen Täter"
    " finden."
)


def _question(use: str, kind: str, dutch: str, english: str, **choices: tuple[str, str]) -> Json:
    return {
        "gebruik": use,
        "soort": kind,
        "vraag": {"nl": dutch, "en": english},
        "uitleg": {},
        "keuzes": [
            {"code": code, "label": {"nl": nl, "en": en}} for code, (nl, en) in choices.items()
        ],
    }


QUESTIONS: Final[dict[str, dict[str, Json]]] = {
    DORDRECHT: {
        "vraag050501": _question(
            "app",
            "keuze",
            "Kwam je van of ging je naar school, werk of uitgaan?",
            "Were you on your way to or from school, work or a night out?",
            school=("school", "school"),
            werk=("werk", "work"),
            uitgaan=("uitgaan", "a night out"),
            anders=("iets anders", "something else"),
        ),
        "vraag050502": _question(
            "triage", "ja_nee", "Ligt deze plek op de route van de boa's?", "On the boas' route?"
        ),
    },
    EINDHOVEN: {
        "vraag077201": _question(
            "app", "ja_nee", "Was het tijdens een evenement?", "Was it during an event?"
        ),
    },
}


def _answers(name: str, title: str) -> Json:
    dutch = {
        "standaard": {"titel": f"Dank je wel. {name} heeft je melding.", "tekst": _YES_WE_READ},
        "betasten": {"titel": title, "tekst": _AFTER_TOUCHING},
        "aanranding": {"titel": title, "tekst": _AFTER_TOUCHING},
    }
    english = {"titel": f"Thank you. {name} has your report.", "tekst": _ENGLISH}
    german = {"titel": f"Danke. {name} hat deine Meldung.", "tekst": _GERMAN}
    return {"nl": dutch, "en": {"standaard": english}, "de": {"standaard": german}}


_YOUTH_WORK: Final[Json] = {
    "naam": {"nl": "Jongerenwerk Dordrecht", "en": "Youth work Dordrecht"},
    "telefoon": "078-5550100",
    "uitleg": {"nl": "Praten met iemand uit je buurt."},
    "leeftijden": ["onder_16", "16_17"],
    "vormen": [],
}


def set_up_settings(session: Session, holder: str, actor: Actor) -> None:
    """Publish them once, and give the newest reports answers to the questions."""
    if holder not in QUESTIONS or latest_number(session, holder, Part.ANSWERS):
        return
    profile = session.get_one(MunicipalityProfile, holder)
    name = "Dordrecht" if holder == DORDRECHT else "Eindhoven"
    logo = keep_logo(session, holder, clean_logo(profile.logo)) if profile.logo else None
    parts: dict[Part, Json] = {
        Part.LOOK: {"kleur": profile.colour, "logo": logo},
        Part.ANSWERS: _answers(name, "Goed dat je dit meldt."),
        Part.CONTACT: {"dagen": 3, "telefoon": profile.telephone},
        Part.QUESTIONS: {"vragen": list(QUESTIONS[holder])},
    }
    if holder == DORDRECHT:
        parts[Part.HELP] = {"lijnen": [_YOUTH_WORK]}
        parts[Part.OFFICERS] = {"perioden": [{"van": "2024-07-01", "tot": None}]}
    for question, content in QUESTIONS[holder].items():
        session.add(MunicipalityQuestion(id=question, owner=holder, content=content))
    session.flush()
    for part, content in parts.items():
        publish(session, actor, holder, part, content)
    _answer(session, holder)


def _answer(session: Session, holder: str) -> None:
    newest = select(Report).where(Report.state.in_(("nieuw", "in_behandeling")))
    reports = session.scalars(newest.order_by(Report.received_at.desc(), Report.id).limit(ANSWERED))
    for number, report in enumerate(reports):
        given = []
        for name, question in QUESTIONS[holder].items():
            said_by = REPORTER if question["gebruik"] == "app" else OFFICER
            if said_by == REPORTER or report.state == "in_behandeling":
                codes = [choice["code"] for choice in question["keuzes"]] or [True, False]
                answer = codes[number % len(codes)]
                given += stored_answers(((name, answer),), said_by) or []
        report.own_answers = given
    session.flush()
