"""What waits unread in a process's sockets, from `/proc`."""

from pathlib import Path


def unread_bytes(pid: int, *, remote_port: int) -> int:
    """Return how many bytes the peer at `remote_port` sent that the process has not read."""
    inodes = _socket_inodes(pid)
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        port = int(fields[2].rpartition(":")[2], 16)
        if port == remote_port and fields[9] in inodes:
            total += int(fields[4].partition(":")[2], 16)
    return total


def _socket_inodes(pid: int) -> set[str]:
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # closed in between
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    return inodes
