"""Unsafe settings of a broker, as far as they show from outside or in its configuration file.

Two visitors are let in for a moment, try what no device may, and are revoked. They speak on
topics that the hub does not hear, and never under the hub's own client id: that would end its
session.
"""

import asyncio
import queue
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
from paho.mqtt import client as mqtt
from paho.mqtt.client import MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from hub.adapters.broker.connection import (
    ANSWER_WITHIN_S,
    address,
    connection,
    reason,
    tls_context,
)
from hub.adapters.broker.finding import Finding
from hub.adapters.broker.mosquitto_conf import conf_findings, is_loopback, read_conf
from hub.adapters.gatekeeper.tokens import hash_token, new_token
from hub.errors import HubError, MisconfiguredError
from hub.model import Topics
from hub.ports import Credential, Gatekeeper
from hub.settings import MqttBroker

__all__ = ["Finding", "broker_findings"]

HEARD_WITHIN_S = 0.5
UNSUPPORTED_VERSION = 132
FAILURE = 0x80


async def broker_findings(
    settings: MqttBroker,
    *,
    topics: Topics,
    gatekeeper: Gatekeeper | None = None,
    configuration: Path | None = None,
) -> Sequence[Finding]:
    """Return what is unsafe at the broker; with a gatekeeper also what devices may do there.

    `configuration` is a Mosquitto file, whose relative includes start at its own directory.

    Raises:
        UnavailableError: the broker does not answer.
        MisconfiguredError: the configuration file cannot be read.
    """
    findings = [*_wire(settings), *await _strangers(settings), *await _version(settings)]
    if gatekeeper is not None:
        findings += await _devices(settings, topics=topics, gatekeeper=gatekeeper)
    if configuration is not None:
        conf = read_conf(configuration, working_directory=configuration.parent)
        findings += conf_findings(conf, window=settings.window)
    return list(dict.fromkeys(findings))


def _wire(settings: MqttBroker) -> Sequence[Finding]:
    host, _ = address(settings)
    if settings.url.startswith("mqtts:") or is_loopback(host):
        return []
    return [
        Finding(
            what=f"the way to {host} has no TLS",
            why="tokens and heart rates can be read on the way",
            mend="a listener with a certificate, and HUB_BROKER__URL=mqtts://…",
        )
    ]


async def _strangers(settings: MqttBroker) -> Sequence[Finding]:
    try:
        async with connection(
            settings,
            client_id=f"stranger-{secrets.token_hex(4)}",
            username=None,
            password=None,
            protocol=aiomqtt.ProtocolVersion.V311,
        ):
            return [
                Finding(
                    what="anonymous connections are allowed",
                    why="anybody who reaches the port is in",
                    mend="allow_anonymous false",
                )
            ]
    except MisconfiguredError:
        return []


async def _version(settings: MqttBroker) -> Sequence[Finding]:
    try:
        async with connection(
            settings, client_id="hub-check", username="hub-check", password=new_token()
        ):
            return []
    except HubError as error:
        cause = error.__cause__
        if isinstance(cause, aiomqtt.MqttError) and reason(cause) == UNSUPPORTED_VERSION:
            return [
                Finding(
                    what="the broker speaks MQTT 3.1.1 only",
                    why="it tells neither a denied publish nor why it ends a connection",
                    mend="a broker with MQTT 5; until then look into its log",
                )
            ]
        return []


# ---------------------------------------------------------------------------------------- devices


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visitors:
    """Two devices that exist for as long as the check lasts."""

    settings: MqttBroker
    topics: Topics
    one: Credential
    other: Credential

    def connect(
        self, who: Credential, *, client_id: str | None = None
    ) -> AbstractAsyncContextManager[aiomqtt.Client]:
        return connection(
            self.settings,
            client_id=client_id or who.device,
            username=who.device,
            password=who.token,
            protocol=aiomqtt.ProtocolVersion.V311,
        )

    def up(self, who: Credential) -> str:
        """Return a topic that the device may write and that the hub does not hear."""
        return f"{self.topics.base(who.device)}/up/check/probe"


async def _devices(
    settings: MqttBroker, *, topics: Topics, gatekeeper: Gatekeeper
) -> Sequence[Finding]:
    one, other = (_visitor() for _ in range(2))
    visitors = _Visitors(settings=settings, topics=topics, one=one, other=other)
    await gatekeeper.admit([one, other])
    try:
        found = [await probe(visitors) for probe in _PROBES]
    finally:
        for visitor in (one, other):
            await gatekeeper.revoke(visitor.device)
    return [finding for finding in found if finding is not None]


def _visitor() -> Credential:
    return hash_token(new_token(), f"check-{secrets.token_hex(6)}")


async def _hears_everything(visitors: _Visitors) -> Finding | None:
    async with (
        visitors.connect(visitors.one) as spy,
        visitors.connect(visitors.other) as other,
    ):
        granted = await _subscribe(spy, "#")
        await other.publish(visitors.up(visitors.other), b"private", qos=1)
        heard = await _hears(spy, visitors.up(visitors.other))
    if not heard and not granted:
        return None
    return Finding(
        what="a device may subscribe to everything",
        why="it hears every other device" if heard else "it costs the broker a check a message",
        mend="default access denied for subscribe and publishClientReceive",
    )


async def _takes_sessions(visitors: _Visitors) -> Finding | None:
    try:
        async with visitors.connect(visitors.one, client_id=visitors.other.device):
            return Finding(
                what="a device may use another's client id",
                why="it takes the other's session, with all that waits there, the hub's too",
                mend="bind client ids to user names (`clientid` in dynamic security)",
            )
    except MisconfiguredError:
        return None


async def _writes_as_another(visitors: _Visitors) -> Finding | None:
    forged = f"{visitors.topics.base(visitors.other.device)}/down/check/probe"
    async with (
        visitors.connect(visitors.one) as forger,
        visitors.connect(visitors.other) as other,
    ):
        await _subscribe(other, f"{visitors.topics.base(visitors.other.device)}/down/#")
        await forger.publish(forged, b"forged", qos=1)
        if not await _hears(other, forged):
            return None
    return Finding(
        what="a device may write another's topics",
        why="it can make another's wrist vibrate, or write another's heart rate",
        mend="default access denied for publishClientSend",
    )


async def _reads_its_own(visitors: _Visitors) -> Finding | None:
    async with visitors.connect(visitors.one) as device:
        if await _subscribe(device, f"{visitors.topics.base(visitors.one.device)}/down/#"):
            return None
    return Finding(
        what="a device may not subscribe to its own topics",
        why="no alert reaches it",
        mend="write the access file for this topic root and cell, and restart the broker",
    )


async def _writes_its_own(visitors: _Visitors) -> Finding | None:
    topic = visitors.up(visitors.one)
    code = await asyncio.to_thread(_puback, visitors.settings, visitors.one, topic=topic)
    if code is None or code < FAILURE:
        return None
    return Finding(
        what="a device may not write its own topics",
        why="nothing it says reaches the hub, and it is not told",
        mend="write the access file for this topic root and cell, and restart the broker",
    )


_PROBES: Sequence[Callable[[_Visitors], Awaitable[Finding | None]]] = (
    _hears_everything,
    _takes_sessions,
    _writes_as_another,
    _reads_its_own,
    _writes_its_own,
)


def _puback(settings: MqttBroker, who: Credential, *, topic: str) -> int | None:
    """Return the reason code of a PUBACK, which `aiomqtt` keeps to itself; None without MQTT 5."""
    codes: queue.SimpleQueue[int] = queue.SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, who.device, protocol=MQTTv5)
    client.username_pw_set(who.device, who.token)
    context = tls_context(settings)
    if context is not None:
        client.tls_set_context(context)
    client.on_publish = lambda _, __, ___, code, ____: codes.put(code.value)
    try:
        client.connect(*address(settings))
        # paho keeps it until the broker has let the client in.
        client.publish(topic, b"mine", qos=1)
        client.loop_start()
        return codes.get(timeout=ANSWER_WITHIN_S)
    except (OSError, queue.Empty):
        return None
    finally:
        client.disconnect()
        client.loop_stop()


async def _subscribe(client: aiomqtt.Client, topic: str) -> bool:
    (code,) = await client.subscribe(topic, qos=1)
    return not (code.is_failure if isinstance(code, ReasonCode) else code >= FAILURE)


async def _hears(client: aiomqtt.Client, topic: str) -> bool:
    try:
        async with asyncio.timeout(HEARD_WITHIN_S):
            async for message in client.messages:
                if str(message.topic) == topic:
                    return True
    except TimeoutError:
        return False
    return False
