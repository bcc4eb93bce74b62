"""Orders to a process and its answers: one JSON line each way."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from hub.errors import UnavailableError

_PARENT = os.getppid()


class Worker:
    """A program of this package as a process; it lives until the end of the `with`."""

    def __init__(self, module: str, opening: dict[str, Any]) -> None:
        self._module = module
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", f"simulators.bench.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            self.opened = self.ask(**opening)
        except BaseException:
            self._process.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, **order: Any) -> None:  # noqa: ANN401 - JSON
        """Give an order; `answer` must be called before the next one."""
        if self._process.stdin is None:
            raise AssertionError
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the last order.

        Raises:
            UnavailableError: the process ended; it has said why on stderr.
        """
        if self._process.stdout is None:
            raise AssertionError
        line = self._process.stdout.readline()
        if not line:
            message = f"the bench's {self._module} ended with {self._process.wait()}"
            raise UnavailableError(message)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        self.tell(**order)
        return self.answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def orders() -> Iterator[dict[str, Any]]:
    """Read what is ordered on standard input, in the process of a `Worker`."""
    for line in sys.stdin:
        yield json.loads(line)


def orphaned() -> bool:
    """Whether the bench that gives the orders is gone: then nobody else ends an endless one."""
    return os.getppid() != _PARENT


def reply(**answer: Any) -> None:  # noqa: ANN401 - JSON
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
