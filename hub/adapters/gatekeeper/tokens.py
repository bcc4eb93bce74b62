"""Device tokens: made once, kept only as a hash."""

import hashlib
import hmac
import secrets

from hub.ports import Credential

# A token is 256 random bits: nobody can guess it, so stretching buys nothing, and a thousand
# devices reconnecting at once must be checked in a moment. 101 is what Mosquitto takes.
ITERATIONS = 101

# Mosquitto 2.0 reads no salt of another length.
SALT_BYTES = 12


def new_token() -> str:
    """Return a token of 256 random bits, safe in URLs and on a command line."""
    return secrets.token_urlsafe(32)


def hash_token(token: str, device: str) -> Credential:
    """Return what the hub keeps of the token, with the token still on it for the gatekeeper."""
    salt = secrets.token_bytes(SALT_BYTES)
    return Credential(
        device=device,
        salt=salt,
        iterations=ITERATIONS,
        hash=_stretch(token, salt=salt, iterations=ITERATIONS),
        token=token,
    )


def matches(token: str, credential: Credential) -> bool:
    """Return whether this is the credential's token, in a time that tells nothing."""
    stretched = _stretch(token, salt=credential.salt, iterations=credential.iterations)
    return hmac.compare_digest(stretched, credential.hash)


def _stretch(token: str, *, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", token.encode("utf-8", "replace"), salt, iterations)
