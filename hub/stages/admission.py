"""Lets each sample and event in once, marks its quality, and keeps the twin's reported half."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from hub.model import (
    DeadLetter,
    DeviceEvent,
    DeviceState,
    Quality,
    Rejected,
    Sample,
    Sequence,
    Skipped,
    StateReport,
    Twin,
    Value,
)
from hub.model.changes import Admitted, ReceiptDue, Recorded, StateChanged
from hub.model.view import View

CLOCK_AHEAD_MS = 5 * 60 * 1000
CLOCK_BEHIND_MS = 31 * 24 * 3600 * 1000
MAX_BOOTS = 8
"""Boots remembered of one device; older ones were receipted or are gone."""
NUMBERS = (float, int)

_NONE = Sequence()


def admit_sample(sample: Sample, view: View) -> Iterable[Admitted | StateChanged | ReceiptDue]:
    state = view.state(sample.device)
    if state is None:
        return ()
    sequences = state.sequences
    if sample.seq is not None:
        boot = sample.boot or ""
        if sample.seq in sequences.get(boot, _NONE):
            return (ReceiptDue(sample.device, boot),)
        sequences = _numbered(sequences, boot, sample.seq, sample.received_ms)
    if not sample.values:
        changed = replace(state, sequences=sequences, heard_ms=sample.received_ms)
        return (StateChanged(changed), ReceiptDue(sample.device, sample.boot))
    newest_ms = state.newest_ms
    if newest_ms > sample.received_ms + CLOCK_AHEAD_MS:
        # The hub's clock was ahead once, and was set right.
        newest_ms = -1
        state = replace(state, newest_ms=newest_ms)
    sample = _judged(sample, state, view)
    twin = state.twin
    if sample.quality is not Quality.CLOCK:
        twin = _reported(twin, sample.values, sample.at_ms, in_order=sample.at_ms > newest_ms)
        newest_ms = max(newest_ms, sample.at_ms)
    changed = DeviceState(
        device=state.device,
        person=state.person,
        twin=twin,
        connection=state.connection,
        heard_ms=sample.received_ms,
        ready_ms=state.ready_ms,
        newest_ms=newest_ms,
        sequences=sequences,
        conditions=state.conditions,
        alarms=state.alarms,
        silent=state.silent,
        last_heard_ms=state.last_heard_ms,
        judged_from_ms=state.judged_from_ms,
        alone=state.alone,
        linked=state.linked,
        echoes=state.echoes,
        commands=state.commands,
    )
    if sample.seq is None:
        return (StateChanged(changed), Admitted(sample))
    return (StateChanged(changed), Admitted(sample), ReceiptDue(sample.device, sample.boot))


def _judged(sample: Sample, state: DeviceState, view: View) -> Sample:
    """Return the sample with its quality, and whether it comes behind newer ones."""
    if not sample.timed:
        # Two of one millisecond would be one point.
        at_ms = max(sample.at_ms, state.newest_ms + 1)
        return replace(sample, at_ms=at_ms, quality=_quality(sample, state, view))
    ahead_ms = sample.at_ms - sample.received_ms
    if ahead_ms > CLOCK_AHEAD_MS or ahead_ms < -CLOCK_BEHIND_MS:
        return replace(sample, quality=Quality.CLOCK, late=True)
    quality = _quality(sample, state, view)
    late = sample.at_ms <= state.newest_ms
    if late or quality is not Quality.GOOD:
        return replace(sample, quality=quality, late=late)
    return sample


def _quality(sample: Sample, state: DeviceState, view: View) -> Quality:
    kind = view.kind(sample.kind)
    values, reported = sample.values, state.twin.reported
    for name, needed in kind.needs.items():
        if name in values and values.get(needed, reported.get(needed)) is False:
            return Quality.BAD
    for name, rate in kind.max_rates.items():
        value, before = values.get(name), reported.get(name)
        if isinstance(value, NUMBERS) and isinstance(before, NUMBERS):
            elapsed_s = max((sample.at_ms - state.twin.reported_ms[name]) / 1000, 1.0)
            if abs(value - before) > rate * elapsed_s:
                return Quality.SUSPECT
    return Quality.GOOD


def _reported(twin: Twin, values: Mapping[str, Value], at_ms: int, *, in_order: bool) -> Twin:
    reported, times = twin.reported, twin.reported_ms
    if not in_order:
        values = {n: v for n, v in values.items() if times.get(n, -1) < at_ms}
    if reported.keys() <= values.keys():
        # Nearly always: a device says everything each time, and nothing has to be copied.
        reported, times = values, dict.fromkeys(values, at_ms)
    else:
        reported, times = {**reported, **values}, {**times, **dict.fromkeys(values, at_ms)}
    return Twin(
        reported=reported,
        reported_ms=times,
        reported_revision=twin.reported_revision,
        desired=twin.desired,
        desired_ms=twin.desired_ms,
        revision=twin.revision,
    )


def _numbered(
    sequences: Mapping[str, Sequence], boot: str, seq: int, now_ms: int
) -> Mapping[str, Sequence]:
    grown = {**sequences, boot: sequences.get(boot, _NONE).add(seq, now_ms=now_ms)}
    while len(grown) > MAX_BOOTS:
        del grown[min(grown, key=lambda name: grown[name].seen_ms)]
    return grown


def admit_skipped(skipped: Skipped, view: View) -> Iterable[StateChanged | ReceiptDue]:
    state = view.state(skipped.device)
    if state is None:
        return ()
    sequences = _numbered(state.sequences, skipped.boot, skipped.seq, state.heard_ms)
    return (
        StateChanged(replace(state, sequences=sequences)),
        ReceiptDue(skipped.device, skipped.boot),
    )


def admit_rejected(
    rejected: Rejected, view: View
) -> Iterable[DeadLetter | StateChanged | ReceiptDue]:
    """Keep what was refused as a dead letter; a numbered one counts as received."""
    letter = DeadLetter(
        id=_letter_id(rejected),
        device=rejected.device,
        source="intake",
        topic=rejected.topic,
        at_ms=rejected.received_ms,
        reason=rejected.reason,
        payload_hash=rejected.payload_hash,
        excerpt=rejected.excerpt,
        payload=rejected.payload,
    )
    state = view.state(rejected.device)
    if state is None or rejected.seq is None:
        return (letter,)
    boot = rejected.boot or ""
    sequences = _numbered(state.sequences, boot, rejected.seq, rejected.received_ms)
    changed = StateChanged(replace(state, sequences=sequences))
    return (letter, changed, ReceiptDue(rejected.device, boot))


def _letter_id(rejected: Rejected) -> str:
    """Return the letter's id: a numbered thing that comes again is the same letter."""
    if rejected.seq is not None:
        number = f"{rejected.device}|{rejected.boot or ''}|{rejected.seq}|{rejected.reason}"
        return f"n-{_short_hash(number)}"
    place = f"{rejected.device}|{rejected.topic}|{rejected.payload_hash}|{rejected.reason}"
    return f"{rejected.received_ms:x}-{_short_hash(place)}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def admit_event(event: DeviceEvent, view: View) -> Iterable[Recorded | ReceiptDue]:
    """Let an event in; the runtime has left out those whose id is known."""
    if view.state(event.device) is None:
        return ()
    return (Recorded(event), ReceiptDue(event.device, None, event.id))


def admit_state(report: StateReport, view: View) -> Iterable[StateChanged | Admitted]:
    """Take a reported state as readings of what changed.

    A retained copy only updates the twin: it may be days old, and nobody is alerted by it. Least of
    all does it say whether the device is worn now, and with that what its readings mean.
    """
    state = view.state(report.device)
    if state is None:
        return ()
    reported = state.twin.reported
    values = {n: v for n, v in report.values.items() if reported.get(n) != v}
    if report.retained:
        needed = view.kind(state.device.kind).needs.values()
        values = {n: v for n, v in values.items() if n not in needed}
    at_ms = max(report.received_ms, state.newest_ms + 1)
    twin = replace(
        _reported(state.twin, values, at_ms, in_order=True), reported_revision=report.revision
    )
    changed = replace(state, twin=twin, heard_ms=report.received_ms)
    if not values or report.retained:
        return (StateChanged(changed),)
    changed = replace(changed, newest_ms=at_ms)
    sample = Sample(
        report.device, state.device.kind, at_ms, report.received_ms, values, timed=False
    )
    return (StateChanged(changed), Admitted(sample))
