"""Links in words, Korean and English: what they look at, what they saw, why they were stopped."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.model.devices import DeviceKind, Property, ValueType
from hub.model.links import Comparison, PropertyCondition, Words
from hub.model.time_words import span_words

UNITS: Mapping[str, str] = MappingProxyType({"Cel": " °C", "%": "%", "W": " W", "kg": " kg"})
"""UCUM codes that people read in another way or as they are; other units are left out."""
NOT_KNOWN: Words = MappingProxyType({"ko": "알 수 없음", "en": "not known"})
_HELD_KO = {
    Comparison.ABOVE: "보다 높음",
    Comparison.BELOW: "보다 낮음",
    Comparison.EQUALS: " 맞음",
    Comparison.DIFFERS: " 아님",
}
_MISSED_KO = {
    Comparison.ABOVE: "보다 높지 않음",
    Comparison.BELOW: "보다 낮지 않음",
    Comparison.EQUALS: " 아님",
    Comparison.DIFFERS: " 아님이어야 함",
}
_EN = {
    Comparison.ABOVE: "above ",
    Comparison.BELOW: "below ",
    Comparison.EQUALS: "",
    Comparison.DIFFERS: "other than ",
}


def words(ko: str, en: str) -> Words:
    return {"ko": ko, "en": en}


# ------------------------------------------------------------------------------ what is looked at


def property_words(kind: DeviceKind | None, name: str) -> Words:
    """Return how people call a property: by its title, else by its name."""
    spec = kind.properties.get(name) if kind else None
    plain = name.replace("_", " ")
    return words((spec and spec.title_ko) or plain, (spec and spec.title_en) or plain)


def event_words(kind: DeviceKind | None, name: str) -> Words:
    """Return how people call an event: by its title, else by its name."""
    plain = name.replace("_", " ")
    ko, en = kind.event_titles.get(name, (plain, plain)) if kind else (plain, plain)
    return words(ko, en)


def value_words(value: object, spec: Property | None = None) -> Words:
    """Return a value as people read it, at most 80 characters."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return _truth(spec, value=value)
    unit = UNITS.get(spec.unit, "") if spec and spec.type is not ValueType.STRING else ""
    plain = f"{value:g}{unit}" if isinstance(value, float | int) else str(value)[:80]
    return words(plain, plain)


def _truth(spec: Property | None, *, value: bool) -> Words:
    title = spec.title_en.lower() if spec is not None and spec.name.endswith("open") else ""
    if title and "open" not in title:
        return words("열림", "open") if value else words("닫힘", "closed")
    return words("예", "yes") if value else words("아니요", "no")


def compared(
    condition: PropertyCondition, *, device: str, kind: DeviceKind, saw: object, held: bool
) -> Words:
    """Return what a comparison saw, and how that stands to what was asked."""
    name, comparison = condition.property, condition.comparison
    spec, what = kind.properties.get(name), property_words(kind, name)
    if saw is None:
        return words(f"{device}, {what['ko']}: 알 수 없음", f"{device}: {what['en']} is not known")
    seen, asked = value_words(saw, spec), value_words(condition.value, spec)
    ko = _HELD_KO[comparison] if held else _MISSED_KO[comparison]
    en = f", {'' if held else 'not '}{_EN[comparison]}{asked['en']}"
    if held and comparison is Comparison.EQUALS:
        en = ""
    return words(
        f"{device}, {what['ko']}: {seen['ko']} ({asked['ko']}{ko})",
        f"{device}: {what['en']} is {seen['en']}{en}",
    )


# ---------------------------------------------------------------------------- why it was stopped


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
    span = span_words(per_s)
    return words(
        f"“{name}” 연결이 {span['ko']} 동안 {most}번 넘게 실행되어 멈췄습니다.",
        f"“{name}” was set off more than {most} times within {span['en']} and is paused.",
    )
