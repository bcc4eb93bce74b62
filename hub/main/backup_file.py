"""The file of a backup: gzipped lines of JSON, a header first and the digest of all of it last."""

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from hub.adapters.records.copying import PlainRow, Shape
from hub.errors import InvalidInputError, UnavailableError

FORMAT: Final = "connected-experience-hub backup"
VERSION: Final = 1
_LEVEL: Final = 6


class Header(msgspec.Struct, frozen=True, kw_only=True):
    format: str = FORMAT
    version: int = VERSION
    made_at: str
    shape: Shape
    files: Mapping[str, bytes]
    """What the hub needs besides the records, by its place in the data directory."""


class _Digest(msgspec.Struct, frozen=True):
    sha256: str


_header: Final = msgspec.json.Decoder(Header)
_row: Final = msgspec.json.Decoder(tuple[str, list[str | int | float | bool | None]])
_digest: Final = msgspec.json.Decoder(_Digest)


class BackupWriter:
    """Writes beside the file's place and moves there when all is on the disk, or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.part")
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        self._beside.unlink(missing_ok=True)
        try:
            descriptor = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            message = f"{self._path} cannot be written: {error.strerror}"
            raise InvalidInputError(message) from error
        self._file = os.fdopen(descriptor, "wb")
        self._zip = gzip.GzipFile(fileobj=self._file, mode="wb", filename="", compresslevel=_LEVEL)
        return self

    def put(self, line: object) -> None:
        """Add a header or a row.

        Raises:
            UnavailableError: the disk is full.
        """
        encoded = msgspec.json.encode(line) + b"\n"
        self._hash.update(encoded)
        self._write(encoded)

    def _write(self, encoded: bytes) -> None:
        try:
            self._zip.write(encoded)
        except OSError as error:
            message = f"{self._path} cannot be written: {error.strerror}"
            raise UnavailableError(message) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._file.close()
            self._beside.unlink(missing_ok=True)

    def _finish(self) -> None:
        self._write(msgspec.json.encode(_Digest(self._hash.hexdigest())) + b"\n")
        try:
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._beside.replace(self._path)
            _sync(self._path.parent)
        except OSError as error:
            message = f"{self._path} cannot be written: {error.strerror}"
            raise UnavailableError(message) from error


class BackupFile:
    """Reads what was proved whole; nothing of a damaged file is ever handed out."""

    def __init__(self, path: Path) -> None:
        """Read the file to its end.

        Raises:
            InvalidInputError: it is damaged, cut short, or no backup of a hub.
        """
        self._path = path
        with self._said():
            self.header = self._proved()

    def rows(self) -> Iterator[PlainRow]:
        with self._said(), gzip.open(self._path) as lines:
            next(lines, b"")
            for _ in range(sum(self.header.shape.rows.values())):
                yield _row.decode(next(lines, b""))

    def _proved(self) -> Header:
        digest = hashlib.sha256()
        with gzip.open(self._path) as lines:
            first = next(lines, b"")
            header = _header.decode(first)
            if (header.format, header.version) != (FORMAT, VERSION):
                message = f"it is {header.format!r} version {header.version}"
                raise ValueError(message)
            digest.update(first)
            for _ in range(sum(header.shape.rows.values())):
                digest.update(next(lines, b""))
            if _digest.decode(next(lines, b"")).sha256 != digest.hexdigest():
                message = "its content does not fit its digest"
                raise ValueError(message)
            if next(lines, None) is not None:
                message = "something follows its end"
                raise ValueError(message)
        return header

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            message = f"there is no file {self._path}"
            raise InvalidInputError(message) from None
        except (OSError, EOFError, ValueError, zlib.error, msgspec.MsgspecError) as error:
            message = f"{self._path} is damaged or no backup of this hub ({error}); nothing is done"
            raise InvalidInputError(message) from error


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
