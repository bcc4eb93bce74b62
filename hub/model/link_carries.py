"""Whether what sets a link off can carry what its actions are made of."""

from hub.errors import InvalidInputError
from hub.model.links import EventTrigger, LinkSpec, NeedAction, OrderAction, PresetAction
from hub.model.needs import LASTS_S, NEED_EVENTS


def check_carried(spec: LinkSpec) -> None:
    """Do nothing where each action may find in the trigger what it needs.

    Raises:
        InvalidInputError: one never can.
    """
    for action in spec.actions:
        if isinstance(action, NeedAction):
            _check_need(spec)
        elif isinstance(action, PresetAction | OrderAction):
            _check_garments(spec)


def _check_need(spec: LinkSpec) -> None:
    trigger = spec.trigger
    if not isinstance(trigger, EventTrigger) or trigger.event not in NEED_EVENTS:
        message = f"a need comes from the event {' or '.join(sorted(NEED_EVENTS))} alone"
        raise InvalidInputError(message)
    if spec.wait_s >= LASTS_S:
        message = "a need lasts a day: after such a wait there is none"
        raise InvalidInputError(message)


def _check_garments(spec: LinkSpec) -> None:
    if not isinstance(spec.trigger, EventTrigger):
        message = "a preset or an order needs a trigger of type event: an event that names garments"
        raise InvalidInputError(message)
