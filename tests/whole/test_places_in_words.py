"""No page tells an officer or a partner a place in degrees: it says street, square or wijk."""

from __future__ import annotations

import re

import pytest

from tests.support.probing import allowed
from tests.support.town import Town

# The reports of the town lie at 51.8133, 4.6690.
DEGREES = re.compile(r"\b51[.,]81\d*|\b4[.,]66\d+")
# The one way to say it where neither a street nor a wijk is known near the point.
NOWHERE = "buiten de wijken die wij kennen: 51,8133 NB 4,6690 OL"
# Pages that ask for degrees, or that give a reporter all that is stored of their report.
RIGHTLY = ("/melding-invoeren", "/kopie", "/nakijken")


@pytest.mark.sqlite
@pytest.mark.alles
def test_no_page_shows_a_place_in_degrees(town: Town) -> None:
    read, wrong = 0, {}
    for probe in {probe.path: probe for probe in allowed(town, "GET")}.values():
        answer = town.ask(probe.person, probe.path)
        if answer.status_int != 200 or answer.content_type != "text/html":
            continue
        text = answer.html.get_text(" ").replace(NOWHERE, "")
        # What apps send is told to who builds one.
        if probe.path.startswith("/api/") or probe.path.endswith(RIGHTLY):
            continue
        if degrees := DEGREES.search(text):
            wrong[probe.path] = text[degrees.start() - 60 : degrees.end() + 20]
        read += 1
    assert wrong == {}
    assert read > 100
