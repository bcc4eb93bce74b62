"""What became of what links asked for: looked up when somebody looks."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.api.link_rights import LinkRights
from hub.api.parts import ApiParts
from hub.model import Link, LinkRun, TwinChange

COMMAND = "cmd_"
LINK = "link:"
"""Before a run's id, where a link is the author of what was desired."""


async def outcomes(runs: Iterable[LinkRun], parts: ApiParts) -> Mapping[str, Mapping[str, str]]:
    """Return the status and the reason, as they are now, of the commands that these runs sent."""
    named = {name for run in runs for did in run.did for name in _led_to(did)}
    sent = [await parts.records.command(name) for name in sorted(named) if name.startswith(COMMAND)]
    return {
        command.id: {"status": command.status.value, "reason": command.reason}
        for command in sent
        if command is not None
    }


def _led_to(did: Mapping[str, Any]) -> list[str]:
    found: list[str] = did.get("led_to", [])
    return found


async def link_names(changes: Iterable[TwinChange], rights: LinkRights) -> Mapping[str, str]:
    """Return the names of the links that asked, by author; of those that the reader may see."""
    authors = {change.author for change in changes if change.author.startswith(LINK)}
    names: dict[str, str] = {}
    for author in sorted(authors):
        run = await rights.parts.records.thing(LinkRun, author.removeprefix(LINK))
        link = rights.parts.worker.kept(Link, run.link) if run is not None else None
        if run is None or link is None or not await rights.may_see(link):
            continue
        if await rights.may_see_run(run):
            names[author] = link.spec.name
    return names
