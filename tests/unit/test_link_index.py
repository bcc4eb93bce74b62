"""Links are found by what can match, so that the others cost nothing."""

import random
from dataclasses import replace

import pytest

from hub.flow.link_index import LinkIndex
from hub.model import (
    AlarmTrigger,
    Comparison,
    DesiredAction,
    EventTrigger,
    Link,
    LinkSpec,
    PresenceTrigger,
    ReadingTrigger,
    Value,
)
from hub.model.links import holds
from tests.unit.small_home import HOME, state

ON = DesiredAction(device="l-2", values={"on": True})
ONE = state("l-1", kind="lamp", person=None).device
OTHER = state("l-2", kind="lamp", person=None).device


def link(name: str, trigger: object, *, household: str = HOME, enabled: bool = True) -> Link:
    spec = LinkSpec(name=name, trigger=trigger, actions=(ON,), enabled=enabled)  # type: ignore[arg-type]  # any of the union
    return Link(id=name, household=household, author="p-mina", spec=spec)


def of_index(*links: Link) -> LinkIndex:
    index = LinkIndex()
    for one in links:
        index.put(one)
    return index


@pytest.mark.parametrize("seed", range(20))
def test_a_step_finds_exactly_what_comes_to_hold_by_it(seed: int) -> None:
    """As one would find it by looking at every link."""
    chance = random.Random(seed)  # noqa: S311 - a table of cases
    triggers = {
        f"li-{number}": ReadingTrigger(
            device="l-1",
            property="level",
            comparison=chance.choice(list(Comparison)),
            value=float(chance.randrange(10)),
        )
        for number in range(200)
    }
    index = of_index(*(link(name, trigger) for name, trigger in triggers.items()))
    found = index.on(ONE).properties["level"]
    for _ in range(200):
        before, now = (
            chance.choice((float(chance.randrange(10)), chance.uniform(-1, 11))) for _ in range(2)
        )
        expected = {
            name
            for name, trigger in triggers.items()
            if trigger.value is not None
            and holds(trigger.comparison, now, trigger.value)
            and not holds(trigger.comparison, before, trigger.value)
        }
        crossed = list(found.crossed(before, now))
        assert set(crossed) == expected
        assert len(crossed) == len(expected)


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        (False, True, {"on", "any"}),
        (True, False, {"off", "any"}),
        (True, True, set()),
    ],
)
def test_booleans_are_found_by_their_value(before: Value, now: Value, found: set[str]) -> None:
    index = of_index(
        link("on", ReadingTrigger(device="l-1", property="on", value=True)),
        link("off", ReadingTrigger(device="l-1", property="on", value=False)),
        link("any", ReadingTrigger(device="l-1", property="on", comparison=Comparison.DIFFERS)),
    )
    assert set(index.on(ONE).properties["on"].crossed(before, now)) == found


def test_a_device_has_the_links_of_its_kind_and_its_own() -> None:
    index = of_index(
        link("kind", EventTrigger(kind="lamp", event="blinked")),
        link("one", EventTrigger(device="l-1", event="blinked")),
        link("foreign", EventTrigger(device="l-1", event="blinked"), household="h-other"),
        link("off", EventTrigger(device="l-1", event="blinked"), enabled=False),
    )
    assert index.on(ONE).events["blinked"] == ("kind", "one")
    assert index.on(OTHER).events["blinked"] == ("kind",)


def test_what_is_changed_or_dropped_is_found_as_it_is_now() -> None:
    first = link("one", EventTrigger(device="l-1", event="blinked"))
    index = of_index(first)
    assert index.on(ONE).events == {"blinked": ("one",)}
    index.put(replace(first, spec=replace(first.spec, enabled=False)))
    assert index.on(ONE).events == {}
    index.put(first)
    assert index.on(ONE).events == {"blinked": ("one",)}
    moved = link("one", EventTrigger(kind="lamp", event="other"))
    index.put(moved)
    assert index.on(ONE).events == {"other": ("one",)}
    assert index.on(OTHER).events == {"other": ("one",)}
    index.drop("one")
    assert index.on(OTHER).events == {}


def test_a_run_that_is_noted_builds_nothing_anew() -> None:
    first = link("one", EventTrigger(device="l-1", event="blinked"))
    index = of_index(first)
    found = index.on(ONE)
    index.put(replace(first, recent_ms=(1, 2)))
    assert index.on(ONE) is found


def test_links_on_alarms_and_presence_are_found_by_the_home() -> None:
    index = of_index(
        link("alarm", AlarmTrigger()),
        link("presence", PresenceTrigger(change="arrives")),
        link("foreign", AlarmTrigger(), household="h-other"),
    )
    assert list(index.at(HOME)) == ["alarm", "presence"]
    index.drop("alarm")
    assert list(index.at(HOME)) == ["presence"]
