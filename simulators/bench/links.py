"""What a message costs as the links of one home grow: where none matches, and where some do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulators.bench.course import Stage, hub_course, stage
from simulators.bench.figures import Figure, Findings, Row, Table
from simulators.bench.load import PEAK_EACH
from simulators.bench.site import Site

CONNECTIONS = 4
LINKS = (10, 100, 1000)
COST = "own CPU"
RUN = "CPU of a link set off"
SAY: Mapping[str, Any] = {"type": "say", "text": {"en": "Bench"}}
OFTEN: Mapping[str, Any] = {"most": 100, "per_s": 1}
"""The most a link may be set off before it counts as run away and is paused."""
PEAK = 76.6
"""Only one message in `PEAK_EACH` of a device says more: far fewer a second than `OFTEN`."""


def links(site: Site, findings: Findings) -> None:
    with stage(site, is_open=True) as at:
        devices = at.home.claim(site.plan.devices)
        none = _cost(site, at, devices, "no link")
        made: list[str] = []
        quiet = [
            Row(name=name, figures=(_cost(site, at, devices, name),)) for name in _growing(at, made)
        ]
        name = f"{LINKS[-1]:,} links, one more on each device is set off"
        busy = _set_off(site, at, devices, name, quiet[-1].figures[0])
        for link in made:
            at.home.call("POST", f"/links/{link}/off", None)
        # A hub costs more after millions of messages than at first, links or not.
        name = f"the same, {len(made):,} of them off again"
        off = Row(name=name, figures=(_cost(site, at, devices, name),))
    with stage(site, is_open=True) as at:
        devices = at.home.claim(site.plan.devices)
        few = _set_off(site, at, devices, "one link on each device is set off", none)
    rows = (Row(name="no link", figures=(none,)), *quiet, busy, off, few)
    note = f"set off: by one message in {PEAK_EACH}; none was paused"
    title = "Cost a message as the links of one home grow"
    findings.tables.append(Table(name="links", title=title, rows=rows, notes=(note,)))


def _growing(at: Stage, made: list[str]) -> Iterator[str]:
    """Add links on one property of every device, each with a limit of its own."""
    for count in LINKS:
        made += [
            _link(at, {"kind": "watch", "value": 200 + number / 10})
            for number in range(len(made), count)
        ]
        yield f"{count:,} links, none matches"


def _set_off(
    site: Site, at: Stage, devices: Sequence[dict[str, str]], name: str, without: Figure
) -> Row:
    """Measure with one link on each device, and see that none was paused meanwhile."""
    made = [_link(at, {"device": device["device"], "value": PEAK}) for device in devices]
    cost = _cost(site, at, devices, name)
    for link in made:
        _check_running(at, link)
    more = tuple((run - without.median) * PEAK_EACH for run in cost.runs)
    return Row(name=name, figures=(cost, replace(cost, name=RUN, unit="µs", runs=more)))


def _check_running(at: Stage, link: str) -> None:
    """Raise RuntimeError where it was not set off all the time, or never.

    A paused link costs nothing: the figure would be of something else.
    """
    paused = at.home.call("GET", f"/links/{link}", None)["paused"]
    if paused:
        message = f"a link was paused amid the measurement: {paused['en']}"
        raise RuntimeError(message)
    if not at.home.call("GET", f"/links/{link}/runs?limit=1", None)["items"]:
        message = f"the link {link} was never set off"
        raise RuntimeError(message)


def _link(at: Stage, trigger: Mapping[str, Any]) -> str:
    wish = {
        "household": at.home.household,
        "name": "Bench",
        "trigger": {
            "type": "reading",
            "property": "heart_rate",
            "comparison": "above",
            **trigger,
        },
        "actions": [SAY],
        **OFTEN,
    }
    made: str = at.home.call("POST", "/links", wish)["id"]
    return made


def _cost(site: Site, at: Stage, devices: Sequence[dict[str, str]], name: str) -> Figure:
    with hub_course(at, devices, connections=CONNECTIONS) as course:
        # The first message of a device costs more than those after it.
        course.drain(site.plan.messages // 4)
        runs = [course.drain(site.plan.messages).cpu_us for _ in range(site.plan.runs)]
    figure = Figure(name=COST, unit="µs/msg", runs=tuple(runs))
    site.say(f"{name}: {figure.spread} µs a message")
    return figure
