"""A sandbox's memory beyond its death: one JSON line a step, written before anybody is told."""

from pathlib import Path
from typing import Any

import msgspec


class Given(msgspec.Struct):
    """The answer that a key was given, and to which request."""

    request: str
    """SHA-256 over method, path and body, hexadecimal."""
    status: int
    body: str
    at_ms: int


class Hook(msgspec.Struct):
    """A webhook on its way."""

    id: str
    subject: str
    version: int
    body: str
    tries: int = 0
    done_ms: int | None = None
    status: int | None = None
    """Of the hub's last answer."""


class Line(msgspec.Struct, omit_defaults=True):
    records: dict[str, Any] = {}
    given: dict[str, Given] = {}
    hooks: list[Hook] = []


class Journal:
    """Appends to a file, or to nothing where there is none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = None if path is None else path.open("ab")
        if path is not None and not path.read_bytes().endswith(b"\n"):
            self._end_line()  # so that what was torn spoils nothing behind it

    def lines(self) -> list[Line]:
        """Return every whole line."""
        if self._path is None:
            return []
        found = []
        for text in self._path.read_bytes().split(b"\n")[:-1]:
            try:
                found.append(msgspec.json.decode(text, type=Line))
            except msgspec.DecodeError:
                continue  # torn by a kill
        return found

    def write(self, line: Line) -> None:
        if self._file is None:
            return
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def _end_line(self) -> None:
        if self._file is not None:
            self._file.write(b"\n")
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
