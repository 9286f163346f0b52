"""Health and figures for the machine that watches: no sign-in, no people.

`/health/live`, `/health/ready` and `/version` answer here, and `/.well-known/security.txt` for who
finds a leak. The figures stand on a port of their own
that only the machine that collects can reach.

Each process of the web server takes the first free port from the one that is set, as does each
worker; a process that replaces another gets its port. So nothing has to be shared between them, and
one that hangs doesn't silence the rest (docs/dev/adr/0006).
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any, Final
from wsgiref.simple_server import WSGIServer

from prometheus_client.core import GaugeMetricFamily
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health.services import Check, Readiness, State, is_ready, version_of
from stopintimidatie.core.storage.files import free_megabytes
from stopintimidatie.core.telemetry import PREFIX, metrics
from stopintimidatie.core.web.request import page_view
from stopintimidatie.settings import METRICS_PORTS, Settings, SettingsError

log = logging.getLogger(__name__)

DESCRIPTIONS: Final = {
    "queue_oldest_seconds": "Hoe lang het oudste werk wacht dat al gedaan had moeten zijn",
    "queue_length": "Werk in de wachtrij (niet verder geteld dan 100000)",
    "jobs_astray": "1: er is werk gepland op een dag die een verkeerde klok gaf",
    "dead_jobs": "Werk dat mislukte en is opgegeven (niet verder geteld dan 1000)",
    "mail_waiting": "Berichten die de mailserver nog niet aannam (niet verder geteld dan 1000)",
    "scanner_away": "1: er is een virusscanner ingesteld, en zij antwoordt niet",
    "scanner_signatures_seconds": "Hoe oud de lijsten van de virusscanner zijn (+Inf: onbekend)",
    "security_txt_days": "Dagen tot security.txt vervalt (+Inf: er is er geen)",
    "index_lag_seconds": "Hoe lang de oudste wijziging wacht die nog niet te vinden is",
}
# By RFC 9116 a file that lasts longer than a year isn't looked at often enough.
LONGEST_DAYS: Final = 366
WARNED_DAYS: Final = 30


class Installation:
    """Figures that the health checks measured, and the database connections of this process."""

    def __init__(self, registry: Any) -> None:
        self._readiness: Readiness = registry.readiness
        self._pool = registry.engine.pool
        self._version = version_of(registry.app_settings.migrations)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures, at each collection."""
        checks = self._readiness.checks()
        yield _gauge("ready", "1: klaar voor werk, zoals /health/ready zegt", is_ready(checks))
        good = _gauge("check_good", "1: dit onderdeel is niet fout", labels=["check"])
        for check in checks:
            if check.state is not State.UNKNOWN:
                good.add_metric([check.name], float(check.state is not State.BAD))
        yield good
        for name, value in ((n, v) for check in checks for n, v in check.numbers.items()):
            yield _gauge(name, DESCRIPTIONS[name], value)
        yield from self._connections()
        build = _gauge("build_info", "Wat hier draait", labels=[*self._version])
        build.add_metric([text or "onbekend" for text in self._version.values()], 1.0)
        yield build

    def _connections(self) -> Iterator[GaugeMetricFamily]:
        for name, description in (
            ("checkedout", "Verbindingen met de database die in gebruik zijn"),
            ("checkedin", "Verbindingen met de database die klaarliggen"),
        ):
            count = getattr(self._pool, name, None)
            if count is not None:
                yield _gauge(f"database_{name}", description, count())


def _gauge(name: str, description: str, value: float | None = None, labels: Any = None) -> Any:
    number = None if value is None else float(value)
    return GaugeMetricFamily(f"{PREFIX}_{name}", description, value=number, labels=labels)


def start_figures(registry: Any, first_port: int) -> WSGIServer | None:
    """Serve the figures of this process; None when that is off or every port is taken."""
    host = registry.app_settings.metrics_host
    if not host or not first_port:
        return None
    from prometheus_client import ProcessCollector

    shown = metrics().registry
    shown.register(Installation(registry))
    ProcessCollector(registry=shown)
    server = _first_free(host, first_port)
    if server is None:
        log.error("no free port for the figures from %d on", first_port)
    else:
        log.info("figures on port %d", server.server_port)
    return server


def _first_free(host: str, first_port: int) -> WSGIServer | None:
    from prometheus_client import start_http_server

    for port in range(first_port, first_port + METRICS_PORTS):
        try:
            server, _ = start_http_server(port, host, metrics().registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                log.error("no figures: %s can't be listened on", host)
                return None
        else:
            return server
    return None


# Pages


class _Node:
    def __init__(self, name: str, parent: Any) -> None:
        self.__name__ = name
        self.__parent__ = parent

    def __acl__(self) -> list[Any]:
        return []


class Health(_Node):
    """Node at `/health`."""


class Version(_Node):
    """Node at `/version`."""


@page_view(Health, "live", NO_PERMISSION_REQUIRED, "json")
def live(request: Any) -> dict[str, str]:
    """Answer that the process answers; the database isn't asked anything."""
    return {"status": "ok"}


@page_view(Health, "ready", NO_PERMISSION_REQUIRED, "json")
def ready(request: Any) -> dict[str, Any]:
    """Answer whether the installation can do its work: per part its state and what to do."""
    readiness: Readiness = request.registry.readiness
    checks = readiness.checks()
    good = is_ready(checks)
    if not good:
        request.response.status_int = 503
    return {
        "status": "ok" if good else "niet gereed",
        "controles": [check.as_json() for check in checks],
    }


@page_view(Version, "", NO_PERMISSION_REQUIRED, "json")
def version(request: Any) -> dict[str, str | None]:
    """Answer which release this is; nothing about what it is made of."""
    return version_of(request.app_settings.migrations)


# The file for whoever finds a leak: security.txt (RFC 9116)


class WellKnown(_Node):
    """Node at `/.well-known`."""


def _days_left(expires: date) -> float:
    """Count the days until that day begins, in UTC; below nought once it has."""
    return (datetime.combine(expires, time(), UTC) - utc_now()).total_seconds() / 86_400


def refuse_stale_contact(settings: Settings) -> None:
    """Check that the day on which security.txt expires lies in the coming year.

    Raises:
        SettingsError: It is past, or further away.
    """
    if settings.security_expires is None:
        return
    days = _days_left(settings.security_expires)
    if not 0 < days <= LONGEST_DAYS:
        when = "is voorbij" if days <= 0 else "ligt meer dan een jaar vooruit"
        raise SettingsError(
            [
                f"security.expires: die dag {when}. Kijk of security.contact nog klopt, en kies een"
                " dag in het komende jaar"
            ]
        )


def security_check(settings: Settings, row: Any) -> Check:
    """Check that who finds a leak reads where to tell it, and will in thirty days."""
    expires = settings.security_expires
    days = float("inf") if expires is None else _days_left(expires)
    numbers = {"security_txt_days": days}
    if expires is None and settings.demo:
        return Check("security.txt", State.NONE, numbers=numbers)
    if days > WARNED_DAYS and expires is not None:
        return Check("security.txt", State.GOOD, numbers=numbers)
    message = f"security.txt vervalt op {expires}. Kijk of security.contact nog klopt"
    if expires is None:
        message = "Wie een lek vindt, leest nergens waar dat te melden. Kies een adres"
    return Check("security.txt", State.NOTE, f"{message}, en zet security.expires verder.", numbers)


NEARLY_FULL: Final = "Nog {} MB vrij: bestanden worden geweigerd, meldingen niet. Maak ruimte."


def disk_check(settings: Settings, row: Any) -> Check:
    """Check that there is room for files. Without it reports still come in, so it is a note."""
    free = free_megabytes(settings)
    if free >= settings.disk_floor_megabytes:
        return Check("schijf", State.GOOD)
    return Check("schijf", State.NOTE, NEARLY_FULL.format(free))


@page_view(WellKnown, "security.txt", NO_PERMISSION_REQUIRED, "string")
def security_text(request: Any) -> Response:
    """Answer where to tell of a leak, until when that is so, and by which rules."""
    settings: Settings = request.app_settings
    if settings.security_expires is None:
        raise HTTPNotFound
    lines = [
        *(f"Contact: {contact}" for contact in settings.security_contact),
        f"Expires: {settings.security_expires}T00:00:00Z",
        "Preferred-Languages: nl, en",
        f"Canonical: {settings.public_address}/.well-known/security.txt",
        *([f"Policy: {settings.security_policy}"] if settings.security_policy else []),
    ]
    return Response("\r\n".join([*lines, ""]), content_type="text/plain", charset="utf-8")
