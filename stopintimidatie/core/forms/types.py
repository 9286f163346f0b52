"""Types: what a field may hold, in a form of a page and in a message of JSON.

Colander's own types are lenient where it hurts (Float takes ``nan``, Integer takes ``1_000``,
String takes NUL and lone surrogates, naive moments become UTC). These are used instead.

A type reads what the control of a form sends: text, where nothing typed is no value. With
``json=True`` it takes a value of JSON, which means what it says: no "1" for 1. What is read is
held against the same rule: bounds, a closed list, an address that can exist. For forms a type names
its widget, so that a schema reads as the form it is; for JSON it describes itself, so that what
OpenAPI promises and what is checked can't drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import colander
import phonenumbers

from stopintimidatie.core.forms import widgets
from stopintimidatie.core.forms.widgets import CHOOSE, CHOOSE_ONLY, UNREADABLE
from stopintimidatie.core.text import _, checked_address, composed, file_size
from stopintimidatie.core.web.translation import gettext, ngettext

Choice = tuple[str, str]
Description = dict[str, Any]

# JSON has these, but no database and no encoding.
UNUSABLE: Final = re.compile("[\x00\ud800-\udfff]")
NO_NUL: Final = r"^[^\u0000]*$"
# Nor can anybody type these.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Type(colander.SchemaType):
    """Type of a value without children."""

    json = False

    def cstruct_children(self, node: Any, cstruct: Any) -> list[Any]:
        """Return no children."""
        return []

    def serialize(self, node: Any, appstruct: Any) -> Any:
        """Return the value as its control shows it."""
        return colander.null if appstruct in (colander.null, None) else self.written(appstruct)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return the value that is kept.

        Raises:
            colander.Invalid: It can't be read, or breaks the rule of the type.
        """
        if cstruct is colander.null or (not self.json and cstruct in (None, "")):
            return colander.null
        try:
            return self.check(cstruct)
        except ValueError as error:
            raise colander.Invalid(node, str(error)) from None

    def check(self, value: Any) -> Any:
        """Read a value, and hold it against the rule of the type.

        Raises:
            ValueError: With what to do about it, in Dutch.
        """
        if self.json:
            value = self.from_json(value)
        elif isinstance(value, str):
            value = self.from_text(value)
        else:
            raise ValueError(UNREADABLE)
        return value if value is colander.null else self.fit(value)

    def from_text(self, text: str) -> Any:
        """Return the value that somebody typed or chose."""
        return text

    def from_json(self, value: Any) -> Any:
        """Return the value that an app sent."""
        return value

    def fit(self, value: Any) -> Any:
        """Return the value as it is kept."""
        return value

    def written(self, appstruct: Any) -> Any:
        """Return a kept value as its control shows it."""
        return str(appstruct)

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        raise NotImplementedError


def clean_text(text: str) -> str | None:
    """Return the text as it is stored; None when it has characters that no database can store."""
    text = composed(text)
    return None if _FORBIDDEN.search(text) else text


class Text(Type):
    """Text of at most ``limit`` characters; in a form on one line unless ``lines`` is true.

    A form refuses control characters; of an app's text they are left out, and the limit holds
    before and after composing.
    """

    pattern = ""

    def __init__(
        self, limit: int = 200, *, lines: bool = False, hint: str = "", json: bool = False
    ) -> None:
        self.limit = limit
        self.lines = lines
        self.hint = hint
        self.json = json

    def widget_maker(self, **kw: Any) -> Any:
        """Return the widget that a form draws it with."""
        return widgets.TextArea(**kw) if self.lines else widgets.TextInput(**kw)

    def from_text(self, text: str) -> Any:
        """Return the text without outer blanks; nothing for blanks alone."""
        clean = clean_text(text)
        if clean is None:
            raise ValueError(
                _("Er staan tekens in die niet bestaan in tekst. Typ de tekst opnieuw.")
            )
        clean = (clean if self.lines else " ".join(clean.split())).strip()
        if len(clean) > self.limit:
            over = len(clean) - self.limit
            raise ValueError(
                ngettext(
                    "Maak de tekst %(over)s teken korter: het mogen er %(limit)s zijn.",
                    "Maak de tekst %(over)s tekens korter: het mogen er %(limit)s zijn.",
                    over,
                    over=over,
                    limit=self.limit,
                )
            )
        return clean or colander.null

    def from_json(self, value: Any) -> Any:
        """Return the text without outer blanks and control characters; nothing for blanks alone."""
        if not isinstance(value, str):
            raise ValueError("Hier hoort een tekst te staan, tussen aanhalingstekens.")
        if UNUSABLE.search(value):
            raise ValueError("Deze tekst bevat een teken dat niet bestaat (NUL of een half teken).")
        clean = composed(_FORBIDDEN.sub("", value)).strip()
        if max(len(value), len(clean)) > self.limit:
            raise ValueError(f"Deze tekst is langer dan {self.limit} tekens. Maak haar korter.")
        if self.pattern and clean and not re.fullmatch(self.pattern, clean):
            raise ValueError(self.hint)
        return clean or colander.null

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        pattern = f"^({self.pattern})?$" if self.pattern else NO_NUL
        return {"type": "string", "maxLength": self.limit, "pattern": pattern}


class Email(Text):
    """Address to which mail can be sent, by its form; ``hint`` says how it is written."""

    def fit(self, value: str) -> str:
        """Return the address as it is normally written."""
        try:
            return checked_address(value).normalized
        except ValueError:
            raise ValueError(self.hint) from None

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        return {**super().describe(node), "format": "email"}


class Phone(Text):
    """Telephone number that can exist, Dutch unless it begins with +; kept as E.164."""

    pattern = r"[0-9+(][0-9 ()./-]*"

    def fit(self, value: str) -> str:
        """Return the number as networks write it."""
        try:
            number = phonenumbers.parse(value, "NL")
        except phonenumbers.NumberParseException:
            raise ValueError(self.hint) from None
        if not phonenumbers.is_valid_number(number):
            raise ValueError(self.hint)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Password(Type):
    """Secret, taken as typed; it is never written back into the page."""

    widget_maker = widgets.PasswordInput

    def __init__(self, limit: int = 200) -> None:
        self.limit = limit

    def fit(self, value: str) -> str:
        """Refuse a secret that is too long, or that nobody can type."""
        if len(value) > self.limit:
            raise ValueError(f"Een wachtwoord heeft hoogstens {self.limit} tekens.")
        if _FORBIDDEN.search(value):
            raise ValueError("Dit wachtwoord kan niet. Typ het opnieuw.")
        return value


# Suggestions beside a field that is typed: a page stays below its 100 kB.
SUGGESTED: Final = 300


class OneOf(Type):
    """Type of a choice: one code of a closed list of (code, label).

    `typed`: a form asks to type code or label, with the first labels as suggestions.
    """

    def __init__(
        self,
        choices: Iterable[Choice],
        *,
        radio: bool = False,
        json: bool = False,
        typed: bool = False,
    ) -> None:
        self.choices = tuple(choices)
        self.codes: dict[str, Any] = {str(code): code for code, _ in self.choices}
        self.labels = {str(label).casefold(): code for code, label in self.choices if typed}
        self.typed = typed
        self.radio = radio
        self.json = json

    def widget_maker(self, **kw: Any) -> Any:
        """Return the widget that a form draws it with."""
        if self.typed:
            labels = [str(label) for _, label in self.choices[:SUGGESTED]]
            return widgets.TextInput(suggestions=labels, autocomplete="off", **kw)
        maker = widgets.RadioChoice if self.radio else widgets.Select
        return maker(values=self.choices, **kw)

    def fit(self, value: Any) -> Any:
        """Return the code as it stands in the list."""
        if isinstance(value, str) and value in self.codes:
            return self.codes[value]
        if isinstance(value, str) and value.strip().casefold() in self.labels:
            return self.labels[value.strip().casefold()]
        raise ValueError(f"Kies een van: {', '.join(self.codes)}." if self.json else CHOOSE)

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type, with what each code means."""
        meanings = "; ".join(f"`{code}`: {label}" for code, label in self.choices)
        return {"type": "string", "enum": list(self.codes), "description": f"{meanings}."}


class ManyOf(OneOf, colander.Positional):
    """Codes out of a closed list: of a form in the order of that list, of JSON in their own.

    An app sends at least ``least`` of them, each once.
    """

    def __init__(self, choices: Iterable[Choice], *, least: int = 0, json: bool = False) -> None:
        super().__init__(choices, json=json)
        self.least = least

    def widget_maker(self, **kw: Any) -> Any:
        """Return the widget that a form draws it with."""
        return widgets.CheckboxChoice(values=self.choices, **kw)

    def written(self, appstruct: Any) -> Any:
        """Return the codes."""
        return tuple(str(code) for code in appstruct)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return the codes that were chosen.

        Raises:
            colander.Invalid: Not a list, too few or too many, or a code that isn't listed; of JSON
                with each wrong one by its position.
        """
        if self.json:
            return cstruct if cstruct is colander.null else self._from_list(node, cstruct)
        if cstruct in (colander.null, None) or not cstruct:
            return colander.null
        chosen = {cstruct} if isinstance(cstruct, str) else set(cstruct)
        if not chosen.issubset(self.codes):
            raise colander.Invalid(node, CHOOSE_ONLY)
        return [kept for code, kept in self.codes.items() if code in chosen]

    def _from_list(self, node: Any, values: Any) -> tuple[str, ...]:
        if not isinstance(values, list):
            raise colander.Invalid(node, "Hier hoort een lijst te staan.")
        if len(values) < self.least:
            raise colander.Invalid(node, "Kies er ten minste één.")
        if len(values) > len(self.codes):
            raise colander.Invalid(node, f"Kies er hoogstens {len(self.codes)}.")
        error, codes = colander.Invalid(node), []
        for position, value in enumerate(values):
            try:
                codes.append(self.fit(value))
            except ValueError as fault:
                error.add(colander.Invalid(node, str(fault)), position)
        if error.children:
            raise error
        if len(set(codes)) < len(codes):
            raise colander.Invalid(node, "Noem elke waarde maar één keer.")
        return tuple(codes)

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        return {
            "type": "array",
            "uniqueItems": True,
            "items": super().describe(node),
            "minItems": self.least,
            "maxItems": len(self.codes),
        }


class Flag(Type):
    """Yes or no: in a form a box that is ticked, in JSON true or false.

    With ``nullable`` an app may send null as well, for "that I don't know".
    """

    widget_maker = widgets.Checkbox

    def __init__(self, *, nullable: bool = False, json: bool = False) -> None:
        self.nullable = nullable
        self.json = json

    def written(self, appstruct: Any) -> Any:
        """Return what a ticked box sends."""
        return "ja" if appstruct else colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return whether the box was ticked, or what the app sent."""
        return super().deserialize(node, cstruct) if self.json else cstruct == "ja"

    def from_json(self, value: Any) -> bool | None:
        """Return true or false, or null where that may be."""
        if isinstance(value, bool) or (value is None and self.nullable):
            return value
        raise ValueError("Hier hoort true of false te staan, zonder aanhalingstekens.")

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        return {"type": ["boolean", "null"] if self.nullable else "boolean"}


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """File as it came in: its last name part and its bytes. What it *is* must be sniffed."""

    name: str
    content: bytes


class Upload(Type):
    """File of at most ``limit`` bytes. The browser's content type isn't believed."""

    widget_maker = widgets.FileInput

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def serialize(self, node: Any, appstruct: Any) -> Any:
        """Return nothing: a page can't fill in a file."""
        return colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return the file that was chosen.

        Raises:
            colander.Invalid: It is too large.
        """
        if not hasattr(cstruct, "file") or not cstruct.filename:
            return colander.null
        # A request that is tried again has the same file, which stands at its end by then.
        cstruct.file.seek(0)
        content = cstruct.file.read(self.limit + 1)
        if len(content) > self.limit:
            raise colander.Invalid(node, self.too_large())
        return UploadedFile(_file_name(str(cstruct.filename)), content)

    def too_large(self) -> str:
        """Return what is said of a file that is too large."""
        return gettext("Kies een bestand van hoogstens %(most)s.", most=file_size(self.limit))


def _file_name(name: str) -> str:
    name = name.replace("\\", "/").rpartition("/")[2]
    return composed(_FORBIDDEN.sub("", name)).replace("\n", " ")[-120:] or "bestand"


# Validators that several rooms need, with Dutch messages that say what to do.

NO_ADDRESS = (
    "Vul een e-mailadres in zoals naam@gemeente.nl. Gebruik voor het apenstaartje alleen gewone"
    " letters en cijfers, zonder accenten."
)


def email_address(node: Any, value: str) -> None:
    """Check that mail can be sent to this address, by its form; nothing is looked up."""
    try:
        checked_address(value)
    except ValueError:
        raise colander.Invalid(node, NO_ADDRESS) from None


def at_least(minimum: int) -> Callable[[Any, str], None]:
    """Return a check that text has some length, so that a reason says something."""

    def validate(node: Any, value: str) -> None:
        if len(value) < minimum:
            raise colander.Invalid(node, f"Schrijf iets meer: ten minste {minimum} tekens.")

    return validate
