"""The embedded broker with its gatekeeper, for the gatekeeper suite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.adapters.broker.embedded import EmbeddedBroker
from hub.adapters.gatekeeper.nats import NatsGatekeeper
from hub.model import Topics
from hub.settings import EmbeddedBroker as EmbeddedBrokerSettings
from tests.contracts.gatekeepers import Gate, Login, Registry


@asynccontextmanager
async def nats_gate(
    data_dir: Path, settings: EmbeddedBrokerSettings | None = None
) -> AsyncIterator[Gate]:
    """Run the embedded broker in `data_dir` with its gatekeeper open."""
    settings = settings or EmbeddedBrokerSettings(port=0)
    broker = EmbeddedBroker(settings, data_dir=data_dir, cell="main")
    await broker.start()
    try:
        async with gate_before(broker) as gate:
            yield gate
    finally:
        await broker.stop()


@asynccontextmanager
async def gate_before(broker: EmbeddedBroker) -> AsyncIterator[Gate]:
    """Open a gatekeeper before a broker that runs already."""
    registry = Registry()
    topics = Topics()
    gatekeeper = NatsGatekeeper(broker, registry, topics)
    await gatekeeper.open()
    hub = Login(username=broker.username, password=broker.password, client_id=broker.client_id)
    try:
        yield Gate(
            gatekeeper=gatekeeper, registry=registry, port=broker.port, hub=hub, topics=topics
        )
    finally:
        await gatekeeper.close()
