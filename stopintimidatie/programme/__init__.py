"""Texts that the programme hands to municipalities: one folder of Markdown, filled in and drawn.

`content/` holds the texts, one folder for each kind of reader. `rules` reads and fills them in,
`services` makes files of them.
"""
