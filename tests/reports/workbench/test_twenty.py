"""Twenty mixed reports, decided on by the acts that `tests/support/twenty.py` counts."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from tests.support.factories import connect
from tests.support.installation import Installation
from tests.support.officers import officer
from tests.support.pressing import choose, key, opened, panel, press
from tests.support.twenty import MEDIAN, MOST_ACTS, TWENTY, Act, assert_became, receive_twenty

pytestmark = pytest.mark.sqlite


def do(page: Any, act: Act, numbers: dict[str, str]) -> Any:
    """Do one act without a script; return the page that one sees then."""
    form = next((form for form in page.forms.values() if form.fields.keys() & SENDING), None)
    if act.does == "best":
        return choose(page, "1").follow()
    if act.does == "send":
        assert form is not None
        return form.submit(next(iter(form.fields.keys() & SENDING)), status=303).follow()
    if act.does == "key" and form is not None and "uitkomst" in form.fields:
        form["uitkomst"] = "gesproken"
    elif act.does == "key" and page.html.select_one(f'.wb-option[data-key="{act.name}"]'):
        answer = choose(page, act.name)
        return answer.follow() if answer.status_int == 303 else answer
    elif act.does == "key" and "href" in key(page, act.name).attrs:
        return panel(page, act.name)
    elif act.does == "key":
        answer = press(page, act.name)
        return answer.follow() if answer.status_int == 303 else answer
    elif act.does == "typed":
        assert form is not None
        form[act.name] = act.value.format(**numbers)
    elif act.does == "ticked":
        assert form is not None
        form.fields[act.name][0].checked = True
    else:
        assert form is not None
        form[f"{act.name}.sjabloon"].force_value(form[f"{act.name}.sjabloon"].options[1][0])
        return form.submit(f"{act.name}.invullen")
    return page


# The names of the buttons below what was typed.
SENDING = {"vastleggen", "opslaan"}


def test_the_twenty_acts_are_what_the_panels_ask(installation: Installation) -> None:
    counts = [len(kind.acts) for kind in TWENTY]
    assert len(counts) == 20
    assert sum(counts) <= MOST_ACTS
    assert statistics.median(counts) <= MEDIAN
    connect(installation)
    kinds, numbers = receive_twenty(installation)
    browser = officer(installation)
    for reference, kind in kinds.items():
        page, asked = opened(browser, reference), False
        for act in kind.acts:
            page = do(page, act, numbers)
            asked |= "Is er nu iemand in gevaar?" in page.html.select_one("main").text
        assert_became(installation, reference, kind, numbers)
        assert asked is kind.signal, kind.story
