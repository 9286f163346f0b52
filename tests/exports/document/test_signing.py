"""The signature under a file: PAdES, after everything else, and the file stays what it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import (
    Encoding,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.document.signature import (
    CertificateRefusedError,
    check_certificate,
    new_password,
    open_certificate,
    signed,
    with_password,
)
from stopintimidatie.exports.profiles.defaults import POLICE
from stopintimidatie.exports.redaction.content import content_hash
from tests.support.certificates import NOW, House
from tests.support.drawing import render
from tests.support.exports_factory import a_dossier, redact
from tests.support.verapdf import validate_pdf


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def verdicts(pdf: bytes, house: House, password: str | None = None) -> Sequence[bool]:
    """Whether each signature is whole, covers the file and comes from our authority."""
    reader = PdfFileReader(BytesIO(pdf))
    if password is not None:
        reader.decrypt(password)
    trusted = ValidationContext(
        trust_roots=[Certificate.load(house.root.public_bytes(Encoding.DER))],
        allow_fetching=False,
    )
    return [validate_pdf_signature(one, trusted).bottom_line for one in reader.embedded_signatures]


def test_a_signed_dossier_is_still_pdf_a_and_pdf_ua_and_tells_when_it_was_changed(
    house: House, tmp_path: Path
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
    # The signature is another each time; what was frozen isn't.
    assert content_hash(content) == content_hash(redact(a_dossier(1), POLICE))


def test_a_file_with_a_password_is_encrypted_first_and_then_signed(house: House) -> None:
    blank, out = pikepdf.new(), BytesIO()
    blank.add_blank_page()
    blank.save(out)
    password = new_password()
    sealed = with_password(out.getvalue(), password)
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
