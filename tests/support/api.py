"""An app client for tests: posts reports and follows them through WSGI."""

from __future__ import annotations

import copy
import json
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.reports.api.queries import DEMO_TOKEN, make_demo_key
from stopintimidatie.reports.models import Report
from tests.support.installation import Installation

REPORTS = "/api/v1/meldingen"
PROBLEM = "application/problem+json"


class Api:
    """The API of an installation, with the demo app's key."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        # Without WebTest's lint: these tests send what no decent client does.
        self.app = TestApp(
            installation.app, extra_environ={"HTTP_HOST": "localhost:6543"}, lint=False
        )
        with installation.transaction() as session:
            self.app_key_id = make_demo_key(session, SYSTEM).id

    def headers(self, **changes: str | None) -> dict[str, str]:
        """Good headers with changes (`Content_Type`), None takes one away."""
        found: dict[str, str | None] = {
            "Authorization": f"Bearer {DEMO_TOKEN}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        }
        found.update({name.replace("_", "-"): value for name, value in changes.items()})
        return {name: value for name, value in found.items() if value is not None}

    def post(self, body: Any = None, *, status: Any = 201, **headers: str | None) -> Any:
        """Post a report; a dict is written as JSON, bytes go as they are."""
        message = FULL_REPORT if body is None else body
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.app.post(REPORTS, data, headers=self.headers(**headers), status=status)

    def get(self, path: str, *, status: Any = 200, **headers: str | None) -> Any:
        wanted = self.headers(Content_Type=None, Idempotency_Key=None, **headers)
        return self.app.get(path, headers=wanted, status=status)

    def follow(self, reference: str, code: str, *, status: Any = 200) -> Any:
        return self.get(f"{REPORTS}/{reference}", status=status, Volgcode=code)

    def add(self, receipt: Any, body: Any, *, status: Any = 201, **headers: str | None) -> Any:
        """Add something to a report; a dict is written as JSON, bytes go as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        wanted = {"Idempotency_Key": None, "Volgcode": receipt["volgcode"], **headers}
        path = f"{REPORTS}/{receipt['kenmerk']}/aanvullingen"
        return self.app.post(path, data, headers=self.headers(**wanted), status=status)

    def change(self, receipt: Any, body: Any, *, status: Any = 204, **headers: str | None) -> Any:
        """Give another number or address."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        wanted = {"Idempotency_Key": None, "Volgcode": receipt["volgcode"], **headers}
        path = f"{REPORTS}/{receipt['kenmerk']}/contactgegevens"
        return self.app.put(path, data, headers=self.headers(**wanted), status=status)

    def attach(
        self,
        receipt: Any,
        content: bytes,
        name: str = "foto.jpg",
        *,
        status: Any = 201,
        key: str | None = None,
    ) -> Any:
        """Send a file along."""
        wanted = self.headers(Content_Type=None, Idempotency_Key=key, Volgcode=receipt["volgcode"])
        files = [("bestand", name, content)]
        path = f"{REPORTS}/{receipt['kenmerk']}/bijlagen"
        return self.app.post(path, upload_files=files, headers=wanted, status=status)

    def withdraw(self, reference: str, code: str, *, status: Any = 204) -> Any:
        wanted = self.headers(Content_Type=None, Idempotency_Key=None, Volgcode=code)
        return self.app.delete(f"{REPORTS}/{reference}", headers=wanted, status=status)

    def count(self) -> int:
        """How many reports there are, whoever holds them."""
        with self.installation.owner.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(Report.__table__)) or 0)


def report(**changes: Any) -> dict[str, Any]:
    """The example report with other properties."""
    return {**copy.deepcopy(FULL_REPORT), **changes}


def at(lat: float, lon: float) -> dict[str, Any]:
    """The example report at a point."""
    return report(locatie={"lat": lat, "lon": lon})
