"""Whether a link or a scene fits its home, and touches nobody but its author."""

from collections.abc import Mapping

from hub.api.parts import ApiParts
from hub.errors import InvalidInputError, NotPermittedError
from hub.model import (
    AlarmCondition,
    AlarmTrigger,
    CommandAction,
    Comparison,
    DesiredAction,
    DeviceKind,
    DeviceState,
    EventTrigger,
    ExpressionCondition,
    Link,
    LinkAction,
    LinkCondition,
    NeedAction,
    OrderAction,
    PresenceCondition,
    PresenceTrigger,
    PresetAction,
    Property,
    PropertyCondition,
    ReadingTrigger,
    Role,
    SayAction,
    Scene,
    SceneAction,
    Service,
    Value,
    ValueType,
)
from hub.model.arguments import check_arguments
from hub.model.link_carries import check_carried
from hub.model.settable import LARGEST, check_settable, expected, fits


class LinkChecks:
    """Looks up in the home what a link names."""

    def __init__(self, parts: ApiParts) -> None:
        self.parts = parts

    async def check_link(self, link: Link) -> None:
        """Do nothing where the link fits its home and touches nobody but its author.

        Raises:
            InvalidInputError: it fits no device, property, event, command, scene or service.
            NotPermittedError: it looks at or acts on what is somebody else's.
        """
        await self._check_trigger(link)
        for condition in link.spec.conditions:
            await self._check_condition(condition, link)
        check_carried(link.spec)
        for action in link.spec.actions:
            await self._check_action(action, link)

    async def check_scene(self, scene: Scene) -> None:
        """As `check_link`."""
        for device, values in scene.desired.items():
            await self._check_desired(device, values, scene.household, author=scene.author)

    async def _check_trigger(self, link: Link) -> None:
        trigger = link.spec.trigger
        match trigger:
            case ReadingTrigger():
                kind = await self._source(trigger, link)
                _check_property(kind, trigger)
            case EventTrigger(event=event):
                kind = await self._source(trigger, link)
                if event not in kind.events:
                    known = ", ".join(sorted(kind.events)) or "none"
                    message = f"a {kind.name} has no event {event!r}; it has: {known}"
                    raise InvalidInputError(message)
            case AlarmTrigger(rule=rule):
                if rule is not None:
                    self._check_rule(rule, link)
            case PresenceTrigger(person=person):
                _check_oneself(person, link)
            case _:
                pass

    async def _source(self, trigger: ReadingTrigger | EventTrigger, link: Link) -> DeviceKind:
        if trigger.device is not None:
            state = await self._own(trigger.device, link.household, author=link.author)
            return self._kind(state.device.kind)
        return self._kind(trigger.kind or "")

    async def _check_condition(self, condition: LinkCondition, link: Link) -> None:
        match condition:
            case PropertyCondition():
                state = await self._own(condition.device, link.household, author=link.author)
                kind = self._kind(state.device.kind)
                _check_property(kind, condition)
            case PresenceCondition(person=person):
                _check_oneself(person, link)
            case AlarmCondition(rule=rule):
                self._check_rule(rule, link)
            case ExpressionCondition(cel=cel):
                self.parts.expressions.check(cel)
            case _:
                pass

    async def _check_action(self, action: LinkAction, link: Link) -> None:
        match action:
            case DesiredAction(device=device, values=values):
                await self._check_desired(device, values, link.household, author=link.author)
            case CommandAction():
                await self._check_command(action.device, action.name, link, args=action.args)
            case PresetAction(device=device):
                await self._check_command(device, "preset", link)
            case NeedAction(device=device):
                await self._check_command(device, "need", link)
            case SceneAction(scene=name):
                await self._check_scene(name, link)
            case OrderAction(service=name):
                self._check_service(name)
            case SayAction():
                await self._check_say(action, link)

    async def _check_scene(self, name: str, link: Link) -> None:
        scene = self.parts.worker.kept(Scene, name)
        if scene is None or scene.household != link.household:
            message = f"there is no scene {name!r} in this household"
            raise InvalidInputError(message)
        for device, values in scene.desired.items():
            await self._check_desired(device, values, link.household, author=link.author)

    def _check_service(self, name: str) -> None:
        if self.parts.worker.kept(Service, name) is None:
            message = f"there is no service {name!r}"
            raise InvalidInputError(message)

    async def _check_desired(
        self, device: str, values: Mapping[str, Value], household: str, *, author: str
    ) -> None:
        state = await self._own(device, household, author=author)
        for name, value in values.items():
            check_settable(self._kind(state.device.kind), name, value)

    async def _check_command(
        self, device: str, name: str, link: Link, *, args: Mapping[str, object] | None = None
    ) -> None:
        state = await self._own(device, link.household, author=link.author)
        kind = self._kind(state.device.kind)
        spec = kind.commands.get(name)
        if spec is None:
            known = ", ".join(sorted(kind.commands)) or "none"
            message = f"a {kind.name} has no command {name!r}; it has: {known}"
            raise InvalidInputError(message)
        check_arguments(spec, args or {})

    async def _check_say(self, action: SayAction, link: Link) -> None:
        if action.private and action.person is None:
            message = "a private word is for one person; name them"
            raise InvalidInputError(message)
        members = await self.parts.records.memberships(household=link.household)
        roles = {member.person: member.role for member in members}
        if action.person is not None and roles.get(action.person) in {None, Role.GUEST}:
            message = f"{action.person!r} is no member of this household, or a guest"
            raise InvalidInputError(message)

    async def _own(self, device: str, household: str, *, author: str) -> DeviceState:
        """Return a device of the home that is nobody's, or the author's own."""
        state = await self.parts.worker.state(device)
        if state is None or state.device.household != household:
            message = f"there is no device {device!r} in this household"
            raise InvalidInputError(message)
        if state.person is not None and state.person.id != author:
            message = f"{device} is somebody else's; only they can make a link with it"
            raise NotPermittedError(message)
        return state

    def _kind(self, name: str) -> DeviceKind:
        kind = self.parts.kinds.get(name)
        if kind is None:
            message = f"there is no device kind {name!r}"
            raise InvalidInputError(message)
        return kind

    def _check_rule(self, name: str, link: Link) -> None:
        rule = self.parts.worker.rules.get(name)
        if rule is None or rule.household != link.household:
            message = f"there is no rule {name!r} in this household"
            raise InvalidInputError(message)
        if rule.person not in {None, link.author}:
            message = f"the rule {name} watches somebody else"
            raise NotPermittedError(message)


def _check_oneself(person: str | None, link: Link) -> None:
    if person not in {None, link.author}:
        message = "whether somebody else is at home is not for a link of yours"
        raise NotPermittedError(message)


def _check_property(kind: DeviceKind, asked: ReadingTrigger | PropertyCondition) -> None:
    name, value = asked.property, asked.value
    spec = kind.properties.get(name)
    if spec is None:
        known = ", ".join(sorted(kind.properties)) or "none"
        message = f"a {kind.name} has no property {name!r}; it has: {known}"
        raise InvalidInputError(message)
    if value is None:
        return
    if asked.comparison in {Comparison.ABOVE, Comparison.BELOW}:
        _check_limit(spec, asked.comparison, value)
    elif not fits(spec, value):
        message = f"{name} of a {kind.name} is {expected(spec)}; it never is {_shortened(value)}"
        raise InvalidInputError(message)


def _check_limit(spec: Property, comparison: Comparison, value: Value) -> None:
    if spec.type not in {ValueType.NUMBER, ValueType.INTEGER}:
        message = f"{spec.name} is a {spec.type}: never {comparison}; use `equals` or `differs`"
        raise InvalidInputError(message)
    if isinstance(value, bool | str) or not -LARGEST <= value <= LARGEST:
        message = f"{comparison} takes a number, not {_shortened(value)}"
        raise InvalidInputError(message)


def _shortened(value: Value) -> str:
    return repr(value)[:40]
