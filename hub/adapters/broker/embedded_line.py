"""A connection to nats-server in its own protocol, in the account that commands it."""

import logging
from collections.abc import Awaitable, Callable

import nats.errors
from nats.aio.client import Client

from hub.errors import UnavailableError

_logger = logging.getLogger(__name__)


async def command_line(
    url: str, *, seed: str, on_closed: Callable[[], Awaitable[None]] | None = None
) -> Client:
    """Return a connection that does not reconnect: a refusal would end that for ever.

    Raises:
        UnavailableError: nobody answers, or nobody who knows the key of `seed`.
    """
    client = Client()
    try:
        await client.connect(
            url,
            nkeys_seed_str=seed,
            name="hub",
            connect_timeout=2,
            ping_interval=10,
            allow_reconnect=False,
            # Or it would try sixty times, two seconds apart, before it says that nobody answers.
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=_note,
            closed_cb=on_closed,
        )
    except (OSError, TimeoutError, nats.errors.Error) as error:
        await client.close()
        message = f"the embedded broker does not answer: {error!r}"
        raise UnavailableError(message) from error
    return client


async def _note(error: Exception) -> None:
    _logger.debug("on the line to the embedded broker: %r", error)
