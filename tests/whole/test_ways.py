"""One suite of stories over the ways in which a report travels, from the API and from /volgen.

Each story asserts both sides: what the other side sees, and the sentence that the reporter reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.security.permissions import Permission, may
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.reports.conversation.words import SENTENCES, Situation
from tests.support.catalogue import english, every_text
from tests.support.factories import DORDRECHT, EINDHOVEN
from tests.support.installation import ROOT, Installation
from tests.support.mailboxes import mails
from tests.support.moments import (
    CLAIMS,
    DESK_CLAIMS,
    MOMENTS,
    NEW,
    READABLE,
    WITH_CONTACT,
    Moment,
    Sees,
    page,
)
from tests.support.photos import photo
from tests.support.ways import DOORS, MAIL, PHONE, STORY, WAYS, Way

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.short_on("sqlite"),
    pytest.mark.usefixtures("at_once"),
]

Make = Callable[[str], Way]
HANDED: Final = ("overgedragen", "aangeboden", "later overgedragen")
FORWARDED: Final = ("doorgegeven", "klaargezet")
ALLES: Final = pytest.mark.alles


@pytest.fixture
def make(installation: Installation) -> Make:
    return lambda name: WAYS[name](installation)


def told(*ways: str, short: str, by_officer: bool = False) -> Any:
    """A story over these ways and, where the reporter acts, from both doors.

    The short suite tells each story over one way, by one door, and some story over each kind.
    """
    doors = ["volgen"] if by_officer else list(DOORS)
    cases = [
        pytest.param(way, door, marks=[] if way == short and door == doors[-1] else ALLES)
        for way in ways
        for door in doors
    ]
    return pytest.mark.parametrize(("name", "door"), cases)


@told("aangesloten", *HANDED, *FORWARDED, short="overgedragen")
def test_a_photo(make: Make, name: str, door: str) -> None:
    way = make(name)
    reporter = way.send(door)
    said = reporter.attach(photo())
    way.honest(said)
    way.settle()
    assert len(way.files()) == 1
    (file,) = reporter.follow()["bijlagen"]
    assert file["status"] == "opgeslagen"
    way.honest()


@told("aangesloten", *HANDED, *FORWARDED, short="doorgegeven")
def test_an_addition(make: Make, name: str, door: str) -> None:
    way = make(name)
    reporter = way.send(door)
    said = reporter.add("Hij had een blauwe fiets.")
    way.honest(said)
    way.settle()
    page = way.other_side()
    assert "Hij had een blauwe fiets." in page
    assert "Nieuw van de melder" in page or name in FORWARDED
    assert [message["soort"] for message in reporter.follow()["berichten"]] == ["aanvulling"]
    assert "Hij had een blauwe fiets." in reporter.page()
    way.honest()


@told("aangesloten", *HANDED, *FORWARDED, short="doorgegeven")
def test_changed_contact_data(make: Make, name: str, door: str) -> None:
    way = make(name)
    reporter = way.send(door)
    said = reporter.change(telefoon="06 87654321")
    way.settle()
    assert name != "doorgegeven" or len(way.mailed("melding_aangevuld")) == 1
    way.honest(said)
    page = way.other_side()
    assert f"+31687654321 (gewijzigd op {date_text(day_of(utc_now()))}, was {PHONE})" in page
    assert MAIL in page
    assert "Nieuw van de melder" in page or name not in ("aangesloten", "overgedragen")
    shown = reporter.page()
    assert not [secret for secret in ("687654321", PHONE, MAIL, "Petra") if secret in shown]
    way.honest()


@told(
    "aangesloten",
    "overgedragen",
    "later overgedragen",
    *FORWARDED,
    by_officer=True,
    short="overgedragen",
)
def test_a_correction(make: Make, name: str, door: str) -> None:
    way = make(name)
    way.send(door)
    way.correct("Het was op de Kade, niet bij de brug.")
    way.settle()
    page = way.other_side()
    assert STORY in page
    assert "Het was op de Kade, niet bij de brug." in page
    # Who picked the report up before is told of it.
    mailed = mails(way.installation, "melding_aangevuld")
    assert len(mailed) == (1 if name == "doorgegeven" else 0)
    way.honest()


@told("aangesloten", "overgedragen", "later overgedragen", short="aangesloten")
def test_a_question_and_its_answer(make: Make, name: str, door: str) -> None:
    way = make(name)
    reporter = way.send(door)
    way.ask("Was het bij de halte?")
    shown = reporter.follow()
    assert (shown["status"], shown["berichten"][-1]["tekst"]) == ("vraag", "Was het bij de halte?")
    assert "Was het bij de halte?" in reporter.page()
    way.honest(reporter.add("Ja, bij de halte."))
    way.settle()
    assert "Ja, bij de halte." in way.other_side()
    assert way.at(way.holder).state in ("in_behandeling", "nieuw")
    assert [m["soort"] for m in reporter.follow()["berichten"]] == ["vraag", "antwoord"]


@told("aangesloten", *HANDED, *FORWARDED, by_officer=True, short="overgedragen")
def test_an_answer_to_the_reporter(make: Make, name: str, door: str) -> None:
    way = make(name)
    reporter = way.send(door)
    way.settle()
    status, words = way.last_word
    way.answer(words)
    shown = reporter.follow()
    assert (shown["status"], shown["berichten"][-1]["tekst"]) == (status, words)
    assert words in way.other_side()
    assert words in reporter.page()
    way.honest()


@told("aangesloten", "overgedragen", "aangeboden", short="overgedragen")
def test_a_withdrawal(make: Make, name: str, door: str) -> None:
    way = make(name)
    reporter = way.send(door)
    if name == "aangeboden":
        way.accept()  # type: ignore[attr-defined]
    said = reporter.withdraw()
    way.honest(said)
    way.installation.run_jobs()
    holder = way.holder if name != "aangeboden" else DORDRECHT
    assert way.at(holder).state == "ingetrokken"
    page = way.officer(holder).get(f"/m/{way.reference}").maybe_follow().text
    assert "ngetrokken" in page
    for secret in (STORY, PHONE, MAIL):
        assert secret not in page
    assert reporter.follow()["status"] == "ingetrokken"
    assert "Niemand kan de rest van uw melding nog lezen" in reporter.page()
    assert "ingetrokken" in reporter.refused()
    if name == "aangeboden":
        assert not way.arrived()  # type: ignore[attr-defined]
        assert way.transfer().state == "vervallen"  # type: ignore[attr-defined]


@told("aangesloten", "overgedragen", "doorgegeven", by_officer=True, short="doorgegeven")
def test_an_erasure(make: Make, name: str, door: str) -> None:
    way = make(name)
    reporter = way.send(door)
    reporter.add("Mijn buurvrouw Trijntje zag het.")
    way.settle()
    way.erase()
    page = way.other_side()
    for secret in (STORY, PHONE, MAIL, "Trijntje", "Petra"):
        assert secret not in page
    assert reporter.follow()["status"] == "verwijderd"
    shown = reporter.page()
    assert "De inhoud van uw melding is gewist." in shown
    assert "Trijntje" not in shown
    way.honest()


@told("aangesloten", "overgedragen", "doorgegeven", by_officer=True, short="aangesloten")
def test_a_restriction(make: Make, name: str, door: str) -> None:
    way = make(name)
    way.send(door)
    way.settle()
    way.restrict("de tijd")
    page = way.other_side()
    assert way.restricted in page
    assert "de tijd" in page or name in FORWARDED
    way.honest()


@told("aangesloten", *HANDED, *FORWARDED, by_officer=True, short="aangesloten")
def test_spoed(make: Make, name: str, door: str) -> None:
    way = make(name)
    for holder in (DORDRECHT, EINDHOVEN):
        way.postbox(holder)
    reporter = way.send(door)
    way.act(way.now_at, lambda _, row: setattr(row, "urgent", True))
    way.settle()
    assert "Spoed" in way.badges()
    if name in ("aangeboden", "later overgedragen"):
        assert len(way.mailed("spoed")) == 1
    assert reporter.follow()["status"] in ("ontvangen", "wordt_bekeken", "doorgegeven")
    way.honest()


@told("aangesloten", *HANDED, *FORWARDED, by_officer=True, short="aangesloten")
def test_a_minor(make: Make, name: str, door: str) -> None:
    way = make(name)
    who = {"naam": "Petra", "telefoon": PHONE, "email": MAIL, "leeftijdsgroep": "onder_16"}
    reporter = way.send(door, melder=who)
    way.settle()
    assert "Minderjarig" in way.badges()
    assert "Kindertelefoon" in reporter.page()
    way.honest()


# The table of moments


def reach(make: Make, moment: Moment) -> Way:
    """A report that the application has brought to this moment."""
    if moment.situation is not Situation.TOWN:
        return reach_forwarded(make, moment)
    handed = "aangeboden" if moment.sees in (Sees.OFFER, Sees.WAY) else "overgedragen"
    way = make(handed if "andere gemeente" in moment.title else "aangesloten")
    if moment.title == NEW:
        way.bring = lambda: None  # type: ignore[method-assign]
    reporter = way.send("volgen")
    if moment.state == "overgedragen":
        way.accept()  # type: ignore[attr-defined]
        way.give()  # type: ignore[attr-defined]
    elif moment.state == "wacht_op_melder":
        way.ask("Waar was het?")
    elif moment.state == "afgehandeld":
        way.answer("Klaar.")
    elif moment.state == "ingetrokken":
        reporter.withdraw()
    elif moment.state == "vernietigd":
        way.erase()
    elif moment.state in ("in_dossier", "niet_in_behandeling"):
        way.act(way.holder, lambda _, row: setattr(row, "ended_reason", moment.reason))
        way.act(way.holder, lambda _, row: setattr(row, "state", moment.state))
    elif moment.title.startswith("aangekomen"):
        way.act(way.holder, lambda _, row: setattr(row, "state", "nieuw"))
    return way


def reach_forwarded(make: Make, moment: Moment) -> Way:
    """The same for a town that isn't connected, or wasn't when it picked the report up."""
    picked_up = moment.delivery in ("opgehaald", "verlopen")
    way = make("doorgegeven" if picked_up else "klaargezet")
    if moment.sees is Sees.DESK:
        way.end_agreement()  # type: ignore[attr-defined]
    way.send("volgen")
    if moment.situation is Situation.ENDED:
        way.end_agreement()  # type: ignore[attr-defined]
    elif moment.situation is Situation.BOUND:
        way.restrict("de tijd")
    elif moment.situation is Situation.RETURNED:
        way.give_back()  # type: ignore[attr-defined]
    elif moment.situation is Situation.GONE:
        way.destroy_at_desk()  # type: ignore[attr-defined]
    if moment.state == "ingetrokken":
        way.reporter.withdraw()
        way.settle()
    if moment.sees is Sees.RECORD:
        way.join()  # type: ignore[attr-defined]
    return way


@pytest.mark.parametrize(
    "moment",
    # The short suite reaches every eighth.
    [pytest.param(m, marks=ALLES if turn % 8 else ()) for turn, m in enumerate(MOMENTS)],
    ids=lambda moment: moment.title,
)
def test_the_table_says_what_is_read_and_seen_at_each_moment(make: Make, moment: Moment) -> None:
    way = reach(make, moment)
    shown, page = way.reporter.follow(), way.reporter.page()
    blanks = {"gemeente": "Zwijndrecht", "telefoon": "", "wie": "de OOV", "Wie": "De OOV"}
    assert shown["status"] == moment.status[0]
    assert shown["statusTekst"].startswith(moment.said[0].format(**blanks))
    for words in moment.said[: len(moment.said) - len(moment.acts)]:
        assert words.format(**blanks) in page
    # Before the other side looks: an official who opens it has picked it up.
    said = way.reporter.add("Nog iets.") if moment.acts else way.reporter.refused()
    assert not moment.acts or moment.after[0].format(**blanks) in said
    if moment.acts:
        way.installation.run_jobs()
    assert way.readable() == (moment.sees in READABLE)
    assert ("Nog iets." in way.read_by_anybody()) == bool(moment.acts and way.readable())
    assert (PHONE in way.contact()) == (moment.sees in WITH_CONTACT)
    if moment.sees is Sees.OFFER:
        offer = way.officer(EINDHOVEN).get(f"/gemeenten/eindhoven/overdracht-{way.reference}")
        assert "De halte ligt in Eindhoven." in offer
        assert not [secret for secret in (STORY, PHONE, MAIL, "Petra") if secret in offer]
    way.honest(said if moment.acts else "")


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.title)
def test_no_line_says_more_to_the_reporter_than_the_other_side_can(moment: Moment) -> None:
    said = " ".join(moment.said)
    claimed = [claim for claim in CLAIMS if claim in said]
    assert not claimed or moment.sees in READABLE, (moment.title, claimed)


def test_nobody_says_that_the_desk_can_what_its_role_may_not() -> None:
    """Over all sentences of the reporter and the whole table, in both languages."""
    texts = [text for group in SENTENCES.values() for text in group.values()]
    texts += [
        *set().union(*every_text(english(), "reports/follow", "reports/conversation")),
        *page().splitlines(),
    ]
    said = [words for text in texts for words in re.split(r"[.;|]", text)]
    desk = [words for words in said if re.search("het (landelijk )?meldpunt|national desk", words)]
    for permission, claim in DESK_CLAIMS.items():
        if not may({Role.NATIONAL_DESK}, permission):
            claims = [words for words in desk if re.search(claim, words)]
            assert not [
                words for words in claims if not re.search("niet|niemand|geen|n't|nobody", words)
            ]
    # And what the desk reads, nobody else is said to read alone.
    assert may({Role.NATIONAL_DESK}, Permission.VIEW_REPORT)
    alone = r"[Aa]lleen\b.*\b(lezen|leest)\b|[Oo]nly\b.*\bread (it|your)"
    assert not [words for words in said if re.search(alone, words)]


def test_the_desk_sees_that_there_is_a_file_and_opens_it_no_more_than_contact_data(
    make: Make,
) -> None:
    way = make("klaargezet")
    way.send("volgen").attach(photo())
    desk = way.officer(way.holder, Role.NATIONAL_DESK)
    shown = desk.get(f"/landelijk/{way.reference}")
    assert "U kunt deze bestanden niet openen." in shown
    assert not [secret for secret in (PHONE, MAIL, "Petra") if secret in shown]
    assert STORY in shown
    desk.get(f"/landelijk/{way.reference}/bijlage?nummer=1", status=403)


def test_the_page_about_forwarding_is_the_table_of_moments() -> None:
    written = (ROOT / "docs" / "gebruikers" / "doorgeven.md").read_text("utf-8")
    assert written == page()
