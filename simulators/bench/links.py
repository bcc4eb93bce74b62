"""What a message costs as the links of one home grow: where none matches, and where some do."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.bench.course import Stage, hub_course, stage
from simulators.bench.figures import Figure, Findings, Row, Table
from simulators.bench.site import Site

CONNECTIONS = 4
LINKS = (10, 100, 1000)
SET_OFF = 10
"""Links that the load sets off, at each seventh message of the device they are on."""
COST = "own CPU"
SAY: Mapping[str, Any] = {"type": "say", "text": {"en": "Bench"}}
OFTEN: Mapping[str, Any] = {"most": 100, "per_s": 1}
"""The most a link may be set off before it counts as run away."""


def links(site: Site, findings: Findings) -> None:
    with stage(site, is_open=True) as at:
        devices = at.home.claim(site.plan.devices)
        none = Row(name="no link", figures=(_cost(site, at, devices, "no link"),))
        quiet = _growing(site, at, devices, "none matches")
        for number in range(SET_OFF):
            device = devices[number]["device"]
            trigger = {"device": device, "comparison": "above", "value": 75.6}
            _link(at, trigger)
        name = f"{LINKS[-1]:,} links, {SET_OFF} more are set off"
        busy = Row(name=name, figures=(_cost(site, at, devices, name),))
    with stage(site, is_open=True) as at:
        devices = at.home.claim(site.plan.devices)
        for number in range(SET_OFF):
            trigger = {"device": devices[number]["device"], "comparison": "above", "value": 75.6}
            _link(at, trigger)
        name = f"{SET_OFF} links, all are set off"
        few = Row(name=name, figures=(_cost(site, at, devices, name),))
    rows = (none, *quiet, few, busy)
    findings.tables.append(
        Table(name="links", title="Cost a message as the links of one home grow", rows=rows)
    )


def _growing(site: Site, at: Stage, devices: Sequence[dict[str, str]], what: str) -> list[Row]:
    """Add links on one property of every device, each with a limit of its own."""
    rows, made = [], 0
    for count in LINKS:
        for number in range(made, count):
            _link(at, {"kind": "watch", "comparison": "above", "value": 200 + number / 10})
        made = count
        name = f"{count:,} links, {what}"
        rows.append(Row(name=name, figures=(_cost(site, at, devices, name),)))
    return rows


def _link(at: Stage, trigger: Mapping[str, Any]) -> None:
    wish = {
        "household": at.home.household,
        "name": "Bench",
        "trigger": {"type": "reading", "property": "heart_rate", **trigger},
        "actions": [SAY],
        **OFTEN,
    }
    at.home.call("POST", "/links", wish)


def _cost(site: Site, at: Stage, devices: Sequence[dict[str, str]], name: str) -> Figure:
    with hub_course(at, devices, connections=CONNECTIONS) as course:
        # The first message of a device costs more than those after it.
        course.drain(site.plan.messages // 4)
        runs = [course.drain(site.plan.messages).cpu_us for _ in range(site.plan.runs)]
    figure = Figure(name=COST, unit="µs/msg", runs=tuple(runs))
    site.say(f"{name}: {figure.spread} µs a message")
    return figure
