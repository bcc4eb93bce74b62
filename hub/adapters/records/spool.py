"""How the samples of one commit become one row, and come back only if not a bit has changed."""

import zlib
from typing import Final

import msgspec

from hub.model import Quality, Sample, Value

_Row = tuple[str, str, int, int, dict[str, Value], str | None, int | None, bool, Quality, bool]
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[_Row])


def encode(samples: tuple[Sample, ...]) -> tuple[bytes, int]:
    """Return the samples' bytes and their CRC-32."""
    payload = _encoder.encode(
        [
            (
                sample.device,
                sample.kind,
                sample.at_ms,
                sample.received_ms,
                sample.values,
                sample.boot,
                sample.seq,
                sample.timed,
                sample.quality,
                sample.late,
            )
            for sample in samples
        ]
    )
    return payload, zlib.crc32(payload)


def decode(payload: bytes, *, crc32: int) -> tuple[Sample, ...] | None:
    """Return the samples; None where the bytes are not those that were written."""
    if zlib.crc32(payload) != crc32:
        return None
    return tuple(Sample(*row) for row in _decoder.decode(payload))
