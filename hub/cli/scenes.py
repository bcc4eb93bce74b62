"""Scenes: desired values of several devices, set at once."""

from typing import Annotated, Any

import typer
from rich.table import Table

from hub.cli.account import Account, at, signed_in
from hub.cli.files import JsonFile, read_object
from hub.cli.link_runs import values

group = typer.Typer(no_args_is_help=True, help="Desired values of several devices at once.")

Scene = Annotated[str, typer.Argument(help="Its id, as `hub scenes list` shows it.")]


@group.command("list")
@signed_in
def list_scenes(account: Account) -> None:
    """List the scenes of your homes.

    Example: hub scenes list
    """
    found = account.listed("/scenes")
    account.say(found, lambda: _scenes(found, account))


@group.command("add")
@signed_in
def add_scene(account: Account, file: JsonFile) -> None:
    """Make a scene; where it names no household, in yours.

    Example: hub scenes add night.json
    """
    body = read_object(file)
    wish = body if "household" in body else {"household": account.household(), **body}
    found = account.call("POST", "/scenes", wish)
    account.say(found, lambda: _scenes([found], account))


@group.command("set")
@signed_in
def set_scene(account: Account, scene: Scene) -> None:
    """Set a scene; each device is told at once, or when it comes back.

    Example: hub scenes set sc_7f3a
    """
    account.call("POST", at("scenes", scene, "set"))
    account.tell({"id": scene, "set": True})


@group.command("end")
@signed_in
def end_scene(account: Account, scene: Scene) -> None:
    """End a scene; links that set it fail from then on, and say so.

    Example: hub scenes end sc_7f3a
    """
    account.call("DELETE", at("scenes", scene))
    account.tell({"id": scene, "ended": True})


def _scenes(found: list[dict[str, Any]], account: Account) -> Table | None:
    names = account.names("/devices")
    rows = [
        (
            one["id"],
            one["name"],
            "\n".join(
                f"{names.get(device, device)}: {values(wishes, account.speech)}"
                for device, wishes in one["desired"].items()
            ),
        )
        for one in found
    ]
    return account.speech.table(("id", "name", "values"), rows)
