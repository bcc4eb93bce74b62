"""How every command ends: its answer said, or what is wrong in one clear line and exit code 1."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub.errors import HubError

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def attempt(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the command does
    """Do it; an error of ours becomes one clear line and exit code 1."""
    try:
        return work()
    except* HubError as group:
        for error in _leaves(group):
            typer.echo(f"hub: {error}", err=True)
    raise typer.Exit(1)


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]


def run(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    return attempt(lambda: asyncio.run(work))


def say(answer: object, *, as_json: bool, human: Callable[[], None]) -> None:
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        human()


def plain_console() -> Console:
    """Return a console on which what people and devices named is text, never markup."""
    return Console(markup=False, highlight=False, emoji=False)


def print_facts(facts: Mapping[str, object]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in facts.items():
        table.add_row(name, str(value))
    plain_console().print(table)
