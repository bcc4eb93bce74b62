"""Devices of a running hub: admitted, named, renewed, shut out."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.account import Account, Household, at, signed_in
from hub.cli.files import make_private, read_bytes

group = typer.Typer(no_args_is_help=True, help="Devices of a running hub, through its API.")

Device = Annotated[str, typer.Argument(help="Its id, as `hub devices list` shows it.")]


@group.command("list")
@signed_in
def list_devices(account: Account) -> None:
    """List the devices you may see.

    Example: CX_EMAIL=mina@example.org hub devices list
    """
    found = account.listed("/devices")
    columns = ("id", "kind", "name", "household")
    account.say(
        found,
        lambda: account.speech.table(columns, [[one[name] for name in columns] for one in found]),
    )


@group.command("claim")
@signed_in
def claim_device(
    account: Account,
    kind: Annotated[str, typer.Argument(help="As `hub kinds list` names it.")],
    name: Annotated[str, typer.Argument(help="What you call it.")],
    *,
    household: Household = "",
    take: Annotated[bool, typer.Option("--take", help="Take the code at once.")] = False,
) -> None:
    """Make a claim code for a device; with --take, change it for the token as the device would.

    Example: hub devices claim watch "Mina's watch" --take
    """
    home = account.household(household)
    wish = {"kind": kind, "name": name, "household": home, "person": "me"}
    made = account.call("POST", "/devices/claims", wish)
    if take:
        made = account.call("POST", "/devices/claim", {"code": made["code"]})
    plain = made | ({"broker": made["broker"]["url"]} if take else {})
    account.say(made, lambda: account.speech.facts(plain))


@group.command("import")
@signed_in
def import_devices(
    account: Account,
    file: Annotated[Path, typer.Argument(help="JSON lines or CSV: kind, name, household.")],
    *,
    out: Annotated[Path, typer.Option(help="Where the tokens go; readable by you alone.")],
) -> None:
    """Admit many devices at once; operators only.

    Example: hub devices import devices.csv --out credentials.jsonl
    """
    kind = "text/csv" if file.suffix == ".csv" else "application/x-ndjson"
    body = read_bytes(file)
    make_private(out)
    answer = account.call("POST", "/devices/claims/bulk", body, content_type=kind)
    lines = answer if isinstance(answer, str) else json.dumps(answer) + "\n"
    out.write_text(lines, encoding="utf-8")
    admitted = len(lines.splitlines())
    typer.echo(f"{admitted} devices admitted; their tokens are in {out}", err=True)
    account.say({"admitted": admitted, "out": str(out)})


@group.command("rename")
@signed_in
def rename_device(
    account: Account,
    device: Device,
    name: Annotated[str, typer.Argument(help="What you call it now.")],
) -> None:
    """Give a device another name.

    Example: hub devices rename w-7f3a "Running watch"
    """
    answer = account.call("PATCH", at("devices", device), {"name": name})
    account.tell(answer, "id", "name")


@group.command("rotate")
@signed_in
def rotate_token(account: Account, device: Device) -> None:
    """Give a device a new token; the old one ends at once.

    Example: hub devices rotate w-7f3a
    """
    account.tell(account.call("POST", at("devices", device, "token")))


@group.command("revoke")
@signed_in
def revoke_device(account: Account, device: Device) -> None:
    """Shut a device out for good, its live session within five seconds.

    Example: hub devices revoke w-7f3a
    """
    account.call("DELETE", at("devices", device))
    account.tell({"id": device, "revoked": True})
