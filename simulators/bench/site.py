"""What the measures share: where files go, how much is measured, and what is said meanwhile."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.errors import UnavailableError
from simulators.bench.servers import BrokerAt

STORED_WITHIN_S = 300.0
POLL_S = 0.02
SUBSCRIPTION = "cx/1/main/+/up/+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure."""

    runs: int
    seconds: float
    """Of each sustained run, and what the other sizes are made from."""
    devices: int
    many: int
    """Devices of the measures that ask for many."""
    messages: int
    """Of one backlog."""
    history: int
    """Messages after which the store is called full."""
    crossings: int


FULL = Plan(
    runs=5,
    seconds=10.0,
    devices=100,
    many=10_000,
    messages=60_000,
    history=1_000_000,
    crossings=500,
)
QUICK = Plan(
    runs=2, seconds=3.0, devices=20, many=500, messages=10_000, history=50_000, crossings=100
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    plan: Plan
    say: Callable[[str], None]
    directory: Path

    @contextmanager
    def room(self, name: str) -> Iterator[Path]:
        """Give an empty directory, gone afterwards."""
        room = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.directory))
        # Mosquitto, having become another user, has to reach its own files in it.
        room.chmod(0o755)
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)


def opening(broker: BrokerAt, devices: object, **more: object) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": broker.port, "devices": devices, **more}


def reader(broker: BrokerAt) -> dict[str, object]:
    """Return what a reader in the hub's place has to know."""
    client = broker.user or "hub-main"
    return {
        "host": "127.0.0.1",
        "port": broker.port,
        "client": client,
        "user": broker.user,
        "password": broker.password,
        "topic": SUBSCRIPTION,
    }


def until(is_true: Callable[[], bool], *, what: str, within_s: float = STORED_WITHIN_S) -> float:
    """Return the seconds until it is true."""
    began = time.perf_counter()
    while not is_true():
        if time.perf_counter() - began > within_s:
            message = f"{what}: not within {within_s:g} s"
            raise UnavailableError(message)
        time.sleep(POLL_S)
    return time.perf_counter() - began
