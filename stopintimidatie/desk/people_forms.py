"""Form for the mail domains of a municipality."""

from __future__ import annotations

import re
from typing import Any, Final

import colander

from stopintimidatie.public.joining import FOR_EVERYBODY
from stopintimidatie.web import forms
from stopintimidatie.web.forms import field

MOST: Final = 10
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# At least two labels: `nl` alone would cover everybody's mailbox.
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]")
LONGEST: Final = 100


def read_domains(text: str | None) -> list[str]:
    """Read the typed domains, each once; drop an @ in front."""
    words = re.split(r"[\s,;]+", (text or "").lower())
    return sorted({word.removeprefix("@").strip(".") for word in words} - {""})


def _fault(domain: str) -> str | None:
    if len(domain) > LONGEST or not _DOMAIN.fullmatch(domain):
        return f"‘{domain[:60]}’ is geen maildomein. Schrijf het als gemeente.nl."
    if domain.split(".")[-2] in FOR_EVERYBODY:
        return f"Bij {domain} kan iedereen een adres krijgen. Kies een domein van de gemeente zelf."
    return None


def valid_domains(node: Any, value: str) -> None:
    """Check that the domains can be a municipality's own, and are at most `MOST`.

    :raises colander.Invalid: one can't be, or there are more.
    """
    domains = read_domains(value)
    if len(domains) > MOST:
        raise colander.Invalid(node, f"Het mogen er ten hoogste {MOST} zijn.")
    for domain in domains:
        if fault := _fault(domain):
            raise colander.Invalid(node, fault)


def domains_schema() -> Any:
    """Build the form: one field with a domain on each line."""
    schema = forms.Schema()
    schema.add(
        field(
            forms.Text(1200, lines=True),
            "Maildomeinen",
            name="domeinen",
            missing="",
            description="Eén per regel, zoals gemeente.nl. Adressen van subdomeinen horen er ook"
            " bij.",
            validator=valid_domains,
            widget=forms.TextArea(rows=4),
        )
    )
    return schema
