"""Making the material of a campaign, and sharing it with people who have no account."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any, Final

from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health.services import VERSION
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.core.web.charts import data_uri
from stopintimidatie.core.web.limits import NoPlaceError, heavy_work
from stopintimidatie.exports.document.assets import displayable, load_assets
from stopintimidatie.exports.document.content import SheetContent
from stopintimidatie.exports.document.services import NotDrawnError, draw_now
from stopintimidatie.exports.redaction.content import House
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.accountability.rules import controller_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.privacy.requests.letters import house_at
from stopintimidatie.programme.kit import rules
from stopintimidatie.programme.rules import Filled, fill_in, table, texts_in
from stopintimidatie.programme.services import file_of, zip_of
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.campaigns.services import KIND

TEXT: Final = texts_in("campaign")["campagne"]
# The sizes in which pictures are made, by name: in millimetres, and the width of a PNG in pixels.
FORMATS: Final[Mapping[str, Any]] = TEXT.more["formats"]
TEXTS, ALL = "teksten.docx", "alles.zip"
ENDINGS: Final = ("svg", "png", "pdf")
# Each file, and its type.
FILES: Final = {f"{name}.{end}" for name in FORMATS for end in ENDINGS} | {TEXTS, ALL}
_PICTURE: Final = f"{__package__}:templates/picture.xml.jinja2"
# The library that draws pages isn't made for threads.
_ONE_AT_A_TIME: Final = Lock()
# The token of a link begins with the code of a holder, of this length: so its rows can be read.
_CODE: Final = 6


@dataclass(frozen=True)
class Kit:
    """All that the material of a campaign says, and its look.

    `name`: of its files. `contact`: for a question or complaint.
    """

    name: str
    town: Municipality
    campaign: str
    house: House
    link: str
    headline: str
    contact: str

    @property
    def text(self) -> Filled:
        """Return the words of the pictures and more, to be changed by who runs the campaign."""
        pictures = [(row["title"], self.alternative(name)) for name, row in FORMATS.items()]
        words = {**TEXT.more, "product": VERSION, "owner": DESK, "town": self.town.name}
        words |= {name: getattr(self, name) for name in ("campaign", "link", "headline", "contact")}
        return fill_in(TEXT, {**words, "alternatives": table(("Beeld", "Tekst"), pictures)})

    def alternative(self, name: str) -> str:
        """Return what a picture says, for who can't see it."""
        address, words = "".join(rules.address_pieces(self.link)), str(TEXT.more["alternative"])
        return words.format(kit=self, address=address, **FORMATS[name] | TEXT.more)


def kit_of(request: Any, campaign: Campaign, number: str = "") -> Kit:
    """Return the material of a campaign with the headline of this number; else with the first."""
    town, headlines = request.db.get_one(Municipality, campaign.holder), TEXT.more["headlines"]
    published = published_for(request.db, town.code)
    parts = (part.part(Part.ACCOUNTABILITY) for part in (published.own, published.national))
    contacts = published.telephone, *(controller_of(part).email for part in parts)
    return Kit(
        f"{town.slug}-{campaign.code}",
        town,
        displayable(clean_line(campaign.name), load_assets().characters),
        house_at(request.db, town.code),
        f"{request.application_url}/melden/{town.slug}?c={campaign.code}",
        headlines[int(number) - 1 if number in ("1", "2", "3") else 0],
        next(filter(None, contacts), request.app_settings.contact),
    )


def file_from(request: Any, kit: Kit, name: str) -> bytes:
    """Make a file of the material.

    Raises:
        NotDrawnError: it can't be drawn now.
    """
    picture, _, ending = name.rpartition(".")
    match ending:
        case "zip":
            files = {f"teksten/{TEXTS}": file_from(request, kit, TEXTS)}
            for folder in FORMATS:
                pdf = draw_pdf(request, kit, folder)
                made = svg_of(kit, folder).encode(), png_of(request, pdf, folder), pdf
                names = (f"{folder}/{folder}.{end}" for end in ENDINGS)
                files |= zip(names, made, strict=True)
            return zip_of(files, [kit.text])
        case "docx":
            return file_of(request, kit.text, ending)
        case "svg":
            return svg_of(kit, picture).encode()
    pdf = draw_pdf(request, kit, picture)
    return pdf if ending == "pdf" else png_of(request, pdf, picture)


def svg_of(kit: Kit, name: str) -> str:
    """Draw a picture: the source of its other files."""
    values = {"kit": kit, "format": FORMATS[name], "alternative": kit.alternative(name)}
    return render(_PICTURE, {**values, "text": TEXT, "rules": rules})


def draw_pdf(request: Any, kit: Kit, name: str) -> bytes:
    """Draw a picture as PDF, with its alternative text.

    Raises:
        NotDrawnError: it can't be drawn now.
    """
    form, made = FORMATS[name], utc_now().replace(microsecond=0)
    picture = f'<img src="{data_uri(svg_of(kit, name))}" alt="{escape(kit.alternative(name))}">'
    about = f"{form['title']}: {kit.campaign}", kit.house.name, kit.text.edition, made
    size = form["width"], form["height"]
    return draw_now(request, SheetContent(*about, kit.house.colour, picture, "picture", *size))


def png_of(request: Any, pdf: bytes, name: str) -> bytes:
    """Return the picture of a PDF in its number of pixels.

    Raises:
        NotDrawnError: all places are taken.
    """
    # Only here: a web process seldom needs to know.
    from pypdfium2 import PdfDocument

    out = BytesIO()
    try:
        with heavy_work(request, request.registry.drawing_places), _ONE_AT_A_TIME:
            page = PdfDocument(pdf)[0]
            # It rounds up to whole pixels.
            scale = (FORMATS[name]["pixels"] - 0.3) / page.get_width()
            page.render(scale=scale).to_pil().save(out, "PNG", optimize=True)
    except NoPlaceError:
        raise NotDrawnError from None
    return out.getvalue()


def share(session: Session, campaign: Campaign, actor: Actor, *, on: bool) -> None:
    """Make a new link to the material that needs no account, or end the one there is."""
    campaign.kit_token = campaign.holder + secrets.token_urlsafe(27) if on else None
    action = "campagne.gedeeld" if on else "campagne.delen_gestopt"
    record(session, actor, action, campaign.holder, KIND, [campaign.id])


def shared_campaign(session: Session, token: str) -> Campaign | None:
    """Return the campaign whose material this link shares, or None."""
    if not token.isprintable():
        return None
    enter(session, token[:_CODE])
    return session.scalars(select(Campaign).where(Campaign.kit_token == token)).first()
