"""The sentences of /melden and /volgen in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
_FOLLOW: Final = {
    "Uw melding volgen": "Follow your report",
    "Uw melding": "Your report",
    "Melding ": "Report ",
    "Melding bekijken": "See the report",
    "Op dit toestel is uw melding niet meer te zien. Sluit voor de zekerheid ook dit tabblad.": (
        "Your report can't be seen on this device any more. Close this tab too, to be sure."
    ),
    "U bent klaar": "You are done",
    "Bel 112. Wacht niet op antwoord hier.": "Call 112. Don't wait for an answer here.",
    "Is er nu gevaar?": "Is there danger now?",
    "Hier leest u hoe het met uw melding staat. U kunt iets toevoegen, een vraag beantwoorden"
    " of de melding intrekken. U hebt geen account nodig en hoeft uw naam niet te noemen.": (
        "Here you read how your report is doing. You can add something, answer a question or"
        " withdraw the report. You need no account and don't have to give your name."
    ),
    "Zoals M-4F7K-2QXJ. U kreeg het toen u de melding deed.": (
        "Like M-4F7K-2QXJ. You got it when you reported."
    ),
    "Zestien cijfers, zoals 4821 7733 0916 5528.": "Sixteen digits, like 4821 7733 0916 5528.",
    "Bij dit kenmerk en deze volgcode vinden wij geen melding. Kijk allebei goed na. Bent u"
    " de volgcode kwijt? Wij kunnen haar niet opzoeken: bel dan uw gemeente, of doe een"
    " nieuwe melding.": (
        "We find no report with this reference and follow code. Check both. Did you lose the"
        " follow code? We can't look it up: call your municipality, or report again."
    ),
    "Er is vanaf deze plek te vaak een verkeerde code ingevuld. Wacht een kwartier en probeer"
    " het dan nog eens.": (
        "A wrong code was filled in too often from here. Wait a quarter of an hour and try again."
    ),
    "Afsluiten": "Close",
    "Is er nu gevaar? Bel": "Is there danger now? Call",
    "Praten met iemand?": "Talk to somebody?",
    "U kunt nu zelf contact opnemen": "You can contact them yourself now",
    "Nog één vraag": "One more question",
    "U hoeft niet te antwoorden. De gemeente leert ervan.": (
        "You don't have to answer. The municipality learns from it."
    ),
    "Heeft uw melding u geholpen?": "Did your report help you?",
    "ja": "yes",
    "een beetje": "a little",
    "nee": "no",
    "Laat het weten": "Let us know",
    "Uw antwoord": "Your answer",
    "Iets toevoegen": "Add something",
    "De gemeente vraagt:": "The municipality asks:",
    "U kunt antwoorden tot en met": "You can answer until",
    ". Daarna gaat de gemeente verder zonder uw antwoord.": (
        ". After that the municipality goes on without your answer."
    ),
    "Uw bericht": "Your message",
    "Schrijf geen namen van anderen op.": "Don't write down names of others.",
    "Antwoord versturen": "Send the answer",
    "Bericht versturen": "Send the message",
    "Foto's, geluid en video": "Photos, sound and video",
    "Foto, geluid of video": "Photo, sound or video",
    "Foto's": "Photos",
    "Foto": "Photo",
    "Foto's in JPEG, HEIC, PNG of WebP. Hoogstens 25 MB, en hoogstens 5 bestanden. Plaats, tijd en"
    " toestel halen wij eruit. Maak geen opnamen als dat u in gevaar brengt.": (
        "Photos in JPEG, HEIC, PNG or WebP. At most 25 MB, and at most 5 files. We take place, time"
        " and device out of it. Don't record anything if that puts you in danger."
    ),
    "Er worden nu veel bestanden tegelijk nagekeken. Uw bestand is niet bewaard. Wacht een halve"
    " minuut, kies het bestand opnieuw en verstuur het nog een keer.": (
        "Many files are being checked at this moment. Your file wasn't kept. Wait half a minute,"
        " choose the file again and send it once more."
    ),
    "Dit soort bestand nemen wij niet aan. Stuur een foto (JPEG, HEIC, PNG, WebP), geluid (MP3,"
    " M4A, WAV, Ogg) of een video (MP4, MOV, WebM).": (
        "We don't take this kind of file. Send a photo (JPEG, HEIC, PNG, WebP), sound (MP3, M4A,"
        " WAV, Ogg) or a video (MP4, MOV, WebM)."
    ),
    "Dit bestand is niet te lezen. Maak het opnieuw, of kies een ander bestand.": (
        "This file can't be read. Make it again, or choose another file."
    ),
    "Dit bestand kost te veel rekenwerk. Maak het kleiner, of sla een foto opnieuw op als gewone"
    " JPEG, en stuur het dan.": (
        "This file takes too much computing. Make it smaller, or save a photo again as a plain"
        " JPEG, and send that."
    ),
    "Deze foto is in meer dan 40 lagen opgeslagen. Zo nemen wij hem niet aan. Sla hem opnieuw op"
    " als gewone JPEG, of maak er een schermafdruk van, en stuur die.": (
        "This photo was saved in more than 40 layers. We don't take it like that. Save it again as"
        " a plain JPEG, or make a screenshot of it, and send that."
    ),
    "Deze foto heeft te veel punten (pixels). Een JPEG of HEIC mag er hoogstens 52 miljoen hebben,"
    " een PNG of WebP hoogstens 25 miljoen. Maak de foto kleiner, of stuur een JPEG.": (
        "This photo has too many points (pixels). A JPEG or HEIC may have at most 52 million, a PNG"
        " or WebP at most 25 million. Make the photo smaller, or send a JPEG."
    ),
    "Bestand meesturen": "Send the file",
    "U ziet hier alleen dát u iets stuurde. De inhoud kan alleen de gemeente openen.": (
        "You see here only that you sent something. Only the municipality can open it."
    ),
    "Berichten": "Messages",
    "Er zijn nog geen berichten. Schrijft de gemeente u, dan leest u dat hier.": (
        "There are no messages yet. When the municipality writes to you, you read it here."
    ),
    "Over uw melding": "About your report",
    "Ontvangen": "Received",
    "Gemeente": "Municipality",
    "nog niet bekend": "not known yet",
    "Melding intrekken": "Withdraw the report",
    "Vraag van de gemeente": "Question of the municipality",
    "Bericht van de gemeente": "Message of the municipality",
    "Wat er met uw melding is gedaan": "What was done with your report",
    "Uw aanvulling": "What you added",
    "Uw bericht is verstuurd. De gemeente leest het.": (
        "Your message was sent. The municipality reads it."
    ),
    "Dank u wel. De gemeente leest wat u vond.": (
        "Thank you. The municipality reads what you thought."
    ),
    "Uw bestand is verstuurd. De gemeente kan het bekijken.": (
        "Your file was sent. The municipality can see it."
    ),
    "Uw melding is ingetrokken. Uw contactgegevens zijn gewist.": (
        "Your report was withdrawn. Your contact data were erased."
    ),
}
_STATUS: Final = {
    "Uw melding is verwijderd.": "Your report was deleted.",
    "U hebt de melding ingetrokken.": "You withdrew the report.",
    "Uw melding is doorgegeven aan de gemeente.": "Your report was passed on to the municipality.",
    "De gemeente heeft uw melding afgerond.": "The municipality has finished your report.",
    "Uw melding hoort bij een melding die er al was.": (
        "Your report belongs with one that we already had."
    ),
    "Uw melding hoort bij een grotere aanpak.": "Your report is part of a larger effort.",
    "De gemeente heeft een vraag aan u.": "The municipality has a question for you.",
    "De gemeente bekijkt uw melding.": "The municipality is looking at your report.",
    "Uw melding is ontvangen.": "We have received your report.",
    "Uw melding is veilig aangekomen. Zij wacht tot een medewerker haar leest.": (
        "Your report has arrived safely. It waits until somebody reads it."
    ),
    "Een medewerker van de gemeente leest uw melding en zoekt uit wat er kan.": (
        "Somebody of the municipality reads your report and finds out what can be done."
    ),
    "De gemeente wil iets van u weten. Lees de vraag hieronder. Antwoorden hoeft niet, maar"
    " het helpt.": (
        "The municipality wants to know something from you. Read the question below. You don't"
        " have to answer, but it helps."
    ),
    "Er zijn meer meldingen over deze plek of over hetzelfde. De gemeente pakt ze samen aan,"
    " met haar partners. Dat kan langer duren.": (
        "There are more reports about this place or about the same. The municipality handles"
        " them together, with its partners. That can take longer."
    ),
    "Een andere gemeente gaat over deze plek en heeft uw melding gekregen.": (
        "Another municipality is responsible for this place and has received your report."
    ),
    "Over wat er gebeurde, was al een melding binnen: van u, of van iemand anders. De gemeente"
    " gaat met die melding verder, en weet dat ook u het meldde. Wat u schreef, blijft daarbij"
    " bewaard.": (
        "We already had a report of what happened: from you, or from somebody else. The"
        " municipality goes on with that report, and knows that you reported it too. What you wrote"
        " is kept with it."
    ),
    "U vroeg om contact. Dat krijgt u nog, ook nu uw melding bij een andere hoort.": (
        "You asked us to contact you. We still will, even though your report now belongs with"
        " another."
    ),
    "De gemeente is klaar met uw melding. Wat er is gedaan, leest u hieronder.": (
        "The municipality is done with your report. You can read below what was done."
    ),
    "Uw naam, telefoonnummer en e-mailadres zijn gewist. De rest van de melding wordt gewist"
    " als de bewaartermijn voorbij is.": (
        "Your name, telephone number and e-mail address were erased. The rest of the report is"
        " erased when its term is over."
    ),
    "De inhoud van uw melding is gewist: de bewaartermijn is voorbij, of er is om gevraagd.": (
        "The content of your report was erased: its term is over, or somebody asked for it."
    ),
}
_WITHDRAW: Final = {
    "Dit kan nu niet": "This can't be done now",
    "U hebt deze melding al ingetrokken.": "You have withdrawn this report already.",
    "U hebt deze melding ingetrokken. U kunt er niets meer aan toevoegen.": (
        "You have withdrawn this report. You can't add anything to it."
    ),
    "Deze melding is verwijderd. U kunt er niets meer aan toevoegen.": (
        "This report was deleted. You can't add anything to it."
    ),
    "Deze melding wordt net doorgegeven. Probeer het over een paar minuten nog eens.": (
        "This report is just being passed on. Try again in a few minutes."
    ),
    "Ja, trek mijn melding in": "Yes, withdraw my report",
    "Terug naar uw melding": "Back to your report",
    "Wilt u niet meer dat de gemeente met uw melding werkt? Dat mag. U hoeft niet te zeggen"
    " waarom.": (
        "Don't you want the municipality to work with your report any more? That is fine. You"
        " don't have to say why."
    ),
    "Uw naam, telefoonnummer en e-mailadres worden meteen gewist.": (
        "Your name, telephone number and e-mail address are erased at once."
    ),
    "De gemeente gaat niet verder met uw melding.": (
        "The municipality stops working on your report."
    ),
    "De rest van de melding wordt gewist als de bewaartermijn voorbij is.": (
        "The rest of the report is erased when its term is over."
    ),
    "Heeft de gemeente al iets met anderen gedeeld, dan kan dat niet altijd worden teruggehaald.": (
        "Did the municipality share something with others already? Then that can't always be"
        " taken back."
    ),
    "U kunt dit niet ongedaan maken. U mag later wel een nieuwe melding doen.": (
        "You can't undo this. You may report again later."
    ),
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
FOLLOW: Final[Mapping[str, str]] = {**_FOLLOW, **_STATUS, **_WITHDRAW}
"""What /volgen says besides."""
