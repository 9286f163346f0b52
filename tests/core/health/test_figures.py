"""Figures for Prometheus: what happened, by name; on a port of their own; and about nobody."""

from __future__ import annotations

import re
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from stopintimidatie.core import telemetry
from stopintimidatie.core.health import views as health_views
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.security import Role
from stopintimidatie.settings import METRICS_PORTS, SettingsError, parse_settings
from tests.support.api import Api
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import ROOT, Installation


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return min(port, 65_000)


@pytest.fixture
def servers() -> Iterator[list[Any]]:
    """Ended with the test; each starts with figures at nought."""
    telemetry.metrics.cache_clear()
    started: list[Any] = []
    yield started
    for server in started:
        server.shutdown()
        server.server_close()
    telemetry.metrics.cache_clear()


def start(installation: Installation, port: int, servers: list[Any], **changes: Any) -> int:
    registry = installation.registry
    registry.app_settings = replace(registry.app_settings, **changes)
    server = health_views.start_figures(registry, port)
    assert server is not None
    servers.append(server)
    return int(server.server_port)


def text_on(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        told: str = answer.read().decode()
    return told


def value(port: int, name: str, **labels: str) -> float:
    for family in text_string_to_metric_families(text_on(port)):
        for sample in family.samples:
            if sample.name == f"stopintimidatie_{name}" and sample.labels == labels:
                return sample.value
    return 0.0


def test_what_a_process_did_is_counted_by_name(
    installation: Installation, servers: list[Any]
) -> None:
    port = start(installation, free_port(), servers)
    api = Api(installation)
    first = api.post().json["kenmerk"]
    api.post({"hoedanigheid": "slachtoffer"}, status=400)
    api.post(status=401, Authorization=None)
    installation.run_jobs()
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    browser.get(f"/m/{first}", expect_errors=True)
    browser.get("/zoeken", {"q": "fluiten"})
    assert value(port, "intake_total", outcome="aangenomen") == 1
    assert value(port, "intake_total", outcome="velden-ongeldig") == 1
    assert value(port, "intake_total", outcome="appsleutel") == 1
    posted = {"view": "ReportsNode", "method": "POST"}
    assert value(port, "requests_total", status="2xx", **posted) == 1
    assert value(port, "requests_total", status="4xx", **posted) == 2
    assert value(port, "request_seconds_count", **posted) == 3
    assert value(port, "search_seconds_count") >= 1
    done = re.findall(r'jobs_total{kind="[\w.]+",outcome="gedaan"} (\d+)', text_on(port))
    assert sum(map(int, done)) >= 1
    assert first not in text_on(port)
    assert "GM0505" not in text_on(port)
    assert "fluiten" not in text_on(port)


def test_work_that_fails_is_counted_by_kind(installation: Installation, servers: list[Any]) -> None:
    port = start(installation, free_port(), servers)
    with installation.transaction() as session:
        enqueue(session, Job("uitvoer.maken"), DORDRECHT, {"geen": "id"})
    installation.run_jobs()
    assert value(port, "jobs_total", kind="uitvoer.maken", outcome="mislukt") == 1
    assert value(port, "job_seconds_count", kind="uitvoer.maken") == 1


def test_queue_index_database_and_build_are_shown(
    installation: Installation, servers: list[Any]
) -> None:
    port = start(installation, free_port(), servers)
    told = text_on(port)
    for name in (*health_views.DESCRIPTIONS, "ready", "build_info"):
        assert re.search(rf"^stopintimidatie_{name}\b", told, flags=re.MULTILINE), name
    assert value(port, "ready") == 1
    assert value(port, "check_good", check="database") == 1
    assert "process_resident_memory_bytes" in told
    assert "python_info" not in told


def test_each_process_takes_the_first_free_port(
    installation: Installation, servers: list[Any]
) -> None:
    first = free_port()
    with ExitStack() as stack:
        taken = stack.enter_context(closing(socket.socket()))
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert first < start(installation, first, servers) < first + METRICS_PORTS


def test_off_means_off_and_the_visitors_port_shows_none(
    installation: Installation, servers: list[Any]
) -> None:
    assert health_views.start_figures(installation.registry, 0) is None
    installation.registry.app_settings = replace(installation.settings, metrics_host="")
    assert health_views.start_figures(installation.registry, free_port()) is None
    assert installation.visitor().get("/metrics", status=303).location.endswith("%2Fmetrics")


def test_figures_on_the_visitors_port_are_refused(tmp_path: Path) -> None:
    given = {
        "sqlalchemy.url": "sqlite://",
        "data_dir": str(tmp_path),
        "public_address": "http://localhost:6543",
        "key_file": str(tmp_path / "k"),
        "migrations": str(ROOT / "alembic"),
        "web.port": "6543",
    }
    parse_settings({**given, "metrics.port": "6544"})
    for key in ("metrics.port", "metrics.worker_port"):
        with pytest.raises(SettingsError, match="niet voor bezoekers"):
            parse_settings({**given, key: "6500"})


def test_the_rules_for_prometheus_name_figures_that_exist(
    installation: Installation, servers: list[Any]
) -> None:
    port = start(installation, free_port(), servers)
    telemetry.metrics().requests.labels("X", "GET", "2xx").inc()
    telemetry.metrics().request_seconds.labels("X", "GET").observe(0.1)
    telemetry.intake_done(telemetry.ACCEPTED)
    telemetry.counting("x", lambda context, payloads: None)(None, [1])
    with telemetry.making_pdf(), telemetry.searching():
        pass
    families = text_string_to_metric_families(text_on(port))
    known = {sample.name for family in families for sample in family.samples}
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus-regels.yml").read_text(encoding="utf-8"))
    named = {
        name
        for rule in rules["groups"][0]["rules"]
        for name in re.findall(r"stopintimidatie_\w+", rule["expr"])
    }
    assert len(named) > 8
    assert named <= known
    assert all(rule["annotations"]["summary"] for rule in rules["groups"][0]["rules"])
