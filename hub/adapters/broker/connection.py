"""Short MQTT connections for administration and checks, to the broker of the settings."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from hub.adapters.broker.options import TlsFiles
from hub.errors import MisconfiguredError, UnavailableError
from hub.settings import MqttBroker

ANSWER_WITHIN_S = 5.0

# CONNACK of MQTT 5, to which paho translates those of 3.1.1: client id not valid, bad user name or
# password, not authorized, banned.
_REFUSALS = frozenset({133, 134, 135, 138})


def address(settings: MqttBroker) -> tuple[str, int]:
    """Return host and port."""
    url = urlsplit(settings.url)
    return url.hostname or "", url.port or (8883 if url.scheme == "mqtts" else 1883)


def tls_context(settings: MqttBroker) -> ssl.SSLContext | None:
    """Return how to speak TLS to this broker; None for `mqtt://`."""
    if not settings.url.startswith("mqtts:"):
        return None
    return TlsFiles(
        ca_file=settings.ca_file,
        certificate_file=settings.certificate_file,
        key_file=settings.key_file,
    ).context()


@asynccontextmanager
async def connection(
    settings: MqttBroker,
    *,
    client_id: str,
    username: str | None,
    password: str | None,
    protocol: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V5,
) -> AsyncIterator[aiomqtt.Client]:
    """Be connected with a session that ends with it; no user name is anonymous.

    Raises:
        MisconfiguredError: the broker refuses this login.
        UnavailableError: it does not answer, or the connection broke.
    """
    host, port = address(settings)
    client = aiomqtt.Client(
        host,
        port,
        username=username,
        password=password,
        identifier=client_id,
        protocol=protocol,
        tls_context=tls_context(settings),
        timeout=ANSWER_WITHIN_S,
    )
    try:
        async with client:
            yield client
    except aiomqtt.MqttError as error:
        if refused(error):
            message = f"the broker at {settings.url} refuses {username!r} as {client_id!r}: {error}"
            raise MisconfiguredError(message) from error
        message = f"the broker at {settings.url} does not answer: {error}"
        raise UnavailableError(message) from error


def refused(error: aiomqtt.MqttError) -> bool:
    """Return whether the broker answered and said no."""
    return reason(error) in _REFUSALS


def reason(error: aiomqtt.MqttError) -> int | None:
    """Return the broker's reason code; None if it gave none."""
    code = error.rc if isinstance(error, aiomqtt.MqttCodeError) else None
    return code.value if isinstance(code, ReasonCode) else None
