"""Moments in words: `gisteravond rond half elf`, `in de nacht van vrijdag op zaterdag`. Pure."""

import random
from datetime import datetime, timedelta

from stopintimidatie.demo.language.words import HOURS, WEEKDAYS

_PART = (("nacht", 0, 6), ("ochtend", 6, 12), ("middag", 12, 18), ("avond", 18, 24))
_TODAY = {"nacht": "vannacht", "ochtend": "vanochtend", "middag": "vanmiddag", "avond": "vanavond"}


def part_of_day(moment: datetime) -> str:
    """nacht, ochtend, middag or avond, as the intake divides them."""
    return next(name for name, start, end in _PART if start <= moment.hour < end)


def clock(moment: datetime) -> str:
    """`kwart over tien`, `half elf`: the hour to a quarter, as people say it."""
    quarter = (moment.minute + 7) // 15
    hour = moment.hour + (1 if quarter >= 2 else 0)
    name = HOURS[hour % 12]
    return (
        f"{name} uur",
        f"kwart over {name}",
        f"half {name}",
        f"kwart voor {name}",
        f"{name} uur",
    )[quarter]


def day(moment: datetime, told_at: datetime) -> str:
    """`gisteravond`, `vanmiddag`, `vrijdagavond`, seen from when it is told. Both local."""
    part = part_of_day(moment)
    days = (told_at.date() - moment.date()).days
    if days == 0:
        return _TODAY[part]
    if part == "nacht":
        before = WEEKDAYS[(moment - timedelta(days=1)).weekday()]
        return f"in de nacht van {before} op {WEEKDAYS[moment.weekday()]}"
    if days == 1:
        return f"gister{part}"
    if days <= 6:
        return f"{WEEKDAYS[moment.weekday()]}{part}"
    return f"vorige week {WEEKDAYS[moment.weekday()]}"


def in_words(rng: random.Random, moment: datetime, told_at: datetime) -> str:
    """The moment as somebody would write it, rough or precise."""
    when = day(moment, told_at)
    return rng.choice(
        (
            when,
            f"{when} rond {clock(moment)}",
            f"{when}, een uur of {HOURS[moment.hour % 12]}",
            f"{when} om {moment.hour}:{moment.minute // 5 * 5:02d}",
            f"{when} tegen {clock(moment)}",
        )
    )
