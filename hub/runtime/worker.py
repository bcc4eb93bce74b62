"""The cell's worker as the companion API knows it: what people wish, and what the registry says."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial

from hub.errors import UnknownError
from hub.flow import Draft
from hub.model import (
    AcknowledgeRequest,
    Call,
    CallRetry,
    CancelRequest,
    CommandRequest,
    CommandStatus,
    DeadLetter,
    DealAnswer,
    DescribedKind,
    DesiredRequest,
    DeviceState,
    Group,
    K,
    Kept,
    Link,
    LinkEndRequest,
    LinkRequest,
    Listing,
    ListingRequest,
    ListingWithdrawal,
    Moment,
    MomentAnswer,
    Order,
    OrderAcceptance,
    OrderCancellation,
    OrderRequest,
    OrderUpdate,
    PartnerWord,
    Presence,
    PresenceRequest,
    Rejected,
    Rule,
    Sample,
    SceneRequest,
    SnoozeRequest,
    presence_id,
)
from hub.model.changes import CommandChanged, Drop, Keep
from hub.runtime.feed import Subscription
from hub.runtime.loop import Loop
from hub.runtime.rule_changes import SHUT_OUT, follow, part_with, reload, settle
from hub.stages.commands import moved
from hub.stages.intake import Arrival, decode

logger = logging.getLogger(__name__)

Request = (
    CommandRequest
    | CancelRequest
    | DesiredRequest
    | AcknowledgeRequest
    | SnoozeRequest
    | PresenceRequest
    | LinkRequest
    | LinkEndRequest
    | SceneRequest
    | MomentAnswer
    | OrderRequest
    | OrderAcceptance
    | OrderCancellation
    | ListingRequest
    | ListingWithdrawal
    | DealAnswer
    | CallRetry
)
LOAD_PAGE = 1000


class Worker(Loop):
    """Runs one cell; `load` it, then give `run` to a task."""

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self.memory.rules

    async def state(self, device: str) -> DeviceState | None:
        return self.memory.states.get(device)

    async def submit(self, request: Request) -> object:
        """Return what became of a person's wish: a `Command`, `Twin` or `Alarm`.

        Raises:
            HubError: refused, or nothing was committed.
        """

        async def ask(draft: Draft) -> object:
            if isinstance(request, CommandRequest):
                known = await self._records.command(request.command)
                if known is not None:
                    return known
            draft.run(request)
            return _answer(request, draft)

        return await self.change(ask)

    async def hear(self, word: PartnerWord) -> None:
        """Take a partner's webhook, once.

        Raises:
            UnavailableError: nothing was committed.
        """

        async def hear(draft: Draft) -> None:
            if not await self._records.known_hook(word.service, word.hook):
                draft.hooks.append((word.service, word.hook, word.now_ms))
                draft.run(replace(word, ended=await self._ended(word)))

        await self.change(hear)

    async def _ended(self, word: PartnerWord) -> Order | None:
        """Return the order that the word is about if it has ended: its record is completed."""
        if not isinstance(word.update, OrderUpdate):
            return None
        if self.memory.thing(Order, word.update.order) is not None:
            return None
        return await self._records.thing(Order, word.update.order)

    async def keep(self, *things: Kept, dropped: Iterable[tuple[type[Kept], str]] = ()) -> None:
        """Keep things that nothing else follows from, and let others go.

        Raises:
            UnavailableError: nothing was committed.
        """

        async def keep(draft: Draft) -> None:
            for thing in things:
                draft.run(Keep(thing))
            for kind, identity in dropped:
                draft.run(Drop(kind, identity))

        await self.change(keep)

    async def revise(self, kind: type[K], identity: str, change: Callable[[K], K]) -> K:
        """Keep what `change` makes of an open thing, with nothing in between.

        Raises:
            UnknownError: there is none, or none that is open.
            HubError: what `change` raised, or nothing was committed.
        """
        revised: list[K] = []

        async def revise(draft: Draft) -> None:
            known = draft.kept(kind, identity)
            if known is None:
                raise UnknownError(kind.__name__.lower(), identity)
            revised.append(change(known))
            draft.run(Keep(revised[0]))

        await self.change(revise)
        return revised[0]

    def kept(self, kind: type[K], identity: str) -> K | None:
        """Return a thing of those that are held in memory."""
        return self.memory.thing(kind, identity)

    def kept_in(self, kind: type[K], household: str) -> Sequence[K]:
        """Return the household's things of those that are held in memory."""
        return tuple(Draft(self.memory).kept_in(kind, household))

    def devices_of(self, person: str, *, household: str) -> Sequence[str]:
        """Return the household's devices that are bound to the person now."""
        memory = self.memory
        bound = sorted(memory.devices_of(person))
        return [one for one in bound if memory.states[one].device.household == household]

    def kinds_in(self, household: str) -> Collection[str]:
        """Return the kinds of the household's devices."""
        memory = self.memory
        return {memory.states[device].device.kind for device in memory.devices_in(household)}

    async def put_rule(self, rule: Rule) -> Rule:
        await self._change_rules([rule])
        return self.memory.rules[rule.id]

    async def end_rule(self, rule: str) -> None:
        await self._change_rules([], [rule])

    async def _change_rules(self, changed: Sequence[Rule], ended: Sequence[str] = ()) -> None:
        """Commit the rules together with all that follows from them."""
        names = [*(rule.id for rule in changed), *ended]
        former: dict[str, Rule] = {}

        async def put(draft: Draft) -> None:
            now_ms = self._clock.now_ms()
            known = self.memory.rules
            former.update({name: known[name] for name in names if name in known})
            draft.rules += [replace(rule, since_ms=now_ms) for rule in changed]
            draft.ended_rules += ended
            devices = self.memory.put_rules(draft.rules, ended)
            follow(draft, devices, now_ms=now_ms, former=former)

        def undo() -> None:
            new = [name for name in names if name not in former]
            self.memory.put_rules(former.values(), new)

        await self.change(put, undo=undo)

    async def refresh(self, *devices: str) -> None:
        """Load devices anew: the registry says something else of them or of their people."""

        async def load_anew(draft: Draft) -> None:
            found = await self._records.load(devices)
            homes = {state.device.household for state in found.values()}
            current = self.memory.rules
            made = await self._records.rules(households=homes)
            rules = [rule for rule in made if current.get(rule.id) != rule]
            now_ms = self._clock.now_ms()
            for device in devices:
                self._reload(draft, device, found.get(device), now_ms=now_ms)
            self.memory.put_rules(rules)
            follow(draft, devices, now_ms=now_ms)

        # The registry has said it already: this must not be given up.
        await self.change(load_anew, patience_s=None)

    def _reload(
        self, draft: Draft, device: str, loaded: DeviceState | None, *, now_ms: int
    ) -> None:
        known = self.memory.states.get(device)
        if known is None:
            if loaded is not None and self._speaks(loaded):
                self.memory.put_state(loaded)
        elif loaded is not None:
            reload(draft, known, loaded, now_ms=now_ms)
        else:
            self.memory.drop_state(device)
            part_with(draft, known, now_ms=now_ms)

    async def contacts_changed(self) -> None:
        """Learn anew who agreed to be told of whom."""

        async def reload(_: Draft) -> None:
            await self._load_contacts()

        await self.change(reload, patience_s=None)

    async def _load_contacts(self) -> None:
        self.memory.agreed_contacts = frozenset(
            (contact.person, contact.contact)
            for contact in await self._records.contacts()
            if contact.agreed_ms is not None
        )

    async def retry(self, dead_letter: DeadLetter) -> None:
        """Send what was refused at intake through again; it ends if nothing is refused now."""
        arrival = Arrival(
            topic=dead_letter.topic,
            payload=dead_letter.payload,
            retained=False,
            received_ms=dead_letter.at_ms,
        )
        messages = tuple(
            decode(
                arrival, topics=self._topics, speech_of=partial(self._speech, Draft(self.memory))
            )
        )
        await self.tell(self._unnumbered(messages))
        if not any(isinstance(message, Rejected) for message in messages):
            await self._records.end_dead_letter(dead_letter.id)

    def _unnumbered(self, messages: Iterable[object]) -> Iterator[object]:
        """Yield them with samples as late ones: their numbers counted as received at the time."""
        now_ms = self._clock.now_ms()
        for message in messages:
            if isinstance(message, Sample):
                yield replace(message, seq=None, timed=True, received_ms=now_ms)
            else:
                yield message

    def subscribe(self, *, limit: int = 1000) -> AbstractAsyncContextManager[Subscription]:
        return self._feed.subscribe(limit=limit)

    def health(self) -> Mapping[str, object]:
        parts = {
            name: {"ok": part.ok, "since": part.since.isoformat(), "detail": part.detail}
            for name, part in self._health.parts.items()
        }
        return {"ready": all(part.ok for part in self._health.parts.values()), "parts": parts}

    async def load(self) -> None:
        """Fetch everything the cell remembers.

        Raises:
            UnavailableError: the records do not answer.
        """
        for thing in await self._records.open_things():
            if isinstance(thing, DescribedKind):
                if thing.id in self.memory.kinds:
                    logger.error("A plug-in has the name of the described kind %s now", thing.id)
                    continue
                self.memory.kinds[thing.id] = thing.kind
            self.memory.keep(thing)
        cursor: str | None = None
        while True:
            page = await self._records.devices(limit=LOAD_PAGE, cursor=cursor)
            states = await self._records.load([device.id for device in page.items])
            for state in states.values():
                if self._speaks(state):
                    self.memory.put_state(state)
            cursor = page.next_cursor
            if cursor is None:
                break
        self.memory.put_rules(await self._records.rules())
        await self._load_contacts()
        self.position = await self._records.commit(Group())
        self._health.good("records")

    def _speaks(self, state: DeviceState) -> bool:
        """Whether the device's kind is there; its plug-in may have been taken away."""
        device = state.device
        if device.kind not in self.memory.kinds:
            logger.error("No plug-in for the %s %s: it is left out", device.kind, device.id)
        return device.kind in self.memory.kinds

    async def send_rules_down(self) -> None:
        """Make up for what a hub that ended amid a change of rules or devices left undone."""

        async def send(draft: Draft) -> None:
            now_ms = self._clock.now_ms()
            waiting = await self._records.open_commands()
            there = await self._records.load({command.device for command in waiting})
            for command in waiting:
                if command.device not in there:
                    shut_out = moved(command, CommandStatus.CANCELLED, SHUT_OUT, now_ms)
                    draft.run(CommandChanged(shut_out))
            for device in self.memory.states:
                settle(draft, device, now_ms=now_ms)

        await self._ask_for_ever(lambda: self.change(send, patience_s=None))


def _answer(request: Request, draft: Draft) -> object:  # noqa: C901, PLR0911 - a table
    """Return what became of the request."""
    match request:
        case CommandRequest() | CancelRequest():
            return draft.commands[request.command]
        case DesiredRequest():
            return draft.states[request.device].twin
        case AcknowledgeRequest() | SnoozeRequest():
            return draft.alarms[request.alarm]
        case PresenceRequest():
            return draft.kept(Presence, presence_id(request.household, request.person))
        case LinkRequest():
            return draft.kept(Link, request.link.id)
        case MomentAnswer():
            return draft.kept(Moment, request.moment)
        case OrderRequest():
            return draft.kept(Order, request.order.id)
        case OrderAcceptance() | OrderCancellation():
            return draft.kept(Order, request.order)
        case ListingRequest():
            return draft.kept(Listing, request.listing.id)
        case ListingWithdrawal() | DealAnswer():
            return draft.kept(Listing, request.listing)
        case CallRetry():
            return draft.kept(Call, request.call.id)
        case LinkEndRequest() | SceneRequest():
            return None
