"""What the gatekeeper suite needs of a broker with its gatekeeper, whichever they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from hub.adapters.gatekeeper.sessions import connect_packet
from hub.adapters.gatekeeper.tokens import hash_token, new_token
from hub.model import Topics
from hub.ports import Credential, Gatekeeper

WAIT_S = 5.0


@dataclass(kw_only=True)
class Registry:
    """Stands where the record store will: which devices there are."""

    credentials: dict[str, Credential] = field(default_factory=dict)

    async def credential(self, device: str) -> Credential | None:
        return self.credentials.get(device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    username: str | None
    password: str | None
    client_id: str

    @classmethod
    def of(cls, device: str, token: str) -> "Login":
        return cls(username=device, password=token, client_id=device)

    def under(self, client_id: str) -> "Login":
        return replace(self, client_id=client_id)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A running broker, the gatekeeper before it, and the hub's own way in."""

    gatekeeper: Gatekeeper
    registry: Registry
    port: int
    hub: Login
    topics: Topics

    async def admit(self, device: str) -> Login:
        """Do as a claim does: the registry first, the gatekeeper after."""
        token = new_token()
        credential = hash_token(token, device)
        self.registry.credentials[device] = replace(credential, token=None)
        await self.gatekeeper.admit([credential])
        return Login.of(device, token)

    async def revoke(self, device: str) -> None:
        self.registry.credentials.pop(device, None)
        await self.gatekeeper.revoke(device)

    def client(
        self, login: Login, *, keep_session: bool = False, will: aiomqtt.Will | None = None
    ) -> aiomqtt.Client:
        return aiomqtt.Client(
            "127.0.0.1",
            self.port,
            username=login.username,
            password=login.password,
            identifier=login.client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=not keep_session,
            will=will,
            timeout=WAIT_S,
        )

    async def lets_in(self, login: Login) -> bool:
        """Return whether the broker accepts the connection."""
        try:
            async with self.client(login):
                return True
        except MqttConnectError:
            return False

    @asynccontextmanager
    async def hub_listens(self) -> AsyncIterator[aiomqtt.Client]:
        """Be the hub: connected and subscribed to every device's every word."""
        async with self.client(self.hub) as client:
            await client.subscribe(self.topics.subscription, qos=1)
            yield client


async def knock(port: int, login: Login) -> bool:
    """Return whether a bare CONNECT is accepted; refused and hung up on are the same."""
    assert login.username is not None
    assert login.password is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    packet = connect_packet(login.client_id, username=login.username, password=login.password)
    writer.write(packet)
    answer = await reader.read(4)
    writer.close()
    await writer.wait_closed()
    return answer == b"\x20\x02\x00\x00"


async def next_message(client: aiomqtt.Client) -> tuple[str, bytes]:
    """Return topic and payload of the next message."""
    async with asyncio.timeout(WAIT_S):
        message = await anext(aiter(client.messages))
    return str(message.topic), bytes(message.payload)


async def until_cut(client: aiomqtt.Client) -> None:
    """Return when the broker has ended the connection; fail if it does not in time."""
    async with asyncio.timeout(WAIT_S):
        try:
            async for _ in client.messages:
                pass
        except aiomqtt.MqttError:
            return
