"""The file of many devices: JSON lines or CSV in, JSON lines out."""

import csv
import io
from collections.abc import Iterator, Sequence

import msgspec
from pydantic import Field, ValidationError

from hub.api.bodies import Body, Id, Name
from hub.api.registration import Admitted
from hub.errors import InvalidInputError

MAX_DEVICES = 10_000
MAX_COMPLAINTS = 20


class BulkDevice(Body):
    kind: str = Field(max_length=64)
    name: Name
    household: Id
    person: Id | None = None


def parse_bulk(body: bytes, content_type: str) -> list[BulkDevice]:
    """Return the devices of the file.

    Raises:
        InvalidInputError: not such a file, too many, or lines that are wrong; names the first.
    """
    try:
        text = body.decode("utf-8-sig")
        is_csv = content_type.partition(";")[0].strip().lower() == "text/csv"
        lines = list(_csv_lines(text) if is_csv else _json_lines(text))
    except (UnicodeDecodeError, csv.Error, msgspec.DecodeError) as error:
        message = f"not a file of JSON lines (application/x-ndjson) or CSV (text/csv): {error}"
        raise InvalidInputError(message) from None
    if not 0 < len(lines) <= MAX_DEVICES:
        message = f"the file has {len(lines)} devices; 1 to {MAX_DEVICES} are taken at once"
        raise InvalidInputError(message)
    return _validated(lines)


def written(admitted: Sequence[Admitted]) -> bytes:
    """Return one JSON line a device."""
    return b"".join(
        msgspec.json.encode({"device": a.device, "token": a.token, "base": a.base}) + b"\n"
        for a in admitted
    )


def _json_lines(text: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, msgspec.json.decode(line)


def _csv_lines(text: str) -> Iterator[tuple[int, object]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    for row in reader:
        # Empty cells are absent; cells past the header have the key None.
        yield reader.line_num, {k or "?": v for k, v in row.items() if v not in (None, "")}


def _validated(lines: Sequence[tuple[int, object]]) -> list[BulkDevice]:
    devices: list[BulkDevice] = []
    complaints: list[str] = []
    for number, line in lines:
        try:
            devices.append(BulkDevice.model_validate(line))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            complaints.append(f"line {number}: {place}: {first['msg']}")
    if complaints:
        more = len(complaints) - MAX_COMPLAINTS
        shown = "; ".join(complaints[:MAX_COMPLAINTS])
        raise InvalidInputError(shown + (f"; and {more} more" if more > 0 else ""))
    return devices
