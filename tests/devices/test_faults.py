import pytest

from hub.errors import InvalidInputError
from simulators.chance import chance
from simulators.faults import LATE_MS, Air, Faults, parse_faults
from simulators.messages import Outgoing


def telemetry(count: int) -> list[Outgoing]:
    return [Outgoing("cx/1/main/w-1/up/telemetry", b"%d" % number) for number in range(count)]


def carried(faults: Faults, count: int = 200) -> list[int]:
    """Return what comes through, one message offered a second, and a long while after."""
    air = Air(faults, rng=chance("air"))
    arrived: list[Outgoing] = []
    for second, message in enumerate(telemetry(count)):
        arrived += air.carry([message], second * 1000)
    arrived += air.carry([], count * 1000 + LATE_MS[1])
    return [int(message.payload) for message in arrived]


def test_reads_faults_with_and_without_a_number() -> None:
    faults = parse_faults("sleep, loss=0.5,twice=1")
    assert (faults.loss, faults.twice, faults.late) == (0.5, 1.0, 0.0)
    assert faults.sleep > 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("explosion", "there is no fault 'explosion'; there are sleep"),
        ("late=2", "a share is at most 1"),
        ("loss=-1", "not negative"),
        ("twice=often", "'twice=often': the number"),
    ],
)
def test_says_what_is_wrong_with_a_fault(text: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        parse_faults(text)


def test_without_faults_everything_arrives_in_order() -> None:
    assert carried(Faults()) == list(range(200))


def test_late_messages_arrive_after_younger_ones_and_none_is_lost() -> None:
    order = carried(Faults(late=0.2))
    assert order != sorted(order)
    assert sorted(order) == list(range(200))


def test_twice_doubles_some_and_loses_none() -> None:
    order = carried(Faults(twice=0.3))
    assert len(order) > 200
    assert set(order) == set(range(200))


def test_disorder_swaps_neighbours() -> None:
    order = carried(Faults(disorder=0.3), 201)
    late = max(place - number for number, place in zip(order, range(201), strict=False))
    assert order != sorted(order)
    assert late <= 1


def test_leaves_everything_but_telemetry_alone() -> None:
    air = Air(Faults(late=1.0), rng=chance("air"))
    reply = Outgoing("cx/1/main/w-1/up/reply", b"{}")
    assert air.carry([reply], 0) == [reply]
