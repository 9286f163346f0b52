"""The closed lists of deliveries. Pure."""

from __future__ import annotations

from stopintimidatie.reports.vocabulary import Term


class Done(Term):
    """What a partner did. Of an investigation only that there was action, never what it found."""

    WATCH = "toezicht", "extra toezicht gehouden", "extra supervision"
    TALK = "gesprek", "met iemand gesproken", "talked to somebody"
    FINED = "opgetreden", "opgetreden", "acted"
    PLACE = "plek", "iets aan de plek veranderd", "changed the place"
    HELP = "hulp", "hulp aangeboden of doorverwezen", "offered help"
    PLANNED = "gepland", "nog niets; het staat gepland", "planned"
    NOTHING = "niets", "niets kunnen doen", "could do nothing"
    OTHER = "anders", "iets anders", "something else"


class Part(Term):
    """What of a report was wrong."""

    WHEN = "tijd", "dag of tijd", "day or time"
    WHERE = "plek", "plek", "place"
    FORMS = "vormen", "vormen", "forms"
    STORY = "verhaal", "verhaal van de melder", "account"
    OFFENDER = "signalement", "signalement", "description of offender"
    REPORTER = "melder", "gegevens over de melder", "about the reporter"
    ALL = "alles", "de hele melding", "everything"
