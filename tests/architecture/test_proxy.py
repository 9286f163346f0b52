"""The proxy that we deliver: on a machine and in a container the same, and with every door shut."""

from __future__ import annotations

import re
import ssl
import subprocess
from pathlib import Path

from stopintimidatie.cli.gateway import _SAFE_HEADERS
from stopintimidatie.core.web.responses import HSTS
from tests.support.matrix import MATRIX

DEPLOY = Path(__file__).parents[2] / "deploy"
CONTAINER = DEPLOY / "container"


def proxy_conf(folder: Path, nameserver: str = "10.89.0.1") -> str:
    """nginx's configuration as the container of the proxy makes it."""
    text = (CONTAINER / "proxy.sh").read_text(encoding="utf-8")
    script = folder / "proxy.sh"
    script.write_text(
        text.replace("/etc/nginx/stopintimidatie.conf", str(DEPLOY / "nginx.conf")).replace(
            "/etc/resolv.conf", str(folder / "resolv.conf")
        ),
        encoding="utf-8",
    )
    (folder / "resolv.conf").write_text(f"search dns.podman\nnameserver {nameserver}\n")
    (folder / "nginx").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "nginx").chmod(0o755)
    env = {"PATH": f"{folder}:/usr/bin:/bin", "NAAM": "meldpunt.dordrecht.example"}
    subprocess.run(["sh", script, folder / "uit.conf"], env=env, check=True)
    return (folder / "uit.conf").read_text(encoding="utf-8")


def test_the_proxy_of_the_containers_is_the_same_proxy(tmp_path: Path) -> None:
    made, own = proxy_conf(tmp_path), (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert made.startswith("resolver 10.89.0.1 valid=5s ipv6=off;\n")
    assert "example.nl" not in made
    assert made.count("meldpunt.dordrecht.example") == own.count("meldpunt.example.nl")
    assert own.count("proxy_pass ") == made.count("proxy_pass http://$webserver;") > 1
    assert made.count("set $webserver web:6543;") == made.count("proxy_pass")
    differs = re.compile(r"example|proxy_pass|\$webserver|^resolver|^error_log")
    same = [
        [line for line in text.splitlines() if not differs.search(line)] for text in (own, made)
    ]
    assert same[0] == same[1]


def test_a_nameserver_of_ipv6_stands_between_brackets(tmp_path: Path) -> None:
    made = proxy_conf(tmp_path, "fd00::1")
    assert made.startswith("resolver [fd00::1] valid=5s ipv6=off;\n")


def test_the_proxy_writes_nobodys_address_or_request_down(tmp_path: Path) -> None:
    """nginx adds both to each line of a request; emerg is left for when memory runs out."""
    for text in ((DEPLOY / "nginx.conf").read_text(encoding="utf-8"), proxy_conf(tmp_path)):
        assert re.findall(r"^access_log (.+);", text, re.M) == ["off"]
        assert [line.split()[1] for line in re.findall(r"error_log (.+);", text)] == ["emerg"]


def test_the_proxy_pins_the_host_and_keeps_the_health_to_itself() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    passed = re.findall(r"proxy_set_header (\S+) (\S+);", text)
    host = dict(passed)["Host"]
    assert f"server_name {host};" in text
    assert "$" not in host
    for header in ("X-Forwarded-Host", "X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert (header, '""') in passed
    assert "access_log off;" in text
    for closed in ("/health/ready", "/version"):
        assert f"location = {closed} {{ return 404; }}" in text


def test_the_proxy_bounds_every_page_on_which_a_visitor_shows_who_they_are() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (bounded,) = re.findall(r"location ~ (\S+) \{\s+limit_req ", text)
    asking = re.compile("aanmelden|uitnodiging|wachtwoord")
    public = [view.key for view in MATRIX if view.permission is None]
    pages = {
        name
        for context, name, method in public
        if (context, method) == ("Root", "POST") and asking.match(name)
    }
    assert len(pages) > 5
    assert not [name for name in pages if not re.match(bounded, f"/{name}")]
    # A provider's server tells here, from one address, that somebody signed out.
    assert not re.match(bounded, "/aanmelden-gemeente/dordrecht/uitloggen")


def test_what_the_proxy_answers_itself_has_the_headers_of_the_product_and_never_twice() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    added = re.findall(r"add_header (\S+) (\$\w+) always;", text)
    safe = dict(_SAFE_HEADERS) | {"Strict-Transport-Security": HSTS}
    assert {name for name, _ in added} == safe.keys() - {"Content-Type"}
    for name, variable in added:
        upstream = f"$upstream_http_{name.lower().replace('-', '_')}"
        (body,) = re.findall(
            rf"map {re.escape(upstream)} {re.escape(variable)} {{(.+?)}}", text, re.S
        )
        assert re.search(rf'""\s+"{re.escape(safe[name])}";\s+default "";', body), name
    # nginx: a location with an add_header of its own inherits none of these.
    assert text.count("add_header") == len(added)
    assert "limit_conn verzenders" in text


def test_what_the_proxy_answers_itself_names_its_charset_and_no_version() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    everywhere, _, _ = text.partition("\nserver {")
    assert "\ncharset utf-8;" in everywhere
    # Not for all at once: the nginx.conf of Debian says it there already, and twice is an error.
    assert "server_tokens" not in everywhere
    assert text.count("    server_tokens off;") == text.count("\nserver {") == 4


def test_the_proxy_speaks_tls_with_forward_secrecy_alone() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert re.findall(r"ssl_protocols (.+);", text) == ["TLSv1.2 TLSv1.3"]
    (names,) = re.findall(r"ssl_ciphers (\S+);", text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(names)
    older = [c for c in context.get_ciphers() if c["protocol"] != "TLSv1.3"]
    assert [cipher["name"] for cipher in older] == names.split(":")
    assert all(c["aead"] and c["kea"] == "kx-ecdhe" for c in older)
    assert older[0]["strength_bits"] == 256


def test_pages_go_on_to_https_and_an_app_that_forgets_it_is_refused() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (server,) = re.findall(r"listen 80;.+?^}", text, re.S | re.M)
    assert "location /api/ { return 403; }" in server
    assert "location = /api/v1/docs { return 301 https://" in server
    assert re.search(r"location / { return 301 https://\S+\$request_uri; }", server)
