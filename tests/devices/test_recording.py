import itertools
from pathlib import Path

import pytest

from hub.errors import InvalidInputError
from simulators.recording import Recording, read_fit


@pytest.mark.parametrize(
    ("name", "records", "lowest", "highest"),
    [
        ("ride-watch", 1200, 112, 160),
        ("ride-strap", 1200, 128, 181),
        ("indoor-pauses", 199, 72, 121),
    ],
)
def test_reads_the_excerpts(data: Path, name: str, records: int, lowest: int, highest: int) -> None:
    recording = read_fit(data / f"{name}.fit")
    beats = [float(measurement.values["heart_rate"]) for measurement in recording]
    assert (len(recording), min(beats), max(beats)) == (records, lowest, highest)


def test_carries_over_what_a_watch_has_and_no_place(data: Path) -> None:
    first = read_fit(data / "ride-strap.fit")[0]
    assert first.offset_ms == 0
    assert first.values == {
        "heart_rate": 178.0,
        "cadence": 90.0,
        "speed": 4.74,
        "distance": 28921.22,
        "altitude": 496.4,
    }


def test_keeps_the_pauses_of_the_recording(data: Path) -> None:
    offsets = [measurement.offset_ms for measurement in read_fit(data / "indoor-pauses.fit")]
    gaps = [b - a for a, b in itertools.pairwise(offsets)]
    assert [gap for gap in gaps if gap != 1000] == [13_000, 115_000]


def test_replays_once_to_the_end(data: Path) -> None:
    measurements = read_fit(data / "indoor-pauses.fit")
    recording = Recording(measurements)
    assert [recording.measure(urge=0) for _ in measurements] == list(measurements)
    assert recording.measure(urge=0) is None


def test_replays_again_with_time_going_on(data: Path) -> None:
    measurements = read_fit(data / "indoor-pauses.fit")
    recording = Recording(measurements, again=True)
    replayed = [recording.measure(urge=0) for _ in range(2 * len(measurements))]
    offsets = [measurement.offset_ms for measurement in replayed if measurement is not None]
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 2 * len(measurements)


@pytest.mark.parametrize("content", [b"", b"not a FIT file at all", b"\x0e\x20" + b"\x00" * 20])
def test_says_that_another_file_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.fit"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"x\.fit"):
        read_fit(path)


def test_says_that_a_damaged_file_is_damaged(tmp_path: Path, data: Path) -> None:
    content = bytearray((data / "ride-watch.fit").read_bytes())
    content[5000] ^= 0xFF
    path = tmp_path / "x.fit"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_fit(path)
