"""A reporter who comes back with reference and follow code."""

from __future__ import annotations

from typing import Any

from webtest import TestApp

from tests.support.api import Api


def page_of(receipt: Any) -> str:
    return f"/gemeenten/dordrecht/binnenstad/{receipt['kenmerk']}"


def follow_in_browser(api: Api, receipt: Any) -> TestApp:
    browser = api.installation.visitor()
    form = browser.get("/volgen").forms["formulier"]
    # As people type it.
    form["kenmerk"] = receipt["kenmerk"].lower().replace("-", " ")
    form["volgcode"] = receipt["volgcode"].replace(" ", "-")
    page = form.submit("bekijken", status=303)
    assert page.location.endswith("/volgen/melding")
    return browser
