"""All records in one file, and back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hub import main
from hub.cli.outcome import AsJson, attempt, print_facts, run, say
from hub.settings import Settings, load


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; an older one there is replaced.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write people, devices, rules, alarms and all other records to one file; the hub may run.

    The file holds personal data and the hub's keys: keep it as you keep a password. The series are
    not in it (docs/guides/records.md).

    Example: hub backup /backup/hub-monday.gz
    """
    settings: Settings = attempt(load)
    with _rows("backing up") as tell:
        made = run(main.backup(settings, file, tell=tell))
    say(made, as_json=as_json, human=lambda: print_facts(_without_tables(made)))


def restore(
    file: Annotated[Path, typer.Argument(help="What `hub backup` wrote.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Fill an empty record store from a backup, of whichever database, while no hub runs on it.

    The file holds personal data and the hub's keys. A damaged one is refused before anything is
    written.

    Example: HUB_DATA_DIR=/srv/new-hub hub restore /backup/hub-monday.gz
    """
    settings: Settings = attempt(load)
    with _rows("restoring") as tell:
        made = run(main.restore(settings, file, tell=tell))
    say(made, as_json=as_json, human=lambda: print_facts(_without_tables(made)))


@contextmanager
def _rows(doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _without_tables(made: Mapping[str, object]) -> Mapping[str, object]:
    return {name: fact for name, fact in made.items() if name not in {"tables", "keys"}}
