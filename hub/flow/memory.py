"""What a cell holds in memory between two commits."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from hub.flow.link_index import LinkIndex
from hub.model import (
    NO_LINKS,
    DeviceKind,
    DeviceState,
    K,
    Kept,
    Link,
    LinksOn,
    Purpose,
    Rule,
    Threshold,
    heart_rate_limit,
)
from hub.model.gate import Subject, permits

_Reach = tuple[str, str]
"""What a rule is found by: (household, kind), or (`ONE_DEVICE`, device)."""
ONE_DEVICE = ""


@dataclass(slots=True)
class Memory:
    """What the cell holds in memory between commits; only the runtime replaces parts of it."""

    kinds: dict[str, DeviceKind]
    """Grows while the hub runs, as devices describe themselves."""
    touch_gap_ms: int
    now: Callable[[], datetime]
    """For ages; a limit is worked out anew when something of it changes."""
    evaluate: Callable[[str, Mapping[str, object]], bool]
    """(CEL expression, facts) -> whether it holds."""
    states: dict[str, DeviceState] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    agreed_contacts: frozenset[tuple[str, str]] = frozenset()
    """(person, who will be told) of those who agreed."""
    on_its_way: set[str] = field(default_factory=set)
    """Ids of commands that are being handed to the broker: they count as sent, if it takes them."""
    links: LinkIndex = field(default_factory=LinkIndex)
    _things: dict[type[Kept], dict[str, Kept]] = field(default_factory=dict)
    _names_by_home: dict[tuple[type[Kept], str], dict[str, None]] = field(default_factory=dict)
    _rules_by_reach: dict[_Reach, dict[str, Rule]] = field(default_factory=dict)
    _devices_by_person: dict[str, set[str]] = field(default_factory=dict)
    _devices_by_household: dict[str, set[str]] = field(default_factory=dict)
    _devices_by_kind: dict[_Reach, set[str]] = field(default_factory=dict)
    _thresholds: dict[str, Mapping[str, Sequence[Threshold]]] = field(default_factory=dict)

    def put_state(self, state: DeviceState) -> None:
        """Take a device in, or anew after its owner or household changed."""
        device = state.device.id
        self.drop_state(device)
        self.states[device] = state
        home = state.device.household
        self._devices_by_household.setdefault(home, set()).add(device)
        self._devices_by_kind.setdefault((home, state.device.kind), set()).add(device)
        if state.person is not None:
            self._devices_by_person.setdefault(state.person.id, set()).add(device)

    def drop_state(self, device: str) -> None:
        known = self.states.pop(device, None)
        self._thresholds.pop(device, None)
        if known is None:
            return
        home = known.device.household
        self._devices_by_household[home].discard(device)
        self._devices_by_kind[home, known.device.kind].discard(device)
        if known.person is not None:
            self._devices_by_person[known.person.id].discard(device)

    def links_on(self, device: str) -> LinksOn:
        state = self.states.get(device)
        return self.links.on(state.device) if state is not None else NO_LINKS

    def thing(self, kind: type[K], identity: str) -> K | None:
        found = self._things.get(kind)
        return found.get(identity) if found is not None else None  # type: ignore[return-value]  # of its class

    def names_in(self, kind: type[Kept], household: str) -> Iterable[str]:
        """Return the ids of the household's things of this class, in the order they came."""
        return self._names_by_home.get((kind, household), ())

    def keep(self, thing: Kept) -> None:
        """Hold the thing in memory while it is open, in place of an older one."""
        if not thing.open:
            self.drop(type(thing), thing.id)
            return
        self.drop(type(thing), thing.id, moved_from=thing.household)
        self._things.setdefault(type(thing), {})[thing.id] = thing
        self._names_by_home.setdefault((type(thing), thing.household), {})[thing.id] = None
        if isinstance(thing, Link):
            self.links.put(thing)

    def drop(self, kind: type[Kept], identity: str, *, moved_from: str | None = None) -> None:
        """Forget a thing; one that stays in its home (`moved_from`) keeps its place there."""
        known = self._things.get(kind, {}).pop(identity, None)
        if known is None:
            return
        if known.household != moved_from:
            del self._names_by_home[kind, known.household][identity]
        if kind is Link and moved_from is None:
            # One that stays is put in its own place, most often where it was.
            self.links.drop(identity)

    def put_rules(self, changed: Iterable[Rule], ended: Iterable[str] = ()) -> Collection[str]:
        """Take rules in or out; return the devices whose thresholds may have changed."""
        touched: set[str] = set()
        for rule in changed:
            self._forget_rule(rule.id, touched)
            self.rules[rule.id] = rule
            for reach in _reaches(rule):
                self._rules_by_reach.setdefault(reach, {})[rule.id] = rule
            touched.update(self._reached(rule))
        for identity in ended:
            self._forget_rule(identity, touched)
        for device in touched:
            self._thresholds.pop(device, None)
        return touched

    def _forget_rule(self, identity: str, touched: set[str]) -> None:
        known = self.rules.pop(identity, None)
        if known is not None:
            for reach in _reaches(known):
                del self._rules_by_reach[reach][identity]
            touched.update(self._reached(known))

    def _reached(self, rule: Rule) -> Iterable[str]:
        if rule.spec.kind is None:
            return rule.spec.devices
        return self._devices_by_kind.get((rule.household, rule.spec.kind), ())

    def devices_of(self, person: str) -> Collection[str]:
        return self._devices_by_person.get(person, ())

    def devices_in(self, household: str) -> Collection[str]:
        return self._devices_by_household.get(household, ())

    def thresholds(self, device: str) -> Mapping[str, Sequence[Threshold]]:
        """Return the device's thresholds by property, computed once until something changes."""
        known = self._thresholds.get(device)
        if known is None:
            known = self._thresholds[device] = self._compute_thresholds(device)
        return known

    def _compute_thresholds(self, device: str) -> Mapping[str, Sequence[Threshold]]:
        state = self.states.get(device)
        if state is None:
            return {}
        person = state.person
        subject = Subject(household=state.device.household, person=person.id if person else None)
        if not permits(purpose=Purpose.ALERTING, reader=None, subject=subject).allowed:
            return {}
        found: dict[str, list[Threshold]] = {}
        device_kind = (state.device.household, state.device.kind)
        rules = {
            **self._rules_by_reach.get(device_kind, {}),
            **self._rules_by_reach.get((ONE_DEVICE, device), {}),
        }
        for rule in rules.values():
            if not _watches(rule, state):
                continue
            limit = rule.spec.limit
            if limit is None:
                limit = heart_rate_limit(person, today=self.now().date()).limit
            threshold = Threshold(
                rule=rule.id,
                device=device,
                spec=rule.spec,
                limit=limit,
                since_ms=max(rule.since_ms, state.judged_from_ms),
                max_rate=self.kinds[state.device.kind].max_rates.get(rule.spec.property),
            )
            found.setdefault(rule.spec.property, []).append(threshold)
        return found


def _reaches(rule: Rule) -> Iterable[_Reach]:
    if rule.spec.kind is not None:
        return ((rule.household, rule.spec.kind),)
    return ((ONE_DEVICE, device) for device in rule.spec.devices)


def _watches(rule: Rule, state: DeviceState) -> bool:
    """Return whether a rule that names the device or its kind concerns it as it is worn now."""
    if not rule.spec.enabled or rule.household != state.device.household:
        return False
    return rule.person is None or (state.person is not None and rule.person == state.person.id)


def alert_rules(thresholds: Mapping[str, Sequence[Threshold]]) -> tuple[object, ...]:
    """Return the thresholds as the plain JSON that goes down to a device that alerts alone."""
    return tuple(
        msgspec.to_builtins(threshold) for some in thresholds.values() for threshold in some
    )
