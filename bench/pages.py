"""What a page costs: time in the server and statements sent, with few and with many reports."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, inspect
from webtest import TestApp

from bench import machine
from stopintimidatie import install
from stopintimidatie.audit import SYSTEM
from stopintimidatie.dossiers.filing import file_report
from stopintimidatie.dossiers.paths import path_of_dossier
from stopintimidatie.register.queries import neighbourhoods_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.reports.references import new_reference
from stopintimidatie.security import Role
from stopintimidatie.storage.encryption import create_key_file
from tests.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
)
from tests.installation import Installation, make_settings
from tests.queries import count_queries

SIZES = (500, 10_000)
IN_DOSSIER = 30
CHUNK = 500
STATES = {"nieuw": 3, "in_behandeling": 7, "afgehandeld": 90}
ROUNDS, WARM_UP = 30, 3
HEAD = "| database | meldingen | pagina | p50 ms | p95 ms | vragen |\n|---|--:|---|--:|--:|--:|"


def rows(name: str, url: str, folder: Path) -> Iterator[str]:
    """The lines of the table for one database."""
    settings = make_settings(url, folder)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    connect(installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    pages = _pages(installation)
    there = IN_DOSSIER
    for size in SIZES:
        _fill(installation, size - there)
        there = size
        for title, path in pages.items():
            yield f"| {name} | {size} | {title} | {_cost(installation, browser, path)} |"
    installation.close()


def _pages(installation: Installation) -> dict[str, str]:
    """A dossier with reports, and the addresses that are measured."""
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session)
        effects = installation.registry.workflow_effects
        for _ in range(IN_DOSSIER):
            report = take_on(session, make_report(session, installation))
            file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        session.flush()
        dossier_path = path_of_dossier(session, dossier.id)
        report_path = path_of_report(session, report.id)
    home = "/gemeenten/dordrecht"
    return {
        "startpagina": home,
        "postvak": f"{home}/postvak",
        "melding": str(report_path),
        "dossier": str(dossier_path),
    }


def _fill(installation: Installation, number: int) -> None:
    """Reports as rows, over two years and all neighbourhoods; most of them are done."""
    chance = random.Random(number)
    with installation.transaction(DORDRECHT) as session:
        model = make_report(session, installation)
        session.flush()
        plain = {c.key: getattr(model, c.key) for c in inspect(Report).column_attrs}
        areas = [area.code for area in neighbourhoods_of(session, DORDRECHT)]
        rows = [{**plain, **_different(chance, areas, plain)} for _ in range(number - 1)]
        for start in range(0, len(rows), CHUNK):
            session.execute(insert(Report), rows[start : start + CHUNK])


def _different(chance: random.Random, areas: Sequence[str], plain: Any) -> dict[str, Any]:
    moment = plain["received_at"] - timedelta(minutes=chance.randrange(2 * 365 * 24 * 60))
    (state,) = chance.choices(list(STATES), list(STATES.values()))
    return {
        "id": uuid4(),
        "reference": new_reference(),
        "state": state,
        "neighbourhood_code": chance.choice(areas),
        "received_at": moment,
        "incident_start": moment - timedelta(hours=3),
    }


def _cost(installation: Installation, browser: TestApp, path: str) -> str:
    for _ in range(WARM_UP):
        browser.get(path, status=200)
    with count_queries(installation) as counted:
        browser.get(path, status=200)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        browser.get(path, status=200)
        times.append((time.perf_counter() - start) * 1000)
    p95 = machine.percentile(times, 0.95)
    return f"{statistics.median(times):.1f} | {p95:.1f} | {counted.count}"
