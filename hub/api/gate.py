"""The only way to a route: who asks, and what of which device, alarm or household they may see.

Every route depends on one of these functions; `ACCESS_CLASSES` names those that decide by
themselves. A route gets personal data only through the views that are handed out here.
"""

import asyncio
import re
from typing import Annotated

import msgspec
from fastapi import Depends, Path, Request, WebSocket, WebSocketException, status
from fastapi.security import OAuth2PasswordBearer
from starlette.requests import HTTPConnection

from hub.api.errand_views import ErrandView
from hub.api.home_views import HomeView
from hub.api.identity import SignedToken
from hub.api.live_view import LiveView
from hub.api.ownership import ownership_of
from hub.api.parts import ApiParts, parts_of, state_of
from hub.api.people_views import AlarmView, PeopleView
from hub.api.problems import SignInError
from hub.api.views import DeviceView
from hub.errors import NotPermittedError, UnavailableError, UnknownError
from hub.model import Purpose, Reader, Role, administers, manages, permits

FIRST_WORD_S = 10.0
NOT_SIGNED_IN = 4401
"""The WebSocket close code for what HTTP says with 401."""


class _FirstWord(msgspec.Struct, forbid_unknown_fields=True):
    token: str


_FIRST_WORD = msgspec.json.Decoder(_FirstWord)

_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z", re.ASCII)

bearer = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token", refreshUrl="/api/v1/auth/refresh", auto_error=False
)


def checked_id(name: str, *, what: str) -> str:
    """Return the id; one that nothing can have is as unknown as any other."""
    if not _ID.match(name):
        raise UnknownError(what, name[:64])
    return name


async def public() -> None:
    """Anybody may ask this."""


async def token_of(request: Request, text: Annotated[str | None, Depends(bearer)]) -> SignedToken:
    if text is None:
        message = "sign in: POST /api/v1/auth/token, then send `Authorization: Bearer …`"
        raise SignInError(message)
    return state_of(request).tokens.read(text)


async def reader_of(connection: HTTPConnection, token: SignedToken) -> Reader:
    """Return who holds this token, with the roles they have now.

    Raises:
        SignInError: they signed out, or are no more.
    """
    parts = parts_of(connection)
    person = None
    if await parts.records.session_open(token.family, now_ms=parts.clock.now_ms()):
        person = await parts.records.person(token.person)
    if person is None:
        message = "this sign-in has ended; sign in again"
        raise SignInError(message)
    memberships = await parts.records.memberships(person=person.id)
    return Reader(
        person=person.id,
        roles={m.household: m.role for m in memberships},
        is_operator=person.is_operator,
    )


async def signed_in(request: Request, token: Annotated[SignedToken, Depends(token_of)]) -> Reader:
    """Anybody who signed in."""
    return await reader_of(request, token)


SignedIn = Annotated[Reader, Depends(signed_in)]


async def operator(reader: SignedIn) -> Reader:
    """Those who keep the installation running; they see no readings."""
    verdict = permits(purpose=Purpose.OPERATION, reader=reader, subject=None)
    if not verdict.allowed:
        raise NotPermittedError(verdict.reason)
    return reader


Operator = Annotated[Reader, Depends(operator)]


async def people(request: Request, reader: SignedIn) -> PeopleView:
    return PeopleView(state=state_of(request), reader=reader)


People = Annotated[PeopleView, Depends(people)]


async def device_view(
    request: Request,
    reader: SignedIn,
    device: Annotated[str, Path(description="The device's id.", examples=["w-7f3a9c01d2e4"])],
) -> DeviceView:
    """A device that the reader may know of; 404 for any other."""
    state = state_of(request)
    found = await state.parts.records.device(checked_id(device, what="device"))
    if found is not None:
        ownership = await ownership_of(found, records=state.parts.records)
        view = DeviceView(state=state, reader=reader, ownership=ownership)
        if view.known:
            return view
    raise UnknownError(what="device", name=device)


KnownDevice = Annotated[DeviceView, Depends(device_view)]


async def seen_device(view: KnownDevice) -> DeviceView:
    """A device whose data the reader may see now; 403 for one they may only know of."""
    view.permit_now()
    return view


SeenDevice = Annotated[DeviceView, Depends(seen_device)]


async def managed_device(view: KnownDevice) -> DeviceView:
    """A device that the reader may hand on or renew the token of."""
    verdict = manages(view.reader, view.ownership.now)
    if not verdict.allowed:
        raise NotPermittedError(verdict.reason)
    return view


ManagedDevice = Annotated[DeviceView, Depends(managed_device)]


async def administered_device(view: KnownDevice) -> DeviceView:
    """A device that the reader may rename or shut out."""
    verdict = administers(view.reader, view.ownership.now)
    if not verdict.allowed:
        raise NotPermittedError(verdict.reason)
    return view


AdministeredDevice = Annotated[DeviceView, Depends(administered_device)]


async def home(request: Request, reader: SignedIn) -> HomeView:
    return HomeView(state=state_of(request), reader=reader)


Home = Annotated[HomeView, Depends(home)]


async def errands(request: Request, reader: SignedIn) -> ErrandView:
    return ErrandView(state=state_of(request), reader=reader)


Errands = Annotated[ErrandView, Depends(errands)]


async def alarms(request: Request, reader: SignedIn) -> AlarmView:
    return AlarmView(state=state_of(request), reader=reader)


Alarms = Annotated[AlarmView, Depends(alarms)]


async def household_role(
    reader: SignedIn,
    household: Annotated[str, Path(description="The household's id.", examples=["h_5d0c"])],
) -> Role:
    """The reader's role in a household of theirs; 404 for any other."""
    role = reader.roles.get(household)
    if role is None:
        raise UnknownError(what="household", name=household[:64])
    return role


HouseholdRole = Annotated[Role, Depends(household_role)]


def parts(request: Request) -> ApiParts:
    return parts_of(request)


Parts = Annotated[ApiParts, Depends(parts)]


async def listening(socket: WebSocket) -> LiveView:
    """Anybody who signed in, live; the token comes as a word, never in the address.

    Either as `Sec-WebSocket-Protocol: bearer, <access token>` or as the first message
    `{"token": "<access token>"}`.

    Raises:
        WebSocketException: they did not say who they are; closes the connection.
    """
    offered = list(socket.scope.get("subprotocols") or ())
    in_header = len(offered) == 2 and offered[0] == "bearer"  # noqa: PLR2004 - the word and a token
    await socket.accept(subprotocol="bearer" if in_header else None)
    try:
        text = offered[1] if in_header else await _first_word(socket)
        token = state_of(socket).tokens.read(text)
        reader = await reader_of(socket, token)
    except SignInError as error:
        raise WebSocketException(NOT_SIGNED_IN, str(error)) from None
    except UnavailableError as error:
        raise WebSocketException(status.WS_1013_TRY_AGAIN_LATER, str(error)) from None
    return LiveView(state=state_of(socket), reader=reader, token=token)


async def _first_word(socket: WebSocket) -> str:
    try:
        async with asyncio.timeout(FIRST_WORD_S):
            return _FIRST_WORD.decode(await socket.receive_text()).token
    except (TimeoutError, KeyError, msgspec.MsgspecError):
        # KeyError: Starlette on a binary message.
        message = 'the first message is {"token": "<access token>"}, within ten seconds'
        raise SignInError(message) from None


Live = Annotated[LiveView, Depends(listening)]

ACCESS_CLASSES = frozenset({public, signed_in, operator, listening})
