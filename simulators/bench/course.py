"""One subject under load: how long it takes, what it costs, what it can hold."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from simulators.bench.home import Home
from simulators.bench.kernel import cpu_of
from simulators.bench.lines import Worker
from simulators.bench.servers import (
    PROGRAM,
    BrokerAt,
    Hub,
    InfluxAt,
    guarded_mosquitto,
    hub_in,
    influxd,
    open_mosquitto,
)
from simulators.bench.site import Site, opening, reader, until
from simulators.bench.wire import Login, come_in

HELD_S = 1.0
"""A rate is held if its last message is in the store so soon after it was published."""
TRIES = 8
LOWER, HIGHER = 0.88, 1.1
OFFERED = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """How a number of messages was worked through."""

    rate: float
    cpu_us: float
    """Processor time of the subject alone, a message."""
    main_us: float
    """Of it, what its main thread used."""
    broker_us: float
    influx_us: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One subject, a hub or the script, with its load, its broker and its store."""

    pid: int
    broker: BrokerAt
    influx: InfluxAt
    load: Worker

    def drain(self, messages: int) -> Drained:
        """Let messages wait at the broker, then time the subject until the last one is stored.

        The subject is stopped meanwhile, as a hub on a busy machine is; it keeps its session.
        """
        os.kill(self.pid, signal.SIGSTOP)
        try:
            self.load.ask(count=messages)
            last = self.load.ask(count=1)
            before = self._used()
        finally:
            os.kill(self.pid, signal.SIGCONT)
        seconds = until(
            lambda: self.influx.has(last["device"], last["at_ms"]), what="storing a backlog"
        )
        return self._drained(messages, seconds, before)

    def holds(self, rate: float, *, seconds: float) -> tuple[bool, float]:
        """Return whether a rate leaves no backlog, and the rate that was really offered."""
        count = int(rate * seconds)
        sent = self.load.ask(count=count, rate=rate)
        last = self.load.ask(count=1)
        lag_s = until(
            lambda: self.influx.has(last["device"], last["at_ms"]), what="storing at a rate"
        )
        return lag_s < HELD_S, sent["sent"] / sent["seconds"]

    def highest_held(self, start: float, *, seconds: float) -> float:
        """Return the highest rate that is held; 0 where none was."""
        rate = start
        best = 0.0
        for _ in range(TRIES):
            held, offered = self.holds(rate, seconds=seconds)
            best = max(best, offered if held else 0.0)
            # Offered less than asked: the generator and the broker are at their end, not we.
            at_its_end = held and (offered < rate * OFFERED or rate < start)
            if at_its_end or (not held and best):
                break
            rate *= HIGHER if held else LOWER
        return best

    def _used(self) -> tuple[float, float, float, float]:
        mine = cpu_of(self.pid)
        return (
            mine.total_s,
            mine.main_s,
            cpu_of(self.broker.pid).total_s,
            cpu_of(self.influx.pid).total_s,
        )

    def _drained(
        self, messages: int, seconds: float, before: tuple[float, float, float, float]
    ) -> Drained:
        used = [
            (now - then) * 1e6 / messages for now, then in zip(self._used(), before, strict=True)
        ]
        return Drained(
            rate=messages / seconds,
            cpu_us=used[0],
            main_us=used[1],
            broker_us=used[2],
            influx_us=used[3],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Broker, store, a hub and its household."""

    broker: BrokerAt
    influx: InfluxAt
    hub: Hub
    home: Home


@contextmanager
def stage(
    site: Site, *, is_open: bool = False, program: Sequence[str] = PROGRAM
) -> Iterator[Stage]:
    """Give a running hub on Mosquitto and InfluxDB; `is_open`: without rights at the broker."""
    with site.room("stage") as room:
        brokers = open_mosquitto if is_open else guarded_mosquitto
        with brokers(room / "mosquitto") as broker, influxd(room / "influxd") as influx:
            settings = {**broker.settings, "HUB_SERIES__URL": influx.url}
            with hub_in(room / "hub", settings, program=program) as hub:
                home = Home.settle(hub)
                yield Stage(broker=broker, influx=influx, hub=hub, home=home)


@contextmanager
def hub_course(at: Stage, devices: object, *, connections: int = 0) -> Iterator[Course]:
    """Give the stage's hub under a load of these devices."""
    with Worker("load", opening(at.broker, devices, connections=connections)) as load:
        yield Course(pid=at.hub.pid, broker=at.broker, influx=at.influx, load=load)


@contextmanager
def script_course(at: Stage, devices: object) -> Iterator[Course]:
    """Give the hand-written script in the place of the stage's hub, which has been stopped."""
    forget_session(at.broker)
    settings = {**reader(at.broker), "influx": at.influx.url, "database": at.influx.database}
    with (
        Worker("peer", settings) as peer,
        Worker("load", opening(at.broker, devices)) as load,
    ):
        yield Course(pid=peer.pid, broker=at.broker, influx=at.influx, load=load)


def forget_session(broker: BrokerAt) -> None:
    """Let the broker forget what waits for the hub, so that it costs the next subject nothing."""
    login = Login(client=broker.user or "hub-main", user=broker.user, password=broker.password)
    come_in(("127.0.0.1", broker.port), login).close()
