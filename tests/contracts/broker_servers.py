"""Real MQTT brokers for tests, as child processes on free ports with their files in a folder."""

import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from tests.contracts.free_ports import free_port

PATIENCE_S = 10.0


class BrokerServer(ABC):
    """One broker; the same port and files after a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Write the configuration and return the command line."""

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self.command(), stdout=output, stderr=output
            )
        self._wait_until_listening()

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_S)
            self._process = None

    def _wait_until_listening(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        message = f"no broker at {self.port}: {(self.folder / 'log').read_text()}"
        raise AssertionError(message)


class Mosquitto(BrokerServer):
    """Keeps sessions on disk; `extra` are more lines of configuration."""

    def __init__(self, folder: Path, *, extra: str = "") -> None:
        super().__init__(folder)
        self._extra = extra

    def add_tls(self, *, certificate: Path, key: Path) -> int:
        """Return the port of a second listener that speaks TLS."""
        port = free_port()
        self._extra += f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"
        return port

    def command(self) -> list[str]:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        assert program, "mosquitto is not installed"
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(
            f"listener {self.port} 127.0.0.1\n"
            "allow_anonymous true\n"
            "persistence true\n"
            f"persistence_location {self.folder}/\n"
            "autosave_interval 1\n"
            "max_queued_messages 1000000\n"
            # Run by root it would become another user, who cannot write here.
            "user root\n" + self._extra
        )
        return [program, "-c", str(configuration)]


class NatsServer(BrokerServer):
    """`nats-server` with its MQTT listener, redelivering after one second."""

    def __init__(self, folder: Path, *, window: int = 500) -> None:
        super().__init__(folder)
        self._window = window

    def command(self) -> list[str]:
        program = shutil.which("nats-server")
        assert program, "nats-server is not installed"
        configuration = self.folder / "nats.conf"
        configuration.write_text(
            f"""
            server_name: test
            listen: "127.0.0.1:-1"
            jetstream {{ store_dir: "{self.folder}/jetstream", sync_interval: 1s }}
            mqtt {{
              listen: "127.0.0.1:{self.port}"
              ack_wait: "1s"
              max_ack_pending: {self._window}
            }}
            """
        )
        return [program, "-c", str(configuration)]
