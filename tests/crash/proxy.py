"""A real nginx with the configuration that we deliver, before the web servers of a site."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.crash.site import free_port
from tests.support.certificates import certificate
from tests.support.installation import ROOT
from tests.support.services import ServiceMissingError
from tests.support.waiting import until

NAME = "meldpunt.example.nl"
CERTIFICATES = f"/etc/letsencrypt/live/{NAME}"
# Settings around the file of a site, as a machine has them.
AROUND = """{user}
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass
class Proxy:
    """A running nginx: its port for https, and what its clients trust."""

    folder: Path
    port: int
    secure: ssl.SSLContext


@contextmanager
def proxy_before(ports: Sequence[int], folder: Path, host: str) -> Iterator[Proxy]:
    """Start nginx before these web servers, which are known by this host, and end it after."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        raise ServiceMissingError("no nginx on this machine; scripts/test installs one")
    folder.mkdir()
    made = Proxy(folder, free_port(), _trusted(folder))
    (folder / "site.conf").write_text(_site(made, ports, host), encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    with subprocess.Popen(command) as process:
        try:
            until((folder / "pid").exists)
            yield made
        finally:
            process.send_signal(signal.SIGTERM)


def _site(made: Proxy, ports: Sequence[int], host: str) -> str:
    """Return what we deliver, with names, ports and folders of the test and a server per port."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    (first, second) = (f"server 127.0.0.1:{port} max_fails=0;" for port in (6543, 6544))
    assert f"    {first}\n    # {second}\n" in text
    servers = "\n".join(first.replace("6543", str(port)) for port in ports)
    changes = {
        f"    {first}\n    # {second}": servers,
        CERTIFICATES: str(made.folder),
        f"Host {NAME}": f"Host {host}",
        NAME: "localhost",
        "/var/log/nginx": str(made.folder),
        "listen 443 ssl": f"listen 127.0.0.1:{made.port} ssl",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
    }
    for ours, theirs in changes.items():
        assert ours in text, ours
        text = text.replace(ours, theirs)
    return "\n".join(line for line in text.splitlines() if "listen [::]" not in line)


def _trusted(folder: Path) -> ssl.SSLContext:
    """Make a certificate of its own for the proxy; return what trusts that one alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = certificate("localhost", key, "localhost", key).public_bytes(Encoding.PEM)
    (folder / "fullchain.pem").write_bytes(made)
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.create_default_context(cadata=made.decode())
    # The certificates of the tests name nobody as an address.
    context.check_hostname = False
    return context
