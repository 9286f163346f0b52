"""The acts of the twenty mixed reports are what the panels of the rail ask, and no more."""

from __future__ import annotations

import statistics
from typing import Any, Final

import pytest
from sqlalchemy import select

from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report
from stopintimidatie.reports.workbench.vocabulary import CHOICES
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation
from tests.support.officers import officer
from tests.support.pressing import PARTIAL, choose
from tests.support.twenty import (
    MEDIAN,
    MOST_ACTS,
    TWENTY,
    Kind,
    assert_became,
    receive_twenty,
)

pytestmark = pytest.mark.sqlite
# The panel that each key opens; the others decide at once.
PANELS: Final = {known.key: f"besluit?keuze={name}" for name, known in CHOICES.items() if known.key}
PANELS["c"] = "contact"


def decide(panel: Any, kind: Kind, numbers: dict[str, str]) -> None:
    """Do what comes after the key that opened a panel, up to the answer of that panel."""
    form = next(
        (panel.forms[name] for name in ("besluit", "formulier") if name in panel.forms), None
    )
    for act in kind.acts[1:]:
        if act.does == "best":
            choose(panel, "1")
            return
        if form is None:
            choose(panel, act.name)
            return
        if act.does == "send":
            form.submit({"besluit": "vastleggen"}.get(form.id, "opslaan"), status=303)
            return
        if act.does == "key":
            form["uitkomst"] = form["uitkomst"].options[int(act.name) - 1][0]
        elif act.does == "typed":
            form[act.name] = act.value.format(**numbers)
        elif act.does == "ticked":
            form.fields[act.name][0].checked = True
        else:
            form[f"{act.name}.sjabloon"] = form[f"{act.name}.sjabloon"].options[1][0]
            form = form.submit(f"{act.name}.invullen", headers=PARTIAL).forms["besluit"]


def test_the_twenty_acts_are_what_the_panels_ask(installation: Installation) -> None:
    counts = [len(kind.acts) for kind in TWENTY]
    assert len(counts) == 20
    assert sum(counts) <= MOST_ACTS
    assert statistics.median(counts) <= MEDIAN
    connect(installation)
    kinds, numbers = receive_twenty(installation)
    with installation.transaction(DORDRECHT) as session:
        rows = session.execute(select(Report.reference, Report.id)).all()
        paths = {reference: path_of_report(session, row_id) for reference, row_id in rows}
    browser, opened = officer(installation), set[str]()
    for reference, kind in kinds.items():
        first = kind.acts[0].name
        # Of each panel one; the list of dossiers is another one where none fits.
        if first not in PANELS or kind.signal or first + kind.acts[1].does in opened:
            continue
        opened.add(first + kind.acts[1].does)
        panel = browser.get(f"{paths[reference]}/{PANELS[first]}", headers=PARTIAL)
        decide(panel, kind, numbers)
        if first != "c":
            assert_became(installation, reference, kind, numbers)
    assert {name[0] for name in opened} == set(PANELS)
