"""What the MQTT adapter has to be told."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import MisconfiguredError


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files; without `ca_file` the system's authorities count."""

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return a context that verifies the broker.

        Raises:
            MisconfiguredError: a file cannot be read or is not what it should be.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file is not None:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except OSError as error:
            message = f"the broker's TLS files {self} cannot be used: {error}"
            raise MisconfiguredError(message) from error
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOptions:
    """Which broker, as whom, and what to hear there."""

    host: str
    port: int
    client_id: str
    subscriptions: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: TlsFiles | None = None
    window: int = 2000
    """Messages handed out and not acknowledged, at most."""
    keep_alive_s: int = 30
    """A connection that is half open is found within 1.5 of these."""
    session_expiry_s: int = 7 * 86400
    open_timeout_s: float = 10.0
    publish_timeout_s: float = 10.0
    session_file: Path | None = None
    """Remembers over restarts what the session is subscribed to; without it the first connection
    of a process subscribes again, and an MQTT 3.1.1 broker then replays retained messages."""
