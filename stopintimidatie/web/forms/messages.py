"""Every message of a form in plain Dutch, each saying what to do next.

Colander and Deform speak English with placeholders. Their messages are a closed list; a test
reads it from their source and requires a sentence here for each.
"""

from collections.abc import Mapping
from string import Template
from typing import Any

UNREADABLE = "Deze invoer kan niet worden gelezen. Vul het opnieuw in."
CHOOSE = "Kies een van de mogelijkheden uit de lijst."
CHOOSE_ONLY = "Kies alleen mogelijkheden uit de lijst."
NO_SUCH_NAME = "Deze naam bestaat niet. Kies een andere."

DUTCH: Mapping[str, str] = {
    "Required": "Vul dit in.",
    "Invalid value": "Deze waarde kan niet. Vul iets anders in.",
    "String does not match expected pattern": "Dit is niet goed geschreven. Volg het voorbeeld.",
    "Invalid email address": "Vul een e-mailadres in zoals naam@gemeente.nl.",
    "Not a data URL": "Dit adres kan niet. Kies het bestand opnieuw.",
    "Invalid MIME type": "Dit soort bestand kan niet. Kies een ander bestand.",
    "Invalid Base64 encoded data": "Het bestand is beschadigd. Kies het opnieuw.",
    "${val} is less than minimum value ${min}": "Vul ${min} of meer in.",
    "${val} is greater than maximum value ${max}": "Vul ${max} of minder in.",
    "Shorter than minimum length ${min}": "Maak het langer: ten minste ${min}.",
    "Longer than maximum length ${max}": "Maak het korter: hoogstens ${max}.",
    '"${val}" is not one of ${choices}': CHOOSE,
    '"${val}" must not be one of ${choices}': "Deze waarde mag niet. Vul iets anders in.",
    "One or more of the choices you made was not acceptable": CHOOSE_ONLY,
    '"${val}" is not a valid credit card number': "Dit nummer klopt niet. Kijk het na.",
    "Must be a URL": "Vul een webadres in dat begint met https://.",
    "Must be a file:// URI scheme": "Dit adres kan niet. Vul een ander adres in.",
    "Invalid UUID string": "Deze verwijzing klopt niet. Kies opnieuw.",
    '"${val}" is not a mapping type: ${err}': UNREADABLE,
    'Unrecognized keys in mapping: "${val}"': "Dit hoort hier niet. Open de pagina opnieuw.",
    '"${val}" is not iterable': UNREADABLE,
    '"${val}" has an incorrect number of elements (expected ${exp}, was ${was})': (
        "Vul er ${exp} in; het zijn er nu ${was}."
    ),
    "${cstruct} is not iterable": UNREADABLE,
    "${val} cannot be serialized: ${err}": UNREADABLE,
    "${val} is not a string: ${err}": "Vul tekst in.",
    "${val} is not a string": "Vul tekst in.",
    '"${val}" is not a string': "Vul tekst in.",
    '"${val}" is not a number': "Vul een getal in, in cijfers. Bijvoorbeeld 12.",
    '"${val}" is neither in (${false_choices}) nor in (${true_choices})': "Kies ja of nee.",
    'relative name "${val}" irresolveable without package': NO_SUCH_NAME,
    '"${val}" has no __name__': NO_SUCH_NAME,
    'The dotted name "${name}" cannot be imported': NO_SUCH_NAME,
    '"${val}" is not a datetime object': "Vul een datum en tijd in die bestaan.",
    '"${val}" is not a date object': "Vul een datum in die bestaat.",
    '"${val}" is not a time object': "Vul een tijd in die bestaat.",
    "Invalid date": "Vul een datum in die bestaat: dag-maand-jaar. Bijvoorbeeld 24-11-2026.",
    "Invalid time": "Vul een tijd in van 00:00 tot en met 23:59.",
    '"${val}" is not a valid "${cls}"': CHOOSE,
    "Incomplete date": "Vul de hele datum in: dag, maand en jaar.",
    "Incomplete time": "Vul de hele tijd in: uur en minuten.",
    "Fields did not match": "Vul twee keer hetzelfde in.",
    "Password did not match confirm": "Vul twee keer hetzelfde wachtwoord in.",
    "${value} is not a dictionary": "Kies het bestand opnieuw.",
    "${value} has no ${key} key": "Kies het bestand opnieuw.",
    "Pstruct is not a string": UNREADABLE,
    "Pstruct is not a dict": UNREADABLE,
}

_REQUIRED = {
    "group": "Maak een keuze bij ‘{title}’.",
    "select": "Maak een keuze bij ‘{title}’.",
    "checkbox": "Zet een vinkje bij ‘{title}’.",
    "file": "Kies een bestand bij ‘{title}’.",
}


def translate(message: Any) -> str:
    """One message of colander, deform or ourselves as a Dutch sentence."""
    text = DUTCH.get(str(message), None)
    default = getattr(message, "default", None)
    if text is None:
        text = DUTCH.get(str(default), str(default or message))
    mapping = getattr(message, "mapping", None) or {}
    return Template(text).safe_substitute({key: str(value) for key, value in mapping.items()})


def required_message(field: Any) -> str:
    """What is asked when nothing was filled in, in the words of the field."""
    widget = field.widget
    kind = getattr(widget, "layout", "field")
    kind = widget.template if widget.template in ("select", "file") else kind
    words = field.get_root().words
    sentence: str = words(_REQUIRED.get(kind, "Vul ‘{title}’ in."))
    return sentence.format(title=field.title)


def field_messages(field: Any) -> list[str]:
    """The messages of one field in the language of the form, without those of its children."""
    if field.error is None:
        return []
    words = field.get_root().words
    return [
        required_message(field) if str(message) == "Required" else words(translate(message))
        for message in field.error.messages()
    ]
