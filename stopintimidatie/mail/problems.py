"""What can go wrong with a message: a code for the queue, and a sentence for who must mend it."""

from __future__ import annotations

from typing import Final

from stopintimidatie.jobs import JobError

# Code -> what is wrong and what to do. These wait and are tried again.
WAITS: Final[dict[str, str]] = {
    "niet_ingesteld": "Er is geen mailserver ingesteld. Vul mail.host en mail.sender in.",
    "onbereikbaar": "De mailserver is niet bereikbaar. Kijk of hij draait en of het netwerk werkt.",
    "te_traag": "De mailserver antwoordt niet op tijd.",
    "geen_tls": "De mailserver biedt geen TLS aan. Zonder TLS gaat er niets uit.",
    "certificaat": "Het certificaat van de mailserver klopt niet. Zo gaat er niets uit.",
    "tls_mislukt": "De beveiligde verbinding met de mailserver kwam niet tot stand.",
    "aanmelden": "De mailserver neemt de aanmelding niet aan. Kijk mail.user en het wachtwoord na.",
    "verbroken": "De mailserver verbrak de verbinding.",
    "tijdelijk": "De mailserver neemt het bericht nu nog niet aan: later nog eens.",
    "afzender": "De mailserver weigert de afzender. Kijk mail.sender na.",
    "server_weigert": "De mailserver weigert de verbinding.",
    "adres_onbevestigd": "De ontvanger heeft de code nog niet teruggegeven die wij stuurden.",
    "sms_uit": "Sms staat uit. Vul sms.url in.",
    "sms_onbereikbaar": "De sms-dienst is niet bereikbaar.",
    "sms_later": "De sms-dienst neemt het bericht nu niet aan. Kijk ook sms.token_file na.",
    "dkim": "Ondertekenen met DKIM lukt niet. Kijk mail.dkim_key na.",
}
# These are given up at once: trying again gives the same.
FINAL: Final[dict[str, str]] = {
    "geweigerd": "De mailserver weigert het bericht voor deze ontvanger. Kijk het adres na.",
    "adres_komt_terug": "Berichten aan deze ontvanger kwamen terug. Vraag een ander adres.",
    "sms_geweigerd": "De sms-dienst weigert het bericht. Kijk het nummer na.",
    "adres_ongeldig": "Het adres van de ontvanger is geen goed e-mailadres.",
    "certificaat_ontvanger": "Het certificaat van de ontvanger is niet te gebruiken.",
}
WORDS: Final = WAITS | FINAL


class MailError(JobError):
    """The message didn't go out; its code tells why, and whether trying again makes sense."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"mail: {problem}", final=problem in FINAL)
        self.problem = problem


def words_of(problem: str | None) -> str:
    """The sentence for a code, such as of a message or of a job."""
    return WORDS.get((problem or "").removeprefix("mail: "), "Er ging iets mis.")
