"""Shows what was found: tables for people, JSON for programs, plots beside it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from simulators.bench.figures import Findings, Row, Table
from simulators.bench.plot import svg


def show(findings: Findings, console: Console) -> None:
    for table in findings.tables:
        shown = Shown(title=table.title, title_justify="left", title_style="bold")
        for heading in _headings(table):
            shown.add_column(heading, justify="left" if not heading else "right")
        for row in table.rows:
            shown.add_row(*_cells(table, row))
        console.print(shown)
        for note in _notes(table):
            console.print(f"  {note}", style="dim", highlight=False)
        console.print()


def markdown(findings: Findings) -> str:
    """Return the tables as they stand in a page of the documentation."""
    return "\n".join(_markdown(table) for table in findings.tables)


def _markdown(table: Table) -> str:
    headings = _headings(table)
    rule = ["---", *["---:"] * (len(headings) - 1)]
    lines = [headings, rule, *[_cells(table, row) for row in table.rows]]
    drawn = ["| " + " | ".join(cells) + " |" for cells in lines]
    notes = [f"- {note}" for note in _notes(table)]
    return "\n".join([f"### {table.title}", "", *drawn, "", *notes, *([""] if notes else [])])


def _headings(table: Table) -> list[str]:
    return ["", *[f"{name}, {unit}" for name, unit in table.columns]]


def _cells(table: Table, row: Row) -> list[str]:
    figures = [row.figure(name) for name, _ in table.columns]
    return [row.name, *["" if figure is None else figure.spread for figure in figures]]


def _notes(table: Table) -> Sequence[str]:
    lost = [
        f"{row.name}: {note}"
        for row in table.rows
        for note in dict.fromkeys(figure.note for figure in row.figures if figure.note)
    ]
    return [*table.notes, *lost]


def write(findings: Findings, facts: Mapping[str, object], path: Path) -> Sequence[Path]:
    """Write JSON to `path`, the tables as Markdown and the plots beside it; return all files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [path, path.with_suffix(".md")]
    path.write_text(
        json.dumps({**facts, **findings.plain()}, indent=1, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    written[1].write_text(markdown(findings), encoding="utf-8")
    for plot in findings.plots:
        drawn = path.with_name(f"{path.stem}-{plot.name}.svg")
        drawn.write_text(svg(plot), encoding="utf-8")
        written.append(drawn)
    return written
