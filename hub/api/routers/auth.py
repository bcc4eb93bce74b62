"""Sign in, refresh, sign out."""

import secrets
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, SecretStr, ValidationError

from hub.api.bodies import Body, Shown
from hub.api.gate import Parts, SignedIn, public
from hub.api.identity import SignedToken, hash_of, new_refresh_token, verify_password
from hub.api.parts import ApiState, state_of
from hub.api.problems import SignInError, documented
from hub.api.tries import address_of
from hub.errors import InvalidInputError
from hub.ports import Account, Session

router = APIRouter(prefix="/auth", tags=["sign-in"])

FORM = "application/x-www-form-urlencoded"


class SignIn(Body):
    email: str = Field(min_length=3, max_length=254, examples=["mina@example.org"])
    password: SecretStr = Field(min_length=1, max_length=1024, examples=["correct horse"])


class Refresh(Body):
    refresh_token: SecretStr = Field(min_length=1, max_length=256)


class TokenPair(Shown):
    access_token: str
    """Send it as `Authorization: Bearer …`."""
    refresh_token: str
    """Good for one `POST /auth/refresh`; using it twice ends this sign-in everywhere."""
    token_type: str = "bearer"  # noqa: S105 - the name of a kind of token
    expires_in: int
    """Seconds for which the access token is good."""


_SIGN_IN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SignIn.model_json_schema()},
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["username", "password"],
                    "properties": {
                        "grant_type": {"type": "string", "const": "password"},
                        "username": {"type": "string", "description": "The e-mail address."},
                        "password": {"type": "string", "format": "password"},
                    },
                }
            },
        },
    }
}


@router.post(
    "/token",
    summary="Sign in",
    dependencies=[Depends(public)],
    responses=documented(401, 429),
    openapi_extra=_SIGN_IN_BODY,
)
async def sign_in(request: Request) -> TokenPair:
    """Take e-mail and password, as JSON or as an OAuth2 password form, and give two tokens.

    Five tries for one account from one address in ten minutes, sixty from one address, a hundred
    for one account from anywhere.
    """
    wanted = await _sign_in_of(request)
    state = state_of(request)
    email = wanted.email.strip().lower()
    address = address_of(request)
    await state.sign_ins_of_address.count(address)
    await state.sign_ins_of_account.count(email)
    await state.sign_ins.count(email, address)
    account = await _verified(state, email=email, password=wanted.password.get_secret_value())
    await state.sign_ins.forget(email, address)
    return await _begin(state, person=account.person, family=f"s_{secrets.token_hex(16)}")


@router.post(
    "/refresh",
    summary="Change a refresh token for new tokens",
    dependencies=[Depends(public)],
    responses=documented(401),
)
async def refresh(request: Request, wanted: Refresh) -> TokenPair:
    """Take the refresh token once; one that comes a second time was stolen and ends the sign-in."""
    state = state_of(request)
    session = await state.parts.records.use_session(
        hash_of(wanted.refresh_token.get_secret_value()), now_ms=state.parts.clock.now_ms()
    )
    if session is None:
        message = "this refresh token is unknown, used or too old; sign in again"
        raise SignInError(message)
    return await _begin(state, person=session.person, family=session.family)


@router.post(
    "/sign-out",
    summary="Sign out everywhere",
    status_code=204,
    response_class=Response,
    responses=documented(401),
)
async def sign_out(reader: SignedIn, parts: Parts) -> None:
    """End every sign-in of this person; their access tokens are refused from now on."""
    await parts.records.end_sessions(reader.person)


async def _sign_in_of(request: Request) -> SignIn:
    body = await request.body()
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            form = parse_qs(body.decode(), strict_parsing=True, max_num_fields=20)
            fields = {"email": form.get("username", [""])[0]}
            fields["password"] = form.get("password", [""])[0]
            return SignIn.model_validate(fields)
        return SignIn.model_validate_json(body)
    except (ValidationError, ValueError):
        # No word of what was wrong with which value: it may hold a password.
        message = "give `email` and `password` as JSON, or `username` and `password` as a form"
        raise InvalidInputError(message) from None


async def _verified(state: ApiState, *, email: str, password: str) -> Account:
    account = await state.parts.records.account(email)
    async with state.hashing:
        right = await verify_password(password, account.password_hash if account else None)
    if account is None or not right:
        message = "no account has this e-mail address and password"
        raise SignInError(message)
    return account


async def _begin(state: ApiState, *, person: str, family: str) -> TokenPair:
    parts = state.parts
    token = new_refresh_token()
    session = Session(
        token_hash=hash_of(token),
        person=person,
        family=family,
        expires_ms=parts.clock.now_ms() + parts.settings.refresh_token_s * 1000,
    )
    await parts.records.add_session(session)
    return TokenPair(
        access_token=state.tokens.sign(SignedToken(person=person, family=family)),
        refresh_token=token,
        expires_in=state.tokens.lifetime_s,
    )
