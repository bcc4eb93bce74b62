"""Who is at home, by their phones, by where they stand, and by their own word."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.flow import Draft
from hub.model import PresenceRequest, Quality, StateReport
from hub.model.changes import Admitted, Keep, PresenceChanged
from hub.stages.presence import FRESH_MS, notice, say
from tests.unit.full_home import (
    DEVICES,
    at_home_of,
    committed,
    full_home,
    presence_of,
    said,
)
from tests.unit.small_home import HOME, T0, known, state

MINUTE = 60_000


def by_phone(seen: Draft, *, at_home: bool, at_ms: int, received_ms: int | None = None) -> Draft:
    values = {"at_home": at_home}
    seen.run(said(seen, "ph-mina", values, at_ms=at_ms, received_ms=received_ms))
    return committed(seen)


def by_oneself(seen: Draft, *, at_home: bool, at_ms: int, person: str = "p-mina") -> Draft:
    seen.run(PresenceRequest(household=HOME, person=person, at_home=at_home, now_ms=at_ms))
    return committed(seen)


def changes(answers: Sequence[object]) -> list[bool]:
    return [one.presence.at_home for one in answers if isinstance(one, PresenceChanged)]


def test_a_phones_word_says_where_its_owner_is() -> None:
    seen = by_phone(full_home(), at_home=False, at_ms=T0)
    presence = presence_of(seen, "p-mina")
    assert presence is not None
    assert (presence.at_home, presence.since_ms, presence.source) == (False, T0, "ph-mina")
    assert presence_of(seen, "p-joon") is None


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        pytest.param(None, True, [], id="a first word is not an arrival"),
        pytest.param(True, True, [], id="the same again"),
        pytest.param(False, True, [True], id="came home"),
        pytest.param(True, False, [False], id="left"),
    ],
)
def test_only_a_change_is_told(*, before: bool | None, now: bool, told: list[bool]) -> None:
    seen = full_home()
    if before is not None:
        seen = by_phone(seen, at_home=before, at_ms=T0)
    sample = said(seen, "ph-mina", {"at_home": now}, at_ms=T0 + MINUTE)
    assert changes(list(notice(Admitted(sample), seen))) == told


def test_a_repeated_word_writes_nothing() -> None:
    seen = by_phone(full_home(), at_home=True, at_ms=T0)
    sample = said(seen, "ph-mina", {"at_home": True}, at_ms=T0 + MINUTE)
    assert list(notice(Admitted(sample), seen)) == []


@pytest.mark.parametrize(
    "flaw",
    [
        pytest.param({"late": True}, id="behind newer words"),
        pytest.param({"quality": Quality.CLOCK}, id="a clock far off"),
        pytest.param({"received_ms": T0 + FRESH_MS + 1}, id="minutes old"),
    ],
)
def test_what_is_not_of_now_says_nothing(flaw: dict[str, object]) -> None:
    seen = full_home()
    sample = replace(said(seen, "ph-mina", {"at_home": True}, at_ms=T0), **flaw)  # type: ignore[arg-type]  # a test's shorthand
    assert list(notice(Admitted(sample), seen)) == []


def test_a_word_that_the_broker_had_kept_says_nothing() -> None:
    seen = full_home()
    report = StateReport(
        device="ph-mina", values={"at_home": True}, revision=0, received_ms=T0, retained=True
    )
    seen.run(report)
    assert presence_of(seen, "p-mina") is None


def test_a_phone_left_at_home_does_not_argue_with_its_owner() -> None:
    seen = by_phone(full_home(), at_home=True, at_ms=T0)
    seen = by_oneself(seen, at_home=False, at_ms=T0 + MINUTE)
    seen = by_phone(seen, at_home=True, at_ms=T0 + 2 * MINUTE)
    assert at_home_of(seen, "p-mina") is False


def test_what_a_phone_newly_says_is_newer_than_what_its_owner_said() -> None:
    seen = by_phone(full_home(), at_home=True, at_ms=T0)
    seen = by_oneself(seen, at_home=True, at_ms=T0 + MINUTE)
    seen = by_phone(seen, at_home=False, at_ms=T0 + 2 * MINUTE)
    assert at_home_of(seen, "p-mina") is False


def test_an_older_word_that_comes_later_changes_nothing() -> None:
    seen = by_phone(full_home(), at_home=False, at_ms=T0)
    seen = by_oneself(seen, at_home=False, at_ms=T0 + 2 * MINUTE)
    seen = by_phone(seen, at_home=True, at_ms=T0 + MINUTE, received_ms=T0 + 3 * MINUTE)
    assert at_home_of(seen, "p-mina") is False


def test_a_phone_whose_clock_is_ahead_does_not_outdo_later_words() -> None:
    seen = by_phone(full_home(), at_home=True, at_ms=T0 + 4 * MINUTE, received_ms=T0)
    seen = by_oneself(seen, at_home=False, at_ms=T0 + MINUTE)
    assert at_home_of(seen, "p-mina") is False


def test_the_first_word_of_a_person_is_a_change() -> None:
    asked = PresenceRequest(household=HOME, person="p-joon", at_home=True, now_ms=T0)
    assert changes(list(say(asked, full_home()))) == [True]


def test_to_repeat_oneself_is_no_change() -> None:
    seen = by_oneself(full_home(), at_home=True, at_ms=T0)
    asked = PresenceRequest(household=HOME, person="p-mina", at_home=True, now_ms=T0 + MINUTE)
    (kept,) = say(asked, seen)
    assert isinstance(kept, Keep)
    presence = kept.thing
    assert getattr(presence, "since_ms", None) == T0


def test_whoever_stands_at_the_fridge_is_at_home() -> None:
    seen = by_oneself(full_home(), at_home=False, at_ms=T0, person="p-joon")
    seen.run(said(seen, "f-1", {"in_front": "w-joon"}, at_ms=T0 + MINUTE))
    presence = presence_of(seen, "p-joon")
    assert presence is not None
    assert (presence.at_home, presence.source) == (True, "f-1")


@pytest.mark.parametrize("named", ["", "someone", "f-1", "w-stranger", "w-nobody"])
def test_what_is_in_front_says_nothing_of_strangers(named: str) -> None:
    stranger = state("w-stranger", person=known(full_home(), "w-joon").person, home="h-other")
    seen = full_home(*DEVICES, stranger)
    seen.run(said(seen, "f-1", {"in_front": named}, at_ms=T0))
    assert list(seen.things) == []


def test_a_hub_whose_clock_was_ahead_hears_the_phone_again() -> None:
    year_ms = 365 * 86_400_000
    seen = by_phone(full_home(), at_home=True, at_ms=T0 + 50 * year_ms)
    for minute, at_home in enumerate((False, True, False)):
        seen = by_phone(seen, at_home=at_home, at_ms=T0 + minute * MINUTE)
    assert at_home_of(seen, "p-mina") is False
