"""The one Dutch analyser: text to words, the same for every backend, for snippets and for queries.

Steps: words with their place in the text, fold accents and case, stem until the stem is stable
(once leaves *fietsen* and *fiets* apart), then the small lexicon of `lexicon.py`. Words that
hold a digit (references, postcodes, bus lines) are never stemmed.

`FINGERPRINT` names this version of the rules: an index made by other rules must be rebuilt.

The lexicon holds words the stemmer can't join: irregular verbs and the synonyms of this field. The
Dutch stemmer knows endings, not vowels: it never brings *floot* to *fluiten*. And people who report
and officers who search use different words for one thing: an officer types *nafluiten*, the report
says "hij floot naar me". Each group below is one meaning; every word in it is found by every other.
The first word is the head: its stem is what the index holds.

Only words that are the same *for searching* belong together. "Betasten" and "aanranding" don't: the
second is a crime, and an officer who searches for it must not get the first.

The groups are written as plain words; `analysis` stems them when it is imported and refuses (in a
test) a word that would end up in two groups.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import Stemmer

# The lexicon


class Group(NamedTuple):
    """One meaning: `head`, and every word form that means the same when searching."""

    head: str
    forms: tuple[str, ...]
    reason: str


def _group(head: str, forms: str, reason: str) -> Group:
    return Group(head, tuple(forms.split()), reason)


IRREGULAR_VERBS: Final = (
    _group(
        "fluiten",
        "floot floten gefloten fluitte nafluiten nafloot nafloten nagefloten nafluitte toefluiten "
        "toegefloten",
        "strong verb; in a sentence the particle stands apart (floot ... na)",
    ),
    _group(
        "roepen",
        "riep riepen naroepen nariep nariepen toeroepen toeriep toegeroepen",
        "strong verb; naroepen is 'riep ... na' in a sentence",
    ),
    _group(
        "sissen",
        "siste sisten nasissen nasiste nagesist sisgeluid sisgeluiden",
        "'siste' keeps its t in the stemmer; the form is called nasissen",
    ),
    _group("klakken", "klakte klakten naklakken nageklakt", "as sissen"),
    _group(
        "kijken",
        "keek keken gekeken aankijken aangekeken aankeek",
        "strong verb; looking at",
    ),
    _group("bekijken", "bekeek bekeken", "strong verb"),
    _group(
        "staren",
        "staarde staarden gestaard nastaren nagestaard aanstaren aangestaard aanstaarde aangaapte "
        "aangapen",
        "one form of harassment, many particles",
    ),
    _group("lopen", "liep liepen gelopen doorlopen doorgelopen doorliep", "strong verb"),
    _group(
        "volgen",
        "achtervolgen achtervolgd achtervolgde achtervolging achternalopen achternagelopen "
        "achternaliep nalopen nagelopen naliep achternakomen achternazitten achternagezeten "
        "meelopen meegelopen meeliep",
        "following a person: hinderlijk volgen in the vocabulary, achternalopen in reports",
    ),
    _group(
        "grijpen",
        "greep grepen gegrepen vastgrijpen vastgegrepen vastgreep beetgrijpen beetgegrepen "
        "beetpakken beetgepakt vastpakken vastgepakt vastpakte vasthouden vastgehouden vasthield",
        "taking hold of a person: vastpakken in the vocabulary",
    ),
    _group("zitten", "zat zaten gezeten", "strong verb"),
    _group("staan", "stond stonden gestaan staand", "strong verb"),
    _group("gaan", "ging gingen gegaan gaat", "strong verb"),
    _group("komen", "kwam kwamen gekomen komt", "strong verb"),
    _group("rijden", "reed reden gereden rijdt", "strong verb"),
    _group("trekken", "trok trokken getrokken", "strong verb"),
    _group("dringen", "drong drongen gedrongen opdringen opgedrongen opdringerig", "strong verb"),
    _group("blijven", "bleef bleven gebleven", "strong verb"),
    _group("slaan", "sloeg sloegen geslagen slaat", "strong verb"),
    _group("schoppen", "schopte schopten", "not 'trappen', which are stairs too"),
    _group("gooien", "gooide gooiden gegooid", "weak verb the stemmer leaves open"),
    _group("werpen", "wierp wierpen geworpen", "strong verb"),
    _group("zeggen", "zei zeiden gezegd zegt", "irregular"),
    _group("spreken", "sprak spraken gesproken aanspreken aangesproken aansprak", "strong verb"),
    _group("vragen", "vroeg vroegen gevraagd", "irregular"),
    _group("denken", "dacht dachten gedacht", "irregular"),
    _group("zien", "zag zagen gezien ziet", "strong verb"),
    _group("raken", "raakte raakten geraakt", "weak verb, so that aanraken can differ"),
    _group("vallen", "viel vielen gevallen", "strong verb"),
    _group("springen", "sprong sprongen gesprongen", "strong verb"),
    _group("dwingen", "dwong dwongen gedwongen", "strong verb"),
    _group("bijten", "beet beten gebeten", "strong verb"),
    _group("stinken", "stonk stonken gestonken", "strong verb"),
    _group("vechten", "vocht vochten gevochten vechtpartij", "strong verb"),
    _group("verdwijnen", "verdween verdwenen", "strong verb"),
    _group("rennen", "rende renden gerend wegrennen weggerend wegrende", "weak verb, left open"),
    _group(
        "fietsen",
        "fietste fietsten gefietst",
        "past tense keeps its t in the stemmer",
    ),
    _group(
        "schelden",
        "schold scholden gescholden uitschelden uitgescholden uitschold scheldwoord "
        "scheldwoorden scheldpartij",
        "strong verb; uitschelden is the same act",
    ),
    _group(
        "spugen",
        "spuugde spuugden gespuugd spoog spogen gespogen spuwen gespuwd bespugen bespuugd "
        "bespuwd bespuugde",
        "two spellings of one verb, strong and weak",
    ),
    _group("sluiten", "gesloten insluiten ingesloten", "strong verb; not 'sloot', a ditch"),
    _group("helpen", "hielp hielpen geholpen", "strong verb"),
    _group("houden", "hield hielden gehouden", "strong verb"),
    _group("laten", "liet lieten gelaten", "strong verb"),
    _group("geven", "gaf gaven gegeven geeft", "strong verb"),
    _group("doen", "deed deden gedaan doet", "irregular"),
    _group("lachen", "lachte lachten gelachen uitlachen uitgelachen", "past tense keeps its t"),
    _group("klimmen", "klom klommen geklommen", "strong verb"),
    _group("kopen", "kocht kochten gekocht", "irregular"),
    _group("brengen", "bracht brachten gebracht", "irregular"),
)

SYNONYMS: Final = (
    _group(
        "lastigvallen",
        "lastiggevallen lastigviel hinderen hinderde gehinderd hinderlijk belagen belaagd "
        "belaagde intimideren intimideerde geintimideerd intimidatie intimiderend "
        "straatintimidatie",
        "one meaning in this field; officers write intimidatie, reporters lastigvallen",
    ),
    _group(
        "betasten",
        "betast betastte bevoelen bevoeld graaien graaide gegraaid befriemelen befriemeld "
        "aanraken aangeraakt aanraakte aanraking aanrakingen",
        "touching against somebody's will: 'aanraking' is the gentle word on the public page",
    ),
    _group(
        "bedreigen",
        "bedreigd bedreigde bedreiging bedreigingen bedreigend dreigen dreigde gedreigd "
        "dreigement dreigementen",
        "participle and noun differ in the stemmer",
    ),
    _group(
        "beledigen",
        "beledigd beledigde belediging beledigingen beledigend",
        "participle and noun differ in the stemmer",
    ),
    _group(
        "discrimineren",
        "discriminatie discriminerend discriminerende gediscrimineerd discrimineerde",
        "noun and verb differ in the stemmer",
    ),
    _group(
        "filmen",
        "filmde filmden gefilmd filmpje filmpjes",
        "past tense and noun of the same act",
    ),
    _group(
        "fotograferen",
        "fotografeerde gefotografeerd foto foto's fotootje",
        "noun and verb of the same act",
    ),
    _group(
        "duwen",
        "duwde duwden geduwd wegduwen weggeduwd",
        "past tense and particle",
    ),
    _group(
        "masturberen",
        "masturbeerde gemasturbeerd masturbatie aftrekken afgetrokken",
        "reports use the plain words, the vocabulary the Latin one",
    ),
    _group(
        "exhibitionisme",
        "exhibitionist exhibitionistisch potloodventer schennispleging ontbloten ontbloot "
        "ontblootte",
        "vocabulary, daily word and the old name of the offence",
    ),
    _group(
        "blokkeren",
        "blokkeerde geblokkeerd versperren versperd versperde",
        "blocking the way: in het nauw drijven",
    ),
    _group(
        "aanranden",
        "aanranding aanrandingen aangerand aanrandde",
        "noun and verb of one offence; nothing else may join it",
    ),
    _group(
        "verkrachten",
        "verkrachting verkracht verkrachtte",
        "noun and verb of one offence; nothing else may join it",
    ),
    _group("seksueel", "seksuele seks sexueel sexuele sex", "old and new spelling"),
    _group("scooter", "scooters brommer brommers snorfiets snorfietsen", "told apart by nobody"),
    _group("fatbike", "fatbikes fatbiker fatbikers", "the rider and the thing"),
    _group(
        "politie",
        "politieagent politieagenten agent agenten wijkagent wijkagenten",
        "who was called",
    ),
    _group(
        "boa",
        "boa's handhaver handhavers handhaving toezichthouder toezichthouders",
        "one function, four names",
    ),
    _group("kapotmaken", "vernielen vernield vernieling vernielingen", "one act"),
    _group("meisje", "meid meiden meisjes", "one meaning; spoken and written"),
    _group("jongeman", "jongemannen jongeren jongere jeugd hangjongeren", "how groups are called"),
    _group("bang", "angst angstig angstige bangig", "one feeling"),
    _group("onveilig", "onveiligheid onveilige", "noun and adjective"),
    _group("zwembad", "zwembaden zwemparadijs", "one place"),
    _group("school", "scholen schoolplein schoolgebouw", "the stemmer doesn't join these"),
    _group("bibliotheek", "bibliotheken bieb", "one place"),
)

_LONG_VOWELS: Final = "the stemmer leaves the e of an inflected adjective with a long vowel"
ADJECTIVES: Final = tuple(
    _group(head, form, _LONG_VOWELS)
    for head, form in (
        ("rood", "rode"),
        ("grijs", "grijze"),
        ("blauw", "blauwe"),
        ("groen", "groene"),
        ("bruin", "bruine"),
        ("geel", "gele"),
        ("groot", "grote"),
        ("klein", "kleine"),
        ("hoog", "hoge"),
        ("oud", "oude"),
        ("kaal", "kale"),
        ("nauw", "nauwe"),
        ("bloot", "blote"),
        ("vies", "vieze"),
        ("boos", "boze"),
    )
)
"""Colours and shapes: what clothing, places and people are described with."""

GROUPS: Final = IRREGULAR_VERBS + SYNONYMS + ADJECTIVES

STOP_WORDS: Final = frozenset(
    """
    de het een der den des en of dat die dit deze er hier daar dan toen als ook nog al maar want
    dus toch wel niet geen te om aan bij in met na naar op over per tot uit van voor door onder
    tegen tussen zonder ik je jij jou jouw u uw hij hem zijn zij ze haar wij we ons onze jullie
    hun hen mij me mijn zich zelf men wie wat waar hoe ben bent is was waren wees geweest word
    wordt worden werd werden heb hebt heeft hebben had hadden zou zouden zal zullen kan kon kunnen
    konden mag mocht moet moest moeten wil wilde iets iemand niets niemand zo zoals heel erg zeer
    t s n m d
    """.split()  # noqa: SIM905 - reads better
)
"""Too common to say anything about a report. Negation is among them on purpose: "niet" stands in
nearly every report. They keep their place in the count of words, so that a phrase that holds one
still asks for the right distance."""


MAX_WORD: Final = 60
"""Longer words are cut, in the index and in the query alike."""
_RULES: Final = 1
_STEM_ROUNDS: Final = 8

_WORD: Final = re.compile(r"[^\W_]+(?:[\u0300-\u036f'’ʼ]+[^\W_]+)*[\u0300-\u036f]*")
_NOT_DECOMPOSED: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_POSSESSIVE: Final = re.compile(r"['’ʼ]s$")
_APOSTROPHES: Final = re.compile(r"['’ʼ]")


class Token(NamedTuple):
    """One word: as folded, its stem, where it stands (characters), and its number in the text."""

    word: str
    stem: str
    start: int
    end: int
    position: int
    stop: bool


def fold(text: str) -> str:
    """Lower case, no accents: 'Café' and 'CAFE' are one word."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in bare if not unicodedata.combining(char))
    return bare.casefold().translate(_NOT_DECOMPOSED)


def _fold_word(text: str) -> str:
    folded = fold(text)
    return _APOSTROPHES.sub("", _POSSESSIVE.sub("", folded))[:MAX_WORD]


_stemmer_of = threading.local()
"""A Stemmer object keeps state while it works: one per thread."""


def _stem_once(word: str) -> str:
    stemmer = getattr(_stemmer_of, "stemmer", None)
    if stemmer is None:
        stemmer = _stemmer_of.stemmer = Stemmer.Stemmer("dutch")
    return str(stemmer.stemWord(word))


def _stable_stem(word: str) -> str:
    for _ in range(_STEM_ROUNDS):
        stem = _stem_once(word)
        if stem == word:
            break
        word = stem
    return word


def lexicon_stems() -> Mapping[str, str]:
    """Return the lexicon in stems: stem of a form -> stem of its group's head."""
    table: dict[str, str] = {}
    for group in GROUPS:
        head = _stable_stem(_fold_word(group.head))
        for form in (group.head, *group.forms):
            table[_stable_stem(_fold_word(form))] = head
    return table


_LEXICON: Final = lexicon_stems()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a folded word, as it stands in the index."""
    if any(char.isdigit() for char in word):
        return word
    stable = _stable_stem(word)
    return _LEXICON.get(stable, stable)


@lru_cache(maxsize=50_000)
def _analysed(text: str) -> tuple[str, str, bool]:
    """Analyse a word of a text: as folded, its stem, whether it is a stop word."""
    word = _fold_word(text)
    return word, stem(word), word in STOP_WORDS


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a text in order.

    Stop words come along, marked: they keep the count right.
    """
    position = 0
    for match in _WORD.finditer(text):
        word, its_stem, stop = _analysed(match.group())
        if not word:
            continue
        yield Token(word, its_stem, match.start(), match.end(), position, stop)
        position += 1


def stems(text: str) -> set[str]:
    """Return the stems in a text, each once and without its place: much quicker than `tokens`."""
    words = (_analysed(word) for word in set(_WORD.findall(text)))
    return {its_stem for word, its_stem, stop in words if word and not stop}


def _fingerprint() -> str:
    parts = [str(_RULES), Stemmer.version(), unicodedata.unidata_version]
    parts += [f"{form}>{head}" for form, head in sorted(_LEXICON.items())]
    parts += sorted(STOP_WORDS)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


FINGERPRINT: Final = _fingerprint()
