"""The English of /melden, and of what /melden and /volgen share, by the Dutch sentence.

Keep it as plain and kind as the Dutch. What only /volgen says is in `reports/follow/words.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from stopintimidatie.core.text import Term
from stopintimidatie.reports import vocabulary as reports_vocabulary

_EVERYWHERE: Final = {
    "Naar de inhoud": "Skip to the content",
    "Dit is een demonstratie met verzonnen meldingen. Vul hier nooit echte gegevens in.": (
        "This is a demonstration with made-up reports. Never fill in real data here."
    ),
    "werkt met Stopintimidatie, het regiesysteem tegen straatintimidatie.": (
        "works with Stopintimidatie, the system against street harassment."
    ),
    "Is iemand nu in gevaar? Bel": "Is somebody in danger now? Call",
    "Gebeurt het nu? Of bent u in gevaar?": "Is it happening now? Or are you in danger?",
    "Bel dan eerst de politie. Melden kan later ook nog.": (
        "Then call the police first. You can report later as well."
    ),
    "Bel 112": "Call 112",
    "Kunt u niet praten?": "Can't you talk?",
    "De app 112NL": "The app 112NL",
    "werkt ook met tekst.": "works with text too.",
    "Snel weg": "Leave fast",
    "of druk op Esc": "or press Esc",
    "Kenmerk": "Reference",
    "Volgcode": "Follow code",
    "Er gaat nog iets niet goed": "Something isn't right yet",
    "Fout: ": "Error: ",
    "(niet verplicht)": "(optional)",
    "Geen keuze": "No choice",
    "Maak een keuze": "Make a choice",
    "Annuleren": "Cancel",
    "Versturen": "Send",
    "Volgende stap": "Next step",
    "Vorige stap": "Previous step",
    "Stap {number} van {total}": "Step {number} of {total}",
    "Vul ‘{title}’ in.": "Fill in ‘{title}’.",
    "Maak een keuze bij ‘{title}’.": "Make a choice at ‘{title}’.",
    "Zet een vinkje bij ‘{title}’.": "Tick ‘{title}’.",
    "Kies een bestand bij ‘{title}’.": "Choose a file at ‘{title}’.",
    "Kies een van de mogelijkheden uit de lijst.": "Choose one of the options of the list.",
    "Kies alleen mogelijkheden uit de lijst.": "Choose only options of the list.",
    "Vul een datum in die bestaat: dag-maand-jaar. Bijvoorbeeld 24-11-2026.": (
        "Fill in a date that exists: day-month-year. For example 24-11-2026."
    ),
    "Vul een tijd in van 00:00 tot en met 23:59.": "Fill in a time from 00:00 to 23:59.",
    "Deze invoer kan niet worden gelezen. Vul het opnieuw in.": (
        "This can't be read. Fill it in again."
    ),
}
_START: Final = {
    "Straatintimidatie melden": "Report street harassment",
    "Straatintimidatie melden:": "Report street harassment:",
    "Wat u meemaakte is niet uw schuld. U kunt het hier vertellen, ook zonder uw naam. Het"
    " kost ongeveer vijf minuten.": (
        "What happened to you is not your fault. You can tell it here, also without your name."
        " It takes about five minutes."
    ),
    "Waar was het?": "Where was it?",
    "Plaats, wijk of gemeente": "Town, neighbourhood or municipality",
    "Zoek de plek": "Find the place",
    "Is het een van deze?": "Is it one of these?",
    "Wij vonden geen plek met deze naam. Kijk of de naam goed geschreven is, of kies hieronder.": (
        "We found no place with this name. Check how you wrote it, or choose below."
    ),
    "Of kies zelf": "Or choose yourself",
    "Het was in de trein, tram, metro of bus": "It was on a train, tram, metro or bus",
    "Ik weet niet in welke gemeente het was": "I don't know in which municipality it was",
    "Alle gemeenten": "All municipalities",
    "Was het ergens anders?": "Was it somewhere else?",
    "Wat u meemaakte is niet uw schuld. U mag alles overslaan waar ‘niet verplicht’ staat. Er"
    " wordt pas iets verstuurd als u op het laatst op ‘Melding versturen’ drukt.": (
        "What happened to you is not your fault. You may skip everything that says ‘optional’."
        " Nothing is sent before you press ‘Send the report’ at the end."
    ),
    "Er staat geen script aan. Dat is niet nodig: alles werkt. De pagina snel verlaten kan"
    " met de knop ‘Snel weg’.": (
        "Scripts are off. That is fine: everything works. You can leave this page fast with the"
        " button ‘Leave fast’."
    ),
    "Onderweg": "On the way",
    "Plek onbekend": "Place unknown",
}
_WHAT: Final = {
    "Wat maakte u mee?": "What happened to you?",
    "Wie bent u?": "Who are you?",
    "Wat gebeurde er?": "What happened?",
    "Kies alles wat past.": "Choose everything that fits.",
    "Vertel het in uw eigen woorden": "Tell it in your own words",
    "Zo kort of lang als u wilt. Schrijf geen namen en geen kentekens op.": (
        "As short or long as you like. Don't write down names or number plates."
    ),
    "Met hoeveel waren zij?": "How many were they?",
    "Kent u hen?": "Do you know them?",
    "Hoe zagen zij eruit?": "What did they look like?",
    "Alleen kleding, vervoermiddel en waar zij heen gingen. Geen naam en geen afkomst.": (
        "Only clothes, means of transport and where they went. No name and no origin."
    ),
    "Melding versturen": "Send the report",
}
_WHERE: Final = {
    "Waar en wanneer was het?": "Where and when was it?",
    "In welke wijk van {name}?": "In which neighbourhood of {name}?",
    "Tik op de kaart of kies uit de lijst. Weet u de wijk niet? Vertel dan hieronder waar het"
    " was.": (
        "Tap the map or choose from the list. You don't know the neighbourhood? Then tell us below"
        " where it was."
    ),
    "Weet u de wijk niet? Vertel dan hieronder waar het was.": (
        "You don't know the neighbourhood? Then tell us below where it was."
    ),
    "Kaart van {name}. Kiest u liever zonder kaart? Gebruik de lijst hieronder.": (
        "Map of {name}. Do you prefer no map? Use the list below."
    ),
    "Weet u het precieze punt?": "Do you know the exact point?",
    "Tik op de kaart. Bent u nog op de plek zelf? Dan kunt u de plek van uw toestel"
    " meesturen. Dat gebeurt alleen als u op de knop drukt.": (
        "Tap the map. Are you still there? Then you can send along where your device is. That"
        " happens only when you press the button."
    ),
    "Bent u nog op de plek zelf? Dan kunt u de plek van uw toestel meesturen. Dat gebeurt"
    " alleen als u op de knop drukt.": (
        "Are you still there? Then you can send along where your device is. That happens only"
        " when you press the button."
    ),
    "Er is een punt gekozen. Alleen wie uw melding behandelt, ziet het.": (
        "A point was chosen. Only who handles your report sees it."
    ),
    "Er is nog geen punt gekozen. Dat hoeft ook niet.": (
        "No point was chosen yet. You don't need to."
    ),
    "Wij zoeken de plek van uw toestel. Kies ‘toestaan’ als uw toestel dat vraagt.": (
        "We are looking for where your device is. Choose ‘allow’ if your device asks."
    ),
    "Het lukt niet om de plek van uw toestel te vinden. Vertel in woorden waar het was.": (
        "We can't find where your device is. Tell us in words where it was."
    ),
    "Gebruik de plek van dit toestel": "Use the place of this device",
    "Punt weghalen": "Take the point away",
    "Waar precies?": "Where exactly?",
    "Een straat, een adres, of iets dat u zag: het station, de bushalte, een winkel. Hebt u"
    " hierboven al iets gekozen? Dan hoeft dit niet.": (
        "A street, an address, or something you saw: the station, the bus stop, a shop. Did you"
        " choose something above? Then you needn't."
    ),
    "Wat voor plek was het?": "What kind of place was it?",
    "Welke dag?": "Which day?",
    "Hoe laat ongeveer?": "About what time?",
    "Weet u de tijd niet? Welk deel van de dag?": "Don't you know the time? Which part of the day?",
    "Gebeurde het vaker?": "Did it happen more often?",
    "Welke lijn of trein?": "Which line or train?",
    "Bijvoorbeeld: bus 3, of de trein. Een lijn of een halte is genoeg.": (
        "For example: bus 3, or the train. A line or a stop is enough."
    ),
    "Bij welke halte of welk station was u?": "At which stop or station were you?",
    "Waar ging de rit heen?": "Where did it go?",
    "Wilt u nog iets zeggen over de plek?": "Do you want to say more about the place?",
}
_YOURSELF: Final = {
    "Uzelf en contact": "Yourself and contact",
    "Hoe oud bent u?": "How old are you?",
    "Wat is uw gender?": "What is your gender?",
    "Hoe voelde het?": "How did it feel?",
    "Weet de politie het al?": "Do the police know already?",
    "Wilt u dat wij contact met u opnemen?": "Do you want us to contact you?",
    "Uw naam": "Your name",
    "Blijft u liever anoniem? Laat naam, telefoon en e-mail dan leeg.": (
        "Would you rather stay anonymous? Then leave name, telephone and e-mail empty."
    ),
    "Uw telefoonnummer": "Your telephone number",
    "Uw e-mailadres": "Your e-mail address",
    "Wanneer kunnen wij u bellen?": "When can we call you?",
    "Ik wil graag hulp of iemand om mee te praten": "I would like help or somebody to talk to",
    "Mag de gemeente dit delen met de politie?": "May the municipality share this with the police?",
    "Mag de gemeente dit delen met anderen die kunnen helpen?": (
        "May the municipality share this with others who can help?"
    ),
    "Zoals jongerenwerk, handhaving of het openbaar vervoer.": (
        "Such as youth work, enforcement or public transport."
    ),
    "ja, dat mag": "yes, you may",
    "liever niet": "rather not",
    "Vul uw telefoonnummer in, want u wilt gebeld worden.": (
        "Fill in your telephone number, for you want to be called."
    ),
    "Vul uw e-mailadres in, want u wilt een mail.": (
        "Fill in your e-mail address, for you want a mail."
    ),
    "Dit telefoonnummer klopt niet. Vul het in zoals 06 12345678.": (
        "This telephone number isn't right. Fill it in like 06 12345678."
    ),
    (
        "Vul een e-mailadres in zoals naam@voorbeeld.nl, met alleen gewone letters en cijfers voor"
        " het apenstaartje."
    ): (
        "Fill in an e-mail address like name@example.nl, with only plain letters and digits before"
        " the @."
    ),
    "Vertel ons waar het was. Een straat, een wijk of een halte is genoeg.": (
        "Tell us where it was. A street, a neighbourhood or a stop is enough."
    ),
    "Dit ligt in de toekomst. Kies een eerder moment.": (
        "This is in the future. Choose an earlier moment."
    ),
    "Deze dag is te lang geleden. Kijk het jaar na.": "This day is too long ago. Check the year.",
    "Deze pagina stond lang open. Er is nog niets verstuurd, en wat u schreef staat er nog."
    " Druk nog een keer op ‘Melding versturen’.": (
        "This page was open for long. Nothing was sent yet, and what you wrote is still there."
        " Press ‘Send the report’ once more."
    ),
    "Daar ligt geen wijk. Tik op de kaart, of kies een wijk uit de lijst.": (
        "There is no neighbourhood there. Tap the map, or choose a neighbourhood from the list."
    ),
    "Dit punt kan niet. Kies het opnieuw, of haal het weg.": (
        "This point can't be. Choose it again, or take it away."
    ),
    "Dit punt ligt niet in Nederland. Haal het weg, en vertel waar het was.": (
        "This point isn't in the Netherlands. Take it away, and tell us where it was."
    ),
}
_ANSWER: Final = {
    "Uw melding is ontvangen": "We have received your report",
    "Het punt dat u meestuurde ligt in de gemeente ": (
        "The point that you sent lies in the municipality of "
    ),
    ". Daarom ging uw melding daarheen.": ". That is why your report went there.",
    "Deze melding kregen wij al. Wij bewaren haar één keer, zoals u haar de eerste keer"
    " verstuurde. Wilt u iets veranderen of toevoegen? Dat kan met de volgcode.": (
        "We had this report already. We keep it once, as you sent it first. Do you want to"
        " change or add something? You can, with the follow code."
    ),
    "Bewaar dit goed": "Keep this safe",
    "Raak de volgcode niet kwijt.": "Don't lose the follow code.",
    "Wij bewaren hem niet en kunnen hem niet opnieuw geven. Alleen met de volgcode ziet u hoe"
    " het met uw melding gaat, kunt u iets toevoegen of haar intrekken. Laat hem aan niemand"
    " zien die hier niets van mag weten.": (
        "We don't keep it and can't give it again. Only with the follow code you can see how"
        " your report is doing, add something or withdraw it. Don't show it to anybody who"
        " mustn't know of this."
    ),
    "Schrijf beide over, of maak er een foto van.": "Write both down, or take a photo of them.",
    "Hier volgt u uw melding": "Follow your report here",
    "Kopiëren": "Copy",
    "Afdrukken": "Print",
    "Gekopieerd. Plak het waar alleen u het leest.": "Copied. Paste it where only you read it.",
    "Kopiëren lukt hier niet. Schrijf de codes over.": (
        "Copying doesn't work here. Write the codes down."
    ),
    "Wilt u met iemand praten?": "Do you want to talk to somebody?",
}
# A vocabulary has English for who works with it; this is for who lived through it.
_KINDLY: Final = {
    "Wat er gezegd of geroepen werd": "What was said or shouted",
    "nafluiten": "somebody whistled at me",
    "nasissen of naklakken": "hissing or clicking at me",
    "naroepen": "shouting at me",
    "een vraag om seks of een seksuele handeling": "asking for sex or for something sexual",
    "beledigen of schelden": "insults or swearing",
    "bedreigen": "threats",
    "Wat er gedaan werd zonder woorden": "What was done without words",
    "iemand liet zijn geslachtsdeel zien": "somebody showed their private parts",
    "iemand raakte zichzelf seksueel aan": "somebody touched themselves in a sexual way",
    "Wat er lichamelijk gebeurde": "What happened physically",
    "achter mij aan lopen": "walking after me",
    "insluiten of de weg versperren": "closing me in or blocking my way",
    "aanraken of betasten": "touching or groping",
    "vastpakken of duwen": "grabbing or pushing",
    "slaan of schoppen": "hitting or kicking",
    "aanraking tegen mijn wil": "being touched against my will",
    "Iets anders": "Something else",
    "iets anders": "something else",
    "ik zag het gebeuren": "I saw it happen",
    "ik meld voor iemand anders": "I report for somebody else",
    "ik meld vanuit mijn werk": "I report because of my work",
    "het deed mij niet veel": "it didn't do much to me",
    "ja, ik belde 112": "yes, I called 112",
    "ja, ik belde 0900-8844": "yes, I called 0900-8844",
    "ja, ik deed een melding": "yes, I told them about it",
    "ja, ik deed aangifte": "yes, I pressed charges",
    "ik wil aangifte doen": "I want to press charges",
    "dat weet ik niet": "I don't know",
    "nee, liever niet": "no, rather not",
    "ja, bel mij": "yes, call me",
    "ja, mail mij": "yes, e-mail me",
    "via de app, zonder naam": "through the app, without my name",
    "laat alleen weten wat ermee gedaan is": "only tell me what was done about it",
    "dit was de eerste keer": "this was the first time",
    "vaker, door dezelfde persoon of personen": "more often, by the same person or people",
    "jonger dan 16": "younger than 16",
    "65 of ouder": "65 or older",
    "zeg ik liever niet": "I'd rather not say",
}
PAGES: Final[Mapping[str, str]] = {
    **_KINDLY,
    **_EVERYWHERE,
    **_START,
    **_WHAT,
    **_WHERE,
    **_YOURSELF,
    **_ANSWER,
}
"""What /melden says, and what all these pages say."""


def _terms() -> Iterable[Term]:
    kinds = vars(reports_vocabulary).values()
    found = [k for k in kinds if isinstance(k, type) and issubclass(k, Term) and k is not Term]
    return (term for kind in found for term in kind)


# A vocabulary has its own English; what a page says itself goes before it.
ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {**{term.public: term.en for term in _terms()}, **PAGES}
)
