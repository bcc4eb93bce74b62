"""Where the time goes: by part of the way, by function, and on the disk."""

import json
import os
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from simulators.bench.course import Drained, Stage, hub_course, stage
from simulators.bench.figures import Figure, Row, Table, percentile
from simulators.bench.site import Site, until

RATE = 1000
TOP = 10
BLOCK = 64 * 1024
SYNCS = 200
IDLE = "waiting and asyncio"
PARTS: Sequence[tuple[str, Callable[[str], bool]]] = (
    ("series: lines and requests", lambda name: name == "SeriesWriter.run"),
    ("reading: socket and packets", lambda name: name == "BulkClient.loop_read"),
    ("decode and check", lambda name: name == "decode"),
    ("flow: admission, rules, alerts", lambda name: name == "Draft.run"),
    ("acknowledging", lambda name: name == "PahoBroker.acknowledge"),
    ("rows for the commit", lambda name: name == "as_rows"),
    ("receipts and commands", lambda name: name.startswith(("Postman.", "CommandSender."))),
    ("the worker around them", lambda name: name.startswith("Loop._")),
)
"""The first that occurs in a stack, innermost first, has the time."""

Stack = tuple[Sequence[tuple[str, str, int]], int]


def hot_path(site: Site) -> Sequence[Table]:
    with site.room("looks") as room:
        file = room / "looks.json"
        program = ("-m", "simulators.bench.sampled", str(file))
        with stage(site, program=program) as at:
            drained = _look(site, at, file)
            stacks: list[Stack] = json.loads(file.read_text())
        syncs = _syncs(room)
    with stage(site) as at:
        commits = _commits(site, at)
    return [_shares(stacks, drained), _functions(stacks), _disk(syncs, commits)]


def _look(site: Site, at: Stage, file: Path) -> Sequence[Drained]:
    devices = at.home.claim(site.plan.devices)
    with hub_course(at, devices) as course:
        course.drain(site.plan.messages)
        at.hub.signal(signal.SIGUSR1)
        drained = [course.drain(site.plan.messages) for _ in range(site.plan.runs)]
        at.hub.signal(signal.SIGUSR2)
        until(file.exists, what="writing what was looked at")
    return drained


def _shares(stacks: Sequence[Stack], drained: Sequence[Drained]) -> Table:
    found = shares(stacks)
    total = sum(found.values())
    main_us = statistics.median(one.main_us for one in drained)
    other_us = statistics.median(one.cpu_us - one.main_us for one in drained)
    rows = [
        Row(
            name=name,
            figures=(
                Figure(name="of the event loop", unit="%", runs=(count / total * 100,)),
                Figure(name="CPU", unit="µs/msg", runs=(count / total * main_us,)),
            ),
        )
        for name, count in found.most_common()
    ]
    beside = Row(
        name="other threads: encode, SQLite, sync",
        figures=(Figure(name="CPU", unit="µs/msg", runs=(other_us,)),),
    )
    return Table(
        name="parts",
        title="Where a message's time goes, working through a backlog",
        rows=(*rows, beside),
        notes=(f"{total:,} looks at the event loop's stack, one a tick of processor time",),
    )


def shares(stacks: Sequence[Stack]) -> Counter[str]:
    """Return how many looks found each part of the way."""
    found: Counter[str] = Counter()
    for stack, count in stacks:
        found[_part([name for _, name, _ in stack])] += count
    return found


def _part(names: Sequence[str]) -> str:
    inside = set(names)
    for part, belongs in PARTS:
        if any(belongs(name) for name in inside):
            return part
    return IDLE


def _functions(stacks: Sequence[Stack]) -> Table:
    total = sum(count for _, count in stacks)
    rows = [
        Row(
            name=f"{name} ({place})",
            figures=(
                Figure(name="itself", unit="%", runs=(own / total * 100,)),
                Figure(name="with what it calls", unit="%", runs=(whole / total * 100,)),
            ),
        )
        for (place, name), own, whole in functions(stacks)[:TOP]
    ]
    return Table(
        name="functions",
        title="Top ten functions by their own time on the event loop",
        rows=tuple(rows),
        notes=("C functions count as the Python function that calls them",),
    )


def functions(stacks: Sequence[Stack]) -> Sequence[tuple[tuple[str, str], int, int]]:
    """Return ((file, function), looks at itself, looks with what it calls), most first."""
    own: Counter[tuple[str, str]] = Counter()
    whole: Counter[tuple[str, str]] = Counter()
    for stack, count in stacks:
        places = [(Path(file).name, name) for file, name, _ in stack]
        own[places[-1]] += count
        for place in set(places):
            whole[place] += count
    return [(place, count, whole[place]) for place, count in own.most_common()]


def _syncs(directory: Path) -> Sequence[float]:
    """Return how many ms this disk takes to sync 64 kB, again and again."""
    times = []
    with (directory / "sync").open("wb") as file:
        for _ in range(SYNCS):
            file.write(os.urandom(BLOCK))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return times


def _commits(site: Site, at: Stage) -> Sequence[float]:
    """Return ms a group from its first message to its acknowledgement, a mean a run."""
    means = []
    with hub_course(at, at.home.claim(site.plan.devices)) as course:
        for _ in range(site.plan.runs):
            before = _groups(at)
            course.load.ask(count=int(RATE * site.plan.seconds), rate=RATE)
            after = _groups(at)
            means.append((after[0] - before[0]) / max(1.0, after[1] - before[1]) * 1000)
    return means


def _groups(at: Stage) -> tuple[float, float]:
    return at.hub.figure("hub_group_seconds_sum"), at.hub.figure("hub_group_seconds_count")


def _disk(syncs: Sequence[float], commits: Sequence[float]) -> Table:
    disk = Row(
        name="this disk syncs 64 kB",
        figures=(
            Figure(name="p50", unit="ms", runs=(percentile(syncs, 0.5),)),
            Figure(name="p99", unit="ms", runs=(percentile(syncs, 0.99),)),
        ),
    )
    group = Row(
        name=f"a group at {RATE:,}/s, received to acknowledged",
        figures=(Figure(name="mean", unit="ms", runs=tuple(commits)),),
    )
    return Table(name="commit", title="Commit with sync", rows=(disk, group))
