"""Limits on the attachments of a rendering. Plain values, so that the child can read them too."""

# Photos, sound and video within one PDF are together no more than this: what goes out must still
# fit in the form of /verificatie (25 MB), the text of a big dossier included.
EMBEDDED_MOST = 18_000_000
# On their way to the child each is told in so many bytes how long it is.
LENGTH_BYTES = 8
