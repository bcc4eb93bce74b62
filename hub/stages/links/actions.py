"""What a link does: each action as the messages it leads to, or why it cannot be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from hub.errors import InvalidInputError
from hub.model import (
    Command,
    CommandAction,
    DesiredAction,
    DeviceState,
    Link,
    LinkAction,
    Moment,
    NeedAction,
    Order,
    OrderAction,
    OrderStatus,
    PresetAction,
    SayAction,
    Scene,
    SceneAction,
    Service,
    Value,
    derived_id,
)
from hub.model.arguments import check_arguments
from hub.model.changes import CommandQueued, DesiredAsked, MomentRaised, OrderAsked
from hub.model.garments import Garment
from hub.model.link_words import property_words, words
from hub.model.links import Words
from hub.model.needs import LASTS_S, need_of
from hub.model.settable import check_settable
from hub.model.view import View
from hub.stages.links.looking import may_look
from hub.stages.links.presets import Preset, preset_for

MOMENT_MS = 30 * 60_000
"""How long a word of a link is worth saying."""
MAX_OPEN = 1000
"""Commands waiting for one device."""

Message = DesiredAsked | CommandQueued | MomentRaised | OrderAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an action leads to."""

    messages: tuple[Message, ...]
    led_to: tuple[str, ...]
    """Ids of commands, orders and words; devices of desired values."""
    echoes: Mapping[str, str] = field(default_factory=dict)
    """Device -> the command that is about to change it."""
    told: Mapping[str, int] = field(default_factory=dict)
    """Device -> until when it has a need."""


@dataclass(frozen=True, slots=True)
class Cannot(Exception):  # noqa: N818 - not a fault: a person reads it in the run
    """An action cannot be done."""

    why: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One run, as its actions see it."""

    link: Link
    run: str
    trigger: Mapping[str, object]
    chain: tuple[str, ...]
    """With this link at its end."""
    view: View
    now_ms: int

    def device(self, device: str) -> DeviceState:
        """Return a device that the link may act on.

        Raises:
            Cannot: it is not there, or somebody else's.
        """
        state = self.view.state(device)
        if state is None or not may_look(self.link, state):
            raise Cannot(
                words(
                    f"기기 {device}: 없거나 다른 사람의 기기입니다",
                    f"the device {device} is not there, or is somebody else's",
                )
            )
        return state

    @property
    def at_ms(self) -> int:
        """When what set the link off happened; not later than now."""
        at_ms = self.trigger.get("at_ms")
        return min(at_ms, self.now_ms) if isinstance(at_ms, int) else self.now_ms

    @property
    def data(self) -> Mapping[str, object]:
        """The data of the event that set the link off."""
        found = self.trigger.get("data")
        return found if isinstance(found, Mapping) else {}


def act(  # noqa: PLR0911 - a table
    action: LinkAction, occasion: Occasion, *, index: int
) -> Done:
    """Return what the action leads to; ids are derived from the run and the action's place.

    Raises:
        Cannot: it is refused.
    """
    match action:
        case DesiredAction(device=device, values=values):
            return _desired({device: values}, occasion)
        case SceneAction(scene=scene):
            return _scene(scene, occasion)
        case CommandAction():
            return _command(action, occasion, index)
        case PresetAction():
            return _preset(action, occasion, index)
        case NeedAction(device=device):
            return _need(device, occasion, index)
        case OrderAction(service=service):
            return _order(service, occasion, index)
        case SayAction():
            return _say(action, occasion, index)


def _desired(wanted: Mapping[str, Mapping[str, Value]], occasion: Occasion) -> Done:
    messages = []
    for device, values in wanted.items():
        state = occasion.device(device)
        kind = occasion.view.kind(state.device.kind)
        for name, value in values.items():
            try:
                check_settable(kind, name, value)
            except InvalidInputError as error:
                what = property_words(kind, name)["ko"]
                why = f"{state.device.name}, {what}: 이 값으로 설정할 수 없습니다"
                raise Cannot(words(why, f"{state.device.name}: {error}")) from None
        messages.append(
            DesiredAsked(
                device=device,
                values=values,
                author=f"link:{occasion.run}",
                chain=occasion.chain,
                now_ms=occasion.now_ms,
            )
        )
    return Done(messages=tuple(messages), led_to=tuple(wanted))


def _scene(identity: str, occasion: Occasion) -> Done:
    scene = occasion.view.kept(Scene, identity)
    if scene is None or scene.household != occasion.link.household:
        raise Cannot(words("장면이 없어졌습니다", f"the scene {identity} is no more"))
    return _desired(scene.desired, occasion)


def _command(action: CommandAction, occasion: Occasion, index: int) -> Done:
    return _queued(
        occasion,
        index,
        device=action.device,
        name=action.name,
        args=action.args,
        expires_s=action.expires_s,
    )


def _queued(  # noqa: PLR0913 - what a command is made of
    occasion: Occasion,
    index: int,
    *,
    device: str,
    name: str,
    args: Mapping[str, object],
    expires_s: float,
    insistent: bool = False,
    key: str | None = None,
    recipient: str | None = None,
) -> Done:
    state = occasion.device(device)
    _check_command(state, name, args, occasion.view)
    command = Command(
        id=derived_id("cmd", occasion.run, index),
        device=device,
        name=name,
        args=args,
        issued_ms=occasion.now_ms,
        expires_ms=occasion.now_ms + round(expires_s * 1000),
        key=key,
        cause=occasion.run,
        insistent=insistent,
        recipient=recipient,
    )
    return Done(messages=(CommandQueued(command),), led_to=(command.id,), echoes={device: name})


def _check_command(state: DeviceState, name: str, args: Mapping[str, object], view: View) -> None:
    kind = view.kind(state.device.kind)
    known = kind.commands.get(name)
    if known is None:
        why = f"{state.device.name} has no command {name!r}"
        raise Cannot(words(f"{state.device.name}: {name} 명령이 없습니다", why))
    try:
        check_arguments(known, args)
    except InvalidInputError as error:
        why = f"{state.device.name}: “{name}” 명령에 맞지 않는 값이 있습니다"
        raise Cannot(words(why, f"{state.device.name}: {error}")) from None
    if len(state.commands) >= MAX_OPEN:
        why = f"{len(state.commands)} commands wait for {state.device.name} already"
        raise Cannot(words(f"{state.device.name}: 대기 중인 명령이 너무 많습니다", why))


def _preset(action: PresetAction, occasion: Occasion, index: int) -> Done:
    state = occasion.device(action.device)
    found = preset_for(
        occasion.data,
        kind=occasion.view.kind(state.device.kind),
        household=occasion.link.household,
        view=occasion.view,
    )
    if isinstance(found, Preset):
        return _queued(
            occasion,
            index,
            device=action.device,
            name="preset",
            args=found.args,
            expires_s=action.expires_s,
            insistent=True,
        )
    if found.tell:
        return _told(found.why, occasion, index, person=None)
    raise Cannot(found.why)


def _need(device: str, occasion: Occasion, index: int) -> Done:
    need = need_of(str(occasion.trigger.get("event", "")), occasion.data)
    if need is None:
        raise Cannot(
            words(
                "이 이벤트로는 필요한 것을 알 수 없습니다",
                "nothing can be said of a need from this event",
            )
        )
    link = occasion.link
    until_ms = occasion.at_ms + LASTS_S * 1000
    left_ms = until_ms - occasion.now_ms
    if left_ms <= 0:
        raise Cannot(
            words("하루가 지나 더는 필요하지 않습니다", "a day later there is no need any more")
        )
    queued = _queued(
        occasion,
        index,
        device=device,
        name="need",
        args={"link": link.id, "need": msgspec.to_builtins(need), "until_ms": until_ms},
        expires_s=left_ms / 1000,
        insistent=True,
        key=f"need:{link.id}",
        recipient=link.author,
    )
    return replace(queued, told={device: until_ms})


def _order(identity: str, occasion: Occasion, index: int) -> Done:
    service = occasion.view.kept(Service, identity)
    if service is None:
        raise Cannot(words("서비스가 없어졌습니다", f"the service {identity} is no more"))
    if not service.enabled:
        why = f"{service.name} is switched off"
        raise Cannot(words(f"“{service.name}” 서비스가 꺼져 있습니다", why))
    garments = tuple(
        garment.id
        for garment in named_garments(occasion.data, occasion)
        if garment.order is None and garment.at_home
    )
    if not garments:
        raise Cannot(
            words("주문할 옷이 없습니다", "no garment of this home to order for, or it has one")
        )
    order = Order(
        id=derived_id("or", occasion.run, index),
        household=occasion.link.household,
        person=occasion.link.author,
        service=service.id,
        garments=garments,
        status=OrderStatus.PROPOSED,
        made_ms=occasion.now_ms,
        cause=occasion.run,
    )
    return Done(messages=(OrderAsked(order=order, now_ms=occasion.now_ms),), led_to=(order.id,))


def named_garments(data: Mapping[str, object], occasion: Occasion) -> list[Garment]:
    """Return the household's garments that an event names."""
    one, some = data.get("garment"), data.get("garments")
    names = [one] if isinstance(one, str) else some if isinstance(some, list | tuple) else []
    found = [occasion.view.kept(Garment, name) for name in names if isinstance(name, str)]
    home = occasion.link.household
    return [garment for garment in found if garment is not None and garment.household == home]


def _say(action: SayAction, occasion: Occasion, index: int) -> Done:
    return _told(action.text, occasion, index, person=action.person, private=action.private)


def _told(
    text: Words, occasion: Occasion, index: int, *, person: str | None, private: bool = False
) -> Done:
    moment = Moment(
        id=derived_id("mo", occasion.run, index),
        household=occasion.link.household,
        person=person,
        text=text,
        cause=occasion.run,
        at_ms=occasion.now_ms,
        expires_ms=occasion.now_ms + MOMENT_MS,
        private=private,
    )
    return Done(
        messages=(MomentRaised(moment=moment, now_ms=occasion.now_ms),), led_to=(moment.id,)
    )
