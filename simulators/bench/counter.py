"""The broker's ceiling: a reader that cuts, counts and acknowledges in bulk, and does nothing else.

Runs as a process (`lines.Worker("counter", …)`).
"""

import socket
import time

from simulators.bench.lines import orders, reply
from simulators.bench.wire import Cutter, Login, acknowledge_quickly, come_in, puback

SILENCE_S = 5.0
CHUNK = 64 * 1024


def count(sock: socket.socket, wanted: int) -> dict[str, object]:
    """Return when so many messages have come, or nothing more comes."""
    cutter, seen = Cutter(), 0
    cpu, began = time.process_time(), time.perf_counter()
    ended = began
    sock.settimeout(SILENCE_S)
    while seen < wanted:
        try:
            data = sock.recv(CHUNK)
        except TimeoutError:
            break
        acknowledge_quickly(sock)
        numbers = [one.number for one in cutter.cut(data) if one.number]
        sock.sendall(b"".join([puback(number) for number in numbers]))
        seen += len(numbers)
        ended = time.perf_counter()
    return {"seen": seen, "seconds": ended - began, "cpu_s": time.process_time() - cpu}


def main() -> None:
    ordered = orders()
    opening = next(ordered)
    address = (opening["host"], opening["port"])
    login = Login(
        client=opening["client"],
        user=opening["user"],
        password=opening["password"],
        clean=False,
    )
    # Once so that there is a session for the messages to wait in.
    come_in(address, login, topic=opening["topic"]).close()
    reply()
    for order in ordered:
        sock = come_in(address, login)
        reply(**count(sock, order["count"]))
        sock.close()


if __name__ == "__main__":
    main()
