"""What values a property can have."""

from hub.model import Property, Value, ValueType


def fitting(spec: Property, value: object) -> Value | None:
    """Return the value as the property's type has it; None where the property cannot have it."""
    match spec.type, value:
        case ValueType.BOOLEAN, bool():
            return value
        case ValueType.STRING, str():
            allowed = not spec.choices or value in spec.choices
            return value if allowed and len(value) <= spec.max_length else None
        case ((ValueType.NUMBER | ValueType.INTEGER), int() | float()) if not isinstance(
            value, bool
        ):
            return _in_range(spec, value)
    return None


def within(spec: Property, value: float) -> float:
    """Return the value as a sensor's electronics bounds it."""
    low = value if spec.minimum is None else spec.minimum
    high = value if spec.maximum is None else spec.maximum
    return min(max(low, value), high)


def _in_range(spec: Property, value: float) -> Value | None:
    low = value if spec.minimum is None else spec.minimum
    high = value if spec.maximum is None else spec.maximum
    if not low <= value <= high:
        return None
    if spec.type is ValueType.INTEGER:
        return int(value) if value == int(value) else None
    return float(value)
