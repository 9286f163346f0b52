"""The forms of /volgen."""

from __future__ import annotations

from stopintimidatie.reports.cleaning import LIMIT
from stopintimidatie.reports.media import PHOTO_TYPES
from stopintimidatie.reports.reporter import LONGEST_TEXT, VERDICTS
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Schema, field


class EnterSchema(Schema):
    """Reference and follow code; sent in the body, so that they stand in no address."""

    kenmerk = field(
        forms.Text(40),
        "Kenmerk",
        description="Zoals M-4F7K-2QXJ. U kreeg het toen u de melding deed.",
        widget=forms.TextInput(width="medium", autocomplete="off"),
    )
    volgcode = field(
        forms.Text(40),
        "Volgcode",
        description="Zestien cijfers, zoals 4821 7733 0916 5528.",
        widget=forms.TextInput(width="medium", autocomplete="off"),
    )


class MessageSchema(Schema):
    """What the reporter adds or answers."""

    tekst = field(
        forms.Text(LONGEST_TEXT, lines=True),
        "Uw bericht",
        description="Schrijf geen namen van anderen op.",
    )


class UploadSchema(Schema):
    """A photo, sound or video."""

    bestand = field(
        forms.Upload(LIMIT),
        "Foto, geluid of video",
        description="Foto's in JPEG, HEIC, PNG of WebP. Hoogstens 25 MB, en hoogstens 5 bestanden."
        " Plaats, tijd en toestel halen wij eruit. Maak geen opnamen als dat u in gevaar brengt.",
        widget=forms.FileInput(accept=f"{PHOTO_TYPES},audio/*,video/*"),
    )


def upload_schema(clips: bool) -> Schema:
    """Where nothing can clean sound and video, they aren't asked for either."""
    schema = UploadSchema()
    if not clips:
        schema["bestand"].title = "Foto"
        schema["bestand"].widget = forms.FileInput(accept=PHOTO_TYPES)
    return schema


class VerdictSchema(Schema):
    """One question, when it is over."""

    geholpen = field(forms.OneOf(VERDICTS, radio=True), "Heeft uw melding u geholpen?")
