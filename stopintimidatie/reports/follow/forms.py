"""The forms of /volgen: the code, a message, a file, and whether it helped."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, Schema, field
from stopintimidatie.core.text import _, file_size
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD
from stopintimidatie.core.web.request import Request
from stopintimidatie.core.web.translation import gettext, keep_language
from stopintimidatie.reports.attachments.cleaner import PHOTO_TYPES, ffmpeg_path
from stopintimidatie.reports.conversation.queries import Standing
from stopintimidatie.reports.conversation.services import LONGEST_TEXT, VERDICTS
from stopintimidatie.reports.public.forms import NO_EMAIL, NO_PHONE

HOME: Final = "/volgen"


class EnterSchema(Schema):
    """Reference and follow code; sent in the body, so that they stand in no address."""

    kenmerk = field(
        forms.Text(40),
        _("Kenmerk"),
        description=_("Zoals M-4F7K-2QXJ. U kreeg het toen u de melding deed."),
        widget=forms.TextInput(width="medium", autocomplete="off"),
    )
    volgcode = field(
        forms.Text(40),
        _("Volgcode"),
        description=_("Zestien cijfers, zoals 4821 7733 0916 5528."),
        widget=forms.TextInput(width="medium", autocomplete="off"),
    )


class MessageSchema(Schema):
    """The form for what the reporter adds or answers."""

    tekst = field(
        forms.Text(LONGEST_TEXT, lines=True),
        _("Uw bericht"),
        description=_("Schrijf geen namen van anderen op."),
    )


class ContactSchema(Schema):
    """Another telephone number or mail address; what stays empty stays as it is."""

    telefoon = field(
        forms.Phone(30, hint=NO_PHONE),
        _("Uw telefoonnummer"),
        missing=None,
        widget=forms.TelInput(autocomplete="off"),
    )
    email = field(
        forms.Email(254, hint=NO_EMAIL),
        _("Uw e-mailadres"),
        missing=None,
        widget=forms.EmailInput(autocomplete="off"),
    )


def contact_form(request: Request) -> Form:
    """Make the form for another number or address; it never shows what is known."""
    button = Button("wijzigen", _("Contactgegevens wijzigen"), "secondary")
    action = f"{HOME}/contactgegevens"
    return form_of(request, ContactSchema(), button, action, formid="contact")


class UploadSchema(Schema):
    """A photo, sound or video."""

    bestand = field(
        forms.Upload(PUBLIC_UPLOAD),
        _("Foto, geluid of video"),
        widget=forms.FileInput(accept=f"{PHOTO_TYPES},audio/*,video/*"),
    )


def upload_schema(clips: bool) -> Schema:
    """Return the form for a file; sound and video only where they can be cleaned."""
    schema = UploadSchema()
    schema["bestand"].description = gettext(
        "Foto's in JPEG, HEIC, PNG of WebP. Hoogstens %(most)s, en hoogstens 5 bestanden."
        " Plaats, tijd en toestel halen wij eruit. Maak geen opnamen als dat u in gevaar brengt.",
        most=file_size(PUBLIC_UPLOAD),
    )
    if not clips:
        schema["bestand"].title = _("Foto")
        schema["bestand"].widget = forms.FileInput(accept=PHOTO_TYPES)
    return schema


class VerdictSchema(Schema):
    """One question, when it is over."""

    geholpen = field(forms.OneOf(VERDICTS, radio=True), _("Heeft uw melding u geholpen?"))


def message_form(request: Request, standing: Standing) -> Form:
    """Make the form to add something, or to answer the question that was asked."""
    question = standing.answer_by is not None
    button = Button("versturen", _("Antwoord versturen") if question else _("Bericht versturen"))
    return form_of(request, MessageSchema(), button, f"{HOME}/bericht")


def verdict_form(request: Request, standing: Standing) -> Form:
    """Make the form to say whether the help helped."""
    button = Button("laten_weten", _("Laat het weten"), "secondary")
    given = {} if standing.verdict is None else {"geholpen": standing.verdict}
    action = f"{HOME}/mening"
    return form_of(request, VerdictSchema(), button, action, appstruct=given, formid="mening")


def takes_clips(request: Request) -> bool:
    """Return whether sound and video can be cleaned here, and so be taken."""
    return ffmpeg_path(request.app_settings.ffmpeg) is not None


def upload_form(request: Request) -> Form:
    """Make the form to send a file along."""
    button = Button("meesturen", _("Bestand meesturen"), "secondary")
    schema = upload_schema(takes_clips(request))
    return form_of(request, schema, button, f"{HOME}/bijlage", formid="bijlage")


def form_of(request: Request, schema: Any, button: Button, action: str, **more: Any) -> Form:
    """Return a form of these pages, which keeps the language that was chosen."""
    address = keep_language(request, action)
    return Form(schema, request, buttons=[button], action=address, **more)
