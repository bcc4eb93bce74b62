"""Watches a promise: when to ask the partner, and when the person has to be told.

A word is said only for what the partner itself states, or when there is too little time left to
keep quiet: a milestone that was missed and is caught up with worries nobody.
"""

from collections.abc import Iterator
from dataclasses import replace

from hub.model.order_life import STAGES
from hub.model.orders import Order, OrderStatus

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
PROPOSAL_MS = 24 * HOUR_MS
"""How long a proposal waits for a yes."""
TOLERANCE_MS = 10 * MINUTE_MS
"""So much later than promised is not late."""
RETOLD_MS = 30 * MINUTE_MS
"""A new time is told again if it moved by so much."""
GRACE_MS = 2 * MINUTE_MS
"""From a milestone's time to the question whether it was reached: its webhook may be on the way."""
LAST_CALL_MS = HOUR_MS
"""So long before the promised time the partner is asked in any case, and silence is told; less
where the last milestone is nearer."""
AGAIN_MS = 30 * MINUTE_MS
"""Between two questions while a milestone is missed and nobody was told."""
LONG_AGAIN_MS = 6 * HOUR_MS
"""Between two questions when the promised time is long over."""
_WATCHED = frozenset({OrderStatus.PLACED, OrderStatus.UNDER_WAY})


def due_ms(order: Order) -> int | None:
    """Return the hub time at which somebody has to look at the order by themselves."""
    if order.status is OrderStatus.PROPOSED:
        return order.made_ms + PROPOSAL_MS
    if order.status is OrderStatus.QUOTED and order.quote is not None:
        return order.quote.valid_until_ms
    if order.status not in _WATCHED or order.promised_ms is None:
        return None
    if order.asked_ms is not None:
        return _patience_ms(order, order.promised_ms, order.asked_ms)
    return min(_looks(order, order.promised_ms), default=order.looked_ms + LONG_AGAIN_MS)


def watched(order: Order) -> bool:
    return order.status in _WATCHED and order.promised_ms is not None


def _patience_ms(order: Order, promised_ms: int, asked_ms: int) -> int | None:
    """Return until when an answer is waited for in silence; None once the person was told."""
    if order.told:
        return None
    left_ms = promised_ms - last_call_ms(order, promised_ms)
    return max(last_call_ms(order, promised_ms), asked_ms + min(10 * MINUTE_MS, left_ms // 2))


def _looks(order: Order, promised_ms: int) -> Iterator[int]:
    """Yield the times at which the partner is to be asked, those already asked at left out."""
    reached = STAGES.get(order.stage, 0)
    open_ms = [
        one.due_ms + GRACE_MS for one in order.milestones if STAGES.get(one.stage, 0) > reached
    ]
    known = [*open_ms, last_call_ms(order, promised_ms), promised_ms + GRACE_MS]
    if order.expected_ms is not None:
        known.append(order.expected_ms + GRACE_MS)
    missed = any(at_ms <= order.looked_ms for at_ms in open_ms)
    if missed and not order.told and order.looked_ms < promised_ms:
        yield order.looked_ms + AGAIN_MS
    yield from (at_ms for at_ms in known if at_ms > order.looked_ms)


def last_call_ms(order: Order, promised_ms: int) -> int:
    """Return the time from which silence would be dishonest."""
    before = [one.due_ms for one in order.milestones if one.due_ms < promised_ms]
    gap_ms = promised_ms - max(before, default=promised_ms - 4 * LAST_CALL_MS)
    return promised_ms - min(LAST_CALL_MS, gap_ms // 4)


def behind(order: Order, *, now_ms: int) -> bool:
    """Return whether a milestone passed without its stage."""
    reached = STAGES.get(order.stage, 0)
    return any(
        one.due_ms + GRACE_MS <= now_ms and STAGES.get(one.stage, 0) > reached
        for one in order.milestones
    )


def judged(order: Order, *, now_ms: int) -> tuple[Order, str]:
    """Return the order after fresh news of it, and what the person must be told; mostly nothing.

    `slipped`: it will be later than promised, and when; `in_time`: it will not after all;
    `at_risk`: nobody can say that it will be in time.
    """
    if not watched(order) or order.promised_ms is None:
        return order, ""
    expected_ms = order.expected_ms
    if expected_ms is not None and expected_ms > order.promised_ms + TOLERANCE_MS:
        return _late(order, expected_ms, now_ms=now_ms)
    lost = behind(order, now_ms=now_ms)
    if (order.told == "slipped" and _announced_in_time(order)) or (
        order.told == "no_news" and not lost
    ):
        fine = replace(order, told="", told_ms=None, told_expected_ms=None)
        return fine, "in_time"
    too_late = now_ms >= last_call_ms(order, order.promised_ms) or expected_ms is None
    if lost and too_late and order.told in {"", "no_news"}:
        return told(order, "at_risk", now_ms=now_ms), "at_risk"
    return order, ""


def _announced_in_time(order: Order) -> bool:
    promised_ms, expected_ms = order.promised_ms, order.expected_ms
    return promised_ms is not None and expected_ms is not None and expected_ms <= promised_ms


def _late(order: Order, expected_ms: int, *, now_ms: int) -> tuple[Order, str]:
    before_ms = order.told_expected_ms
    known = order.told == "slipped" and before_ms is not None
    if known and abs(expected_ms - (before_ms or 0)) < RETOLD_MS:
        return order, ""
    return told(order, "slipped", now_ms=now_ms, expected_ms=expected_ms), "slipped"


def told(order: Order, word: str, *, now_ms: int, expected_ms: int | None = None) -> Order:
    return replace(order, told=word, told_ms=now_ms, told_expected_ms=expected_ms)
