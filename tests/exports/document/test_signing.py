"""The signature under a file: PAdES, after everything else, and the file stays what it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.document.services import (
    CertificateRefusedError,
    TimeStampError,
    check_certificate,
    new_password,
    open_certificate,
)
from stopintimidatie.exports.document.signature import signed, with_password
from stopintimidatie.exports.profiles.defaults import POLICE
from stopintimidatie.exports.redaction.content import content_hash
from tests.support.certificates import NOW, House
from tests.support.drawing import render
from tests.support.exports_factory import a_dossier, redact
from tests.support.time_stamps import TimeStamps, time_stamps
from tests.support.verapdf import validate_pdf


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def verdicts(pdf: bytes, house: House, password: str | None = None) -> Sequence[bool]:
    """Whether each signature is whole, covers the file and comes from our authority."""
    reader = PdfFileReader(BytesIO(pdf))
    if password is not None:
        reader.decrypt(password)
    trusted = trust(house.root)
    return [validate_pdf_signature(one, trusted).bottom_line for one in reader.embedded_signatures]


def trust(root: x509.Certificate) -> ValidationContext:
    roots = [Certificate.load(root.public_bytes(Encoding.DER))]
    return ValidationContext(trust_roots=roots, allow_fetching=False)


def blank_page() -> bytes:
    blank, out = pikepdf.new(), BytesIO()
    blank.add_blank_page()
    blank.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeStamps]:
    with time_stamps(tmp_path_factory.mktemp("tsa")) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _well(service: TimeStamps) -> None:
    service.mood, service.asked = "well", []


@pytest.mark.alles
def test_a_signed_dossier_is_still_pdf_a_and_pdf_ua_and_tells_when_it_was_changed(
    house: House, service: TimeStamps, tmp_path: Path
) -> None:
    content = redact(a_dossier(1), POLICE)
    plain = render(content, load_assets())
    made = signed(plain, house.signing_key(), "Gemeente Dordrecht")
    assert made.startswith(plain), "an increment: nothing before it changes"
    assert b"/ETSI.CAdES.detached" in made
    assert verdicts(made, house) == [True]
    assert verdicts(made, House()) == [False], "another authority"
    place = plain.index(b"endstream") - 20
    changed = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
    assert verdicts(changed, house) == [False]
    (tmp_path / "signed.pdf").write_bytes(made)
    assert validate_pdf(tmp_path / "signed.pdf") == []
    stamped = signed(plain, house.signing_key(), "Gemeente", stamp_service=service.address)
    (tmp_path / "stamped.pdf").write_bytes(stamped)
    assert validate_pdf(tmp_path / "stamped.pdf") == []
    # The signature is another each time; what was frozen isn't.
    assert content_hash(content) == content_hash(redact(a_dossier(1), POLICE))


def test_a_file_with_a_password_is_encrypted_first_and_then_signed(house: House) -> None:
    password = new_password()
    sealed = with_password(blank_page(), password)
    made = signed(sealed, house.signing_key(), "Gemeente Dordrecht", password)
    assert made.startswith(sealed)
    assert verdicts(made, house, password) == [True]
    with pikepdf.open(BytesIO(made), password=password) as opened:
        assert opened.encryption.R == 6
        assert opened.allow.accessibility


def test_only_a_certificate_that_may_sign_today_is_taken(house: House) -> None:
    key, own, above = open_certificate(house.p12("geheim"), "geheim")
    check_certificate(key, own, NOW)
    assert above == [house.root]
    with pytest.raises(CertificateRefusedError, match="Klopt het wachtwoord"):
        open_certificate(house.p12("geheim"), "fout")
    with pytest.raises(CertificateRefusedError, match="gaat niet open"):
        open_certificate(b"geen bestand", "")
    with pytest.raises(CertificateRefusedError, match="niet geldig"):
        check_certificate(key, own, NOW + timedelta(days=31))
    with pytest.raises(CertificateRefusedError, match="niet om mee te ondertekenen"):
        check_certificate(house.root_key, house.root, NOW)


def test_with_a_time_stamping_service_the_signature_is_pades_b_t(
    house: House, service: TimeStamps
) -> None:
    password = new_password()
    sealed = with_password(blank_page(), password)
    made = signed(sealed, house.signing_key(), "Gemeente Dordrecht", password, service.address)
    reader = PdfFileReader(BytesIO(made))
    reader.decrypt(password)
    (signature,) = reader.embedded_signatures
    status = validate_pdf_signature(signature, trust(house.root), trust(service.root))
    assert status.bottom_line
    stamp = status.timestamp_validity
    assert (stamp.valid, stamp.intact, stamp.trusted) == (True, True, True)
    kinds = {attribute["type"].native for attribute in signature.signer_info["unsigned_attrs"]}
    assert kinds == {"signature_time_stamp_token"}
    # The service got one request: a hash of the signature, nothing else of the file.
    (asked,) = service.asked
    imprint = asked["message_imprint"]["hashed_message"].native
    assert imprint == sha256(signature.signer_info["signature"].native).digest()
    stranger = validate_pdf_signature(signature, trust(house.root), trust(house.root))
    assert not stranger.timestamp_validity.trusted


@pytest.mark.parametrize("mood", ["away", "words", "other", "broken"])
def test_without_a_good_time_stamp_nothing_is_signed(
    house: House, service: TimeStamps, mood: str
) -> None:
    service.mood = mood
    with pytest.raises(TimeStampError):
        signed(blank_page(), house.signing_key(), "Gemeente", stamp_service=service.address)


def test_a_service_that_nobody_runs_gives_no_time_stamp(house: House) -> None:
    with pytest.raises(TimeStampError, match="URLError"):
        signed(blank_page(), house.signing_key(), "Gemeente", stamp_service="http://127.0.0.1:1/")
