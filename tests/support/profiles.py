"""Redaction profiles changed on their page."""

from __future__ import annotations

from webtest import TestResponse

from tests.support.exporting import Case

EDIT = "/gemeenten/dordrecht/beheer/redactieprofiel?profiel={}"


def change(case: Case, profile: str, button: str = "opslaan", **choices: str) -> TestResponse:
    """The admin fills in the form; the names are those of the fields."""
    form = case.browser("beheer").get(EDIT.format(profile)).forms["formulier"]
    form["reden"] = "De politie heeft dit niet nodig."
    for name, value in choices.items():
        form[f"{name.partition('_')[0]}.{name}"].force_value(value)
    return form.submit(button, expect_errors=True)
