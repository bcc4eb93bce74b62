"""Which sequence numbers were received: held to a plain set of numbers."""

import random

from hypothesis import given
from hypothesis import strategies as st

from hub.model import Sequence
from hub.model.state import MAX_GAPS

numbers = st.lists(st.integers(min_value=1, max_value=60), max_size=120)


def received(seqs: list[int]) -> Sequence:
    sequence = Sequence()
    for place, seq in enumerate(seqs):
        sequence = sequence.add(seq, now_ms=1000 + place)
    return sequence


def gapless(seqs: set[int]) -> int:
    """The largest number that has all before it, 0 if even the first is missing."""
    upto = 0
    while upto + 1 in seqs:
        upto += 1
    return upto


@given(seqs=numbers)
def test_it_knows_exactly_the_numbers_received(seqs: list[int]) -> None:
    sequence = received(seqs)

    assert {seq for seq in range(1, 70) if seq in sequence} == set(seqs)
    assert sequence.upto == gapless(set(seqs))


@given(seqs=numbers)
def test_its_runs_are_sorted_apart_and_hold_what_is_above_the_first_gap(seqs: list[int]) -> None:
    sequence = received(seqs)

    edges = [edge for run in ((0, sequence.upto), *sequence.above) for edge in run]
    apart = [right - left > 1 for left, right in zip(edges[1::2], edges[2::2], strict=False)]
    assert edges == sorted(edges)
    assert all(apart)
    held = {seq for first, last in sequence.above for seq in range(first, last + 1)}
    assert held == {seq for seq in seqs if seq > sequence.upto}


@given(seqs=numbers, chance=st.randoms())
def test_the_order_of_arrival_makes_no_difference(seqs: list[int], chance: random.Random) -> None:
    shuffled = list(seqs)
    chance.shuffle(shuffled)

    one, other = received(seqs), received(shuffled)

    assert (one.upto, one.above) == (other.upto, other.above)


@given(seqs=numbers)
def test_numbers_received_before_change_nothing(seqs: list[int]) -> None:
    sequence = received(seqs)

    assert all(sequence.add(seq, now_ms=9_999_999) is sequence for seq in seqs)


def test_numbers_in_order_take_no_room() -> None:
    sequence = received(list(range(1, 5001)))

    assert (sequence.upto, sequence.above) == (5000, ())


def test_one_missing_number_takes_the_room_of_one_gap() -> None:
    sequence = received(list(range(2, 5001)))

    assert (sequence.upto, sequence.above) == (0, ((2, 5000),))
    assert sequence.add(1, now_ms=1).above == ()
    assert sequence.add(1, now_ms=1).upto == 5000


def test_it_takes_no_more_gaps_than_it_has_room_for() -> None:
    full = received([2 * place for place in range(1, MAX_GAPS + 1)])

    more = full.add(2 * MAX_GAPS + 2, now_ms=1)

    assert len(full.above) == MAX_GAPS
    assert more is full
    assert 2 * MAX_GAPS + 2 not in more


def test_a_full_one_still_takes_what_closes_a_gap() -> None:
    full = received([2 * place for place in range(1, MAX_GAPS + 1)])

    closed = full.add(2 * MAX_GAPS + 1, now_ms=1).add(3, now_ms=1)

    assert 3 in closed
    assert 2 * MAX_GAPS + 1 in closed
    assert len(closed.above) < MAX_GAPS


def test_it_remembers_when_it_last_grew() -> None:
    grown = Sequence().add(1, now_ms=5).add(3, now_ms=7)

    assert grown.seen_ms == 7
    assert grown.add(3, now_ms=9).seen_ms == 7
