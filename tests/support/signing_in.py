"""Forms of the sign-in page, posted to a running server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

WRONG = "een verkeerd wachtwoord"


def filled(browser: Any, username: str, password: str = WRONG) -> Any:
    form = browser.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, password
    return form


def at_once(forms: list[Any], button: str = "aanmelden") -> list[int]:
    """Submit the forms at the same time; return the statuses."""
    ready = Barrier(len(forms))

    def send(form: Any) -> int:
        ready.wait()
        status: int = form.submit(button, status="*").status_int
        return status

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(send, forms))
