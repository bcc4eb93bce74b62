"""One connection to an MQTT broker, from CONNECT to its loss, on the event loop's own thread.

Each connection has a paho client of its own, so nothing that one of them still holds, neither an
acknowledgement nor a publication, can reach the broker over a later one.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.adapters.broker.event_loop import LoopDriver
from hub.adapters.broker.in_hand import InHand
from hub.adapters.broker.options import MqttOptions
from hub.adapters.broker.outgoing import Outgoing, Publishing
from hub.adapters.broker.paho_client import BulkClient
from hub.errors import HubError, MisconfiguredError, RefusedError, UnavailableError
from hub.ports import Delivery, Publication

T = TypeVar("T")

ANSWER_WITHIN_S = 5.0
"""For the TCP connection, the TLS handshake, CONNACK and SUBACK, each."""
SETTLE_WITHIN_S = 1.0
KEEP_ALIVE_SHARE = 0.7
"""paho finds a dead peer after two of its keep-alives; two of these are 1.4 of ours."""
IN_FLIGHT = 500
"""Publications awaiting their PUBACK; fewer if the broker says so."""
UNSUPPORTED_VERSION = 132
TAKEN_OVER = 142
QUOTA_EXCEEDED = 151
FAILURE = 128
"""This reason and those above."""
REFUSED = frozenset({133, 134, 135, 138, 140, 144})
"""CONNACK reasons that another try does not change: credentials, rights, names."""


class UnsupportedVersionError(HubError):
    """The broker does not speak this version of MQTT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Why a connection ended."""

    reason: str
    code: int
    """MQTT 5 reason code, or paho's nearest."""
    by_broker: bool
    """The broker closed the connection in an orderly way."""


class Connection:
    """What one connection received, has in hand, and waits for."""

    def __init__(
        self,
        options: MqttOptions,
        *,
        number: int,
        protocol: MQTTProtocolVersion,
        arrived: Callable[[], None],
    ) -> None:
        self.number = number
        self.in_hand = InHand(options.window)
        self._options = options
        self._mqtt5 = protocol == MQTTProtocolVersion.MQTTv5
        self._notify = arrived
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[Loss] = self._loop.create_future()
        self._session: asyncio.Future[bool] = self._loop.create_future()
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        self._outgoing = Outgoing(IN_FLIGHT)
        self._keep_alive_s = max(1, int(options.keep_alive_s * KEEP_ALIVE_SHARE))
        self._pong = asyncio.Event()
        self._client = BulkClient(
            options.client_id,
            protocol=protocol,
            arrived=self._on_arrived,
            confirmed=self._on_confirmed,
            answered=self._pong.set,
        )
        self._driver = LoopDriver(self._client)
        self._configure(self._client)

    @property
    def alive(self) -> bool:
        return not self.lost.done()

    async def connect(self) -> bool:
        """Return whether the broker had kept our session.

        Raises:
            UnsupportedVersionError: try an older one.
            MisconfiguredError: the broker refuses us, or is not who it should be.
            UnavailableError: no broker, or no answer.
        """
        connecting = self._loop.run_in_executor(None, self._connect_socket)
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(self._on_connected_too_late)
            raise
        except ssl.SSLCertVerificationError as error:
            raise MisconfiguredError(self._say(f"is not to be trusted: {error}")) from error
        except OSError as error:
            raise UnavailableError(self._say(f"does not answer: {error}")) from error
        self._driver.start(tick_s=min(1.0, self._keep_alive_s / 10))
        return await self._answer(self._session)

    async def subscribe(self) -> None:
        """Subscribe to everything of the options.

        Raises:
            MisconfiguredError: the broker refuses a subscription.
            UnavailableError: no answer.
        """
        topics = self._options.subscriptions
        if self._mqtt5:
            # Retained messages only for subscriptions that the session did not have.
            options = SubscribeOptions(qos=1, retainHandling=1)
            self._client.subscribe([(topic, options) for topic in topics])
        else:
            self._client.subscribe([(topic, 1) for topic in topics])
        await self._answer(self._subscribed)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        if packets := self.in_hand.release(deliveries):
            self._client.acknowledge(packets)
        if self.in_hand.ready:
            self._notify()

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Return when the broker has all.

        Raises:
            UnavailableError: the connection ended first, or the broker has no room.
            RefusedError: the broker says that we may not.
        """
        publishing = Publishing(len(publications))
        waiting = list(publications)
        while waiting:
            room = await self._outgoing.room()
            some, waiting = waiting[:room], waiting[room:]
            packets = self._client.publish_all(some)
            for publication, packet in zip(some, packets, strict=True):
                if publication.qos:
                    self._outgoing.sent(packet, publishing)
                else:
                    publishing.confirm()
        await publishing.done

    async def settle(self) -> None:
        """Return when the broker has read all that we sent, or is not going to.

        Closing a socket in which something is still unread throws away what we sent last.
        """
        if not self.alive:
            return
        self._pong.clear()
        self._client.ping()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_WITHIN_S):
                await self._pong.wait()

    def close(self) -> None:
        """Say goodbye if there is somebody to say it to; the session stays."""
        if self.alive:
            self._client.disconnect()
            self._client.loop_write()
        self._client.drop()
        self._end(Loss(reason="closed", code=0, by_broker=False))

    def _configure(self, client: BulkClient) -> None:
        options = self._options
        client.connect_timeout = ANSWER_WITHIN_S
        client.username_pw_set(options.username, options.password)
        if options.tls is not None:
            client.tls_set_context(options.tls.context())
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe

    def _connect_socket(self) -> None:
        options = self._options
        if not self._mqtt5:
            self._client.connect(options.host, options.port, self._keep_alive_s)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        properties.SessionExpiryInterval = options.session_expiry_s
        properties.ReceiveMaximum = options.window
        # No MaximumPacketSize: Mosquitto 2.0.11 drops what is larger but keeps its place in the
        # window taken, and after a window of such messages sends nothing more.
        self._client.connect(
            options.host, options.port, self._keep_alive_s, clean_start=False, properties=properties
        )

    async def _answer(self, answer: asyncio.Future[T]) -> T:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await answer
        except TimeoutError:
            raise UnavailableError(self._say("does not answer")) from None

    def _end(self, loss: Loss) -> None:
        if self.lost.done():
            return
        self.lost.set_result(loss)
        self._driver.stop()
        error = UnavailableError(self._say(f"is lost: {loss.reason}"))
        _fail(self._session, error)
        _fail(self._subscribed, error)
        self._outgoing.end(error)
        self._pong.set()

    def _say(self, what: str) -> str:
        return f"the broker at {self._options.host}:{self._options.port} {what}"

    def _on_connected_too_late(self, connecting: asyncio.Future[None]) -> None:
        # Asking for the exception keeps asyncio from reporting it.
        connecting.exception()
        self._client.drop()

    def _on_arrived(self, deliveries: list[Delivery]) -> None:
        if self.in_hand.add(deliveries):
            self._notify()

    def _on_connect(
        self,
        _client: Client,
        _data: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.value == UNSUPPORTED_VERSION:
            _fail(self._session, UnsupportedVersionError(self._say("has no MQTT 5")))
        elif reason.value in REFUSED:
            _fail(self._session, MisconfiguredError(self._say(f"refuses us: {reason}")))
        elif reason.is_failure:
            _fail(self._session, UnavailableError(self._say(f"is not ready: {reason}")))
        elif not self._session.done():
            room = getattr(properties, "ReceiveMaximum", IN_FLIGHT)
            self._outgoing.limit = min(IN_FLIGHT, room)
            self._session.set_result(flags.session_present)

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        _packet: int,
        reasons: list[ReasonCode],
        _properties: Properties,
    ) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        if refused:
            topics = ", ".join(self._options.subscriptions)
            message = self._say(f"refuses the subscription to {topics}: {refused[0]}")
            _fail(self._subscribed, MisconfiguredError(message))
        elif not self._subscribed.done():
            self._subscribed.set_result(None)

    def _on_confirmed(self, packet: int, reason: int) -> None:
        error: HubError | None = None
        if reason == QUOTA_EXCEEDED:
            error = UnavailableError(self._say("has no room for a publication"))
        elif reason >= FAILURE:
            error = RefusedError(self._say(f"refuses a publication: reason {reason}"))
        self._outgoing.answered(packet, error)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        by_broker = self._client.closed_by_broker
        self._end(Loss(reason=str(reason), code=reason.value, by_broker=by_broker))


def _fail(answer: asyncio.Future[T], error: HubError) -> None:
    if not answer.done():
        answer.set_exception(error)
        # Nobody may be waiting for it; then nobody asks for the exception.
        answer.exception()
