"""What happened, per form of harassment: shapes of sentences.

`{wie}` is whoever did it, `{ze}` the same a second time, `{riep|riepen}` follows their number;
`{ik}`, `{me}` and `{mijn}` are whom it happened to. Past tense: it fits "ik" and "zij" alike.
"""

EVENTS: dict[str, tuple[str, ...]] = {
    "nafluiten": (
        "{Wie} {floot|floten} {me} na.",
        "Er werd naar {me} gefloten door {wie}, en niet één keer.",
        "{Wie} {begon|begonnen} te fluiten toen {ik} langskwam, alsof {ik} een hond was.",
        "Eerst gefluit, en daarna gelach. Het kwam van {wie}.",
        "{Wie} {floot|floten} keihard op {zijn|hun} vingers en {keek|keken} {mij} recht aan.",
    ),
    "nasissen_naklakken": (
        "{Wie} {siste|sisten} naar {me}: psst, psst, steeds opnieuw.",
        "{Wie} {klakte|klakten} met de tong en {maakte|maakten} kusgeluidjes.",
        "Er werd gesist vanaf de muur waar {wie} {zat|zaten}.",
        "{Wie} {maakte|maakten} van die klakgeluiden, zoals je een paard roept.",
        "Ik hoorde eerst gesis achter {me}. Dat {was|waren} {wie}.",
    ),
    "naroepen": (
        "{Wie} {riep|riepen} {me} na: hé schatje, kom eens hier.",
        "{Wie} {riep|riepen} dingen over hoe {ik} eruitzag.",
        "{Wie} {schreeuwde|schreeuwden} iets over {mijn} benen, de hele straat kon het horen.",
        "Vanaf de overkant {riep|riepen} {wie} dat {ik} eens moest lachen.",
        "{Wie} {bleef|bleven} roepen, ook toen {ik} al een heel eind verder was.",
        "Er werd weer van alles geroepen door {wie}.",
    ),
    "seksuele_opmerking": (
        "{Wie} {zei|zeiden} hardop wat {hij|ze} met {me} {wilde|wilden} doen.",
        "{Wie} {maakte|maakten} opmerkingen over {mijn} lichaam die ik hier niet ga herhalen.",
        "Het ging meteen over seks. {Wie} {vond|vonden} dat blijkbaar heel grappig.",
        "{Wie} {had|hadden} het over {mijn} borsten, gewoon waar iedereen bij stond.",
        "{Wie} {fluisterde|fluisterden} iets vies in het voorbijgaan.",
    ),
    "seksueel_verzoek": (
        "{Wie} {vroeg|vroegen} wat {ik} kostte.",
        "{Wie} {vroeg|vroegen} of {ik} mee naar huis ging en {noemde|noemden} een bedrag.",
        "{Wie} {stopte|stopten} naast {me} en {vroeg|vroegen} of {ik} wilde instappen voor seks.",
        "{Wie} {wilde|wilden} dat {ik} iets voor {hem|ze} deed, achter het gebouw.",
        "{Wie} {bood|boden} geld. Nee zeggen hielp niet, {hij|ze} {begon|begonnen} opnieuw.",
    ),
    "beledigen_schelden": (
        "Toen er geen antwoord kwam, {begon|begonnen} {wie} te schelden. Hoer was nog het netst.",
        "{Wie} {schold|scholden} {me} uit voor slet.",
        "Daarna was {ik} ineens een vieze trut, volgens {wie}.",
        "{Wie} {maakte|maakten} {me} uit voor van alles, alleen omdat {ik} doorliep.",
        "Het schelden hield niet op. {Wie} {had|hadden} er echt plezier in.",
    ),
    "discriminerende_opmerking": (
        "{Wie} {zei|zeiden} ook iets gemeens over waar {ik} volgens {hem|hen} vandaan kwam.",
        "{Wie} {maakte|maakten} rotopmerkingen omdat {ik} hand in hand liep met iemand.",
        "Er kwamen opmerkingen over hoe {ik} eruitzag en dat {ik} hier niet hoorde.",
        "{Wie} {maakte|maakten} grappen over {mijn} geaardheid. Geen leuke grappen.",
    ),
    "bedreigen": (
        "{Wie} {zei|zeiden} dat {hij|ze} {me} nog wel {zou|zouden} vinden.",
        "{Wie} {dreigde|dreigden} dat er iets zou gebeuren als {ik} de politie belde.",
        "Volgens {wie} moest {ik} oppassen, want {hij|ze} {wist|wisten} nu waar {ik} langs kwam.",
        "{Wie} {maakte|maakten} een gebaar alsof {hij|ze} {me} de keel {zou|zouden} doorsnijden.",
    ),
    "nastaren": (
        "{Wie} {staarde|staarden} zonder iets te zeggen, minutenlang.",
        "{Wie} {bekeek|bekeken} {me} van top tot teen en {bleef|bleven} kijken.",
        "{Wie} {ging|gingen} tegenover {me} staan en {keek|keken} niet één keer weg.",
        "Elke keer als {ik} opkeek, {zat|zaten} {wie} te kijken.",
    ),
    "seksueel_gebaar": (
        "{Wie} {maakte|maakten} gebaren met de tong en de vingers.",
        "{Wie} {greep|grepen} naar {zijn|hun} kruis en {lachte|lachten}.",
        "Er kwam een gebaar bij dat niet mis te verstaan was. {Wie} {vond|vonden} het leuk.",
        "{Wie} {deed|deden} een seksbeweging na terwijl {ik} voorbijliep.",
    ),
    "filmen_fotograferen": (
        "{Wie} {hield|hielden} een telefoon op {me} gericht en {filmde|filmden} alles.",
        "{Wie} {maakte|maakten} foto's van {me}, van achteren. Dat zag ik in het raam.",
        "{Wie} {filmde|filmden} onder het lopen en {zei|zeiden} dat het op Snap kwam.",
        "De telefoon ging mee omhoog op de trap. {Wie} {was|waren} {me} aan het filmen.",
    ),
    "exhibitionisme": (
        "{Wie} {had|hadden} de broek open en {liet|lieten} alles zien.",
        "{Wie} {stond|stonden} half achter een struik met de broek op de knieën.",
        "{Wie} {deed|deden} de jas open toen {ik} langskwam. Daaronder niets.",
        "{Wie} {riep|riepen} eerst, en toen {ik} keek {stond|stonden} {hij|ze} daar bloot.",
    ),
    "masturberen": (
        "{Wie} {zat|zaten} op het bankje aan zichzelf te trekken en {keek|keken} naar {me}.",
        "{Wie} {was|waren} zichzelf aan het bevredigen, gewoon in het openbaar.",
        "Ik dacht eerst dat ik het verkeerd zag, maar {wie} {zat|zaten} echt te masturberen.",
    ),
    "hinderlijk_volgen": (
        "{Wie} {liep|liepen} achter {me} aan, ook toen {ik} overstak.",
        "{Wie} {volgde|volgden} {me} drie straten lang.",
        "{Wie} {bleef|bleven} vlak achter {me}, sneller, langzamer, precies zoals {ik}.",
        "{Wie} {ging|gingen} mee de hoek om. En de volgende hoek ook.",
        "Pas bij de voordeur {was|waren} {hij|ze} weg. Tot daar {was|waren} {wie} meegelopen.",
        "{Wie} {kwam|kwamen} steeds terugrijden om weer naast {me} te komen.",
    ),
    "in_het_nauw_drijven": (
        "{Wie} {ging|gingen} in de weg staan zodat {ik} er niet langs kon.",
        "{Wie} {sneed|sneden} {me} af tegen de muur.",
        "{Ik} kon geen kant op, want {wie} {stond|stonden} er met de fiets dwars voor.",
        "{Wie} {duwde|duwden} {mijn} stuur opzij en {versperde|versperden} het fietspad.",
        "{Wie} {kwam|kwamen} om {me} heen staan en {deed|deden} geen stap opzij.",
    ),
    "betasten": (
        "{Wie} {kneep|knepen} in {mijn} billen.",
        "In de drukte zat ineens een hand onder {mijn} jas. Dat {was|waren} {wie}.",
        "{Wie} {sloeg|sloegen} op {mijn} kont en {reed|reden} lachend weg.",
        "{Wie} {ging|gingen} met een hand over {mijn} rug en lager.",
        "{Wie} {greep|grepen} {me} bij {mijn} borst in het voorbijgaan.",
    ),
    "vastpakken_duwen": (
        "{Wie} {pakte|pakten} {me} bij {mijn} arm en {liet|lieten} niet los.",
        "{Wie} {trok|trokken} aan {mijn} jas toen {ik} weg wilde.",
        "{Wie} {gaf|gaven} {me} een duw, waardoor {ik} bijna viel.",
        "{Wie} {legde|legden} een arm om {me} heen en {hield|hielden} {me} vast.",
    ),
    "spugen": (
        "{Wie} {spuugde|spuugden} naar {me}. Op {mijn} schoenen, maar toch.",
        "Als afscheid {spuugde|spuugden} {wie} op de grond vlak voor {mijn} voeten.",
        "{Wie} {spuugde|spuugden} in {mijn} richting. Het kwam op {mijn} mouw.",
    ),
    "slaan_schoppen": (
        "{Wie} {schopte|schopten} tegen {mijn} fiets en {raakte|raakten} ook {mijn} been.",
        "{Wie} {gaf|gaven} {me} een klap tegen {mijn} schouder.",
        "{Wie} {sloeg|sloegen} {mijn} telefoon uit {mijn} hand toen {ik} wilde bellen.",
    ),
    "aanranding": (
        "{Wie} {duwde|duwden} {me} tegen het hek en {zat|zaten} overal aan.",
        "{Wie} {probeerde|probeerden} {me} te zoenen en {hield|hielden} {mijn} hoofd vast.",
        "{Wie} {trok|trokken} {me} mee het steegje in. {Ik} kon loskomen en rende weg.",
    ),
    "anders": (
        "{Wie} {gooide|gooiden} iets naar {me}, een blikje volgens mij.",
        "{Wie} {sprak|spraken} {me} steeds aan en {wilde|wilden} {mijn} Insta hebben.",
        "{Wie} {gaf|gaven} {me} een briefje met een vieze tekening.",
        "{Wie} {reed|reden} expres vlak langs {me}, telkens weer.",
    ),
}
