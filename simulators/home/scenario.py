"""Scenario files: what happens in which home and when, as a developer writes it in TOML."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.errors import InvalidInputError
from simulators.home.acts import Act, Do
from simulators.home.people import Calendar
from simulators.home.sensors import SensorFault
from simulators.home.tables import Part

SHIPPED = Path(__file__).parents[1] / "scenarios"
KINDS = ("fridge", "washer", "dryer", "styler", "speaker", "phone", "watch")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_HEADER = re.compile(r"\s*\[\[\s*at\s*\]\]")

_ALWAYS = frozenset({"time", "after", "day", "home", "do"})
_KEYS: Mapping[Do, tuple[str, str]] = {
    Do.WAKE: ("person", ""),
    Do.SLEEP: ("person", ""),
    Do.LEAVE: ("person", ""),
    Do.COME_HOME: ("person", ""),
    Do.STAND: ("device", "person for"),
    Do.STEP_AWAY: ("device", ""),
    Do.OPEN: ("device", "person for door"),
    Do.CLOSE: ("device", "person door"),
    Do.COOK: ("", "person things for"),
    Do.SHOP: ("", "person things items"),
    Do.PUT_IN: ("", "person item"),
    Do.TAKE_OUT: ("", "person item"),
    Do.RECOUNT: ("", ""),
    Do.RUN: ("person", "for"),
    Do.STOP_RUN: ("person", ""),
    Do.CHARGE_WATCH: ("person", ""),
    Do.WEAR_WATCH: ("person", ""),
    Do.WASH: ("", "person garments course"),
    Do.FORGET_LOAD: ("", "person"),
    Do.TAKE_LOAD: ("", "person device"),
    Do.DRY: ("", "person course"),
    Do.HANG: ("", "person garments"),
    Do.UNPLUG: ("device", "for person"),
    Do.PLUG_IN: ("device", "person"),
    Do.FAULT: ("device fault", "for"),
    Do.SET: ("device property value", "person"),
    Do.ACKNOWLEDGE: ("device", "person"),
    Do.ANSWER: ("device", "person answer"),
}
"""What each act must have and may have, besides when and where."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "door": ("fridge", "freezer"),
    "answer": ("yes", "no"),
    "fault": tuple(SensorFault),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One `[[at]]` of the file."""

    minute: int | None
    """Of the local day; None: `after_ms` counts."""
    after_ms: int = 0
    """From the beginning."""
    day: int | None = None
    """0 is the day on which the world begins; None: the first time it is `minute`."""
    home: int | None
    """None: every home."""
    act: Act

    def in_home(self, number: int, *, start_ms: int, calendar: Calendar) -> Act | None:
        """Return what happens in this home; None where it happens in another."""
        if self.home not in {None, number}:
            return None
        return _at(self.act, self._at_ms(start_ms, calendar))

    def _at_ms(self, start_ms: int, calendar: Calendar) -> int:
        if self.minute is None:
            return start_ms + self.after_ms
        today = calendar.day(start_ms)
        at_ms = calendar.at(today + timedelta(days=self.day or 0), self.minute)
        if self.day is None and at_ms < start_ms:
            return calendar.at(today + timedelta(days=1), self.minute)
        return at_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    entries: tuple[Entry, ...] = ()
    routine: bool = True
    """Whether people live their days besides."""

    def acts(self, number: int, *, start_ms: int, calendar: Calendar) -> list[Act]:
        """Return what it has for this home, counted from 1."""
        found = (e.in_home(number, start_ms=start_ms, calendar=calendar) for e in self.entries)
        return [act for act in found if act is not None]


def read_scenario(name: str) -> Scenario:
    """Return the scenario of a file, or one that is shipped by its name.

    Raises:
        InvalidInputError: there is none, or something in it is wrong; says which line and key.
    """
    shipped = SHIPPED / f"{name}.toml"
    path = shipped if shipped.exists() else Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(one.stem for one in SHIPPED.glob("*.toml")))
        message = f"no scenario {name!r}: {error}; shipped are {known}"
        raise InvalidInputError(message) from None
    return parse_scenario(text, where=path.name)


def parse_scenario(text: str, *, where: str) -> Scenario:
    """Return the scenario that the text describes.

    Raises:
        InvalidInputError: something in it is wrong; says which line and key.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{where}: {error}"
        raise InvalidInputError(message) from None
    Part(tables, where, ()).only({"title", "world", "at"})
    world, entries = tables.get("world", {}), tables.get("at", [])
    if not isinstance(world, dict) or not isinstance(entries, list):
        message = f"{where}: `world` is a table and `at` an array of tables, `[[at]]`"
        raise InvalidInputError(message)
    part = Part(world, f"{where}, [world]", ())
    part.only({"routine"})
    parts = zip(entries, _places(text, len(entries)), strict=True)
    return Scenario(
        entries=tuple(_entry(Part(one, where, lines)) for one, lines in parts),
        routine=part.boolean("routine", usual=True),
    )


def _entry(part: Part) -> Entry:
    do = _do(part)
    must, may = (set(words.split()) for words in _KEYS[do])
    for key in sorted(must):
        if key not in part.table:
            part.fail("do", f'= "{do}" needs {key}')
    part.only(must | may | _ALWAYS)
    return Entry(
        minute=_minute(part),
        after_ms=part.duration("after") or 0,
        day=part.whole("day", least=0),
        home=None if part.table.get("home", "all") == "all" else part.whole("home", least=1),
        act=Act(
            at_ms=0,
            do=do,
            person=part.text("person") or "",
            device=_device(part),
            for_ms=part.duration("for"),
            more=dict(_more(part)),
        ),
    )


def _do(part: Part) -> Do:
    text = part.text("do")
    if text is None:
        part.fail("", f"do is missing; there are {', '.join(Do)}")
    if text not in [*Do]:
        part.fail("do", f'= "{text}" is not known; there are {", ".join(Do)}')
    return Do(text)


def _minute(part: Part) -> int | None:
    text = part.text("time")
    if (text is None) == ("after" not in part.table):
        part.fail("time", "or after: give one of the two")
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        part.fail("time", f'= "{text}" is no time of day; write "07:10"')
    return int(match[1]) * 60 + int(match[2])


def _device(part: Part) -> str:
    text = part.text("device") or ""
    if text and text.partition("/")[0] not in KINDS:
        part.fail("device", f'= "{text}" is not known; there are {", ".join(KINDS)}')
    return text


def _more(part: Part) -> Iterator[tuple[str, object]]:
    for key, choices in _CHOICES.items():
        text = part.text(key)
        if text is not None and text not in choices:
            part.fail(key, f'= "{text}" is none of {", ".join(choices)}')
        if text is not None:
            yield key, text
    named = {
        "things": part.whole("things", least=1),
        "items": part.texts("items"),
        "garments": part.texts("garments"),
        "item": part.text("item"),
        "course": part.text("course"),
        "property": part.text("property"),
        "value": part.table.get("value"),
    }
    yield from ((key, value) for key, value in named.items() if value is not None)


def _places(text: str, count: int) -> list[list[tuple[int, str]]]:
    """Return the numbered lines of each `[[at]]`; none where they are written otherwise."""
    places: list[list[tuple[int, str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            places.append([])
        if places:
            places[-1].append((number, line))
    return places if len(places) == count else [[] for _ in range(count)]


def _at(act: Act, at_ms: int) -> Act:
    return Act(
        at_ms=at_ms,
        do=act.do,
        person=act.person,
        device=act.device,
        for_ms=act.for_ms,
        more=act.more,
    )
