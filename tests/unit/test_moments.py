"""A word to a person: where it is said, to whom never, and whose answer counts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.errors import InvalidInputError, RefusedError
from hub.flow import Draft
from hub.model import (
    UNANSWERED,
    Command,
    CommandStatus,
    Connection,
    Moment,
    MomentAnswer,
    PresenceRequest,
    TimerFired,
    Value,
)
from hub.model.changes import MomentAnswered, MomentRaised, Recorded
from hub.stages.moments import IN_FRONT_MS, MAX_WAITING, PRIVATE_WITHIN_MS, answer, hear
from tests.unit.full_home import DEVICES, JOON, committed, full_home, happened, said
from tests.unit.small_home import HOME, T0, known, state, the_only

HOUR_MS = 3_600_000
TEXT = {"ko": "맡길까요?", "en": "Send it?"}
STYLER = state("y-1", kind="styler", person=None)


def moment(name: str = "mo-1", **more: object) -> Moment:
    usual: dict[str, object] = {
        "id": name,
        "household": HOME,
        "person": "p-mina",
        "text": TEXT,
        "cause": "ru-1",
        "at_ms": T0,
        "expires_ms": T0 + HOUR_MS,
    }
    return Moment(**(usual | more))  # type: ignore[arg-type]  # a test's shorthand


def home(*without: str, front: dict[str, Value] | None = None, at_ms: int = T0) -> Draft:
    """Return a home in which the shared devices say who is in front of them."""
    kept = [one for one in (*DEVICES, STYLER) if one.device.id not in without]
    seen = full_home(*kept)
    for device, named in (front or {}).items():
        seen.run(said(seen, device, {"in_front": named}, at_ms=at_ms))
        seen = committed(seen)
    return seen


def away(seen: Draft, *people: str) -> Draft:
    for person in people:
        seen.run(PresenceRequest(household=HOME, person=person, at_home=False, now_ms=T0))
    return committed(seen)


def off(seen: Draft, *devices: str) -> Draft:
    for device in devices:
        lost = replace(known(seen, device), connection=Connection.LOST)
        seen.memory.states[device] = lost
    return seen


def raised(seen: Draft, one: Moment, *, now_ms: int = T0) -> Draft:
    seen.run(MomentRaised(moment=one, now_ms=now_ms))
    return seen


def places(seen: Draft, name: str = "mo-1") -> set[str]:
    """Return where it is said; every command is one place that is kept with the moment."""
    found = {one.device for one in seen.commands.values() if one.name == "say"}
    kept = seen.kept(Moment, name) or seen.things[Moment, name]
    assert isinstance(kept, Moment)
    assert set(kept.devices) == found
    return found


def say_on(seen: Draft, device: str) -> Command:
    return the_only([one for one in known(seen, device).commands.values() if one.name == "say"])


# ---------------------------------------------------------------------------------------- where


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        pytest.param(home(), {"ph-mina"}, id="the phone before the watch"),
        pytest.param(home("ph-mina"), {"w-mina"}, id="the watch where there is no phone"),
        pytest.param(off(home(), "ph-mina"), {"w-mina"}, id="the watch where the phone is off"),
        pytest.param(off(home(), "ph-mina", "w-mina"), {"ph-mina"}, id="waits for the phone"),
        pytest.param(home("ph-mina", "w-mina"), set(), id="nothing of theirs: only kept"),
        pytest.param(
            home(front={"f-1": "w-mina"}), {"ph-mina", "f-1"}, id="in front of the fridge"
        ),
        pytest.param(home(front={"f-1": "w-joon"}), {"ph-mina"}, id="somebody else in front"),
        pytest.param(home(front={"f-1": "someone"}), {"ph-mina"}, id="somebody unknown in front"),
        pytest.param(home(front={"f-1": ""}), {"ph-mina"}, id="nobody in front"),
        pytest.param(
            home(front={"f-1": "w-mina"}, at_ms=T0 - IN_FRONT_MS - 1), {"ph-mina"}, id="long ago"
        ),
        pytest.param(off(home(front={"f-1": "w-mina"}), "f-1"), {"ph-mina"}, id="the panel is off"),
    ],
)
def test_a_private_word_is_said_where_its_person_is_alone(seen: Draft, found: set[str]) -> None:
    assert places(raised(seen, moment())) == found


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        pytest.param(home(), {"ph-mina"}, id="reached by phone"),
        pytest.param(home("ph-mina", "w-mina"), {"f-1", "y-1"}, id="nobody at the panels"),
        pytest.param(
            home("ph-mina", "w-mina", front={"f-1": "someone"}), {"f-1", "y-1"}, id="nobody known"
        ),
        pytest.param(
            home("ph-mina", "w-mina", front={"f-1": "w-joon"}), {"y-1"}, id="not to somebody else"
        ),
        pytest.param(away(home("ph-mina", "w-mina"), "p-mina"), set(), id="out"),
    ],
)
def test_an_open_word_may_wait_at_the_panels_of_the_home(seen: Draft, found: set[str]) -> None:
    assert places(raised(seen, moment(private=False))) == found


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        pytest.param(home(), {"f-1", "s-1", "y-1", "ph-mina", "w-joon"}, id="all may be there"),
        pytest.param(away(home(), "p-joon"), {"f-1", "s-1", "y-1", "ph-mina"}, id="one is out"),
        pytest.param(home("f-1", "s-1", "y-1"), {"x-1", "d-1", "ph-mina", "w-joon"}, id="no panel"),
    ],
)
def test_a_word_to_the_home_is_said_to_whoever_is_there(seen: Draft, found: set[str]) -> None:
    assert places(raised(seen, moment(person=None, private=False))) == found


def test_a_private_word_to_the_home_is_not_said_aloud() -> None:
    assert places(raised(home(), moment(person=None))) == {"ph-mina", "w-joon"}


def test_both_languages_go_down() -> None:
    command = say_on(raised(home(), moment(ask=True)), "ph-mina")
    assert command.args == {"moment": "mo-1", "text": TEXT, "ask": True}
    assert (command.expires_ms, command.cause) == (T0 + HOUR_MS, "mo-1")


def test_a_private_word_on_a_panel_names_for_whose_eyes_and_does_not_wait() -> None:
    command = say_on(raised(home(front={"f-1": "w-mina"}), moment()), "f-1")
    assert command.args["in_front"] == "w-mina"
    assert command.recipient == "p-mina"
    assert command.expires_ms == T0 + PRIVATE_WITHIN_MS


@pytest.mark.parametrize(
    ("now", "left"),
    [("w-joon", []), ("", []), ("someone", []), ("w-mina", ["queued"])],
    ids=["somebody else", "nobody", "unknown", "still there"],
)
def test_a_private_word_is_taken_back_when_its_person_steps_away(now: str, left: list[str]) -> None:
    seen = committed(raised(home(front={"f-1": "w-mina"}), moment()))
    seen.run(said(seen, "f-1", {"in_front": now}, at_ms=T0 + 1000))
    statuses = [one.status.value for one in known(seen, "f-1").commands.values()]
    assert statuses == left


def test_an_open_word_stays_when_its_person_steps_away() -> None:
    seen = committed(raised(home(front={"f-1": "w-mina"}), moment(private=False)))
    seen.run(said(seen, "f-1", {"in_front": ""}, at_ms=T0 + 1000))
    assert say_on(seen, "f-1").status is CommandStatus.QUEUED


def test_the_same_word_again_is_not_said_again() -> None:
    seen = committed(raised(home(), moment(ask=True)))
    assert raised(seen, moment(ask=True)).commands == {}


def test_a_device_is_not_buried_in_words() -> None:
    seen = home("w-mina")
    for number in range(MAX_WAITING + 5):
        seen = committed(raised(seen, moment(f"mo-{number}")))
    assert len(known(seen, "ph-mina").commands) == MAX_WAITING


# --------------------------------------------------------------------------------------- answers


def asked(seen: Draft | None = None, **more: object) -> Draft:
    return committed(raised(seen or home(), replace(moment(ask=True), **more)))  # type: ignore[arg-type]  # a test's shorthand


def answered(seen: Draft, device: str, data: dict[str, object] | None = None) -> list[str | None]:
    """Return who answered, as the stage takes the device's word."""
    said_so = data or {"moment": "mo-1", "answer": "yes"}
    event = happened(device, "answer", said_so, at_ms=T0 + 1000)
    return persons(list(hear(Recorded(event), seen)))


def persons(answers: Sequence[object]) -> list[str | None]:
    return [one.person for one in answers if isinstance(one, MomentAnswered)]


def test_the_first_answer_wins() -> None:
    seen = asked()
    seen.run(happened("ph-mina", "answer", {"moment": "mo-1", "answer": "yes"}, at_ms=T0 + 1000))
    kept = seen.things[Moment, "mo-1"]
    assert isinstance(kept, Moment)
    assert (kept.answer, kept.answered_ms, kept.open) == ("yes", T0 + 1000, False)
    assert seen.timers == {"moment:mo-1": None}
    seen = committed(seen)
    again = MomentAnswer(moment="mo-1", answer="no", author="p-mina", now_ms=T0 + 2000)
    with pytest.raises(RefusedError):
        list(answer(again, seen))


def test_an_answer_in_the_app_counts() -> None:
    said_so = MomentAnswer(moment="mo-1", answer="no", author="p-mina", now_ms=T0 + 2000)
    assert persons(list(answer(said_so, asked()))) == ["p-mina"]


def test_an_answer_is_yes_or_no() -> None:
    with pytest.raises(InvalidInputError):
        list(answer(MomentAnswer(moment="mo-1", answer="", author="p-mina", now_ms=T0), asked()))


@pytest.mark.parametrize(
    ("device", "data"),
    [
        pytest.param("w-mina", None, id="a device that was not asked"),
        pytest.param("w-joon", None, id="somebody else's device"),
        pytest.param("ph-mina", {"moment": "mo-9", "answer": "yes"}, id="another moment"),
        pytest.param("ph-mina", {"moment": "mo-1", "answer": "maybe"}, id="another answer"),
        pytest.param("ph-mina", {"moment": "mo-1"}, id="no answer"),
        pytest.param("ph-mina", {"moment": "mo-1", "answer": ["yes"]}, id="a list"),
        pytest.param("ph-mina", {"moment": ["mo-1"], "answer": "yes"}, id="a list of moments"),
        pytest.param("ph-mina", {"moment": "m" * 65, "answer": "yes"}, id="a long name"),
    ],
)
def test_what_is_no_answer_changes_nothing(device: str, data: dict[str, object] | None) -> None:
    seen = asked()
    said_so = data or {"moment": "mo-1", "answer": "yes"}
    assert list(hear(Recorded(happened(device, "answer", said_so)), seen)) == []


@pytest.mark.parametrize(
    ("now", "person"),
    [("w-mina", ["p-mina"]), ("ph-mina", ["p-mina"]), ("w-joon", []), ("", []), ("someone", [])],
    ids=["she herself", "by her phone", "somebody else", "nobody", "unknown"],
)
def test_at_a_panel_only_whom_it_asked_may_answer(now: str, person: list[str]) -> None:
    seen = asked(home(front={"f-1": "w-mina"}))
    seen.run(said(seen, "f-1", {"in_front": now}, at_ms=T0 + 500))
    assert answered(committed(seen), "f-1") == person


@pytest.mark.parametrize(
    ("now", "person"), [("w-joon", [JOON.id]), ("someone", [None])], ids=["known", "unknown"]
)
def test_anybody_at_home_may_answer_what_the_home_is_asked(
    now: str, person: list[str | None]
) -> None:
    seen = asked(home(front={"f-1": now}), person=None, private=False)
    assert answered(seen, "f-1") == person


def test_a_device_that_changed_hands_answers_for_nobody_before() -> None:
    seen = asked()
    seen.memory.put_state(replace(known(seen, "ph-mina"), person=JOON))
    assert answered(seen, "ph-mina") == []


def test_what_was_answered_is_not_asked_elsewhere_any_more() -> None:
    seen = asked(home(), person=None, private=False)
    seen.run(happened("ph-mina", "answer", {"moment": "mo-1", "answer": "no"}, at_ms=T0 + 1000))
    waiting = {one.device: one.status.value for one in seen.commands.values() if one.name == "say"}
    assert set(waiting.values()) == {"cancelled"}
    assert len(waiting) == 5


def test_a_question_that_nobody_answers_is_closed_in_time() -> None:
    seen = raised(home(), moment(ask=True))
    timer = the_only([one for one in seen.timers.values() if one is not None])
    assert timer.due_ms == T0 + HOUR_MS
    seen = committed(seen)
    seen.run(
        TimerFired(
            id=timer.id,
            kind=timer.kind,
            device=timer.device,
            subject=timer.subject,
            now_ms=timer.due_ms,
        )
    )
    closed = seen.things[Moment, "mo-1"]
    assert isinstance(closed, Moment)
    assert (closed.answer, closed.open) == (UNANSWERED, False)
    assert seen.timers == {timer.id: None}
