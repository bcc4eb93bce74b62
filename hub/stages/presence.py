"""Who is at home: what phones, shared devices and people themselves say of it."""

from collections.abc import Iterable
from dataclasses import replace

from hub.model import DeviceState, Presence, PresenceRequest, Quality, Sample, presence_id
from hub.model.changes import Admitted, Keep, PresenceChanged
from hub.model.view import View

AT_HOME = "at_home"
IN_FRONT = "in_front"
FRESH_MS = 5 * 60_000
"""What is older when it reaches the hub says nothing of now."""
BY_PERSON = "person"

Told = Keep | PresenceChanged


def notice(admitted: Admitted, view: View) -> Iterable[Told]:
    """Take a fresh word of a phone, or of a device that somebody stands in front of."""
    sample = admitted.sample
    values = sample.values
    # Nearly every sample ends here.
    if AT_HOME not in values and IN_FRONT not in values:
        return ()
    state = view.state(sample.device)
    if state is None or not _is_of_now(sample):
        return ()
    at_home = values.get(AT_HOME)
    if state.person is not None and isinstance(at_home, bool):
        return _said_by_phone(sample, state, view, at_home=at_home)
    if state.person is None and isinstance(values.get(IN_FRONT), str):
        return _seen_in_front(sample, state, view)
    return ()


def _is_of_now(sample: Sample) -> bool:
    fresh = sample.received_ms - sample.at_ms <= FRESH_MS
    return fresh and not sample.late and sample.quality is Quality.GOOD


def _said_by_phone(
    sample: Sample, state: DeviceState, view: View, *, at_home: bool
) -> Iterable[Told]:
    """A phone's word counts where it is not what that phone said before, and is the newest."""
    person, home = state.person, state.device.household
    if person is None:
        return ()
    before = view.kept(Presence, presence_id(home, person.id))
    if before is not None and before.words.get(sample.device) is at_home:
        return ()
    said_ms = min(sample.at_ms, sample.received_ms)
    words = {**(before.words if before else {}), sample.device: at_home}
    if before is not None and said_ms < before.said_ms <= sample.received_ms:
        return (Keep(replace(before, words=words)),)
    word = Presence(
        id=presence_id(home, person.id),
        household=home,
        person=person.id,
        at_home=at_home,
        since_ms=said_ms,
        source=sample.device,
        said_ms=said_ms,
        words=words,
    )
    return _turned(before, word, now_ms=sample.received_ms)


def _seen_in_front(sample: Sample, state: DeviceState, view: View) -> Iterable[Told]:
    """Whoever's watch or phone is nearest to a device of the home is at home."""
    home = state.device.household
    nearest = view.state(str(sample.values[IN_FRONT]))
    if nearest is None or nearest.person is None or nearest.device.household != home:
        return ()
    before = view.kept(Presence, presence_id(home, nearest.person.id))
    said_ms = min(sample.at_ms, sample.received_ms)
    if before is None or before.at_home:
        newer = before is None
    else:
        newer = not said_ms < before.said_ms <= sample.received_ms
    if not newer:
        return ()
    word = Presence(
        id=presence_id(home, nearest.person.id),
        household=home,
        person=nearest.person.id,
        at_home=True,
        since_ms=said_ms,
        source=sample.device,
        said_ms=said_ms,
        words=before.words if before else {},
    )
    return _turned(before, word, now_ms=sample.received_ms)


def say(asked: PresenceRequest, view: View) -> Iterable[Told]:
    """Take a person's own word; it holds until one of their devices says something new."""
    identity = presence_id(asked.household, asked.person)
    before = view.kept(Presence, identity)
    word = Presence(
        id=identity,
        household=asked.household,
        person=asked.person,
        at_home=asked.at_home,
        since_ms=asked.now_ms,
        source=BY_PERSON,
        said_ms=asked.now_ms,
        words=before.words if before else {},
    )
    # Somebody who says so where nothing was known has come, or gone, as far as anybody can tell.
    known = before or replace(word, at_home=not asked.at_home)
    return _turned(known, word, now_ms=asked.now_ms)


def _turned(before: Presence | None, word: Presence, *, now_ms: int) -> Iterable[Told]:
    """Keep the word; a first word says where somebody is, not that they came or left."""
    if before is None:
        return (Keep(word),)
    if before.at_home == word.at_home:
        return (Keep(replace(word, since_ms=before.since_ms)),)
    return (Keep(word), PresenceChanged(presence=word, now_ms=now_ms))
