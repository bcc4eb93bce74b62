"""A command's arguments fit their types, and none is there that it does not take."""

import pytest

from hub.errors import InvalidInputError
from hub.model import Argument, CommandSpec
from hub.model.arguments import check_arguments

TYPES = ("string", "integer", "number", "boolean", "object", "array", "its own")
SPEC = CommandSpec(
    name="do",
    description="Do it.",
    arguments=tuple(Argument(name=name, type=name, description="") for name in TYPES),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("string", "x"),
        ("integer", 3),
        ("integer", 3.0),
        ("number", 3),
        ("number", 3.5),
        ("boolean", False),
        ("object", {}),
        ("array", [1]),
        ("its own", 3),
    ],
)
def test_takes_what_fits(name: str, value: object) -> None:
    check_arguments(SPEC, {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("string", 3),
        ("integer", 3.5),
        ("integer", True),
        ("integer", "3"),
        ("number", True),
        ("number", "3"),
        ("boolean", 1),
        ("object", "{}"),
        ("array", {}),
        ("nothing", 3),
    ],
)
def test_refuses_what_does_not_fit(name: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match=name):
        check_arguments(SPEC, {name: value})
