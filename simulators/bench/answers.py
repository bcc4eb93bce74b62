"""From a reading over the limit to the command at the wrist, while others talk."""

import os
import signal
from collections.abc import Iterator

from simulators.bench.course import Course, hub_course, script_course, stage
from simulators.bench.figures import Figure, Row, Table, percentile
from simulators.bench.home import LIMIT
from simulators.bench.lines import Worker
from simulators.bench.site import Site, opening

RATES = (1000, 10_000)
WRISTS = 20
ENDLESS_S = 3600
NOTES = (
    "from publish() of a reading over the limit to the arrival of `down/command` at the wrist",
    "The rule has no dwell and no hysteresis, so that each crossing is a new alarm.",
    "The hub syncs the reading and the command to disk before the command leaves.",
)


def answers(site: Site) -> Table:
    return Table(
        name="answers",
        title="Publish to wrist command",
        rows=tuple(_rows(site)),
        notes=NOTES,
    )


def _rows(site: Site) -> Iterator[Row]:
    with stage(site) as at:
        at.home.add_rule(kind="watch", **LIMIT)
        devices = at.home.claim(site.plan.devices + WRISTS)
        wrists, others = devices[:WRISTS], devices[WRISTS:]
        with hub_course(at, others) as course:
            yield from _subject(site, "hub", course, wrists)
        at.hub.stop()
        with script_course(at, others) as course:
            yield from _subject(site, "hand-written script", course, wrists)


def _subject(site: Site, name: str, course: Course, wrists: object) -> Iterator[Row]:
    with Worker("wrist", opening(course.broker, wrists)) as worn:
        for rate in RATES:
            p50, p99, offered, lost = [], [], [], 0
            for number in range(site.plan.runs):
                course.load.tell(count=rate * ENDLESS_S, rate=rate)
                crossed = worn.ask(count=site.plan.crossings)
                os.kill(course.load.pid, signal.SIGUSR1)
                sent = course.load.answer()
                p50.append(percentile(crossed["ms"], 0.5))
                p99.append(percentile(crossed["ms"], 0.99))
                offered.append(sent["sent"] / sent["seconds"])
                lost += crossed["lost"]
                site.say(f"{name} at {rate:,}/s, run {number + 1}: {p50[-1]:.1f}, {p99[-1]:.1f} ms")
            unanswered = f"{lost} crossings unanswered within 10 s" if lost else ""
            yield Row(
                name=f"{name} at {rate:,}/s",
                figures=(
                    Figure(name="p50", unit="ms", runs=tuple(p50), note=unanswered),
                    Figure(name="p99", unit="ms", runs=tuple(p99), note=unanswered),
                    Figure(name="load", unit="msg/s", runs=tuple(offered)),
                ),
            )
