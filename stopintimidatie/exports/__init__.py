"""The dossier as a PDF: redaction profile, frozen content, rendering in a bounded process.

The pure part: `source` (what a dossier knows) goes through a `profiles` profile in `redaction`
and becomes `content`, which is all that the PDF shows. `process` has it rendered by a child
process; only that child imports `rendering`, and only `rendering` imports WeasyPrint.
"""
