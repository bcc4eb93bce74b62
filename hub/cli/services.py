"""Partners of a running hub, for operators."""

from typing import Annotated

import typer

from hub.cli.account import Account, at, signed_in

group = typer.Typer(no_args_is_help=True, help="Partners of a running hub; operators only.")

Service = Annotated[str, typer.Argument(help="Its id, as `hub services list` shows it.")]


@group.command("list")
@signed_in
def list_services(account: Account) -> None:
    """List the partners and how each is doing.

    Example: hub services list
    """
    found = account.listed("/services")
    columns = ("id", "kind", "name", "enabled", "state", "reason")
    account.say(
        found,
        lambda: account.speech.table(columns, [[one[name] for name in columns] for one in found]),
    )


@group.command("add")
@signed_in
def add_service(
    account: Account,
    kind: Annotated[str, typer.Argument(help="dry_cleaner or market.")],
    name: Annotated[str, typer.Argument(help="As people will see it.")],
    url: Annotated[str, typer.Argument(help="Base address of its contract.")],
) -> None:
    """Take a partner in; its secret is shown here and never again.

    Example: hub services add dry_cleaner "Han River Cleaners" https://partner.example/api
    """
    answer = account.call("POST", "/services", {"kind": kind, "name": name, "url": url})
    account.tell(answer, "id", "secret")


@group.command("enable")
@signed_in
def enable_service(account: Account, service: Service) -> None:
    """Switch a partner on; calls that waited go out.

    Example: hub services enable sv_7f3a
    """
    answer = account.call("PATCH", at("services", service), {"enabled": True})
    account.tell(answer, "id", "name", "enabled")


@group.command("disable")
@signed_in
def disable_service(account: Account, service: Service) -> None:
    """Switch a partner off: nobody orders there, and its calls wait.

    Example: hub services disable sv_7f3a
    """
    answer = account.call("PATCH", at("services", service), {"enabled": False})
    account.tell(answer, "id", "name", "enabled")


@group.command("dead")
@signed_in
def list_dead_calls(account: Account, service: Service) -> None:
    """List the calls to a partner that were given up.

    Example: hub services dead sv_7f3a
    """
    found = account.listed(at("services", service, "calls") + "?status=dead")
    columns = ("id", "operation", "about", "attempts", "reason")
    account.say(
        found,
        lambda: account.speech.table(columns, [[one[name] for name in columns] for one in found]),
    )


@group.command("retry")
@signed_in
def retry_call(
    account: Account,
    call: Annotated[str, typer.Argument(help="Its id, as `hub services dead` shows it.")],
) -> None:
    """Send a dead call again, under its own id.

    Example: hub services retry ca_4d2c
    """
    answer = account.call("POST", at("services", "calls", call, "retry"))
    account.tell(answer, "id", "status")
