"""The fast decoder and the published JSON Schema take the same payloads, with the same values."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.kinds import bounds, find_kinds, payload_model
from hub.model import DeviceKind, Property, Rejected, Sample, ValueType
from tests.unit.intake_speech import EVERYTHING, hear

KINDS: Mapping[str, DeviceKind] = {**find_kinds(), EVERYTHING.name: EVERYTHING}
MODELS = {name: payload_model(kind) for name, kind in KINDS.items()}

HUGE = st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 2**63, 2**64, 10**30, 1.7e308, 1.75e308])
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-3, max_value=300),
    HUGE,
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.just([]),
    st.just({}),
)
NESTED = st.recursive(ODD, lambda inner: st.lists(inner, max_size=2), max_leaves=3)
ONLY_TRUE = st.sampled_from([True])
NAMES = st.text(st.characters(codec="utf-8"), max_size=70)


def fitting(spec: Property) -> st.SearchStrategy[object]:
    """Return values of the property, its bounds among them."""
    match spec.type:
        case ValueType.NUMBER:
            low, high = bounds(spec)
            return st.floats(low, high) | st.integers(int(low) + 1, int(high))
        case ValueType.INTEGER:
            low, high = (int(bound) for bound in bounds(spec))
            return st.integers(low, high) | st.integers(max(low, -9), min(high, 9)).map(float)
        case ValueType.BOOLEAN:
            return st.booleans()
        case ValueType.STRING if spec.choices:
            return st.sampled_from(spec.choices)
        case ValueType.STRING:
            return st.text(st.characters(codec="utf-8"), max_size=spec.max_length)


def values(kind: DeviceKind) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {}, optional={name: fitting(spec) for name, spec in kind.properties.items()}
    )


def elements(kind: DeviceKind) -> st.SearchStrategy[dict[str, object]]:
    numbers = st.integers(1, 2**53)
    full = st.fixed_dictionaries(
        {"values": values(kind)},
        optional={"ts": st.integers(-(2**53), 2**53), "seq": numbers, "boot": NAMES},
    )
    skipped = st.fixed_dictionaries({"boot": NAMES, "seq": numbers, "skipped": ONLY_TRUE})
    return st.one_of(values(kind), full, skipped)


@st.composite
def changed(draw: st.DrawFn, element: dict[str, Any], kind: DeviceKind) -> dict[str, Any]:
    """Return the element with one thing in it replaced, added or taken away."""
    inner = element.get("values")
    target = inner if isinstance(inner, dict) and draw(st.booleans()) else element
    known = ["ts", "seq", "boot", "values", "skipped", *kind.properties]
    name = draw(st.sampled_from(known) | st.text(max_size=4))
    if draw(st.booleans()):
        return (
            {**element, "values": {**target, name: draw(NESTED)}}
            if target is inner
            else {
                **element,
                name: draw(NESTED),
            }
        )
    return {key: value for key, value in element.items() if key != name}


@st.composite
def payloads(draw: st.DrawFn, kind: DeviceKind) -> bytes:
    """Return a payload: as the contract says, or wrong in one place, or torn."""
    element = elements(kind)
    if draw(st.booleans()):
        element = element.flatmap(lambda whole: changed(whole, kind))
    content = draw(element | st.lists(element | NESTED if draw(st.booleans()) else element))
    payload = json.dumps(content, ensure_ascii=draw(st.booleans())).encode("utf-8")
    if draw(st.integers(0, 4)) > 0:
        return payload
    at = draw(st.integers(0, len(payload)))
    width = draw(st.integers(0, 2))
    return payload[:at] + draw(st.binary(max_size=2)) + payload[at + width :]


def verdicts(kind: DeviceKind, payload: bytes) -> tuple[list[dict[str, Any]] | None, Any]:
    """Return the values each reads from the payload; None from one that does not take it whole."""
    messages = hear(payload, kind=kind)
    whole = not any(isinstance(message, Rejected) for message in messages)
    fast = [dict(m.values) for m in messages if isinstance(m, Sample) and m.values]
    try:
        root = MODELS[kind.name].model_validate_json(payload).model_dump()
    except ValidationError:
        return (fast if whole else None), None
    elements = root if isinstance(root, list) else [root]
    bodies = [e.get("values", e) for e in elements if "skipped" not in e]
    slow = [{n: v for n, v in body.items() if v is not None} for body in bodies]
    return (fast if whole else None), [body for body in slow if body]


@pytest.mark.parametrize("name", sorted(KINDS))
@given(data=st.data())
@settings(max_examples=400)
def test_both_take_the_same_payloads(name: str, data: st.DataObject) -> None:
    payload = data.draw(payloads(KINDS[name]), label="payload")
    fast, slow = verdicts(KINDS[name], payload)
    assert fast == slow


@pytest.mark.parametrize("name", sorted(KINDS))
@given(data=st.data())
def test_what_the_contract_allows_is_taken(name: str, data: st.DataObject) -> None:
    content = data.draw(values(KINDS[name]) | st.lists(values(KINDS[name]), max_size=3))
    fast, slow = verdicts(KINDS[name], json.dumps(content).encode())
    assert fast == slow
    assert fast is not None


@given(text=st.binary(max_size=40))
@example(b'{"anything": 1e309}')
@example(b'{"anything": 1.75e308}')
@example(b'{"anything": NaN}')
@example(b'{"anything": -Infinity}')
@example(b'{"total": 9007199254740993}')
@example(b'{"total": 1e400}')
@example(b'{"total": ' + b"9" * 5000 + b"}")
@example(b'{"count": 1.0, "count": 99}')
@example(b'{"count": 99, "count": 1.0}')
@example(b'{"boot": "b", "seq": 1, "skipped": 1}')
@example(b'{"note": "\\ud800"}')
@example(b'{"note": "\\u0000"}')
@example(b'{"note": "\x01"}')
@example(b'\xef\xbb\xbf{"count": 1}')
@example(b"[" * 100_000)
@example(b'{"note": ' * 10_000)
@example(b' \n\t{"count" : 1}\r\n ')
@example(b'{"count": 01}')
@example(b'{"count": +1}')
@example(b'{"count": 1,}')
@example(b"[{}, []]")
def test_both_take_the_same_bytes(text: bytes) -> None:
    fast, slow = verdicts(EVERYTHING, text)
    assert fast == slow
