"""Messages a second: the hub, the hand-written script beside it, and the broker's ceiling."""

import functools
from collections.abc import Callable, Iterator, Sequence

from simulators.bench.course import (
    Course,
    Drained,
    forget_session,
    hub_course,
    script_course,
    stage,
)
from simulators.bench.figures import Figure, Row, Table
from simulators.bench.home import Home
from simulators.bench.kernel import cpu_of
from simulators.bench.lines import Worker
from simulators.bench.servers import BrokerAt, Hub, hub_in
from simulators.bench.site import Site, opening, reader, until

STORED = "hub_samples_stored_total"
WARM_UP = 2000
FIRST_TRY = 0.8
"""Of the rate of the backlog: a held rate has to share the machine with its generator."""
EMBEDDED_SHARE = 0.1
"""Of the messages: the embedded broker takes some thousand a second."""
NOTES = (
    "backlog: the messages wait at the broker, the time runs until the last is in the store",
    "held: the highest rate, generated on this machine too, whose last message is stored in 1 s",
    "CPU: user and system time of the subject's process alone, while it works through a backlog",
    "The hub syncs every message to disk before it acknowledges; the script syncs nothing.",
    "The ceiling is read by a process of ours that cuts packets in bulk, counts and acknowledges.",
)


def throughput(site: Site) -> Table:
    return Table(
        name="throughput",
        title="JSON telemetry of about 180 bytes, QoS 1, from MQTT to the store",
        rows=tuple(_rows(site)),
        notes=NOTES,
    )


def _rows(site: Site) -> Iterator[Row]:
    with stage(site) as at:
        devices = at.home.claim(site.plan.devices)
        with hub_course(at, devices) as course:
            yield _subject(site, "hub, Mosquitto + InfluxDB", course)
        at.hub.stop()
        with script_course(at, devices) as course:
            yield _subject(site, "hand-written script, the same", course)
        forget_session(at.broker)
        yield _generator(site, at.broker, devices)
        yield _ceiling(site, at.broker, devices)
    yield _embedded(site)


def _subject(site: Site, name: str, course: Course) -> Row:
    before = course.influx.count()
    course.load.ask(count=WARM_UP)
    drained: list[Drained] = []
    held: list[float] = []
    start = 0.0
    for number in range(site.plan.runs):
        drained.append(course.drain(site.plan.messages))
        site.say(f"{name}: backlog {number + 1}: {drained[-1].rate:,.0f}/s")
        rate = course.highest_held(start or drained[-1].rate * FIRST_TRY, seconds=site.plan.seconds)
        held.append(rate)
        start = rate
        site.say(f"{name}: held {number + 1}: {rate:,.0f}/s")
    published = course.load.ask(count=0)["total"]
    missing = before + published - course.influx.count()
    note = f"{missing:,} of {published:,} messages are not in the store" if missing else ""
    return Row(
        name=name,
        figures=(
            Figure(
                name="backlog", unit="msg/s", runs=tuple(one.rate for one in drained), note=note
            ),
            Figure(name="held", unit="msg/s", runs=tuple(held)),
            *costs(drained),
        ),
    )


def costs(drained: Sequence[Drained]) -> tuple[Figure, ...]:
    parts: dict[str, Callable[[Drained], float]] = {
        "own CPU": lambda one: one.cpu_us,
        "of it, main thread": lambda one: one.main_us,
        "broker CPU": lambda one: one.broker_us,
        "InfluxDB CPU": lambda one: one.influx_us,
    }
    return tuple(
        Figure(name=name, unit="µs/msg", runs=tuple(part(one) for one in drained))
        for name, part in parts.items()
    )


def _generator(site: Site, broker: BrokerAt, devices: object) -> Row:
    """Measure how fast the generator is when nobody listens."""
    rates, cpu = [], []
    with Worker("load", opening(broker, devices)) as load:
        for _ in range(site.plan.runs):
            sent = load.ask(count=site.plan.messages)
            rates.append(sent["sent"] / sent["seconds"])
            cpu.append(sent["cpu_s"] * 1e6 / sent["sent"])
    site.say(f"load generator: {max(rates):,.0f}/s")
    return Row(
        name="load generator, nobody listening",
        figures=(
            Figure(name="backlog", unit="msg/s", runs=tuple(rates)),
            Figure(name="own CPU", unit="µs/msg", runs=tuple(cpu)),
        ),
    )


def _ceiling(site: Site, broker: BrokerAt, devices: object) -> Row:
    """Measure what the broker hands over, from a backlog and while it is published."""
    waiting, live, cpu, broker_cpu = [], [], [], []
    messages = site.plan.messages
    with (
        Worker("counter", reader(broker)) as counter,
        Worker("load", opening(broker, devices)) as load,
    ):
        for _ in range(site.plan.runs):
            load.ask(count=messages)
            before = cpu_of(broker.pid).total_s
            seen = counter.ask(count=messages)
            broker_cpu.append((cpu_of(broker.pid).total_s - before) * 1e6 / messages)
            waiting.append(seen["seen"] / seen["seconds"])
            cpu.append(seen["cpu_s"] * 1e6 / messages)
            counter.tell(count=messages)
            load.ask(count=messages)
            seen = counter.answer()
            live.append(seen["seen"] / seen["seconds"])
    site.say(f"broker's ceiling: {max(waiting):,.0f}/s waiting, {max(live):,.0f}/s live")
    return Row(
        name="broker's ceiling, a reader that only counts",
        figures=(
            Figure(name="backlog", unit="msg/s", runs=tuple(waiting)),
            Figure(name="held", unit="msg/s", runs=tuple(live)),
            Figure(name="own CPU", unit="µs/msg", runs=tuple(cpu)),
            Figure(name="broker CPU", unit="µs/msg", runs=tuple(broker_cpu)),
        ),
    )


def _embedded(site: Site) -> Row:
    """Measure the hub as it comes, without any server: nats-server of its own and SQLite."""
    messages = int(site.plan.messages * EMBEDDED_SHARE)
    rates, cpu = [], []
    with site.room("embedded") as room, hub_in(room / "hub", {"HUB_BROKER__PORT": "0"}) as hub:
        devices = Home.settle(hub).claim(site.plan.devices)
        port = int(hub.broker_url.rpartition(":")[2])
        with Worker(
            "load", opening(BrokerAt(port=port, pid=hub.pid, settings={}), devices)
        ) as load:
            for _ in range(site.plan.runs):
                before = cpu_of(hub.pid).total_s
                wanted = hub.figure(STORED) + messages
                load.tell(count=messages)
                seconds = until(functools.partial(_stored, hub, wanted), what="storing in SQLite")
                load.answer()
                rates.append(messages / seconds)
                cpu.append((cpu_of(hub.pid).total_s - before) * 1e6 / messages)
    site.say(f"embedded: {max(rates):,.0f}/s")
    return Row(
        name="hub, embedded broker + SQLite",
        figures=(
            Figure(name="held", unit="msg/s", runs=tuple(rates)),
            Figure(name="own CPU", unit="µs/msg", runs=tuple(cpu)),
        ),
    )


def _stored(hub: Hub, wanted: float) -> bool:
    return hub.figure(STORED) >= wanted
