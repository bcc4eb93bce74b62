"""The clothes of homes in a hub: entered once, and found again by whoever lives there later."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from hub.errors import InvalidInputError
from simulators.home.admission import Hub
from simulators.home.wardrobe import furnished
from simulators.identities import Credential
from simulators.laundry import Piece
from simulators.world import HomePlan, Setting

ABOUT = ("owner", "name", "fibres", "label", "colour", "tags")
"""Pieces that are alike in all of this are as good as each other."""
PAGE = 500


class _Known(msgspec.Struct):
    piece: str
    id: str


def entered(
    hub: Hub, plans: Sequence[HomePlan], found: Sequence[Credential], setting: Setting
) -> dict[str, str]:
    """Return the hub's ids of the garments of these homes, by those of the seed.

    What the hub does not have is entered, with its label if its owner has read it. The clothes of
    another grown-up than the account are everybody's: nobody else may say that they are theirs.
    """
    known: dict[str, str] = {}
    for plan in plans:
        theirs = [one for one in found if one.home == plan.number]
        if theirs:
            known |= _of_home(hub, plan, theirs, setting)
    return known


def read_garments(path: Path) -> dict[str, str]:
    """Return what `keep_garments` wrote.

    Raises:
        InvalidInputError: the file cannot be read, or has other lines.
    """
    try:
        lines = path.read_bytes().splitlines()
        known = [msgspec.json.decode(line, type=_Known) for line in lines if line.strip()]
    except (OSError, msgspec.DecodeError) as error:
        message = f'{path} is not JSON lines {{"piece", "id"}}: {error}'
        raise InvalidInputError(message) from None
    return {one.piece: one.id for one in known}


def keep_garments(known: Mapping[str, str], path: Path) -> None:
    """Write the ids to a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece, identity in known.items():
            file.write(msgspec.json.encode(_Known(piece=piece, id=identity)) + b"\n")


def _of_home(
    hub: Hub, plan: HomePlan, theirs: Sequence[Credential], setting: Setting
) -> Iterator[tuple[str, str]]:
    """Yield the seed's id and the hub's of each garment of one home."""
    household = hub.ask("GET", f"/devices/{theirs[0].device}")["household"]
    owners = _owners(hub, household, theirs)
    there: dict[str, list[str]] = {}
    for one in hub.pages(f"/garments?household={household}"):
        there.setdefault(_likeness(one), []).append(one["id"])
    for who in plan.people:
        for piece in furnished(setting.seed, plan.number, [who.name], known={}).all:
            body = _body(piece, owner=owners.get(who.name), language=setting.language)
            alike = there.get(_likeness(body))
            if alike:
                yield piece.id, alike.pop(0)
            else:
                # A start that was cut short enters nothing twice.
                once = f"{household}-{piece.id}".encode().hex()[-200:]
                body |= {"household": household}
                yield piece.id, hub.ask("POST", "/garments", body, once=once)["id"]


def _owners(hub: Hub, household: str, theirs: Sequence[Credential]) -> dict[str, str]:
    """Return, by the names of a plan, those whose clothes the account may enter as their own."""
    members = hub.pages(f"/households/{household}/members")
    minor = {one["person"] for one in members if one["role"] == "child"}
    carried = {one.person: one.device for one in theirs if one.person}
    worn_by = {
        name: hub.ask("GET", f"/devices/{device}")["person"] for name, device in carried.items()
    }
    return {name: one for name, one in worn_by.items() if one in {hub.me["id"], *minor}}


def _body(piece: Piece, *, owner: str | None, language: str) -> dict[str, Any]:
    plan = piece.plan
    return {
        "owner": owner,
        "name": plan.names[language],
        "fibres": {str(f): share for f, share in plan.fibres.shares} if plan.labelled else None,
        "label": asdict(plan.label) if plan.labelled else None,
        "colour": plan.colour,
        "tags": list(plan.tags),
    }


def _likeness(garment: Mapping[str, Any]) -> str:
    return json.dumps({name: garment[name] for name in ABOUT}, sort_keys=True)
