"""A spool row gives back what was put in, or nothing."""

import string

from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.records import spool
from hub.model import Quality, Sample

MILLISECONDS = st.integers(min_value=-(2**62), max_value=2**62)
VALUES = st.dictionaries(
    st.text(string.ascii_lowercase, min_size=1),
    st.one_of(
        st.floats(allow_nan=False),
        st.integers(min_value=-(2**63), max_value=2**63 - 1),
        st.booleans(),
        st.text(max_size=20),
    ),
    max_size=4,
)
SAMPLES = st.lists(
    st.builds(
        Sample,
        device=st.text(max_size=23),
        kind=st.text(max_size=8),
        at_ms=MILLISECONDS,
        received_ms=MILLISECONDS,
        values=VALUES,
        boot=st.none() | st.text(max_size=8),
        seq=st.none() | st.integers(min_value=1, max_value=2**53),
        timed=st.booleans(),
        quality=st.sampled_from(Quality),
        late=st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(tuple)


@given(SAMPLES)
def test_what_is_put_in_comes_back(samples: tuple[Sample, ...]) -> None:
    payload, crc32 = spool.encode(samples)
    back = spool.decode(payload, crc32=crc32)
    assert back == samples
    kinds = [[type(value) for value in sample.values.values()] for sample in samples]
    assert [[type(value) for value in sample.values.values()] for sample in back or ()] == kinds


@given(SAMPLES, st.data())
def test_one_flipped_bit_is_found(samples: tuple[Sample, ...], data: st.DataObject) -> None:
    payload, crc32 = spool.encode(samples)
    bit = data.draw(st.integers(min_value=0, max_value=len(payload) * 8 - 1))
    torn = bytearray(payload)
    torn[bit // 8] ^= 1 << bit % 8
    assert spool.decode(bytes(torn), crc32=crc32) is None
    assert spool.decode(payload, crc32=crc32 ^ 1 << bit % 32) is None


@given(SAMPLES, st.data())
def test_a_torn_tail_is_found(samples: tuple[Sample, ...], data: st.DataObject) -> None:
    payload, crc32 = spool.encode(samples)
    kept = data.draw(st.integers(min_value=0, max_value=len(payload) - 1))
    assert spool.decode(payload[:kept], crc32=crc32) is None
