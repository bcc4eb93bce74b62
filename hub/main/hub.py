"""The composition root: settings in, parts built, tasks started."""

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from prometheus_client import CollectorRegistry

from hub.adapters.broker.embedded import EmbeddedBroker
from hub.adapters.broker.mqtt import PahoBroker
from hub.adapters.broker.options import MqttOptions, TlsFiles
from hub.adapters.clock.system import ScaledClock, SystemClock
from hub.adapters.figures.prometheus import PrometheusFigures
from hub.adapters.gatekeeper.dynsec_file import RightsDirectory
from hub.adapters.gatekeeper.elsewhere import KeptElsewhere
from hub.adapters.gatekeeper.mosquitto import MosquittoGatekeeper
from hub.adapters.gatekeeper.nats import NatsGatekeeper
from hub.adapters.gatekeeper.tokens import hash_token, new_token
from hub.adapters.records.sql import SqlRecords
from hub.adapters.series.influx import InfluxSeries
from hub.adapters.series.memory import MemorySeries
from hub.adapters.series.sqlite import SqliteSeries
from hub.api.app import create_app
from hub.api.parts import ApiParts
from hub.errors import MisconfiguredError, UnavailableError
from hub.kinds import find_kinds, payload_schema
from hub.model import DeviceKind, Topics
from hub.ports import Broker, Clock, Gatekeeper, RecordStore, SeriesStore
from hub.runtime.amender import Amender
from hub.runtime.command_sender import CommandSender
from hub.runtime.health import Health
from hub.runtime.postman import Postman
from hub.runtime.series_writer import SeriesWriter
from hub.runtime.timers import Timers
from hub.runtime.worker import Worker
from hub.settings import (
    EmbeddedBroker as EmbeddedSettings,
)
from hub.settings import (
    Http,
    MqttBroker,
    Settings,
)
from hub.settings import (
    InfluxSeries as InfluxSettings,
)
from hub.settings import (
    MemorySeries as MemorySettings,
)

logger = logging.getLogger(__name__)

RETRY_S = 2.0
STOP_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One hub, put together and open."""

    settings: Settings
    clock: Clock
    kinds: Mapping[str, DeviceKind]
    topics: Topics
    records: RecordStore
    series: SeriesStore
    broker: Broker
    gatekeeper: Gatekeeper
    broker_url: str
    signing_key: bytes


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """Build and open every part; close them in the opposite order at the end.

    Raises:
        MisconfiguredError: the installation has to be mended first.
        UnavailableError: the records or the broker do not answer.
    """
    async with AsyncExitStack() as stack:
        directory = settings.data_dir
        stack.enter_context(_alone_in(directory))
        clock = clock_of(settings)
        records = records_of(settings)
        await records.open()
        stack.push_async_callback(records.close)
        topics = Topics(root=settings.broker.topic_root, cell=settings.cell)
        broker, gatekeeper, url = await _broker(settings, records, topics, stack)
        series = series_of(settings)
        stack.push_async_callback(series.close)
        yield Parts(
            settings=settings,
            clock=clock,
            kinds=find_kinds(),
            topics=topics,
            records=records,
            series=series,
            broker=broker,
            gatekeeper=gatekeeper,
            broker_url=url,
            signing_key=signing_key(directory),
        )


def clock_of(settings: Settings) -> Clock:
    if settings.clock.rate == 1:
        return SystemClock()
    anchor_ms = settings.clock.anchor_ms
    start_ms = SystemClock().now_ms() if anchor_ms is None else anchor_ms
    return ScaledClock(rate=settings.clock.rate, anchor_ms=start_ms)


def records_of(settings: Settings) -> SqlRecords:
    if settings.records.url:
        return SqlRecords.in_url(settings.records.url)
    return SqlRecords(settings.data_dir / "records.sqlite")


def series_of(settings: Settings) -> SeriesStore:
    match settings.series:
        case InfluxSettings() as influx:
            token = influx.token.get_secret_value() if influx.token else None
            return InfluxSeries(
                influx.url,
                token=token,
                org=influx.org,
                bucket=influx.bucket,
                retention_days=influx.retention_days,
                timeout_s=influx.timeout_s,
            )
        case MemorySettings():
            return MemorySeries()
        case sqlite:
            return SqliteSeries(
                settings.data_dir / "series.sqlite", retention_days=sqlite.retention_days
            )


async def _broker(
    settings: Settings, records: RecordStore, topics: Topics, stack: AsyncExitStack
) -> tuple[Broker, Gatekeeper, str]:
    chosen = settings.broker
    if isinstance(chosen, EmbeddedSettings):
        child = EmbeddedBroker(chosen, data_dir=settings.data_dir, cell=settings.cell)
        await child.start()
        stack.push_async_callback(child.stop)
        gatekeeper: Gatekeeper = NatsGatekeeper(child, records, topics)
        options = _embedded_options(child, settings, topics)
        url = child.url
    else:
        gatekeeper = mosquitto_gate(chosen, topics)
        options = _options(chosen, settings, topics)
        url = chosen.url
    broker = PahoBroker(options)
    await _until_there("broker", broker.open)
    stack.push_async_callback(broker.close)
    await _until_there("gatekeeper", gatekeeper.open)
    stack.push_async_callback(gatekeeper.close)
    await gatekeeper.sync(await records.credentials())
    return broker, gatekeeper, url


def _embedded_options(child: EmbeddedBroker, settings: Settings, topics: Topics) -> MqttOptions:
    return MqttOptions(
        host=child.host,
        port=child.port,
        client_id=child.client_id,
        subscriptions=(topics.subscription,),
        username=child.username,
        password=child.password,
        window=settings.broker.window,
        session_file=settings.data_dir / "broker-session.json",
    )


def mosquitto_gate(chosen: MqttBroker, topics: Topics) -> Gatekeeper:
    if chosen.gatekeeper == "none":
        return KeptElsewhere()
    rights: RightsDirectory | None = None
    if chosen.rights_dir and chosen.password and chosen.gatekeeper_password:
        rights = RightsDirectory(
            directory=chosen.rights_dir,
            topics=topics,
            admin_password=chosen.gatekeeper_password.get_secret_value(),
            hub_password=chosen.password.get_secret_value(),
        )
    return MosquittoGatekeeper(chosen, topics=topics, rights=rights)


def _options(chosen: MqttBroker, settings: Settings, topics: Topics) -> MqttOptions:
    parts = urlsplit(chosen.url)
    secure = parts.scheme == "mqtts"
    tls = TlsFiles(
        ca_file=chosen.ca_file,
        certificate_file=chosen.certificate_file,
        key_file=chosen.key_file,
    )
    return MqttOptions(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or (8883 if secure else 1883),
        client_id=f"hub-{settings.cell}",
        subscriptions=(topics.subscription,),
        username=chosen.username,
        password=chosen.password.get_secret_value() if chosen.password else None,
        tls=tls if secure else None,
        window=chosen.window,
        keep_alive_s=chosen.keep_alive_s,
        session_expiry_s=chosen.session_expiry_s,
        session_file=settings.data_dir / "broker-session.json",
    )


async def _until_there(part: str, opening: Callable[[], object]) -> None:
    """Open a part, however long it is away; said once."""
    said = False
    while True:
        try:
            await opening()  # type: ignore[misc]
        except UnavailableError as error:
            if not said:
                logger.warning("Waiting for the %s: %s", part, error)
                said = True
            await asyncio.sleep(RETRY_S)
        else:
            return


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Hold the data directory: two hubs on one would fight over everything in it."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (directory / "hub.lock").open("a+")
    except OSError as error:
        message = f"data_dir {directory} cannot be used: {error}"
        raise MisconfiguredError(message) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"another hub works in {directory}; stop it, or set HUB_DATA_DIR"
            raise MisconfiguredError(message) from None
        yield


def signing_key(directory: Path) -> bytes:
    """Return the key that signs access tokens; made once, readable by its owner alone."""
    path = directory / "signing.key"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()


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
    async with opened(settings) as parts:
        await _run(parts, stop, started)


async def _run(parts: Parts, stop: asyncio.Event, started: Callable[[Parts, str], None]) -> None:
    settings, clock, records = parts.settings, parts.clock, parts.records
    registry, health = CollectorRegistry(), Health()
    figures = PrometheusFigures(registry)
    worker = Worker(
        broker=parts.broker,
        records=records,
        clock=clock,
        kinds=parts.kinds,
        topics=parts.topics,
        touch_gap_ms=int(settings.alerts.touch_gap_s * 1000),
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
    timers = Timers(worker=worker, records=records, clock=clock)
    amender = Amender(
        worker=worker, writer=writer, records=records, series=parts.series, clock=clock
    )
    for listener in (writer, sender, postman, timers, amender):
        worker.listen(listener.committed)
    await worker.load()
    await writer.load()
    await amender.load()
    sender.load()
    app = create_app(
        ApiParts(
            settings=settings.http,
            records=records,
            series=parts.series,
            gatekeeper=parts.gatekeeper,
            kinds=parts.kinds,
            worker=worker,
            clock=clock,
            topics=parts.topics,
            broker_url=parts.broker_url,
            signing_key=parts.signing_key,
            new_token=new_token,
            hash_token=hash_token,
            payload_schema=payload_schema,
            metrics=registry,
        )
    )
    listening = _listen(settings.http)
    url = f"http://{settings.http.host}:{listening.getsockname()[1]}"
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False),
        ready=lambda: started(parts, url),
    )
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(part.run(), name=type(part).__name__)
            for part in (worker, writer, sender, postman, timers, amender)
        ]
        group.create_task(worker.send_rules_down(), name="rules down")
        tasks.append(group.create_task(_watch(parts.broker, health), name="broker health"))
        serving = group.create_task(server.serve(sockets=[listening]), name="http")
        stopping = group.create_task(stop.wait(), name="stop")
        await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        for task in tasks:
            task.cancel()


async def _watch(broker: Broker, health: Health) -> None:
    while True:
        if broker.connected:
            health.good("broker")
        else:
            health.bad("broker", "not connected")
        await asyncio.sleep(0.5)
