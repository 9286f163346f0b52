"""The copy with a password: AES-256 by ISO 32000-2 (R6), still open to reading aids. Pure.

The password travels another way than the file. Nobody keeps it: it waits under the export's own
key until it was shown once.
"""

from __future__ import annotations

import secrets
from io import BytesIO
from typing import Final

import pikepdf

# Without what looks alike when read aloud: 0 O 1 I L.
LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPS: Final = 6
# Looking, printing and reading aids; changing and taking parts out are for the owner's password,
# which is thrown away. PDF/UA-1 (7.16) asks for the reading aids.
ALLOWED: Final = pikepdf.Permissions(
    accessibility=True,
    extract=False,
    modify_annotation=False,
    modify_assembly=False,
    modify_form=False,
    modify_other=False,
    print_lowres=True,
    print_highres=True,
)


def new_password() -> str:
    """Some 118 bits, in groups that can be read out by telephone."""
    groups = ["".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS)]
    return "-".join(groups)


def with_password(pdf: bytes, password: str) -> bytes:
    """The same document, metadata included, for who has the password."""
    made = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        opened.save(
            made,
            encryption=pikepdf.Encryption(
                user=password, owner=secrets.token_urlsafe(32), R=6, allow=ALLOWED
            ),
        )
    return made.getvalue()
