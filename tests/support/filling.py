"""Forms of the admin's pages, filled in."""

from __future__ import annotations

from typing import Any

from webtest import TestApp

HERE = "/gemeenten/dordrecht/beheer"


def fill(browser: TestApp, page: str, button: str = "opslaan", **values: Any) -> Any:
    form = browser.get(f"{HERE}/{page}").forms["formulier"]
    for name, value in values.items():
        form[name.replace("__", ".")] = value
    return form.submit(button, status="*")
