"""Conditions in CEL: what they may say, and that none of them can hurt the hub."""

import pytest

from hub.adapters.conditions.cel import Expressions
from hub.errors import InvalidInputError

FACTS = {
    "trigger": {"value": 21.5, "data": {"garments": ["gm-1", "gm-2"], "load": "ld-1"}},
    "devices": {"f-1": {"door_open": True, "temperature": 5, "mode": "eco"}},
    "presence": {"anybody": True, "me": False},
    "hour": 22,
    "minute": 5,
    "weekday": 6,
}


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("trigger.value > 21.0 && hour >= 22", True),
        ("trigger.value > 21", True),
        ("devices['f-1'].door_open", True),
        ("devices['f-1'].temperature < 5.5", True),
        ("'f-2' in devices && devices['f-2'].door_open", False),
        ("has(trigger.nothing)", False),
        ("'gm-2' in trigger.data.garments", True),
        ("trigger.data.load.startsWith('ld-') && trigger.data.garments.size() == 2", True),
        ("presence['anybody'] && !presence['me'] && weekday == 6", True),
        ("'.map(a, a)' == 'x'", False),
    ],
)
def test_an_expression_says_whether_it_holds(text: str, held: bool) -> None:  # noqa: FBT001 - a table
    assert Expressions().holds(text, FACTS) is held


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hour >",
        "hour",
        "'text'",
        "nobody == 1",
        "trigger.nothing == 1",
        "devices['f-9'].door_open",
        "devices['f-1'].mode",
        "1 / 0 == 1",
        "hour == " + "1" * 1000,
        "!" * 990 + "(" * 20 + "true" + ")" * 20,
        "(" * 400 + "true" + ")" * 400,
        "['x'].map(a, a + a).size() == 1",
        "[1].all(a, true)",
        "[1].exists(a, a == 1)",
        "[1].exists_one(a, a == 1)",
        "[1].filter(a, true) == [1]",
        "{'a': 1}.all(a, true)",
        "[1] . all // (\n (a, true)",
        r"r'\' == '' || [1].all(a, true) || r'\' == ''",
    ],
    ids=lambda text: repr(text[:40]),
)
def test_what_is_no_condition_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Expressions().holds(text, FACTS)
    assert 0 < len(str(refused.value)) <= 200


def test_an_expression_is_compiled_once() -> None:
    expressions = Expressions()
    compiled = expressions._compiled("hour == 1")
    expressions.holds("hour == 1", FACTS)
    assert expressions._compiled("hour == 1") is compiled
