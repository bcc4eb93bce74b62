"""Reads a Mosquitto configuration file and says what in it costs data or safety."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.broker.finding import Finding
from hub.errors import MisconfiguredError

PAYLOAD_LIMIT = 128 * 1024
QUEUE = 100_000
FEW_IN_FLIGHT = 20
"""Mosquitto's own default."""
_DEFAULT_INTERVAL_S = 1800

Line = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    port: str
    host: str
    encrypted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MosquittoConf:
    lines: tuple[Line, ...]
    """(option, value), those of included files in their place."""

    def value(self, option: str, default: str = "") -> str:
        """Return the last value, as Mosquitto takes it."""
        return next((value for name, value in reversed(self.lines) if name == option), default)

    def number(self, option: str, default: int) -> int:
        text = self.value(option)
        return int(text) if re.fullmatch(r"-?\d+", text) else default

    def on(self, option: str) -> bool:
        return self.value(option) in {"true", "1"}

    def listeners(self) -> Sequence[Listener]:
        """Return where it listens; options after a listener are the listener's."""
        found: list[Listener] = []
        for name, value in self.lines:
            if name == "listener":
                port, _, host = value.partition(" ")
                found.append(Listener(port=port, host=host.strip(), encrypted=False))
            elif name in {"certfile", "psk_hint"} and found:
                last = found.pop()
                found.append(Listener(port=last.port, host=last.host, encrypted=True))
        return found


def read_conf(path: Path, *, working_directory: Path | None = None) -> MosquittoConf:
    """Return the file with what it includes; relative includes start at the working directory.

    Raises:
        MisconfiguredError: it cannot be read.
    """
    try:
        return MosquittoConf(lines=tuple(_lines(path, working_directory or Path.cwd())))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise MisconfiguredError(message) from error


def conf_findings(conf: MosquittoConf, *, window: int) -> Sequence[Finding]:
    """Return what is unsafe, for a hub that takes `window` messages unacknowledged."""
    return [*_who(conf), *_survival(conf, window), *_limits(conf), *_wire(conf)]


def _lines(path: Path, working_directory: Path) -> Iterator[Line]:
    for raw in path.read_text(encoding="utf-8").splitlines():
        name, _, value = raw.strip().partition(" ")
        if name == "include_dir":
            for file in sorted((working_directory / value.strip()).glob("*.conf")):
                yield from _lines(file, working_directory)
        elif name and not name.startswith("#"):
            yield name, value.strip()


def _who(conf: MosquittoConf) -> Iterator[Finding]:
    if conf.on("allow_anonymous"):
        yield Finding(
            what="anonymous connections are allowed",
            why="anybody who reaches the port is in",
            mend="allow_anonymous false",
        )
    if "dynamic_security" in conf.value("plugin") and not conf.value("acl_file"):
        yield Finding(
            what="there is no access file beside dynamic security",
            why="devices can connect and may neither write nor read their topics",
            mend="acl_file rights/access.acl, written by the hub's set-up",
        )
    if conf.on("per_listener_settings"):
        yield Finding(
            what="settings are per listener",
            why="a listener without its own plugin line lets in whom the others refuse",
            mend="per_listener_settings false",
        )


def _survival(conf: MosquittoConf, window: int) -> Iterator[Finding]:
    if not conf.on("persistence"):
        yield Finding(
            what="the broker keeps nothing on disk",
            why="when it restarts, sessions, queued and retained messages are gone",
            mend="persistence true",
        )
    elif conf.number("autosave_interval", _DEFAULT_INTERVAL_S) not in range(1, 11):
        yield Finding(
            what="the broker saves seldom",
            why="a broker killed forgets what it acknowledged since: by default half an hour",
            mend="autosave_interval 1",
        )
    queue = conf.number("max_queued_messages", 1000)
    if queue == 0:
        yield Finding(
            what="the queue of a session has no limit",
            why="memory has one; and Mosquitto 2.0 ends sessions at a denied publish",
            mend="max_queued_messages 1000000",
        )
    elif queue < QUEUE:
        yield Finding(
            what=f"a session that is away keeps {queue} messages",
            why="what comes after them while the hub restarts is dropped without a word",
            mend="max_queued_messages 1000000",
        )
    in_flight = conf.number("max_inflight_messages", FEW_IN_FLIGHT)
    if 0 < in_flight < window:
        yield Finding(
            what=f"{in_flight} messages are on the way at once, the hub takes {window}",
            why="the hub waits for the broker; what piles up behind is dropped in the end",
            mend=f"max_inflight_messages {window}",
        )


def _limits(conf: MosquittoConf) -> Iterator[Finding]:
    packet = conf.number("max_packet_size", 0)
    if packet == 0:
        yield Finding(
            what="a packet may be of any size",
            why="one device can fill the broker's memory",
            mend="max_packet_size 135168",
        )
    elif packet <= PAYLOAD_LIMIT:
        yield Finding(
            what=f"packets end at {packet} bytes",
            why="a payload of the allowed 128 KiB ends its device's connection, again and again",
            mend="max_packet_size 135168",
        )
    if conf.value("message_size_limit", "0") != "0":
        yield Finding(
            what="there is a limit on messages besides the one on packets",
            why="what is larger is read, acknowledged and dropped; the device believes it kept",
            mend="remove message_size_limit; max_packet_size 135168 refuses aloud",
        )
    if not conf.value("persistent_client_expiration"):
        yield Finding(
            what="sessions never expire",
            why="what waits for devices that never return stays on disk, personal data among it",
            mend="persistent_client_expiration 7d",
        )


def _wire(conf: MosquittoConf) -> Iterator[Finding]:
    for listener in conf.listeners():
        if not listener.encrypted and not is_loopback(listener.host):
            yield Finding(
                what=f"port {listener.port} listens beyond this machine without TLS",
                why="tokens and heart rates can be read on the way",
                mend="certfile and keyfile at this listener, or bind it to 127.0.0.1",
            )


def is_loopback(host: str) -> bool:
    """Return whether this name or address surely stays on this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
