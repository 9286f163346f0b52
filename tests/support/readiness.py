"""What a watching machine hears."""

from __future__ import annotations

from webtest import TestApp

from tests.support.installation import Installation


def ready(installation: Installation, status: int) -> dict[str, dict[str, str]]:
    """The checks by name, seen by a fresh process."""
    answer = fresh(installation).get("/health/ready", status=status).json
    assert answer["status"] == ("ok" if status == 200 else "niet gereed")
    return {check["naam"]: check for check in answer["controles"]}


def fresh(installation: Installation) -> TestApp:
    installation.registry.readiness._known = None
    return installation.visitor()
