"""Form to open a mailbox of the demo."""

from __future__ import annotations

from stopintimidatie.web import forms
from stopintimidatie.web.forms import Schema, field


class MailboxSchema(Schema):
    """The address whose mailbox is opened."""

    adres = field(
        forms.Text(200),
        "E-mailadres",
        description="Het adres waar de uitnodiging heen ging.",
        widget=forms.EmailInput(autocomplete="off"),
        validator=forms.email_address,
    )
