"""Garments by their labels, where they are, and what they need."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer
from rich.table import Table

from hub.cli.account import Account, at, signed_in
from hub.cli.files import JsonFile, read_object
from hub.cli.speech import Speech
from hub.model.care import DRY_NAMES, STYLER_NAMES, WASH_NAMES, Names

group = typer.Typer(no_args_is_help=True, help="Garments, their labels, where they are.")

Garment = Annotated[str, typer.Argument(help="Its id, as `hub garments list` shows it.")]
Place = Literal["wardrobe", "worn", "basket", "line"]
COURSES: Mapping[str, Mapping[str, Names]] = {
    "washer": {str(one): name for one, name in WASH_NAMES.items()},
    "dryer": {str(one): name for one, name in DRY_NAMES.items()},
    "styler": {str(one): name for one, name in STYLER_NAMES.items()},
}


@group.command("list")
@signed_in
def list_garments(
    account: Account,
    *,
    place: Annotated[str, typer.Option(help="Only those there: worn, basket, washer, …")] = "",
) -> None:
    """List your garments and your home's.

    Example: hub garments list --place basket
    """
    found = account.listed(f"/garments?place={quote(place)}" if place else "/garments")
    account.say(found, lambda: _garments(found, account))


@group.command("add")
@signed_in
def add_garment(account: Account, file: JsonFile) -> None:
    """Add a garment with its label (docs/care.md); where it names no household, in yours.

    Example: hub garments add jumper.json
    """
    body = read_object(file)
    wish = body if "household" in body else {"household": account.household(), **body}
    found = account.call("POST", "/garments", wish)
    account.say(found, lambda: _garments([found], account))


@group.command("show")
@signed_in
def show_garment(account: Account, garment: Garment) -> None:
    """Show a garment, its label, and where it has been.

    Example: hub garments show gm_7f3a
    """
    found = account.get(at("garments", garment))
    account.say(
        found,
        lambda: account.speech.facts(_facts(found, account)),
        lambda: _history(found["history"], account),
    )


@group.command("care")
@signed_in
def show_care(
    account: Account, garments: Annotated[list[str], typer.Argument(help="Their ids.")]
) -> None:
    """Say which courses garments need together, what does not go with the others, and why.

    Example: hub garments care gm_7f3a gm_41c2
    """
    found = account.get(f"/garments/care?ids={quote(','.join(garments))}")
    account.say(found, lambda: _care(found, account))


@group.command("place")
@signed_in
def place_garment(
    account: Account,
    garment: Garment,
    place: Annotated[Place, typer.Argument(help="Machines and partners say theirs themselves.")],
    *,
    soil: Annotated[
        float | None, typer.Option(min=0, max=1, help="0 clean to 1 dirty; left out: as it was.")
    ] = None,
) -> None:
    """Say where a garment is.

    Example: hub garments place gm_7f3a worn --soil 0.4
    """
    wish = {"place": place} | ({} if soil is None else {"soil": soil})
    found = account.call("POST", at("garments", garment, "place"), wish)
    account.say(found, lambda: _garments([found], account))


def _garments(found: Sequence[Mapping[str, Any]], account: Account) -> Table | None:
    speech = account.speech
    rows = [
        (
            one["id"],
            one["name"],
            _owner(one, account),
            speech.word(one["place"]),
            f"{one['soil']:.0%}",
            _fibres(one),
        )
        for one in found
    ]
    return speech.table(("id", "name", "owner", "place", "soil", "fibres"), rows)


def _owner(garment: Mapping[str, Any], account: Account) -> str:
    owner = garment["owner"]
    return account.people.get(owner, owner) if owner else account.speech.word("everybody")


def _fibres(garment: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in (garment["fibres"] or {}).items())


def _facts(garment: Mapping[str, Any], account: Account) -> Mapping[str, object]:
    label = garment["label"] or {}
    return {
        "id": garment["id"],
        "name": garment["name"],
        "owner": _owner(garment, account),
        "place": account.speech.word(garment["place"]),
        "fibres": _fibres(garment),
        "label": "\n".join(
            f"{name.replace('_', ' ')}: {one}" for name, one in label.items() if one
        ),
        "order": garment["order"],
        "listing": garment["listing"],
    }


def _history(history: Sequence[Mapping[str, Any]], account: Account) -> Table | None:
    speech = account.speech
    names = account.names("/devices")
    rows = [
        (
            speech.time(one["at"]),
            speech.word(one["place"]),
            names.get(one["device"], one["device"]),
            one["conflict"],
        )
        for one in history
    ]
    return speech.table(("when", "place", "device", "reason"), rows)


def _care(found: Mapping[str, Any], account: Account) -> Table | None:
    speech, names = account.speech, account.names("/garments")

    def apart(pieces: Sequence[Mapping[str, Any]]) -> str:
        return "\n".join(
            f"{names.get(one['garment'], one['garment'])}: {speech.text(one['why'])}"
            for one in pieces
        )

    rows = [
        (
            speech.word(machine),
            _course(found[machine], machine, speech),
            speech.text(found[machine]["reason"]),
            apart(found[machine].get("left_out") or found[machine].get("hang") or []),
        )
        for machine in ("washer", "dryer", "styler")
    ]
    rows.append((speech.word("cleaner"), "", "", apart(found["cleaner"])))
    return speech.table(("machine", "course", "why", "not with it"), rows)


def _course(care: Mapping[str, Any], machine: str, speech: Speech) -> str:
    name = COURSES[machine].get(care["course"])
    course = speech.text({"ko": name.ko, "en": name.en}) if name else speech.word("none")
    if care["course"] and "temperature_c" in care:
        return f"{course}, {care['temperature_c']} °C, {care['spin_per_min']}/min"
    return course
