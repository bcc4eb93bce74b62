"""Which rules watch a device, and when its limits are worked out anew."""

from dataclasses import replace

import pytest

from hub.flow import Memory
from hub.model import Person, Rule
from tests.unit.small_home import BORN_1981, FRIDGE, MINA, RULE, T0, memory, rule, state

ANNA = Person(id="p-anna", name="Anna")
BY_NAME = replace(RULE, kind=None, devices=("w-1",))
OWN_LIMIT = replace(RULE, limit=None)


def watching(kept: Memory, device: str = "w-1") -> list[str]:
    return [one.rule for some in kept.thresholds(device).values() for one in some]


def limit(kept: Memory) -> float:
    (threshold,) = kept.thresholds("w-1")["heart_rate"]
    return threshold.limit


@pytest.mark.parametrize(
    ("made", "watches"),
    [
        pytest.param(rule(), True, id="of its kind"),
        pytest.param(rule(BY_NAME), True, id="naming it"),
        pytest.param(rule(replace(RULE, kind="fridge")), False, id="of another kind"),
        pytest.param(rule(replace(BY_NAME, devices=("w-2",))), False, id="naming another"),
        pytest.param(rule(person="p-mina"), True, id="for who wears it"),
        pytest.param(rule(person="p-anna"), False, id="for somebody else"),
        pytest.param(replace(rule(), household="h-other"), False, id="of another home"),
        pytest.param(
            replace(rule(BY_NAME), household="h-other"), False, id="of another home naming it"
        ),
        pytest.param(rule(replace(RULE, enabled=False)), False, id="switched off"),
    ],
)
def test_a_rule_watches_a_device(made: Rule, *, watches: bool) -> None:
    assert watching(memory(rules=[made])) == (["r-1"] if watches else [])


def test_a_rule_for_a_person_leaves_alone_what_nobody_wears() -> None:
    kept = memory(state(person=None), rules=[rule(person="p-mina")])
    assert watching(kept) == []


def test_a_changed_rule_reaches_what_it_reached_before_and_what_it_reaches_now() -> None:
    kept = memory(state(), state("w-2"), rules=[rule(BY_NAME)])
    kept.thresholds("w-1")
    moved = rule(replace(BY_NAME, devices=("w-2",)))
    assert set(kept.put_rules([moved])) == {"w-1", "w-2"}
    assert (watching(kept, "w-1"), watching(kept, "w-2")) == ([], ["r-1"])


def test_an_ended_rule_watches_nothing() -> None:
    kept = memory(rules=[rule()])
    kept.thresholds("w-1")
    assert set(kept.put_rules((), ["r-1"])) == {"w-1"}
    assert watching(kept) == []


def test_a_device_that_comes_later_is_watched_by_the_rules_of_its_kind() -> None:
    kept = memory(rules=[rule()])
    kept.put_state(state("w-2"))
    assert watching(kept, "w-2") == ["r-1"]


def test_a_device_that_is_gone_is_watched_by_nothing_and_is_nobodys() -> None:
    kept = memory(rules=[rule()])
    kept.thresholds("w-1")
    kept.drop_state("w-1")
    assert watching(kept) == []
    assert (list(kept.devices_of("p-mina")), list(kept.devices_in("h-home"))) == ([], [])


def test_a_device_follows_its_wearer() -> None:
    kept = memory()
    kept.put_state(state(person=ANNA))
    assert (list(kept.devices_of("p-mina")), list(kept.devices_of("p-anna"))) == ([], ["w-1"])


def test_a_personal_limit_is_that_of_who_wears_it_now() -> None:
    kept = memory(rules=[rule(OWN_LIMIT)])
    assert limit(kept) == 150
    kept.put_state(state(person=replace(MINA, birth_date=BORN_1981)))
    assert limit(kept) == round(0.85 * (208 - 0.7 * 45))
    kept.put_state(state(person=replace(MINA, heart_rate_limit=141.0)))
    assert limit(kept) == 141


def test_nothing_is_judged_from_before_the_wearer_or_the_limits_changed() -> None:
    kept = memory(replace(state(), judged_from_ms=T0), rules=[replace(rule(), since_ms=T0 - 1000)])
    (threshold,) = kept.thresholds("w-1")["heart_rate"]
    assert threshold.since_ms == T0


def test_the_largest_believable_rate_comes_from_the_kind() -> None:
    spec = replace(RULE, kind=FRIDGE.name, property="openings")
    kept = memory(state("f-1", kind=FRIDGE.name, person=None), rules=[rule(spec)])
    (threshold,) = kept.thresholds("f-1")["openings"]
    assert threshold.max_rate == 2
