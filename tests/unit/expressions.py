"""Where no link has a condition in CEL."""

from collections.abc import Mapping


def no_expressions(expression: str, facts: Mapping[str, object]) -> bool:
    message = f"nobody expected {expression!r} of {facts}"
    raise AssertionError(message)
