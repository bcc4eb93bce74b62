"""Scenes: desired values of several devices, set at once."""

from fastapi import APIRouter, Response

from hub.api.bodies import PageOf
from hub.api.gate import Parts, SignedIn, checked_id
from hub.api.link_bodies import SceneBody, SceneShown, scene_shown
from hub.api.link_checks import LinkChecks
from hub.api.link_rights import LinkRights
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import Reader, Role, Scene, SceneRequest

router = APIRouter(prefix="/scenes", tags=["links"], route_class=KeepingRoute)

MAX_SCENES = 500
"""Of one home."""


@router.get("", summary="List scenes", responses=documented(401))
async def list_scenes(reader: SignedIn, parts: Parts) -> PageOf[SceneShown]:
    """Those of your homes, on one page; guests see none."""
    found = [
        scene
        for household, role in sorted(reader.roles.items())
        if role is not Role.GUEST
        for scene in parts.worker.kept_in(Scene, household)
        if await LinkRights(parts, reader).may_see_scene(scene)
    ]
    return PageOf(items=[scene_shown(scene) for scene in found])


@router.post("", summary="Make a scene", status_code=201, responses=documented(401, 403, 404, 409))
async def make_scene(reader: SignedIn, parts: Parts, body: SceneBody, once: OnceOnly) -> SceneShown:
    """Desired values by device: of the home's devices, and your own."""
    LinkRights(parts, reader).member(body.household)
    if len(parts.worker.kept_in(Scene, body.household)) >= MAX_SCENES:
        message = f"a home has at most {MAX_SCENES} scenes"
        raise RefusedError(message)
    return await _put(_scene(once.new_id("sc"), body, reader, revision=1), parts)


@router.get("/{scene}", summary="Show one scene", responses=documented(401, 404))
async def show_scene(reader: SignedIn, parts: Parts, scene: str) -> SceneShown:
    return scene_shown(await _seen(scene, reader=reader, parts=parts))


@router.put("/{scene}", summary="Change a scene", responses=documented(401, 403, 404, 409))
async def change_scene(
    reader: SignedIn, parts: Parts, scene: str, body: SceneBody, _: OnceOnly
) -> SceneShown:
    """Put the whole scene in place of what it was; it is then yours."""
    found = await _seen(scene, reader=reader, parts=parts)
    LinkRights(parts, reader).check_changer(found.author, household=found.household)
    if body.household != found.household:
        message = "a scene stays in its household"
        raise InvalidInputError(message)
    changed = _scene(found.id, body, reader, revision=found.revision + 1)
    return await _put(changed, parts)


@router.delete(
    "/{scene}",
    summary="End a scene",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def end_scene(reader: SignedIn, parts: Parts, scene: str, _: OnceOnly) -> None:
    """Links that set it fail from then on, and say so."""
    found = await _seen(scene, reader=reader, parts=parts)
    LinkRights(parts, reader).check_changer(found.author, household=found.household)
    await parts.worker.keep(dropped=[(Scene, found.id)])


@router.post(
    "/{scene}/set",
    summary="Set a scene",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def set_scene(reader: SignedIn, parts: Parts, scene: str, _: OnceOnly) -> None:
    """Each device is told at once, or when it comes back."""
    found = await _seen(scene, reader=reader, parts=parts)
    await LinkChecks(parts).check_scene(_by(found, reader))
    request = SceneRequest(scene=found.id, author=reader.person, now_ms=parts.clock.now_ms())
    await parts.worker.submit(request)


async def _seen(name: str, *, reader: Reader, parts: ApiParts) -> Scene:
    scene = parts.worker.kept(Scene, checked_id(name, what="scene"))
    if scene is None or not await LinkRights(parts, reader).may_see_scene(scene):
        raise UnknownError(what="scene", name=name)
    return scene


def _scene(name: str, body: SceneBody, reader: Reader, *, revision: int) -> Scene:
    return Scene(
        id=name,
        household=body.household,
        author=reader.person,
        name=body.name,
        desired=body.desired,
        revision=revision,
    )


def _by(scene: Scene, reader: Reader) -> Scene:
    """Return the scene as if the reader had made it: what they may not set, it does not set."""
    return Scene(
        id=scene.id,
        household=scene.household,
        author=reader.person,
        name=scene.name,
        desired=scene.desired,
    )


async def _put(scene: Scene, parts: ApiParts) -> SceneShown:
    await LinkChecks(parts).check_scene(scene)
    await parts.worker.keep(scene)
    return scene_shown(scene)
