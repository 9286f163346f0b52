"""What a reporter reads on /volgen: each status explained, and what was just done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
FOLLOW: Final[Mapping[str, str]] = {**_FOLLOW, **_STATUS, **_WITHDRAW}


EXPLAINED: Final[dict[str, str]] = {
    "ontvangen": "Uw melding is veilig aangekomen. Zij wacht tot een medewerker haar leest.",
    "wordt_bekeken": "Een medewerker van de gemeente leest uw melding en zoekt uit wat er kan.",
    "vraag": "De gemeente wil iets van u weten. Lees de vraag hieronder. Antwoorden hoeft niet,"
    " maar het helpt.",
    "in_aanpak": "Er zijn meer meldingen over deze plek of over hetzelfde. De gemeente pakt ze"
    " samen aan, met haar partners. Dat kan langer duren.",
    "doorgegeven": "Een andere gemeente gaat over deze plek en heeft uw melding gekregen.",
    "afgerond": "De gemeente is klaar met uw melding. Wat er is gedaan, leest u hieronder.",
    "ingetrokken": "Uw naam, telefoonnummer en e-mailadres zijn gewist. De rest van de melding"
    " wordt gewist als de bewaartermijn voorbij is.",
    "verwijderd": "De inhoud van uw melding is gewist: de bewaartermijn is voorbij, of er is om"
    " gevraagd.",
}
DOUBLE: Final = (
    "Over wat er gebeurde, was al een melding binnen: van u, of van iemand anders. De gemeente gaat"
    " met die melding verder, en weet dat ook u het meldde. Wat u schreef, blijft daarbij bewaard."
)
CONTACT_DUE: Final = "U vroeg om contact. Dat krijgt u nog, ook nu uw melding bij een andere hoort."
DONE: Final[dict[str, str]] = {
    "bericht": "Uw bericht is verstuurd. De gemeente leest het.",
    "mening": "Dank u wel. De gemeente leest wat u vond.",
    "bijlage": "Uw bestand is verstuurd. De gemeente kan het bekijken.",
    "ingetrokken": "Uw melding is ingetrokken. Uw contactgegevens zijn gewist.",
}
NOT_FOUND: Final = (
    "Bij dit kenmerk en deze volgcode vinden wij geen melding. Kijk allebei goed na. Bent u de"
    " volgcode kwijt? Wij kunnen haar niet opzoeken: bel dan uw gemeente, of doe een nieuwe"
    " melding."
)
TOO_OFTEN: Final = (
    "Er is vanaf deze plek te vaak een verkeerde code ingevuld. Wacht een kwartier en probeer het"
    " dan nog eens."
)
MESSAGE_TITLES: Final[dict[str, str]] = {
    "vraag": "Vraag van de gemeente",
    "bericht": "Bericht van de gemeente",
    "terugkoppeling": "Wat er met uw melding is gedaan",
    "antwoord": "Uw antwoord",
    "aanvulling": "Uw aanvulling",
}


def explained(status: str, *, double: bool = False, contact_due: bool = False) -> list[str]:
    """Return the sentences under the status; of a double: that it goes on elsewhere."""
    if double:
        return [DOUBLE, CONTACT_DUE] if contact_due else [DOUBLE]
    return [EXPLAINED.get(status, "")]


def message_title(kind: str) -> str:
    """Return the heading above a message of this kind."""
    return MESSAGE_TITLES.get(kind, "Bericht van de gemeente")
