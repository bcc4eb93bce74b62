"""How the command line speaks to one person: their language, their local time, names as text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.table import Table

from hub.cli.words import HEADINGS, VALUES, WEEKDAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    language: str
    zone: ZoneInfo

    def heading(self, english: str) -> str:
        return HEADINGS.get(english, english) if self.language == "ko" else english

    def word(self, english: str) -> str:
        """Return the word for a status, a place or the like; one that has no other stays."""
        plain = shown(english.replace("_", " "))
        return VALUES.get(english, plain) if self.language == "ko" else plain

    def text(self, by_language: Mapping[str, str]) -> str:
        """Return what the hub says, in the person's language where it has it."""
        first = next(iter(by_language.values()), "")
        return shown(by_language.get(self.language) or by_language.get("en") or first)

    def local(self, at: str) -> datetime:
        return datetime.fromisoformat(at).astimezone(self.zone)

    def time(self, at: str | None) -> str:
        """Return the local time, sortable and the same in all languages."""
        return f"{self.local(at):%Y-%m-%d %H:%M}" if at else ""

    def day(self, at: datetime) -> str:
        return f"{at:%Y-%m-%d} {WEEKDAYS[self.language == 'ko'][at.weekday()]}"

    def value(self, value: object) -> str:
        """Return a reading, a property or a field as people read it."""
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        return shown(value)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table | None:
        """Return the rows as a table that loses nothing however narrow it is; None if empty."""
        if not rows:
            return None
        table = Table()
        for column in columns:
            table.add_column(self.heading(column), overflow="fold")
        for row in rows:
            table.add_row(*(self.value(cell) for cell in row))
        return table

    def facts(self, facts: Mapping[str, object]) -> Table:
        """Return names and what they are, one a line; what is empty is left out."""
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for name, value in facts.items():
            if value not in (None, "", [], {}):
                table.add_row(self.heading(name.replace("_", " ")), self.value(value))
        return table


def shown(value: object) -> str:
    """Return the value as one line of printable text: devices and partners may send anything."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in text)
