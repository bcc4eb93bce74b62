"""What a cell holds in memory between two commits."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from hub.model import DeviceKind, DeviceState, Purpose, Rule, Threshold, heart_rate_limit
from hub.model.gate import Subject, permits


@dataclass(slots=True)
class Memory:
    """What the cell holds in memory between commits; only the runtime replaces parts of it."""

    kinds: Mapping[str, DeviceKind]
    touch_gap_ms: int
    now: Callable[[], datetime]
    """For ages; a limit is worked out anew when something of it changes."""
    states: dict[str, DeviceState] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    agreed_contacts: frozenset[tuple[str, str]] = frozenset()
    """(person, who will be told) of those who agreed."""
    _rules_by_household: dict[str, list[Rule]] = field(default_factory=dict)
    _devices_by_person: dict[str, set[str]] = field(default_factory=dict)
    _devices_by_household: dict[str, set[str]] = field(default_factory=dict)
    _thresholds: dict[str, Mapping[str, Sequence[Threshold]]] = field(default_factory=dict)

    def put_state(self, state: DeviceState) -> None:
        """Take a device in, or anew after its owner or household changed."""
        device = state.device.id
        self.drop_state(device)
        self.states[device] = state
        self._devices_by_household.setdefault(state.device.household, set()).add(device)
        if state.person is not None:
            self._devices_by_person.setdefault(state.person.id, set()).add(device)

    def drop_state(self, device: str) -> None:
        known = self.states.pop(device, None)
        self._thresholds.pop(device, None)
        if known is None:
            return
        self._devices_by_household[known.device.household].discard(device)
        if known.person is not None:
            self._devices_by_person[known.person.id].discard(device)

    def put_rules(self, changed: Iterable[Rule], ended: Iterable[str] = ()) -> Collection[str]:
        """Take rules in or out; return the devices whose thresholds may have changed."""
        touched: set[str] = set()
        for rule in changed:
            self._forget_rule(rule.id, touched)
            self.rules[rule.id] = rule
            self._rules_by_household.setdefault(rule.household, []).append(rule)
            touched |= self._devices_by_household.get(rule.household, set())
        for identity in ended:
            self._forget_rule(identity, touched)
        for device in touched:
            self._thresholds.pop(device, None)
        return touched

    def _forget_rule(self, identity: str, touched: set[str]) -> None:
        known = self.rules.pop(identity, None)
        if known is not None:
            self._rules_by_household[known.household].remove(known)
            touched |= self._devices_by_household.get(known.household, set())

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
        for rule in self._rules_by_household.get(state.device.household, ()):
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
                since_ms=rule.since_ms,
                max_rate=self.kinds[state.device.kind].max_rates.get(rule.spec.property),
            )
            found.setdefault(rule.spec.property, []).append(threshold)
        return found


def _watches(rule: Rule, state: DeviceState) -> bool:
    spec = rule.spec
    if not spec.enabled or (rule.person is not None and state.person is None):
        return False
    if rule.person is not None and state.person is not None and rule.person != state.person.id:
        return False
    return spec.kind == state.device.kind or state.device.id in spec.devices


def alert_rules(thresholds: Mapping[str, Sequence[Threshold]]) -> tuple[object, ...]:
    """Return the thresholds as the plain JSON that goes down to a device that alerts alone."""
    return tuple(
        msgspec.to_builtins(threshold) for some in thresholds.values() for threshold in some
    )
