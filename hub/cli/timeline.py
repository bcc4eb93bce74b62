"""An order or a listing as a picture: what happened and when, what was promised, how far it is."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from hub.cli.speech import Speech, shown

PAST, NEWEST, TO_COME = "●", "◉", "○"
GRACE = timedelta(minutes=1)
WORRIES = frozenset({"slipped", "at_risk", "no_news", "failed", "refused", "unsure", "too_late"})


def picture(found: Mapping[str, Any], speech: Speech, *, ended: bool) -> RenderableType:
    """Return the days with what happened on each; and while it goes on, what is to come."""
    lines = [*_past(found["entries"], speech, ended=ended)]
    if not ended:
        lines += _to_come(found, speech)
    return Group(*_by_day(lines, speech), *_slip(found, speech))


def _past(
    entries: list[Mapping[str, Any]], speech: Speech, *, ended: bool
) -> Iterator[tuple[datetime, Text]]:
    for number, entry in enumerate(entries, start=1):
        at = speech.local(entry["at"])
        newest = number == len(entries) and not ended
        style = "yellow" if entry["what"] in WORRIES else "bold" if newest else ""
        line = Text(f"{at:%H:%M}  {NEWEST if newest else PAST} ", style=style)
        line.append(speech.text(entry["text"]))
        for more in (entry["place"], _expected(entry, speech), entry["note"]):
            if more:
                line.append(f" · {shown(more)}")
        if entry["source"] == "person":
            line.append(f" ({speech.heading('person')})", style="dim")
        yield at, line


def _expected(entry: Mapping[str, Any], speech: Speech) -> str:
    at = entry["expected_at"]
    return f"{speech.heading('expected')} {speech.time(at)}" if at else ""


def _to_come(found: Mapping[str, Any], speech: Speech) -> Iterator[tuple[datetime, Text]]:
    promised, expected = found["promised_at"], found["expected_at"]
    moments = [(one, at) for one, at in (("promised", promised), ("expected", expected)) if at]
    if promised and promised == expected:
        moments = moments[:1]
    for what, text in sorted(moments, key=lambda one: speech.local(one[1])):
        at = speech.local(text)
        yield at, Text(f"{at:%H:%M}  {TO_COME} {speech.heading(what)}", style="dim")


def _by_day(lines: list[tuple[datetime, Text]], speech: Speech) -> Iterator[Text]:
    day = ""
    for at, line in lines:
        if speech.day(at) != day:
            day = speech.day(at)
            yield Text(day, style="bold")
        yield Text("  ").append_text(line)


def _slip(found: Mapping[str, Any], speech: Speech) -> Iterator[Text]:
    """Say how much later than promised it is expected, if it is."""
    if not found["promised_at"] or not found["expected_at"]:
        return
    late = speech.local(found["expected_at"]) - speech.local(found["promised_at"])
    if late > GRACE:
        span = _span(late)
        text = {"en": f"{span} later than promised", "ko": f"약속보다 {span} 늦음"}
        yield Text(f"⚠ {speech.text(text)}", style="yellow")


def _span(late: timedelta) -> str:
    minutes = round(late.total_seconds() / 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
