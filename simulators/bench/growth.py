"""What a message costs as messages, devices, rules and history grow; memory and start-up."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.bench.course import Course, Stage, hub_course, stage
from simulators.bench.figures import Curve, Figure, Findings, Plot, Row, Table, readable
from simulators.bench.kernel import resident_mb
from simulators.bench.site import Site

CONNECTIONS = 4
HOMES = 100
FEW, MANY = (10,), (10_000, 1000, 100)
RULES = (10, 100, 1000)
STEPS = 10
COST = "CPU µs a message"
NAMED: Mapping[str, Any] = {"property": "heart_rate", "limit": 200, "hysteresis": 5, "dwell_s": 4}


def growth(site: Site, findings: Findings) -> None:
    """Measure all of it at a broker without rights, where few connections speak for everybody."""
    with stage(site, is_open=True) as at:
        _with_history(site, at, findings)
    with stage(site, is_open=True) as at:
        _with_many(site, at, findings)


def _cost(site: Site, course: Course, name: str) -> Figure:
    # The first message of a device costs more than those after it.
    course.drain(site.plan.messages // 4)
    runs = [course.drain(site.plan.messages).cpu_us for _ in range(site.plan.runs)]
    figure = Figure(name="own CPU", unit="µs/msg", runs=tuple(runs))
    site.say(f"{name}: {figure.spread} µs a message")
    return figure


def _with_history(site: Site, at: Stage, findings: Findings) -> None:
    """Go on until a million messages are stored; a restart shows what that history costs."""
    devices = at.home.claim(site.plan.devices)
    step = site.plan.history // STEPS
    points = []
    empty_s = at.hub.ready_s
    with hub_course(at, devices, connections=CONNECTIONS) as course:
        course.drain(step // 4)
        fresh = course.drain(step)
        points.append((float(step), fresh.cpu_us))
        for number in range(2, STEPS + 1):
            last = course.drain(step)
            points.append((float(step * number), last.cpu_us))
            site.say(f"after {step * number:,} messages: {last.cpu_us:.1f} µs")
    stored = at.influx.count()
    at.hub.stop()
    at.hub.start()
    site.say(f"{stored:,} points stored; ready again in {at.hub.ready_s:.1f} s")
    with hub_course(at, devices, connections=CONNECTIONS) as course:
        again = _cost(site, course, "restarted on that history")
    findings.plots.append(
        Plot(
            name="messages",
            title="Cost a message as messages and history grow",
            x="messages so far",
            y=COST,
            curves=(Curve(name="hub", points=tuple(points)),),
        )
    )
    findings.tables.append(
        Table(
            name="history",
            title=f"History: {readable(stored)} points stored",
            rows=(
                Row(
                    name="the first tenth",
                    figures=(
                        Figure(name="own CPU", unit="µs/msg", runs=(fresh.cpu_us,)),
                        Figure(name="start to ready", unit="s", runs=(empty_s,)),
                    ),
                ),
                Row(
                    name="restarted on all of it",
                    figures=(
                        again,
                        Figure(name="start to ready", unit="s", runs=(at.hub.ready_s,)),
                    ),
                ),
            ),
        )
    )


def _with_many(site: Site, at: Stage, findings: Findings) -> None:
    before_mb = resident_mb(at.hub.pid)
    homes = [at.home.add_household(f"Home {number}") for number in range(HOMES)]
    devices = at.home.claim(site.plan.many, *homes)
    site.say(f"{len(devices):,} devices in {HOMES} homes, each with its kind's own rule")
    speaking = _by_devices(site, at, devices, MANY)
    memory_mb = resident_mb(at.hub.pid)
    at.hub.stop()
    at.hub.start()
    at.home.sign_in()
    known = Row(
        name=f"{len(devices):,} devices known, each with a twin",
        figures=(
            Figure(name="memory, running", unit="MB", runs=(memory_mb,)),
            Figure(name="memory, restarted", unit="MB", runs=(resident_mb(at.hub.pid),)),
            Figure(name="memory, no device", unit="MB", runs=(before_mb,)),
            Figure(name="start to ready", unit="s", runs=(at.hub.ready_s,)),
        ),
    )
    site.say(f"{memory_mb:.0f} MB; ready again in {at.hub.ready_s:.1f} s")
    findings.tables.append(Table(name="many", title="Many devices", rows=(known,)))
    rules = _by_rules(site, at, homes, devices)
    foreign = _by_foreign_rules(site, at, homes[0], devices[::HOMES])
    # So few say so much at once that their clocks run ahead; what they say later would be late.
    speaking = [*_by_devices(site, at, devices, FEW), *speaking]
    findings.tables.append(
        Table(
            name="growth",
            title="Cost a message as devices and rules grow",
            rows=(*speaking, *rules, *foreign),
        )
    )
    findings.plots += [
        _plot("devices", "Cost a message as devices grow", "devices speaking", hub=speaking),
        _plot(
            "rules",
            "Cost a message as rules grow",
            "rules",
            **{"each on a device of its own": rules, "in the same home, not matching": foreign},
        ),
    ]


def _plot(name: str, title: str, x: str, **rows: Sequence[Row]) -> Plot:
    curves = tuple(
        Curve(name=label, points=tuple((_size(row), row.figures[0].median) for row in some))
        for label, some in rows.items()
    )
    return Plot(name=name, title=title, x=x, y=COST, curves=curves, logarithmic=True)


def _size(row: Row) -> float:
    """Return the number with which the row's name begins."""
    return float(row.name.split(" ", 1)[0].replace(",", ""))


def _by_devices(
    site: Site, at: Stage, devices: Sequence[dict[str, str]], sizes: Sequence[int]
) -> list[Row]:
    """Return the cost with so many devices speaking, fewest first; measured in the given order."""
    rows = []
    for count in [size for size in sizes if size <= len(devices)]:
        name = f"{count:,} devices speaking"
        with hub_course(at, devices[:count], connections=CONNECTIONS) as course:
            rows.append(Row(name=name, figures=(_cost(site, course, name),)))
    return rows[::-1]


def _by_rules(
    site: Site, at: Stage, homes: Sequence[str], devices: Sequence[dict[str, str]]
) -> list[Row]:
    rows, made = [], 0
    for count in [size for size in RULES if size <= len(devices)]:
        for number in range(made, count):
            home = homes[number % HOMES]
            at.home.add_rule(household=home, devices=[devices[number]["device"]], **NAMED)
        made = count
        name = f"{count:,} more rules"
        with hub_course(at, devices, connections=CONNECTIONS) as course:
            rows.append(Row(name=name, figures=(_cost(site, course, name),)))
    return rows


def _by_foreign_rules(
    site: Site, at: Stage, home: str, devices: Sequence[dict[str, str]]
) -> list[Row]:
    """Add rules that all name one device, and let the others of its home speak."""
    *others, named = devices
    rows, made = [], 0
    for count in RULES:
        for _ in range(made, count):
            at.home.add_rule(household=home, devices=[named["device"]], **NAMED)
        made = count
        name = f"{count:,} rules in the same home that do not match"
        with hub_course(at, others, connections=CONNECTIONS) as course:
            rows.append(Row(name=name, figures=(_cost(site, course, name),)))
    return rows
