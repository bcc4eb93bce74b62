"""Conditions in CEL, compiled once each, over the facts that `docs/links.md` lists.

The library is CEL's own in C++. It stops at 10,000 steps of iteration and at 32 levels of nesting,
but counts neither what a step costs nor memory: 600 characters with a loop took 44 seconds, and
340 wanted gigabytes. So there are no loops; without one, nothing costs more than its text times the
facts, whose size the stages bound.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from cel_expr_python import cel

from hub.errors import InvalidInputError

MAX_TEXT: Final = 1000
"""Characters."""
MAX_KNOWN: Final = 2000
"""Compiled expressions kept; the one not used for longest goes first."""

_LOOP: Final = b"@result"
"""What every `all`, `exists`, `exists_one`, `map` and `filter` gathers into, once compiled."""
_FACTS: Final = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
VARIABLES: Final[Mapping[str, cel.Type]] = {
    "trigger": _FACTS,
    "devices": cel.Type.Map(cel.Type.STRING, _FACTS),
    "presence": cel.Type.Map(cel.Type.STRING, cel.Type.BOOL),
    "hour": cel.Type.INT,
    "minute": cel.Type.INT,
    "weekday": cel.Type.INT,
}
_MAY_HOLD: Final = frozenset({"BOOL", "DYN"})


class Expressions:
    """Says of expressions whether they hold; keeps them compiled."""

    def __init__(self) -> None:
        self._env = cel.NewEnv(variables=VARIABLES)
        self._known: OrderedDict[str, cel.Expression] = OrderedDict()

    def check(self, expression: str) -> None:
        """Do nothing where the expression can be a condition.

        Raises:
            InvalidInputError: it is too long, does not compile, or is no condition.
        """
        self._compiled(expression)

    def holds(self, expression: str, facts: Mapping[str, object]) -> bool:
        """Return what the expression says of the facts.

        Raises:
            InvalidInputError: as `check`; or it cannot be worked out of these facts.
        """
        compiled = self._compiled(expression)
        try:
            found = compiled.eval(data=facts)
        except (RuntimeError, TypeError, MemoryError) as error:
            raise InvalidInputError(_first_line(error)) from None
        if found.type().name() != "BOOL":
            # An error is a value to the library: a missing key, a division by zero.
            raise InvalidInputError(_first_line(found.value()))
        return bool(found.value())

    def _compiled(self, expression: str) -> cel.Expression:
        known = self._known.get(expression)
        if known is None:
            known = self._known[expression] = self._compile(expression)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        self._known.move_to_end(expression)
        return known

    def _compile(self, expression: str) -> cel.Expression:
        if len(expression) > MAX_TEXT:
            message = f"an expression has at most {MAX_TEXT} characters"
            raise InvalidInputError(message)
        try:
            compiled = self._env.compile(expression)
        except RuntimeError as error:
            raise InvalidInputError(_first_line(error)) from None
        if compiled.return_type().name() not in _MAY_HOLD:
            message = f"a condition is true or false, not {compiled.return_type().name()}"
            raise InvalidInputError(message)
        if _LOOP in compiled.serialize():
            message = "an expression has no all, exists, exists_one, map or filter; `in` is allowed"
            raise InvalidInputError(message)
        return compiled


def _first_line(error: object) -> str:
    """Return the library's words without its picture of the place."""
    return str(error).removeprefix("INVALID_ARGUMENT: ").partition("\n")[0][:200]
