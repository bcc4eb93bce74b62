"""Which links a reading, an event, an alarm or somebody's coming may set off."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

from hub.model import (
    AlarmTrigger,
    Comparison,
    Device,
    EventTrigger,
    Link,
    LinksOn,
    PresenceTrigger,
    PropertyLinks,
    ReadingTrigger,
    Value,
)
from hub.model.links import LinkLimits

_Reach = tuple[str, str]
"""(household, kind), or (`_ONE_DEVICE`, device)."""
_ONE_DEVICE = ""


@dataclass(slots=True)
class LinkIndex:
    """Finds links by what can match, so that the others cost nothing."""

    _links: dict[str, Link] = field(default_factory=dict)
    _by_reach: dict[_Reach, dict[str, Link]] = field(default_factory=dict)
    _at_home: dict[str, dict[str, None]] = field(default_factory=dict)
    _found: dict[_Reach, dict[str, LinksOn]] = field(default_factory=dict)
    """(household, kind) -> device -> what is on it, until a link there changes."""

    def put(self, link: Link) -> None:
        """Take a link in, or in place of an older one; only what can set it off counts here."""
        known = self._links.get(link.id)
        if known is not None:
            if _same_place(known, link):
                # As after each run, which notes its time: nothing has to be built again.
                self._links[link.id] = link
                return
            self.drop(link.id)
        self._links[link.id] = link
        if not link.runs:
            return
        reach = _reach(link)
        if reach is not None:
            self._by_reach.setdefault(reach, {})[link.id] = link
            self._forget(reach, link.household)
        elif isinstance(link.spec.trigger, AlarmTrigger | PresenceTrigger):
            self._at_home.setdefault(link.household, {})[link.id] = None

    def drop(self, identity: str) -> None:
        link = self._links.pop(identity)
        reach = _reach(link)
        if reach is None:
            self._at_home.get(link.household, {}).pop(identity, None)
        elif self._by_reach.get(reach, {}).pop(identity, None) is not None:
            self._forget(reach, link.household)

    def on(self, device: Device) -> LinksOn:
        """Return the links on the device or on its kind."""
        place = (device.household, device.kind)
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = {}
        links = found.get(device.id)
        if links is None:
            links = found[device.id] = self._look(device)
        return links

    def at(self, household: str) -> Iterable[str]:
        """Return the ids of the household's links on alarms and on presence."""
        return self._at_home.get(household, ())

    def _forget(self, reach: _Reach, household: str) -> None:
        if reach[0] != _ONE_DEVICE:
            self._found.pop(reach, None)
            return
        for place, devices in self._found.items():
            if place[0] == household:
                devices.pop(reach[1], None)

    def _look(self, device: Device) -> LinksOn:
        of_kind = self._by_reach.get((device.household, device.kind), {})
        on_it = self._by_reach.get((_ONE_DEVICE, device.id), {})
        properties: dict[str, _Building] = {}
        events: dict[str, list[str]] = {}
        for link in (*of_kind.values(), *on_it.values()):
            if link.household != device.household:
                continue
            match link.spec.trigger:
                case ReadingTrigger() as trigger:
                    properties.setdefault(trigger.property, _Building()).add(trigger, link.id)
                case EventTrigger() as trigger:
                    events.setdefault(trigger.event, []).append(link.id)
                case _:
                    pass
        return LinksOn(
            properties={name: building.built() for name, building in properties.items()},
            events={name: tuple(links) for name, links in events.items()},
        )


@dataclass(slots=True)
class _Building:
    """The links on one property as they are gathered."""

    above: list[tuple[float, str]] = field(default_factory=list)
    below: list[tuple[float, str]] = field(default_factory=list)
    equals: dict[Value, tuple[str, ...]] = field(default_factory=dict)
    differs: dict[Value, tuple[str, ...]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)

    def add(self, trigger: ReadingTrigger, link: str) -> None:
        value = trigger.value
        if value is None:
            self.changes.append(link)
            return
        match trigger.comparison:
            case Comparison.ABOVE:
                self.above += [(limit, link) for limit in _limit(value)]
            case Comparison.BELOW:
                self.below += [(limit, link) for limit in _limit(value)]
            case Comparison.EQUALS:
                self.equals[value] = (*self.equals.get(value, ()), link)
            case Comparison.DIFFERS:
                self.differs[value] = (*self.differs.get(value, ()), link)

    def built(self) -> PropertyLinks:
        return PropertyLinks(
            above=_limits(self.above),
            below=_limits(self.below),
            equals=self.equals,
            differs=self.differs,
            changes=tuple(self.changes),
        )


def _limit(value: Value) -> Iterable[float]:
    """Return the limit; none where no reading ever passes it."""
    if isinstance(value, str) or not abs(value) <= sys.float_info.max:
        return ()
    return (float(value),)


def _limits(entries: list[tuple[float, str]]) -> LinkLimits:
    ordered = sorted(entries)
    return LinkLimits(tuple(limit for limit, _ in ordered), tuple(link for _, link in ordered))


def _reach(link: Link) -> _Reach | None:
    match link.spec.trigger:
        case ReadingTrigger(device=device, kind=kind) | EventTrigger(device=device, kind=kind):
            return (link.household, kind) if kind is not None else (_ONE_DEVICE, device or "")
        case _:
            return None


def _same_place(one: Link, other: Link) -> bool:
    return (
        one.household == other.household
        and one.runs == other.runs
        and one.spec.trigger == other.spec.trigger
    )
