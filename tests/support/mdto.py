"""MDTO metadata held against the schema of the Nationaal Archief (MDTO-XML 1.0.1).

The schema itself isn't ours to ship, so what it says is written down here by hand: for each type
its elements in their order, each with how often it may occur (`1`, `?`, `*`, `+`) and its type.
`MDTO_XSD=FILE` has the schema itself validate as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from lxml import etree

SPACE: Final = "{https://www.nationaalarchief.nl/mdto}"
_OBJECT: Final = "identificatie+identificatie naam1tekst "
# Written as NAME, how often, TYPE.
_TYPES: Final = {
    "informatieobject": _OBJECT + "aggregatieniveau?begrip classificatie*begrip trefwoord*tekst"
    " omschrijving*tekst raadpleeglocatie*locatie dekkingInTijd*dekking"
    " dekkingInRuimte*verwijzing taal*taal event*event waardering1begrip"
    " bewaartermijn?termijn informatiecategorie?begrip isOnderdeelVan*verwijzing"
    " bevatOnderdeel*verwijzing heeftRepresentatie*verwijzing aanvullendeMetagegevens*verwijzing"
    " gerelateerdInformatieobject*gerelateerd archiefvormer+verwijzing betrokkene*betrokkene"
    " activiteit?verwijzing beperkingGebruik+beperking",
    "bestand": _OBJECT + "omvang1getal bestandsformaat1begrip checksum+checksum URLBestand?tekst"
    " isRepresentatieVan1verwijzing",
    "identificatie": "identificatieKenmerk1tekst identificatieBron1tekst",
    "verwijzing": "verwijzingNaam1tekst verwijzingIdentificatie?identificatie",
    "begrip": "begripLabel1tekst begripCode?tekst begripBegrippenlijst1verwijzing",
    "dekking": "dekkingInTijdType1begrip dekkingInTijdBegindatum1dag dekkingInTijdEinddatum?dag",
    "event": "eventType1begrip eventTijd?moment eventVerantwoordelijkeActor?verwijzing"
    " eventResultaat?tekst",
    "checksum": "checksumAlgoritme1begrip checksumWaarde1tekst checksumDatum1tijdstip",
    "beperking": "beperkingGebruikType1begrip beperkingGebruikNadereBeschrijving?tekst"
    " beperkingGebruikDocumentatie*verwijzing beperkingGebruikTermijn?termijn",
    "termijn": "termijnTriggerStartLooptijd?begrip termijnStartdatumLooptijd?dag"
    " termijnLooptijd?tekst termijnEinddatum?dag",
}
_ELEMENT: Final = re.compile(r"([A-Za-z]+)([1?*+])([a-z]+)")


def check_mdto(content: bytes) -> dict[str, dict[str, str]]:
    """Hold one file against the schema; its texts by the way to each, below what it is about."""
    tree = etree.fromstring(content)
    assert tree.tag == f"{SPACE}MDTO"
    assert len(tree) == 1
    kind = str(tree[0].tag).removeprefix(SPACE)
    assert kind in ("informatieobject", "bestand")
    texts = dict(_check(tree[0], kind, ""))
    schema = os.environ.get("MDTO_XSD")
    if schema is not None:
        etree.XMLSchema(etree.parse(schema)).assertValid(tree)
    return {kind: texts}


def _check(element: Any, kind: str, way: str) -> Iterator[tuple[str, str]]:
    if kind not in _TYPES:
        _check_text(kind, element.text or "")
        yield way.removesuffix("/"), element.text
        return
    names = "".join(f"<{str(child.tag).removeprefix(SPACE)}>" for child in element)
    allowed = _ELEMENT.findall(_TYPES[kind])
    often = {"1": "", "?": "?", "*": "*", "+": "+"}
    order = "".join(f"(<{name}>){often[number]}" for name, number, _ in allowed)
    assert re.fullmatch(order, names), f"{kind}: {names}"
    types = {name: of for name, _, of in allowed}
    for child in element:
        name = str(child.tag).removeprefix(SPACE)
        yield from _check(child, types[name], f"{way}{name}/")


def _check_text(kind: str, text: str) -> None:
    assert text.strip(), kind
    match kind:
        case "getal":
            assert int(text) >= 0
        case "dag":
            assert date.fromisoformat(text)
        case "tijdstip":
            assert datetime.fromisoformat(text).tzinfo is not None
        case "moment":
            assert datetime.fromisoformat(text)
        case "taal":
            assert re.fullmatch(r"[a-z]{2,8}", text)
