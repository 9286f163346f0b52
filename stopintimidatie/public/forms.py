"""The form of `/verificatie`: an export id and a file, of which only the hash is kept."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import colander

from stopintimidatie.web import forms
from stopintimidatie.web.forms.types import Leaf

FILE_LIMIT: Final = 25_000_000
_CHUNK: Final = 64 * 1024


class HashOfFile(Leaf):
    """A file of at most 25 MB; as a value its SHA-256 in hexadecimal, nothing else of it."""

    widget_maker = forms.FileInput

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not hasattr(cstruct, "file") or not cstruct.filename:
            return colander.null
        digest, size = hashlib.sha256(), 0
        while part := cstruct.file.read(_CHUNK):
            size += len(part)
            if size > FILE_LIMIT:
                raise colander.Invalid(node, "Kies een bestand van hoogstens 25 MB.")
            digest.update(part)
        return digest.hexdigest()


class VerificationSchema(forms.Schema):
    uitvoer = forms.field(
        forms.Text(60),
        "Nummer van de uitgave",
        description="Dit staat onder aan elke pagina en op de laatste pagina, zoals U-4F7K-2QXJ.",
        widget=forms.TextInput(width="medium", autocomplete="off"),
    )
    bestand = forms.field(
        HashOfFile(),
        "Bestand",
        description="Het PDF-bestand zoals u het kreeg, hoogstens 25 MB. Wij bewaren het niet.",
        widget=forms.FileInput(accept="application/pdf,.pdf"),
    )
