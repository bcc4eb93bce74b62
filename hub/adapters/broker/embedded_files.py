"""What the embedded broker keeps in the data directory, and the configuration made from it."""

import json
import os
import secrets
import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec
import nkeys  # type: ignore[import-untyped]  # publishes no types

from hub.errors import MisconfiguredError
from hub.settings import EmbeddedBroker

ACCOUNT = "CX"
"""The broker account in which the hub and all devices live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What makes the broker ours: generated once, read by its owner only.

    The gatekeeper proves itself with a key rather than a password, so that a stranger on the
    port learns nothing from being spoken to.
    """

    server_name: str
    password: str = field(repr=False)
    """The hub's own, for MQTT."""
    gate_seed: str = field(repr=False)
    """Key of the gatekeeper's user in the system account."""
    issuer_seed: str = field(repr=False)
    """Key that signs the answers to the broker's questions."""
    port: int
    """MQTT, where the settings leave the choice."""
    websocket_port: int
    gate_port: int
    """The broker's own protocol, on the loopback address only."""


def public_key(seed: str) -> str:
    return str(nkeys.from_seed(bytearray(seed, "ascii")).public_key.decode())


def free_ports(host: str, *, count: int) -> list[int]:
    """Return distinct ports that are free at this moment."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server((host, 0))) for _ in range(count)]
        return [int(server.getsockname()[1]) for server in taken]


class BrokerFiles:
    """`{data_dir}/broker/`: identity, configuration, process id, log and the messages."""

    def __init__(self, data_dir: Path) -> None:
        self.directory = data_dir.resolve() / "broker"
        self.configuration = self.directory / "nats.conf"
        self.log = self.directory / "nats.log"
        self.output = self.directory / "nats.out"
        self._identity = self.directory / "identity.json"
        self._pid = self.directory / "nats.pid"

    def identity(self, *, host: str, cell: str) -> Identity:
        """Return the kept identity; make one the first time.

        Raises:
            MisconfiguredError: the directory or the kept identity cannot be used.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._identity.exists():
                return msgspec.json.decode(self._identity.read_bytes(), type=Identity)
            return self.keep(_new_identity(host=host, cell=cell))
        except (OSError, msgspec.MsgspecError) as error:
            message = f"{self._identity} cannot be used: {error}"
            raise MisconfiguredError(message) from error

    def keep(self, identity: Identity) -> Identity:
        """Write the identity so that a reader finds either the old or the new one, whole."""
        _write_private(self._identity, json.dumps(asdict(identity), indent=1))
        return identity

    def configured_as(self, text: str) -> bool:
        try:
            return self.configuration.read_text(encoding="utf-8") == text
        except FileNotFoundError:
            return False

    def configure(self, text: str) -> None:
        _write_private(self.configuration, text)

    def pid(self) -> int | None:
        """Return the process id that a broker left here, whosever it may be by now."""
        try:
            return int(self._pid.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def last_words(self) -> str:
        """Return the last lines the broker said, for an error message."""
        lines: list[str] = []
        for path in (self.output, self.log):
            if path.exists():
                lines += path.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        return " | ".join(lines) or "it said nothing"

    def render(self, settings: EmbeddedBroker, identity: Identity, *, username: str) -> str:
        """Return the configuration of nats-server."""
        gate_user = public_key(identity.gate_seed)
        return f"""\
server_name: {_quoted(identity.server_name)}
listen: "127.0.0.1:{identity.gate_port}"
pid_file: {_quoted(self._pid)}
log_file: {_quoted(self.log)}
logfile_size_limit: 4MB
logfile_max_num: 3
max_payload: 1MB
jetstream {{
  store_dir: {_quoted(self.directory / "messages")}
  sync_interval: "1s"
}}
mqtt {{
  host: {_quoted(settings.host)}
  port: {settings.port or identity.port}
  ack_wait: "2s"
  max_ack_pending: {settings.window}
}}
{_websocket(settings, identity)}
accounts {{
  {ACCOUNT} {{
    jetstream: enabled
    users: [{{
      user: {_quoted(username)}, password: {_quoted(identity.password)}
      allowed_connection_types: ["MQTT"]
    }}]
  }}
  SYS {{ users: [{{nkey: {gate_user}, allowed_connection_types: ["STANDARD"]}}] }}
}}
system_account: SYS
authorization {{
  timeout: 3
  auth_callout {{
    issuer: {public_key(identity.issuer_seed)}
    account: SYS
    auth_users: [{_quoted(username)}, {gate_user}]
  }}
}}
"""


def _new_identity(*, host: str, cell: str) -> Identity:
    port, websocket_port, gate_port = free_ports(host, count=3)
    return Identity(
        server_name=f"{cell}-{secrets.token_hex(4)}",
        password=secrets.token_urlsafe(32),
        gate_seed=_new_seed(nkeys.PREFIX_BYTE_USER),
        issuer_seed=_new_seed(nkeys.PREFIX_BYTE_ACCOUNT),
        port=port,
        websocket_port=websocket_port,
        gate_port=gate_port,
    )


def _new_seed(prefix: int) -> str:
    return bytes(nkeys.encode_seed(secrets.token_bytes(32), prefix)).decode()


def _websocket(settings: EmbeddedBroker, identity: Identity) -> str:
    if settings.websocket_port is None:
        return ""
    port = settings.websocket_port or identity.websocket_port
    return f"websocket {{ host: {_quoted(settings.host)}, port: {port}, no_tls: true }}"


def _quoted(text: object) -> str:
    return json.dumps(str(text), ensure_ascii=False)


def _write_private(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
