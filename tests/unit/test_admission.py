"""What is let in, once, and with which quality."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from hub.flow import Draft
from hub.model import Quality, Rejected, Sample, Skipped, StateReport, Topics
from hub.stages.admission import MAX_BOOTS
from hub.stages.intake import Arrival, decode, speech
from tests.unit.small_home import (
    FRIDGE,
    KINDS,
    T0,
    draft,
    heart,
    known,
    next_group,
    state,
    the_only,
)

TOPICS = Topics()
DAY_MS = 86_400_000


def take(into: Draft, *messages: object) -> Draft:
    for message in messages:
        into.run(message)
    return into


def heard(payload: bytes, *, received_ms: int = T0) -> Sequence[object]:
    arrival = Arrival(
        topic="cx/1/main/w-1/up/telemetry", payload=payload, retained=False, received_ms=received_ms
    )
    says = speech(KINDS["watch"])
    return tuple(decode(arrival, topics=TOPICS, speech_of=lambda _: says))


def numbered(seq: int, rate: float = 120.0, *, boot: str = "b") -> Sample:
    return replace(heart(T0 + seq * 1000, rate), boot=boot, seq=seq)


def qualities(samples: Iterable[Sample]) -> list[Quality]:
    return [sample.quality for sample in samples]


def test_a_number_seen_before_is_receipted_again_and_changes_nothing() -> None:
    first = take(draft(), numbered(1))
    again = take(next_group(first), numbered(1, 200.0))
    assert again.samples == []
    assert again.receipts == {"w-1": {"b"}}
    assert again.group().empty


def test_a_number_seen_before_in_the_same_group_counts_once() -> None:
    assert len(take(draft(), numbered(1), numbered(1)).samples) == 1


def test_the_good_values_of_a_numbered_element_survive_its_bad_ones() -> None:
    payload = b'{"boot": "b", "seq": 1, "values": {"heart_rate": 9000, "battery": 50}}'
    taken = take(draft(), *heard(payload))
    assert the_only(taken.samples).values == {"battery": 50}
    assert "heart_rate" in the_only(taken.dead_letters).reason
    assert known(taken).sequences["b"].upto == 1


def test_a_numbered_element_that_comes_again_is_the_same_dead_letter() -> None:
    payload = b'{"boot": "b", "seq": 1, "values": {"heart_rate": 9000, "battery": 50}}'
    first = take(draft(), *heard(payload))
    again = take(next_group(first), *heard(payload, received_ms=T0 + 30_000))
    assert again.samples == []
    assert the_only(again.dead_letters).id == the_only(first.dead_letters).id


def test_two_refusals_without_a_number_are_two_dead_letters() -> None:
    taken = take(draft(), *heard(b"{"), *heard(b"{", received_ms=T0 + 1))
    assert len({letter.id for letter in taken.dead_letters}) == 2


def test_what_was_refused_whole_counts_as_received() -> None:
    taken = take(draft(), *heard(b'{"boot": "b", "seq": 1, "values": 7}'))
    assert known(taken).sequences["b"].upto == 1
    assert taken.receipts == {"w-1": {"b"}}


def test_a_number_given_up_closes_the_gap() -> None:
    taken = take(draft(), numbered(1), numbered(3), Skipped(device="w-1", boot="b", seq=2))
    assert known(taken).sequences["b"].upto == 3


def test_the_boots_longest_unheard_are_forgotten() -> None:
    boots = [numbered(1 + number, boot=f"b{number}") for number in range(MAX_BOOTS + 2)]
    kept = known(take(draft(), *boots)).sequences
    assert sorted(kept) == [f"b{number}" for number in range(2, MAX_BOOTS + 2)]


def test_nothing_is_let_in_from_a_device_that_is_not_there() -> None:
    gone = replace(numbered(1), device="w-9")
    taken = take(draft(), gone, Skipped(device="w-9", boot="b", seq=1))
    assert taken.group().empty
    assert taken.receipts == {}


def test_a_refusal_from_nowhere_is_kept_all_the_same() -> None:
    refused = Rejected(
        device="w-9", topic="t", received_ms=T0, reason="no such device", payload_hash="", seq=1
    )
    assert len(take(draft(), refused).dead_letters) == 1


def test_two_readings_without_a_time_in_one_millisecond_are_two_points() -> None:
    untimed = replace(heart(T0, 120.0), timed=False)
    taken = take(draft(), untimed, replace(untimed, values={"heart_rate": 121.0}))
    assert [sample.at_ms for sample in taken.samples] == [T0, T0 + 1]


@pytest.mark.parametrize(
    ("off_ms", "quality"),
    [
        pytest.param(5 * 60_000, Quality.GOOD, id="five minutes ahead"),
        pytest.param(5 * 60_000 + 1, Quality.CLOCK, id="further ahead"),
        pytest.param(-31 * DAY_MS, Quality.GOOD, id="31 days behind"),
        pytest.param(-31 * DAY_MS - 1, Quality.CLOCK, id="further behind"),
    ],
)
def test_a_device_clock_far_off_is_marked(off_ms: int, quality: Quality) -> None:
    taken = take(draft(), heart(T0 + off_ms, 120.0, received_ms=T0))
    assert qualities(taken.samples) == [quality]


def test_a_wrong_clock_changes_nothing_that_is_known_of_the_device() -> None:
    taken = take(draft(), heart(T0, 120.0), heart(0, 200.0, received_ms=T0))
    assert known(taken).newest_ms == T0
    assert known(taken).twin.reported["heart_rate"] == 120.0


def test_a_reading_older_than_the_newest_is_late_and_leaves_the_twin() -> None:
    taken = take(draft(), heart(T0, 120.0), heart(T0 - 1000, 110.0, received_ms=T0))
    assert [sample.late for sample in taken.samples] == [False, True]
    assert known(taken).twin.reported["heart_rate"] == 120.0


def test_a_reading_of_a_watch_that_is_not_worn_is_bad() -> None:
    taken = take(draft(), heart(T0, 120.0, worn=False), heart(T0 + 1000, 121.0))
    assert qualities(taken.samples) == [Quality.BAD, Quality.BAD]


def test_a_jump_faster_than_can_be_is_suspect() -> None:
    taken = take(draft(), heart(T0, 120.0), heart(T0 + 1000, 146.0), heart(T0 + 2000, 146.0))
    assert qualities(taken.samples) == [Quality.GOOD, Quality.SUSPECT, Quality.GOOD]


def test_a_whole_number_can_jump_too() -> None:
    def openings(at_ms: int, count: int) -> Sample:
        return Sample("f-1", FRIDGE.name, at_ms, at_ms, {"openings": count})

    seen = draft(state("f-1", kind=FRIDGE.name, person=None))
    taken = take(seen, openings(T0, 1), openings(T0 + 1000, 9))
    assert qualities(taken.samples) == [Quality.GOOD, Quality.SUSPECT]


def kept_copy(payload: bytes) -> Sequence[object]:
    arrival = Arrival(
        topic="cx/1/main/w-1/up/telemetry", payload=payload, retained=True, received_ms=T0
    )
    says = speech(KINDS["watch"])
    return tuple(decode(arrival, topics=TOPICS, speech_of=lambda _: says))


def test_a_kept_copy_of_a_reading_without_a_time_is_refused() -> None:
    taken = take(draft(), *kept_copy(b'{"heart_rate": 190}'))
    assert (taken.samples, len(taken.dead_letters)) == ([], 1)


def test_a_kept_copy_of_a_reading_with_a_time_is_a_reading_of_that_time() -> None:
    taken = take(draft(), *kept_copy(b'{"ts": 1794999999000, "values": {"heart_rate": 190}}'))
    assert the_only(taken.samples).at_ms == T0 - 1000


# ------------------------------------------------------------------------------- reported states


def report(values: dict[str, float | bool], *, retained: bool = False) -> StateReport:
    return StateReport(device="w-1", values=values, revision=3, received_ms=T0, retained=retained)


def test_a_reported_state_is_a_reading_of_what_changed() -> None:
    seen = take(draft(), report({"battery": 50.0, "worn": True}))
    taken = take(next_group(seen), report({"battery": 49.0, "worn": True}))
    assert the_only(taken.samples).values == {"battery": 49.0}
    assert known(taken).twin.reported_revision == 3


def test_a_kept_copy_of_a_state_is_no_reading() -> None:
    taken = take(draft(), report({"battery": 50.0}, retained=True))
    assert taken.samples == []
    assert known(taken).twin.reported["battery"] == 50.0


def test_a_kept_copy_of_a_state_does_not_make_what_comes_next_late() -> None:
    taken = take(draft(), report({"battery": 50.0}, retained=True), heart(T0 - 300, 120.0))
    assert the_only(taken.samples).late is False


@pytest.mark.parametrize("worn", [True, False])
def test_a_kept_copy_of_a_state_does_not_say_whether_the_watch_is_worn(*, worn: bool) -> None:
    seen = take(draft(), heart(T0 - 1000, 120.0, worn=not worn))
    taken = take(next_group(seen), report({"worn": worn}, retained=True))
    assert known(taken).twin.reported["worn"] is not worn


def test_a_reading_from_when_the_hubs_clock_was_ahead_makes_no_later_one_late() -> None:
    year_ms = 365 * 86_400_000
    seen = draft()
    untimed = Sample("w-1", "watch", T0 + year_ms, T0 + year_ms, {"battery": 80.0}, timed=False)
    seen.run(untimed)
    seen.run(heart(T0, 131))
    assert [(one.at_ms, one.late) for one in seen.samples] == [(T0 + year_ms, False), (T0, False)]
    assert known(seen).newest_ms == T0
