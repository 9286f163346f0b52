"""Settings that count now for a municipality: its own, the desk's, or the standard ones. Pure.

A `Published` gives all texts that a reporter reads: the answer on the spot, LET OP, help lines and
questions. In the language that was asked for, the municipality's own texts go before the desk's,
and those before the standard texts (`standard`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from stopintimidatie.core.clock import next_opening, working_days_after
from stopintimidatie.core.text import date_long, local
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings import standard
from stopintimidatie.municipalities.settings.standard import TEXTS, Reply, reply_of
from stopintimidatie.municipalities.settings.vocabulary import Question

# Every reporter can read one of these; a municipality may add others of the vocabulary.
ALWAYS: Final = ("nl", "en")
RIGHT_TO_LEFT: Final = frozenset({"ar"})


class Part(StrEnum):
    """Part of the settings that is set, and versioned, as one."""

    LOOK = "uiterlijk"
    ANSWERS = "antwoorden"
    LET_OP = "let_op"
    HELP = "hulplijnen"
    QUESTIONS = "vragen"
    CONTACT = "contact"
    OFFICERS = "boas"
    REPLIES = "antwoordsjablonen"
    ACCOUNTABILITY = "verantwoording"
    POLICE = "politie"


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A number that a reporter can ring; for these ages and forms, or for all without any."""

    name: str
    phone: str
    about: str = ""
    ages: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """The parts of one owner that count now, by name, and its questions."""

    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()

    def part(self, part: Part) -> Mapping[str, Any]:
        """Return the content of a part; empty when the owner never set it."""
        return self.parts.get(part, {})


NOTHING: Final = Contents()


@dataclass(frozen=True)
class Published:
    """The settings that count for a municipality; without a profile, where none is known."""

    profile: MunicipalityProfile | None
    own: Contents = NOTHING
    national: Contents = NOTHING
    # The general number in the desk's register, and the numbers that were wrong when rung.
    register_phone: str | None = None
    wrong_phones: Sequence[str] = ()

    @property
    def connected(self) -> bool:
        """True if the municipality takes part in the programme."""
        return self.profile is not None and self.profile.level == ParticipationLevel.PROGRAMME

    @property
    def colour(self) -> str | None:
        """The colour as # with six digits; None for the standard one."""
        return self.own.part(Part.LOOK).get("kleur")

    @property
    def logo(self) -> str | None:
        """The hash of the logo; None for no logo."""
        return self.own.part(Part.LOOK).get("logo")

    @property
    def contact_within_days(self) -> int:
        """The number of days within which a reporter who asked for it is contacted."""
        return int(self.own.part(Part.CONTACT).get("dagen", standard.CONTACT_WITHIN_DAYS))

    @property
    def read_within_days(self) -> int:
        """The number of working days within which somebody reads a new report."""
        return int(self.own.part(Part.CONTACT).get("lezen", standard.READ_WITHIN_WORKING_DAYS))

    @property
    def telephone(self) -> str | None:
        """The telephone number of the municipality: its own, else the one in the register."""
        return working_phone((self.own_telephone, self.register_phone), self.wrong_phones)

    @property
    def own_telephone(self) -> str | None:
        """The telephone number that the municipality itself published, if it did."""
        return self.own.part(Part.CONTACT).get("telefoon")

    @property
    def let_op_working_days(self) -> int:
        """The number of working days after which the reporter may ring the municipality."""
        national = self.national.part(Part.LET_OP).get("werkdagen", standard.LET_OP_WORKING_DAYS)
        return int(self.own.part(Part.LET_OP).get("werkdagen", national))

    def officers_empowered(self, day: date) -> bool:
        """Tell whether boas of this municipality may enforce on this day (art. 429ter Sr)."""
        return any(
            period["van"] <= day.isoformat() and day.isoformat() <= (period["tot"] or "9999")
            for period in self.own.part(Part.OFFICERS).get("perioden", ())
        )

    @property
    def keeps_police_data(self) -> bool:
        """True if the municipality keeps apart what the police gives it in writing."""
        return bool(self.own.part(Part.POLICE).get("stand") == "aan")

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages for reporters: Dutch, English, and each in which any text was written.

        A text that isn't there in such a language is given in English.
        """
        answers, let_op = self.own.part(Part.ANSWERS), self.own.part(Part.LET_OP)
        lines = self.own.part(Part.HELP).get("lijnen", ())
        questions = (question.words for question in self.questions("app"))
        written = [
            *(code for code in answers if answers[code]),
            *let_op.get("teksten", {}),
            *(code for words in (*questions, *(line["naam"] for line in lines)) for code in words),
            *self._of_the_desk(),
        ]
        return tuple(dict.fromkeys((*ALWAYS, *written)))

    def _of_the_desk(self) -> Iterable[str]:
        """Yield the languages of the desk's texts, which a connected municipality doesn't use."""
        if not self.connected:
            answers = self.national.part(Part.ANSWERS)
            yield from (code for code in answers if answers[code])
            yield from self.national.part(Part.LET_OP).get("teksten", {})

    def language(self, wanted: str) -> str:
        """Return this language when there are texts in it, else its fallback, Dutch or English."""
        if wanted in (*ALWAYS, standard.INFORMAL) or wanted in self.languages:
            return wanted
        return fallback_of(wanted)

    def answer(self, language: str, forms: Sequence[str] = ()) -> tuple[str, str]:
        """Return title and text, with their blanks, for a report of these forms, gravest first.

        Without an answer for any of the forms it is the general one.
        """
        general, spoken = standard.NOT_PLACED, fallback_of(language)
        if self.profile is not None:
            general = standard.CONNECTED if self.connected else standard.NOT_CONNECTED
        for code in dict.fromkeys((language, spoken)):
            for texts in self._answers(code):
                for name in (*forms, general):
                    if answer := texts.get(name):
                        return answer["titel"], answer["tekst"]
        answer = _standard("antwoorden", language)[general]
        return answer["titel"], answer["tekst"]

    def _answers(self, language: str) -> Iterable[Mapping[str, Any]]:
        # A municipality that isn't connected doesn't answer: the desk does.
        if self.connected:
            yield self.own.part(Part.ANSWERS).get(language, {})
        yield self.national.part(Part.ANSWERS).get(language, {})

    def let_op(self, language: str) -> str:
        """Return the LET OP text, with its blanks."""
        spoken = fallback_of(language)
        for code in dict.fromkeys((language, spoken)):
            for contents in (self.own, self.national):
                if text := contents.part(Part.LET_OP).get("teksten", {}).get(code):
                    return str(text)
        return str(_standard("let_op", language))

    def help_lines(self, language: str) -> tuple[HelpLine, ...]:
        """Return all help lines: 112, then the municipality's own, then those for all."""
        national = self.national.part(Part.HELP).get("lijnen", standard.HELP_LINES)
        own = self.own.part(Part.HELP).get("lijnen", ())
        return tuple(_line(line, language) for line in (standard.EMERGENCY, *own, *national))

    def help_for(
        self, language: str, age: str | None, forms: Sequence[str]
    ) -> tuple[HelpLine, ...]:
        """Return the help lines for this age and these forms; 112 always first."""
        return tuple(
            line
            for line in self.help_lines(language)
            if (not line.ages or age in line.ages)
            and (not line.forms or not set(line.forms).isdisjoint(forms))
        )

    def replies(self, kind: str) -> tuple[Reply, ...]:
        """Return the replies of a kind (`REPLY_KINDS`): its own, then the standard ones.

        One of its own with the id of a standard one stands in its place.
        """
        own = [reply_of(row) for row in self.own.part(Part.REPLIES).get("sjablonen", ())]
        known = {reply.id for reply in own}
        standard = [reply for reply in self.standard_replies() if reply.id not in known]
        return tuple(reply for reply in (*own, *standard) if reply.kind == kind)

    def standard_replies(self) -> tuple[Reply, ...]:
        """Return the replies that the desk offers everybody."""
        rows = self.national.part(Part.REPLIES).get("sjablonen", standard.REPLIES)
        return tuple(reply_of(row) for row in rows)

    def questions(self, use: str) -> tuple[Question, ...]:
        """Return the municipality's own questions that are asked now: `app` or `triage`."""
        return tuple(question for question in self.own.questions if question.use == use)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return the text in this language, else in its fallback, else in Dutch."""
    return texts.get(language) or texts.get(fallback_of(language)) or texts["nl"]


def fallback_of(language: str) -> str:
    """Return Dutch or English, whichever most speakers of this language read."""
    return "nl" if language in ("nl", standard.INFORMAL, "pap") else "en"


def _standard(name: str, language: str) -> Any:
    """Return a standard text in this language or voice, else in its fallback."""
    return TEXTS[name].get(language) or TEXTS[name][fallback_of(language)]


def working_phone(phones: Iterable[str | None], wrong: Collection[str]) -> str | None:
    """Return the first of these telephone numbers that is there and wasn't wrong when rung."""
    return next((phone for phone in phones if phone and phone not in wrong), None)


def _line(line: Mapping[str, Any], language: str) -> HelpLine:
    about = line.get("uitleg") or {}
    return HelpLine(
        in_language(line["naam"], language),
        line["telefoon"],
        in_language(about, language) if about.get("nl") else "",
        tuple(line.get("leeftijden", ())),
        tuple(line.get("vormen", ())),
    )


# Texts for a reporter, filled in: the answer on the spot, and LET OP

BLANKS: Final = {
    "gemeente": "de naam van de gemeente",
    "dagen": "binnen hoeveel dagen er contact is",
    "werkdagen": "na hoeveel werkdagen de melder zelf kan bellen",
    "telefoon": "het telefoonnummer van de gemeente",
}
_BLANK: Final = re.compile(r"\{([a-z_]*)\}")


def unknown_blanks(text: str, known: Iterable[str] = BLANKS) -> list[str]:
    """Return the names between braces that can't be filled in."""
    return [name for name in _BLANK.findall(text) if name not in known]


def fill_blanks(text: str, values: Mapping[str, object]) -> str:
    """Fill in the blanks of a text; an unknown one stays as it is."""
    return _BLANK.sub(lambda blank: str(values.get(blank.group(1), blank.group())), text)


def reaction(
    published: Published, name: str | None, language: str = "nl", forms: Sequence[str] = ()
) -> tuple[str, str]:
    """Return title and text of the answer on the spot.

    The name is that of the municipality, if it is known. Of the forms, gravest first, the first
    with an answer of its own decides.
    """
    title, text = published.answer(published.language(language), forms)
    values = _values(published, name)
    return fill_blanks(title, values), fill_blanks(text, values)


def let_op(
    published: Published,
    name: str,
    language: str = "nl",
    *,
    reference: str | None = None,
    received_at: datetime | None = None,
) -> str | None:
    """Return the LET OP text of a municipality that isn't connected; None for one that is."""
    if published.connected:
        return None
    language = published.language(language)
    spoken = fallback_of(language)
    values = _values(published, name)
    sentences = [published.let_op(language)]
    if received_at is not None:
        last = let_op_until(published, received_at)
        values["dag"] = day_in_words(last, spoken)
        sentences.append(TEXTS["let_op_dag"][spoken])
    if published.telephone:
        sentences.append(TEXTS["let_op_telefoon"][spoken])
    if reference is not None:
        values["kenmerk"] = reference
        sentences.append(_standard("let_op_kenmerk", language))
    return " ".join(fill_blanks(sentence, values) for sentence in sentences)


def read_from(
    published: Published, received_at: datetime, now: datetime, language: str = "nl"
) -> str | None:
    """Say when somebody reads a report that came in outside office hours.

    None once that moment is there, and of a municipality that isn't connected. A report is urgent
    only once somebody has read it, so a number on duty makes no difference to this.
    """
    opens = next_opening(received_at)
    if not published.connected or opens is None or now >= opens:
        return None
    language = published.language(language)
    day = day_in_words(opens.date(), fallback_of(language)).rpartition(" ")[0]
    return fill_blanks(_standard("gelezen_vanaf", language), {"dag": day})


def let_op_until(published: Published, received_at: datetime) -> date:
    """Return the last day of the term after which the reporter may ring the municipality."""
    day = local(received_at).date()
    return working_days_after(day, published.let_op_working_days)


def day_in_words(day: date, language: str) -> str:
    """Write a day as *dinsdag 8 december 2026*, or in English."""
    return date_long(day) if language == "nl" else f"{day:%A} {day.day} {day:%B} {day.year}"


def _values(published: Published, name: str | None) -> dict[str, object]:
    return {
        "gemeente": name or "",
        "dagen": published.contact_within_days,
        "werkdagen": published.let_op_working_days,
        "telefoon": published.telephone or "",
    }


# Replies, filled in for one report


def fill_reply(reply: Reply, language: str, values: Mapping[str, object]) -> str:
    """Return a reply in this language, else in its fallback or Dutch, with its blanks filled in.

    A day is written in the language of the text.
    """
    wanted = (language, fallback_of(language), "nl")
    spoken = next(code for code in wanted if reply.texts.get(code))
    known = {
        name: day_in_words(value, "nl" if spoken == "nl" else "en")
        if isinstance(value, date)
        else value
        for name, value in values.items()
    }
    return fill_blanks(reply.texts[spoken], known)


def help_in_words(lines: Iterable[HelpLine]) -> str:
    """Write help lines for a text, each on a line of its own."""
    return "\n".join(f"{line.name}: {line.phone}" for line in lines)


# LET OP before its term is over, and after

# In these states of a report the reporter needn't be warned any more.
OVER: Final = frozenset({"afgerond", "ingetrokken", "verwijderd", "vraag", "in_aanpak"})


@dataclass(frozen=True)
class LetOp:
    """Advice to a reporter whose municipality isn't connected; `passed`: its term is over."""

    text: str
    passed: bool


def let_op_today(
    published: Published,
    name: str,
    status: str,
    reference: str,
    received_at: datetime,
    today: date,
    language: str = "nl",
) -> LetOp | None:
    """Return the LET OP of a report on this day; past the term it says what the reporter can do.

    None when the municipality is connected, or the report has got far enough.
    """
    text = let_op(published, name, language, reference=reference, received_at=received_at)
    if text is None or status in OVER:
        return None
    if today <= let_op_until(published, received_at):
        return LetOp(text, passed=False)
    spoken = "en" if language == "en" else "nl"
    values = {**_values(published, name), "kenmerk": reference}
    names = ["let_op_voorbij", "let_op_voorbij_telefoon", "let_op_voorbij_kenmerk"]
    if not published.telephone:
        names.remove("let_op_voorbij_telefoon")
    passed = " ".join(fill_blanks(TEXTS[name][spoken], values) for name in names)
    return LetOp(passed, passed=True)
