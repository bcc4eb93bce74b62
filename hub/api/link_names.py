"""What links name, by the names that people gave it."""

from collections.abc import Iterable

from hub.api.parts import ApiParts
from hub.model import (
    AlarmCondition,
    AlarmTrigger,
    Link,
    OrderAction,
    PresenceCondition,
    PresenceTrigger,
    SayAction,
    Scene,
    SceneAction,
    Service,
)
from hub.model.link_gives import LinkNames
from hub.model.link_sight import named_devices


async def names_of(links: Iterable[Link], parts: ApiParts) -> LinkNames:
    """Return the names of all that these links name; what is gone has none."""
    linked = list(links)
    named = [
        part
        for link in linked
        for part in (link.spec.trigger, *link.spec.conditions, *link.spec.actions)
    ]
    wanted = {device for link in linked for device in named_devices(link.spec)}
    states = [await parts.worker.state(device) for device in sorted(wanted)]
    devices = [state.device for state in states if state is not None]
    scenes = {part.scene for part in named if isinstance(part, SceneAction)}
    services = {part.service for part in named if isinstance(part, OrderAction)}
    watched = {part.rule for part in named if isinstance(part, AlarmTrigger | AlarmCondition)}
    rules = [parts.worker.rules.get(rule) for rule in watched if rule is not None]
    on = PresenceTrigger | PresenceCondition | SayAction
    people = {part.person for part in named if isinstance(part, on)}
    return LinkNames(
        devices={device.id: device.name for device in devices},
        kind_of={device.id: device.kind for device in devices},
        kinds=parts.kinds,
        scenes=_kept_names(scenes, Scene, parts),
        services=_kept_names(services, Service, parts),
        rules={rule.id: rule.spec.name for rule in rules if rule is not None},
        people=await _people(people, parts),
    )


def _kept_names(
    wanted: Iterable[str], kind: type[Scene] | type[Service], parts: ApiParts
) -> dict[str, str]:
    found = [parts.worker.kept(kind, name) for name in wanted]
    return {thing.id: thing.name for thing in found if thing is not None}


async def _people(wanted: Iterable[str | None], parts: ApiParts) -> dict[str, str]:
    found = [await parts.records.person(name) for name in wanted if name is not None]
    return {person.id: person.name for person in found if person is not None}
