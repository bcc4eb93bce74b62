"""The first people, before anybody can sign in."""

from typing import Annotated

import typer

from hub import main
from hub.cli.outcome import AsJson, attempt, print_facts, run, say
from hub.settings import Settings, load

group = typer.Typer(no_args_is_help=True, help="Who may sign in; works on the records directly.")


@group.command("add")
def add_person(  # noqa: PLR0913 - the options of a command line
    name: Annotated[str, typer.Argument(help="As they want to be called.")],
    *,
    email: Annotated[str, typer.Option(help="They sign in with it.")],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="CX_PASSWORD", help="At least 8.")
    ],
    household: Annotated[str, typer.Option(help="Name of a new household of theirs.")] = "Home",
    language: Annotated[str, typer.Option(help="en or ko.")] = "en",
    operator: Annotated[bool, typer.Option("--operator", help="May see operations.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person with a household of their own.

    Example: hub people add Mina --email mina@example.org
    """
    settings: Settings = attempt(load)
    wish = main.NewPerson(
        name=name,
        email=email,
        password=password,
        household=household,
        language=language,
        is_operator=operator,
    )
    made = run(main.add_person(settings, wish))
    say(made, as_json=as_json, human=lambda: print_facts(made))
