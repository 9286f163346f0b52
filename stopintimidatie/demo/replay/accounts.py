"""The municipalities, people and app key of the demo, and what they set.

Only with `demo = true`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.services import PUBLISHED, find_user, give_role, hash_password
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.areas.models import MailDomain
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings.models import MunicipalityQuestion
from stopintimidatie.municipalities.settings.queries import OFFICER, REPORTER, stored_answers
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import (
    clean_logo,
    keep_logo,
    latest_number,
    publish,
)
from stopintimidatie.reports.models import Report

PASSWORD: Final = PUBLISHED  # printed at every start of the demo
TILBURG = "GM0855"
DORDRECHT, EINDHOVEN = "GM0505", "GM0772"


@dataclass(frozen=True)
class DemoPerson:
    """An account of the demo."""

    username: str
    name: str
    holder: str
    role: Role


_NAMES: Final = {
    DORDRECHT: ("Noor Verhoeven", "Sam de Bruin", "Ilse Kuipers", "Hassan Aydin", "Marit Vos"),
    EINDHOVEN: ("Daan Peters", "Yara van Gils", "Ruud Claassen", "Femke Smits", "Joost Adriaans"),
}
_ROLES: Final = (
    Role.OFFICER,
    Role.DOSSIER_OWNER,
    Role.ADMIN,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
)
_DOMAINS: Final = {DORDRECHT: "dordrecht.example", EINDHOVEN: "eindhoven.example"}

PEOPLE: Final = (
    *(
        DemoPerson(f"{role.value}@{_DOMAINS[holder]}", name, holder, role)
        for holder, names in _NAMES.items()
        for role, name in zip(_ROLES, names, strict=True)
    ),
    DemoPerson("meldpunt@landelijk.example", "Lotte Meijer", NATIONAL, Role.NATIONAL_DESK),
)


def _logo(colour: str, letter: str) -> bytes:
    """Draw a plain shield with a letter: no municipality's real emblem."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">'
        "<title>Logo</title>"
        f"<path d='M8 6h48v30c0 12-10 19-24 24C18 55 8 48 8 36Z' fill='{colour}'/>"
        "<text x='32' y='43' font-family='sans-serif' font-size='32' font-weight='700'"
        f" text-anchor='middle' fill='#fff'>{letter}</text></svg>"
    ).encode()


def _profile(code: str, name: str, colour: str, telephone: str) -> MunicipalityProfile:
    return MunicipalityProfile(
        code=code,
        level=ParticipationLevel.PROGRAMME,
        colour=colour,
        logo=_logo(colour, name[0]),
        logo_type="image/svg+xml",
        telephone=telephone,
        answer_title=f"Dank je wel. {name} heeft je melding.",
        answer_text=(
            "Wat je meemaakte is niet jouw schuld. Een medewerker van openbare orde en veiligheid"
            " leest je melding op de eerstvolgende werkdag. Wil je dat we contact opnemen? Dan"
            " doen we dat binnen drie dagen. We beloven niet dat we een dader vinden. Met je"
            " volgcode kun je zien wat er met je melding gebeurt. Is er nu gevaar? Bel 112."
        ),
    )


def set_up(session: Session) -> dict[tuple[str, str], User]:
    """Make profiles and accounts that aren't there yet; return users by (holder, role)."""
    for profile in (
        _profile(DORDRECHT, "Dordrecht", "#9b1c31", "14 078"),
        _profile(EINDHOVEN, "Eindhoven", "#00665e", "14 040"),
        MunicipalityProfile(code=TILBURG, level=ParticipationLevel.FORWARDING, telephone="14 013"),
    ):
        if session.get(MunicipalityProfile, profile.code) is None:
            session.add(profile)
    for code, domain in _DOMAINS.items():
        session.merge(MailDomain(code=code, domain=domain))
    session.flush()
    hashed = hash_password(PASSWORD)
    return {(p.holder, p.role.value): _person(session, p, hashed) for p in PEOPLE}


def _person(session: Session, person: DemoPerson, hashed: str) -> User:
    user = find_user(session, person.username)
    if user is None:
        user = User(username=person.username, name=person.name, password_hash=hashed, demo=True)
        session.add(user)
        session.flush()
    return user


def give_roles(session: Session, holder: str, users: dict[tuple[str, str], User]) -> None:
    """Give the demo's people their roles for one holder, in that holder's transaction."""
    for (own, role), user in users.items():
        if own == holder:
            give_role(session, SYSTEM, session.merge(user, load=False), holder, Role(role))


def actor_of(users: dict[tuple[str, str], User], holder: str, by: str) -> Actor:
    """Return who takes a step in the demo: an account, the reporter, or the system."""
    if by == "melder":
        return Actor("melder", None, "melder")
    user = users.get((holder, by))
    return SYSTEM if user is None else Actor("gebruiker", str(user.id), user.name)


# Own texts, a help line, terms, and a few own questions

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
