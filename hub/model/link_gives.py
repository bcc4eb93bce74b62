"""What sets a link off and what flows from where to where because of it, in Korean and English."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hub.model.devices import DeviceKind, Property, Value
from hub.model.korean import with_particle
from hub.model.link_words import event_words, property_words, value_words, words
from hub.model.links import (
    AlarmCondition,
    AlarmTrigger,
    CommandAction,
    Comparison,
    DesiredAction,
    EventTrigger,
    ExpressionCondition,
    LinkAction,
    LinkCondition,
    LinkSpec,
    NeedAction,
    OrderAction,
    PresenceCondition,
    PresenceTrigger,
    PresetAction,
    PropertyCondition,
    ReadingTrigger,
    SayAction,
    SceneAction,
    TimeCondition,
    TimeTrigger,
    Trigger,
    Words,
)
from hub.model.time_words import clock, day_words, schedule_words, span_words

NEED_EN = "for a day, the need after the workout or night: energy, protein, fluid, rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkNames:
    """How people call what links name; what has no name here is called by its id."""

    devices: Mapping[str, str] = field(default_factory=dict)
    kind_of: Mapping[str, str] = field(default_factory=dict)
    """Device -> the name of its kind."""
    kinds: Mapping[str, DeviceKind] = field(default_factory=dict)
    scenes: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def device(self, device: str) -> str:
        return self.devices.get(device, device)

    def kind(self, device: str) -> DeviceKind | None:
        return self.kinds.get(self.kind_of.get(device, ""))

    def property(self, device: str, name: str) -> Property | None:
        kind = self.kind(device)
        return kind.properties.get(name) if kind else None


def gives(spec: LinkSpec, names: LinkNames) -> Iterator[Words]:
    """Yield what the link lets flow, and from where to where; then what it looks at besides."""
    cause = trigger_words(spec.trigger, names)
    ko, en = cause["ko"], cause["en"]
    if spec.wait_s:
        span = span_words(spec.wait_s)
        ko, en = f"{ko}, {span['ko']} 뒤", f"{en}, {span['en']} later"
    for action in spec.actions:
        ko_done, en_done = _given(action, names)
        yield words(f"{ko} → {ko_done}", f"{en} → {en_done}")
    for condition in spec.conditions:
        yield condition_words(condition, names)


# -------------------------------------------------------------------------------------- triggers


def trigger_words(trigger: Trigger, names: LinkNames) -> Words:
    """Return what sets a link off."""
    match trigger:
        case ReadingTrigger():
            return _reading_words(trigger, names)
        case EventTrigger(event=event):
            source, kind = _source(trigger, names)
            what = event_words(kind, event)
            return words(
                f"{source['ko']}: “{what['ko']}” 소식이 오면", f"{source['en']}: {what['en']}"
            )
        case AlarmTrigger():
            return _alarm_words(trigger, names)
        case TimeTrigger():
            days, at = day_words(trigger.days), clock(trigger.minute)
            return words(f"{days['ko']} {at}에", f"{days['en']} at {at}")
        case PresenceTrigger():
            return _presence_words(trigger, names)


def _reading_words(trigger: ReadingTrigger, names: LinkNames) -> Words:
    source, kind = _source(trigger, names)
    what = property_words(kind, trigger.property)
    spec = kind.properties.get(trigger.property) if kind else None
    ko, en = _comes_to_be(trigger, spec)
    if trigger.for_s:
        span = span_words(trigger.for_s)
        ko = f"{ko} 채 {with_particle(span['ko'], '이', '가')} 지나면"
        en = f"{en} and stays so for {span['en']}"
    return words(f"{source['ko']}, {what['ko']}: {ko}", f"{source['en']}: {what['en']} {en}")


def _comes_to_be(trigger: ReadingTrigger, spec: Property | None) -> tuple[str, str]:
    """Return how the property changes; in Korean as it goes on: at once, or before a span."""
    if trigger.value is None:
        return "값이 바뀌면", "changes"
    value = value_words(trigger.value, spec)
    ko, en = value["ko"], value["en"]
    lasts = bool(trigger.for_s)
    match trigger.comparison:
        case Comparison.ABOVE:
            return f"{ko}보다 {'높아진' if lasts else '높아지면'}", f"rises above {en}"
        case Comparison.BELOW:
            return f"{ko}보다 {'낮아진' if lasts else '낮아지면'}", f"falls below {en}"
        case Comparison.EQUALS:
            return _quoted(ko, "인", "되면", lasts=lasts), f"becomes {en}"
        case Comparison.DIFFERS:
            return _quoted(ko, "아닌", "아니게 되면", lasts=lasts), f"stops being {en}"


def _quoted(value: str, lasting: str, at_once: str, *, lasts: bool) -> str:
    if lasts and lasting == "인":
        return f"“{value}”인"
    return f"{with_particle(f'“{value}”', '이', '가')} {lasting if lasts else at_once}"


def _source(
    trigger: ReadingTrigger | EventTrigger, names: LinkNames
) -> tuple[Words, DeviceKind | None]:
    if trigger.device is not None:
        name = names.device(trigger.device)
        return words(name, name), names.kind(trigger.device)
    kind = names.kinds.get(trigger.kind or "")
    if kind is None:
        return words(f"모든 {trigger.kind}", f"any {trigger.kind}"), None
    return words(f"모든 {kind.title_ko}", f"any {kind.title_en.lower()}"), kind


def _alarm_words(trigger: AlarmTrigger, names: LinkNames) -> Words:
    opened = trigger.change == "opened"
    ko_change, en_change = ("울리면", "begins") if opened else ("끝나면", "is over")
    if trigger.rule is None:
        return words(f"어느 알림이든 {ko_change}", f"any alarm {en_change}")
    rule = names.rules.get(trigger.rule, trigger.rule)
    return words(f"“{rule}” 알림이 {ko_change}", f"the alarm “{rule}” {en_change}")


def _presence_words(trigger: PresenceTrigger, names: LinkNames) -> Words:
    person = trigger.person
    who = None if person is None else names.people.get(person, person)
    ko, en = (f"{who} 님이", who) if who else ("누군가", "somebody")
    match trigger.change:
        case "arrives":
            return words(f"{ko} 집에 오면", f"{en} comes home")
        case "leaves":
            return words(f"{ko} 집을 나가면", f"{en} leaves home")
        case "first_in":
            return words("빈집에 누군가 들어오면", "the first person comes home")
        case _:
            return words("마지막 사람이 집을 나가면", "the last person leaves home")


# ------------------------------------------------------------------------------------ conditions


def condition_words(condition: LinkCondition, names: LinkNames) -> Words:
    """Return what a condition looks at, and what must be so."""
    match condition:
        case PropertyCondition():
            return _property_words(condition, names)
        case TimeCondition(schedule=schedule):
            when = schedule_words(schedule)
            return words(f"조건: {when['ko']}에만", f"only {when['en']}")
        case PresenceCondition():
            return _at_home_words(condition, names)
        case AlarmCondition(rule=rule, active=active):
            name = names.rules.get(rule, rule)
            return words(
                f"조건: “{name}” 알림이 {'울리는' if active else '울리지 않는'} 동안에만",
                f"only while the alarm “{name}” is {'' if active else 'not '}active",
            )
        case ExpressionCondition(cel=cel):
            text = cel if len(cel) <= 200 else f"{cel[:199]}…"  # noqa: PLR2004 - a few lines
            return words(f"조건식이 참일 때만: {text}", f"only if this expression is true: {text}")


_MUST_KO = {
    Comparison.ABOVE: "보다 높을",
    Comparison.BELOW: "보다 낮을",
    Comparison.EQUALS: "일",
}
_MUST_EN = {
    Comparison.ABOVE: "above ",
    Comparison.BELOW: "below ",
    Comparison.EQUALS: "",
    Comparison.DIFFERS: "other than ",
}


def _property_words(condition: PropertyCondition, names: LinkNames) -> Words:
    device, compared = names.device(condition.device), condition.comparison
    what = property_words(names.kind(condition.device), condition.property)
    spec = names.property(condition.device, condition.property)
    value = value_words(condition.value, spec)
    if compared is Comparison.DIFFERS:
        must = with_particle(f"“{value['ko']}”", "이", "가") + " 아닐"
    elif compared is Comparison.EQUALS:
        must = f"“{value['ko']}”일"
    else:
        must = value["ko"] + _MUST_KO[compared]
    return words(
        f"조건: {device}, {what['ko']} 값을 보고 {must} 때만",
        f"looks at {device}: only while {what['en']} is {_MUST_EN[compared]}{value['en']}",
    )


def _at_home_words(condition: PresenceCondition, names: LinkNames) -> Words:
    if condition.person is None:
        if condition.at_home:
            return words("조건: 집에 누군가 있을 때만", "only while somebody is at home")
        return words("조건: 집에 아무도 없을 때만", "only while nobody is at home")
    who = names.people.get(condition.person, condition.person)
    if condition.at_home:
        return words(f"조건: {who} 님이 집에 있을 때만", f"only while {who} is at home")
    return words(f"조건: {who} 님이 집에 없을 때만", f"only while {who} is not at home")


# --------------------------------------------------------------------------------------- actions


def _given(action: LinkAction, names: LinkNames) -> tuple[str, str]:  # noqa: C901, PLR0911 - a table
    match action:
        case DesiredAction(device=device, values=values):
            return _set(device, values, names)
        case CommandAction(device=device, name=command):
            name, said = names.device(device), command.replace("_", " ")
            return f"{name}: “{said}” 명령", f"{name}: the command “{said}”"
        case SceneAction(scene=scene):
            name = names.scenes.get(scene, scene)
            return f"장면 “{name}” 적용", f"the scene “{name}”"
        case PresetAction(device=device):
            name = names.device(device)
            return (
                f"{name}: 세탁물과 알맞은 코스",
                f"{name}: which garments come, and the course they need",
            )
        case NeedAction(device=device):
            name = names.device(device)
            return (
                f"{name}: 하루 동안 운동·수면 뒤 몸에 필요한 것(열량, 단백질, 수분, 휴식)",
                f"{name}: {NEED_EN}",
            )
        case OrderAction(service=service):
            name = names.services.get(service, service)
            return f"“{name}” 주문 제안(결정은 직접)", f"proposes an order at {name}; you decide"
        case SayAction(person=None):
            return "집에 있는 사람에게 한마디", "a word to whoever is at home"
        case SayAction(person=person):
            name = names.people.get(person or "", person or "")
            return f"{name} 님에게 한마디", f"a word to {name}"


def _set(device: str, values: Mapping[str, Value], names: LinkNames) -> tuple[str, str]:
    kind, ko, en = names.kind(device), [], []
    for name, value in values.items():
        what = property_words(kind, name)
        said = value_words(value, names.property(device, name))
        ko.append(f"{what['ko']}: {said['ko']}")
        en.append(f"{what['en']}: {said['en']}")
    place = names.device(device)
    return f"{place} 설정 ({', '.join(ko)})", f"{place}: sets {', '.join(en)}"
