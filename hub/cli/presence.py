"""Who is at home."""

from typing import Annotated, Any

import typer
from rich.table import Table

from hub.cli.account import Account, Household, at, signed_in


@signed_in
def presence(
    account: Account,
    *,
    at_home: Annotated[
        bool | None, typer.Option("--at-home/--away", help="Say so yourself.")
    ] = None,
    person: Annotated[str, typer.Option(help="A child of the home whom you speak for.")] = "me",
    household: Household = "",
) -> None:
    """Show who is at home; with --at-home or --away, say so first.

    Example: hub presence --away
    """
    path = at("households", account.household(household), "presence")
    if at_home is not None:
        account.call("PUT", path, {"at_home": at_home, "person": person})
    found = account.listed(path)
    account.say(found, lambda: _presence(found, account))


def _presence(found: list[dict[str, Any]], account: Account) -> Table | None:
    speech = account.speech
    where = {True: "home", False: "away", None: "nobody said"}
    rows = [
        (
            account.people.get(one["person"], one["person"]),
            speech.word(where[one["at_home"]]),
            speech.time(one["since"]),
            speech.word(one["said_by"] or ""),
        )
        for one in found
    ]
    return speech.table(("person", "where", "since", "by"), rows)
