"""What WeasyPrint's PDF still lacks: two standards in one file, and feet that aren't read aloud.

WeasyPrint writes the claim of one standard. A tagged PDF/A-3a that it makes keeps to PDF/UA-1 too;
the claim is added here, with the description that PDF/A asks of any property it doesn't know
itself (ISO 19005-3, 6.6.2.3; ISO 14289-1, 5). It tags what stands below each page as text of no
element; PDF/UA wants it marked as decoration (ISO 14289-1, 7.8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pydyf

# To be kept (PDF/A-3a) and to be read by everybody (PDF/UA-1).
PDF_VARIANT: Final = "pdf/a-3a"
# Of a file with a password, which can't be PDF/A (ISO 19005-3, 6.1.3): WeasyPrint's own claim.
ACCESSIBLE_VARIANT: Final = "pdf/ua-1"

_END: Final = b"</rdf:RDF>"
_CLAIM: Final = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>\
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"\
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"\
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name>\
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property>\
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""


def finish(document: Any, pdf: Any, *, media_types: Mapping[str, str], archive: bool) -> None:
    """Complete the objects of a PDF that WeasyPrint is about to write.

    Args:
        document: the pages; WeasyPrint gives them to any finisher.
        pdf: the objects of pydyf.
        media_types: of each attachment, by its file name.
        archive: whether it is PDF/A.

    Raises:
        ValueError: the metadata isn't as WeasyPrint 70 writes it.
    """
    _mark_feet(pdf)
    _name_cells(pdf)
    _describe_attachments(pdf, media_types)
    if archive:
        _claim_accessible(pdf)


def _claim_accessible(pdf: Any) -> None:
    """Add the claim of PDF/UA-1 to the metadata."""
    metadata = pdf.objects[_number(pdf.catalog["Metadata"])]
    before, end, after = b"".join(metadata.stream).rpartition(_END)
    if not end:
        raise ValueError("the metadata of the PDF has no place for the claim of PDF/UA")
    metadata.stream = [before + _CLAIM + end + after]


def _mark_feet(pdf: Any) -> None:
    """Mark as decoration all text on the pages that the tree of tags doesn't hold."""
    root = pdf.objects[_number(pdf.catalog["StructTreeRoot"])]
    read = set(_elements(pdf, root))
    parents = pdf.objects[_number(root["ParentTree"])]["Nums"]
    pages = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
    for page, elements in zip(pages, parents[1::2], strict=False):
        feet = {n for n, element in enumerate(elements) if _number(element) not in read}
        stream = pdf.objects[_number(page["Contents"])].stream
        for position, operator in enumerate(stream):
            if operator == b"BDC" and stream[position - 1]["MCID"] in feet:
                stream[position - 2 : position] = [
                    b"/Artifact",
                    pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Footer"}),
                ]
        for number in feet:
            elements[number] = "null"


def _elements(pdf: Any, parent: Any) -> Iterator[int]:
    """Yield the number of each element below this one in the tree of tags."""
    for child in parent.get("K", ()):
        if isinstance(child, bytes):
            element = pdf.objects[_number(child)]
            if element.get("Type") == "/StructElem":
                yield element.number
                yield from _elements(pdf, element)


def _name_cells(pdf: Any) -> None:
    """List the elements that others refer to by name (ISO 32000-1, 14.7.2)."""
    named = {
        element["ID"].string: element.reference
        for element in pdf.objects
        if isinstance(element, pydyf.Dictionary) and "ID" in element
    }
    names = [part for name in sorted(named) for part in (pydyf.String(name), named[name])]
    if names:
        root = pdf.objects[_number(pdf.catalog["StructTreeRoot"])]
        root["IDTree"] = pydyf.Dictionary({"Names": pydyf.Array(names)})


def _describe_attachments(pdf: Any, media_types: Mapping[str, str]) -> None:
    """Give attachments their own media types, and list each once (ISO 19005-3, 6.8)."""
    if "AF" not in pdf.catalog:
        return
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for reference in pdf.catalog["AF"]:
        described = pdf.objects[_number(reference)]
        file = pdf.objects[_number(described["EF"]["F"])]
        file.extra["Subtype"] = pydyf.name(media_types[described["UF"].string])


def _number(reference: bytes) -> int:
    return int(reference.split()[0])
