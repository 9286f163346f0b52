"""The form of /melden, filled in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from webtest import TestApp

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import AMSTERDAM

WORDS = "Hij liep achter mij aan tot de brug."


def yesterday() -> str:
    return (utc_now().astimezone(AMSTERDAM) - timedelta(days=1)).date().isoformat()


def filled(
    browser: TestApp, address: str = "/melden/dordrecht", *, page: Any = None, **changes: Any
) -> Any:
    """The form of a place, filled in by somebody who stays anonymous."""
    form = (page or browser.get(address)).forms["formulier"]
    values = {
        "wat.hoedanigheid": "slachtoffer",
        "wat.omschrijving": WORDS,
        "waar.omschrijving": "bij de bushalte",
        "waar.typePlek": "straat_plein",
        "waar.datum": yesterday(),
        "waar.dagdeel": "avond",
        "uzelf.contactGewenst": "nee",
        "uzelf.deelPolitie": "ja",
        "uzelf.deelPartners": "nee",
        **changes,
    }
    form.set("wat.vormen", True, index=0)
    for name, value in values.items():
        # Under 16 nobody is asked to share.
        if name in form.fields or name in changes:
            form[name] = value
    return form


def codes(page: Any) -> tuple[str, str]:
    """Reference and follow code, as they stand on the page."""
    reference, code = (dd.text for dd in page.html.select("[data-code] dd"))
    return str(reference), str(code)
