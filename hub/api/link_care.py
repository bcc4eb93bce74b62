"""What becomes of links when their people leave, or a device becomes somebody else's."""

from dataclasses import replace

from hub.api.parts import ApiParts
from hub.model import Link, LinkEndRequest, LinkRequest
from hub.model.link_sight import named_devices
from hub.model.link_words import words


async def end_links_of(parts: ApiParts, *, household: str, person: str) -> None:
    """End the links of somebody who belongs to the household no more."""
    now_ms = parts.clock.now_ms()
    for link in parts.worker.kept_in(Link, household):
        if link.author == person:
            await parts.worker.submit(LinkEndRequest(link=link.id, author=person, now_ms=now_ms))


async def pause_links_on(parts: ApiParts, device: str) -> None:
    """Pause the links of others on a device that is now somebody's own, and say why."""
    state = await parts.worker.state(device)
    if state is None or state.person is None:
        return
    why = words(
        f"{state.device.name}: 이제 다른 사람의 기기입니다",
        f"{state.device.name} is somebody else's now",
    )
    for link in parts.worker.kept_in(Link, state.device.household):
        others = link.author != state.person.id and device in named_devices(link.spec)
        if others and not link.paused:
            paused = replace(link, paused=why, revision=link.revision + 1)
            request = LinkRequest(link=paused, now_ms=parts.clock.now_ms())
            await parts.worker.submit(request)


async def follow_time_zone(parts: ApiParts, *, person: str, time_zone: str) -> None:
    """Let the person's links go by the time zone they live in now."""
    homes = {m.household for m in await parts.records.memberships(person=person)}
    for household in sorted(homes):
        for link in parts.worker.kept_in(Link, household):
            if link.author == person and link.time_zone != time_zone:
                moved = replace(link, time_zone=time_zone, revision=link.revision + 1)
                request = LinkRequest(link=moved, now_ms=parts.clock.now_ms())
                await parts.worker.submit(request)
