"""Builds and opens the parts that the settings choose."""

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hub.adapters.broker.embedded import EmbeddedBroker
from hub.adapters.broker.mqtt import PahoBroker
from hub.adapters.broker.options import MqttOptions, TlsFiles
from hub.adapters.clock.system import ScaledClock, SystemClock
from hub.adapters.gatekeeper.dynsec_file import RightsDirectory
from hub.adapters.gatekeeper.elsewhere import KeptElsewhere
from hub.adapters.gatekeeper.mosquitto import MosquittoGatekeeper
from hub.adapters.gatekeeper.nats import NatsGatekeeper
from hub.adapters.partner.guard import Guard
from hub.adapters.partner.http import PartnerHttp
from hub.adapters.partner.partners import http_partners
from hub.adapters.records.sql import SqlRecords, shown
from hub.adapters.series.influx import InfluxSeries
from hub.adapters.series.memory import MemorySeries
from hub.adapters.series.sqlite import SqliteSeries
from hub.errors import MisconfiguredError, UnavailableError
from hub.kinds import find_kinds
from hub.model import DeviceKind, Topics
from hub.ports import Broker, Clock, Gatekeeper, Partner, RecordStore, SeriesStore
from hub.settings import (
    EmbeddedBroker as EmbeddedSettings,
)
from hub.settings import (
    InfluxSeries as InfluxSettings,
)
from hub.settings import (
    MemorySeries as MemorySettings,
)
from hub.settings import (
    MqttBroker,
    Settings,
)

logger = logging.getLogger(__name__)

RETRY_S = 2.0


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
    partner: Partner
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
        stack.enter_context(alone_in(directory))
        clock = clock_of(settings)
        records = records_of(settings)
        stack.push_async_callback(records.close)
        await _until_there("record store", records.open)
        await _until_there("record store", records.occupy)
        topics = Topics(root=settings.broker.topic_root, cell=settings.cell)
        broker, gatekeeper, url = await _broker(settings, records, topics, stack)
        series = series_of(settings)
        stack.push_async_callback(series.close)
        partner = partner_of(settings, clock)
        stack.push_async_callback(partner.close)
        yield Parts(
            settings=settings,
            clock=clock,
            kinds=find_kinds(),
            topics=topics,
            records=records,
            series=series,
            broker=broker,
            gatekeeper=gatekeeper,
            partner=partner,
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
    chosen = settings.records
    if chosen.url:
        password = chosen.password.get_secret_value() if chosen.password else None
        return SqlRecords.in_url(chosen.url, password=password, patience_s=chosen.timeout_s)
    return SqlRecords(settings.data_dir / "records.sqlite", patience_s=chosen.timeout_s)


def records_shown(settings: Settings) -> str:
    """Return where the records are, without a password."""
    url = settings.records.url
    return shown(url) if url else str(settings.data_dir / "records.sqlite")


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


def partner_of(settings: Settings, clock: Clock) -> Partner:
    guard = Guard(allowed_networks=settings.partners.allowed_networks)
    http = PartnerHttp(guard, clock=clock, timeout_s=settings.partners.timeout_s)
    return http_partners(http, clock=clock)


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
        session_file=settings.data_dir / "broker-session",
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
        session_file=settings.data_dir / "broker-session",
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
def alone_in(directory: Path) -> Iterator[None]:
    """Hold the data directory: two hubs on one would fight over everything in it."""
    make_data_dir(directory)
    lock = (directory / "hub.lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"another hub works in {directory}; stop it, or set HUB_DATA_DIR"
            raise MisconfiguredError(message) from None
        yield


def make_data_dir(directory: Path) -> None:
    """Make the data directory, which nobody else may look into.

    Raises:
        MisconfiguredError: it cannot be made or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (directory / "hub.lock").touch()
    except OSError as error:
        message = f"the data directory {directory} cannot be used ({error}); set HUB_DATA_DIR"
        raise MisconfiguredError(message) from None


def signing_key(directory: Path) -> bytes:
    """Return the key that signs access tokens; made once, readable by its owner alone."""
    path = directory / "signing.key"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()


def facts(parts: Parts, url: str) -> dict[str, str]:
    """Return what a person needs to know of a running hub."""
    settings = parts.settings
    series = settings.series
    store = series.url if isinstance(series, InfluxSettings) else series.driver
    return {
        "api": url,
        "docs": f"{url}/docs",
        "broker": f"{parts.broker_url} ({settings.broker.driver})",
        "series": store,
        "records": records_shown(settings),
    }
