"""A time-stamping service on this machine: openssl's own, behind HTTP (RFC 3161)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from asn1crypto.tsp import TimeStampReq
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.certificates import certificate, named

CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class TimeStamps:
    """The service: what it was asked, and how it answers.

    Attributes:
        mood: `well`, or how it fails: `away`, `words`, `other` (over another hash), `broken`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.mood = folder, "well"
        self.asked: list[TimeStampReq] = []
        self.address = ""
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = certificate("Proef TSA CA", root_key, "Proef TSA CA", root_key, authority=True)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        signer = (
            x509.CertificateBuilder()
            .subject_name(named("Proef TSA"))
            .issuer_name(self.root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.root.not_valid_before_utc)
            .not_valid_after(self.root.not_valid_after_utc)
            .add_extension(usage, critical=True)
            .sign(root_key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "key.pem").write_bytes(private)
        (folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
        (folder / "serial").write_text("01", encoding="ascii")
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder), encoding="ascii")

    def answer(self, query: bytes) -> bytes:
        """The answer to a query, in the mood that it is in."""
        request = TimeStampReq.load(query)
        self.asked.append(request)
        if self.mood == "other":
            request["message_imprint"]["hashed_message"] = bytes(32)
            query = request.dump(force=True)
        (self.folder / "query.tsq").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq"]
        keys = ["-signer", "signer.pem", "-inkey", "key.pem"]
        done = subprocess.run(
            [*command, *keys], cwd=self.folder, capture_output=True, check=True, timeout=30
        )
        if self.mood == "broken":
            return done.stdout[:-1] + bytes([done.stdout[-1] ^ 1])
        return b"<p>storing</p>" if self.mood == "words" else done.stdout


@contextmanager
def time_stamps(folder: Path) -> Iterator[TimeStamps]:
    """Serve time stamps on a free port for as long as this lasts."""
    service = TimeStamps(folder)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = service.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(503 if service.mood == "away" else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(given)

        def log_message(self, *about: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    service.address = f"http://127.0.0.1:{server.server_port}/tsa"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
