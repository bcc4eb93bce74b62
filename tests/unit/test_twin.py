"""What is desired of a device, and whether it is there."""

from dataclasses import replace

import pytest

from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.flow import Draft
from hub.model import Connection, DesiredRequest, StatusReport
from hub.stages.twin import ALERT_RULES, RulesChanged
from tests.unit.small_home import T0, draft, known, next_group, state

LIMITS: tuple[object, ...] = ({"limit": 150},)


def ask(revision: int | None = None, *, device: str = "w-1", name: str = "worn") -> DesiredRequest:
    return DesiredRequest(
        device=device, values={name: True}, revision=revision, author="p-mina", now_ms=T0
    )


def status(connection: Connection, *, retained: bool = False) -> StatusReport:
    return StatusReport(device="w-1", connection=connection, received_ms=T0, retained=retained)


def with_rules() -> Draft:
    seen = draft()
    seen.run(RulesChanged(device="w-1", alert_rules=LIMITS))
    return seen


def test_rules_go_down_to_a_watch_that_alerts_alone() -> None:
    seen = with_rules()
    assert known(seen).twin.desired == {ALERT_RULES: list(LIMITS)}
    assert (known(seen).twin.revision, seen.desired) == (1, {"w-1"})


def test_rules_that_are_there_already_go_down_no_more() -> None:
    after = next_group(with_rules())
    after.run(RulesChanged(device="w-1", alert_rules=LIMITS))
    assert after.desired == set()
    assert after.group().empty


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        pytest.param(ask(device="w-9"), UnknownError, id="no such device"),
        pytest.param(ask(), InvalidInputError, id="cannot be set"),
        pytest.param(ask(name="nothing"), InvalidInputError, id="no such property"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_and_changes_nothing(
    asked: DesiredRequest, error: type[Exception]
) -> None:
    seen = draft()
    with pytest.raises(error):
        seen.run(asked)
    assert seen.group().empty


def test_a_wish_over_a_revision_that_is_no_more_is_refused() -> None:
    seen = with_rules()
    nothing = replace(ask(revision=0), values={})
    with pytest.raises(RefusedError):
        seen.run(nothing)


def test_a_device_that_comes_back_behind_is_brought_up_to_date() -> None:
    after = next_group(with_rules())
    after.run(status(Connection.READY))
    assert after.desired == {"w-1"}


def test_a_device_that_has_all_is_left_alone() -> None:
    seen = draft()
    seen.run(status(Connection.READY))
    assert seen.desired == set()


def test_a_live_word_says_when_the_device_came_back() -> None:
    seen = draft()
    seen.run(status(Connection.READY))
    assert (known(seen).connection, known(seen).ready_ms) == (Connection.READY, T0)


def test_a_kept_word_says_that_it_is_there_and_not_since_when() -> None:
    seen = draft()
    seen.run(status(Connection.READY, retained=True))
    assert (known(seen).connection, known(seen).ready_ms) == (Connection.READY, 0)


def test_the_same_word_twice_changes_nothing() -> None:
    seen = draft(replace(state(), connection=Connection.LOST))
    seen.run(status(Connection.LOST))
    assert seen.group().empty
