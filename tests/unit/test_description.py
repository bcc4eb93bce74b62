"""What a device says of itself: which descriptions are taken, and what is wrong with the others."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hub.errors import InvalidInputError
from hub.model import ValueType, described_kind, fingerprint, fits_series_of

PLUG: Mapping[str, Any] = {
    "kind": "acme_plug",
    "title": {"en": "Acme plug", "ko": "아크미 플러그"},
    "capabilities": [
        {
            "name": "power",
            "properties": [
                {"name": "power", "unit": "W", "minimum": 0, "maximum": 4000},
                {"name": "on", "type": "boolean", "settable": True},
                {"name": "mode", "type": "string", "choices": ["eco", "full"]},
            ],
            "events": ["overload"],
            "commands": [{"name": "toggle", "arguments": [{"name": "times", "type": "integer"}]}],
        }
    ],
}


def with_property(**changed: object) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(json.dumps(PLUG))
    described["capabilities"][0]["properties"][0].update(changed)
    return described


def test_a_description_becomes_a_kind() -> None:
    kind = described_kind(PLUG)
    assert (kind.name, kind.title_ko) == ("acme_plug", "아크미 플러그")
    assert kind.properties["power"].maximum == 4000
    assert kind.properties["on"].type is ValueType.BOOLEAN
    assert kind.events == {"overload"}
    assert [one.name for one in kind.commands["toggle"].arguments] == ["times"]


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        ([], "object"),
        ({**PLUG, "kind": "Acme Plug"}, "lower-case"),
        ({**PLUG, "kind": "described"}, "has not described itself"),
        ({**PLUG, "colour": "red"}, "colour"),
        ({**PLUG, "title": {"en": "a\u0007b"}}, "control character"),
        ({**PLUG, "capabilities": [{"name": "c"}] * 31}, "at most 30"),
        ({**PLUG, "capabilities": [{"name": "c"}] * 2}, "capability 'c' is there"),
        (with_property(name="received"), "series keeps"),
        (with_property(type="complex"), "complex"),
        (with_property(minimum=5, maximum=4), "minimum is above"),
        (with_property(unit="°C"), "UCUM"),
        (with_property(choices=["a"]), "only a string"),
        (with_property(max_rate=0), "max_rate"),
        (with_property(max_length=0), "max_length"),
        (with_property(needs="worn"), "no boolean"),
        (with_property(name="on"), "property 'on' is there"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_a_description_is_said(described: object, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        described_kind(described)


def test_the_order_of_its_json_makes_no_other_kind() -> None:
    turned = json.loads(json.dumps(PLUG, sort_keys=True))
    assert fingerprint(described_kind(turned)) == fingerprint(described_kind(PLUG))


def test_a_range_more_makes_another_kind() -> None:
    other = described_kind(with_property(maximum=5000))
    assert fingerprint(other) != fingerprint(described_kind(PLUG))


def test_a_kind_that_says_more_fits_the_series_of_the_old_one() -> None:
    more = json.loads(json.dumps(PLUG))
    more["capabilities"][0]["properties"].append({"name": "energy", "unit": "kW.h"})
    assert fits_series_of(described_kind(more), described_kind(PLUG))
    assert not fits_series_of(described_kind(PLUG), described_kind(more))


@pytest.mark.parametrize("changed", [{"unit": "kW"}, {"type": "integer"}], ids=["unit", "type"])
def test_a_field_never_changes_what_it_is(changed: dict[str, Any]) -> None:
    assert not fits_series_of(described_kind(with_property(**changed)), described_kind(PLUG))
