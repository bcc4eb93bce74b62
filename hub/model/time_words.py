"""Spans of time and days of the week as people read them, Korean and English."""

from collections.abc import Collection
from typing import Final

from hub.model.links import Words
from hub.model.rules import Schedule

_UNITS: Final = ((86_400, "일", "d"), (3600, "시간", "h"), (60, "분", "min"))
_KO: Final = "월화수목금토일"
_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_KNOWN: Final = {
    frozenset(range(7)): ("매일", "every day"),
    frozenset(range(5)): ("평일", "on weekdays"),
    frozenset({5, 6}): ("주말", "at weekends"),
}


def span_words(seconds: float) -> Words:
    """Return how long it is: `1 h 30 min`."""
    ko: list[str] = []
    en: list[str] = []
    left = seconds
    for size, in_korean, in_english in _UNITS:
        count, left = divmod(left, size)
        if count:
            ko.append(f"{count:g}{in_korean}")
            en.append(f"{count:g} {in_english}")
    if left or not ko:
        ko.append(f"{left:g}초")
        en.append(f"{left:g} s")
    return {"ko": " ".join(ko), "en": " ".join(en)}


def day_words(days: Collection[int]) -> Words:
    """Return the days of a week; Monday is 0."""
    known = _KNOWN.get(frozenset(days))
    if known is not None:
        return {"ko": known[0], "en": known[1]}
    ordered = sorted(set(days))
    ko = "·".join(_KO[day] for day in ordered)
    return {"ko": f"{ko}요일", "en": "on " + ", ".join(_EN[day] for day in ordered)}


def schedule_words(schedule: Schedule) -> Words:
    days = day_words(schedule.days)
    start, end = clock(schedule.start_minute), clock(schedule.end_minute)
    return {"ko": f"{days['ko']} {start}~{end}", "en": f"{days['en']} from {start} to {end}"}


def clock(minute: int) -> str:
    """Return a minute of the day: `07:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"
