"""Clients that common generators make of the OpenAPI document send a report."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.reports.api.calls import BASE, CALLS, IMAGE_TYPES
from stopintimidatie.reports.api.queries import DEMO_TOKEN
from stopintimidatie.reports.models import Report
from tests.support.api import Api
from tests.support.identity_providers import running_node
from tests.support.installation import DATA, ROOT, Installation
from tests.support.served import HOST, as_product

# Pictures aren't JSON, and the formatter of the makers isn't needed.
PYTHON_SETTINGS = {
    "post_hooks": [],
    "content_type_overrides": dict.fromkeys(IMAGE_TYPES, "application/octet-stream"),
}
TYPESCRIPT_SETTINGS = {
    "compilerOptions": {
        "module": "nodenext",
        "target": "es2022",
        "lib": ["es2022", "dom"],
        "strict": True,
        "types": [],
        "skipLibCheck": True,
    },
    "files": ["send.ts"],
}


@dataclass
class Described:
    """A running installation, and its own OpenAPI document in a file."""

    installation: Installation
    address: str
    document: Path

    def story_of(self, reference: str) -> str | None:
        """Return the story of the report with this reference."""
        table = Report.__table__
        asked = select(table.c.description).where(table.c.reference == reference)
        with self.installation.owner.connect() as connection:
            story: str | None = connection.execute(asked).scalar_one()
        return story


@pytest.fixture
def described(installation: Installation, tmp_path: Path) -> Iterator[Described]:
    Api(installation)  # makes the demo's app key
    with as_product(installation.settings) as served:
        address = f"http://{HOST}:{served.port}{BASE}"
        document = tmp_path / "openapi.json"
        with urlopen(f"{address}/openapi.json", timeout=20) as answer:  # noqa: S310
            document.write_bytes(answer.read())
        yield Described(installation, address, document)


def run(*command: str | Path) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.alles
def test_the_client_of_openapi_python_client_has_every_call_and_sends_a_report(
    described: Described, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(PYTHON_SETTINGS), encoding="utf-8")
    run(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"),
        *("--path", described.document, "--output-path", tmp_path / "client_of_app"),
        *("--config", settings, "--fail-on-warning"),
    )
    monkeypatch.syspath_prepend(tmp_path)
    made = importlib.import_module("client_of_app")
    models = importlib.import_module("client_of_app.models")
    calls = tmp_path / "client_of_app" / "api" / "default"
    assert len(list(calls.glob("[a-z]*.py"))) == len(CALLS)
    submit = importlib.import_module("client_of_app.api.default.melding_sturen")
    report = models.Melding(
        hoedanigheid=models.MeldingHoedanigheid.SLACHTOFFER,
        anoniem=False,
        incident_van=datetime(2026, 1, 20, 21, 40, tzinfo=UTC),
        locatie=models.Locatie(lat=51.8133, lon=4.669, bron=models.LocatieBron.GPS),
        type_plek=models.MeldingTypePlek.STATION_HALTE,
        vormen=[models.MeldingVormenItem.NAROEPEN],
        omschrijving="Met Python gestuurd.",
        plegers=models.Plegers(groep=None),
        melder=models.Melder(email="iemand@example.org"),
        contact_gewenst=models.MeldingContactGewenst.MAILEN,
        deelvoorkeur=models.Deelvoorkeur(politie=True, ketenpartners=False),
        antwoorden=models.MeldingAntwoorden(),
    )
    with made.AuthenticatedClient(base_url=described.address, token=DEMO_TOKEN) as client:
        receipt = submit.sync(client=client, body=report, idempotency_key=str(uuid4()))
        refused = submit.sync(client=client, body=report, idempotency_key="1")
    assert described.story_of(receipt.kenmerk) == "Met Python gestuurd."
    assert refused.status == 400


@pytest.mark.alles
def test_the_client_of_openapi_typescript_sends_a_report(
    described: Described, tmp_path: Path
) -> None:
    packages = ROOT / "node_modules"
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "tsconfig.json").write_text(json.dumps(TYPESCRIPT_SETTINGS), encoding="utf-8")
    shutil.copy(DATA / "clients" / "send.ts", tmp_path)
    with running_node() as node:
        generator = packages / "openapi-typescript" / "bin" / "cli.js"
        run(node, generator, described.document, "--output", tmp_path / "api.ts")
        run(node, packages / "typescript" / "bin" / "tsc", "--project", tmp_path)
        said = run(node, tmp_path / "send.js", described.address, DEMO_TOKEN, str(uuid4()))
    assert described.story_of(json.loads(said)) == "Met TypeScript gestuurd."
