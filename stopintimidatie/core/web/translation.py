"""The language of what the public reads: Dutch in templates and code, others from catalogues.

A catalogue of gettext (`stopintimidatie/locale/en/LC_MESSAGES/messages.po`) has another
language by the Dutch sentence. Templates mark sentences with `{% trans %}`; `_` of `core.text`
marks what a page says later. Below a prefix that a room declares (`add_translated_prefix`) the
link that was followed chooses the language (`?taal=en`), else what the browser reads, unless the
room says `by_link_alone`; all other pages, the portal too, are in Dutch.

A language may have another voice: `nl_JE` has what Dutch says to the young where that is other
than to adults. A page chooses it (`request.locale_name`), never a link or a browser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from pyramid.threadlocal import get_current_request
from webob.acceptparse import create_accept_language_header

from stopintimidatie.core.registry import Directive
from stopintimidatie.core.text import day_of, local
from stopintimidatie.core.web.body import first_word
from stopintimidatie.core.web.request import query_pairs, with_params

LOCALES: Final = Path(__file__).parents[2] / "locale"
DUTCH: Final = "nl"
PARAMETER: Final = "taal"
# Prefix -> whether only a link chooses the language, never the browser.
TRANSLATED_PREFIXES: Final = Directive[str, bool](
    "add_translated_prefix",
    "translated_prefixes",
    lambda prefix, by_link_alone=False: (prefix, by_link_alone),
)
_LANGUAGE: Final[ContextVar[str | None]] = ContextVar("language", default=None)


@lru_cache(maxsize=1)
def catalogues() -> Mapping[str, NullTranslations]:
    """Return the translations by language; of Dutch there are none."""
    known = {DUTCH: NullTranslations()}
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/*.po")):
        compiled = BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, abort_invalid=True))
        compiled.seek(0)
        known[path.parts[-3]] = GNUTranslations(compiled)
    return known


def languages() -> list[str]:
    """Return the languages that a reader can choose: no voices."""
    return sorted(code for code in catalogues() if "_" not in code)


def chosen_language(request: Any) -> str | None:
    """Return the language that the address chooses, if it is one of ours."""
    wanted = dict(query_pairs(request)).get(PARAMETER, "")
    return wanted if wanted in languages() else None


def negotiate(request: Any) -> str:
    """Return the language of the answer to a request: Pyramid's `request.locale_name`."""
    by_link_alone = TRANSLATED_PREFIXES.of(request.registry).get(first_word(request.environ))
    if by_link_alone is None:
        return DUTCH
    return preferred_language(request, by_link_alone=by_link_alone)


def preferred_language(request: Any, *, by_link_alone: bool = False) -> str:
    """Return the language of the link that was followed, else what the browser reads."""
    accepted = None if by_link_alone else request.headers.get("Accept-Language")
    header = create_accept_language_header(accepted)
    return chosen_language(request) or str(header.lookup(languages(), default=DUTCH))


def voice() -> str:
    """Return the voice of the message or of the page that is made now: mostly its language."""
    request = get_current_request()
    return _LANGUAGE.get() or (DUTCH if request is None else str(request.locale_name))


def language() -> str:
    """Return the language of the message or of the page that is made now."""
    return voice().partition("_")[0]


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Make what is worded inside in this language, or in Dutch where it has no catalogue."""
    token = _LANGUAGE.set(code if code in catalogues() else DUTCH)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def gettext(text: str, **values: object) -> str:
    """Return a sentence in the language of the reader, with its named values (`%(name)s`)."""
    said = catalogues()[voice()].gettext(text) if text else ""
    return said % values if values else said


def ngettext(singular: str, plural: str, number: int, **values: object) -> str:
    """Return the sentence for one or for more, in the language of the reader."""
    said = catalogues()[voice()].ngettext(singular, plural, number)
    return said % values if values else said


def day(value: date, *, weekday: bool = True) -> str:
    """Write a day as dinsdag 24 november 2026, in the language of the reader."""
    pattern = gettext("EEEE d MMMM y") if weekday else "d MMMM y"
    return format_date(day_of(value), pattern, locale=language())


def moment(value: datetime) -> str:
    """Write a moment as dinsdag 24 november 2026, 22.40 uur, in Dutch time."""
    clock = local(value)
    return gettext(
        "%(day)s, %(hour)s.%(minute)s uur",
        day=day(value),
        hour=f"{clock:%H}",
        minute=f"{clock:%M}",
    )


def keep_language(request: Any, path: str) -> str:
    """Return an address of a public page, with the language that was chosen."""
    translated = first_word(request.environ) in TRANSLATED_PREFIXES.of(request.registry)
    chosen = chosen_language(request) if translated else None
    if chosen is None:
        return path
    before, hash_sign, anchor = path.partition("#")
    sign = "&" if "?" in before else "?"
    return f"{before}{sign}{urlencode({PARAMETER: chosen})}{hash_sign}{anchor}"


def other_languages(request: Any) -> list[tuple[str, str, str]]:
    """Return code, own name and address of this page in each other language.

    None beside a form that was sent: what was typed would be lost.
    """
    codes = [code for code in languages() if code != language() and request.method == "GET"]
    return [
        (code, str(Locale.parse(code).language_name), with_params(request, **{PARAMETER: code}))
        for code in codes
    ]


def install(environment: Any) -> None:
    """Let the templates of a Jinja2 environment be translated: `{% trans %}`, `_`, `said`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(
        at=lambda path: keep_language(get_current_request(), path),
        day=day,
        language=language,
        moment=moment,
        other_languages=other_languages,
        said=gettext,
    )


def includeme(config: Any) -> None:
    """Have each request answered in the language of its reader."""
    catalogues()
    TRANSLATED_PREFIXES.declare(config)
    config.set_locale_negotiator(negotiate)
