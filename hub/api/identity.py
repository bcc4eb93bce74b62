"""Passwords, access tokens and refresh tokens."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from functools import cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError

from hub.api.problems import SignInError
from hub.ports import Clock

ALGORITHM = "HS256"
LONGEST_TOKEN = 2048

_passwords = PasswordHash.recommended()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """What an access token says."""

    person: str
    family: str
    """The sign-in it came from; ends with it."""


class Tokens:
    """Signs access tokens and reads them again."""

    def __init__(self, *, key: bytes, clock: Clock, lifetime_s: int) -> None:
        self._key = OctKey.import_key(key)
        self._clock = clock
        self.lifetime_s = lifetime_s

    def sign(self, token: SignedToken) -> str:
        now_s = self._clock.now_ms() // 1000
        claims = {
            "sub": token.person,
            "fam": token.family,
            "iat": now_s,
            "exp": now_s + self.lifetime_s,
        }
        return jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])

    def read(self, text: str) -> SignedToken:
        """Return what the token says.

        Raises:
            SignInError: not signed by us, or too old.
        """
        if len(text) > LONGEST_TOKEN:
            raise _not_signed_in()
        try:
            claims = jwt.decode(text, self._key, algorithms=[ALGORITHM]).claims
            token = SignedToken(person=str(claims["sub"]), family=str(claims["fam"]))
            expires_ms = int(claims["exp"]) * 1000
        except (JoseError, KeyError, TypeError, ValueError):
            raise _not_signed_in() from None
        if expires_ms <= self._clock.now_ms():
            message = "the access token is too old; refresh it"
            raise SignInError(message)
        return token


def new_refresh_token() -> str:
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a random secret, hexadecimal; not for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def hash_password(password: str) -> str:
    """Return the argon2id hash of the password."""
    return await asyncio.to_thread(_passwords.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether it is the password; takes as long where there is no account (None)."""
    return await asyncio.to_thread(_verify, password, password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        right = _passwords.verify(password, password_hash or _nobodys_hash())
    except PwdlibError:
        return False
    return right and password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _passwords.hash(secrets.token_urlsafe(32))


def _not_signed_in() -> SignInError:
    return SignInError("sign in: POST /api/v1/auth/token, then send `Authorization: Bearer …`")
