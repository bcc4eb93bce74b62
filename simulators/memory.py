"""A device's memory on disk: what no receipt has named survives the end of the process."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import msgspec

from simulators.appliance import Appliance
from simulators.messages import Note

REWRITE_AFTER = 5000
"""Lines written before the file is made short again."""


class Memory:
    """One file of JSON lines for one device.

    A line is handed to the operating system before `write` returns, so it survives a killed
    process; a device without power loses at most the last moment, as real ones do.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._appliance: Appliance | None = None
        self._file: TextIO | None = None
        self._lines = 0

    def attach(self, appliance: Appliance) -> Self:
        """Bring the device back to where the file ends; from `__enter__` on, note what it does."""
        self._appliance = appliance
        if self._path.exists():
            appliance.restore(self._notes())
        return self

    def write(self, note: Note) -> None:
        if self._file is None:
            return
        self._file.write(msgspec.json.encode(note).decode() + "\n")
        self._file.flush()
        self._lines += 1
        if self._lines >= REWRITE_AFTER:
            self._rewrite()

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._rewrite()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._rewrite()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _notes(self) -> list[Note]:
        lines = self._path.read_bytes().split(b"\n")
        # What follows the last line end is a line that was being written when the process died.
        return [msgspec.json.decode(line, type=Note) for line in lines[:-1]]

    def _rewrite(self) -> None:
        if self._appliance is None:
            return
        if self._file is not None:
            self._file.close()
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            for note in self._appliance.snapshot():
                file.write(msgspec.json.encode(note) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._file = self._path.open("a", encoding="utf-8")
        self._lines = 0
