"""Settings: publishing a part, planning it, taking a plan back; and logos that are safe to serve.

Each is one transaction, with its line in the log. The form checks the content of a part (`forms`);
here it is stored as a version, which nobody changes any more.

The name and the type of an uploaded logo aren't trusted. An SVG is parsed by defusedxml (no DTD, no
entities) and written again with only the elements and attributes listed here, all harmless; one
that could run, fetch or hide something is refused, and the refusal names the element. A PNG is
decoded and encoded again by a child process within limits, so that only its pixels are left.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any, Final
from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.sandbox import process
from stopintimidatie.core.sandbox.process import (
    LOGO_BYTES,
    LOGO_PIXELS,
    PictureError,
    Refusal,
    memory_file,
)
from stopintimidatie.core.scanner import Scanner, ScannerError
from stopintimidatie.core.text import datetime_short
from stopintimidatie.municipalities.settings.models import (
    MunicipalityLogo,
    MunicipalityQuestion,
    MunicipalitySetting,
)
from stopintimidatie.municipalities.settings.rules import Part

MOST_ELEMENTS: Final = 3_000
DEEPEST: Final = 40

_SVG: Final = "{http://www.w3.org/2000/svg}"
_SHAPES: Final = frozenset(
    """svg g defs title desc path rect circle ellipse line polyline polygon text tspan
    linearGradient radialGradient stop clipPath mask""".split()  # noqa: SIM905
)
# Elements that editors leave behind, and that aren't part of the picture.
_DROPPED: Final = frozenset({"metadata", "namedview"})
_ATTRIBUTES: Final = frozenset(
    """id d x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy width height points transform viewBox
    preserveAspectRatio fill fill-rule fill-opacity stroke stroke-width stroke-opacity
    stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity
    clip-path clip-rule mask offset stop-color stop-opacity gradientUnits gradientTransform
    spreadMethod clipPathUnits maskUnits font-family font-size font-weight font-style text-anchor
    letter-spacing color display visibility version""".split()  # noqa: SIM905
)
_SAFE_VALUE: Final = re.compile(r"[\w\s.,:;#%()+\-'\"/|&]*", re.ASCII)
_REFERENCE: Final = re.compile(r"url\(\s*['\"]?#[\w.-]+['\"]?\s*\)", re.ASCII)

_DAMAGED: Final = "Deze PNG is beschadigd. Sla het logo opnieuw op en probeer het nog eens."
_REFUSALS: Final = {
    Refusal.PIXELS: f"Kies een PNG van hoogstens {LOGO_PIXELS} bij {LOGO_PIXELS}.",
    Refusal.TOO_LARGE: "Dit logo is te groot. Neem een kleiner of eenvoudiger bestand.",
    Refusal.HEAVY: "Dit logo kost te veel rekenwerk. Neem een kleiner of eenvoudiger bestand.",
}


class LogoError(Exception):
    """This file can't be a logo; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class CleanLogo:
    """A logo made harmless, to be kept and served."""

    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """The hash of the content, in hexadecimal."""
        return sha256(self.content).hexdigest()


def clean_logo(content: bytes, scanner: Scanner | None = None) -> CleanLogo:
    """Return an uploaded logo with only what is harmless; the virus scanner looks first.

    Raises:
        LogoError: it isn't an SVG or PNG, is too large, or holds what isn't let in; or there is a
            scanner that stops it or couldn't look.
    """
    try:
        signature = scanner.scan(BytesIO(content)) if scanner else None
    except ScannerError:
        raise LogoError(
            "De virusscanner antwoordt nu niet, dus nemen wij geen logo aan. Probeer het over een"
            " kwartier nog eens."
        ) from None
    if signature is not None:
        raise LogoError(
            "De virusscanner houdt dit bestand tegen. Het is niet bewaard. Vraag het logo opnieuw"
            " bij wie het maakte."
        )
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(content)
    if b"<svg" in content[:4096] or b":svg" in content[:4096]:
        return _svg(content)
    raise LogoError("Kies een SVG- of PNG-bestand. Dit bestand is iets anders.")


def _png(content: bytes) -> CleanLogo:
    with memory_file() as source, memory_file() as target:
        source.write(content)
        try:
            process.draw(process.LOGO, source, target)
        except PictureError as refused:
            raise LogoError(_REFUSALS.get(refused.refusal, _DAMAGED)) from None
        return CleanLogo(target.read(), "image/png")


def _svg(content: bytes) -> CleanLogo:
    try:
        root = fromstring(content, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise LogoError(
            "Deze SVG verwijst naar iets buiten het bestand. Dat laten wij niet toe."
        ) from None
    except (ElementTree.ParseError, ValueError, RecursionError, LookupError):
        raise LogoError(
            "Deze SVG is niet te lezen. Sla het logo opnieuw op als gewone SVG."
        ) from None
    if root.tag != f"{_SVG}svg":
        raise LogoError("Dit is geen SVG.")
    if "viewBox" not in root.attrib and not {"width", "height"} <= root.attrib.keys():
        raise LogoError("Deze SVG heeft geen maat (viewBox). Sla het logo opnieuw op als SVG.")
    kept = _element(root, _Count())
    ElementTree.register_namespace("", _SVG[1:-1])
    written = ElementTree.tostring(kept, encoding="utf-8")
    if len(written) > LOGO_BYTES:
        raise LogoError("Deze SVG is te groot. Neem een eenvoudiger bestand, of een PNG.")
    return CleanLogo(written, "image/svg+xml")


class _Count:
    elements = 0


def _element(given: Any, count: _Count, depth: int = 0) -> ElementTree.Element:
    count.elements += 1
    if count.elements > MOST_ELEMENTS or depth > DEEPEST:
        raise LogoError("Deze SVG is te ingewikkeld. Neem een eenvoudiger bestand, of een PNG.")
    kept = ElementTree.Element(given.tag, dict(_attributes(given)))
    kept.text, kept.tail = given.text, given.tail
    for child in given:
        if _is_picture(child):
            kept.append(_element(child, count, depth + 1))
    return kept


def _is_picture(child: Any) -> bool:
    """Tell whether an element belongs to the picture.

    Raises:
        LogoError: it does, but isn't let in.
    """
    if not isinstance(child.tag, str) or not child.tag.startswith(_SVG):
        return False
    name = child.tag.removeprefix(_SVG)
    if name in _DROPPED or (name == "style" and not (child.text or "").strip()):
        return False
    if name == "style":
        raise LogoError(
            "In deze SVG staan de kleuren in een stijlblad (<style>). Sla het logo op met de"
            " kleuren bij de vormen (‘presentation attributes’), of kies een PNG."
        )
    if name not in _SHAPES:
        raise LogoError(f"In deze SVG staat <{name[:40]}>. Dat laten wij niet toe. Kies een PNG.")
    return True


def _attributes(given: Any) -> Iterator[tuple[str, str]]:
    attributes = dict(given.attrib)
    # Colours in a style attribute are the same as colours beside it.
    for declaration in attributes.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        attributes.setdefault(name.strip(), value.strip())
    for name, value in attributes.items():
        if name in _ATTRIBUTES and _is_safe(value):
            yield name, value


def _is_safe(value: str) -> bool:
    rest = _REFERENCE.sub("", value)
    return _SAFE_VALUE.fullmatch(rest) is not None and "url" not in rest.lower() and "&" not in rest


# Publishing

AUDIT_KIND: Final = "instelling"
LONGEST_AHEAD: Final = timedelta(days=2 * 366)
# So close to its moment a plan may count already in a process whose clock is a little ahead.
_TOO_CLOSE: Final = timedelta(seconds=30)


class PublishingError(Exception):
    """The part can't be published so; the message says what to do."""


class StaleSettingError(Exception):
    """Somebody else published the part since this person saw it."""


def latest_number(session: Session, owner: str, part: Part) -> int:
    """Return the number of the newest version, planned or not; 0 when there is none."""
    wanted = select(func.max(MunicipalitySetting.number)).where(
        MunicipalitySetting.owner == owner, MunicipalitySetting.part == part
    )
    return session.scalar(wanted) or 0


def planned_version(session: Session, owner: str, part: Part) -> MunicipalitySetting | None:
    """Return the version whose moment hasn't come; there is one at most."""
    return session.scalars(
        select(MunicipalitySetting).where(
            MunicipalitySetting.owner == owner,
            MunicipalitySetting.part == part,
            MunicipalitySetting.withdrawn_at.is_(None),
            MunicipalitySetting.effective_from > utc_now(),
        )
    ).first()


def publish(
    session: Session,
    actor: Actor,
    owner: str,
    part: Part,
    content: Mapping[str, Any],
    *,
    from_moment: datetime | None = None,
    seen: int | None = None,
) -> MunicipalitySetting:
    """Publish a version of a part of the owner's settings, from a moment on or from now.

    The transaction works for the owner: a municipality, or `landelijk`. With `seen`, the newest
    version must be the one with that number.

    Raises:
        StaleSettingError: there is a newer version than the one seen.
        PublishingError: the moment has passed or is too far ahead, or a plan waits already.
    """
    now = utc_now()
    _check_moment(from_moment, now)
    plan = planned_version(session, owner, part)
    if plan is not None:
        raise PublishingError(
            f"Er staat al een wijziging klaar, vanaf {datetime_short(plan.effective_from)}. Trek"
            " die eerst in bij ‘Versies’, of wacht tot zij geldt."
        )
    newest = latest_number(session, owner, part)
    if seen is not None and seen != newest:
        raise StaleSettingError
    version = MunicipalitySetting(
        owner=owner,
        part=part.value,
        number=newest + 1,
        content=dict(content),
        recorded_at=now,
        effective_from=from_moment or now,
    )
    session.add(version)
    session.flush()
    _note(session, actor, "instelling.gewijzigd", version)
    return version


def _check_moment(moment: datetime | None, now: datetime) -> None:
    if moment is not None and moment <= now:
        raise PublishingError("Dit moment is voorbij. Laat het veld leeg, dan geldt het meteen.")
    if moment is not None and moment > now + LONGEST_AHEAD:
        raise PublishingError("Kies een moment binnen twee jaar.")


def withdraw(session: Session, actor: Actor, version: MunicipalitySetting) -> None:
    """Take back a planned version before its moment comes.

    Raises:
        PublishingError: it counts already, or was taken back.
    """
    now = utc_now()
    if version.withdrawn_at is not None:
        raise PublishingError("Deze versie is al ingetrokken.")
    if version.effective_from <= now + _TOO_CLOSE:
        raise PublishingError("Deze versie geldt al. Maak een nieuwe versie om haar te wijzigen.")
    version.withdrawn_at = now
    _note(session, actor, "instelling.ingetrokken", version)


def _note(session: Session, actor: Actor, action: str, version: MunicipalitySetting) -> None:
    fields = [version.part]
    record(session, actor, action, version.owner, AUDIT_KIND, [version.id], fields=fields)


def add_question(session: Session, owner: str, content: Mapping[str, Any]) -> str:
    """Store a question for ever and return its id; it is asked once a version names it."""
    number = f"vraag{secrets.token_hex(3)}"  # short enough to be the name of a field
    question = MunicipalityQuestion(id=number, owner=owner, content=dict(content))
    session.add(question)
    session.flush()
    return question.id


def keep_logo(session: Session, owner: str, logo: CleanLogo) -> str:
    """Store a logo and return its hash, which a version of the look can name from now on."""
    if session.get(MunicipalityLogo, (owner, logo.sha256)) is None:
        session.add(
            MunicipalityLogo(
                owner=owner,
                sha256=logo.sha256,
                media_type=logo.media_type,
                content=logo.content,
            )
        )
        session.flush()
    return logo.sha256
