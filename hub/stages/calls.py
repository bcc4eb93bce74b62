"""Keeps the outbox: how far each call has come, and what it disclosed when it first went out."""

from collections.abc import Iterable
from dataclasses import replace

from hub.errors import RefusedError
from hub.model import Call, CallProgress, CallRetry, CallStatus, Service
from hub.model.calls import CALL_LIFETIME_MS, disclosures
from hub.model.changes import Keep
from hub.model.view import View


def progress(step: CallProgress, view: View) -> Iterable[Keep]:
    """Take what the caller did; of a call that has ended nothing more is taken."""
    call = view.kept(Call, step.call)
    if call is None or not call.open or step.attempts < call.attempts:
        return
    service = view.kept(Service, call.service)
    if call.attempts == 0 and step.attempts > 0 and service is not None:
        yield from (Keep(one) for one in disclosures(call, kind=service.kind, now_ms=step.now_ms))
    yield Keep(
        replace(
            call,
            status=step.status,
            attempts=step.attempts,
            next_ms=step.next_ms,
            reason=step.reason,
        )
    )


def retry(wish: CallRetry, view: View) -> Iterable[Keep]:
    """Queue a dead call again, under its own id: a partner that had it all the same knows it.

    Raises:
        RefusedError: the call is not dead.
    """
    known = view.kept(Call, wish.call.id)
    if wish.call.status is not CallStatus.DEAD or (known is not None and known.open):
        message = f"the call is {known.status if known else wish.call.status}, not dead"
        raise RefusedError(message)
    again = replace(
        wish.call,
        status=CallStatus.QUEUED,
        next_ms=wish.now_ms,
        expires_ms=wish.now_ms + CALL_LIFETIME_MS,
        reason="sent again by an operator",
    )
    yield Keep(again)
