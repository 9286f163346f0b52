"""The form of a forwarding agreement, filled in."""

from __future__ import annotations

from typing import Any

from stopintimidatie.municipalities.agreements import services as agreements_services

PAGE = "/landelijk/zwijndrecht"
PEOPLE = {
    "functionaris.naam": "Anneke Geheimnaam",
    "functionaris.functie": "coördinator OOV",
    "functionaris.email": "oov@zwijndrecht.example",
    "functionaris.telefoon": "078 6200000",
    "mag_van": "Het hoofd Veiligheid",
}


def fill(browser: Any, **changes: str) -> Any:
    form = browser.get(f"{PAGE}/vastleggen").forms["formulier"]
    today = agreements_services.today()
    for name, value in {**PEOPLE, "mag_sinds": str(today), **changes}.items():
        form[name] = value
    form["wil"] = changes.get("wil", "ja")
    return form
