"""The record: which alarms the readings of one device make under one rule, in event time."""

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

RuleParameters = Mapping[str, Any]
"""A rule as JSON; `limit`, `levels`, `ladder`, `gap_s` and `recurrence_s` have to be there."""

ReadingTuple = tuple[int, float, bool]
"""(at_ms, value, worn); `worn` is true for a property that needs no wearing."""


class Point(NamedTuple):
    """A reading that counts, with how far it is beyond the limit."""

    at_ms: int
    value: float
    excess: float


class Entry(NamedTuple):
    """One change of an alarm; equal to the plain tuple of its fields."""

    change: str
    """`opened`, `climbed`, `repeated`, `eased`, `quieted` or `cleared`."""
    at_ms: int
    value: float
    level: int
    """What the reading reaches; -1 inside the limit, where there is none."""
    step: int
    """Counted from 0; of `cleared`: the step it cleared from."""


class ExpectedAlarm(NamedTuple):
    since_ms: int
    """Start of the crossing: what tells this alarm from the others of its rule and device."""
    crossings: int
    entries: tuple[Entry, ...]

    @property
    def cleared_ms(self) -> int | None:
        last = self.entries[-1]
        return last.at_ms if last.change == "cleared" else None


def with_worn(
    readings: Sequence[tuple[int, float]], reports: Sequence[tuple[int, bool]]
) -> list[ReadingTuple]:
    """Return the readings with what the device last said of being worn; worn until it says not."""
    first_said: dict[int, bool] = {}
    for at_ms, worn in reports:
        first_said.setdefault(at_ms, worn)
    times = sorted(first_said)
    said = [True, *(first_said[at_ms] for at_ms in times)]
    return [(at_ms, value, said[bisect.bisect_right(times, at_ms)]) for at_ms, value in readings]


def expected_record(rule: RuleParameters, readings: Sequence[ReadingTuple]) -> list[Entry]:
    """Return the entries of all alarms, oldest first.

    `readings` stand in the order in which they were stored; of two at one time the first counts.
    """
    return [entry for alarm in expected_alarms(rule, readings) for entry in alarm.entries]


def expected_alarms(rule: RuleParameters, readings: Sequence[ReadingTuple]) -> list[ExpectedAlarm]:
    """Return the alarms, oldest first; only the last one can still be active."""
    points = _believed(_counted(rule, readings), rule.get("max_rate"))
    alarms: list[ExpectedAlarm] = []
    begin = 0
    while (found := _opening(rule, points, begin)) is not None:
        crossing, opening = found
        since_ms = points[crossing].at_ms
        crossings = _crossings(rule, alarms, since_ms)
        entries = tuple(_life(rule, points[opening:], crossings))
        alarms.append(ExpectedAlarm(since_ms, crossings, entries))
        cleared_ms = alarms[-1].cleared_ms
        if cleared_ms is None:
            break
        begin = next(i for i, point in enumerate(points) if point.at_ms == cleared_ms) + 1
    return alarms


def _counted(rule: RuleParameters, readings: Sequence[ReadingTuple]) -> list[Point]:
    first_stored: dict[int, float] = {}
    for at_ms, value, worn in readings:
        if worn:
            first_stored.setdefault(at_ms, value)
    sign = -1 if rule.get("direction", "above") == "below" else 1
    limit = rule["limit"]
    return [
        Point(at_ms, first_stored[at_ms], sign * (first_stored[at_ms] - limit))
        for at_ms in sorted(first_stored)
    ]


def _believed(points: Sequence[Point], max_rate: float | None) -> list[Point]:
    if max_rate is None:
        return list(points)
    believed = list(points[:1])
    for before, point in itertools.pairwise(points):
        doubted_just_before = before is not believed[-1]
        if _near(believed[-1], point, max_rate) or (
            doubted_just_before and _near(before, point, max_rate)
        ):
            believed.append(point)
    return believed


def _near(earlier: Point, later: Point, max_rate: float) -> bool:
    elapsed_s = max(1.0, (later.at_ms - earlier.at_ms) / 1000)
    return abs(later.value - earlier.value) <= max_rate * elapsed_s


def _opening(rule: RuleParameters, points: Sequence[Point], begin: int) -> tuple[int, int] | None:
    """Return the places of the first crossing that lasts, and of the reading that raises it."""
    dwell_ms = rule.get("dwell_s", 0) * 1000
    for crossing in _runs_beyond(rule, points, begin):
        for index in crossing:
            if points[index].at_ms - points[crossing[0]].at_ms >= dwell_ms:
                return crossing[0], index
    return None


def _runs_beyond(rule: RuleParameters, points: Sequence[Point], begin: int) -> Iterator[list[int]]:
    """Return unbroken stretches beyond the limit: no reading inside, no gap."""
    gap_ms = rule["gap_s"] * 1000
    run: list[int] = []
    for index in range(begin, len(points)):
        inside = points[index].excess <= 0
        if run and (inside or points[index].at_ms - points[index - 1].at_ms > gap_ms):
            yield run
            run = []
        if not inside:
            run.append(index)
    if run:
        yield run


def _crossings(rule: RuleParameters, alarms: Sequence[ExpectedAlarm], since_ms: int) -> int:
    if not alarms:
        return 0
    cleared_ms = alarms[-1].cleared_ms
    again = cleared_ms is not None and since_ms - cleared_ms <= rule["recurrence_s"] * 1000
    return alarms[-1].crossings + 1 if again else 0


def _life(rule: RuleParameters, points: Sequence[Point], crossings: int) -> Iterator[Entry]:
    """Return the entries of the alarm that the first of the points opens, to its clearing."""
    changed = points[0]
    floor = _floor(rule, changed.excess, crossings)
    entry = Entry("opened", *changed[:2], _level(rule, changed.excess), floor)
    yield entry
    for point in points[1:]:
        outcome = _outcome(rule, point, set_by=changed, step=entry.step, crossings=crossings)
        if outcome is None:
            continue
        change, step = outcome
        entry = Entry(change, *point[:2], _level(rule, point.excess), step)
        changed = point
        yield entry
        if change == "cleared":
            return


def _outcome(
    rule: RuleParameters, point: Point, *, set_by: Point, step: int, crossings: int
) -> tuple[str, int] | None:
    """Return (change, step) by the first of the document's six rules that fits."""
    ladder = rule["ladder"]["steps"]
    hysteresis = rule.get("hysteresis", 0)
    waited = point.at_ms - set_by.at_ms >= ladder[step]["wait_s"] * 1000
    if point.excess <= 0:
        if point.excess <= -hysteresis:
            return "cleared", step
        return ("quieted", step - 1) if waited and step > 0 else None
    floor = _floor(rule, point.excess, crossings)
    if floor > step:
        return "climbed", floor
    if not waited:
        return None
    if point.excess < set_by.excess and set_by.excess - point.excess >= hysteresis:
        return "eased", max(step - 1, floor)
    return ("climbed", step + 1) if step < len(ladder) - 1 else ("repeated", step)


def _floor(rule: RuleParameters, excess: float, crossings: int) -> int:
    first_step: int = rule["levels"][_level(rule, excess)].get("first_step", 0)
    return min(first_step + crossings, len(rule["ladder"]["steps"]) - 1)


def _level(rule: RuleParameters, excess: float) -> int:
    if excess <= 0:
        return -1
    return max(i for i, level in enumerate(rule["levels"]) if excess >= level.get("offset", 0))
