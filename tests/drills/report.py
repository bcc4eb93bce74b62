"""What a drill found: a ledger table for people, a JSON file for the record."""

import json
import platform
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parents[2] / "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the ledger: what had to be, and what was."""

    what: str
    expected: str
    found: str
    holds: bool


@dataclass(slots=True)
class Account:
    """One run: the rows that decide, and the figures that explain."""

    name: str
    """`control` or the fault."""
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def holds(self) -> bool:
        return bool(self.rows) and all(row.holds for row in self.rows)

    def equal(self, what: str, expected: object, found: object) -> None:
        self.rows.append(
            Row(what=what, expected=str(expected), found=str(found), holds=expected == found)
        )

    def at_most(self, what: str, bound: float, found: float, *, unit: str = "") -> None:
        row = Row(
            what=what,
            expected=f"≤ {bound:g}{unit}",
            found=f"{found:.4g}{unit}",
            holds=found <= bound,
        )
        self.rows.append(row)

    def at_least(self, what: str, bound: float, found: float) -> None:
        self.rows.append(
            Row(what=what, expected=f"≥ {bound:g}", found=f"{found:g}", holds=found >= bound)
        )

    def yes(self, what: str, found: object) -> None:
        self.rows.append(Row(what=what, expected="yes", found=_word(found), holds=found is True))

    def no(self, what: str, found: object) -> None:
        self.rows.append(Row(what=what, expected="no", found=_word(found), holds=found is False))

    def shows(self, what: str, found: object, *, holds: bool) -> None:
        self.rows.append(Row(what=what, expected="yes", found=str(found), holds=holds))

    def end(self) -> None:
        self.figures["seconds"] = round(time.monotonic() - self.began, 1)


def _word(found: object) -> str:
    if isinstance(found, bool):
        return "yes" if found else "no"
    return str(found)


@dataclass(slots=True)
class Report:
    drill: str
    seed: int
    options: dict[str, object]
    accounts: list[Account] = field(default_factory=list)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def holds(self) -> bool:
        return bool(self.accounts) and all(account.holds for account in self.accounts)

    @property
    def failures(self) -> list[str]:
        return [
            f"{account.name}: {row.what}: expected {row.expected}, found {row.found}"
            for account in self.accounts
            for row in account.rows
            if not row.holds
        ]

    def print(self) -> None:
        console = Console(width=None if sys.stdout.isatty() else 118)
        options = "  ".join(f"{name}={value}" for name, value in self.options.items())
        console.print(f"\n[bold]{self.drill}[/bold]  seed={self.seed}  {options}", highlight=False)
        for account in self.accounts:
            table = Table("", "expected", "found", "", title=account.name, title_justify="left")
            for row in account.rows:
                mark = "[green]✓[/green]" if row.holds else "[red]✗[/red]"
                table.add_row(row.what, row.expected, row.found, mark)
            console.print(table)
            for name, value in account.figures.items():
                console.print(f"  {name}: {value}", highlight=False, markup=False)
        word = "[green]HOLDS[/green]" if self.holds else "[red]DOES NOT HOLD[/red]"
        console.print(f"[bold]{self.drill}: {word}[/bold]")

    def keep(self, folder: Path = FOLDER) -> Path:
        """Write the JSON file and return where it is."""
        folder.mkdir(exist_ok=True)
        stamp = self.at.replace(":", "").replace("+0000", "Z")
        path = folder / f"drill-{self.drill}-{stamp}.json"
        content = {
            **asdict(self),
            "holds": self.holds,
            "machine": f"{platform.platform()}, Python {platform.python_version()}",
        }
        path.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
        return path
