"""Sentence shapes around the event: how people begin, react, feel, and what they ask.

Slots as in `events`; `{plek}` is a place with its preposition, `{tijd}` a moment in words.
"""

from __future__ import annotations

OPENINGS = (
    "{Tijd} {plek}.",
    "Dit was {tijd} {plek}.",
    "Ik liep {tijd} {plek} en had mijn oortjes in.",
    "Ik wil iets melden van {tijd}, {plek}.",
    "{Plek}, {tijd}.",
    "Ik kwam van mijn werk en was {tijd} {plek}.",
    "Met een vriendin stond ik {tijd} {plek}.",
    "{Tijd} was ik alleen {plek}.",
    "Even doorgeven wat er {tijd} {plek} gebeurde.",
    "Ik weet niet of dit de goede plek is om het te melden, maar {tijd} {plek} ging het mis.",
    "Op weg naar huis, {tijd}, {plek}.",
)

# Only where they fit the kind of place.
OPENINGS_AT = {
    "park_groen": (
        "Ik was aan het hardlopen {plek}. Het was {tijd}.",
        "Ik liet de hond uit {plek}, {tijd}.",
        "{Tijd} zat ik met een boek {plek}.",
        "Mijn vaste rondje gaat langs deze plek: {plek}. {Tijd} dus ook.",
    ),
    "station_halte": (
        "Ik moest {plek} wachten, het was {tijd}.",
        "Ik had vertraging en stond {tijd} {plek}.",
        "{Tijd} stapte ik uit {plek}.",
    ),
    "uitgaansgebied": (
        "We kwamen uit de kroeg en waren {tijd} {plek}.",
        "Avondje stappen {plek}, {tijd}.",
        "{Tijd} stond ik in de rij {plek}.",
    ),
    "straat_plein": ("{Tijd} fietste ik {plek}.",),
    "sportlocatie_zwembad": ("Na het sporten {plek}, {tijd}.", "Ik was zwemmen {plek}, {tijd}."),
    "winkelgebied": (
        "Ik was aan het winkelen {plek}, {tijd}.",
        "Ik werk in een winkel {plek}. {Tijd} liep ik even naar buiten.",
    ),
    "parkeergelegenheid_tunnel": (
        "{Tijd} was ik {plek}, een andere weg is er niet.",
        "Ik fietste {tijd} {plek}, waar het altijd donker is.",
    ),
}

# Only at hours that fit.
OPENINGS_SCHOOL_HOURS = (
    "{Tijd} na school {plek}.",
    "We hadden een tussenuur en waren {tijd} {plek}.",
    "Uit school moest ik {plek} zijn, {tijd}.",
)
OPENINGS_EVENING = (
    "We kwamen uit de film en waren {tijd} {plek}.",
    "Mijn dienst zat erop en ik liep {tijd} {plek}.",
    "Ik was bij vrienden geweest en kwam {tijd} langs, {plek}.",
    "Het was al donker, {tijd} {plek}.",
)

OPENINGS_YOUNG = (
    "Ik stond met twee vriendinnen {plek}, {tijd}.",
    "Ik fietste {tijd} naar huis en toen {plek} gebeurde dit.",
    "Oke dus {tijd} {plek}.",
    "Ik kwam van training en was {tijd} {plek}.",
    "Ik moest de bus hebben {plek}, {tijd}.",
)

OPENINGS_WITNESS = (
    "Ik zag dit {tijd} {plek}. Het ging om een meisje van een jaar of {jaren}.",
    "Ik zat {plek} en zag het gebeuren, {tijd}. Een jonge vrouw was het mikpunt.",
    "{Tijd} {plek}: een meisje alleen, ik schat {jaren} jaar.",
    "Als buurtbewoner zag ik {tijd} {plek} dat een vrouw werd lastiggevallen.",
    "Vanuit de bus zag ik {tijd} {plek} een meisje dat in het nauw zat.",
    "Vlak voor mij liep een meisje {plek}, {tijd}.",
)

OPENINGS_FOR_OTHER = (
    "Ik meld dit voor mijn dochter van {jaren}. Zij was {tijd} {plek}.",
    "Mijn dochter kwam overstuur thuis. Het was {tijd} {plek}.",
    "Namens een vriendin die het zelf niet durft: {tijd}, {plek}.",
    "Mijn zusje is {jaren} en fietst elke dag {plek}. {Tijd} was het raak.",
    "Mijn nichtje logeert bij ons en liep {tijd} {plek}.",
)

OPENINGS_PROFESSIONAL = (
    "Vanuit school: een leerling vertelde wat er {tijd} {plek} gebeurde.",
    "Ik werk {plek} en hoor dit vaker van klanten. Deze keer was het {tijd}.",
    "Als jongerenwerker kreeg ik te horen wat er {tijd} {plek} is voorgevallen.",
    "Ik werk in de horeca. {Tijd} kwam een bezoekster naar mij toe, het was {plek}.",
    "Als trainer van een loopgroep meld ik dit voor een van de loopsters. {Tijd}, {plek}.",
)

# CBS Belevingen 2021: 60 % ignores, 37 % looks for company or calls, 26 % makes a gesture.
REACTIONS_IGNORE = (
    "Ik heb gedaan alsof ik niks hoorde.",
    "Ik keek strak voor me en liep door.",
    "Niet reageren, dacht ik, dan stopt het wel. Dat was niet zo.",
    "Ik heb mijn muziek harder gezet en ben doorgefietst.",
    "Ik zei niks terug, dat durfde ik niet.",
    "Ik bleef gewoon lopen, wat moet je anders.",
    "Ik bevroor een beetje en zei helemaal niets.",
    "Ik heb het genegeerd zoals altijd.",
)
REACTIONS_COMPANY = (
    "Ik heb mijn moeder gebeld en aan de lijn gehouden tot ik thuis was.",
    "Ik ben naast een ouder stel gaan lopen.",
    "Ik ben een winkel in gegaan en heb daar gewacht.",
    "Ik deed alsof ik aan het bellen was.",
    "Een vriend is me komen ophalen, alleen durfde ik niet meer.",
    "Bij de snackbar mocht ik even binnen wachten, heel lief.",
)
REACTIONS_GESTURE = (
    "Ik heb mijn middelvinger opgestoken, daar heb ik geen spijt van.",
    "Ik zei dat het niet normaal was. Toen werd er alleen maar harder gelachen.",
    "Ik heb geroepen dat {hij|ze} {moest|moesten} oprotten.",
    "Ik draaide me om en vroeg wat het probleem was. Geen antwoord natuurlijk.",
    "Ik werd boos en heb iets teruggeroepen.",
)

FEELINGS = {
    "onveilig_bang": (
        "Ik was echt bang.",
        "Mijn hart klopte in mijn keel.",
        "Ik trilde nog toen ik thuis was.",
        "Ik heb de hele weg naar huis achterom gekeken.",
        "Ik durf er nu 's avonds niet meer langs.",
        "Ik heb er slecht van geslapen.",
        "Ik voelde me heel klein en alleen.",
        "Ik dacht: als er nu iets gebeurt hoort niemand het.",
    ),
    "geirriteerd_boos": (
        "Ik ben er zo klaar mee.",
        "Ik word hier woest van.",
        "Waarom moet ik omfietsen omdat een ander zich niet kan gedragen?",
        "Dit is geen compliment, dit is gewoon respectloos.",
        "Belachelijk dat dit maar normaal gevonden wordt.",
        "Ik baal vooral dat het mijn hele avond verpest heeft.",
    ),
    "ongemakkelijk": (
        "Ik vond het heel ongemakkelijk.",
        "Het voelde vies, al gebeurde er verder niks.",
        "Niet het einde van de wereld, maar leuk is anders.",
        "Ik schaamde me, en dat is eigenlijk raar.",
        "Je voelt je bekeken en dat blijft hangen.",
        "Ik wist niet waar ik moest kijken.",
    ),
    "geen_indruk": (
        "Ik lig er niet wakker van, maar ik meld het wel.",
        "Mij doet het niet zoveel, voor een ander is het misschien erger.",
        "Ik ben het wel gewend.",
    ),
}

BYSTANDERS = {
    "grepen_niet_in": (
        "Er stonden genoeg mensen omheen, niemand deed iets.",
        "Iedereen keek de andere kant op.",
        "Een man zag het en liep gewoon door.",
        "Het zat vol en toch zei niemand wat.",
    ),
    "grepen_in": (
        "Een mevrouw zei er wat van en bleef bij {me} staan.",
        "Gelukkig kwam er iemand van de winkel naar buiten.",
        "Een jongen op de fiets stopte en vroeg of het ging. Toen {ging|gingen} {ze} weg.",
        "Twee vrouwen kwamen naast {me} lopen.",
    ),
    "geen": (
        "Er was verder niemand.",
        "Het was er helemaal leeg.",
        "Geen mens te zien op dat moment.",
    ),
}

DETAILS = {
    "te_voet": (
        "{Ze} {dronk|dronken} uit blikjes.",
        "{Ze} {hing|hingen} daar al langer.",
        "{Ze} {liep|liepen} daarna richting het water.",
        "{Ze} {kwam|kwamen} net uit een kroeg, denk ik.",
    ),
    "fiets": (
        "{Ze} {was|waren} op de fiets, zonder licht.",
        "{Ze} {fietste|fietsten} daarna hard weg.",
        "Een oude damesfiets met een krat voorop, dat viel op.",
    ),
    "fatbike_scooter": (
        "{Ze} {reed|reden} zo hard dat je opzij moest springen.",
        "{Ze} {reed|reden} rondjes, dan hoor je dat gezoem weer aankomen.",
        "Fatbikes en scooters, je ziet daar niet anders.",
        "Het ding stond midden op de stoep.",
    ),
    "auto": (
        "De auto reed stapvoets mee.",
        "Het was een donkere auto met het raam open.",
        "De auto keerde verderop en kwam terug.",
    ),
    "ov": (
        "{Ze} {stapte|stapten} bij de volgende halte uit.",
        "{Ze} {zat|zaten} achterin, waar de chauffeur het niet ziet.",
    ),
    "anders": (
        "{Ze} {was|waren} met een step.",
        "{Ze} {ging|gingen} er op een skateboard vandoor.",
    ),
}

EFFECTS = {
    "mijdt_plek": (
        "Ik fiets nu om.",
        "Die plek sla ik voortaan over.",
        "Ik ga er niet meer langs, dat scheelt tien minuten maar goed.",
    ),
    "mijdt_tijdstip": (
        "Ik ga nu alleen nog als het licht is.",
        "Ik ga nu op een andere tijd.",
        "Na tienen kom ik daar niet meer.",
    ),
    "andere_kleding": (
        "Ik trek er nu een lange jas overheen, ook als het warm is.",
        "Een rokje doe ik daar niet meer aan.",
    ),
    "niet_meer_alleen": (
        "Ik ga alleen nog samen met iemand.",
        "Iemand brengt me nu met de auto.",
        "We lopen nu altijd met z'n tweeën.",
    ),
}

REPEATS = {
    "vaker_zelfde_plek": (
        "Het is daar niet de eerste keer.",
        "Dit gebeurt daar bijna elke week.",
        "Vorige maand ook al, zelfde plek.",
        "Als ik het elke keer meldde kon ik bezig blijven.",
    ),
    "vaker_zelfde_persoon": (
        "Het is steeds dezelfde, ik herken de jas.",
        "Hetzelfde groepje als de vorige keer.",
        "Ik heb {hem|ze} daar al drie keer eerder gezien.",
    ),
    "eerste_keer": (
        "Zoiets had ik nog nooit meegemaakt.",
        "Het is de eerste keer dat ik dit meld.",
    ),
}

WISHES = (
    "Kan er 's avonds wat vaker iemand langs?",
    "Misschien helpt betere verlichting daar.",
    "Hopelijk doen jullie er iets mee.",
    "Ik hoop dat het bij een ander niet erger wordt.",
    "Kunnen jullie een camera ophangen?",
    "Zet daar alsjeblieft iemand neer op vrijdag.",
    "Praat eens met die jongens, wegsturen helpt maar even.",
    "Ik verwacht er niet veel van, maar wie niets meldt telt niet mee.",
    "Alvast bedankt voor het lezen.",
    "Ik zou het fijn vinden als iemand mij belt.",
    "Aangifte weet ik nog niet, wat heeft dat voor zin?",
    "Er zouden daar meer mensen moeten lopen die opletten.",
)

WISHES_YOUNG = (
    "Mijn ouders weten het niet, dus bel niet naar huis.",
    "Moet ik nu iets doen? Ik weet niet hoe dit werkt.",
    "Mijn mentor zei dat ik het hier kon melden.",
    "Ik hoop dat niemand op school dit te weten komt.",
)

WISHES_OTHER = (
    "Zij wilde het zelf niet melden, daarom doe ik het.",
    "Ik vond dat iemand het moest doorgeven.",
    "Fijn als hier op gelet wordt, er fietsen daar veel scholieren.",
    "Ik ben best bereid om nog iets uit te leggen.",
    "Het is al vaker verteld aan ons, dus nu meld ik het officieel.",
)

AFTER_WITNESS = (
    "Ik heb haar gevraagd of het ging. Ze wilde snel naar huis.",
    "Ze liep weg en ik durfde er zelf ook niet tussen te komen.",
    "Ik ben een stukje met haar meegelopen.",
    "Voor ik iets kon zeggen was het voorbij.",
    "Ze keek heel bang. Dat beeld blijft hangen.",
)
AFTER_FOR_OTHER = (
    "Ze wil er nu niet meer alleen langs.",
    "Ze heeft er thuis twee dagen niet over gepraat.",
    "Ze zegt dat het niet erg was, maar ze slaapt slecht.",
    "We brengen haar voorlopig met de auto.",
    "Ze schaamt zich, terwijl zij niets fout deed.",
)
AFTER_PROFESSIONAL = (
    "Zij wil zelf onbekend blijven.",
    "Wij horen dit soort verhalen nu een paar keer per maand.",
    "We hebben haar opgevangen en gewezen op hulp.",
    "Er is met haar besproken dat ik dit zou melden.",
)

# Whole reports by people of few words. `{kern}` is one event.
SHORT = (
    "{kern}",
    "{kern} {Tijd}.",
    "{Plek}. {kern}",
    "{kern} Was {plek}.",
    "Weer raak {plek}. {kern}",
    "{kern} Meer is het niet, maar toch.",
    "Kort: {plek}, {tijd}. {kern}",
    "{kern} Irritant.",
    "Zelfde verhaal als altijd {plek}. {kern}",
    "{kern} Snel doorgelopen.",
    "{kern} Verder niks gezegd.",
    "Voor de statistiek dan maar. {kern}",
)

CONNECTIVES = ("", "", "", "En daarna: ", "Even later: ", "Alsof dat niet genoeg was. ")

TOO_LITTLE = (
    "het was weer zover",
    "vervelend gedoe daar",
    "je weet wel wat",
    "Er is iets gebeurd, wil er niet over praten",
    "zelfde als vorige keer",
    "Lastig gevallen.",
)

SPAM = (
    "asdf asdf asdfghjkl",
    "Test test 123, doet dit het?",
    "Goedkope zonnebrillen, nu twee halen één betalen!!!",
    "hahaha mijn vriend zegt dat dit niet werkt",
    "lalalalalalala",
    "Verdien thuis geld met je telefoon, vraag ons hoe",
    "eerste!!",
    "ik verveel me in de les",
)

NOT_HARASSMENT = (
    "Er staat al drie weken een kapotte fiets tegen de lantaarnpaal {plek}.",
    "De bus reed zomaar door terwijl ik {plek} stond te zwaaien.",
    "Harde muziek {plek}, tot diep in de nacht. Kan daar iets aan gedaan worden?",
    "Iemand heeft {plek} de container omgegooid, overal rommel.",
)

# Text that an officer must redact (P2): made up, and flagged as such in `kind`.
PERSONAL = (
    "Hij reed weg in een auto met kenteken AB-12-CD. {Tijd} {plek}.",
    "Ik heb zijn nummer want hij duwde me een briefje in de hand: 0612345678. Dit was {plek}.",
    "Bel mij maar, of mail naar melder@example.org. Het gebeurde {plek}. Mijn bsn is 111222333.",
)
