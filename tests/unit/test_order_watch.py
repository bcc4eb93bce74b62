"""When a partner is asked how an order stands, and when its person has to be told."""

from dataclasses import replace

import pytest

from hub.model import Milestone, Order, OrderStatus
from hub.model.order_watch import (
    AGAIN_MS,
    GRACE_MS,
    HOUR_MS,
    LAST_CALL_MS,
    MINUTE_MS,
    RETOLD_MS,
    TOLERANCE_MS,
    due_ms,
    judged,
    last_call_ms,
    told,
)

T0 = 1_795_000_000_000
PROMISED = T0 + 48 * HOUR_MS
PLACED = Order(
    id="or-1",
    household="h-home",
    person="p-mina",
    service="sv-1",
    garments=("gm-1",),
    status=OrderStatus.PLACED,
    made_ms=T0,
    stage="placed",
    promised_ms=PROMISED,
    expected_ms=PROMISED,
    milestones=(
        Milestone(stage="picked_up", due_ms=T0 + 4 * HOUR_MS),
        Milestone(stage="ready", due_ms=T0 + 40 * HOUR_MS),
        Milestone(stage="delivered", due_ms=PROMISED),
    ),
)


def expected(at_ms: int) -> Order:
    return replace(PLACED, expected_ms=at_ms)


def test_the_first_milestone_is_looked_at_when_it_is_due() -> None:
    assert due_ms(PLACED) == T0 + 4 * HOUR_MS + GRACE_MS


def test_a_milestone_that_was_reached_is_not_looked_at() -> None:
    picked_up = replace(PLACED, stage="picked_up", status=OrderStatus.UNDER_WAY)
    assert due_ms(picked_up) == T0 + 40 * HOUR_MS + GRACE_MS


def test_a_missed_milestone_is_asked_about_again_until_the_person_was_told() -> None:
    looked = replace(PLACED, looked_ms=T0 + 5 * HOUR_MS)
    assert due_ms(looked) == T0 + 5 * HOUR_MS + AGAIN_MS
    assert due_ms(told(looked, "at_risk", now_ms=T0)) == T0 + 40 * HOUR_MS + GRACE_MS


@pytest.mark.parametrize(
    ("later_ms", "word"),
    [
        pytest.param(0, "", id="on time"),
        pytest.param(TOLERANCE_MS, "", id="within the tolerance"),
        pytest.param(TOLERANCE_MS + 1, "slipped", id="just beyond it"),
    ],
)
def test_a_later_time_is_told_beyond_the_tolerance(later_ms: int, word: str) -> None:
    _, said = judged(expected(PROMISED + later_ms), now_ms=T0)
    assert said == word


def test_a_new_time_is_told_again_only_if_it_moved_enough() -> None:
    late, _ = judged(expected(PROMISED + 3 * HOUR_MS), now_ms=T0)
    little = replace(late, expected_ms=PROMISED + 3 * HOUR_MS + RETOLD_MS - 1)
    much = replace(late, expected_ms=PROMISED + 3 * HOUR_MS + RETOLD_MS)

    assert judged(late, now_ms=T0)[1] == ""
    assert judged(little, now_ms=T0)[1] == ""
    assert judged(much, now_ms=T0)[1] == "slipped"


def test_being_in_time_after_all_is_told_once() -> None:
    late, _ = judged(expected(PROMISED + 3 * HOUR_MS), now_ms=T0)
    fine, said = judged(replace(late, expected_ms=PROMISED), now_ms=T0)

    assert (said, fine.told) == ("in_time", "")
    assert judged(fine, now_ms=T0)[1] == ""


def test_a_missed_milestone_alone_worries_nobody() -> None:
    assert judged(PLACED, now_ms=T0 + 10 * HOUR_MS)[1] == ""


def test_a_missed_milestone_is_told_when_there_is_no_time_left_to_keep_quiet() -> None:
    now_ms = last_call_ms(PLACED, PROMISED)
    assert judged(PLACED, now_ms=now_ms - 1)[1] == ""
    assert judged(PLACED, now_ms=now_ms)[1] == "at_risk"


def test_a_missed_milestone_is_told_at_once_where_the_partner_names_no_time() -> None:
    nothing = replace(PLACED, expected_ms=None)
    assert judged(nothing, now_ms=T0 + 5 * HOUR_MS)[1] == "at_risk"


def test_news_after_none_says_that_all_is_well() -> None:
    quiet = told(replace(PLACED, stage="ready"), "no_news", now_ms=T0)
    assert judged(quiet, now_ms=T0 + 41 * HOUR_MS)[1] == "in_time"


def test_an_unanswered_question_is_waited_for_until_before_the_promise() -> None:
    asked = replace(PLACED, asked_ms=T0 + 5 * HOUR_MS, looked_ms=T0 + 5 * HOUR_MS)
    assert due_ms(asked) == PROMISED - LAST_CALL_MS


def test_a_question_asked_at_the_last_call_still_leaves_time_to_tell() -> None:
    at_ms = PROMISED - LAST_CALL_MS
    late = due_ms(replace(PLACED, asked_ms=at_ms, looked_ms=at_ms))
    assert late == at_ms + 10 * MINUTE_MS
    assert late < PROMISED


def test_who_was_told_that_there_is_no_news_is_not_told_again() -> None:
    asked = told(replace(PLACED, asked_ms=T0), "no_news", now_ms=T0)
    assert due_ms(asked) is None


@pytest.mark.parametrize("status", [OrderStatus.CANCELLING, OrderStatus.DELIVERED])
def test_what_is_not_on_its_way_is_not_watched(status: OrderStatus) -> None:
    order = replace(PLACED, status=status, expected_ms=PROMISED + 9 * HOUR_MS)
    assert due_ms(order) is None
    assert judged(order, now_ms=PROMISED)[1] == ""
