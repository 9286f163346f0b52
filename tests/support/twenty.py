"""Twenty mixed reports as an officer finds them in one morning, and the acts that decide on each.

An act is one key or one click; one field typed in, whatever its length; one choice in a list of
ready texts. What is filled in already costs none, and what the product opens by itself neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.reports.fields import Contact, Location
from stopintimidatie.reports.models import Report, ReportProposal
from stopintimidatie.reports.vocabulary import AgeGroup, ContactWish, Form
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    take_on,
)
from tests.support.installation import Installation

MOST_ACTS: Final = 50
MEDIAN: Final = 2


class Act(NamedTuple):
    """One act: what is done, with which key or field, and what is typed or chosen there."""

    does: str
    name: str = ""
    value: str = ""


BEST: Final = Act("best")
SEND: Final = Act("send")


def key(name: str) -> Act:
    """Press a key of the rail or of its panel, or the button that it stands on."""
    return Act("key", name)


def typed(name: str, value: str) -> Act:
    """Type in a field; `value` may name a dossier, as {zwembad}."""
    return Act("typed", name, value)


@dataclass(frozen=True)
class Kind:
    """A report, what is done with it, and how it stands afterwards.

    `becomes`: attributes of the report. `signal`: it is asked whether somebody is in danger.
    `spot`: where it was; reports of one spot lie beside each other, and spots far apart.
    """

    story: str
    acts: Sequence[Act]
    becomes: Mapping[str, Any]
    signal: bool = False
    spot: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    proposed: bool = False


TAKEN: Final = {"state": "in_behandeling"}
DANGEROUS: Final = (key("1"), key("n"))


def _turned_down(number: str, reason: str, story: str, spot: int) -> Kind:
    becomes = {"state": "niet_in_behandeling", "ended_reason": reason}
    return Kind(story, (key("4"), key(number)), becomes, spot=spot)


def _double(story: str, spot: int, form: Form) -> Kind:
    becomes = {"state": "niet_in_behandeling", "ended_reason": "dubbel"}
    return Kind(story, (key("3"), BEST), becomes, spot=spot, changes={"forms": (form,)})


TWENTY: Final[Sequence[Kind]] = (
    Kind(
        "Ik liep met mijn zus naar de bus. Een man op een bankje riep van alles over hoe we liepen"
        " en bleef roepen tot we de hoek om waren. We deden alsof we niets hoorden.",
        (key("1"),), TAKEN, spot=1,
    ),
    Kind(
        "Zelfde als gisteren: als ik van school kom, fluiten de jongens bij de snackbar me na. Ik"
        " fiets nu om.",
        (key("1"),), TAKEN, spot=2, changes={"forms": (Form.WHISTLING,)},
    ),
    Kind(
        "Ik zag hoe twee mannen een meisje met een hoofddoek uitscholden bij de fietsenstalling. Ze"
        " liep snel door. Ik vroeg of het ging, ze zei dat het vaker gebeurt.",
        (key("1"),), TAKEN, spot=3, changes={"forms": (Form.INSULTING,)},
    ),
    Kind(
        "Vanaf het station liep dezelfde man achter me aan, ook toen ik overstak en weer terug. Bij"
        " de winkel ben ik naar binnen gegaan; toen ik buiten kwam was hij weg.",
        DANGEROUS, TAKEN, signal=True, spot=4, changes={"forms": (Form.FOLLOWING,)},
    ),
    Kind(
        "In de volle tram legde iemand zijn hand op mijn bil en deed alsof het door de drukte kwam."
        " Bij de volgende halte stapte hij uit.",
        DANGEROUS, TAKEN, signal=True, spot=5, changes={"forms": (Form.GROPING,)},
    ),
    Kind(
        "Toen ik zei dat hij moest ophouden, zei hij dat hij me wel wist te vinden.",
        DANGEROUS, TAKEN, signal=True, spot=6, changes={"forms": (Form.THREATENING,)},
    ),
    _turned_down("2", "test", "Test test, werkt de app?", 7),
    _turned_down("3", "te_weinig_informatie", "...", 8),
    _turned_down(
        "1", "geen_straatintimidatie",
        "De buren zetten elke week hun vuilnis een dag te vroeg buiten. Kan daar iets aan?",
        9,
    ),
    Kind(
        "Een jongen uit de klas boven ons riep iets over mijn rok. Het was een grap, zei hij.",
        (key("4"), key("1"), key("n")), TAKEN, signal=True, spot=10, proposed=True,
        changes={"reporter_age_group": AgeGroup.UNDER_16},
    ),
    Kind(
        "Weer die groep op het plein. Ze riepen me na en lachten toen ik harder ging lopen.",
        (key("2"), BEST), {"state": "in_dossier", "dossier": "{plein}"}, spot=11,
    ),
    Kind(
        "Op het plein stonden ze er weer. Nageroepen, twee keer, heen en terug.",
        (key("2"), BEST), {"state": "in_dossier", "dossier": "{plein}"}, spot=11,
    ),
    Kind(
        "Bij de uitgang van het zwembad filmden twee jongens iedereen die naar buiten kwam.",
        (key("2"), typed("dossier", "{zwembad}"), SEND),
        {"state": "in_dossier", "dossier": "{zwembad}"},
        spot=12, changes={"forms": (Form.FILMING,), "neighbourhood": None},
    ),
    _double(
        "Twee mannen scholden een meisje met een hoofddoek uit, bij de fietsen.",
        3, Form.INSULTING,
    ),
    _double("De jongens bij de snackbar floten weer naar een meisje op de fiets.", 2,
            Form.WHISTLING),
    Kind(
        "Elke dinsdag staat hij er als de meisjes van de training komen. Vanavond is er weer"
        " training.",
        (key("s"), key("1")), {**TAKEN, "urgent": True}, spot=13,
    ),
    Kind(
        "Er werd geroepen naar mij en mijn vriendin, ergens in het centrum.",
        (key("5"), Act("chosen", "vraag"), SEND), {"state": "wacht_op_melder"}, spot=14,
    ),
    Kind(
        "Het was in Eindhoven bij het station, maar de kaart zette het hier. Drie mannen riepen me"
        " na tot ik in de bus zat.",
        (
            key("6"), typed("gemeente", "Eindhoven"),
            typed("reden", "Het was bij het station in Eindhoven."), SEND,
        ),
        {"state": "overdracht_aangeboden"}, spot=15,
    ),
    Kind(
        "Ik wil graag gebeld worden, ik durf er niet meer langs.",
        (key("c"), key("1"), SEND, key("1")), {**TAKEN, "contact_due": None}, spot=16,
        changes={
            "wants_contact": ContactWish.CALL, "contact": Contact(phone="0612345678"),
            "anonymous": False,
        },
    ),
    Kind(
        "Alleen ter informatie: bij de brug wordt 's avonds veel geroepen naar wie langs fietst.",
        (key("a"), Act("ticked", "opvolging"), Act("chosen", "bericht"), SEND),
        {"state": "afgehandeld", "follow_ups": ["alleen_beeldvorming"]}, spot=17,
    ),
)  # fmt: skip


def receive_twenty(installation: Installation) -> tuple[dict[str, Kind], dict[str, str]]:
    """Have the twenty come in at Dordrecht; return them by reference, and the dossiers' numbers.

    There was a report of the square before, which stands in a dossier.
    """
    connect(installation, EINDHOVEN)
    kinds: dict[str, Kind] = {}
    with installation.transaction() as session:
        square = make_dossier(session, title="Naroepen op het plein")
        pool = make_dossier(session, title="Filmen bij het zwembad")
        numbers = {"plein": square.number, "zwembad": pool.number}
        earlier = make_report(
            session, installation, location=_place(11),
            incident_start=utc_now() - timedelta(days=7, hours=3),
        )  # fmt: skip
        effects = WORKFLOW_EFFECTS.of(installation.registry)
        file_report(session, effects, square, take_on(session, earlier), "Zelfde plek.", SYSTEM)
        for kind in TWENTY:
            changes = {"description": kind.story, "location": _place(kind.spot), **kind.changes}
            kinds[make_report(session, installation, **changes).reference] = kind
    return kinds, numbers


def _place(spot: int) -> Location:
    """Return the place of a spot: over two kilometres from the next one."""
    return Location(lat=51.75 + 0.02 * (spot % 5), lon=4.60 + 0.03 * (spot // 5))


def assert_became(
    installation: Installation, reference: str, kind: Kind, numbers: Mapping[str, str]
) -> None:
    """Assert that a report stands in the database as its acts mean it to."""
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report).where(Report.reference == reference)).one()
        proposals = select(ReportProposal).where(ReportProposal.report_id == report.id)
        member = DossierMembership.report_id == report.id
        dossier = select(Dossier.number).join(DossierMembership).where(member)
        known = {"dossier": session.scalars(dossier).first()}
        wanted = {
            name: value.format(**numbers) if isinstance(value, str) else value
            for name, value in {"dossier": None, **kind.becomes}.items()
        }
        stands = {name: known.get(name, getattr(report, name, None)) for name in wanted}
        assert stands == wanted, f"{kind.story} {stands}"
        assert (session.scalars(proposals).first() is not None) is kind.proposed, kind.story
        assert report.danger_now is (False if kind.signal else None), kind.story
        assert (report.duplicate_of_id is not None) is (report.ended_reason == "dubbel")
