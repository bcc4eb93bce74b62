"""A word to a person: on which devices it is shown, and what is answered to it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hub.errors import InvalidInputError, RefusedError
from hub.model import (
    SOMEONE,
    UNANSWERED,
    Command,
    CommandStatus,
    Connection,
    DeviceState,
    Moment,
    MomentAnswer,
    Presence,
    Timer,
    TimerFired,
    derived_id,
    presence_id,
)
from hub.model.changes import (
    Admitted,
    CommandChanged,
    CommandQueued,
    Keep,
    MomentAnswered,
    MomentRaised,
    Recorded,
    TimerEnded,
)
from hub.model.view import View

SAY = "say"
AT_HOME = "at_home"
IN_FRONT = "in_front"
VOLUME = "volume"
ANSWERS = ("yes", "no")
OFF = frozenset({Connection.DISCONNECTED, Connection.LOST})
IN_FRONT_MS = 120_000
"""Who was in front of a device longer ago may be gone; devices say it every half a minute."""
SHARED_WITHIN_MS = 10 * 60_000
"""How long a word to the home is worth saying aloud."""
PRIVATE_WITHIN_MS = 15_000
"""How long a private word waits for the panel that its person stands at."""
MAX_WAITING = 20
"""Words that wait for one device; further ones are only kept."""
MAX_ID = 64

Told = Keep | CommandQueued | Timer
Answered = Keep | MomentAnswered | TimerEnded | CommandChanged


def tell(raised: MomentRaised, view: View) -> Iterable[Told]:
    """Keep the word, and show it where its person is; nowhere where there is no such place."""
    moment, now_ms = raised.moment, raised.now_ms
    if view.kept(Moment, moment.id) is not None:
        return ()
    places = {place.device.id: place for place in _places(moment, view, now_ms)}
    shown = replace(moment, devices=tuple(places))
    commands = [CommandQueued(_say(moment, place, now_ms)) for place in places.values()]
    timers = (_end_of(moment),) if moment.open else ()
    return (Keep(shown), *commands, *timers)


def _end_of(moment: Moment) -> Timer:
    return Timer(
        id=_timer_id(moment.id),
        due_ms=moment.expires_ms,
        kind="moment",
        device="",
        subject=moment.id,
    )


def _timer_id(moment: str) -> str:
    return f"moment:{moment}"


# ---------------------------------------------------------------------------------------- where


def _places(moment: Moment, view: View, now_ms: int) -> Iterator[DeviceState]:
    if moment.person is None:
        return _at_home(moment, view)
    return _with_person(moment, moment.person, view, now_ms)


def _with_person(moment: Moment, person: str, view: View, now_ms: int) -> Iterator[DeviceState]:
    """Yield what the person carries or wears, and the panels that they themselves stand at.

    A word that is not private, to somebody whom it would not reach, goes to the panels of their
    home where nobody else is known to stand.
    """
    own = _own(person, view)
    if own is not None:
        yield own
    panels = [place for place in _shared(moment.household, view) if _is_panel(place, view)]
    for panel in panels:
        if _person_in_front(panel, view, now_ms) == person:
            yield panel
    reached = own is not None and own.connection not in OFF
    if moment.private or reached or not _may_be_home(person, moment.household, view):
        return
    for panel in panels:
        if panel.twin.reported.get(IN_FRONT, "") in {"", SOMEONE}:
            yield panel


def _at_home(moment: Moment, view: View) -> Iterator[DeviceState]:
    """Yield the panels and speakers of the home, and what each who is there carries or wears."""
    if not moment.private:
        shared = list(_shared(moment.household, view))
        yield from [place for place in shared if _is_for_words(place, view)] or shared
    states = (view.state(device) for device in view.devices_in(moment.household))
    people = {state.person.id for state in states if state is not None and state.person}
    for person in sorted(people):
        own = _own(person, view)
        if own is not None and _may_be_home(person, moment.household, view):
            yield own


def _own(person: str, view: View) -> DeviceState | None:
    """Return the one device of theirs to say it on: one that is there, and a phone before a watch.

    One and not all: a word that is said twice interrupts twice.
    """
    states = (view.state(device) for device in view.devices_of(person))
    able = [state for state in states if state is not None and _speaks(state, view)]
    return min(
        able,
        key=lambda one: (one.connection in OFF, not _is_phone(one, view), one.device.id),
        default=None,
    )


def _shared(household: str, view: View) -> Iterator[DeviceState]:
    for device in view.devices_in(household):
        state = view.state(device)
        if state is not None and state.person is None and _speaks(state, view):
            yield state


def _speaks(state: DeviceState, view: View) -> bool:
    waiting = sum(command.name == SAY for command in state.commands.values())
    return waiting < MAX_WAITING and SAY in view.kind(state.device.kind).commands


def _is_phone(state: DeviceState, view: View) -> bool:
    return AT_HOME in view.kind(state.device.kind).properties


def _is_panel(state: DeviceState, view: View) -> bool:
    return IN_FRONT in view.kind(state.device.kind).properties


def _is_for_words(state: DeviceState, view: View) -> bool:
    """Whether it is a panel or a speaker, and not a machine that can speak as well."""
    return _is_panel(state, view) or VOLUME in view.kind(state.device.kind).properties


def _may_be_home(person: str, household: str, view: View) -> bool:
    presence = view.kept(Presence, presence_id(household, person))
    return presence is None or presence.at_home


def _person_in_front(panel: DeviceState, view: View, now_ms: int) -> str | None:
    """Return who stands at the panel, if it knows them and said so just now."""
    if panel.connection in OFF:
        return None
    said_ms = min(panel.twin.reported_ms.get(IN_FRONT, 0), panel.heard_ms)
    nearest = view.state(str(panel.twin.reported.get(IN_FRONT, "")))
    if now_ms - said_ms > IN_FRONT_MS or nearest is None or nearest.person is None:
        return None
    same_home = nearest.device.household == panel.device.household
    return nearest.person.id if same_home else None


def _say(moment: Moment, place: DeviceState, now_ms: int) -> Command:
    args: dict[str, object] = {
        "moment": moment.id,
        "text": dict(moment.text),
        "ask": moment.ask,
    }
    expires_ms = moment.expires_ms
    if place.person is None:
        expires_ms = min(expires_ms, now_ms + SHARED_WITHIN_MS)
        if moment.private:
            args[IN_FRONT] = place.twin.reported[IN_FRONT]
            expires_ms = min(expires_ms, now_ms + PRIVATE_WITHIN_MS)
    return Command(
        id=derived_id("cm", moment.id, place.device.id, SAY),
        device=place.device.id,
        name=SAY,
        args=args,
        issued_ms=now_ms,
        expires_ms=expires_ms,
        cause=moment.id,
        recipient=moment.person if moment.private else None,
    )


def turn_away(admitted: Admitted, view: View) -> Iterable[CommandChanged]:
    """Take back private words that were not sent before somebody else stepped in front."""
    sample = admitted.sample
    # Nearly every sample ends here.
    if IN_FRONT not in sample.values:
        return ()
    state = view.state(sample.device)
    if state is None:
        return ()
    now = state.twin.reported.get(IN_FRONT)
    return [
        _taken_back(command, "somebody else is in front", sample.received_ms)
        for command in state.commands.values()
        if command.name == SAY and command.args.get(IN_FRONT, now) != now and _waits(command, view)
    ]


def _waits(command: Command, view: View) -> bool:
    return command.status is CommandStatus.QUEUED and not view.on_its_way(command.id)


def _taken_back(command: Command, reason: str, now_ms: int) -> CommandChanged:
    status = CommandStatus.CANCELLED
    history = (*command.history, (status.value, now_ms))
    return CommandChanged(replace(command, status=status, reason=reason, history=history))


# --------------------------------------------------------------------------------------- answers


def hear(recorded: Recorded, view: View) -> Iterable[Answered]:
    """Take a device's yes or no, if it was asked and by whom it was asked stands behind it."""
    event = recorded.event
    name, answer = event.data.get("moment"), event.data.get("answer")
    if event.type != "answer" or not isinstance(name, str) or len(name) > MAX_ID:
        return ()
    state = view.state(event.device)
    moment = view.kept(Moment, name)
    if state is None or moment is None or not moment.open or answer not in ANSWERS:
        return ()
    person = state.person.id if state.person else _person_in_front(state, view, event.received_ms)
    if event.device not in moment.devices or moment.person not in {None, person}:
        return ()
    return _answered(moment, str(answer), person, view, event.received_ms)


def answer(said: MomentAnswer, view: View) -> Iterable[Answered]:
    """Take what a person says in the app.

    Raises:
        InvalidInputError: neither yes nor no.
        RefusedError: it asks for nothing, or was answered, or its time is over.
    """
    if said.answer not in ANSWERS:
        message = "answer yes or no"
        raise InvalidInputError(message)
    moment = view.kept(Moment, said.moment)
    if moment is None or not moment.open:
        message = "no answer is waited for, or not any more"
        raise RefusedError(message)
    return _answered(moment, said.answer, said.author, view, said.now_ms)


def _answered(
    moment: Moment, said: str, person: str | None, view: View, now_ms: int
) -> Iterable[Answered]:
    closed = replace(moment, answer=said, answered_ms=now_ms)
    return (
        Keep(closed),
        TimerEnded(_timer_id(moment.id)),
        *_unsaid(moment, view, now_ms),
        MomentAnswered(moment=closed, answer=said, person=person, now_ms=now_ms),
    )


def _unsaid(moment: Moment, view: View, now_ms: int) -> Iterator[CommandChanged]:
    """Yield the end of what still waits to be said elsewhere."""
    for device in moment.devices:
        state = view.state(device)
        for command in state.commands.values() if state is not None else ():
            if command.name == SAY and command.cause == moment.id and _waits(command, view):
                yield _taken_back(command, "answered elsewhere", now_ms)


def close(fired: TimerFired, view: View) -> Iterable[Keep | TimerEnded]:
    """Close a question that nobody answered in time."""
    if fired.kind != "moment":
        return ()
    moment = view.kept(Moment, fired.subject)
    if moment is None or not moment.open:
        return (TimerEnded(fired.id),)
    closed = replace(moment, answer=UNANSWERED, answered_ms=fired.now_ms)
    return (Keep(closed), TimerEnded(fired.id))
