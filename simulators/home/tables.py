"""Tables of a TOML file, read with care: what is wrong is said with its line and key."""

import re
from collections.abc import Sequence
from typing import NoReturn

from hub.errors import InvalidInputError

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")


def parse_duration(text: str) -> int:
    """Return the milliseconds of `90s`, `10min`, `2h` or `1d`.

    Raises:
        InvalidInputError: not a duration.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        message = f'{text!r} is no duration; write "90s", "10min", "2h" or "1d"'
        raise InvalidInputError(message)
    return round(float(match[1]) * _SECONDS[match[2]] * 1000)


class Part:
    """One table of the file; knows where it stands, to say what is wrong with it."""

    def __init__(self, table: object, where: str, lines: Sequence[tuple[int, str]]) -> None:
        self._where = where
        self._lines = lines
        if not isinstance(table, dict):
            self.fail("", "is not a table")
        self.table: dict[str, object] = table

    def fail(self, key: str, why: str) -> NoReturn:
        """Raise, and say in which line."""
        pattern = re.compile(rf'\s*"?{re.escape(key)}"?\s*=')
        found = [number for number, line in self._lines if key and pattern.match(line)]
        number = found[0] if found else next((number for number, _ in self._lines), None)
        line = "" if number is None else f", line {number}"
        message = f"{self._where}{line}: {key} {why}".replace(":  ", ": ")
        raise InvalidInputError(message)

    def only(self, allowed: set[str]) -> None:
        for key in self.table:
            if key not in allowed:
                self.fail(key, f"is not known here; there are {', '.join(sorted(allowed))}")

    def text(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is not None and not isinstance(value, str):
            self.fail(key, f"= {value!r} is not a text")
        return value

    def whole(self, key: str, *, least: int) -> int | None:
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.fail(key, f"= {value!r} is not a whole number from {least} on")
        return value

    def boolean(self, key: str, *, usual: bool) -> bool:
        value = self.table.get(key, usual)
        if not isinstance(value, bool):
            self.fail(key, f"= {value!r} is neither true nor false")
        return value

    def texts(self, key: str) -> list[str] | None:
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fail(key, f"= {value!r} is not a list of texts")
        return value

    def duration(self, key: str) -> int | None:
        text = self.text(key)
        try:
            return None if text is None else parse_duration(text)
        except InvalidInputError as error:
            self.fail(key, f"= {error}")
