"""Ports for the servers of tests, of which no two that run at the same time are given the same.

What the system calls free is free at this moment only: before a server has it, or while a test
keeps it down, the system gives the same port to somebody else.
"""

import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle, islice

FIRST, LAST = 10_000, 32_000
"""Below the ports that Linux itself gives away."""
EACH = 100
"""How many a process goes through before it comes back to its first."""


def _own_ports() -> Sequence[int]:
    """Return the ports of this process: two that were started together have different ones."""
    first = FIRST + os.getpid() * EACH % (LAST - FIRST)
    return range(first, first + EACH)


_next = cycle(_own_ports())


def free_port() -> int:
    for port in islice(_next, EACH):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    message = f"taken: {_own_ports()}"
    raise AssertionError(message)
