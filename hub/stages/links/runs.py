"""What comes of a link that was set off: done, put off or stopped, and always explained."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from hub.model import (
    Echo,
    Link,
    LinkRun,
    Moment,
    NeedAction,
    OrderAction,
    PresetAction,
    ReadingTrigger,
    RunOutcome,
    Timer,
    derived_id,
)
from hub.model.changes import (
    CommandQueued,
    DesiredAsked,
    Keep,
    MomentRaised,
    OrderAsked,
    StateChanged,
    Triggered,
)
from hub.model.link_words import circle, property_words, ran_away, too_deep, value_words, words
from hub.model.links import MAX_DEPTH, Words, holds
from hub.model.view import View
from hub.stages.links.actions import Cannot, Done, Occasion, act
from hub.stages.links.conditions import check
from hub.stages.links.looking import may_look, touches_somebody
from hub.stages.links.timing import wait_timer
from hub.stages.links.triggers import EVENT

FRESH_MS = 15 * 60_000
"""What is heard of later than this after it happened is over: nothing is moved by it."""
LASTING_FRESH_MS = 24 * 3600_000
"""Where all that a link does keeps its worth: a course for a load, a need, a proposal."""
LASTING = (PresetAction, NeedAction, OrderAction)
ECHO_MS = 2 * 60_000
"""How long what a device says after a command counts as following from it."""
TOLD_MS = 24 * 3600_000
MINUTE_FRESH_MS = 10 * 60_000
"""How late a link on the time of day may still run."""
_HEARD_LATE = words(
    "너무 늦게 알려져 실행하지 않았습니다", "not done: the hub heard of it too late"
)
_WOKE_LATE = words(
    "기다림이 끝났을 때 허브가 꺼져 있어 실행하지 않았습니다",
    "not done: the hub was away when the wait was over",
)

_CHANGED = words(
    "기다리는 동안 연결이 바뀌었습니다", "not done: the link was changed while it waited"
)

Ran = Keep | Timer | StateChanged | DesiredAsked | CommandQueued | MomentRaised | OrderAsked


def run(triggered: Triggered, view: View) -> Iterable[Ran]:
    """Run the link once for this occasion, or say why not."""
    link = view.kept(Link, triggered.link)
    name = derived_id("ru", triggered.link, triggered.cause)
    if link is None or not link.runs:
        return _switched_off(name, view) if triggered.waited else ()
    if not triggered.waited:
        blank = _blank(name, link, triggered, view)
        return _Case(link=link, triggered=triggered, view=view, blank=blank).begin()
    waiting = view.kept(LinkRun, name)
    if waiting is None:
        return ()
    if waiting.at_ms < link.since_ms:
        # What it does now was not meant for this occasion, nor perhaps by this author.
        return (Keep(replace(waiting, outcome=RunOutcome.NOT_NOW, reason=_CHANGED)),)
    person = waiting.person or _person(link, triggered, view)
    blank = replace(waiting, outcome=RunOutcome.DONE, person=person)
    return _Case(link=link, triggered=triggered, view=view, blank=blank).after_wait()


def _blank(name: str, link: Link, triggered: Triggered, view: View) -> LinkRun:
    return LinkRun(
        id=name,
        link=link.id,
        household=link.household,
        at_ms=triggered.now_ms,
        outcome=RunOutcome.DONE,
        trigger=triggered.facts,
        cause=triggered.cause,
        chain=triggered.chain,
        person=_person(link, triggered, view),
    )


def _person(link: Link, triggered: Triggered, view: View) -> str | None:
    """Return whose the run is alone; a link touches of people only its author."""
    personal = triggered.person is not None or touches_somebody(link, view)
    return link.author if personal else None


def _switched_off(name: str, view: View) -> Iterable[Keep]:
    waiting = view.kept(LinkRun, name)
    if waiting is None:
        return ()
    why = words("기다리는 동안 연결이 꺼졌습니다", "the link was switched off while it waited")
    return (Keep(replace(waiting, outcome=RunOutcome.NOT_NOW, reason=why)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One link and one occasion."""

    link: Link
    triggered: Triggered
    view: View
    blank: LinkRun

    def begin(self) -> Iterable[Ran]:
        link, now_ms = self.link, self.triggered.now_ms
        stopped = self._why_stopped()
        if stopped is not None:
            return (self._ended(RunOutcome.STOPPED, stopped),)
        spec = link.spec
        recent = tuple(at for at in link.recent_ms if at > now_ms - spec.per_s * 1000)
        if len(recent) >= spec.most:
            return self._ran_away()
        link = replace(link, recent_ms=(*recent, now_ms))
        noted = Keep(link)
        if self._is_over(since_ms=self._at_ms()):
            return (noted, self._ended(RunOutcome.NOT_NOW, _HEARD_LATE))
        if spec.wait_s:
            waiting = replace(self.blank, outcome=RunOutcome.WAITING)
            due_ms = now_ms + round(spec.wait_s * 1000)
            return (noted, Keep(waiting), wait_timer(waiting.id, due_ms=due_ms))
        return (noted, *replace(self, link=link).go_on())

    def after_wait(self) -> Iterable[Ran]:
        if self._is_over(since_ms=self.blank.at_ms + round(self.link.spec.wait_s * 1000)):
            return (self._ended(RunOutcome.NOT_NOW, _WOKE_LATE),)
        over = self._why_over()
        if over is not None:
            return (self._ended(RunOutcome.NOT_NOW, over),)
        return self.go_on()

    # -- whether ---------------------------------------------------------------------------------

    def _at_ms(self) -> int:
        at_ms = self.triggered.facts.get("at_ms")
        return at_ms if isinstance(at_ms, int) else self.triggered.now_ms

    def _is_over(self, *, since_ms: int) -> bool:
        """Whether it is too long ago to act on, by what the link does."""
        lasting = all(isinstance(action, LASTING) for action in self.link.spec.actions)
        bound_ms = LASTING_FRESH_MS if lasting else FRESH_MS
        if self.triggered.facts.get("type") == "time":
            bound_ms = MINUTE_FRESH_MS
        return self.triggered.now_ms - since_ms > bound_ms

    def _why_stopped(self) -> Words | None:
        chain = self.triggered.chain
        if self.link.id in chain:
            way = (*chain[chain.index(self.link.id) :], self.link.id)
            return circle(self._names(way))
        if len(chain) >= MAX_DEPTH:
            return too_deep(self._names((*chain, self.link.id)))
        return None

    def _names(self, links: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._name(link) for link in links)

    def _name(self, identity: str) -> str:
        """Return a link's name; of a personal one only its author reads, in their own runs."""
        link = self.view.kept(Link, identity)
        if link is None:
            return "…"
        mine = self.link.personal and self.link.author == link.author
        return link.spec.name if mine or not link.personal else "…"

    def _ran_away(self) -> Iterable[Ran]:
        link, now_ms = self.link, self.triggered.now_ms
        why = ran_away(link.spec.name, link.spec.most, link.spec.per_s)
        moment = Moment(
            id=derived_id("mo", self.blank.id, "paused"),
            household=link.household,
            person=link.author,
            text=why,
            cause=self.blank.id,
            at_ms=now_ms,
            expires_ms=now_ms + TOLD_MS,
        )
        return (
            Keep(replace(link, paused=why, recent_ms=())),
            self._ended(RunOutcome.STOPPED, why),
            MomentRaised(moment=moment, now_ms=now_ms),
        )

    def _why_over(self) -> Words | None:
        """Return why what set the link off is over after the wait; None: it still holds."""
        trigger, facts = self.link.spec.trigger, self.triggered.facts
        if not isinstance(trigger, ReadingTrigger) or trigger.value is None:
            return None
        state = self.view.state(str(facts.get("device", "")))
        if state is None or not may_look(self.link, state):
            return words("기기를 더 볼 수 없습니다", "the device may not be looked at any more")
        value = state.linked.get(trigger.property)
        if holds(trigger.comparison, value, trigger.value):
            return None
        kind = self.view.kind(state.device.kind)
        what = property_words(kind, trigger.property)
        saw = value_words(value, kind.properties.get(trigger.property))
        return words(
            f"기다리는 동안 끝났습니다. {what['ko']}: {saw['ko']}",
            f"it was over before the wait was: {what['en']} is {saw['en']}",
        )

    # -- what ------------------------------------------------------------------------------------

    def go_on(self) -> Iterable[Ran]:
        checked = [
            check(
                condition,
                link=self.link,
                trigger=self.triggered.facts,
                view=self.view,
                now_ms=self.triggered.now_ms,
            )
            for condition in self.link.spec.conditions
        ]
        looked = replace(self.blank, checked=tuple(one.plain() for one in checked))
        failed = next((one for one in checked if not one.held), None)
        if failed is not None:
            ended = replace(looked, outcome=RunOutcome.NOT_NOW, reason=failed.saw)
            return (Keep(ended),)
        return self._do(looked)

    def _do(self, looked: LinkRun) -> Iterable[Ran]:
        occasion = Occasion(
            link=self.link,
            run=looked.id,
            trigger=self.triggered.facts,
            chain=(*self.triggered.chain, self.link.id),
            view=self.view,
            now_ms=self.triggered.now_ms,
        )
        did: list[Mapping[str, object]] = []
        done: list[Done] = []
        ended = looked
        for index, action in enumerate(self.link.spec.actions):
            plain = msgspec.to_builtins(action)
            try:
                one = act(action, occasion, index=index)
            except Cannot as cannot:
                did.append({"action": plain, "failed": dict(cannot.why)})
                ended = replace(looked, outcome=RunOutcome.FAILED, reason=cannot.why)
                break
            did.append({"action": plain, "led_to": list(one.led_to)})
            done.append(one)
        return (
            Keep(replace(ended, did=tuple(did))),
            *_told(self.link, done),
            *_echoes(done, occasion),
            *(message for one in done for message in one.messages),
        )

    def _ended(self, outcome: RunOutcome, reason: Words) -> Keep:
        return Keep(replace(self.blank, outcome=outcome, reason=reason))


def _told(link: Link, done: Iterable[Done]) -> Iterator[Keep]:
    """Note which devices know of a need, for the end of the link."""
    told = {device: until_ms for one in done for device, until_ms in one.told.items()}
    if told:
        yield Keep(replace(link, told={**link.told, **told}))


def _echoes(done: Iterable[Done], occasion: Occasion) -> Iterator[StateChanged]:
    """Note on each commanded device what is about to follow: of the capability it belongs to.

    Before the commands and desired values, which build on the state as it is then.
    """
    view = occasion.view
    echo = Echo(chain=occasion.chain, until_ms=occasion.now_ms + ECHO_MS)
    by_device: dict[str, dict[str, Echo]] = {}
    for one in done:
        for device, command in one.echoes.items():
            state = view.state(device)
            if state is None:
                continue
            for capability in view.kind(state.device.kind).capabilities:
                if any(spec.name == command for spec in capability.commands):
                    names = [each.name for each in capability.properties]
                    names += [EVENT + event for event in capability.events]
                    by_device.setdefault(device, {}).update(dict.fromkeys(names, echo))
    for device, echoes in by_device.items():
        state = view.state(device)
        if state is not None and echoes:
            yield StateChanged(replace(state, echoes={**state.echoes, **echoes}))
