"""The command line of the hub, one file a group; `app` is the whole of it."""

import typer

from hub.cli import (
    backup,
    devices,
    disclosures,
    garments,
    kinds,
    links,
    listings,
    moments,
    orders,
    people,
    presence,
    running,
    scenes,
    services,
    stock,
    twins,
)

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def hub() -> None:
    """One hub for everything a person touches."""


app.command()(running.run)
app.command()(running.check)
app.command()(running.demo)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)(running.bench)
app.command()(backup.backup)
app.command()(backup.restore)

devices.group.command("twin")(twins.twin)
devices.group.command("events")(twins.events)

for name, group in (
    ("people", people.group),
    ("devices", devices.group),
    ("kinds", kinds.group),
    ("links", links.group),
    ("scenes", scenes.group),
    ("moments", moments.group),
    ("garments", garments.group),
    ("orders", orders.group),
    ("listings", listings.group),
    ("services", services.group),
):
    app.add_typer(group, name=name)

app.command("presence")(presence.presence)
app.command("stock")(stock.stock)
app.command("disclosures")(disclosures.disclosures)
