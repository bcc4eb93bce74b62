"""The command line of the hub."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hub import main
from hub.errors import HubError
from hub.settings import Settings, load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
people = typer.Typer(no_args_is_help=True, help="Who may sign in; works on the records directly.")
devices = typer.Typer(no_args_is_help=True, help="Devices of a running hub, through its API.")
app.add_typer(people, name="people")
services = typer.Typer(no_args_is_help=True, help="Partners of a running hub; operators only.")
app.add_typer(devices, name="devices")
app.add_typer(services, name="services")

console = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.callback()
def hub() -> None:
    """One hub for everything a person touches."""


def _attempt(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the command does
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


def _run(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    return _attempt(lambda: asyncio.run(work))


def _say(answer: object, *, as_json: bool, human: Callable[[], None]) -> None:
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        human()


def _log() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    for quiet in ("alembic", "uvicorn", "nats"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


# --------------------------------------------------------------------------------------------- run


@app.command()
def run(*, as_json: AsJson = False) -> None:
    """Start the hub with everything it needs; end it with Ctrl-C or SIGTERM.

    Example: HUB_DATA_DIR=/srv/hub hub run
    """
    settings: Settings = _attempt(load)
    _log()

    def started(parts: main.Parts, url: str) -> None:
        facts = main.facts(parts, url)
        _say(facts, as_json=as_json, human=lambda: _print_facts(facts))
        sys.stdout.flush()

    _run(main.serve(settings, started=started))


def _print_facts(facts: Mapping[str, object]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in facts.items():
        table.add_row(name, str(value))
    Console().print(table)


@app.command()
def check(
    *,
    configuration: Annotated[
        Path | None, typer.Option(help="Mosquitto's configuration file, to be read as well.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with this installation, and how to mend it; exits 1 if anything is.

    Example: hub check --configuration /etc/mosquitto/mosquitto.conf
    """
    settings: Settings = _attempt(load)
    found = _run(main.findings(settings, configuration=configuration))
    answer = [{"what": f.what, "why": f.why, "mend": f.mend} for f in found]
    _say(answer, as_json=as_json, human=lambda: _print_findings(found))
    if found:
        raise typer.Exit(1)


def _print_findings(found: Sequence[main.Finding]) -> None:
    if not found:
        Console().print("[green]Nothing to mend.[/green]")
    for finding in found:
        Console().print(f"[bold red]✗ {finding.what}[/bold red]")
        Console().print(f"  why:  {finding.why}\n  mend: {finding.mend}")


# ------------------------------------------------------------------------------ backup, restore


@app.command()
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
    settings: Settings = _attempt(load)
    with _rows("backing up") as tell:
        made = _run(main.backup(settings, file, tell=tell))
    _say(made, as_json=as_json, human=lambda: _print_facts(_without_tables(made)))


@app.command()
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
    settings: Settings = _attempt(load)
    with _rows("restoring") as tell:
        made = _run(main.restore(settings, file, tell=tell))
    _say(made, as_json=as_json, human=lambda: _print_facts(_without_tables(made)))


@contextmanager
def _rows(doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _without_tables(made: Mapping[str, object]) -> Mapping[str, object]:
    return {name: fact for name, fact in made.items() if name not in {"tables", "keys"}}


# ------------------------------------------------------------------------------------------ people


@people.command("add")
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
    settings: Settings = _attempt(load)
    wish = main.NewPerson(
        name=name,
        email=email,
        password=password,
        household=household,
        language=language,
        is_operator=operator,
    )
    made = _run(main.add_person(settings, wish))
    _say(made, as_json=as_json, human=lambda: _print_facts(made))


# ----------------------------------------------------------------------------------------- devices

Where = Annotated[str, typer.Option("--hub", envvar="CX_HUB", help="Address of the hub.")]
Email = Annotated[str, typer.Option(envvar="CX_EMAIL", prompt=True, help="Sign in as.")]
Password = Annotated[
    str, typer.Option(envvar="CX_PASSWORD", prompt=True, hide_input=True, help="With.")
]
HERE = "http://127.0.0.1:8080"


@devices.command("list")
def list_devices(
    *, hub: Where = HERE, email: Email, password: Password, as_json: AsJson = False
) -> None:
    """List the devices you may see.

    Example: CX_EMAIL=mina@example.org hub devices list
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    found: list[dict[str, Any]] = _attempt(lambda: _all(client, "/devices"))

    def human() -> None:
        table = Table("id", "kind", "name", "household")
        for device in found:
            table.add_row(device["id"], device["kind"], device["name"], device["household"])
        Console().print(table)

    _say(found, as_json=as_json, human=human)


def _all(client: main.Client, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = client.call("GET", f"{path}?limit=100{cursor}")
        items += page["items"]
        if not page.get("next_cursor"):
            return items
        cursor = f"&cursor={page['next_cursor']}"


@devices.command("claim")
def claim_device(  # noqa: PLR0913 - the options of a command line
    kind: Annotated[str, typer.Argument(help="As `GET /kinds` names it.")],
    name: Annotated[str, typer.Argument(help="What you call it.")],
    *,
    household: Annotated[str, typer.Option(help="Its id; yours if you have one.")] = "",
    take: Annotated[bool, typer.Option("--take", help="Take the code at once.")] = False,
    hub: Where = HERE,
    email: Email,
    password: Password,
    as_json: AsJson = False,
) -> None:
    """Make a claim code for a device; with --take, change it for the token as the device would.

    Example: hub devices claim watch "Mina's watch" --take
    """

    def work() -> dict[str, Any]:
        client = main.Client(hub, email=email, password=password)
        me = client.call("GET", "/me")
        home = household or me["households"][0]["id"]
        wish = {"kind": kind, "name": name, "household": home, "person": "me"}
        made: dict[str, Any] = client.call("POST", "/devices/claims", wish)
        if take:
            made = client.call("POST", "/devices/claim", {"code": made["code"]})
        return made

    answer = _attempt(work)
    plain = answer | ({"broker": answer["broker"]["url"]} if take else {})
    _say(answer, as_json=as_json, human=lambda: _print_facts(plain))


@devices.command("import")
def import_devices(
    file: Annotated[Path, typer.Argument(help="JSON lines or CSV: kind, name, household.")],
    *,
    out: Annotated[Path, typer.Option(help="Where the tokens go; readable by you alone.")],
    hub: Where = HERE,
    email: Email,
    password: Password,
) -> None:
    """Admit many devices at once; operators only.

    Example: hub devices import devices.csv --out credentials.jsonl
    """

    def work() -> str:
        client = main.Client(hub, email=email, password=password)
        kind = "text/csv" if file.suffix == ".csv" else "application/x-ndjson"
        body = file.read_bytes()
        answer = client.call("POST", "/devices/claims/bulk", body, content_type=kind)
        return answer if isinstance(answer, str) else json.dumps(answer) + "\n"

    lines = _attempt(work)
    out.touch(mode=0o600)
    out.write_text(lines, encoding="utf-8")
    typer.echo(f"{len(lines.splitlines())} devices admitted; their tokens are in {out}", err=True)


@devices.command("rename")
def rename_device(
    device: str, name: str, *, hub: Where = HERE, email: Email, password: Password
) -> None:
    """Give a device another name.

    Example: hub devices rename w-7f3a "Running watch"
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    _attempt(lambda: client.call("PATCH", f"/devices/{device}", {"name": name}))


@devices.command("rotate")
def rotate_token(
    device: str, *, hub: Where = HERE, email: Email, password: Password, as_json: AsJson = False
) -> None:
    """Give a device a new token; the old one ends at once.

    Example: hub devices rotate w-7f3a
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    answer = _attempt(lambda: client.call("POST", f"/devices/{device}/token"))
    _say(answer, as_json=as_json, human=lambda: _print_facts(answer))


@devices.command("revoke")
def revoke_device(device: str, *, hub: Where = HERE, email: Email, password: Password) -> None:
    """Shut a device out for good, its live session within five seconds.

    Example: hub devices revoke w-7f3a
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    _attempt(lambda: client.call("DELETE", f"/devices/{device}"))


# ---------------------------------------------------------------------------------------- services


@services.command("list")
def list_services(
    *, hub: Where = HERE, email: Email, password: Password, as_json: AsJson = False
) -> None:
    """List the partners and how each is doing.

    Example: hub services list
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    found: list[dict[str, Any]] = _attempt(lambda: _all(client, "/services"))

    def human() -> None:
        table = Table("id", "kind", "name", "enabled", "state", "reason")
        for one in found:
            enabled = "yes" if one["enabled"] else "no"
            reason = one["reason"] or ""
            table.add_row(one["id"], one["kind"], one["name"], enabled, one["state"], reason)
        Console().print(table)

    _say(found, as_json=as_json, human=human)


@services.command("add")
def add_service(  # noqa: PLR0913 - the options of a command line
    kind: Annotated[str, typer.Argument(help="dry_cleaner or market.")],
    name: Annotated[str, typer.Argument(help="As people will see it.")],
    url: Annotated[str, typer.Argument(help="Base address of its contract.")],
    *,
    hub: Where = HERE,
    email: Email,
    password: Password,
    as_json: AsJson = False,
) -> None:
    """Take a partner in; its secret is shown here and never again.

    Example: hub services add dry_cleaner "Han River Cleaners" https://partner.example/api
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    wish = {"kind": kind, "name": name, "url": url}
    answer = _attempt(lambda: client.call("POST", "/services", wish))
    facts = {one: answer[one] for one in ("id", "secret")}
    _say(answer, as_json=as_json, human=lambda: _print_facts(facts))


@services.command("enable")
def enable_service(service: str, *, hub: Where = HERE, email: Email, password: Password) -> None:
    """Switch a partner on; calls that waited go out.

    Example: hub services enable sv_7f3a
    """
    _switch(service, hub=hub, email=email, password=password, enabled=True)


@services.command("disable")
def disable_service(service: str, *, hub: Where = HERE, email: Email, password: Password) -> None:
    """Switch a partner off: nobody orders there, and its calls wait.

    Example: hub services disable sv_7f3a
    """
    _switch(service, hub=hub, email=email, password=password, enabled=False)


def _switch(service: str, *, hub: str, email: str, password: str, enabled: bool) -> None:
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    _attempt(lambda: client.call("PATCH", f"/services/{service}", {"enabled": enabled}))


@services.command("dead")
def list_dead_calls(
    service: str, *, hub: Where = HERE, email: Email, password: Password, as_json: AsJson = False
) -> None:
    """List the calls to a partner that were given up.

    Example: hub services dead sv_7f3a
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    path = f"/services/{service}/calls?status=dead&limit=500"
    found: list[dict[str, Any]] = _attempt(lambda: client.call("GET", path)["items"])

    def human() -> None:
        table = Table("id", "operation", "about", "attempts", "reason")
        for one in found:
            tries = str(one["attempts"])
            table.add_row(one["id"], one["operation"], one["about"], tries, one["reason"])
        Console().print(table)

    _say(found, as_json=as_json, human=human)


@services.command("retry")
def retry_call(call: str, *, hub: Where = HERE, email: Email, password: Password) -> None:
    """Send a dead call again, under its own id.

    Example: hub services retry ca_4d2c
    """
    client = _attempt(lambda: main.Client(hub, email=email, password=password))
    _attempt(lambda: client.call("POST", f"/services/calls/{call}/retry"))


# -------------------------------------------------------------------------------- demo and bench


@app.command()
def demo(
    *,
    minutes: Annotated[float, typer.Option(help="End after so long; 0 runs on.")] = 0.0,
    speed: Annotated[float, typer.Option(min=1, max=20, help="Time runs so fast.")] = 4.0,
    as_json: AsJson = False,
) -> None:
    """Run a hub with a seeded household and a runner whose wrist is alerted and calms.

    Example: hub demo --minutes 2
    """
    settings: Settings = _attempt(load)
    _run(main.demo(settings, minutes=minutes, speed=speed, as_json=as_json))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def bench(context: typer.Context) -> None:
    """Measure this machine: throughput, latency, cost, beside a hand-written peer.

    Example: hub bench --seconds 10 --runs 5
    """
    command = [sys.executable, "-m", "simulators", "bench", *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - ourselves
