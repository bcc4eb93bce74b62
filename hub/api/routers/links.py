"""Links: what sets something off, under which conditions, and what then happens."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import Field

from hub.api.bodies import Body, Cursor, Id, Limit, PageOf, Shown
from hub.api.gate import Parts, People, SignedIn, checked_id
from hub.api.link_bodies import (
    LinkBody,
    LinkParts,
    LinkShown,
    RunShown,
    run_shown,
    shown,
)
from hub.api.link_checks import LinkChecks
from hub.api.link_history import History
from hub.api.link_names import names_of
from hub.api.link_outcomes import outcomes
from hub.api.link_rights import LinkRights
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.times import Instant, moment
from hub.api.worker import submit
from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import (
    Link,
    LinkEndRequest,
    LinkRequest,
    LinkRun,
    LinkSpec,
    PresenceCondition,
    PresenceTrigger,
    Reader,
    SayAction,
    Subject,
)
from hub.model.link_sight import named_devices

router = APIRouter(prefix="/links", tags=["links"], route_class=KeepingRoute)

DAY_MS = 24 * 3_600_000
MAX_DAYS = 31
ME = "me"
MAX_LINKS = 2000
"""Of one home."""


@router.get("", summary="List links", responses=documented(401))
async def list_links(
    reader: SignedIn,
    parts: Parts,
    limit: Limit = 100,
    cursor: Cursor = None,
    device: Annotated[Id | None, Query()] = None,
) -> PageOf[LinkShown]:
    """Those of your homes, and what is somebody's own only where it is yours or your child's."""
    rights = LinkRights(parts, reader)
    found: list[Link] = []
    for link in _ours(reader, parts):
        named = device is None or device in named_devices(link.spec)
        if link.id > (cursor or "") and named and await rights.may_see(link):
            found.append(link)
            if len(found) > limit:
                break
    more = found[limit - 1].id if len(found) > limit else None
    names = await names_of(found, parts)
    return PageOf(items=[shown(link, names) for link in found[:limit]], next_cursor=more)


@router.post("", summary="Make a link", status_code=201, responses=documented(401, 403, 404, 409))
async def make_link(reader: SignedIn, parts: Parts, body: LinkBody, once: OnceOnly) -> LinkShown:
    """In force from the next reading on; what holds already does not set it off.

    It may look at and act on devices of the home, and of people only on its author's own.
    """
    made = await _link(once.new_id("li"), body, reader=reader, parts=parts)
    if len(parts.worker.kept_in(Link, made.household)) >= MAX_LINKS:
        message = f"a home has at most {MAX_LINKS} links"
        raise RefusedError(message)
    return await _put(made, reader=reader, parts=parts)


class DryRun(Body):
    """Either a link that is there or one that you think of, over what was recorded."""

    link: Id | None = None
    spec: LinkBody | None = None
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    """At most 31 days after `from`."""


class DryRunShown(Shown):
    runs: list[RunShown]
    """At most 1,000, oldest first: what it would have done, and what not, and why."""
    outcomes: dict[str, int]
    readings: int
    events: int
    unknown: list[str]
    """`presence`: who was at home is not recorded; `devices`: the expression names none."""
    replayed_to: datetime
    """Before `to` where there was too much for one request: ask again from here."""


@router.post("/dry-run", summary="Try a link on the past", responses=documented(401, 403, 404))
async def try_link(reader: SignedIn, view: People, parts: Parts, wish: DryRun) -> DryRunShown:
    """What would it have done last week? The same steps as in earnest; nothing is sent.

    What its own actions would have changed is not in what was recorded.
    """
    link = await _to_try(wish, reader=reader, parts=parts)
    if not wish.start < wish.end <= wish.start + MAX_DAYS * DAY_MS:
        message = f"`from` is before `to`, and at most {MAX_DAYS} days"
        raise InvalidInputError(message)
    end_ms = min(wish.end, parts.clock.now_ms())
    tried = await History(people=view, link=link).tried(wish.start, end_ms)
    return DryRunShown(
        runs=[run_shown(run) for run in tried.runs],
        outcomes=dict(Counter(run.outcome.value for run in tried.runs)),
        readings=tried.readings,
        events=tried.events,
        unknown=tried.unknown,
        replayed_to=moment(tried.replayed_to_ms),
    )


@router.get("/{link}", summary="Show one link", responses=documented(401, 404))
async def show_link(reader: SignedIn, parts: Parts, link: str) -> LinkShown:
    return await _shown(await _seen(link, reader=reader, parts=parts), parts)


@router.patch("/{link}", summary="Change a link", responses=documented(401, 403, 404, 409))
async def change_link(
    reader: SignedIn, parts: Parts, link: str, body: LinkParts, _: OnceOnly
) -> LinkShown:
    """Change what is given. Another member who changes a link of the home makes it theirs."""
    found = await _seen(link, reader=reader, parts=parts)
    rights = LinkRights(parts, reader)
    rights.check_changer(found.author, household=found.household)
    author = found.author if await rights.speaks_for(found) else reader.person
    spec = body.over(found.spec)
    changed = replace(found, spec=spec, author=author, time_zone=await _zone(author, parts))
    return await _put(_renewed(changed, parts), reader=reader, parts=parts)


@router.post("/{link}/on", summary="Switch a link on", responses=documented(401, 403, 404, 409))
async def switch_on(reader: SignedIn, parts: Parts, link: str, _: OnceOnly) -> LinkShown:
    """Also one that the hub paused."""
    return await _switch(link, reader=reader, parts=parts, enabled=True)


@router.post("/{link}/off", summary="Switch a link off", responses=documented(401, 403, 404, 409))
async def switch_off(reader: SignedIn, parts: Parts, link: str, _: OnceOnly) -> LinkShown:
    """What it waits for does not happen; what it told a device of your body is taken back."""
    return await _switch(link, reader=reader, parts=parts, enabled=False)


@router.delete(
    "/{link}",
    summary="End a link",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def end_link(reader: SignedIn, parts: Parts, link: str, _: OnceOnly) -> None:
    """As switching it off, for ever."""
    found = await _seen(link, reader=reader, parts=parts)
    LinkRights(parts, reader).check_changer(found.author, household=found.household)
    request = LinkEndRequest(link=found.id, author=reader.person, now_ms=parts.clock.now_ms())
    await parts.worker.submit(request)


@router.get("/{link}/runs", summary="What a link did, and did not", responses=documented(401, 404))
async def list_runs(
    view: People, parts: Parts, link: str, limit: Limit = 100, cursor: Cursor = None
) -> PageOf[RunShown]:
    """Newest first, each with what set it off, what it saw, and what has come of it by now.

    A run that touched what was somebody's own stays theirs, also when the link does so no more.
    """
    found = await _seen(link, reader=view.reader, parts=parts)
    rights = LinkRights(parts, view.reader)
    page = await parts.records.things(LinkRun, subject=found.id, limit=limit, cursor=cursor)
    runs = [run for run in page.items if await rights.may_see_run(run)]
    people = {run.person for run in runs} | ({found.author} if found.personal else set())
    for person in sorted(people - {None}, key=str):
        subject = Subject(household=found.household, person=person)
        view.note(subject, what=f"runs of link {found.id}", allowed=True)
    commands = await outcomes(runs, parts)
    items = [run_shown(run, commands) for run in runs]
    return PageOf(items=items, next_cursor=page.next_cursor)


def _ours(reader: Reader, parts: ApiParts) -> list[Link]:
    homes = sorted(reader.roles)
    return sorted((k for h in homes for k in parts.worker.kept_in(Link, h)), key=_id_of)


def _id_of(link: Link) -> str:
    return link.id


async def _seen(name: str, *, reader: Reader, parts: ApiParts) -> Link:
    link = parts.worker.kept(Link, checked_id(name, what="link"))
    if link is None or not await LinkRights(parts, reader).may_see(link):
        raise UnknownError(what="link", name=name)
    return link


async def _to_try(wish: DryRun, *, reader: Reader, parts: ApiParts) -> Link:
    if (wish.link is None) == (wish.spec is None):
        message = "give either `link` or `spec`"
        raise InvalidInputError(message)
    if wish.spec is None:
        link = await _seen(wish.link or "", reader=reader, parts=parts)
        LinkRights(parts, reader).check_changer(link.author, household=link.household)
    else:
        link = await _link("li_dry-run", wish.spec, reader=reader, parts=parts)
        await LinkChecks(parts).check_link(link)
    return replace(link, spec=replace(link.spec, enabled=True), paused={})


async def _link(name: str, body: LinkBody, *, reader: Reader, parts: ApiParts) -> Link:
    author = await LinkRights(parts, reader).author(body.person, household=body.household)
    return Link(
        id=name,
        household=body.household,
        author=author,
        spec=_of_me(body.over(None), author),
        since_ms=parts.clock.now_ms(),
        time_zone=await _zone(author, parts),
    )


def _of_me(spec: LinkSpec, author: str) -> LinkSpec:
    """Return the spec with the author's id for `me`."""
    trigger, conditions, actions = spec.trigger, spec.conditions, spec.actions
    if isinstance(trigger, PresenceTrigger) and trigger.person == ME:
        trigger = msgspec.structs.replace(trigger, person=author)
    conditions = tuple(
        msgspec.structs.replace(one, person=author)
        if isinstance(one, PresenceCondition) and one.person == ME
        else one
        for one in conditions
    )
    actions = tuple(
        msgspec.structs.replace(one, person=author)
        if isinstance(one, SayAction) and one.person == ME
        else one
        for one in actions
    )
    return replace(spec, trigger=trigger, conditions=conditions, actions=actions)


async def _zone(person: str, parts: ApiParts) -> str:
    found = await parts.records.person(person)
    return found.time_zone if found is not None else "UTC"


async def _switch(name: str, *, reader: Reader, parts: ApiParts, enabled: bool) -> LinkShown:
    found = await _seen(name, reader=reader, parts=parts)
    LinkRights(parts, reader).check_changer(found.author, household=found.household)
    spec = replace(found.spec, enabled=enabled)
    paused = {} if enabled else found.paused
    changed = _renewed(replace(found, spec=spec, paused=paused), parts)
    if not enabled:
        # Whatever has become of its devices: off is always possible.
        await submit(parts.worker, _request(changed, parts), answer=Link)
        return await _shown(changed, parts)
    return await _put(changed, reader=reader, parts=parts)


def _renewed(link: Link, parts: ApiParts) -> Link:
    return replace(
        link,
        spec=_of_me(link.spec, link.author),
        revision=link.revision + 1,
        since_ms=parts.clock.now_ms(),
    )


async def _put(link: Link, *, reader: Reader, parts: ApiParts) -> LinkShown:
    rights = LinkRights(parts, reader)
    await LinkChecks(parts).check_link(link)
    link = replace(link, personal=await rights.is_personal(link))
    made = await submit(parts.worker, _request(link, parts), answer=Link)
    return await _shown(made, parts)


def _request(link: Link, parts: ApiParts) -> LinkRequest:
    return LinkRequest(link=link, now_ms=parts.clock.now_ms())


async def _shown(link: Link, parts: ApiParts) -> LinkShown:
    return shown(link, await names_of([link], parts))
