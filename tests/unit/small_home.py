"""A home of a few devices in memory, and messages about them, for what is pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

from hub.flow import Draft, Memory
from hub.kinds import find_kinds
from hub.model import (
    Capability,
    Device,
    DeviceKind,
    DeviceState,
    Haptic,
    Ladder,
    Level,
    Person,
    Property,
    Rule,
    RuleSpec,
    Sample,
    Sound,
    Step,
    ValueType,
)
from tests.unit.expressions import no_expressions

T = TypeVar("T")
T0 = 1_795_000_000_000
"""A moment in ms since 1970 UTC."""
HOME = "h-home"
MINA = Person(id="p-mina", name="Mina", time_zone="Asia/Seoul")
FRIDGE = DeviceKind(
    name="fridge",
    title_en="Fridge",
    title_ko="냉장고",
    capabilities=(
        Capability(
            name="cold",
            properties=(
                Property(name="temperature", unit="Cel"),
                Property(name="openings", type=ValueType.INTEGER, max_rate=2),
            ),
        ),
    ),
)
KINDS = {**find_kinds(), FRIDGE.name: FRIDGE}
LADDER = Ladder(
    steps=tuple(
        Step(
            haptic=Haptic(pattern="single", amplitude=strength),
            sound=Sound(tone="soft", volume=strength),
            wait_s=5,
        )
        for strength in (0.2, 0.5, 1.0)
    )
)
RULE = RuleSpec(
    name="Heart rate",
    property="heart_rate",
    kind="watch",
    limit=150,
    levels=(Level(name="over"), Level(name="high", offset=20, first_step=2)),
    hysteresis=5,
    ladder=LADDER,
)


def state(
    device: str = "w-1", *, kind: str = "watch", person: Person | None = MINA, home: str = HOME
) -> DeviceState:
    made = Device(
        id=device,
        kind=kind,
        name=device,
        household=home,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return DeviceState(device=made, person=person)


def rule(spec: RuleSpec = RULE, *, name: str = "r-1", person: str | None = None) -> Rule:
    return Rule(id=name, household=HOME, person=person, spec=spec)


def memory(*states: DeviceState, rules: Sequence[Rule] = ()) -> Memory:
    kept = Memory(
        kinds=dict(KINDS),
        touch_gap_ms=3000,
        now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
        evaluate=no_expressions,
    )
    for known in states or (state(),):
        kept.put_state(known)
    kept.put_rules(rules)
    return kept


def draft(*states: DeviceState, rules: Sequence[Rule] = ()) -> Draft:
    return Draft(memory(*states, rules=rules))


def next_group(done: Draft) -> Draft:
    """Return the draft of the next group, after this one was committed."""
    done.settle()
    return Draft(done.memory)


def known(seen: Draft, device: str = "w-1") -> DeviceState:
    found = seen.state(device)
    assert found is not None
    return found


def heart(
    at_ms: int, rate: float, *, received_ms: int | None = None, worn: bool | None = None
) -> Sample:
    values = {"heart_rate": rate} if worn is None else {"heart_rate": rate, "worn": worn}
    return Sample("w-1", "watch", at_ms, at_ms if received_ms is None else received_ms, values)


def the_only(items: Sequence[T]) -> T:
    (item,) = items
    return item


BORN_1981 = date(1981, 11, 23)
