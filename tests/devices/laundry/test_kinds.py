from collections.abc import Iterable

import pytest

from devices import dryer as dryer_kind
from devices import styler as styler_kind
from devices import washer as washer_kind
from hub.kinds import find_kinds, payload_model
from hub.model import IDLE, Change, DeviceKind, Property, Rejected, Threshold, Topics, advance
from hub.model.care import DryCourse, StylerCourse, WashCourse
from hub.stages.intake import Arrival, Message, decode, speech
from simulators.chance import chance
from simulators.laundry import Dryer, Machine, Styler, Washer
from tests.devices.laundry.conftest import Finish, MakePiece

KINDS = (washer_kind.KIND, dryer_kind.KIND, styler_kind.KIND)
MINUTE_MS = 60_000
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_machine = pytest.mark.parametrize("make", [Washer, Dryer, Styler], ids=lambda m: m.__name__)


def heard(machine: Machine) -> Iterable[Message]:
    """Return what the hub's intake makes of everything the machine has to say."""
    says = speech(machine.kind)
    for message in machine.take():
        arrival = Arrival(
            topic=message.topic, payload=message.payload, retained=False, received_ms=0
        )
        yield from decode(arrival, topics=Topics(), speech_of=lambda _: says)


@each_kind
def test_is_found_among_the_kinds(kind: DeviceKind) -> None:
    assert find_kinds()[kind.name] == kind


@each_kind
def test_every_property_has_a_title_in_both_languages(kind: DeviceKind) -> None:
    for spec in kind.properties.values():
        assert spec.title_en
        assert any("가" <= letter <= "힣" for letter in spec.title_ko)


@pytest.mark.parametrize(
    ("kind", "courses"),
    [(KINDS[0], WashCourse), (KINDS[1], DryCourse), (KINDS[2], StylerCourse)],
    ids=lambda one: getattr(one, "name", ""),
)
def test_its_courses_are_those_the_care_decides_on(
    kind: DeviceKind, courses: Iterable[str]
) -> None:
    course: Property = kind.properties["course"]
    assert course.choices == tuple(map(str, courses))
    assert course.settable


@each_machine
def test_the_hub_reads_everything_it_says(
    make: type[Machine], piece: MakePiece, finish: Finish
) -> None:
    machine = make("d-1", "cx/1/main/d-1", boot="b1", rng=chance(7))
    machine.connect(0)
    machine.step(0)
    damp = piece()
    damp.water_kg = 0.2
    machine.add(1000, load="ld-1", pieces=[damp])
    machine.start(2000)
    end_ms = finish(machine, 0)
    machine.step(end_ms + 900_000)
    machine.take_out(end_ms + 900_000)
    machine.part("sleeping")
    messages = list(heard(machine))
    assert len(messages) > 100
    assert [message for message in messages if isinstance(message, Rejected)] == []


@each_machine
def test_what_it_measures_fits_the_published_schema(make: type[Machine], piece: MakePiece) -> None:
    machine = make("d-1", "b", boot="b1", rng=chance(7))
    machine.add(0, load="ld-1", pieces=[piece()])
    machine.start(0)
    machine.step(1_800_000)
    model = payload_model(machine.kind)
    model.model_validate(dict(machine.values))
    unsaid = set(machine.kind.properties) - set(machine.settings) - set(machine.values)
    # Who is in front, a person has to bring about.
    assert unsaid <= {"in_front"}


@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind.name)
def test_reminds_of_a_load_from_ten_minutes_on_ever_more_until_the_door_opens(
    kind: DeviceKind,
) -> None:
    rule = next(rule for rule in kind.default_rules if rule.property == "load_waiting")
    threshold = Threshold(rule="r", device="d-1", spec=rule, limit=rule.limit or 0.0)
    condition, felt = IDLE, []
    for minute in range(0, 121, 5):
        value = 0.0 if minute == 120 else 1.0
        condition, transitions = advance(
            threshold, condition, at_ms=minute * MINUTE_MS, value=value
        )
        felt += [(minute, one.change, one.step) for one in transitions]
    assert felt[0] == (10, Change.OPENED, 0)
    assert felt[-1][1] is Change.CLEARED
    reminders = felt[:-1]
    assert [step for _, _, step in reminders[:4]] == [0, 1, 2, 3]
    assert reminders[3][0] >= 40
    assert len(reminders) <= 7


def test_a_reminder_outlives_one_lost_word() -> None:
    (rule, _) = washer_kind.KIND.default_rules
    threshold = Threshold(rule="r", device="d-1", spec=rule, limit=0.5)
    condition, _ = advance(threshold, IDLE, at_ms=0, value=1.0)
    _, transitions = advance(threshold, condition, at_ms=12 * MINUTE_MS, value=1.0)
    assert [one.change for one in transitions] == [Change.OPENED]
