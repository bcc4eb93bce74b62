"""Backs a hub up into one file, also while it runs, and restores that file into an empty one."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hub.adapters.records import copying
from hub.errors import RefusedError, UnavailableError
from hub.main.backup_file import BackupFile, BackupWriter, Header
from hub.main.parts import alone_in, records_of, records_shown
from hub.settings import Settings

Tell = Callable[[int, int], None]
"""Hears (rows done, rows in all) every so often."""

NEEDED: Final = ("signing.key", "broker/identity.json")
"""Beside the records: the key of people's sign-ins; the embedded broker's keys and ports."""
_TELL_EVERY: Final = 1000


@dataclass(slots=True)
class _Progress:
    total: int
    tell: Tell
    done: int = field(default=0, init=False)

    def step(self) -> None:
        self.done += 1
        if self.done % _TELL_EVERY == 0 or self.done == self.total:
            self.tell(self.done, self.total)


async def backup(settings: Settings, path: Path, *, tell: Tell) -> Mapping[str, object]:
    """Write one state of the records, and the keys, to a file that only its owner can read.

    Changes nothing, neither the schema: a newer hub backs up what an older one left.

    Raises:
        MisconfiguredError: there are no records.
        InvalidInputError: there can be no such file.
        UnavailableError: the records do not answer, or the disk is full.
    """
    records = records_of(settings)
    try:
        async with records.database.copying() as connection:
            with BackupWriter(path) as file:
                copy = await copying.look(connection)
                header = Header(
                    made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                    shape=copy.shape,
                    files=dict(_needed(settings.data_dir)),
                )
                progress = _Progress(sum(copy.shape.rows.values()), tell)
                file.put(header)
                async for row in copy.rows():
                    file.put(row)
                    progress.step()
    finally:
        await records.close()
    return _facts(path, header, records_shown(settings))


async def restore(settings: Settings, path: Path, *, tell: Tell) -> Mapping[str, object]:
    """Fill an empty record store and data directory with what a backup holds, all or nothing.

    Raises:
        InvalidInputError: the file is damaged or no backup.
        RefusedError: there are records already, or other keys.
        MisconfiguredError: the backup is a newer hub's, or a hub is at work here.
        UnavailableError: the records do not answer.
    """
    file = BackupFile(path)
    header = file.header
    records = records_of(settings)
    with alone_in(settings.data_dir):
        _refuse_other_keys(settings.data_dir, header.files)
        progress = _Progress(sum(header.shape.rows.values()), tell)
        try:
            await records.occupy()
            async with records.database.rebuilding() as connection:
                await copying.put(connection, header.shape, file.rows(), at=progress.step)
                # Before the records are there: a restore cut short here can be run again.
                _put_needed(settings.data_dir, header.files)
        finally:
            await records.close()
    return _facts(path, header, records_shown(settings))


def _needed(directory: Path) -> Iterator[tuple[str, bytes]]:
    for name in NEEDED:
        if (directory / name).exists():
            yield name, (directory / name).read_bytes()


def _refuse_other_keys(directory: Path, files: Mapping[str, bytes]) -> None:
    for name, content in _needed(directory):
        if files.get(name, content) != content:
            message = (
                f"{directory / name} is there already and is not the backup's; restore into a new "
                "data directory (HUB_DATA_DIR)"
            )
            raise RefusedError(message)


def _put_needed(directory: Path, files: Mapping[str, bytes]) -> None:
    """Put the files that this hub knows, and no other name a file may bring."""
    try:
        for name in NEEDED:
            if name in files and not (directory / name).exists():
                (directory / name).parent.mkdir(mode=0o700, exist_ok=True)
                _put(directory / name, files[name])
    except OSError as error:
        message = f"the keys cannot be written: {error}"
        raise UnavailableError(message) from error


def _put(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _facts(path: Path, header: Header, records: str) -> Mapping[str, object]:
    return {
        "file": str(path),
        "made_at": header.made_at,
        "records": records,
        "schema": header.shape.revision,
        "rows": sum(header.shape.rows.values()),
        "tables": dict(header.shape.rows),
        "keys": sorted(header.files),
    }
