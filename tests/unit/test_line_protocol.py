"""Lines that the hub makes by hand are read back by a reader written from the documentation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.series.fields import RESERVED, FieldTypes, is_name
from hub.adapters.series.influx_lines import line
from hub.adapters.series.influx_stored import lookups
from hub.adapters.series.settling import FirstWins
from hub.model import Quality, Sample, Value

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(is_name)
values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
times = st.integers(-9_223_372_036_854, 9_223_372_036_854)


class LineReader:
    """Reads one line from its beginning.

    Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
    """

    def __init__(self, text: str) -> None:
        self._rest = text

    def read(self) -> tuple[str, dict[str, str], dict[str, Value], int]:
        """Return measurement, tags, fields and time."""
        measurement = self._until(", ", escaped=",= ")
        tags: dict[str, str] = {}
        while self._skips(","):
            name = self._until("=", escaped=",= ")
            self._skips("=")
            tags[name] = self._until(", ", escaped=",= ")
        fields: dict[str, Value] = {}
        while self._skips("," if fields else " "):
            name = self._until("=", escaped=",= ")
            self._skips("=")
            fields[name] = self._value()
        return measurement, tags, fields, int(self._rest)

    def _value(self) -> Value:
        if not self._skips('"'):
            return bare(self._until(", ", escaped=""))
        text = self._until('"', escaped='\\"')
        self._skips('"')
        return text

    def _skips(self, character: str) -> bool:
        found = self._rest.startswith(character)
        self._rest = self._rest[found:]
        return found

    def _until(self, stops: str, *, escaped: str) -> str:
        taken = []
        while self._rest[0] not in stops:
            skip = self._rest[0] == "\\" and self._rest[1] in escaped
            taken.append(self._rest[skip])
            self._rest = self._rest[1 + skip :]
        return "".join(taken)


def bare(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)


def made(sample: Sample) -> str:
    return line(sample, FirstWins().settle(sample, sample.values))


@given(
    kind=names,
    device=names,
    at_ms=times,
    delay=st.integers(-(10**12), 10**12),
    held=st.dictionaries(
        names.filter(lambda name: name not in RESERVED), values, min_size=1, max_size=5
    ),
    quality=st.sampled_from(Quality),
)
def test_every_line_reads_back_as_its_sample(  # noqa: PLR0913 (drawn by name)
    *,
    kind: str,
    device: str,
    at_ms: int,
    delay: int,
    held: dict[str, Value],
    quality: Quality,
) -> None:
    sample = Sample(
        device=device,
        kind=kind,
        at_ms=at_ms,
        received_ms=at_ms + delay,
        values=held,
        quality=quality,
    )

    measurement, tags, fields, time = LineReader(made(sample)).read()

    marked = {} if quality is Quality.GOOD else {"quality": quality.value}
    expected = {**held, "received": delay, **marked}
    assert (measurement, tags, time) == (kind, {"device": device}, at_ms)
    assert fields == expected
    assert [type(value) for value in fields.values()] == [
        type(value) for value in expected.values()
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (131.0, "131.0"),
        (1e22, "1e+22"),
        (5e-324, "5e-324"),
        (-0.0, "-0.0"),
        (7, "7i"),
        (True, "true"),
        (False, "false"),
        ("", '""'),
        ('say "hi" \\', '"say \\"hi\\" \\\\"'),
        ("two\nlines, a=b", '"two\nlines, a=b"'),
    ],
    ids=repr,
)
def test_a_value_is_written_by_its_type(value: Value, text: str) -> None:
    sample = Sample(device="w-1", kind="watch", at_ms=5, received_ms=17, values={"v": value})

    assert made(sample) == f"watch,device=w-1 v={text},received=12i 5"


def test_a_bad_reading_carries_its_quality() -> None:
    sample = Sample(
        device="w-1",
        kind="watch",
        at_ms=5,
        received_ms=5,
        values={"v": 1.0},
        quality=Quality.SUSPECT,
    )

    assert made(sample) == 'watch,device=w-1 v=1.0,received=0i,quality="suspect" 5'


def test_special_characters_in_names_are_escaped() -> None:
    sample = Sample(device="a,b =c", kind="k,1 =", at_ms=5, received_ms=5, values={"x ,=": 1.0})

    assert made(sample) == r"k\,1\ =,device=a\,b\ \=c x\ \,\==1.0,received=0i 5"


@given(held=st.dictionaries(st.text(max_size=3), values | st.floats() | st.integers()))
def test_only_what_fits_gets_through_and_nothing_is_lost(held: dict[str, Value]) -> None:
    sample = Sample(device="w-1", kind="watch", at_ms=5, received_ms=5, values=held)

    fitting, refused = FieldTypes().fit(sample)

    split = [name for each in refused for name in each.sample.values]
    assert sorted([*fitting, *split]) == sorted(held)
    assert all(is_name(name) for name in fitting)
    assert all(math.isfinite(value) for value in fitting.values() if isinstance(value, float))


@given(
    late=st.lists(
        st.tuples(
            st.sampled_from(["watch", "fridge"]),
            st.sampled_from([f"w-{number}" for number in range(150)]),
            st.integers(-(10**7), 10**7) | times,
        ),
        max_size=60,
    )
)
def test_every_late_point_is_looked_up_once(late: list[tuple[str, str, int]]) -> None:
    samples = [
        Sample(device=device, kind=kind, at_ms=at_ms, received_ms=0, values={"v": 1.0}, late=True)
        for kind, device, at_ms in late
    ]

    asked = list(lookups(samples))

    for kind, device, at_ms in late:
        covering = [
            lookup
            for lookup in asked
            if lookup.kind == kind
            and device in lookup.devices
            and lookup.first_ms <= at_ms <= lookup.last_ms
        ]
        assert len(covering) == 1


def test_a_device_that_comes_back_is_looked_up_in_stretches() -> None:
    two_hours = [
        Sample(device="w-1", kind="watch", at_ms=second * 1000, received_ms=0, values={"v": 1.0})
        for second in range(7200)
    ]

    assert len(list(lookups(two_hours))) == 1
