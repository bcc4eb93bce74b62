"""Starts the tasks of a hub over its open parts, and ends them."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from hub.adapters.conditions.cel import Expressions
from hub.adapters.figures.prometheus import PrometheusFigures
from hub.adapters.gatekeeper.tokens import hash_token, new_token
from hub.api.app import create_app
from hub.api.parts import ApiParts
from hub.errors import MisconfiguredError
from hub.kinds import payload_schema
from hub.main.parts import Parts, opened
from hub.ports import Broker
from hub.runtime.amender import Amender
from hub.runtime.command_sender import CommandSender
from hub.runtime.health import Health
from hub.runtime.housekeeper import Housekeeper
from hub.runtime.order_reasons import OrderReasons
from hub.runtime.postman import Postman
from hub.runtime.series_writer import SeriesWriter
from hub.runtime.service_caller import ServiceCaller
from hub.runtime.timers import Timers
from hub.runtime.worker import Worker
from hub.settings import Http, Settings

WATCH_S = 0.5
DRAIN_S = 3
"""How long requests on their way are waited for."""


SWITCH_S = 0.0001
"""How long the thread that commits waits for the interpreter while the event loop is busy. Each
step of SQLite waits anew: with Python's 5 ms a commit took longer than the disk did."""
COLLECT_AFTER = 20_000
"""New objects between two looks for garbage in cycles, of which the hot path makes none."""


class _Server(uvicorn.Server):
    """Leaves signals to the hub, which has more to end than HTTP, and says when it answers."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _listen(http: Http) -> socket.socket:
    try:
        return socket.create_server((http.host, http.port), backlog=2048)
    except OSError as error:
        message = (
            f"port {http.port} at {http.host} cannot be had ({error.strerror}); set HUB_HTTP__PORT"
        )
        raise MisconfiguredError(message) from None


async def serve(settings: Settings, *, started: Callable[[Parts, str], None]) -> None:
    """Run a hub until SIGTERM or SIGINT; `started` is told where the API answers."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        parts = await _unless(stop, stack.enter_async_context(opened(settings)))
        if parts is not None:
            await run_until(stop, parts, started)


async def _unless(stop: asyncio.Event, opening: Coroutine[Any, Any, Parts]) -> Parts | None:
    """Return what was opened; None where we were told to end while still waiting for a part."""
    async with asyncio.TaskGroup() as group:
        work = group.create_task(opening)
        stopping = group.create_task(stop.wait())
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        work.cancel()
    return None if work.cancelled() else work.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """Everything that runs as a task."""

    worker: Worker
    writer: SeriesWriter
    sender: CommandSender
    postman: Postman
    timers: Timers
    amender: Amender
    caller: ServiceCaller
    reasons: OrderReasons
    housekeeper: Housekeeper

    async def load(self) -> None:
        """Take up what an earlier hub left, and be told of every commit from now on."""
        await self.worker.load()
        await self.writer.load()
        await self.amender.load()
        await self.caller.load()
        await self.reasons.load()
        self.sender.load()
        self.postman.load()
        self.worker.listen(self.caller.committed)
        self.worker.listen(self.reasons.committed)
        for part in (self.writer, self.sender, self.postman, self.timers, self.amender):
            self.worker.listen(part.committed)


def works(parts: Parts, *, figures: PrometheusFigures, health: Health) -> Works:
    """Put the moving parts together."""
    settings, clock, records = parts.settings, parts.clock, parts.records
    worker = Worker(
        broker=parts.broker,
        records=records,
        clock=clock,
        kinds=parts.kinds,
        topics=parts.topics,
        touch_gap_ms=int(settings.alerts.touch_gap_s * 1000),
        evaluate=Expressions().holds,
        figures=figures,
        health=health,
    )
    writer = SeriesWriter(
        records=records,
        series=parts.series,
        clock=clock,
        health=health,
        figures=figures,
        high_water=settings.spool.high_water,
        hold=worker.hold,
        resume=worker.resume,
    )
    sender = CommandSender(
        worker=worker,
        broker=parts.broker,
        clock=clock,
        topics=parts.topics,
        figures=figures,
        reply_timeout_ms=int(settings.alerts.reply_timeout_s * 1000),
    )
    postman = Postman(
        worker=worker,
        broker=parts.broker,
        clock=clock,
        topics=parts.topics,
        interval_s=settings.broker.receipt_interval_s,
    )
    return Works(
        worker=worker,
        writer=writer,
        sender=sender,
        postman=postman,
        timers=Timers(worker=worker, records=records, clock=clock),
        amender=Amender(
            worker=worker, writer=writer, records=records, series=parts.series, clock=clock
        ),
        caller=ServiceCaller(worker=worker, records=records, partner=parts.partner, clock=clock),
        reasons=OrderReasons(worker=worker, records=records, clock=clock),
        housekeeper=Housekeeper(
            records=records,
            clock=clock,
            dead_letter_days=settings.retention.dead_letter_days,
            history_days=settings.retention.history_days,
        ),
    )


def api(parts: Parts, moving: Works, metrics: CollectorRegistry) -> FastAPI:
    worker = moving.worker
    return create_app(
        ApiParts(
            settings=parts.settings.http,
            records=parts.records,
            series=parts.series,
            gatekeeper=parts.gatekeeper,
            kinds=worker.memory.kinds,
            worker=worker,
            clock=parts.clock,
            topics=parts.topics,
            broker_url=parts.broker_url,
            signing_key=parts.signing_key,
            new_token=new_token,
            hash_token=hash_token,
            payload_schema=payload_schema,
            metrics=metrics,
            partner=parts.partner,
            breakers=lambda: moving.caller.breakers,
            expressions=Expressions(),
        )
    )


async def run_until(
    stop: asyncio.Event, parts: Parts, started: Callable[[Parts, str], None]
) -> None:
    """Run over open parts until `stop` is set."""
    registry, health = CollectorRegistry(), Health()
    for part in ("broker", "records", "series"):
        health.bad(part, "starting")
    moving = works(parts, figures=PrometheusFigures(registry), health=health)
    await moving.load()
    _prepare_interpreter()
    http = parts.settings.http
    listening = _listen(http)
    url = f"http://{http.host}:{listening.getsockname()[1]}"
    server = _Server(
        uvicorn.Config(
            api(parts, moving, registry),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=DRAIN_S,
        ),
        ready=lambda: started(parts, url),
    )
    async with asyncio.TaskGroup() as group:
        runs = (
            moving.worker.run(),
            moving.writer.run(),
            moving.sender.run(),
            moving.postman.run(),
            moving.timers.run(),
            moving.amender.run(),
            moving.caller.run(),
            moving.reasons.run(),
            moving.housekeeper.run(),
            moving.worker.send_rules_down(),
            _watch(parts.broker, health),
        )
        tasks = [group.create_task(run) for run in runs]
        serving = group.create_task(server.serve(sockets=[listening]))
        stopping = group.create_task(stop.wait())
        await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
        # First the people, whose wishes need the worker; it may end at any instant.
        server.should_exit = True
        await asyncio.wait((serving,), timeout=2 * DRAIN_S)
        for task in (*tasks, stopping):
            task.cancel()


def _prepare_interpreter() -> None:
    """Let the collector pass over what was loaded, and threads take turns quickly."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)
    sys.setswitchinterval(SWITCH_S)


async def _watch(broker: Broker, health: Health) -> None:
    """Keep the broker's health; it reconnects by itself."""
    while True:
        if broker.connected:
            health.good("broker")
        else:
            health.bad("broker", "not connected")
        await asyncio.sleep(WATCH_S)
