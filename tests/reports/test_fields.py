"""The fields of a report are declared once: whatever needs them follows the declaration."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import colander
import pytest
from sqlalchemy import String

import stopintimidatie
from stopintimidatie.reports import personal as reports_personal
from stopintimidatie.reports import words as reports_words
from stopintimidatie.reports.arrival.schema import MESSAGE, fields_of, message_schema
from stopintimidatie.reports.arrival.views import entry_schema
from stopintimidatie.reports.fields import BY_COLUMN, BY_NAME, FIELDS, Field
from stopintimidatie.reports.handover import transfer
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.public.forms import Where, reporting_schema
from tests.support.source import nodes_of

PACKAGE = Path(stopintimidatie.__file__).parent
COLUMNS = Report.__table__.columns
IDS = [one.attribute for one in FIELDS]
NOW = datetime(2026, 11, 24, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "incident_start": NOW,
    "address": {"street": "Spui"},
    "transit": {"line": "3"},
    "location_text": "bij de brug",
    "campaign": "kermis",
    "offender_in_group": True,
    "wants_support": False,
    "share_with_police": False,
    "share_with_partners": True,
}
# So many in one collection are a list of fields, and that is the declaration's work.
A_LIST = 6


@pytest.mark.parametrize("one", FIELDS, ids=IDS)
def test_a_field_of_the_message_is_checked_and_described(one: Field) -> None:
    if not one.name:
        return
    node, schema = MESSAGE, message_schema()
    for name in one.way:
        node, schema = node[name], schema["properties"][name]
    assert one.facts.about in schema["description"]
    if one.vocabulary:
        codes = [term.value for term in one.vocabulary]
        assert (schema["items"] if one.several else schema)["enum"] == codes
    if one.kind is str:
        assert schema["maxLength"] == one.facts.most


def test_the_message_has_no_field_that_was_not_declared() -> None:
    def leaves(node: dict[str, object], way: str = "") -> list[str]:
        inside = node.get("properties")
        if not isinstance(inside, dict):
            return [way]
        return [leaf for name, one in inside.items() for leaf in leaves(one, f"{way}.{name}")]

    assert [leaf.removeprefix(".") for leaf in leaves(message_schema())] == list(BY_NAME)


@pytest.mark.parametrize("name", BY_COLUMN)
def test_a_field_fits_the_column_that_keeps_it(name: str) -> None:
    one, column = BY_COLUMN[name], COLUMNS[name]
    if isinstance(column.type, String) and column.type.length is not None:
        words = [term.value for term in one.vocabulary] if one.vocabulary else []
        assert column.type.length >= max([one.facts.most, *map(len, words)])
    # What has a value of its own when nothing is said is never empty either.
    assert column.nullable is not (one.required or name in ("language", "behaviour_changes"))


def test_what_is_handed_over_and_redacted_follows() -> None:
    assert set(BY_COLUMN) <= set(transfer.COPIED)
    for name, one in BY_COLUMN.items():
        assert reports_personal.COLUMNS["report"].get(name) is one.facts.personal
        if COLUMNS[name].nullable:
            assert (name in transfer.WIPED) is one.facts.leaves


def test_what_tells_of_a_person_leaves_with_the_report() -> None:
    assert all(one.facts.leaves for one in BY_COLUMN.values() if one.facts.personal)
    assert all(one.facts.personal for one in BY_COLUMN.values() if one.facts.erased)


def test_what_has_a_label_is_told_on_the_page_of_a_report() -> None:
    """A row in which every field says something; the signalement stands apart, as a text."""
    row: Any = Report(form_rows=[], received_at=NOW, source="balie", located_by="grens")
    for name, one in BY_COLUMN.items():
        first: Any = next(iter(one.vocabulary)).value if one.vocabulary else VALUES.get(name)
        setattr(row, name, [first] if one.vocabulary and one.several else first)
    row.language = "en"
    told = [
        *reports_words.event(row),
        *reports_words.location(row, reports_words.AreaNames()),
        *reports_words.moments(row),
        *reports_words.reporter(row),
        *reports_words.offenders(row),
        *reports_words.wishes(row),
    ]
    labels = {one.facts.label for one in [*FIELDS, *BY_COLUMN.values()]} - {"", "Signalement"}
    assert labels <= {label for label, value in told if value or label == "Vormen"}


# What an officer isn't asked: found out from other answers, or known to an app only.
NOT_ASKED = {
    *("taal", "anoniem", "incidentTot", "plegers.groep", "antwoorden"),
    *("locatie.bron", "client.platform", "client.appVersie"),
    *("locatie.ov.vervoerder", "locatie.ov.lijn", "locatie.ov.richting", "locatie.ov.halte"),
}
# Day, hour and part of day tell the first two; one question about sharing the others.
ASKED_OTHERWISE = {
    *("incidentVan", "tijdNauwkeurigheid"),
    *("deelvoorkeur.politie", "deelvoorkeur.ketenpartners"),
}


def test_who_reports_by_telephone_is_asked_for_every_field() -> None:
    schema = entry_schema([])
    assert set(fields_of(schema)) == set(BY_NAME) - NOT_ASKED - ASKED_OTHERWISE
    assert {"datum", "tijd", "dagdeel"} <= {node.name for node in schema["wat"]}
    assert "delen" in {node.name for node in schema["hoe"]}


def test_a_form_takes_what_the_declaration_says() -> None:
    for schema in (entry_schema([]), reporting_schema(Where("Dordrecht"))):
        for node in (node for part in schema for node in part if hasattr(node, "tells")):
            one = BY_NAME[node.tells]
            if one.vocabulary:
                codes = {term.value for term in one.vocabulary}
                assert {code for code, _ in node.typ.choices} <= codes
            elif one.kind is str:
                assert node.typ.limit == one.facts.most
            assert one.required or node.missing is not colander.required or one.kind is bool


def test_nobody_lists_the_fields_apart() -> None:
    """A message that is written out, as those of the demo, is no list of fields."""
    columns, names = set(BY_COLUMN), {one.way[-1] for one in BY_NAME.values()}
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in nodes_of(path):
            if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
                parts, known = node.elts, columns | names
            elif isinstance(node, ast.Dict):
                parts, known = [key for key in node.keys if key is not None], columns
            else:
                continue
            told = {part.value for part in parts if isinstance(part, ast.Constant)}
            if len(told & known) >= A_LIST:
                found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert found == []
