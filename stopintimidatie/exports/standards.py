"""Two standards in one file: PDF/A-3a (to be kept) and PDF/UA-1 (to be read by everybody).

WeasyPrint writes the claim of one of them. A tagged PDF/A-3a that it makes keeps to PDF/UA-1 too;
the claim is added here, with the description that PDF/A asks of any property it doesn't know
itself (ISO 19005-3, 6.6.2.3; ISO 14289-1, 5).
"""

from enum import StrEnum
from typing import Any, Final


class FileForm(StrEnum):
    """What kind of file it becomes."""

    ARCHIVE = "pdfa"
    LOCKED = "wachtwoord"

    @property
    def label(self) -> str:
        if self is FileForm.ARCHIVE:
            return "Toegankelijke PDF om te bewaren (PDF/A)"
        return "PDF met wachtwoord (AES-256)"


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


def also_accessible(document: Any, pdf: Any) -> None:
    """WeasyPrint's last step before the bytes: add the claim of PDF/UA-1 to the metadata.

    :raises ValueError: the metadata isn't as WeasyPrint 70 writes it.
    """
    number = int(pdf.catalog["Metadata"].split()[0])
    metadata = pdf.objects[number]
    before, end, after = b"".join(metadata.stream).rpartition(_END)
    if not end:
        raise ValueError("the metadata of the PDF has no place for the claim of PDF/UA")
    metadata.stream = [before + _CLAIM + end + after]
