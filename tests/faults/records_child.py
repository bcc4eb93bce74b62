"""Commits groups until it is killed, and says each one's position once it is committed."""

import asyncio
import sys

from hub.adapters.records import SqlRecords
from hub.model import Group
from tests.contracts.records.things import NOW_MS, command, event, sample, state


def group(number: int) -> Group:
    """Return the `number`th group: one of everything says the number."""
    return Group(
        samples=tuple(sample("w-1", at_ms=NOW_MS + k, value=float(number)) for k in range(20)),
        states={"w-1": state("w-1", heard_ms=number)},
        events=(event("w-1", number),),
        commands=(command(f"c-{number}"),),
    )


async def main(url: str, *, start: int) -> None:
    records = SqlRecords.in_url(url)
    await records.open()
    number = start
    while True:
        position = await records.commit(group(number))
        print(number, position, flush=True)  # noqa: T201 - what the test reads
        number += 1


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], start=int(sys.argv[2])))
