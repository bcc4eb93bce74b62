"""Links in words, Korean and English: what sets them off, what they saw, what flows where."""

from collections.abc import Iterator, Mapping

from hub.model.devices import Value
from hub.model.links import (
    AlarmTrigger,
    CommandAction,
    Comparison,
    DesiredAction,
    EventTrigger,
    LinkAction,
    LinkSpec,
    NeedAction,
    OrderAction,
    PresenceTrigger,
    PresetAction,
    PropertyCondition,
    ReadingTrigger,
    SayAction,
    SceneAction,
    TimeTrigger,
    Trigger,
    Words,
)

_KO = {
    Comparison.ABOVE: "초과",
    Comparison.BELOW: "미만",
    Comparison.EQUALS: "일치",
    Comparison.DIFFERS: "불일치",
}
_EN = {
    Comparison.ABOVE: "above",
    Comparison.BELOW: "below",
    Comparison.EQUALS: "equal to",
    Comparison.DIFFERS: "other than",
}


def words(ko: str, en: str) -> Words:
    return {"ko": ko, "en": en}


def value_words(value: object) -> str:
    """Return a value as people read it, at most 80 characters."""
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)[:80]


def compared(what: str, comparison: Comparison, *, limit: Value, saw: object, held: bool) -> Words:
    """Return what a comparison saw, and how that stands to what was asked."""
    seen, asked = value_words(saw), value_words(limit)
    no = "" if held else "not "
    ko_no = "" if held else " 아님"
    return words(
        f"{what}: {seen} ({asked} {_KO[comparison]}{ko_no})",
        f"{what} is {seen}, {no}{_EN[comparison]} {asked}",
    )


def circle(names: tuple[str, ...]) -> Words:
    """Return why a link was stopped that would have set itself off again."""
    way = " → ".join(f"“{name}”" for name in names)
    return words(
        f"연결이 자기 자신을 다시 부르고 있어 멈췄습니다: {way}",
        f"stopped: these links set each other off in a circle: {way}",
    )


def too_deep(names: tuple[str, ...]) -> Words:
    way = " → ".join(f"“{name}”" for name in names)
    return words(
        f"연결이 너무 길게 이어져 멈췄습니다: {way}",
        f"stopped: too many links set each other off in a row: {way}",
    )


def ran_away(name: str, most: int, per_s: float) -> Words:
    return words(
        f"“{name}” 연결이 {per_s:g}초 동안 {most}번 넘게 실행되어 멈췄습니다.",
        f"“{name}” was set off more than {most} times within {per_s:g} s and is paused.",
    )


def trigger_words(trigger: Trigger, devices: Mapping[str, str]) -> Words:
    """Return what sets a link off; `devices` are names by id."""
    match trigger:
        case ReadingTrigger():
            return _reading_words(trigger, devices)
        case EventTrigger():
            what = f"{_source(trigger.device, trigger.kind, devices)}: {trigger.event}"
            return words(what, what)
        case AlarmTrigger():
            which = trigger.rule or "any rule"
            return words(f"알림 {trigger.change} ({which})", f"an alarm {trigger.change} ({which})")
        case TimeTrigger(minute=minute):
            at = f"{minute // 60:02}:{minute % 60:02}"
            return words(f"{at}이 되면", f"at {at}")
        case PresenceTrigger():
            return words(f"재실 {trigger.change}", f"presence: {trigger.change}")


def _reading_words(trigger: ReadingTrigger, devices: Mapping[str, str]) -> Words:
    what = f"{_source(trigger.device, trigger.kind, devices)} {trigger.property}"
    if trigger.value is None:
        return words(f"{what} 변화", f"any change of {what}")
    limit = value_words(trigger.value)
    return words(
        f"{what} {limit} {_KO[trigger.comparison]}",
        f"{what} {_EN[trigger.comparison]} {limit}",
    )


def _source(device: str | None, kind: str | None, devices: Mapping[str, str]) -> str:
    return devices.get(device, device) if device is not None else f"({kind})"


def gives(spec: LinkSpec, devices: Mapping[str, str]) -> Iterator[Words]:
    """Yield what data the link lets flow, and from where to where; `devices` are names by id."""
    cause = trigger_words(spec.trigger, devices)
    for action in spec.actions:
        ko, en = _given(action, devices)
        yield words(f"{cause['ko']} → {ko}", f"{cause['en']} → {en}")
    for condition in spec.conditions:
        if isinstance(condition, PropertyCondition):
            name = devices.get(condition.device, condition.device)
            yield words(
                f"{name} {condition.property} 값을 조건으로 봅니다",
                f"looks at {condition.property} of {name} as a condition",
            )


def _given(action: LinkAction, devices: Mapping[str, str]) -> tuple[str, str]:  # noqa: PLR0911 - a table
    match action:
        case DesiredAction(device=device, values=values):
            name, what = devices.get(device, device), ", ".join(values)
            return f"{name}: {what} 설정", f"{name}: sets {what}"
        case CommandAction(device=device, name=command):
            name = devices.get(device, device)
            return f"{name}: {command} 명령", f"{name}: the command {command}"
        case SceneAction(scene=scene):
            return f"장면 {scene}", f"the scene {scene}"
        case PresetAction(device=device):
            name = devices.get(device, device)
            return (
                f"{name}: 세탁물과 알맞은 코스",
                f"{name}: which garments come, and the course they need",
            )
        case NeedAction(device=device):
            name = devices.get(device, device)
            return (
                f"{name}: 운동·수면 뒤 몸에 필요한 것(열량, 단백질, 수분, 휴식)",
                f"{name}: the need after the workout or night: energy, protein, fluid, rest",
            )
        case OrderAction(service=service):
            return f"{service}에 주문 제안", f"proposes an order at {service}; you decide"
        case SayAction(person=person):
            ko = "집에 있는 사람에게 한마디" if person is None else f"{person}에게 한마디"
            return ko, "a word to whoever is at home" if person is None else f"a word to {person}"
