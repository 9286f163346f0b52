"""The moments in the life of a report: what its reporter reads beside what others can see.

As a page: `python -m tests.support.moments > docs/gebruikers/doorgeven.md`.
`tests/whole/test_ways.py` brings a report to each moment, and holds both columns against the
running application.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from jinja2 import Environment, PackageLoader

from stopintimidatie.core.security import Role
from stopintimidatie.core.security.permissions import Permission, may
from stopintimidatie.core.web.translation import install
from stopintimidatie.reports.conversation.queries import PASSED_ON, RECEIVED
from stopintimidatie.reports.conversation.words import Situation, reader_status, sentence

_PAGES: Final = Environment(loader=PackageLoader("stopintimidatie.reports.follow"))  # noqa: S701
install(_PAGES)


def explained(*values: Any, **more: Any) -> str:
    """Return the line below the status on the page of the reporter."""
    page: Any = _PAGES.get_template("explained.jinja2").module
    return " ".join(page.explained(*values, **more).split())


# The words for what the desk may do with a report, and the sentences that claim it of the desk.
_DESK_PARTS: Final = {
    Permission.VIEW_REPORT: "het verhaal, het gesprek en dat er bestanden zijn",
    Permission.VIEW_ATTACHMENT: "wat in de bestanden staat",
    Permission.VIEW_CONTACT: "de contactgegevens",
}
DESK_CLAIMS: Final = {
    Permission.VIEW_ATTACHMENT: "bekijk|open|bestanden staat|hele melding|see it",
    Permission.VIEW_CONTACT: "contactgegevens|hele melding|contact data",
}


def _by_permission() -> str:
    """What somebody of the desk sees, by the table of permissions."""
    granted = {p: may({Role.NATIONAL_DESK}, p) for p in _DESK_PARTS}
    seen = " en ".join(_DESK_PARTS[p] for p in granted if granted[p])
    hidden = " en ".join(f"niet {_DESK_PARTS[p]}" for p in granted if not granted[p])
    return ", ".join(part for part in (f"een medewerker van het meldpunt: {seen}", hidden) if part)


_AT_DESK: Final = _by_permission()


class Sees(StrEnum):
    """What the other side can see at a moment."""

    ALL = "de hele melding, met gesprek, bestanden en contactgegevens"
    OFFER = (
        "de gemeente die haar heeft: de hele melding; de gemeente die haar krijgt aangeboden: wat,"
        " waar, wanneer, spoed en de reden; geen verhaal, gesprek, bestand of contactgegevens"
    )
    WAY = "niemand: zij gaat van de ene gemeente naar de andere"
    TRACE = "kenmerk, dagen, stand en of het spoed was; geen inhoud"
    RECORD = "kenmerk, dagen, wijk en wie haar wanneer ophaalde; geen inhoud"
    NOTHING = "niets: de inhoud is weg"
    DESK = f"{_AT_DESK}; een gemeente: niets"
    WAITS = (
        f"{_AT_DESK}; de functionaris of de vervanger: dat er iets klaarstaat, en met een code de"
        " hele melding (contactgegevens alleen als de melder contact wil)"
    )
    CALLED = (
        f"{_AT_DESK}; de functionaris of de vervanger met een code: de hele melding, ook wat er na"
        " het ophalen bij kwam (contactgegevens alleen als de melder contact wil)"
    )
    ONCE = f"{_AT_DESK}; de gemeente: wat zij ophaalde, niets nieuws"
    TOLD = "de functionaris: dat zij er niets mee mag doen, kenmerk, dagen en spoed; geen inhoud"
    AWAY = "de gemeente: wat zij ophaalde, in haar eigen systeem; hier niets"


# At these moments somebody who is said to have the report can open its content.
READABLE: Final = frozenset({Sees.ALL, Sees.OFFER, Sees.DESK, Sees.WAITS, Sees.CALLED, Sees.ONCE})
# And here contact data too: the reporter of the stories wants to be rung.
WITH_CONTACT: Final = READABLE - {Sees.DESK, Sees.ONCE}
# A sentence with these words is true only while somebody can open the content.
CLAIMS: Final = (
    "kan het bekijken",
    "kan alleen de gemeente openen",
    "kan de gemeente het bekijken",
    "leest het",
    "leest wat u vond",
    "heeft uw melding gekregen",
    "leest uw melding",
    "ziet wat u wijzigde",
    "kan weer verder",
    "pakt ze samen aan",
)


@dataclass(frozen=True)
class Moment:
    """A moment: how the row of the report stands then, and what can be seen."""

    title: str
    state: str
    sees: Sees
    delivery: str | None = None
    desk: bool = False
    reason: str | None = None
    situation: Situation = Situation.TOWN
    # The sentences after sending something, where that can be done.
    acts: tuple[str, ...] = field(default=("bericht", "bijlage", "contact"))

    @property
    def status(self) -> tuple[str, str]:
        return reader_status(self.state, self.delivery, desk=self.desk, reason=self.reason)

    @property
    def said(self) -> tuple[str, ...]:
        """All that the reporter reads: the status, the explanation, and after sending something."""
        code, text = self.status
        if code in (PASSED_ON, RECEIVED):
            text = sentence(self.situation, "stand") or text
        double, place = self.reason == "dubbel", self.situation
        told = sentence(place, "uitleg" if code == PASSED_ON else code)
        return text, explained(code, told, double=double, desk=self.desk), *self.after

    @property
    def after(self) -> tuple[str, ...]:
        """The sentences after sending a message, a file or another number."""
        return tuple(sentence(self.situation, act) for act in self.acts)


S = Situation
_DESK: Final[dict[str, Any]] = {"desk": True, "situation": Situation.DESK}


def _at(situation: Situation) -> dict[str, Any]:
    return {"desk": True, "situation": situation}


NEW, IN_HAND = "binnengekomen", "in behandeling"
MOMENTS: Final = (
    Moment(NEW, "nieuw", Sees.ALL),
    Moment(IN_HAND, "in_behandeling", Sees.ALL),
    Moment("de gemeente stelde een vraag", "wacht_op_melder", Sees.ALL),
    Moment("in een dossier", "in_dossier", Sees.ALL),
    Moment("afgehandeld", "afgehandeld", Sees.ALL),
    Moment("dubbel van een andere", "niet_in_behandeling", Sees.ALL, reason="dubbel"),
    Moment("aangeboden aan een andere gemeente", "overdracht_aangeboden", Sees.OFFER),
    Moment("onderweg naar de andere gemeente", "overgedragen", Sees.WAY, acts=()),
    Moment("aangekomen bij de andere gemeente", "nieuw", Sees.ALL),
    Moment("ingetrokken", "ingetrokken", Sees.TRACE, acts=()),
    Moment("gewist op verzoek", "vernietigd", Sees.NOTHING, acts=()),
    Moment("bij het meldpunt, nog geen afspraak", "nieuw", Sees.DESK, "wacht_op_afspraak", **_DESK),
    Moment("aangeboden aan de functionaris", "nieuw", Sees.WAITS, "aangeboden", **_at(S.OFFERED)),
    Moment("opgehaald door de functionaris", "nieuw", Sees.CALLED, "opgehaald", **_at(S.PICKED_UP)),
    Moment("opgehaald, afspraak voorbij", "nieuw", Sees.ONCE, "opgehaald", **_at(S.ENDED)),
    Moment("opgehaald, gebruik beperkt", "nieuw", Sees.TOLD, "opgehaald", **_at(S.BOUND)),
    Moment("opgehaald, inhoud vernietigd", "nieuw", Sees.AWAY, "opgehaald", acts=(), **_at(S.GONE)),
    Moment(
        "opgehaald, daarna ingetrokken",
        "ingetrokken",
        Sees.TOLD,
        "opgehaald",
        acts=(),
        **_at(S.PICKED_UP),
    ),
    Moment("opgehaald en teruggegeven", "nieuw", Sees.ONCE, "verlopen", **_at(S.RETURNED)),
    Moment(
        "teruggegeven, daarna ingetrokken",
        "ingetrokken",
        Sees.TOLD,
        "verlopen",
        acts=(),
        **_at(S.RETURNED),
    ),
    Moment(
        "aangesloten na ophalen, inhoud vernietigd",
        "vernietigd",
        Sees.RECORD,
        "opgehaald",
        acts=(),
        situation=S.GONE,
    ),
)
HEAD: Final = """# Wat de melder leest, en wat de andere kant ziet

Per moment staat hier wat de melder leest op `/volgen`, en daarnaast wat de andere kant dan kan
zien. De stand en de eerste zin staan ook in de app. Het programma zegt een melder nooit meer dan
waar is: elke zin is getoetst, op elk moment.

| moment | de melder leest | na een bericht, bestand of ander nummer | de andere kant ziet |
|---|---|---|---|
"""


def lines() -> Iterator[str]:
    """Yield the page, line by line."""
    yield HEAD.rstrip("\n")
    for moment in MOMENTS:
        after = moment.after
        read = " ".join(moment.said[: len(moment.said) - len(after)])
        yield f"| {moment.title} | {read} | {' '.join(after) or 'kan niet'} | {moment.sees} |"


def page() -> str:
    """Return the whole page."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
