"""The front page, which strangers see, and the files of the programme for whoever wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pyramid.authorization import DENY_ALL
from pyramid.renderers import render_to_response
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.tree import Container, Resource
from stopintimidatie.core.web.errors import error_response
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.core.web.translation import preferred_language
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    find_municipalities,
    find_municipality,
    municipalities_by_name,
)
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import profile_of
from stopintimidatie.programme.queries import values_of
from stopintimidatie.programme.rules import Text, fill_in, texts_in
from stopintimidatie.programme.services import ENDINGS, answer, file_of, zip_of
from stopintimidatie.reports.public.pages import NATIONAL_LOOK
from stopintimidatie.reports.vocabulary import FORMS_BY_GROUP, PlaceType

NAME: Final = "programma"
PROGRAMME: Final = ParticipationLevel.PROGRAMME
FOLDER: Final = "support"
TOWN: Final = "gemeente"
# For whom there are files, by code.
AUDIENCES: Final = {
    "driehoek": "Driehoek of managementteam",
    "college": "College van burgemeester en wethouders",
    "raad": "Gemeenteraad",
    "ciso": "Informatiebeveiliging (CISO)",
    "kcc": "Telefoon en balie (KCC)",
}


def front_page(request: Any) -> Response:
    """Show a stranger what straatintimidatie is, and where a report goes."""
    request.locale_name = preferred_language(request)
    return _answer(request, "front.jinja2", {"groups": FORMS_BY_GROUP, "places": PlaceType})


@dataclass(frozen=True)
class Offer:
    """A text for one audience, with the names of its files."""

    text: Text
    audience: str

    @property
    def files(self) -> list[tuple[str, str]]:
        """Return the name and the ending of each."""
        more = f"-{self.audience}" if len(self.text.audiences) > 1 else ""
        return [(f"{self.text.name}{more}.{ending}", ending) for ending in ENDINGS[self.text.kind]]


def offers_for(audience: str) -> list[Offer]:
    """Return the texts for an audience."""
    texts = texts_in(FOLDER).values()
    return [Offer(text, audience) for text in texts if audience in text.audiences]


class Programme(Container):
    """Node of `/programma`, which is open to everybody."""

    label = "Voor gemeenten"

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        audience = name.removesuffix(".zip")
        offers = offers_for(audience) if name.endswith(".zip") else _offering(name)
        if not offers:
            raise KeyError(name)
        return ProgrammeFile(name, self, offers)


def _offering(name: str) -> list[Offer]:
    offers = (offer for audience in AUDIENCES for offer in offers_for(audience))
    return [offer for offer in offers if name in dict(offer.files)]


class ProgrammeFile(Resource):
    """Node of `/programma/collegevoorstel.docx`: a file, or a ZIP of all files of an audience."""

    def __init__(self, name: str, parent: Any, offers: list[Offer]) -> None:
        super().__init__(name, parent)
        self.offers = offers

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


@page_view(Programme, "", NO_PERMISSION_REQUIRED, "string")
def programme_view(context: Programme, request: Request) -> Response:
    """Show what there is for whom, filled in for a town or not."""
    offers = {code: offers_for(code) for code in AUDIENCES}
    page = {"audiences": AUDIENCES, "offers": offers, "here": f"/{NAME}"}
    return _answer(request, "programme.jinja2", page)


@page_view(ProgrammeFile, "", NO_PERMISSION_REQUIRED, "string")
def file_view(context: ProgrammeFile, request: Request) -> Response:
    """Return a file, filled in for the town in the address."""
    asked = dict(query_pairs(request)).get(TOWN, "")
    town, name = find_municipality(request.db, asked) if asked else None, str(context.__name__)
    if asked and town is None:
        return error_response(request, 404)
    texts = [
        (offer, fill_in(offer.text, values_of(request, town, offer.audience)))
        for offer in context.offers
    ]

    def make() -> bytes:
        made = {
            file: file_of(request, text, ending)
            for offer, text in texts
            for file, ending in offer.files
            if name in (file, f"{offer.audience}.zip")
        }
        return made.get(name) or zip_of(made, [text for _, text in texts])

    return answer(request, f"{town.slug}-{name}" if town else name, make)


def _answer(request: Any, template: str, page: dict[str, Any]) -> Response:
    """Answer with a page on which one may name a town; 404 for a name that isn't one."""
    typed = dict(query_pairs(request)).get(TOWN, "")[:100]
    rows = all_municipalities(request.db)
    town = find_municipality(request.db, typed) if typed else None
    page |= {
        "branding": NATIONAL_LOOK,
        "typed": typed,
        "town": town,
        # All others read alike, with an agreement or without: nobody learns who declined.
        "connected": town and profile_of(request.db, town.code).agreed_level == PROGRAMME,
        "like": [] if town or not typed else find_municipalities(request.db, typed),
        "names": [row.also or row.municipality.name for row in municipalities_by_name(rows)],
        "contact": request.app_settings.contact,
    }
    response = render_to_response(f"{__package__}:templates/{template}", page, request)
    response.status_int = 404 if typed and town is None else 200
    return response
