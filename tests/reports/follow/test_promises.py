"""A reporter is promised nothing that the house doesn't do, and is spoken to in one way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

from stopintimidatie.municipalities.settings import standard
from stopintimidatie.municipalities.settings.standard import INFORMAL
from stopintimidatie.reports.api.calls import CALLS
from tests.support.catalogue import english

FAMILIAR = re.compile(r"\b(je|jij|jou|jouw|jullie)\b", re.IGNORECASE)
PRIVACY = "templates/privacy.jinja2"
LONG_AGO = "Als de bewaartermijn voorbij is, vernietigen wij"
TERM = re.compile(r"bewaartermijn|term is over|retention period", re.IGNORECASE)


def of(package: str, *names: str) -> str:
    return "\n".join((files(package) / name).read_text(encoding="utf-8") for name in names)


def spoken() -> dict[str, str]:
    """All that a reporter reads that isn't a municipality's own text."""
    return {
        "Engels": "\n".join(
            str(message.string) for message in english() if LONG_AGO not in message.id
        ),
        "volgen, paginas": of(
            "stopintimidatie.reports.follow",
            "templates/explained.jinja2",
            "templates/follow.jinja2",
            "templates/follow_enter.jinja2",
            "templates/follow_withdraw.jinja2",
        ),
        "melden, paginas": of(
            "stopintimidatie.reports.public",
            "templates/reporting.jinja2",
            "templates/reporting_place.jinja2",
            "templates/reporting_answer.jinja2",
        ),
        "API": "\n".join(f"{call.summary} {call.about}" for call in CALLS),
        "antwoorden": json.dumps(standard.TEXTS, ensure_ascii=False),
    }


def for_adults(texts: Any) -> Any:
    """Leave out what is for who is under eighteen."""
    if not isinstance(texts, Mapping):
        return texts
    return {name: for_adults(text) for name, text in texts.items() if name != INFORMAL}


@pytest.mark.parametrize("where", spoken())
def test_no_term_is_promised_that_nothing_keeps(where: str) -> None:
    """The municipality's terms say when it goes: the texts name none, and say how to ask for it.

    But for one, of whoever knows a code that leads nowhere: a report goes when its term is over.
    """
    said = [line for line in spoken()[where].splitlines() if LONG_AGO not in line]
    assert not TERM.search("\n".join(said))


def test_the_reporter_reads_how_to_have_all_erased() -> None:
    assert "Vraag het de gemeente, en noem uw kenmerk." in spoken()["volgen, paginas"]
    # The pages to report on lead to the privacy statement, which says it.
    assert 'at("/privacy")' in spoken()["melden, paginas"]
    assert "laten verbeteren, laten wissen" in of("stopintimidatie.home", PRIVACY)
    assert "de melder kan dat de gemeente vragen" in spoken()["API"]


def test_adults_are_spoken_to_in_one_way_on_every_page() -> None:
    told = spoken()
    dutch = [told[name] for name in ("volgen, paginas", "melden, paginas")]
    dutch.append(json.dumps(for_adults(standard.TEXTS), ensure_ascii=False))
    assert not [FAMILIAR.findall(text) for text in dutch if FAMILIAR.search(text)]


def test_the_demo_speaks_as_the_pages_around_its_texts_do() -> None:
    towns = json.loads(of("stopintimidatie.demo", "scenarios/gemeenten.json"))
    dutch = re.findall(r'"nl": "([^"]*)"|"t(?:itel|ekst)": "([^"]*)"', json.dumps(towns))
    assert not [text for pair in dutch for text in pair if FAMILIAR.search(text)]


def test_the_demo_asks_its_own_questions_without_u_so_that_the_young_read_je() -> None:
    towns = json.loads(of("stopintimidatie.demo", "scenarios/gemeenten.json"))
    asked = [question for town in towns for question in town.get("vragen", {}).values()]
    assert asked
    assert not [question for question in asked if standard.says_u(json.dumps(question))]
