"""How people type on a phone: a letter missing, no capitals, dt-errors. Pure."""

import random

# Right → as it is often written.
COMMON = (
    ("gebeurde", "gebeurdde"),
    ("gebeurt", "gebeurd"),
    ("altijd", "altijt"),
    ("meteen", "meteeen"),
    ("eigenlijk", "eigelijk"),
    ("bijna", "bijn"),
    ("vriendin", "vreindin"),
    ("waarschijnlijk", "waarschijnelijk"),
    ("geroepen", "geroepn"),
    ("steeds", "steets"),
    ("volgens", "vlgens"),
    ("word", "wordt"),
    ("vond", "vont"),
    ("eerste", "eeste"),
    ("richting", "richtign"),
)
CHAT = (
    ("gewoon", "gwn"),
    ("echt", "egt"),
    ("even", "ff"),
    ("helemaal", "helemaal echt"),
    ("mijn", "mn"),
    (" een ", " n "),
    ("dat ik", "dak ik"),
    ("niet", "nie"),
    ("volgens mij", "vgm"),
)


def mistype(rng: random.Random, text: str) -> str:
    """One or two mistakes of an adult in a hurry."""
    fitting = [pair for pair in COMMON if pair[0] in text]
    if fitting and rng.random() < 0.7:
        right, wrong = rng.choice(fitting)
        return text.replace(right, wrong, 1)
    spots = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not spots:
        return text
    spot = rng.choice(spots)
    if rng.random() < 0.5:
        return text[:spot] + text[spot + 1] + text[spot] + text[spot + 2 :]
    return text[:spot] + text[spot + 1 :]


def chat(rng: random.Random, text: str) -> str:
    """As a fifteen-year-old types: no capitals, few full stops, a shortened word here and there."""
    result = text.lower()
    for right, short in CHAT:
        if right in result and rng.random() < 0.35:
            result = result.replace(right, short, 1)
    if rng.random() < 0.6:
        result = result.rstrip(".")
    if rng.random() < 0.35:
        result = result.replace(". ", " ", 1)
    if rng.random() < 0.2:
        result += rng.choice((" echt niet normaal", " wtf", " help", " zo vies", " echt eng"))
    return result
