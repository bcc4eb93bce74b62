"""Mosquitto for the gatekeeper suite, started by the configuration that is shipped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.adapters.gatekeeper.dynsec_file import hub_user
from hub.adapters.gatekeeper.mosquitto import MosquittoGatekeeper
from hub.model import Topics
from tests.contracts.gatekeepers import Gate, Login, Registry
from tests.contracts.mosquitto_process import mosquitto, rights_in, settings_for


@asynccontextmanager
async def mosquitto_gate(directory: Path) -> AsyncIterator[Gate]:
    """Run Mosquitto with its gatekeeper in an empty directory."""
    topics = Topics()
    rights = rights_in(directory, topics=topics)
    with mosquitto(directory) as broker:
        await broker.start()
        gatekeeper = MosquittoGatekeeper(settings_for(broker.port), topics=topics, rights=rights)
        await gatekeeper.open()
        yield Gate(
            gatekeeper=gatekeeper,
            registry=Registry(),
            port=broker.port,
            hub=Login.of(hub_user(topics), rights.hub_password),
            topics=topics,
        )
        await gatekeeper.close()
